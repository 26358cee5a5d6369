"""A shop's log of cases: its filters, its search, one page of rows by keyset; nothing is counted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from messagecenter.accounts.models import Mailbox, User
from messagecenter.search.marks import Piece
from messagecenter.search.words import keys_of
from messagecenter.threads.clock import told_ago, told_briefly, told_fully
from messagecenter.threads.cursors import cursor_of, parse_cursor
from messagecenter.threads.filters import Wanted, with_number
from messagecenter.threads.finding import find_words
from messagecenter.threads.models import Entry, EntryQuerySet
from messagecenter.threads.topics import CASE
from messagecenter.threads.words import read_snippet, read_subject
from messagecenter.vault.cipher import preload
from messagecenter.vault.errors import Unreadable

from .answers import ALONG
from .catalogue import label_of
from .lifecycle import ACTIVE, Status
from .models import Case, CaseQuerySet, Step
from .status_words import shown_status, tone_of
from .words import read_answers

ATTENTION = "attention"
MOST_FORMS = 200  # whose answers a search reads
MOST_FOUND_IN_FORMS = 10
FEWEST_OF_A_NUMBER = 4  # characters that may be part of an order's number
_A_NUMBER = re.compile(r"#?[\w./-]*\d[\w./-]*")


@dataclass(frozen=True)
class View:
    """One filter of the log: which states it shows, None for all, and what it says when there is nothing."""

    key: str
    label: Promise
    statuses: frozenset[Status] | None
    empty: Promise


VIEWS: Mapping[str, View] = {
    view.key: view
    for view in (
        View("open", pgettext_lazy("cases", "Open"), ACTIVE, gettext_lazy("You have no open case.")),
        View(
            "answered",
            pgettext_lazy("cases", "Answered"),
            frozenset({Status.ANSWERED}),
            gettext_lazy("No case has an answer that you have not settled."),
        ),
        View(
            ATTENTION,
            pgettext_lazy("cases", "Needs attention"),
            frozenset({Status.WAITING}),
            gettext_lazy("Nothing waits for you."),
        ),
        View(
            "resolved",
            pgettext_lazy("cases", "Resolved"),
            frozenset({Status.RESOLVED}),
            gettext_lazy("No case was resolved in the last 30 days."),
        ),
        View(
            "closed",
            pgettext_lazy("cases", "Closed"),
            frozenset({Status.CLOSED}),
            gettext_lazy("No case is closed yet."),
        ),
        View("all", pgettext_lazy("cases", "All"), None, gettext_lazy("You have not contacted support yet.")),
    )
}


@dataclass(frozen=True)
class Row:
    """One case of the log, ready to be printed."""

    number: str
    url: str
    subject: str
    snippet: str
    topic: str
    order_number: str
    queue: str
    status_text: str
    tone: str
    is_waiting: bool
    unread: int
    age_text: str
    opened_full: str
    last_label: str
    answer_text: str
    last_text: str
    last_full: str
    last_iso: str
    due_text: str = ""
    is_late: bool = False
    subject_pieces: Sequence[Piece] = ()
    snippet_pieces: Sequence[Piece] = ()


@dataclass(frozen=True)
class Page:
    """One page of the log, the cursor of the next, "" on the last, and what is to be said about a search."""

    rows: list[Row]
    next_cursor: str = ""
    problem: str = ""


def find_log(view: View, *, shop: Mailbox, reader: User, words: str = "", after: str = "") -> Page:
    """Return one page of a shop's cases, those with the last word first; with ``words`` those that hold them.

    Words are looked for in the whole conversations and in what the newest cases' forms asked; a number of an order is
    looked for among orders first.
    Raises BadCursor.
    """
    cases = Case.objects.visible_to(reader).filter(shop=shop)
    if not words:
        return _page(_in_view(cases, view, shop, after), shop)
    if len(words) >= FEWEST_OF_A_NUMBER and _A_NUMBER.fullmatch(words):
        about = Entry.objects.of_mailbox(shop).filter(topic=CASE).filter(with_number(words, shop))
        if about.exists():
            chosen = cases.filter(pk__in=about.values("thread"))
            return _page(_in_view(chosen, view, shop, after), shop)
    return _with_words(cases, view, shop, reader, words, after)


def _in_view(cases: CaseQuerySet, view: View, shop: Mailbox, after: str) -> list[Case]:
    """Return the cases of one page and one more, if there are more."""
    if view.key == ATTENTION:
        # Two lists that each have an index, put together: what either says of the other's rows is not asked.
        unread = Entry.objects.of_mailbox(shop).filter(unread__gt=0, topic=CASE).values("thread")
        parts = (cases.filter(status=Status.WAITING), cases.filter(pk__in=unread))
        found = {one.pk: one for part in parts for one in _first(part, shop, after)}
        newest = sorted(found.values(), key=lambda one: (one.last_word_at, one.pk), reverse=True)
        return newest[: settings.PAGE_THREADS + 1]
    if view.statuses is not None:
        cases = cases.filter(status__in=sorted(view.statuses))
    return list(_first(cases, shop, after))


def _first(cases: CaseQuerySet, shop: Mailbox, after: str) -> CaseQuerySet:
    if after:
        moment, key = parse_cursor(after)
        cases = cases.filter(last_word_at__lte=moment).filter(Q(last_word_at__lt=moment) | Q(pk__lt=key))
    return _with_row_data(cases, shop).order_by("-last_word_at", "-pk")[: settings.PAGE_THREADS + 1]


def _with_row_data(cases: CaseQuerySet, shop: Mailbox) -> CaseQuerySet:
    """Return cases with all that a row shows, in the same query."""
    own = Entry.objects.filter(thread=OuterRef("pk"), mailbox=shop).values("unread", "order_number")
    answers = Step.objects.filter(case=OuterRef("pk"), kind=Step.Kind.REPLIED).order_by("-pk").values("at")
    return cases.select_related("thread", "queue__mailbox").annotate(
        unread=Subquery(own.values("unread")[:1]),
        order_number=Subquery(own.values("order_number")[:1]),
        answered_at=Subquery(answers[:1]),
    )


def _page(found: Sequence[Case], shop: Mailbox) -> Page:
    page = found[: settings.PAGE_THREADS]
    more = cursor_of(page[-1].last_word_at, page[-1].pk) if len(found) > len(page) else ""
    return Page(_rows(page), more)


def _with_words(cases: CaseQuerySet, view: View, shop: Mailbox, reader: User, words: str, after: str) -> Page:
    """Return what the mailbox's own search finds among its cases."""
    wanted = Wanted(box="all", topic=CASE, q=words)
    found = find_words(_entries_in(view, reader), wanted, mailbox=shop, reader=reader, after=after)
    known = {one.pk: one for one in _with_row_data(cases.filter(pk__in=[row.id for row in found.page.rows]), shop)}
    told = _told_in_forms(cases, words)
    asked = _in_view(cases.filter(pk__in=told), view, shop, "") if told else []
    first = {one.pk for one in asked[:MOST_FOUND_IN_FORMS]}  # these are on the first page, wherever else they are found
    rows = []
    for hit in found.page.rows:
        if hit.id not in known or (after and hit.id in first):
            continue
        row = next(iter(_rows([known[hit.id]])))
        place = hit.url.partition("?")[2]
        rows.append(
            replace(
                row,
                url=f"{row.url}?{place}" if place else row.url,
                subject_pieces=hit.subject_pieces,
                snippet_pieces=hit.snippet_pieces,
            )
        )
    is_partial = found.is_partial or len(asked) > MOST_FOUND_IN_FORMS
    problem = _("Only the newest cases were searched. Add a word to narrow the search.") if is_partial else ""
    if not after:
        rows = _rows([one for one in asked if one.pk in first and one.pk not in known]) + rows
    return Page(rows, found.page.next_cursor, problem)


