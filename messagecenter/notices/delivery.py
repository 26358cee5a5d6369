"""How delivery goes: what waits, what failed, and how the mails of the last day went, by the recipients' providers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models.functions import Now

from messagecenter.notices.health import overdue_seconds
from messagecenter.notices.models import Notice

MOST_COUNTED = 10_000  # of one kind: nothing here reads a whole table
MOST_LOOKED_AT = 5_000  # notices of the last day, the newest
OTHERS = "…"
MOST_PROVIDERS = 15
State = Notice.State


@dataclass
class Provider:
    """How the mails to one domain went."""

    domain: str
    sent: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def total(self) -> int:
        """How many mails were looked at."""
        return self.sent + self.failed + self.waiting

    @property
    def percent_failed(self) -> int:
        """How many of a hundred could not be delivered."""
        return round(100 * self.failed / self.total) if self.total else 0


@dataclass
class Delivery:
    """What an operator wants to know; numbers end at MOST_COUNTED."""

    oldest_due_seconds: float
    due: int
    later: int
    failed: int
    skipped: dict[str, int] = field(default_factory=dict)
    providers: list[Provider] = field(default_factory=list)


def backlog() -> dict[str, int]:
    """Return how many notices are due now, wait for later, or have failed; each at most MOST_COUNTED."""
    due = Notice.objects.filter(state=State.DUE)
    asked = {
        "due": due.filter(next_at__lte=Now()),
        "later": due.filter(next_at__gt=Now()),
        "failed": Notice.objects.filter(state=State.FAILED),
    }
    return {name: len(rows.order_by().values_list("pk", flat=True)[:MOST_COUNTED]) for name, rows in asked.items()}


def delivery() -> Delivery:
    """Return how delivery goes. Reads at most the newest MOST_LOOKED_AT notices of the last day."""
    recent = Notice.objects.filter(channel=Notice.Channel.EMAIL, created_at__gt=Now() - timedelta(days=1))
    rows = recent.order_by("-created_at", "-pk").values_list("recipient__email", "state", "reason")[:MOST_LOOKED_AT]
    providers: dict[str, Provider] = {}
    skipped: Counter[str] = Counter()
    for email, state, reason in rows:
        if state == State.SKIPPED:
            skipped[reason] += 1
            continue
        domain = (email or "").rpartition("@")[2]
        provider = providers.setdefault(domain, Provider(domain))
        if state == State.SENT:
            provider.sent += 1
        elif state == State.FAILED:
            provider.failed += 1
        else:
            provider.waiting += 1
    ranked = sorted(providers.values(), key=lambda one: (-one.total, one.domain))
    shown, rest = ranked[:MOST_PROVIDERS], ranked[MOST_PROVIDERS:]
    if rest:
        sums = (sum(one.sent for one in rest), sum(one.failed for one in rest), sum(one.waiting for one in rest))
        shown.append(Provider(OTHERS, *sums))
    return Delivery(overdue_seconds(), **backlog(), skipped=dict(skipped.most_common()), providers=shown)
