"""The reply clock: when it starts, what ends it, what it leaves behind for the figures, and who is reminded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.notices.models import Notice
from messagecenter.notices.tasks import deliver
from messagecenter.threads import actions, clock
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.models import Entry, Message, ReplyClock, Tally, Thread, Wait
from messagecenter.threads.periodic import remind_of_replies
from messagecenter.threads.reminding import REPLY_DUE
from tests.threads.writing import reply

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _rules_of_this_test() -> Iterator[None]:
    """No marketplace's rule is left from another test."""
    clock.forget_reply_rules()
    yield
    clock.forget_reply_rules()


def entry_of(thread: Thread, mailbox: Mailbox) -> Entry:
    return Entry.objects.get(thread=thread, mailbox=mailbox)


def test_a_wait_begins_with_the_first_unanswered_message_and_ends_with_the_answer(
    thread: Thread, buyer: User, buyer_mailbox: Mailbox, seller: User, shop: Mailbox
) -> None:
    began = thread.messages.get().sent_at
    reply(buyer, buyer_mailbox, thread, "And where is the bulb?")
    [wait] = Wait.objects.all()
    assert (wait.mailbox, wait.started_at, wait.due_at) == (shop, began, began + timedelta(hours=24))
    answered = reply(seller, shop, thread, "It was posted today.").message
    wait.refresh_from_db()
    assert (wait.end, wait.answered_by) == (Wait.End.ANSWERED, seller)
    assert wait.ended_at is not None
    assert wait.ended_at >= answered.sent_at
    # A buyer who is asked something has no clock.
    assert entry_of(thread, buyer_mailbox).needs_reply_since is not None
    assert entry_of(thread, buyer_mailbox).reply_due_at is None
    assert Wait.objects.count() == 1


@pytest.mark.parametrize("way", ["button", "list", "closed"])
def test_a_wait_ends_without_an_answer(thread: Thread, seller: User, shop: Mailbox, way: str) -> None:
    if way == "button":
        actions.mark_no_response_needed(by=seller, mailbox=shop, thread=thread)
    elif way == "list":
        actions.file_threads(by=seller, mailbox=shop, threads=[thread.pk], filing=Filing(Verb.NO_RESPONSE))
    else:
        actions.close_thread(by=seller, mailbox=shop, thread=thread)
    wait = Wait.objects.get()
    assert (wait.end, wait.answered_by) == ("closed" if way == "closed" else "no_response", None)
    assert (entry_of(thread, shop).reply_due_at, Tally.objects.get(pk=shop.pk).needs_reply) == (None, 0)


def test_taking_back_no_response_needed_lets_the_same_wait_go_on(thread: Thread, seller: User, shop: Mailbox) -> None:
    began = entry_of(thread, shop).needs_reply_since
    run = actions.file_threads(by=seller, mailbox=shop, threads=[thread.pk], filing=Filing(Verb.NO_RESPONSE))
    actions.undo_run(by=seller, run=run)
    [wait] = Wait.objects.all()
    assert (wait.started_at, wait.ended_at, wait.end) == (began, None, "")
    assert entry_of(thread, shop).needs_reply_since == began


def test_a_mere_thank_you_starts_no_clock_and_proposes_rest(
    signed_in: SignIn,
    thread: Thread,
    answer: Message,
    buyer: User,
    buyer_mailbox: Mailbox,
    seller: User,
    shop: Mailbox,
) -> None:
    came = reply(buyer, buyer_mailbox, thread, "Vielen Dank, hat alles geklappt!").message
    entry = entry_of(thread, shop)
    assert (entry.needs_reply_since, entry.thanked_at, entry.unread) == (None, came.sent_at, 1)
    client = signed_in(seller)
    html = client.get(reverse("threads:detail", args=[thread.pk])).content.decode()
    assert "Looks like a thank-you." in html
    # The other side hears nothing of that.
    assert "thank-you" not in signed_in(buyer).get(reverse("threads:detail", args=[thread.pk])).content.decode()
    client = signed_in(seller)
    client.post(reverse("threads:needs_reply", args=[thread.pk]))
    entry.refresh_from_db()
    assert (entry.needs_reply_since, entry.thanked_at) == (came.sent_at, None)
    assert Wait.objects.filter(ended_at=None, started_at=came.sent_at).exists()


