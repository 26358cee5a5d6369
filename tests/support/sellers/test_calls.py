"""A seller books, moves and takes back a call-back, and takes a transcript along."""

from __future__ import annotations

import hashlib
import zoneinfo
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from django.core import mail as sent
from django.test import Client
from django.utils import timezone, translation
from icalendar import Calendar

from messagecenter.accounts.models import Membership, Role
from messagecenter.attachments.actions import upload
from messagecenter.hours.written import WEEKDAYS
from messagecenter.ids import new_id
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice
from messagecenter.threads.actions import post_message, write_internal_note
from support import actions, slots
from support.calling import _slot
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


def test_the_days_are_those_of_who_reads_them(seller: Membership) -> None:
    """A quarter past midnight is a new day for the seller, although it is the same working day for the queue."""
    hours = {"time_zone": "Asia/Kolkata", "week": {name: [["09:00", "12:00"]] for name in WEEKDAYS}}
    queue = calling_queue(opening_hours=hours)
    case = open_in_germany(seller)
    seller.user.time_zone = "America/New_York"  # where it is 22:30 to 1:30
    seller.user.save(update_fields=["time_zone"])
    page = signed_in(seller).get(address(case, "call/")).content.decode()
    new_york = zoneinfo.ZoneInfo("America/New_York")
    shown = page.split("<summary>")[1:]
    assert len(shown) == 5
    for part in shown:
        heading, _, times = part.partition("</summary>")
        moments = [datetime.fromisoformat(one.partition('"')[0]) for one in times.split('datetime="')[1:]]
        assert moments
        assert {f"{one.astimezone(new_york):%A, %B} {one.astimezone(new_york).day}" for one in moments} == {heading}
    assert queue.hours.is_open(moments[0])


def test_every_appointment_of_the_fortnight_can_be_reached(case: Case, queue: Queue, seller: Membership) -> None:
    """Five days on each page, none left out and none twice; what is typed by hand into the address breaks nothing."""
    client, seen, url = signed_in(seller), [], ""
    for _page in range(4):
        page = client.get(address(case, f"call/{url}")).content.decode()
        seen += [int(part.partition('"')[0]) for part in page.split('name="at" id="slot-')[1:]]
        if "Later days" not in page:
            break
        url = "?after=" + page.partition('href="?after=')[2].partition('"')[0]
    wanted = [one.start for _day, found in slots.days_with_slots(queue, timezone.now(), most=20) for one in found]
    assert seen == [int(one.timestamp()) for one in wanted]
    last = wanted[-1]
    assert client.post(address(case, f"call/{url}"), form(last)).status_code == 302
    assert Call.objects.get().starts_at == last
    for wrong in ("x", "-1", "99999999999999", "9999999999"):
        assert client.get(address(case, f"call/?after={wrong}")).status_code == 200


def test_the_hour_that_comes_twice_says_which_of_the_two() -> None:
    """When the clocks go back, 2:15 is there two times."""
    with timezone.override("Europe/Berlin"), translation.override("de"):
        twice = [_slot(datetime(2026, 10, 25, hour, 15, tzinfo=UTC), "")["text"] for hour in (0, 1, 2)]
    assert twice == ["02:15 CEST", "02:15 CET", "03:15"]


def test_a_wrong_number_is_said_at_its_field(case: Case, queue: Queue, seller: Membership) -> None:
    answer = signed_in(seller).post(address(case, "call/"), form(first_slot(queue), number="12"))
    page = answer.content.decode()
    assert 'aria-describedby="id_number_help id_number_error"' in page or 'id="id_number_error"' in page
    assert page.count("This is not a telephone number") == 1


def test_a_call_nobody_made_is_not_called_an_attempt(case: Case, queue: Queue, seller: Membership) -> None:
    """Page, mail and transcript say that it did not take place: nobody of support has said that they rang."""
    call = book(case, seller, first_slot(queue))
    actions.tend_cases(call.starts_at + timedelta(hours=3))
    client = signed_in(seller)
    page = client.get(f"/support/{case.number}/").content.decode()
    assert "did not take place. Please choose another time." in page
    assert "did not take place" in client.get(address(case, "transcript.txt")).content.decode()
    Notice.objects.filter(state=Notice.State.DUE).update(next_at=timezone.now())
    deliver_due()
    [told] = [mail for mail in sent.outbox if "call-back did not take place" in mail.subject]
    assert "As far as we know our call" in told.body
    for said in (page, told.body):
        assert "We tried" not in said


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


def test_the_hash_of_a_pdf_can_be_checked_by_the_text_enclosed_in_it(case: Case, seller: Membership) -> None:
    """Its pages are typeset: what they were made of goes along; and it is the hash that was written down."""
    row = upload(by=seller.user, mailbox=seller.mailbox, name="statement.txt", plain=b"1234567 " * 300)
    post_message(
        by=seller.user,
        mailbox=seller.mailbox,
        thread=case.thread,
        body="With the statement.",
        client_id=new_id(),
        attachment_ids=[row.pk],
    )
    paper = signed_in(seller).get(address(case, "transcript.pdf"))
    with pikepdf.open(BytesIO(paper.content)) as pdf:
        name = f"{case.shown_number}.txt"
        assert list(pdf.attachments) == [name]
        text = pdf.attachments[name].get_file().read_bytes().decode()
    body, _, end = text.rpartition("SHA-256")
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    assert end.endswith(f": {sha256}\n")
    assert fresh(case).steps.get(kind=Step.Kind.DOWNLOADED).after == sha256
    assert "File: statement.txt (2.3\xa0KB)" in text
