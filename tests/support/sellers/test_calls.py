"""A seller books, moves and takes back a call-back, and takes a transcript along."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from messagecenter.accounts.models import Membership, Role
from messagecenter.threads.actions import write_internal_note
from support import actions, slots
from support.lifecycle import Status
from support.models import Call, Case, Queue, Step
from tests.support.cases import fresh, make_queue, make_seller, make_staff, open_one
from tests.support.test_actions import staff_answers
from tests.support.test_calls import book, calling_queue, first_slot, open_in_germany

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue() -> Queue:
    return calling_queue(opening_hours={})


@pytest.fixture
def seller() -> Membership:
    return make_seller()


@pytest.fixture
def case(queue: Queue, seller: Membership) -> Case:
    return open_in_germany(seller)


def signed_in(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def address(case: Case, ending: str) -> str:
    return f"/support/{case.number}/{ending}"


def form(at: Any, **values: str) -> dict[str, str]:
    return {"at": str(int(at.timestamp())), "number": "0176 55501234", "language": "de"} | values


def test_booking_on_the_page(case: Case, queue: Queue, seller: Membership) -> None:
    client, at = signed_in(seller), first_slot(queue)
    page = client.get(address(case, "call/"))
    assert f'value="{int(at.timestamp())}"' in page.content.decode()
    assert client.post(address(case, "call/"), form(at)).status_code == 302
    shown = client.get(f"/support/{case.number}/").content.decode()
    assert "+49 176 55501234" in shown
    assert "Move the call-back" in shown
    answer = client.get(address(case, "call.ics"))
    assert answer["Content-Type"].startswith("text/calendar")
    assert Calendar.from_ical(answer.content).walk("VEVENT")[0]["DTSTART"].dt == at
    moved = slots.next_free(queue, at + timedelta(minutes=15), timezone.now())
    assert client.post(address(case, "call/"), form(moved)).status_code == 302
    assert [one.starts_at for one in Call.objects.all()] == [moved]
    assert client.post(address(case, "call/cancel/")).status_code == 302
    assert client.post(address(case, "call/cancel/")).status_code == 302, "asked twice"
    assert Call.objects.get().state == Call.State.CANCELLED


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"number": "call me"}, "not a telephone number"),
        ({"number": ""}, "give the number"),
        ({"at": ""}, "choose a time"),
        ({"at": "soon"}, "whole number"),
        ({"at": "1"}, "No appointment begins"),
        ({"language": "tlh"}, "tlh"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    case: Case, queue: Queue, seller: Membership, values: dict[str, str], sentence: str
) -> None:
    answer = signed_in(seller).post(address(case, "call/"), form(first_slot(queue)) | values)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    if "number" not in values:
        assert 'value="0176 55501234"' in page
    assert not Call.objects.exists()


def test_who_was_slower_is_offered_the_next_time(case: Case, queue: Queue, seller: Membership) -> None:
    at, other = first_slot(queue), make_seller()
    book(open_in_germany(other), other, at)
    answer = signed_in(seller).post(address(case, "call/"), form(at))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "has just been taken" in page
    following = slots.next_free(queue, at, timezone.now())
    assert following is not None
    assert f'value="{int(following.timestamp())}" required checked' in page
    assert f'value="{int(at.timestamp())}"' not in page


def test_foreign_cases_and_readers_get_nothing(case: Case, queue: Queue, seller: Membership) -> None:
    book(case, seller, first_slot(queue))
    stranger, viewer = make_seller(), make_seller(Role.VIEWER, shop=seller.mailbox)
    for ending in ("call/", "call.ics", "transcript.pdf", "transcript.txt"):
        foreign = signed_in(stranger).get(address(case, ending))
        missing = signed_in(stranger).get(f"/support/ZZZZZZZ{'2'}/{ending}")
        assert foreign.status_code == missing.status_code == 404, ending
        assert "5550" not in foreign.content.decode(errors="ignore")
    assert signed_in(viewer).get(address(case, "call/")).status_code == 404
    assert signed_in(viewer).post(address(case, "call/cancel/")).status_code == 403
    assert Call.objects.booked().count() == 1
    assert signed_in(seller).get(address(case, "transcript.exe")).status_code == 404


def test_without_telephones_no_call_is_offered(seller: Membership) -> None:
    make_queue()
    case = open_one(seller)
    client = signed_in(seller)
    assert "call/" not in client.get(f"/support/{case.number}/").content.decode()
    assert "No call-back can be booked" in client.get(address(case, "call/")).content.decode()


def test_the_transcript_has_all_the_seller_may_read_and_its_hash(case: Case, queue: Queue, seller: Membership) -> None:
    agent = make_staff(queue)
    make_staff(queue)
    write_internal_note(by=agent, mailbox=queue.mailbox, thread=case.thread, body="Kardamom: do not tell.")
    staff_answers(case, agent, Status.WAITING, "Please send us the statement.")
    actions.escalate_case(by=agent, case=case, reason="Zimtstern, internal")
    book(case, seller, first_slot(queue))
    answer = signed_in(seller).get(address(case, "transcript.txt"))
    text = answer.content.decode()
    for words in ("It should have come on the fifth", "Please send us the statement.", "Waiting for", "Call-back on"):
        assert words in text, words
    for secret in ("Kardamom", "Zimtstern", "5550", agent.name):
        assert secret not in text
    body, _, end = text.rpartition("SHA-256")
    printed = end.rpartition(": ")[2].strip()
    assert hashlib.sha256(body.encode()).hexdigest() == printed
    assert fresh(case).steps.filter(kind=Step.Kind.DOWNLOADED).values_list("after", flat=True)[0] == printed
    paper = signed_in(seller).get(address(case, "transcript.pdf"))
    assert paper.content.startswith(b"%PDF-")
    assert paper["Content-Disposition"].startswith("attachment")