def test_a_thank_you_while_somebody_waits_changes_nothing(
    thread: Thread, buyer: User, buyer_mailbox: Mailbox, shop: Mailbox
) -> None:
    began = entry_of(thread, shop).needs_reply_since
    reply(buyer, buyer_mailbox, thread, "Danke schön!")
    assert (entry_of(thread, shop).needs_reply_since, entry_of(thread, shop).thanked_at) == (began, None)


def test_a_marketplace_may_count_working_days_only(thread: Thread, shop: Mailbox) -> None:
    order = thread.order
    assert order is not None
    order.marketplace = "Beispielmarkt.de"
    order.save()
    entry = Entry.objects.select_related("thread__order", "mailbox").get(thread=thread, mailbox=shop)
    friday = datetime(2026, 12, 18, 14, 0, tzinfo=UTC)
    assert clock.reply_due(entry, friday) == friday + timedelta(hours=24)
    ReplyClock.objects.create(
        marketplace="Beispielmarkt.de", only_working_days=True, country="DE", time_zone="Europe/Berlin"
    )
    clock.forget_reply_rules()
    assert clock.reply_due(entry, friday) == datetime(2026, 12, 21, 14, 0, tzinfo=UTC)
    christmas_eve = datetime(2026, 12, 24, 14, 0, tzinfo=UTC)  # a Thursday; Friday and Saturday are holidays
    assert clock.reply_due(entry, christmas_eve) == datetime(2026, 12, 28, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"country": ""}, "country"), ({"country": "XX"}, "country"), ({"subdivision": "QQ"}, "subdivision")],
)
def test_a_rule_that_cannot_be_counted_by_is_refused(values: dict[str, str], field: str) -> None:
    rule = ReplyClock(marketplace="m", only_working_days=True, **({"country": "DE"} | values))
    with pytest.raises(ValidationError) as refused:
        rule.full_clean()
    assert field in refused.value.message_dict


def test_the_team_is_reminded_once_before_an_answer_is_due(
    thread: Thread, seller: User, agent: User, viewer: User, shop: Mailbox
) -> None:
    assert remind_of_replies() == 0
    soon = timezone.now() + timedelta(hours=1)
    Wait.objects.update(due_at=soon)
    assert (remind_of_replies(), remind_of_replies()) == (1, 0)
    told = Notice.objects.filter(kind=REPLY_DUE)
    assert {notice.recipient for notice in told} == {seller, agent}
    deliver()
    letters = [one for one in mail.outbox if "due soon" in one.subject]
    assert {one.to[0] for one in letters} == {seller.email, agent.email}
    assert all("Flügelhorn" not in str(one.message()) and "Zimtstern" not in str(one.message()) for one in letters)


def test_who_it_is_assigned_to_is_reminded_and_nobody_who_has_answered(
    thread: Thread, seller: User, agent: User, shop: Mailbox
) -> None:
    actions.file_threads(by=seller, mailbox=shop, threads=[thread.pk], filing=Filing(Verb.ASSIGN, str(agent.pk)))
    Wait.objects.update(due_at=timezone.now() + timedelta(hours=1))
    remind_of_replies()
    assert Notice.objects.get(kind=REPLY_DUE).recipient == agent
    reply(seller, shop, thread, "Here it is.")
    deliver()
    assert not [one for one in mail.outbox if "due soon" in one.subject]


def test_the_sender_sees_what_was_read_unless_the_reader_says_no(
    signed_in: SignIn,
    thread: Thread,
    buyer: User,
    buyer_mailbox: Mailbox,
    seller: User,
    shop: Mailbox,
    answer: Message,
) -> None:
    url = reverse("threads:detail", args=[thread.pk])

    def seen_by_shop() -> str:
        return signed_in(seller).get(url).content.decode()

    assert "message-receipt-read" not in seen_by_shop()
    signed_in(buyer).get(url)
    assert "message-receipt-read" in seen_by_shop()
    signed_in(buyer).post(
        "/accounts/profile/",
        {"name": "Anna Müller", "language": "", "time_zone": "", "takes_proactive": "all"},
    )
    buyer_mailbox.refresh_from_db()
    assert buyer_mailbox.sends_receipts is False
    assert "message-receipt-read" not in seen_by_shop()
    assert "message-receipt" in seen_by_shop()
