"""A statement of reasons: what was done, the words, the rule, how it was decided and what one can do (DSA, Art. 17)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from messagecenter.accounts.models import Membership, User
from messagecenter.attachments.content import UNREADABLE_NOW, extracted_text
from messagecenter.attachments.models import Attachment
from messagecenter.policy import versions
from messagecenter.policy.models import Decision
from messagecenter.policy.rulebook import entry
from messagecenter.threads.models import Entry, Message
from messagecenter.threads.words import read_body, read_subject
from messagecenter.vault.errors import Unreadable

from .models import Appeal
from .words import read_appeal_answer, read_appeal_words, read_decision_answer

MEASURE, OUTCOME = Decision.Measure, Decision.Outcome
LONGEST_QUOTE = 300  # characters; a whole page of a file is not repeated
MOST_QUOTES = 50  # a long file can hold many of one kind


@dataclass(frozen=True)
class Rule:
    """A rule as people see it: its id, its name, where the policy page explains it, what it covers, what to do."""

    id: str
    title: str
    url: str
    covers: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Quote:
    """A stretch of the sender's own words that a rule is about; ``place`` says where when it is not the text."""

    words: str
    place: str
    rule: Rule


@dataclass(frozen=True)
class Statement:
    """All that the sender's side is told about a decision."""

    decision: Decision
    title: str
    scope: str
    is_restricted: bool
    means: str
    rules: list[Rule]
    quotes: list[Quote]
    more_quotes: int
    unreadable: str
    answer: str
    appeal: Appeal | None
    appeal_words: str
    appeal_answer: str
    appeal_until: datetime
    may_appeal: bool
    why_no_appeal: str
    message_url: str


def explain(decision: Decision, reader: User) -> Statement:
    """Return the statement of reasons of a decision for a member of the sender's mailbox, in the active language.

    ``decision`` comes from ``Decision.objects.visible_to(reader)``.
    """
    message = Message.objects.filter(pk=decision.message_id).select_related("thread").first()
    quotes, more_quotes, unreadable = _quotes(decision, message)
    appeal = Appeal.objects.filter(decision=decision).select_related("decision").first()
    until = appeal_until(decision)
    why = why_no_appeal(decision, message, appeal, until)
    membership = Membership.objects.filter(user=reader, mailbox=decision.mailbox_id).first()
    if not why and (membership is None or not membership.may_write):
        why = _("You can read here but not write. An owner or agent of the mailbox can appeal.")
    return Statement(
        decision=decision,
        title=title_of_decision(decision, message),
        scope=_scope(decision, message),
        is_restricted=_is_restricted(decision, message),
        means=_means(decision),
        rules=rules_of(decision),
        quotes=quotes,
        more_quotes=more_quotes,
        unreadable=unreadable,
        answer=_or_sentence(read_decision_answer, decision),
        appeal=appeal,
        appeal_words=_or_sentence(read_appeal_words, appeal) if appeal else "",
        appeal_answer=_or_sentence(read_appeal_answer, appeal) if appeal else "",
        appeal_until=until,
        may_appeal=not why,
        why_no_appeal=why,
        message_url=_message_url(decision, message, reader),
    )


def rules_of(decision: Decision) -> list[Rule]:
    """Return the rules that led to a decision, each with its name and address in the policy of that version."""
    return [told_rule(rule, decision.version.number) for rule in decision.rules]


def told_rule(rule: str, version: int | None = None) -> Rule:
    """Return a rule in words, with its place on the policy page of a version, else of the one in force."""
    told = entry(rule)
    url = f"{reverse('policy:page')}{f'?version={version}' if version else ''}#{rule}"
    return Rule(rule, str(told.title), url, str(told.covers), str(told.advice))