def _told_in_forms(cases: CaseQuerySet, words: str) -> set[uuid.UUID]:
    """Return which of the newest cases were told all these words by the fields of their forms: two queries."""
    wanted = _keys([words])
    if not wanted:
        return set()
    asked = cases.exclude(answers_ciphertext=b"").only("thread", "shop", "answers_ciphertext")
    newest = list(asked.order_by("-last_word_at", "-pk")[:MOST_FORMS])
    preload([one.pk for one in newest])
    found = set()
    for case in newest:
        with suppress(Unreadable):
            told = read_answers(case)
            if wanted <= _keys([value for key, value in told.items() if key != ALONG]):
                found.add(case.pk)
    return found


def _keys(texts: Sequence[str]) -> frozenset[str]:
    """Return what texts are found by, but for the beginnings of long words."""
    return frozenset(one for one in keys_of(texts) if not one.startswith("^"))


def _entries_in(view: View, reader: User) -> EntryQuerySet:
    entries = Entry.objects.visible_to(reader)
    if view.statuses is None:
        return entries
    chosen = Q(thread__case__status__in=sorted(view.statuses))
    return entries.filter(chosen | Q(unread__gt=0) if view.key == ATTENTION else chosen)


def _rows(cases: Sequence[Case]) -> list[Row]:
    """Return the lines of a log; the keys of all threads are read at once."""
    preload([case.pk for case in cases])
    now = timezone.now()
    today = timezone.localdate()
    pattern = reverse("support:case", args=["NUMBER"])
    without_text = _("Files, without text")
    return [_row(case, now, today, pattern, without_text) for case in cases]


