"""What a list is narrowed to, read from an address and written back into one: a filter is a URL."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import Folder
from orders.models import Order

from .access import order_number_in, uuid_or_none
from .boxes import BOXES, RELEVANCE, SORTS, Box, Sort
from .models import Entry, EntryLabel, EntryQuerySet, Priority
from .picking import NOTHING_KNOWN, Few, Pick, about_product, few_of, labelled_with, with_order_in, with_other
from .topics import LABELS

FEWEST_OF_A_NUMBER = 3  # characters, for a part in the middle of one
MOST_PARTS_OF_A_NUMBER = 5
PRIORITIES = {priority.name.lower(): priority for priority in Priority}


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see, as texts: empty means no matter."""

    box: str = "inbox"
    folder: str = ""
    label: str = ""
    priority: str = ""
    topic: str = ""
    other: str = ""
    product: str = ""
    order: str = ""
    status: str = ""
    files: str = ""
    since: str = ""
    until: str = ""
    q: str = ""
    sort: str = "newest"
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def view(self) -> Box:
        """The view that is narrowed."""
        return BOXES[self.box]

    @property
    def sorting(self) -> Sort:
        """The order of the rows."""
        return SORTS.get(self.sort, RELEVANCE)

    @property
    def is_ranked(self) -> bool:
        """Whether what fits the words best comes first."""
        return self.sort == RELEVANCE.key

    @property
    def narrows(self) -> bool:
        """Whether anything but the view and the folder is asked for."""
        return any(value for name, value in self.as_data().items() if name not in ("box", "folder", "sort"))

    def as_data(self) -> dict[str, str]:
        """Return what is not as it would be anyway, by parameter name."""
        plain = Wanted()
        names = [one.name for one in fields(self) if one.name != "problems"]
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(plain, name)}

    def as_query(self, **more: str) -> str:
        """Return it as the query of an address, with ``more`` parameters; empty ones are left out."""
        return urlencode({name: value for name, value in (self.as_data() | more).items() if value})

    def without(self, *names: str) -> Wanted:
        """Return it without some of its parts."""
        plain = Wanted()
        return replace(self, **{name: getattr(plain, name) for name in names})


def read(query: Mapping[str, str]) -> Wanted:
    """Read what an address asks for. What cannot be meant is left out, with a sentence in ``problems``."""
    problems: list[str] = []

    def one_of(name: str, allowed: Mapping[str, Any], otherwise: str = "") -> str:
        value = query.get(name, "")
        if value and value not in allowed:
            problems.append(_("“%(value)s” is not something to filter by here.") % {"value": value[:40]})
        return value if value in allowed else otherwise

    def an_id(name: str) -> str:
        value = query.get(name, "")
        known = uuid_or_none(value) if value else None
        if value and known is None:
            problems.append(_("“%(value)s” is not something to filter by here.") % {"value": value[:40]})
        return str(known) if known else ""

    def a_day(name: str) -> str:
        value = query.get(name, "").strip()
        if value and _day(value) is None:
            problems.append(_("“%(value)s” is not a date. Example: 2026-11-30.") % {"value": value[:40]})
        return value if value and _day(value) else ""

    box, q = query.get("box", ""), _words(query.get("q", ""), most=200)
    is_ranked = query.get("sort") == RELEVANCE.key
    folder = an_id("folder")
    if folder:
        box = "inbox"  # a folder is a place of its own, not a part of another view
    wanted = Wanted(
        # Who searches without saying where means everything that was kept.
        box=box if box in BOXES else ("all" if q else "inbox"),
        folder=folder,
        label=an_id("label"),
        priority=one_of("priority", PRIORITIES),
        topic=one_of("topic", LABELS),
        other=_words(query.get("other", "")),
        product=_words(query.get("product", "")),
        order=order_number_in(query.get("order", "")),
        status=one_of("status", dict(Order.Status.choices)),
        files="1" if query.get("files", "") in ("1", "on", "true") else "",
        since=a_day("since"),
        until=a_day("until"),
        q=q,
        # Without words nothing fits better than another.
        sort=(RELEVANCE.key if q else "newest") if is_ranked else one_of("sort", SORTS, "newest"),
    )
    return replace(wanted, problems=tuple(problems))


