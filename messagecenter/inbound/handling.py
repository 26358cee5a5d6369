"""Makes of a mail what it is to be: a message in its thread, an automatic answer why not, or nothing at all.

Who may be answered is who is known to have written: the account the address was made for, its address in From and its
domain vouching for it. Everybody and everything else gets silence, so that no forged mail makes us write to anybody.
"""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from messagecenter.attachments import actions as attachments
from messagecenter.attachments.checking import check_total
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.models import Attachment
from messagecenter.attachments.reasons import sentence, sentence_of
from messagecenter.attachments.store import StoreDown
from messagecenter.notices.actions import owe
from messagecenter.threads.actions import DraftChanged, DraftFor, NeedsConfirmation, post_message, save_draft
from messagecenter.threads.models import Draft, Entry, Message, ReplyAddress
from messagecenter.threads.refused import AlreadySent, Refused
from messagecenter.threads.reply_addresses import find, token_of
from messagecenter.threads.words import read_draft
from messagecenter.vault.errors import Erased

from .authentication import is_authentic
from .claims import settle
from .models import BY_HOOK, RawMail
from .notifications import MAIL_REFUSED
from .reading import Kind, Letter, kind_of, read
from .reports import heed_report, is_ours

State = RawMail.State
MOST_AN_HOUR = 20  # mails of one person to one thread
MOST_ALIKE = 2  # mails with the same words in a day; a third is a program that answers itself
ANSWER_EVERY = timedelta(days=1)
SAME_ANSWER_EVERY = timedelta(days=7)
REPORTS = (Kind.BOUNCE, Kind.COMPLAINT)
MACHINES = (Kind.AUTO_REPLY, Kind.RECEIPT, Kind.OWN)


class NotNow(Exception):
    """Something the mail needs is down; ``reason`` is a word for the row."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotPosted(Exception):
    """The mail does not become a message; ``words`` tell its sender why, in their language."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(reason)
        self.reason, self.words = reason, words


def handle(mail: RawMail) -> None:
    """Work off a mail that ``claim`` gave, and write what became of it. Safe to repeat: it is posted once.

    Raises NotNow, AskAgain, and whatever a mail nobody foresaw brings about; it then stays as it was.
    """
    raw = mail.raw()
    letter = read(raw)
    verdict = kind_of(letter)
    address = find(token_of(mail.details.envelope_to))
    if verdict.kind in REPORTS:
        settle(mail, State.IGNORED, heed_report(letter, verdict))
    elif address is None:
        # Nobody's mail: it is counted, and nothing of it kept.
        settle(mail, State.IGNORED, "unknown_address", raw_ciphertext=b"", details_ciphertext=b"")
    elif verdict.kind in MACHINES:
        settle(mail, State.IGNORED, str(verdict.kind))
    elif is_ours(letter.message_id):
        settle(mail, State.IGNORED, str(Kind.OWN))
    elif not mail.details.envelope_from.strip("<> "):
        settle(mail, State.IGNORED, "no_return_path")
    elif reason := _not_from(address, letter, raw, by_server=mail.details.peer != BY_HOOK):
        settle(mail, State.REFUSED, reason)
    else:
        _handle_verified(mail, address, letter, verdict.kind)


def _not_from(address: ReplyAddress, letter: Letter, raw: bytes, *, by_server: bool) -> str:
    """Return why the mail is not known to be from the person the address was made for, or "". Raises AskAgain."""
    senders = [one.address.lower() for one in letter.from_]
    if senders != [address.person.email.lower()]:
        return "other_sender"
    if not address.person.is_active:
        return "account_closed"
    domain = senders[0].rpartition("@")[2]
    return "" if is_authentic(raw, domain, by_server=by_server) else "not_authentic"


def _handle_verified(mail: RawMail, address: ReplyAddress, letter: Letter, kind: Kind) -> None:
    """Post a mail of a known sender, or answer why not."""
    mark = salted_hmac("messagecenter.inbound.words", " ".join(letter.text.split()), algorithm="sha256").digest()
    RawMail.objects.filter(pk=mail.pk).update(address=address, words_mark=mark)
    mail.words_mark = mark
    theirs = RawMail.objects.filter(address=address).exclude(pk=mail.pk)
    now = timezone.now()
    alike = theirs.filter(words_mark=mark, received_at__gt=now - timedelta(days=1))
    if alike.count() >= MOST_ALIKE:
        settle(mail, State.IGNORED, "same_words")
        return
    person = address.person
    language = person.language or address.mailbox.language
    language = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    zone = zoneinfo.ZoneInfo(person.time_zone or settings.DEFAULT_TIME_ZONE)
    with translation.override(language), timezone.override(zone):
        try:
            if theirs.filter(received_at__gt=now - timedelta(hours=1)).count() >= MOST_AN_HOUR:
                raise NotPosted("too_many", _("There were too many e-mails in one hour. Please write on the site."))
            message = _post(mail, address, letter, kind)
        except NotPosted as refusal:
            _answer(mail, address, refusal)
        except AlreadySent:
            settle(mail, State.REFUSED, "already_sent")
        except Erased:
            settle(mail, State.REFUSED, "erased")
        else:
            settle(mail, State.POSTED, "", message_id=message.pk)