def _row(case: Case, now: datetime, today: date, pattern: str, bare: str) -> Row:
    try:
        subject, snippet = read_subject(case.thread), read_snippet(case.thread)
    except Unreadable as error:
        subject, snippet = str(error.sentence), ""
    answered_at: datetime | None = case.answered_at  # type: ignore[attr-defined]
    is_answered = answered_at is not None and answered_at >= case.last_word_at  # nobody has written since
    return Row(
        number=case.shown_number,
        url=pattern.replace("NUMBER", case.number),
        subject=subject,
        snippet=snippet or (bare if case.thread.files else ""),
        topic=label_of(case.topic),
        order_number=case.order_number or "",  # type: ignore[attr-defined]
        queue=case.queue.mailbox.shown_name,
        status_text=shown_status(case.state),
        tone=tone_of(case.state),
        is_waiting=case.state == Status.WAITING,
        unread=case.unread or 0,  # type: ignore[attr-defined]
        age_text=told_ago(case.opened_at, now),
        opened_full=told_fully(case.opened_at),
        last_label=_("Support wrote") if is_answered else _("You wrote"),
        answer_text="" if is_answered else _answer(answered_at, today),
        last_text=told_briefly(case.last_word_at, today),
        last_full=told_fully(case.last_word_at),
        last_iso=case.last_word_at.isoformat(timespec="seconds"),
        due_text=told_fully(case.due_at) if case.due_at else "",
        is_late=case.due_at is not None and case.due_at < now,
    )


def _answer(answered_at: datetime | None, today: date) -> str:
    """Return when support answered last, for a case in which it has not the last word."""
    if answered_at is None:
        return _("No answer yet")
    return _("Last answer %(when)s") % {"when": told_briefly(answered_at, today)}


def subject_of(case: Case) -> str:
    """Return what a case is called, or why that cannot be read."""
    try:
        return read_subject(case.thread)
    except Unreadable as error:
        return str(error.sentence)


def case_rows(cases: Sequence[Case]) -> list[dict[str, str]]:
    """Return a few cases as a page names them: number, address, subject and status."""
    preload([case.pk for case in cases])
    return [
        {
            "number": case.shown_number,
            "url": reverse("support:case", args=[case.number]),
            "subject": subject_of(case),
            "status_text": shown_status(case.state),
            "tone": tone_of(case.state),
        }
        for case in cases
    ]
