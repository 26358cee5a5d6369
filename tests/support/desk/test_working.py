"""What somebody who works at the desk all day stumbles over: old steps, files, calls, cases that were handed over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from messagecenter.attachments.actions import upload
from messagecenter.ids import new_id
from messagecenter.notices.models import Notice
from messagecenter.replies.actions import save_reply
from messagecenter.threads.actions import post_message
from support import actions
from support.lifecycle import Actor, Status
from support.models import Case, Queue, Reading, Step
from tests.attachments.conftest import photo
from tests.support.cases import make_seller, open_one

from .conftest import DESK, allow

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


def page(browser: Client, case: Case, query: str = "") -> str:
    answer = browser.get(f"{DESK}{case.number}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def do(browser: Client, case: Case, name: str, **data: Any) -> Any:
    return browser.post(f"{DESK}{case.number}/do/", {"do": name} | data)


def answer_with(browser: Client, case: Case, *names: str) -> None:
    client_id = str(browser.get(f"{DESK}{case.number}/").context["answer"]["client_id"].value())
    files = [SimpleUploadedFile(name, photo(), "image/jpeg") for name in names]
    data = {"body": "See the files.", "client_id": client_id, "there": "answered", "attachments": files}
    assert browser.post(f"{DESK}{case.number}/answer/", data).status_code == 302


# --- the timeline --------------------------------------------------------------------------------------------------


def test_every_step_can_be_read_however_many_there_are(desk: Client, helper: User, case: Case) -> None:
    for _number in range(130):
        Step.objects.create(case=case, kind=Step.Kind.REPLIED, actor="agent", by=helper)
    first = desk.get(f"{DESK}{case.number}/")
    assert len(first.context["steps"]) == 100
    assert "To the newest steps" not in first.content.decode()
    earlier = desk.get(first.context["earlier_steps_url"])
    told = [one.id for one in first.context["steps"] + earlier.context["steps"]]
    assert told == list(case.steps.order_by("-pk").values_list("pk", flat=True))
    assert "To the newest steps" in earlier.content.decode()
    assert not earlier.context["earlier_steps_url"]
    assert "Opened" in [one.what for one in earlier.context["steps"]]


def test_who_read_it_before_the_last_twenty_is_a_link_away(
    helper: User, lead: User, case: Case, desk: Client, signed_in: SignedIn
) -> None:
    Reading.objects.bulk_create(Reading(staff=helper, case=case) for _number in range(25))
    assert "Only the newest readings are shown." in page(desk, case)
    assert "/admin/support/reading/?q=" not in page(desk, case)  # that is for who audits
    assert f"/admin/support/reading/?q={case.number}" in page(signed_in(allow(lead, "view_reading")), case)


def test_a_download_is_told_with_the_files_name(desk: Client, case: Case) -> None:
    answer_with(desk, case, "statement.jpg")
    link = desk.get(f"{DESK}{case.number}/").context["files"][0]["url"]
    assert desk.get(link).status_code == 200
    steps = desk.get(f"{DESK}{case.number}/").context["steps"]
    assert [one.change for one in steps if one.what == "Downloaded"] == ["statement.jpg"]
    actions.note_transcript(by=case.opened_by, case=case, actor=Actor.SELLER, sha256="ab" * 32)
    assert "transcript, SHA-256 abababababab…" in page(desk, case)


# --- files ---------------------------------------------------------------------------------------------------------


def test_files_of_the_whole_case_stand_in_one_list(desk: Client, asking: Membership, case: Case) -> None:
    assert 'id="case-files"' in page(desk, case)
    answer_with(desk, case, "first.jpg", "second.jpg")
    for number in range(55):  # the files are on an earlier page of the conversation then
        post_message(
            by=asking.user, mailbox=asking.mailbox, thread=case.thread, body=f"word{number}x", client_id=new_id()
        )
    files = desk.get(f"{DESK}{case.number}/").context["files"]
    assert [one["name"] for one in files] == ["second.jpg", "first.jpg"]
    assert all(one["url"].startswith(f"{DESK}{case.number}/files/") for one in files)


def test_one_file_costs_what_five_cost(desk: Client, case: Case) -> None:
    spent = []
    for names in (["a.jpg"], ["b.jpg", "c.jpg", "d.jpg", "e.jpg"]):
        answer_with(desk, case, *names)
        page(desk, case)
        with CaptureQueriesContext(connection) as queries:
            page(desk, case)
        spent.append(len(queries))
    assert spent[0] == spent[1]


def test_what_the_seller_sent_and_nobody_has_checked_is_not_among_them(
    desk: Client, asking: Membership, case: Case
) -> None:
    unchecked = upload(by=asking.user, mailbox=asking.mailbox, name="own.txt", plain=b"Zimtstern")
    post_message(
        by=asking.user,
        mailbox=asking.mailbox,
        thread=case.thread,
        body="Look.",
        client_id=new_id(),
        attachment_ids=[unchecked.pk],
    )
    case.thread.enclosures.update(is_screened=False)
    assert desk.get(f"{DESK}{case.number}/").context["files"] == []


# --- a case that was handed over -----------------------------------------------------------------------------------


def test_what_another_queue_answered_is_shown_as_supports_own(
    helper: User, stranger: User, other_queue: Queue, case: Case, signed_in: SignedIn
) -> None:
    actions.answer_case(by=helper, case=case, body="We ask the bank.", client_id=new_id(), there=Status.OPEN)
    actions.transfer_case(by=helper, case=case, to=other_queue, reason="It is about a payout.")
    items = signed_in(stranger).get(f"{DESK}{case.number}/").context["items"]
    told = [(one.mine, one.sender_name, one.author_name) for one in items]
    assert told == [(False, case.shop.shown_name, ""), (True, "Marketplace support", "Hanna Helferin")]


# --- saved replies -------------------------------------------------------------------------------------------------


def test_a_saved_reply_names_the_case_and_a_shops_cannot(desk: Client, helper: User, queue: Queue, case: Case) -> None:
    assert "{case_number}" in desk.get(f"{DESK}replies/new/?queue={queue.pk}").content.decode()
    text = "About your case {case_number}: we are on it."
    row = save_reply(by=helper, mailbox=queue.mailbox, name="On it", language="en", text=text)
    chosen = desk.get(f"{DESK}{case.number}/?reply={row.pk}").context["answer"]
    assert chosen["body"].value() == f"About your case {case.shown_number}: we are on it."
    shop = make_seller()
    with pytest.raises(ValidationError):
        save_reply(by=shop.user, mailbox=shop.mailbox, name="On it", language="en", text=text)


# --- lists ---------------------------------------------------------------------------------------------------------


def test_what_waits_for_the_seller_has_a_list(desk: Client, helper: User, asking: Membership, queue: Queue) -> None:
    asked, answered, ours = (open_one(asking) for _number in range(3))
    actions.answer_case(by=helper, case=asked, body="Which one?", client_id=new_id(), there=Status.WAITING)
    actions.answer_case(by=helper, case=answered, body="It is paid.", client_id=new_id())
    shown = {line.number for line in desk.get(f"{DESK}?list=seller").context["lines"]}
    assert shown == {asked.shown_number, answered.shown_number}
    assert ours.shown_number not in shown


def test_a_list_says_what_was_escalated(desk: Client, helper: User, case: Case) -> None:
    assert "level" not in desk.get(f"{DESK}?list=all").content.decode()
    actions.escalate_case(by=helper, case=case, reason="The bank says no.")
    assert "level 1" in desk.get(f"{DESK}?list=all").content.decode()


def test_languages_have_names(desk: Client, case: Case) -> None:
    assert "<dd>English" in page(desk, case)


# --- escalating ----------------------------------------------------------------------------------------------------


def told() -> set[Any]:
    return set(Notice.objects.filter(kind="case_given").values_list("recipient", flat=True))


def test_from_the_second_level_on_who_oversees_support_is_told(
    desk: Client, lead: User, overseer: User, case: Case
) -> None:
    do(desk, case, "escalate", reason="The bank says no.")
    assert told() == {lead.pk}
    answer = desk.post(f"{DESK}{case.number}/do/", {"do": "escalate", "reason": "Still no."}, follow=True)
    assert "and who oversees support" in answer.content.decode()
    assert told() == {lead.pk, overseer.pk}


def test_where_nobody_leads_the_queue_it_is_told_to_who_oversees_support(
    helper: User, overseer: User, admin: User, case: Case
) -> None:
    actions.escalate_case(by=helper, case=case, reason="The bank says no.")
    assert told() == {overseer.pk}


def test_where_nobody_oversees_support_it_is_told_to_the_superusers(helper: User, admin: User, case: Case) -> None:
    actions.escalate_case(by=helper, case=case, reason="The bank says no.")
    assert told() == {admin.pk}


def test_a_late_answer_alarms_somebody_though_the_queue_has_no_lead(overseer: User, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(hours=1), warn_at=None)
    actions.tend_cases()
    assert set(Notice.objects.filter(kind="case_due").values_list("recipient", flat=True)) == {overseer.pk}


# --- who may what --------------------------------------------------------------------------------------------------


def test_who_works_in_no_queue_is_offered_no_case_they_cannot_have(
    overseer: User, case: Case, signed_in: SignedIn
) -> None:
    actions.read_case(by=overseer, case=case, reason="Complaint")
    text = page(signed_in(overseer), case)
    assert 'value="assign"' in text
    assert 'value="assign_me"' not in text


def test_a_reason_that_grew_old_is_asked_for_anew_and_the_page_can_tell(
    overseer: User, case: Case, signed_in: SignedIn
) -> None:
    olga = signed_in(overseer)
    actions.read_case(by=overseer, case=case, reason="Complaint")
    assert "data-reason" not in page(olga, case)
    assert "data-again" in page(olga, case)
    Reading.objects.update(at=timezone.now() - timedelta(hours=1))
    for answer in (olga.get(f"{DESK}{case.number}/"), do(olga, case, "severity", severity="1")):
        assert "data-reason" in answer.content.decode()
        assert "data-case=" not in answer.content.decode()


# --- call-backs ----------------------------------------------------------------------------------------------------


def test_a_call_is_settled_in_place_and_one_that_is_booked_appears(
    desk: Client, asking: Membership, case: Case
) -> None:
    """Both are parts of the page that its script shows again: what is typed in the answer stays."""
    assert '<section class="module" id="calls" data-part' in page(desk, case)
    assert " hidden>" in page(desk, case).partition('id="calls"')[2][:120]
