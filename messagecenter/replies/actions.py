"""Every change to saved replies, signatures and automatic replies. Errors hold a sentence for the reader."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.hours.written import from_data
from messagecenter.policy.rules import Action

from .checking import Checked, check
from .filling import ANSWERING, SIGNING, Matter, Variable, examples, filled, known, variables_for
from .languages import CODES
from .models import MOST_REPLIES, AutoReply, AutoReplyText, SavedReply, Signature
from .validators import MOST_AUTO, MOST_SIGNATURE, MOST_TEXT, clean_name, clean_text
from .variables import names_in, unknown_in
from .words import write_text

NOT_A_WRITER = _("You can read here but not change anything. Ask an owner of the mailbox for the role of agent.")
NEVER_OPEN = _("With these hours you would never be open.")
NOT_AN_OWNER = _("Only an owner of the mailbox changes the automatic reply.")


class NotPossible(Exception):
    """The state of things forbids a change; ``sentence`` tells the reader why."""

    sentence: str | Promise = _("That is not possible.")


class TooMany(NotPossible):
    """The mailbox has as many saved replies as it may."""

    sentence = _("There are 200 saved replies, and no more are possible. Please delete one first.")


class NameTaken(NotPossible):
    """There is one with this name in this language."""

    sentence = _("There is a saved reply with this name in this language. Please choose another name.")


class NotAllowedByPolicy(NotPossible):
    """The text would not be delivered; ``checked`` says what was found where."""

    sentence = _("This text breaks the rules and would not be delivered. Please change what is marked.")

    def __init__(self, checked: Checked, field: str = "text") -> None:
        super().__init__(type(self).__name__)
        self.checked = checked
        self.field = field


def _require(by: User, mailbox: Mailbox, *, owner: bool = False) -> None:
    """Raise PermissionDenied unless ``by`` may write for the mailbox, or owns it."""
    membership = Membership.objects.filter(user=by, mailbox=mailbox).first()
    if membership is None or not membership.may_write:
        raise PermissionDenied(NOT_A_WRITER)
    if owner and not membership.may_manage:
        raise PermissionDenied(NOT_AN_OWNER)


def require_known(text: str, variables: Sequence[Variable]) -> None:
    """Raise ValidationError naming each variable that nobody knows, with its place and what may have been meant."""
    problems = []
    for one in unknown_in(text, known(variables)):
        params = {"name": f"{{{one.name}}}", "line": one.line, "column": one.column, "meant": f"{{{one.meant}}}"}
        if one.meant:
            sentence = _("Line %(line)s, column %(column)s: there is no %(name)s. Did you mean %(meant)s?")
        else:
            sentence = _("Line %(line)s, column %(column)s: there is no %(name)s.")
        problems.append(ValidationError(sentence, code="unknown_variable", params=params))
    if problems:
        raise ValidationError(problems[:10])


def try_out(text: str, mailbox: Mailbox, variables: Sequence[Variable], *, language: str) -> Checked:
    """Return what the policy says to a text filled with the examples' values."""
    values = examples(variables)
    numbers = [values.get("order_number", ""), values.get("tracking_number", "")]
    example = filled(text, values, language=language)
    return check(example.text, Matter(mailbox), also_known=numbers)


def _clean_language(language: str) -> str:
    if language not in CODES:
        raise ValidationError(_("Please choose a language from the list."), code="language")
    return language


def save_reply(
    *, by: User, mailbox: Mailbox, name: str, language: str, text: str, reply: SavedReply | None = None
) -> SavedReply:
    """Save a new reply, or change one of the mailbox's. Anyone who may write for it may.

    Raises PermissionDenied, ValidationError for the name, the language, the text and its variables, NameTaken, TooMany,
    and NotAllowedByPolicy when the text would be blocked as it stands.
    """
    _require(by, mailbox)
    name, language = clean_name(name), _clean_language(language)
    text = clean_text(text, most=MOST_TEXT)
    if not text:
        raise ValidationError(_("Please write a text."), code="empty")
    variables = variables_for(mailbox)
    require_known(text, variables)
    checked = try_out(text, mailbox, variables, language=language)
    if checked.action == Action.BLOCK:
        raise NotAllowedByPolicy(checked)
    with transaction.atomic():
        # Whoever saves at the same time waits here, so that the 201st is refused and a name is there once.
        Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
        others = SavedReply.objects.of_mailbox(mailbox)
        if reply is not None:
            others = others.exclude(pk=reply.pk)
        if others.filter(name=name, language=language).exists():
            raise NameTaken
        if reply is None and len(others[:MOST_REPLIES]) >= MOST_REPLIES:
            raise TooMany
        row = SavedReply.objects.get(pk=reply.pk, mailbox=mailbox) if reply else SavedReply(mailbox=mailbox)
        row.name, row.language, row.changed_at, row.changed_by = name, language, timezone.now(), by
        write_text(row, text)
        row.save()
    return row


