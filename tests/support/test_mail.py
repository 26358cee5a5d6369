"""News of cases by mail: a number and a link, never a word; and a case carried on by mail alone."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as sent
from django.utils import timezone
from pytest_django import Settings

from messagecenter.accounts.models import Role
from messagecenter.notices.actions import choose
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice
from messagecenter.threads.actions import mark_read
from messagecenter.threads.models import Entry, Message
from messagecenter.threads.reply_addresses import reply_address
from messagecenter.threads.words import read_body
from support import actions
from support.lifecycle import Status
from support.models import Case
from support.slots import next_free
from tests.attachments.conftest import photo
from tests.inbound.post import DOMAIN, SERVER, brought, written

from .cases import fresh, make_queue, make_seller, make_staff, open_one
from .test_actions import seller_writes, staff_answers

pytestmark = pytest.mark.django_db

WORDS = ("Zimtstern", "Kardamom")
SUBJECT, BODY = "Zimtstern payout", "Kardamom is missing since Monday."


@pytest.fixture
def at_once(settings: Settings) -> None:
    """Mail goes out with the first delivery, not gathered."""
    settings.NOTICES_GATHER_SECONDS = 0


def mails_to(person: Any) -> list[Any]:
    Notice.objects.filter(state=Notice.State.DUE).update(next_at=timezone.now())
    deliver_due()
    return [one for one in sent.outbox if one.to == [person.email]]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_letter_names_the_case_and_says_no_word_of_it(language: str) -> None:
    queue, payments, seller = make_queue(), make_queue("Payments"), make_seller()
    lead, agent, taker = make_staff(queue, Role.OWNER), make_staff(queue), make_staff(payments)
    for person in (seller.user, lead, agent, taker):
        person.language = language
        person.save(update_fields=["language"])
    case = open_one(seller, subject=SUBJECT, body=BODY)
    actions.assign_case(by=lead, case=case, to=agent)
    seller_writes(case, seller, "Kardamom again.")
    actions.escalate_case(by=agent, case=case, reason="Zimtstern is urgent")
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    actions.tend_cases()
    mails_to(agent)
    staff_answers(case, agent, body="Kardamom was paid.")
    actions.set_follow_up(by=agent, case=case, at=timezone.now() - timedelta(minutes=1))
    actions.tend_cases()
    mails_to(agent)
    actions.transfer_case(by=agent, case=case, to=payments, reason="Zimtstern belongs to payments")
    actions.assign_case(by=taker, case=case, to=taker)
    actions.set_status(by=taker, case=case, there=Status.RESOLVED)
    everything = mails_to(seller.user) and list(sent.outbox)
    told = {(mail.to[0], mail.subject) for mail in everything}
    assert len({subject for address, subject in told if address == seller.user.email}) == 3, told
    assert len({subject for address, subject in told if address == agent.email}) >= 4, told
    assert len({subject for address, subject in told if address == lead.email}) >= 2, told
    for one in everything:
        whole = one.message().as_string() + one.body + "".join(str(text) for text, _kind in one.alternatives)
        assert case.shown_number in one.subject
        assert not [word for word in WORDS if word in whole], one.subject
        assert ("Fall" in one.body) == (language == "de")
        assert (
            one.extra_headers["References"] == f"<thread-{case.pk}@{one.extra_headers['References'].partition('@')[2]}"
        )


def test_what_was_read_meanwhile_is_not_mailed_and_who_left_is_told_nothing() -> None:
    queue, seller = make_queue(), make_seller()
    colleague, agent = make_seller(shop=seller.mailbox), make_staff(queue)
    case = open_one(seller)
    mails_to(seller.user)
    sent.outbox.clear()
    staff_answers(case, agent)
    newest = Message.objects.filter(thread=case.pk).order_by("-pk")[0]
    left = colleague.user
    colleague.delete()
    mark_read(by=seller.user, entry=Entry.objects.get(thread=case.pk, mailbox=seller.mailbox), up_to=newest.pk)
    assert mails_to(seller.user) == mails_to(left) == []
    reasons = set(Notice.objects.filter(kind="case_answered", state="skipped").values_list("reason", flat=True))
    assert reasons == {"it was read meanwhile", "the person no longer acts for the mailbox"}


def test_a_case_is_carried_on_by_mail_alone(settings: Settings) -> None:
    settings.INBOUND_DOMAIN, settings.INBOUND_AUTHSERV_ID = DOMAIN, SERVER
    queue, seller = make_queue(), make_seller()
    agent, case = make_staff(queue), open_one(seller)
    staff_answers(case, agent, Status.WAITING, "Please send us the statement.")
    [*_earlier, asked] = mails_to(seller.user)
    [address] = asked.reply_to
    raw = written(seller.user.email, address, "Here it is.", files=[("statement.jpg", photo(), "image/jpeg")])
    row = brought(raw, address, envelope_from=seller.user.email)
    assert (row.state, row.reason) == ("posted", "")
    message = Message.objects.filter(thread=case.pk).order_by("-pk")[0]
    assert read_body(message) == "Here it is."
    assert [one.attachment.details.name for one in message.enclosures.all()] == ["statement.jpg"]
    case = fresh(case)
    assert case.state == Status.OPEN
    assert case.due_at is not None
    # Support's own people answer on their page alone: their mails say so.
    assert all(not one.reply_to for one in mails_to(agent))
    assert "nobody reads this address" in mails_to(agent)[-1].body


def test_a_confirmation_comes_at_once_also_to_who_wants_a_daily_summary_at_a_quiet_time(settings: Settings) -> None:
    """They have just sent the case, or booked the call: tomorrow its number or the appointment helps nobody."""
    queue, seller = make_queue(calls_at_once=1), make_seller()
    now = timezone.localtime(timezone=zoneinfo.ZoneInfo("UTC"))
    quiet = {"quiet_from": (now - timedelta(hours=2)).time(), "quiet_until": (now + timedelta(hours=2)).time()}
    seller.user.time_zone = "UTC"
    seller.user.save(update_fields=["time_zone"])
    choose(by=seller.user, timings={("case", "email"): "daily"}, **quiet)
    case = open_one(seller)
    slot = next_free(queue, timezone.now(), timezone.now())
    assert slot is not None
    actions.book_call(by=seller.user, case=case, starts_at=slot, number="+49 30 901820", language="en")
    staff_answers(case, make_staff(queue))
    deliver_due()
    subjects = [mail.subject for mail in sent.outbox if mail.to == [seller.user.email]]
    number = case.shown_number
    assert subjects == [f"Case {number}: we have received it", f"Case {number}: your call-back"]


def test_who_wants_words_in_mails_reads_supports_answers_there_and_nobody_else(settings: Settings) -> None:
    """Else a case could be answered by mail, but not read: also two answers in one mail, and how many files came."""
    queue, seller = make_queue(), make_seller()
    colleague, agent = make_seller(shop=seller.mailbox), make_staff(queue)
    choose(by=seller.user, timings={("case", "email"): "at_once"}, shows_excerpt=True)
    case = open_one(seller)
    staff_answers(case, agent, body="Kardamom <first>")
    mails_to(seller.user)
    staff_answers(case, agent, body="Zimtstern\n" + 4000 * "x")
    [*_earlier, first, second] = mails_to(seller.user)
    assert "Kardamom <first>" in first.body
    assert "Zimtstern\nxxx" in second.body
    assert len(second.body) < 4500
    assert "Kardamom &lt;first&gt;" in first.alternatives[0][0]
    assert "You chose to read here what is written" in second.body
    for mail in mails_to(colleague.user):
        assert not [word for word in WORDS if word in mail.message().as_string()]
    assert [mail for mail in mails_to(agent) if "Zimtstern" in mail.body] == []


def test_a_mail_into_a_closed_case_is_answered_and_moves_nothing(settings: Settings) -> None:
    settings.INBOUND_DOMAIN, settings.INBOUND_AUTHSERV_ID = DOMAIN, SERVER
    queue, seller = make_queue(), make_seller()
    case = open_one(seller)
    address = reply_address(thread_id=case.pk, person=seller.user, mailbox_id=seller.mailbox_id)
    actions.set_status(by=make_staff(queue, Role.OWNER), case=case, there=Status.CLOSED)
    row = brought(written(seller.user.email, address, "And now?"), address, envelope_from=seller.user.email)
    assert (row.state, row.reason) == ("answered", "ThreadClosed")
    assert Notice.objects.filter(kind="mail_refused", recipient=seller.user).exists()
    assert fresh(case).state == Status.CLOSED
    assert Message.objects.filter(thread=case.pk).count() == 1
