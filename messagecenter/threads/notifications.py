"""Who is told of a new message, and the e-mail that tells them: a link to the message, never its words."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.models import Attachment
from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import Letter
from messagecenter.notices.kinds import Kind, message_id
from messagecenter.notices.models import Notice

from .models import Entry, Message

NEW_MESSAGE = "new_message"
# Told by the moderation room, which knows the statement of reasons: what was decided, and what a person made of it.
DECISION = "decision"
DECISION_SETTLED = "decision_settled"


def people_to_tell(entries: Iterable[Entry], *, sender: Mailbox, author: User | None) -> list[User]:
    """Return the active members of the receiving mailbox who want an e-mail for each message, but not its author."""
    receiving = [entry.mailbox_id for entry in entries if entry.mailbox_id != sender.pk]
    people = User.objects.filter(memberships__mailbox__in=receiving, is_active=True, mail_on_message=True)
    return list((people.exclude(pk=author.pk) if author else people).distinct())


def why_not(notice: Notice) -> str:
    """Return why this person need not be told any more, checked when the mail is about to leave, or an empty text."""
    message = Message.objects.filter(pk=notice.subject_id).first()
    if message is None:
        return "the message is gone"
    if message.state != Message.State.DELIVERED:
        return "the message is not delivered"
    if not notice.recipient.is_active:
        return "the account is closed"
    if not notice.recipient.mail_on_message:
        return "the person switched these e-mails off"
    receiving = Entry.objects.visible_to(notice.recipient).filter(thread=message.thread_id)
    if not receiving.exclude(mailbox=message.sender_id).exists():
        return "the person may no longer read the thread"
    return ""


def letter(notice: Notice) -> Letter:
    """Return the e-mail: in the reader's language, naming the order, with a link to the exact message."""
    message = Message.objects.select_related("thread__order", "thread__product", "sender").get(pk=notice.subject_id)
    entry = (
        Entry.objects.visible_to(notice.recipient)
        .filter(thread=message.thread_id)
        .exclude(mailbox=message.sender_id)
        .select_related("mailbox")
        .order_by("pk")[:1]
        .get()
    )
    person = notice.recipient
    sizes = _sizes(message)
    return render_letter(
        "threads/email/new_message",
        to=person.email,
        language=person.language or entry.mailbox.language,
        time_zone=person.time_zone,
        context={
            "person": person,
            "sender_name": message.sender.shown_name,
            "mailbox": entry.mailbox,
            "order": message.thread.order,
            "product": message.thread.product,
            "sent_at": message.sent_at,
            "files_count": len(sizes),
            "files_bytes": sum(sizes),
            "link": absolute_url(message_path(message)),
            "settings_link": absolute_url(reverse("accounts:profile")),
        },
        message_id=message_id(notice),
    )


def _sizes(message: Message) -> list[int]:
    """Return the sizes in bytes of the files that came with a message; those refused after all do not count."""
    sent = Attachment.objects.filter(enclosure__message=message).exclude(
        state__in=[Attachment.State.REFUSED, Attachment.State.EXPIRED]
    )
    return list(sent.values_list("size_bytes", flat=True))


def message_path(message: Message) -> str:
    """Return the path that opens a message's thread at that message."""
    return f"{reverse('threads:detail', args=[message.thread_id])}?message={message.pk}#message-{message.pk}"


KIND = Kind(name=NEW_MESSAGE, why_not=why_not, letter=letter)