def delete_reply(*, by: User, reply: SavedReply) -> None:
    """Delete a saved reply; messages written with it stay as they are. Raises PermissionDenied."""
    _require(by, reply.mailbox)
    reply.delete()


@transaction.atomic
def save_signature(*, by: User, mailbox: Mailbox, language: str, text: str, is_own: bool) -> Signature | None:
    """Set the mailbox's signature for a language ("" for all), or ``by``'s own; an empty text takes it away.

    Raises PermissionDenied, ValidationError and NotAllowedByPolicy.
    """
    _require(by, mailbox)
    if language:
        _clean_language(language)
    text = clean_text(text, most=MOST_SIGNATURE)
    member = by if is_own else None
    rows = Signature.objects.filter(mailbox=mailbox, member=member, language=language)
    if not text:
        rows.delete()
        return None
    require_known(text, SIGNING)
    checked = try_out(text, mailbox, SIGNING, language=language)
    if checked.action == Action.BLOCK:
        raise NotAllowedByPolicy(checked)
    Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
    row = rows.first() or Signature(mailbox=mailbox, member=member, language=language)
    write_text(row, text)
    row.save()
    return row


def save_auto_reply(
    *,
    by: User,
    mailbox: Mailbox,
    is_on: bool,
    when: str,
    away_from: date | None,
    away_until: date | None,
    time_zone: str,
    hours: Mapping[str, Any],
    texts: Mapping[str, str],
) -> AutoReply:
    """Set when a mailbox answers by itself, and with which words: ``texts`` by language, without empty ones.

    Only owners may. ``hours`` is what ``hours.written`` reads, and asked for when ``when`` is "closed". Raises
    PermissionDenied, HoursError, ValidationError for the times and the texts, and NotAllowedByPolicy unless each text
    could be sent without anybody's looking at it.
    """
    _require(by, mailbox, owner=True)
    cleaned = _clean_answers(texts, mailbox, when=when, away_until=away_until)
    if is_on and not cleaned:
        raise ValidationError({"is_on": _("Please write what is answered, in at least one language.")})
    if away_from and away_until and away_until < away_from:
        raise ValidationError({"away_until": _("The last day lies before the first.")})
    if when == AutoReply.When.CLOSED:
        _check_hours(hours)
    row = AutoReply(
        mailbox=mailbox,
        is_on=is_on,
        when=when,
        away_from=away_from,
        away_until=away_until,
        time_zone=time_zone,
        hours=dict(hours),
    )
    row.clean_fields()
    with transaction.atomic():
        Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
        AutoReply.objects.filter(pk=mailbox.pk).delete()
        row.save(force_insert=True)
        for language, text in cleaned.items():
            words = AutoReplyText(auto_reply=row, language=language)
            write_text(words, text)
            words.save(force_insert=True)
    return row


def _clean_answers(texts: Mapping[str, str], mailbox: Mailbox, *, when: str, away_until: date | None) -> dict[str, str]:
    """Return the texts to keep. Raises ValidationError and NotAllowedByPolicy."""
    kept = {}
    for language, written in texts.items():
        field = f"text_{_clean_language(language)}"
        try:
            text = clean_text(written, most=MOST_AUTO)
            require_known(text, ANSWERING)
            _require_times(names_in(text), when=when, away_until=away_until)
        except ValidationError as problem:
            raise ValidationError({field: problem}) from None
        if not text:
            continue
        checked = try_out(text, mailbox, ANSWERING, language=language)
        # Nobody looks at it before it is sent: what a person would have to check is not for a machine to say.
        if checked.action not in (Action.ALLOW, Action.WARN):
            raise NotAllowedByPolicy(checked, field)
        kept[language] = text
    return kept


def _require_times(used: Sequence[str], *, when: str, away_until: date | None) -> None:
    """Raise ValidationError for a variable that would have no value: there is nobody to fill the gap."""
    if "back_on" in used and not (when == AutoReply.When.ABSENT and away_until):
        raise ValidationError(_("{back_on} needs a last day of the absence."), code="back_on")
    if "open_again" in used and when != AutoReply.When.CLOSED:
        raise ValidationError(_("{open_again} needs opening hours."), code="open_again")


def _check_hours(hours: Mapping[str, Any]) -> None:
    """Raise HoursError for what are no opening hours, ValidationError for ones that never come again."""
    if from_data(hours).next_opening(timezone.now()) is None:
        raise ValidationError({"monday": NEVER_OPEN})


def note_problem(*, mailbox_id: uuid.UUID, problem: AutoReply.Problem, rules: Sequence[str] = ()) -> None:
    """Keep why an automatic reply was not sent, for its owner to see; no words of anybody."""
    AutoReply.objects.filter(pk=mailbox_id).update(
        problem=problem, problem_rules=list(rules)[:20], problem_at=timezone.now()
    )
