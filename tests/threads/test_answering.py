"""The automatic reply: once a day in a thread, never to a machine, no answer for the clock, not past the policy."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.notices.models import Notice
from messagecenter.policy.actions import block_sender
from messagecenter.policy.models import PolicyVersion
from messagecenter.replies.actions import save_auto_reply
from messagecenter.replies.models import AutoReply, AutoReplyText
from messagecenter.replies.words import write_text
from messagecenter.threads.actions import close_thread, open_thread, release_message, repair_tally
from messagecenter.threads.models import Entry, Message, Thread
from messagecenter.threads.permission import _has_answered
from messagecenter.threads.words import read_body, read_snippet
from orders.models import Order
from tests.factories import OrderFactory
from tests.threads.writing import reply

SignIn = Callable[[User], Client]
TEXT = "Hello {buyer_name}, thank you for your message. We are away and answer soon. {shop_name}"


def switch_on(by: User, mailbox: Mailbox, **changed: Any) -> AutoReply:
    values = {"is_on": True, "when": "absent", "away_from": None, "away_until": None}
    texts = {"en": TEXT, "de": "Guten Tag, danke für Ihre Nachricht. Wir melden uns."}
    more = {"time_zone": "Europe/Berlin", "hours": {}, "texts": texts}
    return save_auto_reply(by=by, mailbox=mailbox, **(values | more | changed))


def automatic(thread: Thread) -> list[Message]:
    return list(thread.messages.filter(is_automatic=True).order_by("pk"))


def entry_of(mailbox: Mailbox, thread: Thread) -> Entry:
    return Entry.objects.select_related("thread").get(mailbox=mailbox, thread=thread)


def test_who_writes_is_told_in_their_language_and_everything_else_stays(
    thread: Thread, buyer: User, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    before = entry_of(shop, thread)
    switch_on(seller, shop)
    posted = reply(buyer, buyer_mailbox, thread, "Where is my Quittenbrot?")
    [told] = automatic(thread)
    assert read_body(told) == "Guten Tag, danke für Ihre Nachricht. Wir melden uns."
    assert (told.sender, told.author, told.state) == (shop, None, Message.State.DELIVERED)
    assert told.pk > posted.message.pk
    shops, buyers = entry_of(shop, thread), entry_of(buyer_mailbox, thread)
    assert (shops.unread, shops.needs_reply_since) == (before.unread + 1, before.needs_reply_since)
    assert (shops.reply_due_at, shops.last_sent_at, shops.awaiting_since) == (before.reply_due_at, None, None)
    assert (buyers.unread, buyers.needs_reply_since) == (1, None)
    assert buyers.awaiting_since is not None
    assert read_snippet(shops.thread) == "Where is my Quittenbrot?"
    assert not _has_answered(shop, thread)
    assert Notice.objects.filter(subject_id=told.pk, recipient=buyer).count() == 1
    assert not Notice.objects.filter(subject_id=told.pk).exclude(recipient=buyer).exists()
    assert [repair_tally(mailbox_id=each.pk) for each in (shop, buyer_mailbox)] == [False, False]


def test_first_message_of_a_thread_is_answered_too(buyer: User, seller: User, shop: Mailbox, order: Order) -> None:
    switch_on(seller, shop, texts={"en": TEXT})
    posted = open_thread(
        by=buyer,
        mailbox=buyer.mailboxes.get(),
        order=order,
        topic="where_is_it",
        subject="s",
        body="b",
        client_id=new_id(),
    )
    [told] = automatic(posted.thread)
    assert read_body(told) == TEXT.replace("{buyer_name}", "Anna M.").replace("{shop_name}", "Nordlicht Lampen")


def test_both_sides_see_that_it_was_automatic(
    signed_in: SignIn, thread: Thread, buyer: User, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    page = f"/messages/{thread.pk}/"
    assert "Automatic reply" not in signed_in(seller).get(page).content.decode()
    switch_on(seller, shop)
    reply(buyer, buyer_mailbox, thread, "Hello?")
    for person in (buyer, seller):
        assert "Automatic reply" in signed_in(person).get(page).content.decode()


@pytest.mark.parametrize("why", ["off", "not yet", "closed", "muted", "blocked", "blocked by them", "no text"])
def test_it_stays_silent(
    why: str, thread: Thread, buyer: User, seller: User, shop: Mailbox, buyer_mailbox: Mailbox, order: Order
) -> None:
    tomorrow = (timezone.now() + timedelta(days=2)).date()
    row = switch_on(seller, shop, **{"off": {"is_on": False}, "not yet": {"away_from": tomorrow}}.get(why, {}))
    if why == "muted":
        Entry.objects.filter(thread=thread, mailbox=shop).update(is_muted=True)
    if why == "blocked":
        # What completes an open order still comes through to who blocked.
        Order.objects.filter(pk=order.pk).update(status=Order.Status.UNSHIPPED)
        block_sender(by=seller, mailbox=shop, sender=buyer_mailbox)
    if why == "blocked by them":
        block_sender(by=buyer, mailbox=buyer_mailbox, sender=shop)
    if why == "no text":
        row.texts.all().delete()
    if why == "closed":
        message = reply(buyer, buyer_mailbox, thread, "before").message
        Message.objects.filter(is_automatic=True).delete()
        close_thread(by=seller, mailbox=shop, thread=thread)
        from messagecenter.threads.actions.answering import answer_automatically

        message.thread.refresh_from_db()
        answer_automatically(message, list(Entry.objects.filter(thread=thread)), timezone.now())
    else:
        reply(buyer, buyer_mailbox, thread, "Still there?")
    assert automatic(thread) == []


def test_once_in_24_hours_in_a_thread_and_again_after(
    thread: Thread, buyer: User, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    switch_on(seller, shop)
    for number in range(3):
        reply(buyer, buyer_mailbox, thread, f"Question {number}")
    [first] = automatic(thread)
    Message.objects.filter(pk=first.pk).update(sent_at=timezone.now() - timedelta(hours=24, seconds=1))
    reply(buyer, buyer_mailbox, thread, "A day later")
    assert len(automatic(thread)) == 2


def test_a_hundred_an_hour_from_one_mailbox(
    thread: Thread, buyer: User, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    switch_on(seller, shop)
    elsewhere = reply_elsewhere(buyer, shop, buyer_mailbox)
    Message.objects.filter(is_automatic=True).delete()
    made = [
        Message(thread=elsewhere, sender=shop, client_id=new_id(), body_ciphertext=b"x", is_automatic=True)
        for _number in range(100)
    ]
    Message.objects.bulk_create(made)
    reply(buyer, buyer_mailbox, thread, "One too many")
    assert automatic(thread) == []
    Message.objects.filter(pk=made[0].pk).update(sent_at=timezone.now() - timedelta(hours=1, seconds=1))
    reply(buyer, buyer_mailbox, thread, "There is room again")
    assert len(automatic(thread)) == 1


def reply_elsewhere(buyer: User, shop: Mailbox, buyer_mailbox: Mailbox) -> Thread:
    order = OrderFactory(shop=shop, buyer=buyer_mailbox)
    about = {"order": order, "topic": "where_is_it", "subject": "s", "body": "b"}
    return open_thread(by=buyer, mailbox=buyer_mailbox, client_id=new_id(), **about).thread


def test_two_mailboxes_never_play_ping_pong(
    thread: Thread, buyer: User, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    switch_on(seller, shop)
    switch_on(buyer, buyer_mailbox)
    reply(buyer, buyer_mailbox, thread, "Ping")
    assert [one.sender for one in automatic(thread)] == [shop]
    reply(seller, shop, thread, "Pong")
    assert [one.sender for one in automatic(thread)] == [shop, buyer_mailbox]
    for _number in range(3):
        reply(buyer, buyer_mailbox, thread, "Ping")
        reply(seller, shop, thread, "Pong")
    assert len(automatic(thread)) == 2


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_loop_stays_closed_and_the_counters_right(
    seed: int,
    thread: Thread,
    buyer: User,
    seller: User,
    shop: Mailbox,
    buyer_mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both sides write, switch on and off, mute and wait in any order: between two automatic ones of a side in a thread
    lie 24 hours, somebody's own message comes before each, and each counter counts what is there."""
    dice, now = random.Random(seed), datetime.now(UTC)
    people = {shop.pk: (seller, shop), buyer_mailbox.pk: (buyer, buyer_mailbox)}
    monkeypatch.setattr(timezone, "now", lambda: now)
    for _step in range(14):
        by, mailbox = people[dice.choice(list(people))]
        match dice.choice(["write", "write", "write", "switch", "mute", "wait"]):
            case "write":
                reply(by, mailbox, thread, f"Words {dice.random()}")
            case "switch":
                switch_on(by, mailbox, is_on=dice.random() < 0.8)
            case "mute":
                Entry.objects.filter(thread=thread, mailbox=mailbox).update(is_muted=dice.random() < 0.5)
            case "wait":
                now += timedelta(hours=dice.choice([1, 13, 25]))
    messages = list(thread.messages.order_by("pk"))
    for own in people:
        moments = [one.sent_at for one in messages if one.is_automatic and one.sender_id == own]
        assert all(later - earlier >= timedelta(hours=24) for earlier, later in pairwise(moments))
    for earlier, later in pairwise(messages):
        if later.is_automatic:
            assert not earlier.is_automatic
            assert earlier.sender_id != later.sender_id
    last = [one for one in messages if not one.is_automatic][-1]
    other = next(mailbox for own, (_by, mailbox) in people.items() if own != last.sender_id)
    assert entry_of(other, thread).needs_reply_since is not None
    assert [repair_tally(mailbox_id=own) for own in people] == [False, False]


