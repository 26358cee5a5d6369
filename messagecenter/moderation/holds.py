"""Held messages whose time ran out: an alarm, or what the operator's policy says instead."""

from __future__ import annotations

import logging

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone

from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.policy import versions
from messagecenter.policy.models import Decision
from messagecenter.policy.rules import AfterHold
from messagecenter.threads.actions import reject_message
from messagecenter.threads.refused import Refused
from messagecenter.vault.errors import Unreadable

from .actions import deliver_overdue

log = logging.getLogger(__name__)

BATCH = 200


def settle_overdue() -> int:
    """Deliver, keep or sound an alarm for held messages that nobody looked at in time; return how many.

    Safe to run many times at once: each is settled once, and each alarm sounds once. A message that cannot be
    delivered stays held, its alarm sounds, and the next one is looked at.
    """
    after_hold = versions.current()[1].after_hold
    overdue = Decision.objects.waiting().filter(hold_until__lt=timezone.now())
    if after_hold == AfterHold.ALARM:
        overdue = overdue.filter(alarmed_at=None)
    settled = 0
    # Those that could not be settled before come last: however many they are, they keep nobody else waiting.
    for decision in overdue.order_by(F("alarmed_at").asc(nulls_first=True), "hold_until", "pk")[:BATCH]:
        if after_hold == AfterHold.ALARM:
            settled += _alarm(decision)
            continue
        try:
            if after_hold == AfterHold.DELIVER:
                deliver_overdue(decision)
            else:
                reject_message(by=None, decision=decision)
            settled += 1
        except (Unreadable, Refusal, Refused, PermissionDenied) as trouble:
            settled += _alarm(decision, type(trouble).__name__)
    return settled


def overdue_holds() -> int:
    """Return how many held messages are overdue, counted up to 100."""
    overdue = Decision.objects.waiting().filter(hold_until__lt=timezone.now())
    return len(overdue.values_list("pk")[:100])


def _alarm(decision: Decision, trouble: str = "nobody decided") -> bool:
    """Sound the alarm for a held message, once. Returns whether it sounded now."""
    first = Decision.objects.filter(pk=decision.pk, alarmed_at=None).update(alarmed_at=timezone.now())
    if first:
        log.error(
            "Held message %s was not looked at in time (decision %s): %s", decision.message_id, decision.pk, trouble
        )
    return bool(first)
