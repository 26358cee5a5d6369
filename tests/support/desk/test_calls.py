"""Support sees what calls are to be made, whom to ring up, and writes down how it went."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messagecenter.accounts.models import Membership, Role
from messagecenter.ids import new_id
from support.models import Call, Case, Queue
from tests.support.cases import make_queue, make_seller, make_staff
from tests.support.test_calls import book, calling_queue, first_slot, open_in_germany

pytestmark = pytest.mark.django_db
CALLS = "/admin/support/desk/calls/"


@pytest.fixture(autouse=True)
def _one_factor(settings: object) -> None:
    settings.STAFF_SECOND_FACTOR = False  # type: ignore[attr-defined]


@pytest.fixture
def queue() -> Queue:
    return calling_queue(opening_hours={})


@pytest.fixture
def seller() -> Membership:
    return make_seller()


@pytest.fixture
def case(queue: Queue, seller: Membership) -> Case:
    return open_in_germany(seller)


@pytest.fixture
def call(case: Case, queue: Queue, seller: Membership) -> Call:
    return book(case, seller, first_slot(queue))


def desk(queue: Queue, role: str = Role.AGENT) -> Client:
    client = Client()
    client.force_login(make_staff(queue, role))
    return client


def settle(call: Call) -> str:
    return f"/admin/support/desk/{call.case.number}/calls/{call.pk}/"


def test_the_list_names_the_case_and_neither_number_nor_matter(call: Call, queue: Queue) -> None:
    page = desk(queue).get(CALLS).content.decode()
    assert call.case.shown_number in page
    assert "5550" not in page
    assert "payout" not in page.lower()
    assert call.case.shown_number not in desk(make_queue("Other")).get(CALLS).content.decode()


def test_the_list_costs_the_same_for_one_and_for_twenty(call: Call, queue: Queue) -> None:
    client = desk(queue)
    client.get(CALLS)
    with CaptureQueriesContext(connection) as one:
        client.get(CALLS)
    queue.calls_at_once = 30
    queue.save()
    for _other in range(19):
        other = make_seller()
        book(open_in_germany(other), other, call.starts_at)
    with CaptureQueriesContext(connection) as twenty:
        page = client.get(CALLS).content.decode()
    assert page.count("#calls") == 20
    assert len(twenty) == len(one)


@pytest.mark.parametrize(("outcome", "state"), [("reached", "reached"), ("missed", "missed"), ("cancel", "cancelled")])
def test_how_it_went_is_written_down(call: Call, queue: Queue, outcome: str, state: str) -> None:
    client = desk(queue)
    page = client.get(f"/admin/support/desk/{call.case.number}/").content.decode()
    assert "+49 176 55501234" in page
    assert client.post(settle(call), {"outcome": outcome, "notes": "Explained the statement."}).status_code == 302
    call.refresh_from_db()
    assert call.state == state
    after = client.get(f"/admin/support/desk/{call.case.number}/").content.decode()
    assert ("Explained the statement." in after) == (outcome != "cancel")
    assert "5550" not in after, "the number is shown only as long as it is needed"
    again = client.post(settle(call), {"outcome": "reached"}, follow=True).content.decode()
    assert "made or cancelled already" in again


def test_others_get_no_further(call: Call, case: Case, queue: Queue) -> None:
    stranger = desk(make_queue("Other"))
    viewer = desk(queue, Role.VIEWER)
    assert stranger.post(settle(call), {"outcome": "reached"}).status_code == 404
    assert viewer.post(settle(call), {"outcome": "reached"}).status_code == 403
    agent = desk(queue)
    missing = f"/admin/support/desk/{case.number}/calls/{new_id()}/"
    assert agent.post(missing, {"outcome": "reached"}).status_code == 404
    assert agent.post(settle(call), {"outcome": "sung"}).status_code == 404
    assert Call.objects.get().state == Call.State.BOOKED


def test_a_call_of_another_case_is_not_settled_through_this_one(call: Call, queue: Queue) -> None:
    other_seller = make_seller()
    other = open_in_germany(other_seller)
    address = f"/admin/support/desk/{other.number}/calls/{call.pk}/"
    assert desk(queue).post(address, {"outcome": "reached"}).status_code == 404
