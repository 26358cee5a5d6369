"""The figures of support: how much comes, how fast it is answered, what was late, came back, and how it was rated."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from messagecenter.ids import first_id_at
from messagecenter.moderation.figures import Series, percentile
from support.catalogue import label_of
from support.lifecycle import Status
from support.models import Case, Queue, Step, Turn

RANGES = (7, 30, 90)
MOST_ROWS = 20_000  # of each kind, the newest ones: a figure over more would not tell more
HOUR = 3600
LEAST_SHOWN = 0.1  # hours; times are told with one decimal


@dataclass
class Group:
    """What is counted for one queue, one topic, or all of them. Times are in hours."""

    name: str
    opened: int = 0
    first: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    to_resolve: list[float] = field(default_factory=list)
    turns: int = 0
    late: int = 0
    resolved: set[uuid.UUID] = field(default_factory=set)
    reopened: set[uuid.UUID] = field(default_factory=set)
    ratings: dict[uuid.UUID, int] = field(default_factory=dict)

    @property
    def first_median(self) -> float | None:
        """Half of the first answers came within so many hours."""
        return _within(self.first, 50)

    @property
    def first_p90(self) -> float | None:
        """90 of 100 first answers came within so many hours."""
        return _within(self.first, 90)

    @property
    def later_median(self) -> float | None:
        """The same of all answers after the first."""
        return _within(self.later, 50)

    @property
    def later_p90(self) -> float | None:
        """The same of all answers after the first."""
        return _within(self.later, 90)

    @property
    def resolve_median(self) -> float | None:
        """Half of the cases were resolved within so many hours of being opened."""
        return _within(self.to_resolve, 50)

    @property
    def late_share(self) -> float | None:
        """The share of answers that were late, in percent."""
        return 100 * self.late / self.turns if self.turns else None

    @property
    def reopened_share(self) -> float | None:
        """The share of cases resolved in these days that came back in them, in percent."""
        return 100 * len(self.reopened & self.resolved) / len(self.resolved) if self.resolved else None

    @property
    def satisfaction(self) -> float | None:
        """The mean rating, 1 to 5."""
        return sum(self.ratings.values()) / len(self.ratings) if self.ratings else None


@dataclass(frozen=True)
class Figures:
    """What the figures page shows."""

    days: list[date]
    volume: list[Series]
    speed: list[Series]
    breaches: list[Series]
    resolution: list[Series]
    satisfaction: list[Series]
    total: Group
    queues: list[Group]
    topics: list[Group]
    is_cut: bool

    @property
    def volume_rows(self) -> list[tuple[date, list[float]]]:
        """The volume as a table: a day and its numbers, newest first."""
        return _rows(self.days, self.volume)

    @property
    def speed_rows(self) -> list[tuple[date, list[float]]]:
        """The answer times as a table."""
        return _rows(self.days, self.speed)

    @property
    def breach_rows(self) -> list[tuple[date, list[float]]]:
        """The late answers as a table."""
        return _rows(self.days, self.breaches)

    @property
    def resolution_rows(self) -> list[tuple[date, list[float]]]:
        """How long cases took as a table."""
        return _rows(self.days, self.resolution)

    @property
    def satisfaction_rows(self) -> list[tuple[date, list[float]]]:
        """The ratings as a table."""
        return _rows(self.days, self.satisfaction)


@dataclass
class _Daily:
    opened: Counter[date] = field(default_factory=Counter)
    resolved: Counter[date] = field(default_factory=Counter)
    reopened: Counter[date] = field(default_factory=Counter)
    late: Counter[date] = field(default_factory=Counter)
    in_time: Counter[date] = field(default_factory=Counter)
    first: dict[date, list[float]] = field(default_factory=lambda: defaultdict(list))
    later: dict[date, list[float]] = field(default_factory=lambda: defaultdict(list))
    to_resolve: dict[date, list[float]] = field(default_factory=lambda: defaultdict(list))
    ratings: dict[date, dict[uuid.UUID, int]] = field(default_factory=lambda: defaultdict(dict))


#: Which groups a queue and a topic count in.
Groups = Callable[[uuid.UUID, str], list[Group]]


def figures_of(days: int, now: datetime | None = None) -> Figures:
    """Return the figures of the last ``days`` days, today included, in the active time zone.

    Four queries, each over an index and of at most 20,000 rows. An answer still owed counts once it is late.
    """
    now = now or timezone.now()
    today = timezone.localdate(now)
    all_days = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    since = timezone.make_aware(datetime.combine(all_days[0], datetime.min.time()))
    names = {row.pk: row.mailbox.shown_name for row in Queue.objects.select_related("mailbox")}
    queues: dict[uuid.UUID, Group] = {}
    topics: dict[str, Group] = {}
    total, daily = Group(_("All")), _Daily()

    def groups(queue: uuid.UUID, topic: str) -> list[Group]:
        return [
            total,
            queues.setdefault(queue, Group(names.get(queue, str(queue)))),
            topics.setdefault(topic, Group(label_of(topic))),
        ]

    cut = [
        _count_cases(since, groups, daily),
        _count_turns(since, now, groups, daily),
        _count_steps(since, groups, daily),
    ]
    return Figures(
        days=all_days,
        volume=[
            Series("opened", _("Opened"), [daily.opened[day] for day in all_days]),
            Series("resolved", _("Resolved"), [daily.resolved[day] for day in all_days]),
            Series("reopened", _("Reopened"), [daily.reopened[day] for day in all_days]),
        ],
        speed=[
            Series("first", _("First answer, median hours"), _medians(daily.first, all_days)),
            Series("later", _("Later answers, median hours"), _medians(daily.later, all_days)),
        ],
        breaches=[
            Series("in-time", _("In time"), [daily.in_time[day] for day in all_days]),
            Series("late", _("Late"), [daily.late[day] for day in all_days]),
        ],
        resolution=[Series("resolve", _("Resolved after, median hours"), _medians(daily.to_resolve, all_days))],
        satisfaction=[Series("rated", _("Satisfaction, 1 to 5"), [_mean(daily.ratings[day]) for day in all_days])],
        total=total,
        queues=_ordered(queues.values()),
        topics=_ordered(topics.values()),
        is_cut=any(cut),
    )


def _count_cases(since: datetime, groups: Groups, daily: _Daily) -> bool:
    # The last word is never before the opening, and has an index.
    opened = Case.objects.filter(last_word_at__gte=since, opened_at__gte=since).order_by("-last_word_at", "-pk")
    rows = list(opened.values_list("queue", "topic", "opened_at")[: MOST_ROWS + 1])
    for queue, topic, at in rows[:MOST_ROWS]:
        daily.opened[timezone.localdate(at)] += 1
        for group in groups(queue, topic):
            group.opened += 1
    return len(rows) > MOST_ROWS


def _count_turns(since: datetime, now: datetime, groups: Groups, daily: _Daily) -> bool:
    turns = Turn.objects.filter(began_at__gte=since).order_by("-began_at")
    rows = list(
        turns.values_list("queue", "topic", "is_first", "began_at", "due_at", "ended_at", "answered_by")[
            : MOST_ROWS + 1
        ]
    )
    for queue, topic, is_first, began, due, ended, answered_by in rows[:MOST_ROWS]:
        is_late = (ended or now) > due
        day = timezone.localdate(began)
        if ended is None and not is_late:
            continue  # nobody knows yet
        (daily.late if is_late else daily.in_time)[day] += 1
        hours = (ended - began).total_seconds() / HOUR if ended and answered_by else None
        if hours is not None:
            (daily.first if is_first else daily.later)[day].append(hours)
        for group in groups(queue, topic):
            group.turns += 1
            group.late += is_late
            if hours is not None:
                (group.first if is_first else group.later).append(hours)
    return len(rows) > MOST_ROWS


def _count_steps(since: datetime, groups: Groups, daily: _Daily) -> bool:
    # Keys grow with time: those of these days stand together.
    steps = Step.objects.filter(pk__gte=first_id_at(since), kind__in=[Step.Kind.MOVED, Step.Kind.RATED])
    steps = steps.exclude(kind=Step.Kind.MOVED, after__in=_OTHER_MOVES).order_by("-pk")
    columns = ("kind", "after", "at", "case", "case__queue", "case__topic", "case__opened_at")
    rows = list(steps.values_list(*columns)[: MOST_ROWS + 1])
    for kind, after, at, case, queue, topic, opened in reversed(rows[:MOST_ROWS]):
        day = timezone.localdate(at)
        found = groups(queue, topic)
        if kind == Step.Kind.RATED:
            daily.ratings[day][case] = int(after)
            for group in found:
                group.ratings[case] = int(after)  # a second rating replaces the first
        elif after == Status.RESOLVED:
            hours = (at - opened).total_seconds() / HOUR
            daily.resolved[day] += 1
            daily.to_resolve[day].append(hours)
            for group in found:
                group.resolved.add(case)
                group.to_resolve.append(hours)
        else:
            daily.reopened[day] += 1
            for group in found:
                group.reopened.add(case)
    return len(rows) > MOST_ROWS


_OTHER_MOVES = sorted(set(Status) - {Status.RESOLVED, Status.REOPENED})


def _medians(by_day: dict[date, list[float]], days: list[date]) -> list[float]:
    return [round(_within(by_day[day], 50) or 0, 1) for day in days]


def _within(hours: list[float], percent: int) -> float | None:
    """Return in how many hours so many percent were done, never "0.0": in a live chat an answer takes seconds."""
    found = percentile(sorted(hours), percent)
    return found if found is None else max(found, LEAST_SHOWN)


def _mean(ratings: dict[uuid.UUID, int]) -> float:
    return round(sum(ratings.values()) / len(ratings), 1) if ratings else 0


def _ordered(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda one: (-one.opened, -one.turns, one.name))


def _rows(days: list[date], series: list[Series]) -> list[tuple[date, list[float]]]:
    rows = [(day, [one.numbers[at] for one in series]) for at, day in enumerate(days)]
    return [row for row in reversed(rows) if any(row[1])]
