"""Who has a case: handed to another queue with all that was said, assigned, merged, escalated."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from messagecenter.accounts.models import Role
from messagecenter.threads.actions import repair_tally, write_internal_note
from messagecenter.threads.models import Entry, Message, Note, Tally
from support import actions
from support.lifecycle import Status
from support.models import Case, Step
from support.refused import NotADuplicate, NotAStaffMember, ReasonNeeded, SameQueue
from support.words import read_reason

from .cases import fresh, make_queue, make_seller, make_staff, open_one
from .test_actions import kinds, seller_writes, staff_answers, told

pytestmark = pytest.mark.django_db


def test_a_transfer_takes_the_whole_conversation_along_and_says_why() -> None:
    queue, other, seller = make_queue(), make_queue("Payments"), make_seller()
    agent, taker = make_staff(queue), make_staff(other)
    case = open_one(seller)
    seller_writes(case, seller)
    make_staff(queue)
    write_internal_note(by=agent, mailbox=queue.mailbox, thread=case.thread, body="Seems to be the bank.")
    for reason in ("", "  "):
        with pytest.raises(ReasonNeeded):
            actions.transfer_case(by=agent, case=case, to=other, reason=reason)
    with pytest.raises(SameQueue):
        actions.transfer_case(by=agent, case=case, to=queue, reason="Hm.")
    actions.transfer_case(by=agent, case=case, to=other, reason="Payments look after payouts.")
    case = fresh(case)
    assert (case.queue, case.state) == (other, Status.TRANSFERRED)
    step = case.steps.get(kind=Step.Kind.TRANSFERRED)
    assert read_reason(step) == "Payments look after payouts."
    assert b"Payments" not in bytes(step.reason_ciphertext)
    assert told("case_changed") == {seller.user_id}
    # The taking side has it all, the giving side nothing.
    assert Message.objects.filter(thread=case.pk).visible_to(taker).count() == 2
    assert not Message.objects.filter(thread=case.pk).visible_to(agent).exists()
    assert not Case.objects.worked_by(agent).filter(pk=case.pk).exists()
    assert Note.objects.get(thread=case.pk).mailbox == other.mailbox
    assert Tally.objects.get(pk=other.pk).counts["current"][2] == 1
    assert not Tally.objects.get(pk=queue.pk).counts
    with pytest.raises(PermissionDenied):
        staff_answers(case, agent)
    staff_answers(case, taker)
    seller_writes(case, seller)
    assert fresh(case).state == Status.OPEN
    assert not Entry.objects.filter(thread=case.pk, mailbox=queue.pk).exists()


def test_back_and_forth_between_queues_counts_right() -> None:
    queue, other, seller = make_queue(), make_queue("Payments"), make_seller()
    agent, taker = make_staff(queue), make_staff(other)
    case = open_one(seller)
    actions.transfer_case(by=agent, case=case, to=other, reason="Yours.")
    actions.transfer_case(by=taker, case=case, to=queue, reason="No, yours.")
    for mailbox_id in (queue.pk, other.pk, seller.mailbox_id):
        assert not repair_tally(mailbox_id=mailbox_id)
    assert fresh(case).thread.support_id == queue.pk


def test_assigning_within_the_queue_only() -> None:
    queue, seller = make_queue(), make_seller()
    agent, colleague, stranger = make_staff(queue), make_staff(queue), make_staff(make_queue("Other"))
    case = open_one(seller)
    with pytest.raises(NotAStaffMember):
        actions.assign_case(by=agent, case=case, to=stranger)
    with pytest.raises(NotAStaffMember):
        actions.assign_case(by=agent, case=case, to=make_staff(queue, Role.VIEWER))
    actions.assign_case(by=agent, case=case, to=colleague)
    assert told("case_given") == {colleague.pk}
    assert fresh(case).state == Status.NEW, "it was given, not begun"
    actions.assign_case(by=colleague, case=case, to=colleague)
    actions.assign_case(by=agent, case=case, to=agent)
    assert (fresh(case).state, fresh(case).assignee) == (Status.OPEN, agent)
    actions.assign_case(by=agent, case=case, to=None)
    assert fresh(case).assignee is None


def test_merging_closes_the_duplicate_and_points_to_the_other() -> None:
    queue, seller = make_queue(), make_seller()
    agent = make_staff(queue)
    first, second, foreign = open_one(seller), open_one(seller), open_one(make_seller())
    for wrong in (first, foreign):
        with pytest.raises(NotADuplicate):
            actions.merge_case(by=agent, case=first, into=wrong)
    actions.merge_case(by=agent, case=second, into=first)
    second = fresh(second)
    assert (second.state, second.merged_into) == (Status.CLOSED, first)
    assert "linked" in kinds(first)
    assert told("case_changed") == {seller.user_id}


def test_escalating_tells_the_leads() -> None:
    queue = make_queue()
    lead, agent = make_staff(queue, Role.OWNER), make_staff(queue)
    case = open_one(make_seller())
    with pytest.raises(ReasonNeeded):
        actions.escalate_case(by=agent, case=case, reason=" ")
    actions.escalate_case(by=agent, case=case, reason="The seller threatens with a lawyer.")
    assert told("case_given") == {lead.pk}
    assert fresh(case).level == 1
