"""The figures of support: counted rightly, shown to who may see them, and harmless as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.ids import new_id
from support import actions
from support.desk.figures import figures_of
from support.lifecycle import Status
from support.models import Case, Queue, Turn
from tests.factories import UserFactory
from tests.support.cases import make_queue, make_seller, open_one

from .conftest import DESK, allow, with_factor

pytestmark = pytest.mark.django_db


def answered(case: Case, by: User, hours: float, *, late: bool = False) -> None:
    """Answer a case that was opened so many hours ago."""
    began = timezone.now() - timedelta(hours=hours)
    Turn.objects.filter(case=case).update(began_at=began, due_at=began + timedelta(hours=1 if late else 1000))
    actions.answer_case(by=by, case=case, body="It was paid.", client_id=new_id())


@pytest.fixture
def exporter(db: None, signed_in: Callable[[User], Client]) -> Client:
    """Somebody who may see the figures and no case."""
    return signed_in(allow(with_factor(UserFactory(is_staff=True)), "export_cases"))


@pytest.fixture
def counted(helper: User, queue: Queue) -> list[Case]:
    """Three cases: quickly answered and liked, late and come back, still waiting in time."""
    asking = make_seller()
    good, bad, open_ = (open_one(asking, topic=topic) for topic in ("payments_fee", "payments_fee", "api_webhook"))
    answered(good, helper, 2)
    actions.set_status(by=helper, case=good, there=Status.RESOLVED)
    actions.rate_case(by=asking.user, case=good, rating=2)
    actions.rate_case(by=asking.user, case=good, rating=5)
    answered(bad, helper, 6, late=True)
    actions.resolve_case(by=asking.user, case=bad)
    actions.reopen_case(by=asking.user, case=bad)
    return [good, bad, open_]


def test_figures_are_counted(counted: list[Case], queue: Queue) -> None:
    found = figures_of(7).total
    assert (found.opened, found.turns, found.late) == (3, 2, 1)
    assert (round(found.first_median or 0), round(found.first_p90 or 0)) == (2, 6)
    assert (found.later_median, found.late_share, found.reopened_share, found.satisfaction) == (None, 50, 50, 5)
    assert [(one.name, one.opened) for one in figures_of(7).queues] == [(queue.mailbox.name, 3)]
    topics = [(one.name, one.opened) for one in figures_of(7).topics]
    assert topics == [("A fee I do not understand", 2), ("Webhooks", 1)]


def test_what_is_older_is_not_counted(counted: list[Case]) -> None:
    later = timezone.now() + timedelta(days=40)
    assert (figures_of(30, later).total.opened, figures_of(90, later).total.opened) == (0, 3)
    assert figures_of(30, later).total.ratings == {}


def test_an_answer_still_owed_counts_once_it_is_late(counted: list[Case]) -> None:
    Turn.objects.filter(case=counted[2]).update(due_at=timezone.now() - timedelta(minutes=1))
    assert (figures_of(7).total.turns, figures_of(7).total.late) == (3, 2)


def test_the_page_has_charts_and_the_same_as_tables(exporter: Client, counted: list[Case]) -> None:
    for days in (7, 30, 90, "nonsense"):
        answer = exporter.get(f"{DESK}figures/?days={days}")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert page.count('class="chart"') == 5
        assert "A fee I do not understand" in page
        assert "Half of the first answers came within 2" in page
        assert not any(case.shown_number in page for case in counted)


def test_how_long_cases_took_and_how_they_were_rated_is_seen(exporter: Client, counted: list[Case]) -> None:
    Case.objects.update(opened_at=timezone.now() - timedelta(hours=5))
    found = figures_of(7)
    assert [one.numbers[-1] for one in (*found.resolution, *found.satisfaction)] == [5, 5]
    page = exporter.get(f"{DESK}figures/").content.decode()
    assert "Half of the cases were resolved within 5.0 hours. 50.0 % of the resolved cases were reopened." in page
    assert "How sellers rated it, a day" in page
    assert "Resolved after, median hours" in page


def test_what_took_seconds_is_told(exporter: Client, helper: User) -> None:
    """In a live chat; it was left out of the days, and said to have taken 0.0 hours."""
    case = open_one(make_seller(), topic="payments_fee")
    answered(case, helper, 0.001)
    actions.set_status(by=helper, case=case, there=Status.RESOLVED)
    found = figures_of(7)
    assert [len(rows) for rows in (found.speed_rows, found.resolution_rows)] == [1, 1]
    page = exporter.get(f"{DESK}figures/").content.decode()
    assert "Half of the first answers came within 0.1 hours" in page
    assert "Half of the cases were resolved within 0.1 hours." in page


def test_without_anything_the_page_says_so(exporter: Client) -> None:
    page = exporter.get(f"{DESK}figures/").content.decode()
    assert "No first answer was given." in page
    assert "No case was resolved." in page


def test_the_page_costs_the_same_however_much_there_is(exporter: Client, helper: User, asking: Membership) -> None:
    spent = []
    for more in (1, 5):
        for _number in range(more):
            answered(open_one(asking), helper, 2)
        with CaptureQueriesContext(connection) as queries:
            exporter.get(f"{DESK}figures/?days=90")
        spent.append(len(queries))
    assert spent[0] == spent[1] <= 12


def test_the_file_holds_no_formula(exporter: Client, helper: User, counted: list[Case]) -> None:
    Mailbox.objects.filter(kind="support").update(name='=HYPERLINK("http://evil.example")')
    make_queue("+49")
    answer = exporter.get(f"{DESK}figures/csv/?days=30")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="support-30-')
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:4] == ["Days", "Of", "Name", "Opened"]
    assert rows[1][:4] == ["30", "All", "All", "3"]
    assert [row[2] for row in rows if row[1] == "Queue"] == ['\'=HYPERLINK("http://evil.example")']
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []


def test_agents_and_strangers_do_not_see_them(
    desk: Client, case: Case, overseer: User, exporter: Client, signed_in: Callable[[User], Client]
) -> None:
    for url in (f"{DESK}figures/", f"{DESK}figures/csv/"):
        assert desk.get(url).status_code == 403
        assert signed_in(overseer).get(url).status_code == 200
    assert exporter.get(DESK).status_code == 403
