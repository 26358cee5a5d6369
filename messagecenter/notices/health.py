"""How far behind delivery is; for /readyz and alarms."""

from __future__ import annotations

from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Now

from messagecenter.notices.models import Notice


def overdue_seconds() -> float:
    """Return for how many seconds the oldest due notice has been waiting, or 0 when none is. Two index look-ups."""
    clock = ExpressionWrapper(Now(), output_field=DateTimeField())
    waiting = Notice.objects.filter(state=Notice.State.DUE, next_at__lte=Now()).annotate(since=F("next_at"))
    abandoned = Notice.objects.filter(state=Notice.State.SENDING, lease_until__lte=Now()).annotate(
        since=F("lease_until")
    )
    oldest = [
        (now - since).total_seconds()
        for rows in (waiting, abandoned)
        for now, since in rows.order_by("since").annotate(clock=clock).values_list("clock", "since")[:1]
    ]
    return max([0.0, *oldest])
