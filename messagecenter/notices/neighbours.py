"""What else of the same thread and kind the same target is owed or was told: by that the order is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Now

from messagecenter.notices.models import Notice

GATHER = timedelta(minutes=2)


@dataclass(frozen=True)
class Neighbours:
    """The earliest one before it that is still owed, when the last was told, and whether others could go along."""

    earlier: Notice | None = None
    told_at: datetime | None = None
    are_due: bool = False


def neighbours_of(notices: Sequence[Notice]) -> dict[UUID, Neighbours]:
    """Return the neighbours of those that have any. One query, and one more where something earlier is owed.

    Earlier is what is being sent, was tried, or is due within two minutes; not what waits for tomorrow's summary, which
    its person may have given up since.
    """
    asked = [notice.pk for notice in notices if notice.group_id is not None]
    if not asked:
        return {}
    own = {name: OuterRef(name) for name in ("target_id", "group_id", "channel", "kind")}
    told = Notice.objects.filter(**own, sent_at__isnull=False, state=Notice.State.SENT).order_by("-sent_at")
    open_ones = Notice.objects.filter(**own, sent_at=None)
    tried, soon = Q(attempts__gt=0), Q(next_at__lte=Now() + GATHER)
    owed = open_ones.filter(Q(state=Notice.State.SENDING) | Q(state=Notice.State.DUE) & (tried | soon))
    joining = open_ones.filter(state=Notice.State.DUE, next_at__lte=Now(), attempts=0, letter_id=None)
    rows = Notice.objects.filter(pk__in=asked).annotate(
        earlier_id=Subquery(owed.filter(pk__lt=OuterRef("pk")).order_by("pk").values("pk")[:1]),
        told_at=Subquery(told.values("sent_at")[:1]),
        are_due=Exists(joining.exclude(pk=OuterRef("pk"))),
    )
    found = list(rows.values_list("pk", "earlier_id", "told_at", "are_due"))
    earlier = Notice.objects.in_bulk({key for _pk, key, _told_at, _are_due in found if key})
    return {pk: Neighbours(earlier.get(key), told_at, are_due) for pk, key, told_at, are_due in found}