def _words(text: str, most: int = 100) -> str:
    """Return typed words without what cannot be printed (PostgreSQL takes no NUL)."""
    return "".join(one if one.isprintable() else " " for one in text[: 4 * most]).strip()[:most]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def midnight(day: date) -> datetime | None:
    """Return when a day begins for the reader, or None for a day no clock knows."""
    try:
        return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def few_picked(wanted: Wanted, *, mailbox: Mailbox) -> Few:
    """Return what ``narrowed`` can be told of a list that is read page by page. One query, or none."""
    return few_of(_picks(wanted, mailbox), mailbox)


def picks_by_others(wanted: Wanted) -> bool:
    """Return whether a filter asks what does not stand in the entries."""
    return bool(
        wanted.label or wanted.status or wanted.product or (wanted.other and uuid_or_none(wanted.other) is None)
    )


def _picks(wanted: Wanted, mailbox: Mailbox) -> list[Pick]:
    picks = []
    if wanted.label:
        picks.append(labelled_with(uuid.UUID(wanted.label), mailbox))
    if wanted.status:
        picks.append(with_order_in(wanted.status, mailbox))
    if wanted.other and uuid_or_none(wanted.other) is None:
        picks.append(with_other(wanted.other, mailbox))
    if wanted.product:
        picks.append(about_product(wanted.product, uuid_or_none(wanted.product), mailbox))
    return picks


def narrowed(
    entries: EntryQuerySet, wanted: Wanted, *, mailbox: Mailbox, reader: User, few: Few = NOTHING_KNOWN
) -> EntryQuerySet:
    """Return the entries of one mailbox that are asked for, without their order; words are looked for elsewhere.

    ``few`` is what ``few_picked`` found; without it the entries are tested one by one.
    """
    chosen = _in_view(entries.of_mailbox(mailbox), wanted, reader)
    moment = wanted.view.moment
    since, until = _day(wanted.since), _day(wanted.until)
    if since and (begin := midnight(since)):
        chosen = chosen.filter(**{f"{moment}__gte": begin})
    if until and until < date.max and (end := midnight(until + timedelta(days=1))):
        chosen = chosen.filter(**{f"{moment}__lt": end})
    if wanted.priority:
        chosen = chosen.filter(priority=PRIORITIES[wanted.priority])
    if wanted.topic:
        chosen = chosen.filter(topic=wanted.topic)
    if wanted.files:
        chosen = chosen.filter(has_files=True)
    if wanted.order:
        chosen = chosen.filter(with_number(wanted.order, mailbox))
    if other := uuid_or_none(wanted.other):
        chosen = chosen.filter(other=other)
    for pick in _picks(wanted, mailbox):
        chosen = chosen.filter(pick.condition(few))
    return chosen


def _in_view(entries: EntryQuerySet, wanted: Wanted, reader: User) -> EntryQuerySet:
    if wanted.folder:
        return entries.in_folder(Folder(pk=uuid.UUID(wanted.folder)))
    if wanted.box == "mine":
        return entries.assigned_to(reader)
    return wanted.view.entries(entries)


def labelled(mailbox: Mailbox) -> QuerySet[EntryLabel]:
    """Return which entries of a mailbox have which of its labels."""
    return EntryLabel.objects.filter(label__mailbox=mailbox)


def with_number(number: str, mailbox: Mailbox) -> Q:
    """Return the condition for an order number, whole or parts of it: "302 4567" has both, in capitals or not.

    The numbers are looked for in the mailbox's own index of them: nothing is read but numbers.
    """
    if len(number) < FEWEST_OF_A_NUMBER:
        return Q(order_number=number) | Q(order_number__startswith=number)
    own = Entry.objects.of_mailbox(mailbox)
    for part in number.split()[:MOST_PARTS_OF_A_NUMBER]:
        own = own.filter(order_number__icontains=part)
    return Q(pk__in=own.values("pk"))


def from_other(words: str) -> Q:
    """Return the condition for the other side: its id, or a part of its name."""
    known = uuid_or_none(words)
    return Q(other=known) if known else Q(other__name__icontains=words)