def _post(mail: RawMail, address: ReplyAddress, letter: Letter, kind: Kind) -> Message:
    """Return the message the mail became. Raises NotPosted, NotNow and AlreadySent."""
    person, mailbox, thread = address.person, address.mailbox, address.thread
    done = Message.objects.filter(thread=thread, sender=mailbox, client_id=mail.client_id).first()
    if done is not None:  # the worker died between the message and its own note of it
        return done
    if address.is_expired:
        raise NotPosted("expired", _("The address you answered is too old. Please answer on the site instead."))
    if not Entry.objects.visible_to(person).filter(thread=thread, mailbox=mailbox).exists():
        raise NotPosted("no_access", _("You no longer have access to this conversation."))
    if kind == Kind.UNREADABLE:
        raise NotPosted("unreadable", _("Your e-mail could not be read: it is encrypted, damaged or too complex."))
    if kind == Kind.EMPTY:
        raise NotPosted("empty", _("Your e-mail holds neither a text of your own nor a file we could find."))
    uploads = _upload(address, letter)
    try:
        posted = post_message(
            by=person,
            mailbox=mailbox,
            thread=thread,
            body=letter.text,
            client_id=mail.client_id,
            attachment_ids=[one.pk for one in uploads],
        )
    except NeedsConfirmation:
        _keep_as_draft(mail, address, letter, uploads)
        raise NotPosted(
            "warned",
            _(
                "Our rules ask you to look at your message once more before it is sent, which cannot be done by e-mail."
                " It waits as a draft in the conversation, where you see what is meant: change it or send it there."
            ),
        ) from None
    except (Refused, PermissionDenied, ValidationError, Refusal) as error:
        for one in uploads:
            attachments.remove(by=person, attachment=one)
        if isinstance(error, AlreadySent):
            raise
        raise NotPosted(type(error).__name__, _words_of(error)) from None
    return posted.message


def _words_of(error: Exception) -> str:
    """Return what a refusal says to the person. None of these quotes the mail."""
    if isinstance(error, Refused):
        return str(error.sentence)
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, Refusal):
        return sentence_of(error, "")
    return str(error) or _("You may not write in this conversation.")


def _upload(address: ReplyAddress, letter: Letter) -> list[Attachment]:
    """Take in a mail's files as the browser does. Raises NotPosted when one is not accepted: then none is kept."""
    kept: list[Attachment] = []
    troubles: list[str] = []
    try:
        check_total(len(letter.text.encode(errors="replace")), [len(file.content) for file in letter.files])
    except Refusal as refusal:
        raise NotPosted("too_much", sentence_of(refusal, "")) from None
    for number, file in enumerate(letter.files, start=1):
        # Named by its place: its name is among the words that no mail of ours carries.
        name = _("File %(number)d") % {"number": number}
        try:
            row = attachments.upload(by=address.person, mailbox=address.mailbox, name=file.name, plain=file.content)
        except Refusal as refusal:
            troubles.append(sentence_of(refusal, name))
        except PermissionDenied:
            raise NotPosted("PermissionDenied", _("You may not write in this conversation.")) from None
        except StoreDown:
            raise NotNow("store") from None
        else:
            if row.state == Attachment.State.REFUSED:
                troubles.append(sentence(row.reason, name=name, **row.details.facts))
            else:
                kept.append(row)
    if troubles:
        for row in kept:
            attachments.remove(by=address.person, attachment=row)
        raise NotPosted("file", " ".join(troubles))
    return kept


def _keep_as_draft(mail: RawMail, address: ReplyAddress, letter: Letter, uploads: list[Attachment]) -> None:
    """Keep what must be confirmed as the person's draft in the thread, after what they have typed there already."""
    matter = DraftFor(thread=address.thread)
    files = [one.pk for one in uploads]
    for _attempt in range(3):
        there = Draft.objects.filter(user=address.person, mailbox=address.mailbox, thread=address.thread).first()
        before = read_draft(there).strip() if there else ""
        if letter.text in before:
            return  # an earlier try got this far
        try:
            save_draft(
                by=address.person,
                mailbox=address.mailbox,
                matter=matter,
                version=there.version if there else 0,
                body=f"{before}\n\n{letter.text}".strip(),
                client_id=None if there else mail.client_id,
                uploads=[*(UUID(str(one)) for one in (there.uploads if there else [])), *files],
            )
        except DraftChanged:
            continue
        except ValidationError as error:
            raise NotPosted("draft_too_long", " ".join(error.messages)) from None
        return
    raise NotNow("draft")


def _answer(mail: RawMail, address: ReplyAddress, refusal: NotPosted) -> None:
    """Tell a known sender why the mail was not posted: once a day and thread, and the same words once a week."""
    now = timezone.now()
    with transaction.atomic():
        ReplyAddress.objects.select_for_update().get(pk=address.pk)  # two mails at once get one answer
        answered = RawMail.objects.filter(address=address, state=State.ANSWERED).exclude(pk=mail.pk)
        if (
            answered.filter(settled_at__gt=now - ANSWER_EVERY).exists()
            or answered.filter(settled_at__gt=now - SAME_ANSWER_EVERY, words_mark=mail.words_mark).exists()
        ):
            settle(mail, State.REFUSED, refusal.reason)
            return
        details = mail.details
        details.answer = refusal.words
        mail.seal_details(details)
        if settle(mail, State.ANSWERED, refusal.reason, details_ciphertext=mail.details_ciphertext):
            owe(kind=MAIL_REFUSED, subject_id=mail.pk, recipients=[address.person], group_id=address.thread_id)
