"""What happened to a case, told to support: every step with who, when and why, and who has read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from messagecenter.accounts.models import User
from messagecenter.threads.access import uuid_or_none
from messagecenter.threads.clock import told_fully
from messagecenter.vault.errors import Unreadable
from support.catalogue import label_of
from support.lifecycle import Actor, Status
from support.models import Case, Queue, Reading, Step
from support.models.case import STATUS_LABELS
from support.numbers import NotACaseNumber, read, told
from support.severities import Severity
from support.status_words import CHAT_STEPS
from support.words import read_reason

MOST_STEPS, MOST_READINGS = 100, 20
SHA256_DIGITS = 64
CASES = (Step.Kind.LINKED, Step.Kind.MERGED)
CALLS = {
    "booked": pgettext_lazy("call", "booked"),
    "moved": pgettext_lazy("call", "moved"),
    "reached": pgettext_lazy("call", "the seller was reached"),
    "missed": pgettext_lazy("call", "nobody answered"),
    "cancelled": pgettext_lazy("call", "cancelled"),
}


@dataclass(frozen=True)
class Told:
    """One step: what, by whom, when, from what to what, why; ``url`` leads to the case it names."""

    id: uuid.UUID
    what: str
    who: str
    at: datetime
    change: str
    url: str
    reason: str


def told_steps(
    case: Case, *, before: uuid.UUID | None = None, files: Mapping[uuid.UUID, str] = MappingProxyType({})
) -> tuple[list[Told], bool]:
    """Return the newest steps of a case, or those before one, newest first, and whether there are more. Three queries.

    ``files`` are the names of the case's files by their ids, as far as the reader may open them.
    """
    place = case.steps.filter(pk__lt=before) if before else case.steps
    found = list(place.select_related("by").order_by("-pk")[: MOST_STEPS + 1])
    names = _names(found) | {str(key): name for key, name in files.items()}
    return [_told(step, names) for step in found[:MOST_STEPS]], len(found) > MOST_STEPS


def readings_of(case: Case) -> tuple[list[Reading], bool]:
    """Return who has read a case last, and why, and whether there are more."""
    found = list(case.readings.select_related("staff").order_by("-pk")[: MOST_READINGS + 1])
    return found[:MOST_READINGS], len(found) > MOST_READINGS


def linked_numbers(steps: Sequence[Told]) -> list[Told]:
    """Return the steps that name another case, each case once."""
    return list({one.url: one for one in steps if one.url}.values())


def _told(step: Step, names: dict[str, str]) -> Told:
    try:
        reason = read_reason(step)
    except Unreadable as error:
        reason = str(error.sentence)
    after = _value(step, step.after, names)
    before = _value(step, step.before, names) if step.before or step.kind == Step.Kind.ASSIGNED else ""
    number = _number(step.after) if step.kind in CASES else ""
    return Told(
        id=step.pk,
        what=step.get_kind_display(),
        who=_who(step),
        at=step.at,
        change=f"{before} → {after}" if before and after else after or before,
        url=reverse("admin:support_desk_case", args=[number]) if number else "",
        reason=reason,
    )


def _who(step: Step) -> str:
    if step.by is not None:
        name = step.by.get_full_name()
        return _("%(name)s, for the seller") % {"name": name} if step.actor == Actor.SELLER else name
    return _("by itself") if step.actor == Actor.CLOCK else _("somebody who left")


def _value(step: Step, value: str, names: dict[str, str]) -> str:
    """Return what a step kept, in words."""
    kind = step.kind
    if kind == Step.Kind.MOVED and value in set(Status):
        return str(STATUS_LABELS[Status(value)])
    if kind in (Step.Kind.ASSIGNED, Step.Kind.TRANSFERRED):
        return names.get(value, value) if value else pgettext("case", "nobody")
    if kind == Step.Kind.SEVERITY and value.isdecimal() and int(value) in Severity.values:
        return str(Severity(int(value)).label)
    if kind in CASES:
        return told(value)
    if kind == Step.Kind.OPENED:
        return label_of(value)
    if kind == Step.Kind.WATCHED:
        return _("watches") if value == "on" else _("watches no more")
    if kind == Step.Kind.FOLLOW_UP and value:
        at = parse_datetime(value)
        return told_fully(at) if at else value
    if kind == Step.Kind.CALL:
        at = parse_datetime(value)
        return told_fully(at) if at else str(CALLS.get(value, value))
    if kind == Step.Kind.CHAT:
        return str(CHAT_STEPS.get(value) or names.get(value, value))
    if kind == Step.Kind.RATED:
        return _("%(rating)s of 5") % {"rating": value}
    if kind == Step.Kind.ESCALATED:
        return _("level %(level)s") % {"level": value}
    if kind == Step.Kind.DOWNLOADED:
        is_transcript = len(value) == SHA256_DIGITS
        return _("transcript, SHA-256 %(start)s…") % {"start": value[:12]} if is_transcript else names.get(value, "")
    return value


def _number(value: str) -> str:
    try:
        return read(value)
    except NotACaseNumber:
        return ""


def _names(steps: Sequence[Step]) -> dict[str, str]:
    """Return the names of the people and queues that steps keep by their keys."""
    people = {key for one in steps if one.kind in (Step.Kind.ASSIGNED, Step.Kind.CHAT) for key in _keys(one)}
    queues = {key for one in steps if one.kind == Step.Kind.TRANSFERRED for key in _keys(one)}
    named = {str(pk): user.get_full_name() for pk, user in User.objects.in_bulk(people).items()}
    rows = Queue.objects.filter(pk__in=queues).select_related("mailbox") if queues else []
    return named | {str(row.pk): row.mailbox.shown_name for row in rows}


def _keys(step: Step) -> list[uuid.UUID]:
    return [key for key in (uuid_or_none(step.before), uuid_or_none(step.after)) if key]