def title_of_decision(decision: Decision, message: Message | None) -> str:
    """Return what was done, in a few words."""
    if decision.outcome == OUTCOME.DELIVERED:
        if decision.measure == MEASURE.WITHHELD:
            return _("Your file was handed over after all")
        if message is not None and message.redacted_ciphertext:
            return _("Your message was delivered with words hidden")
        if decision.measure == MEASURE.REDACTED:
            return _("Your words are shown again")
        return _("Your message was delivered")
    if decision.measure == MEASURE.HELD and decision.outcome == OUTCOME.OPEN:
        return _("Your message is being checked")
    return {
        MEASURE.BLOCKED: _("Your message was not delivered"),
        MEASURE.HELD: _("Your message was not delivered"),
        MEASURE.REDACTED: _("Your message was delivered with words hidden"),
        MEASURE.WARNED: _("Your message was delivered after a warning"),
        MEASURE.WITHHELD: _("A file of your message was not handed over"),
    }[Decision.Measure(decision.measure)]


def can_be_appealed(decision: Decision, message: Message | None) -> bool:
    """Return whether something is withheld from the other side by this decision that a person has not to decide yet."""
    hides = message is not None and bool(message.redacted_ciphertext)
    if decision.measure == MEASURE.WARNED:
        return False
    if decision.outcome == OUTCOME.DELIVERED:
        return hides and decision.measure != MEASURE.WITHHELD
    return not (decision.measure == MEASURE.HELD and decision.outcome == OUTCOME.OPEN)


def appeal_until(decision: Decision) -> datetime:
    """Return until when one can appeal: six months from the newest decision on it (DSA, Art. 20(1)), or longer."""
    _version, rules = versions.current()
    return (decision.settled_at or decision.made_at) + timedelta(days=max(rules.appeal_days, 180))


def why_no_appeal(decision: Decision, message: Message | None, appeal: Appeal | None, until: datetime) -> str:
    """Return why nobody can appeal against a decision (now, or any more), or ""."""
    if appeal is not None:
        return _("There is an appeal against this decision already.")
    if decision.measure == MEASURE.HELD and decision.outcome == OUTCOME.OPEN:
        return _("A person will look at the message. If they decide against it, you can appeal.")
    if message is None or not can_be_appealed(decision, message):
        return _("There is nothing to appeal against: the other side has what you wrote.")
    if until < timezone.now():
        return _("The time to appeal has passed.")
    return ""


def _is_restricted(decision: Decision, message: Message | None) -> bool:
    """Return whether the other side cannot read or open something because of it."""
    if decision.outcome == OUTCOME.DELIVERED:
        return message is not None and bool(message.redacted_ciphertext)
    return decision.measure != MEASURE.WARNED


def _scope(decision: Decision, message: Message | None) -> str:
    """Return what the measure means, for whom and how long."""
    hides = message is not None and bool(message.redacted_ciphertext)
    if decision.outcome == OUTCOME.DELIVERED:
        if hides:
            return _("The other side reads the message without the hidden words. Nothing else is affected.")
        return _("The other side can read it, with the time at which you wrote it. Nothing else is affected.")
    if decision.measure == MEASURE.HELD and decision.outcome == OUTCOME.OPEN:
        by = date_format(timezone.localtime(decision.hold_until), "DATETIME_FORMAT") if decision.hold_until else ""
        return _(
            "Until a person has looked at it the other side does not see it. They have until %(when)s to do so. "
            "You can go on writing; your other messages are not affected."
        ) % {"when": by}
    return {
        MEASURE.BLOCKED: _(
            "The other side does not see this message, for good. You can change it and send it again; your other "
            "messages are not affected."
        ),
        MEASURE.HELD: _(
            "The other side does not see this message, for good. You can change it and send it again; your other "
            "messages are not affected."
        ),
        MEASURE.REDACTED: _(
            "The other side reads the message without these words, for good. Your other messages are not affected."
        ),
        MEASURE.WARNED: _("The other side reads the message as you wrote it. Nothing else is affected."),
        MEASURE.WITHHELD: _(
            "The other side cannot open this file, for good. The text of the message and its other files are not "
            "affected."
        ),
    }[Decision.Measure(decision.measure)]


