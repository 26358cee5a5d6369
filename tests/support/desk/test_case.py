"""A case's page at the desk: who reads it and why, what it shows, every small form with each refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from messagecenter.ids import new_id
from messagecenter.threads.actions import post_message
from support import actions
from support.lifecycle import Status
from support.models import Case, Queue, Reading, Step, Watcher
from support.severities import Severity
from support.words import read_reason
from tests.factories import OrderFactory, OrderItemFactory
from tests.support.cases import fresh, make_seller, make_staff, open_one

from .conftest import DESK

pytestmark = pytest.mark.django_db


def page(browser: Client, case: Case, query: str = "") -> str:
    answer = browser.get(f"{DESK}{case.number}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def do(browser: Client, case: Case, name: str, **data: Any) -> Any:
    return browser.post(f"{DESK}{case.number}/do/", {"do": name} | data)


# --- reading -------------------------------------------------------------------------------------------------------


def test_who_works_in_the_queue_reads_at_once_and_it_is_written_down(desk: Client, helper: User, case: Case) -> None:
    text = page(desk, case)
    assert "Zimtstern payout" in text
    assert "Flügelhorn money" in text
    assert [(one.staff, one.reason) for one in Reading.objects.filter(case=case)] == [(helper, "")]
    page(desk, case)
    assert Reading.objects.count() == 1  # within half an hour it is the same one


def test_who_oversees_says_first_why(overseer: User, case: Case, signed_in: Callable[[User], Client]) -> None:
    olga = signed_in(overseer)
    text = page(olga, case)
    assert "Zimtstern" not in text
    assert "Flügelhorn" not in text
    assert not Reading.objects.exists()
    empty = olga.post(f"{DESK}{case.number}/read/", {"reason": "  "})
    assert empty.status_code == 422
    assert "Flügelhorn" not in empty.content.decode()
    answer = olga.post(f"{DESK}{case.number}/read/", {"reason": "Complaint 4711"}, follow=True)
    assert "Flügelhorn money" in answer.content.decode()
    assert "Complaint 4711" in answer.content.decode()  # visible in the case
    assert [one.reason for one in Reading.objects.all()] == ["Complaint 4711"]
    Reading.objects.update(at=timezone.now() - timedelta(hours=1))
    assert "Flügelhorn" not in page(olga, case)


def test_before_the_reason_nothing_is_done(overseer: User, case: Case, signed_in: Callable[[User], Client]) -> None:
    answer = do(signed_in(overseer), case, "severity", severity="1")
    assert "Flügelhorn" not in answer.content.decode()
    assert fresh(case).severity == Severity.NORMAL


def test_who_only_reads_finds_no_forms(onlooker: User, case: Case, signed_in: Callable[[User], Client]) -> None:
    vito = signed_in(onlooker)
    text = page(vito, case)
    assert "Flügelhorn money" in text
    for name in ("/answer/", "/note/", 'value="transfer"', 'value="assign_me"'):
        assert name not in text
    do(vito, case, "assign_me")
    vito.post(f"{DESK}{case.number}/answer/", {"body": "Hello", "client_id": new_id(), "there": "answered"})
    vito.post(f"{DESK}{case.number}/note/", {"note": "Hello"})
    assert (fresh(case).assignee, fresh(case).status) == (None, "new")


# --- what it shows -------------------------------------------------------------------------------------------------


def test_everything_about_the_case_stands_on_its_page(desk: Client, queue: Queue) -> None:
    order = OrderFactory(number="302-5555555-5555555")
    OrderItemFactory(order=order, title="Oak desk lamp")
    asking = make_seller(shop=order.shop)
    earlier = open_one(asking)
    case = open_one(
        asking, order=order, topic="orders_lost", answers={"date": "2026-11-02"}, severity=Severity.URGENT, body="Lost!"
    )
    text = page(desk, case)
    for word in ("Oak desk lamp", "302-5555555-5555555", "Nov. 2, 2026", "Day it was shipped", "Urgent", "Lost!"):
        assert word in text
    assert earlier.shown_number in text
    assert "Orders and delivery › A parcel is lost" in text


def test_a_case_of_another_queue_is_not_among_the_earlier_ones(
    desk: Client, other_queue: Queue, asking: Membership, case: Case
) -> None:
    foreign = open_one(asking)
    Case.objects.filter(pk=foreign.pk).update(queue=other_queue)
    assert foreign.shown_number not in page(desk, case)


def test_the_timeline_tells_who_did_what_when_and_why(desk: Client, helper: User, lead: User, case: Case) -> None:
    actions.assign_case(by=lead, case=case, to=helper)
    actions.escalate_case(by=helper, case=case, reason="The bank says no.")
    actions.set_severity(by=helper, case=case, severity=Severity.HIGH)
    actions.watch_case(by=lead, case=case, is_watching=True)
    text = page(desk, case)
    for word in ("nobody → Hanna Helferin", "Lena Leiterin", "The bank says no.", "Normal → High", "level 0 → level 1"):
        assert word in text


def test_a_page_costs_the_same_with_few_messages_and_with_many(
    desk: Client, helper: User, asking: Membership, case: Case
) -> None:
    actions.watch_case(by=helper, case=case, is_watching=True)
    page(desk, case)
    spent = []
    for more in (2, 12):
        for number in range(more):
            actions.answer_case(by=helper, case=case, body=f"Answer {number}.", client_id=new_id())
            post_message(
                by=asking.user, mailbox=asking.mailbox, thread=case.thread, body=f"{number}?", client_id=new_id()
            )
            open_one(asking)
        page(desk, case)  # marks as read, which is a write
        with CaptureQueriesContext(connection) as queries:
            page(desk, case)
        spent.append(len(queries))
        assert [q["sql"] for q in queries if "COUNT(" in q["sql"]] == []
    assert spent[0] == spent[1] <= 40


def test_earlier_messages_are_on_earlier_pages(desk: Client, helper: User, asking: Membership, case: Case) -> None:
    for number in range(55):
        post_message(
            by=asking.user, mailbox=asking.mailbox, thread=case.thread, body=f"word{number}x", client_id=new_id()
        )
    answer = desk.get(f"{DESK}{case.number}/")
    text = answer.content.decode()
    assert "word54x" in text
    assert "Flügelhorn" not in text
    earlier = desk.get(answer.context["earlier_url"]).content.decode()
    assert "Flügelhorn" in earlier
    assert "word54x" not in earlier


# --- the small forms -----------------------------------------------------------------------------------------------


def test_a_case_is_taken_given_and_laid_down(desk: Client, helper: User, lead: User, case: Case) -> None:
    assert do(desk, case, "assign_me").status_code == 302
    assert (fresh(case).assignee, fresh(case).status) == (helper, "open")
    do(desk, case, "assign", to=str(lead.pk))
    assert fresh(case).assignee == lead
    do(desk, case, "assign", to="nobody")
    assert fresh(case).assignee is None


def test_nobody_from_elsewhere_gets_a_case(desk: Client, stranger: User, onlooker: User, case: Case) -> None:
    for person in (stranger, onlooker):
        answer = do(desk, case, "assign", to=str(person.pk))
        assert answer.status_code == 422
        assert str(person.pk) not in answer.content.decode().replace(f"{person.pk} is not", "")
    assert fresh(case).assignee is None


def test_a_transfer_takes_the_conversation_along_and_says_why(
    desk: Client, stranger: User, other_queue: Queue, case: Case, signed_in: Callable[[User], Client]
) -> None:
    silent = do(desk, case, "transfer", to=str(other_queue.pk), reason=" ")
    assert silent.status_code == 422
    assert "Please say why: the seller reads it." in silent.content.decode()
    nowhere = do(desk, case, "transfer", to="", reason="It is about a payout.")
    assert nowhere.status_code == 422
    assert "It is about a payout." in nowhere.content.decode()  # nothing typed is lost
    done = do(desk, case, "transfer", to=str(other_queue.pk), reason="It is about a payout.")
    assert done["Location"] == DESK  # one does not work there
    assert desk.get(f"{DESK}{case.number}/").status_code == 404
    text = page(signed_in(stranger), case)
    assert "Flügelhorn money" in text
    assert "It is about a payout." in text


def test_a_case_is_escalated_with_a_reason(desk: Client, case: Case) -> None:
    assert do(desk, case, "escalate", reason="").status_code == 422
    do(desk, case, "escalate", reason="The bank says no.")
    step = Step.objects.get(kind=Step.Kind.ESCALATED)
    assert (fresh(case).level, read_reason(step)) == (1, "The bank says no.")


def test_severity_and_follow_up_are_set(desk: Client, case: Case) -> None:
    do(desk, case, "severity", severity="1")
    assert fresh(case).severity == Severity.URGENT
    assert do(desk, case, "severity", severity="9").status_code == 422
    assert do(desk, case, "follow_up", at="2020-01-01T10:00").status_code == 422
    assert do(desk, case, "follow_up", at="9999-12-31T23:59").status_code == 422
    wanted = f"{timezone.localdate() + timedelta(days=30)}T10:00"
    do(desk, case, "follow_up", at=wanted)
    found = fresh(case).follow_up_at
    assert found is not None
    assert f"{timezone.localtime(found, ZoneInfo('Europe/Berlin')):%Y-%m-%dT%H:%M}" == wanted
    assert f'value="{wanted}"' in page(desk, case)
    do(desk, case, "follow_up", at="")
    assert fresh(case).follow_up_at is None


def test_somebody_watches_and_no_more(desk: Client, helper: User, case: Case) -> None:
    do(desk, case, "watch")
    assert Watcher.objects.filter(case=case, staff=helper).exists()
    assert "Watch no more" in page(desk, case)
    do(desk, case, "unwatch")
    assert not Watcher.objects.filter(case=case).exists()


def test_cases_are_linked_by_number(desk: Client, asking: Membership, case: Case, other_queue: Queue) -> None:
    other, foreign = open_one(asking), open_one(asking)
    Case.objects.filter(pk=foreign.pk).update(queue=other_queue)
    do(desk, case, "link", number=other.shown_number.lower())
    assert other.shown_number in page(desk, case)
    assert case.shown_number in page(desk, other)
    slip = do(desk, case, "link", number="K7M4-92QQ")
    assert slip.status_code == 422
    assert "K7M4-92QQ" in slip.content.decode()
    for number in (foreign.number, case.number):
        refused = do(desk, case, "link", number=number)
        assert refused.status_code == 422
        assert "There is no other case with this number" in refused.content.decode()


def test_a_duplicate_is_merged_by_number(desk: Client, asking: Membership, case: Case) -> None:
    foreign = open_one(make_seller())
    refused = do(desk, case, "merge", number=foreign.number)
    assert refused.status_code == 422
    assert "Only open cases of the same shop can be merged" in refused.content.decode()
    into = open_one(asking)
    do(desk, case, "merge", number=into.number)
    assert (fresh(case).status, fresh(case).merged_into_id) == ("closed", into.pk)
    text = page(desk, case)
    assert "It goes on in" in text
    assert 'value="status"' not in text


def test_a_status_is_set_from_where_that_is_possible(
    desk: Client, helper: User, lead: User, case: Case, signed_in: Callable[[User], Client]
) -> None:
    early = do(desk, case, "status", there="waiting")
    assert early.status_code == 422
    assert "The seller is waiting: write an answer" in early.content.decode()
    actions.answer_case(by=helper, case=case, body="It was paid.", client_id=new_id())
    assert do(desk, case, "status", there="waiting").status_code == 302
    assert fresh(case).status == "waiting"
    for there in ("closed", "transferred", "reopened", "nonsense"):
        assert do(desk, case, "status", there=there).status_code == 422
    do(desk, case, "status", there="resolved")
    assert do(desk, case, "status", there="closed").status_code == 422
    assert do(signed_in(lead), case, "status", there="closed").status_code == 302
    assert fresh(case).status == "closed"


def test_what_is_no_longer_possible_is_told(desk: Client, helper: User, case: Case) -> None:
    actions.set_status(by=helper, case=case, there=Status.RESOLVED)
    answer = do(desk, case, "transfer", to="", reason="x")
    assert answer.status_code == 422
    Case.objects.filter(pk=case.pk).update(status="closed")
    answer = do(desk, case, "severity", severity="1")
    assert answer.status_code == 302


def test_who_oversees_may_act_once_they_have_read(
    overseer: User, helper: User, case: Case, signed_in: Callable[[User], Client]
) -> None:
    olga = signed_in(overseer)
    olga.post(f"{DESK}{case.number}/read/", {"reason": "Complaint 4711"})
    do(olga, case, "assign", to=str(helper.pk))
    assert fresh(case).assignee == helper
    text = page(olga, case)
    assert "/answer/" not in text
    assert "Who works in its queue answers it." in text


def test_an_unknown_button_is_not_there(desk: Client, case: Case) -> None:
    assert do(desk, case, "nonsense").status_code == 404
    assert desk.get(f"{DESK}{case.number}/do/").status_code == 405
    assert desk.get(f"{DESK}nonsense/").status_code == 404


def test_a_colleague_who_left_gets_nothing(desk: Client, queue: Queue, case: Case) -> None:
    gone = make_staff(queue)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert do(desk, case, "assign", to=str(gone.pk)).status_code == 422
