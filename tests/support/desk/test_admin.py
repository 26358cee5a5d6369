"""Setting queues and routes up in the admin, and the lists of what happened to cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.ids import new_id
from support import actions
from support.models import Case, Queue, Reading, Route
from support.severities import Severity
from tests.support.cases import open_one

pytestmark = pytest.mark.django_db
PROMISED = {f"{which}_{how}": "8" for which in ("first", "next") for how in ("urgent", "high", "normal", "low")}


@pytest.fixture
def ada(admin: User, signed_in: Callable[[User], Client]) -> Client:
    """The administrator's browser."""
    return signed_in(admin)


def form(**values: Any) -> dict[str, Any]:
    return (
        PROMISED
        | {
            "name": "Payments",
            "languages": ["de"],
            "handing": "nobody",
            "calls_at_once": "0",
            "is_active": "on",
            "time_zone": "Europe/Berlin",
        }
        | values
    )


def test_a_new_queue_makes_its_support_mailbox(ada: Client) -> None:
    answer = ada.post(
        "/admin/support/queue/add/",
        form(monday="9-12:30, 13:30-18", country="de", subdivision="by", closed="2026-12-24"),
    )
    assert answer.status_code == 302
    queue = Queue.objects.get()
    assert (queue.mailbox.kind, queue.mailbox.name, queue.languages) == (Mailbox.Kind.SUPPORT, "Payments", ["de"])
    assert queue.first_normal == 8
    assert queue.opening_hours == {
        "time_zone": "Europe/Berlin",
        "week": {"monday": [["09:00", "12:30"], ["13:30", "18:00"]]},
        "holidays": {"country": "DE", "subdivision": "BY"},
        "closed": ["2026-12-24"],
    }


def test_a_queue_is_changed_and_shows_its_hours(ada: Client, queue: Queue) -> None:
    url = f"/admin/support/queue/{queue.pk}/change/"
    ada.post(url, form(monday="9-17", name="Help"))
    page = ada.get(url).content.decode()
    assert 'value="09:00-17:00"' in page
    assert f"/admin/accounts/mailbox/{queue.pk}/change/" in page
    assert Queue.objects.get().mailbox.name == "Help"
    ada.post(url, form())
    assert Queue.objects.get().opening_hours == {}
    assert ada.post(f"/admin/support/queue/{queue.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_queue_says_for_which_cases_it_chats_and_calls(ada: Client, queue: Queue) -> None:
    url = f"/admin/support/queue/{queue.pk}/change/"
    page = ada.get(url).content.decode()
    assert page.count("every severity") == 2
    ada.post(url, form(offers_chat="on", chat_from="2", calls_at_once="3", calls_from=""))
    queue.refresh_from_db()
    assert (queue.offers_chat, queue.chat_from, queue.calls_at_once, queue.calls_from) == (True, 2, 3, None)
    assert [queue.chats_about(severity) for severity in Severity] == [True, True, False, False]
    assert all(queue.calls_about(severity) for severity in Severity)
    assert "Select a valid choice" in ada.post(url, form(chat_from="9")).content.decode()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"monday": "9-8"}, "is not after the opening"),
        ({"monday": "nonsense"}, "Please write the hours like"),
        ({"monday": "9-12, 11-13"}, "overlap"),
        ({"monday": "9-17", "country": "XX"}, "The holidays of “XX” are not known"),
        ({"monday": "9-17", "closed": "tomorrow"}, "These opening hours cannot be read."),
        ({"country": "DE"}, "Please give the hours of at least one day."),
        ({"first_urgent": "0"}, "greater than or equal to 1"),
        ({"name": ""}, "This field is required."),
        ({"languages": []}, "This field is required."),
    ],
)
def test_what_is_wrong_with_a_queue_is_told(ada: Client, wrong: dict[str, Any], told: str) -> None:
    answer = ada.post("/admin/support/queue/add/", form(**wrong))
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not Queue.objects.exists()
    assert not Mailbox.objects.exists()


def test_a_route_is_made_of_the_catalogues_topics(ada: Client, queue: Queue) -> None:
    data = {"position": "1", "topic": "payments", "severity": "", "country": "de", "language": "DE"}
    assert ada.post("/admin/support/route/add/", data | {"queue": str(queue.pk)}).status_code == 302
    route = Route.objects.get()
    assert (route.topic, route.country, route.language) == ("payments", "DE", "de")
    wrong = ada.post("/admin/support/route/add/", data | {"queue": str(queue.pk), "topic": "nonsense"})
    assert wrong.status_code == 200
    assert ada.get("/admin/support/route/").status_code == 200


@pytest.mark.parametrize("name", ["step", "reading", "turn", "attendance", "queue", "route"])
def test_lists_cost_the_same_with_few_rows_and_with_many(
    ada: Client, asking: Membership, helper: User, case: Case, queue: Queue, name: str
) -> None:
    spent = []
    for more in (1, 6):
        for number in range(more):
            one = open_one(asking)
            actions.read_case(by=helper, case=one)
            actions.answer_case(by=helper, case=one, body=f"Yes {number}.", client_id=new_id())
            Route.objects.create(queue=queue)
        with CaptureQueriesContext(connection) as queries:
            assert ada.get(f"/admin/support/{name}/").status_code == 200
        spent.append(len(queries))
        assert [q["sql"] for q in queries if "COUNT(" in q["sql"]] == []
    assert spent[0] == spent[1]


def test_rows_about_a_case_are_found_by_its_number_and_never_changed(
    ada: Client, helper: User, asking: Membership, case: Case
) -> None:
    other = open_one(asking)
    for one in (case, other):
        actions.read_case(by=helper, case=one)
    page = ada.get("/admin/support/reading/", {"q": case.shown_number.lower()}).content.decode()
    assert case.shown_number in page
    assert other.shown_number not in page
    assert case.shown_number not in ada.get("/admin/support/reading/", {"q": "nonsense"}).content.decode()
    row = Reading.objects.filter(case=case)[0]
    assert ada.post(f"/admin/support/reading/{row.pk}/change/", {"reason": "x"}).status_code == 403
    assert ada.post(f"/admin/support/reading/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ada.get("/admin/support/step/add/").status_code == 403