def _means(decision: Decision) -> str:
    """Return whether machines or people decided."""
    if not decision.rules and decision.settled_by_id is None:
        return _("This was decided automatically. No person has read the message.")
    if decision.settled_by_id is None:
        if decision.outcome == OUTCOME.DELIVERED:
            return _(
                "The words were found automatically. The message was delivered when the time for checking had passed."
            )
        return _(
            "The words were found automatically, and this was decided automatically. No person has read the message."
        )
    when = date_format(timezone.localtime(decision.settled_at), "DATE_FORMAT") if decision.settled_at else ""
    if not decision.rules:
        return _("A person looked at it and decided on %(when)s.") % {"when": when}
    return _("The words were found automatically. A person looked at it and decided on %(when)s.") % {"when": when}


def _quotes(decision: Decision, message: Message | None) -> tuple[list[Quote], int, str]:
    """Return the words that were found, from the sender's own text: at most ``MOST_QUOTES``, and how many more.

    The third is why some cannot be shown, or "".
    """
    found: dict[str, list[tuple[int, int, str]]] = {}
    for one in decision.findings if message is not None else []:
        if one["rule"] and one["action"] != "allow":
            found.setdefault(one["part"], []).append((one["start"], one["end"], one["rule"]))
    quoted: dict[tuple[str, str, str], None] = {}  # each once, in the order of the text
    unreadable = ""
    for key, spans in found.items():
        try:
            text = text_of_part(key, message) if message is not None else ""
        except Unreadable as trouble:
            unreadable = str(trouble.sentence)
            continue
        except (LookupError, *UNREADABLE_NOW):
            unreadable = _("A file cannot be read any more, so its words are not shown here.")
            continue
        place = place_of(key)
        for start, end, rule in spans:
            words = text[start : min(end, start + LONGEST_QUOTE)]
            if words:
                quoted[f"{words} …" if end - start > LONGEST_QUOTE else words, place, rule] = None
    rules = {rule.id: rule for rule in rules_of(decision)}
    quotes = [Quote(words, place, rules[rule]) for words, place, rule in islice(quoted, MOST_QUOTES)]
    return quotes, len(quoted) - len(quotes), unreadable


def text_of_part(key: str, message: Message) -> str:
    """Return the text a finding's ``part`` points into.

    Raises Unreadable, LookupError when the file is gone, and one of ``UNREADABLE_NOW`` when it cannot be read now.
    """
    if key == "body":
        return read_body(message)
    if key == "subject":
        return read_subject(message.thread)
    kind, _colon, file_id = key.partition(":")
    attachment = file_of_part(key, message)
    if attachment is None:
        raise LookupError(file_id)
    return attachment.details.name if kind == "file_name" else extracted_text(attachment)


def file_of_part(key: str, message: Message) -> Attachment | None:
    """Return the file of the message's sender that a finding's ``part`` names, or None."""
    try:
        file_id = uuid.UUID(key.partition(":")[2])
    except ValueError:
        return None
    return Attachment.objects.filter(pk=file_id, mailbox=message.sender_id).first()


def place_of(key: str) -> str:
    """Return where a quote stands, or "" for the text itself."""
    kind = key.partition(":")[0]
    return {"subject": _("in the subject"), "file": _("in a file"), "file_name": _("in a file’s name")}.get(kind, "")


def _message_url(decision: Decision, message: Message | None, reader: User) -> str:
    """Return the address of the message in its thread, or "" when the reader has no thread to see it in."""
    if message is None or not Entry.objects.visible_to(reader).filter(thread=decision.thread_id).exists():
        return ""
    return f"{reverse('threads:detail', args=[decision.thread_id])}?message={message.pk}#message-{message.pk}"


def _or_sentence(read: object, row: object) -> str:
    try:
        return str(read(row))  # type: ignore[operator]
    except Unreadable as trouble:
        return str(trouble.sentence)