@pytest.mark.parametrize(("word", "sent"), [("blockword", 0), ("holdword", 0), ("hideword", 0), ("warnword", 1)])
def test_what_the_policy_stops_is_not_sent_and_the_owner_sees_why(
    word: str,
    sent: int,
    signed_in: SignIn,
    thread: Thread,
    buyer: User,
    seller: User,
    shop: Mailbox,
    buyer_mailbox: Mailbox,
    request: pytest.FixtureRequest,
) -> None:
    """A text saved under an older policy: the buyer's message arrives all the same."""
    row = switch_on(seller, shop, texts={"en": "We are away."})
    words = AutoReplyText.objects.get(auto_reply=row)
    write_text(words, f"Quittenbrot {word}")
    words.save()
    request.getfixturevalue("watchwords")
    posted = reply(buyer, buyer_mailbox, thread, "Hello?")
    assert posted.message.state == Message.State.DELIVERED
    assert len(automatic(thread)) == sent
    page = signed_in(seller).get("/messages/replies/automatic/").content.decode()
    assert ("an automatic reply was not sent: the message rules stopped it" in page) is not bool(sent)
    row.refresh_from_db()
    assert "Quittenbrot" not in repr(vars(row))


def test_a_message_released_later_is_answered_then(
    thread: Thread,
    buyer: User,
    seller: User,
    admin: User,
    shop: Mailbox,
    buyer_mailbox: Mailbox,
    watchwords: PolicyVersion,
) -> None:
    switch_on(seller, shop)
    posted = reply(buyer, buyer_mailbox, thread, "holdword")
    assert automatic(thread) == []
    assert posted.decision is not None
    release_message(by=admin, decision=posted.decision)
    assert len(automatic(thread)) == 1


def test_a_text_that_cannot_be_read_stops_nothing(
    thread: Thread, buyer: User, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    switch_on(seller, shop)
    AutoReplyText.objects.update(text_ciphertext=b"broken")
    assert reply(buyer, buyer_mailbox, thread, "Hello?").message.state == Message.State.DELIVERED
    assert automatic(thread) == []
    assert AutoReply.objects.get().problem == AutoReply.Problem.UNREADABLE


def test_a_mailbox_without_one_is_not_even_asked(
    thread: Thread, buyer: User, buyer_mailbox: Mailbox, answer: Message
) -> None:
    with CaptureQueriesContext(connection) as asked:
        reply(buyer, buyer_mailbox, thread, "Hello?")
    assert not [one["sql"] for one in asked.captured_queries if '"replies_' in one["sql"] and "JOIN" not in one["sql"]]
