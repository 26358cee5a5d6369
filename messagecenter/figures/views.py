"""Pages of a shop's reply figures, the waits behind each, and the rules they are counted by."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox, User
from messagecenter.threads.access import acting_membership
from messagecenter.threads.models import Entry
from messagecenter.threads.navigation import frame
from messagecenter.threads.topics import LABELS

from .shown import ENDS, OUTCOMES, by_hour, by_member, by_topic, line, told_moment, told_span
from .sums import PERIODS, Wait, reports
from .waits import MOST_WAITS, Narrowing, behind, read_narrowing, read_waits

PAGE_WAITS = 100
MOST_NAMES = 500  # of an order's number are looked up at once
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@require_GET
@never_cache
@membership_required
def figures(request: HttpRequest) -> HttpResponse:
    """Show how fast a shop answers, for the last 7, 30 and 90 days."""
    shop = _shop_or_404(request)
    now, narrowing = timezone.now(), read_narrowing(request.GET)
    waits = read_waits(person_of(request), shop, now)
    made = reports(waits, now, ZoneInfo(timezone.get_current_timezone_name()))
    report = made[narrowing.days]
    list_url = reverse("figures:waits")
    context = {
        "days": narrowing.days,
        "periods": [
            {
                "days": days,
                "line": line("", "", made[days].total),
                "url": f"?days={days}",
                "is_current": days == narrowing.days,
            }
            for days in PERIODS
        ],
        "total": line("", "", report.total),
        "outcomes": [
            {
                "name": name,
                "number": getattr(report.total, key),
                "url": f"{list_url}?days={narrowing.days}&outcome={key}",
            }
            for key, name in OUTCOMES.items()
        ],
        "topics": by_topic(report),
        "members": by_member(report, _people(wait.member for wait in waits)),
        "week": by_hour(report),
        "hours": range(24),
        "time_zone": timezone.get_current_timezone_name(),
        "list_url": list_url,
        "most_waits": MOST_WAITS if len(waits) == MOST_WAITS else 0,
        "reply_hours": settings.REPLY_HOURS,
    }
    return render(request, "figures/figures.html", context | frame(acting_membership(request), "figures"))


@require_GET
@never_cache
@membership_required
def waits(request: HttpRequest) -> HttpResponse:
    """Show the waits behind a figure, newest first, a hundred a page."""
    shop = _shop_or_404(request)
    now, narrowing = timezone.now(), read_narrowing(request.GET)
    found = list(behind(read_waits(person_of(request), shop, now, narrowing.days), narrowing, now))
    begin = _place(request.GET.get("from", ""), len(found))
    shown = found[begin : begin + PAGE_WAITS]
    later = {"from": str(begin + PAGE_WAITS)} if begin + PAGE_WAITS < len(found) else {}
    query = narrowing.as_data()
    context = {
        "rows": _rows(person_of(request), shop, shown, now),
        "count": len(found),
        "title": _title(narrowing),
        "days": narrowing.days,
        "next_url": f"?{urlencode(query | later)}" if later else "",
        "csv_url": f"{reverse('figures:waits_csv')}?{urlencode(query)}",
        "back_url": f"{reverse('figures:figures')}?days={narrowing.days}",
    }
    return render(request, "figures/waits.html", context | frame(acting_membership(request), "figures"))


@require_GET
@never_cache
@membership_required
def waits_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Give the waits behind a figure as a table for a spreadsheet (CSV, RFC 4180, UTF-8 with a byte order mark)."""
    shop = _shop_or_404(request)
    now, narrowing = timezone.now(), read_narrowing(request.GET)
    found = list(behind(read_waits(person_of(request), shop, now, narrowing.days), narrowing, now))
    answer = StreamingHttpResponse(_lines(person_of(request), shop, found, now), content_type="text/csv; charset=utf-8")
    name = f"waits-{narrowing.days}-{timezone.localdate(now):%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
@membership_required
def rules(request: HttpRequest) -> HttpResponse:
    """Explain exactly how the reply clock counts."""
    context = {"reply_hours": settings.REPLY_HOURS, "remind_hours": settings.REPLY_REMIND_HOURS}
    return render(request, "figures/rules.html", context | frame(acting_membership(request), "figures"))


def _shop_or_404(request: HttpRequest) -> Mailbox:
    """Return the shop the person acts for. Raises Http404 for a buyer's mailbox: it has no clock."""
    mailbox = acting_membership(request).mailbox
    if mailbox.kind != Mailbox.Kind.SHOP:
        raise Http404
    return mailbox


def _place(text: str, most: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 and int(text) < most else 0


def _people(ids: Iterator[UUID | None]) -> dict[UUID, User]:
    """Return the people with these ids, also those who left the team: one query."""
    return User.objects.in_bulk({one for one in ids if one})


def _title(narrowing: Narrowing) -> str:
    """Return what the list is of."""
    parts = [str(OUTCOMES[narrowing.outcome])] if narrowing.outcome else []
    parts += [str(LABELS.get(narrowing.topic, narrowing.topic))] if narrowing.topic else []
    return " · ".join(parts) or _("All waits")


def _rows(reader: User, shop: Mailbox, found: list[Wait], now: Any) -> list[dict[str, str]]:
    """Return waits ready to be printed, with the order's number and who answered: two queries."""
    numbers = dict(
        Entry.objects.visible_to(reader)
        .filter(mailbox=shop, thread__in={wait.thread for wait in found})
        .values_list("thread", "order_number")
    )
    people = _people(wait.member for wait in found)
    rows = []
    for wait in found:
        person = people.get(wait.member) if wait.member else None
        took = wait.ended_at - wait.started_at if wait.ended_at else None
        rows.append(
            {
                # A thread that this side threw away for good still counts, but cannot be opened.
                "url": reverse("threads:detail", args=[wait.thread]) if wait.thread in numbers else "",
                "order_number": numbers.get(wait.thread, ""),
                "topic": str(LABELS.get(wait.topic, wait.topic)),
                "started": told_moment(timezone.localtime(wait.started_at)),
                "due": told_moment(timezone.localtime(wait.due_at)),
                "ended": told_moment(timezone.localtime(wait.ended_at) if wait.ended_at else None),
                "took": told_span(took),
                "end": str(ENDS.get(wait.end or "", wait.end)),
                "outcome": str(OUTCOMES[wait.outcome(now)]),
                "outcome_key": str(wait.outcome(now)),
                "member": person.get_full_name() if person else "",
            }
        )
    return rows


class _Line:
    """A file that gives back what was written to it."""

    def write(self, text: str) -> str:
        return text


def _lines(reader: User, shop: Mailbox, found: list[Wait], now: Any) -> Iterator[str]:
    """Yield the lines of the table; no cell can be taken for a formula."""
    writer = csv.writer(_Line())
    heads = [_("Order"), _("Topic"), _("Waiting since"), _("Due"), _("Ended"), _("Outcome"), _("Ended by"), _("Member")]
    yield "\ufeff" + writer.writerow([*heads, _("Minutes")])
    for begin in range(0, len(found), MOST_NAMES):
        part = found[begin : begin + MOST_NAMES]
        for wait, row in zip(part, _rows(reader, shop, part, now), strict=True):
            moments = (wait.started_at, wait.due_at, wait.ended_at)
            told = [timezone.localtime(one).isoformat(timespec="seconds") if one else "" for one in moments]
            cells = [row["order_number"], row["topic"], *told, row["outcome"], row["end"], row["member"]]
            minutes = round((wait.ended_at - wait.started_at).total_seconds() / 60) if wait.ended_at else ""
            yield writer.writerow([*(harmless(cell) for cell in cells), minutes])


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell
