"""What stands beside a case's conversation: its card, what became of it, and what the seller can do."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.threads.clock import told_ago, told_fully
from messagecenter.vault.errors import Unreadable

from .actions import may_reopen
from .answers import answers_of
from .catalogue import label_of, topic_label_of
from .forms import RATINGS, HoldForm, RatingForm
from .lifecycle import Actor, Status, may_move
from .listing import case_rows
from .models import Case, Step
from .numbers import told
from .severities import Severity
from .status_words import CHAT_STEPS, shown_status, tone_of
from .words import read_comment, read_reason

MOST_STEPS = 100
MOST_RELATED = 10


@dataclass(frozen=True)
class Event:
    """One step of a case as its seller may read it."""

    kind: str
    text: str
    by: str
    when_text: str
    when_iso: str
    reason: str = ""
    url: str = ""


def card_of(case: Case, membership: Membership, now: datetime) -> dict[str, Any]:
    """Return what the card of a case shows, and what the person may do with it: five queries at most."""
    return {
        "case": case,
        "case_number": case.shown_number,
        "status_text": shown_status(case.state),
        "status_tone": tone_of(case.state),
        "topic_text": label_of(case.topic),
        "group_text": topic_label_of(case.topic),
        "severity_text": Severity(case.severity).label,
        "queue_name": case.queue.mailbox.shown_name,
        "opened_text": told_fully(case.opened_at),
        "opened_ago": told_ago(case.opened_at, now),
        "expected": expectation(case, now),
        "is_late": case.due_at is not None and case.due_at < now,
        "answers": answers_of(case),
        "rating_text": dict(RATINGS).get(case.rating or 0, ""),
        "related": _related(case),
        "events": timeline_of(case),
        "log_url": reverse("support:log"),
        **(_possible(case, now) if membership.may_write else {}),
    }


def expectation(case: Case, now: datetime) -> str:
    """Return whose turn it is and until when, in a sentence."""
    if case.due_at is not None:
        when = told_fully(case.due_at)
        if case.due_at < now:
            return _("Support is late, and its leads have been told. Promised: %(when)s") % {"when": when}
        return _("Expected answer: %(when)s") % {"when": when}
    if case.state == Status.WAITING:
        return _("Support has asked something and waits for your answer.")
    if case.state == Status.ANSWERED:
        return _("Support has answered. Is the matter settled? If not, simply write.")
    if case.state == Status.ON_HOLD:
        if case.held_until is None:
            return _("Simply write to go on. The case is held open for you.")
        return _("Simply write to go on. Held open for you until %(when)s") % {"when": told_fully(case.held_until)}
    if case.state == Status.RESOLVED:
        return _("The matter is settled. If it is not, write or reopen it.") if may_reopen(case, now) else ""
    if case.state != Status.CLOSED:
        if case.first_answered_at is not None:  # in a live chat, in which support had the last word
            return _("Support is working on it with you.")
        # Its first message is still being checked, or was not delivered.
        return _("Support can read your case once its message is delivered.")
    if case.merged_into_id is not None:
        return _("This case goes on in another one about the same.")
    return _("Closed for good. What follows is a new case that links back to this one.")


def _possible(case: Case, now: datetime) -> dict[str, Any]:
    """Return the buttons and forms of a case, for who may write."""
    state = case.state
    is_over = state in (Status.RESOLVED, Status.CLOSED)
    return {
        "can_resolve": may_move(Actor.SELLER, state, Status.RESOLVED),
        "can_reopen": may_reopen(case, now),
        "hold_form": _hold_form(case),
        "rating_form": RatingForm(initial=_rating(case)) if is_over else None,
        "follow_up_url": f"{reverse('support:new')}?follows={case.number}"
        if is_over and not may_reopen(case, now)
        else "",
    }


def _hold_form(case: Case) -> HoldForm | None:
    if case.state == Status.ON_HOLD:
        return HoldForm(held_until=case.held_until)
    return HoldForm() if may_move(Actor.SELLER, case.state, Status.ON_HOLD) else None


def _rating(case: Case) -> dict[str, Any]:
    try:
        comment = read_comment(case)
    except Unreadable:
        comment = ""
    return {"rating": case.rating, "comment": comment}


def _related(case: Case) -> list[dict[str, str]]:
    """Return the cases this one follows, is followed by, and was merged into, each with what it is to this one."""
    own = Case.objects.filter(shop=case.shop_id).select_related("thread")
    later = list(own.filter(follows=case.pk).order_by("pk")[:MOST_RELATED])
    named = {key for key in (case.follows_id, case.merged_into_id) if key}
    others = {one.pk: one for one in own.filter(pk__in=named)} if named else {}
    found = [(others.get(case.follows_id), _("Follows")), *((one, _("Followed by")) for one in later)]
    found.append((others.get(case.merged_into_id), _("Goes on in")))
    told_as = [(one, relation) for one, relation in found if one is not None]
    rows = case_rows([one for one, _relation in told_as])
    return [row | {"relation": relation} for row, (_one, relation) in zip(rows, told_as, strict=True)]


def timeline_of(case: Case) -> list[Event]:
    """Return what happened to a case as its seller may read it, the oldest first: two queries.

    Who of support did it stays with support.
    """
    steps = list(case.steps.filter(kind__in=sorted(Step.SHOWN)).select_related("by").order_by("-pk")[:MOST_STEPS])[::-1]
    queues = {
        key
        for step in steps
        if step.kind == Step.Kind.TRANSFERRED
        for key in map(_key, (step.before, step.after))
        if key
    }
    names = {one.pk: one.shown_name for one in Mailbox.objects.filter(pk__in=queues)} if queues else {}
    return [_event(step, names) for step in steps]


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _event(step: Step, queues: dict[uuid.UUID, str]) -> Event:
    text, url = _told(step, queues)
    reason = ""
    if step.kind == Step.Kind.TRANSFERRED:  # the reasons of other steps are support's own
        try:
            reason = read_reason(step)
        except Unreadable as error:
            reason = str(error.sentence)
    return Event(step.kind, text, _doer(step), told_fully(step.at), step.at.isoformat(timespec="seconds"), reason, url)


def _told(step: Step, queues: dict[uuid.UUID, str]) -> tuple[str, str]:
    """Return a step in words, and where it leads."""
    if step.kind == Step.Kind.OPENED:
        return _("Opened"), ""
    if step.kind == Step.Kind.MOVED:
        return shown_status(Status(step.after)) if step.after in set(Status) else step.after, ""
    if step.kind == Step.Kind.TRANSFERRED:
        before, after = (queues.get(key, "") if (key := _key(side)) else "" for side in (step.before, step.after))
        return _("Handed from %(before)s to %(after)s") % {"before": before or "–", "after": after or "–"}, ""
    if step.kind == Step.Kind.SEVERITY:
        labels = {str(int(one)): str(one.label) for one in Severity}
        values = {"before": labels.get(step.before, step.before), "after": labels.get(step.after, step.after)}
        return _("Severity changed from %(before)s to %(after)s") % values, ""
    if step.kind == Step.Kind.CHAT:
        return str(CHAT_STEPS.get(step.after, step.after)), ""
    if step.kind == Step.Kind.RATED:
        return _("You rated it %(rating)s of 5") % {"rating": step.after}, ""
    number = told(step.after)
    return _("Goes on in case %(number)s") % {"number": number}, reverse("support:case", args=[step.after])


def _doer(step: Step) -> str:
    """Return who did it: the shop's people by name, support as one."""
    if step.actor == Actor.SELLER:
        return step.by.get_full_name() if step.by else ""
    return _("automatically") if step.actor == Actor.CLOCK else _("Support")
