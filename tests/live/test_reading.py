"""What a reader has missed, in which order numbers appear, and who may ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.ids import new_id
from messagecenter.live.access import Reader, readers
from messagecenter.live.actions import announce
from messagecenter.live.hub import QUEUE_EVENTS, Listener
from messagecenter.live.models import Event
from messagecenter.live.reading import cursor_from, missed
from messagecenter.live.tail import PATIENCE_SECONDS, Tail, position
from messagecenter.live.tasks import forget_old_events

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def event(number: int, mailbox: Mailbox, minutes_old: float = 0.0) -> Event:
    made = timezone.now() - timedelta(minutes=minutes_old)
    return Event.objects.create(pk=number, mailbox_id=mailbox.pk, kind="message", thread_id=new_id(), created_at=made)


def test_announce_records_ids_only_once_a_mailbox(shop: Mailbox, buyer_mailbox: Mailbox) -> None:
    thread_id, message_id = new_id(), new_id()
    announce(
        kind="message", mailbox_ids=[shop.pk, buyer_mailbox.pk, shop.pk], thread_id=thread_id, message_id=message_id
    )
    told = Event.objects.values_list("kind", "thread_id", "message_id")
    assert list(told) == [("message", thread_id, message_id)] * 2
    assert set(Event.objects.values_list("mailbox_id", flat=True)) == {shop.pk, buyer_mailbox.pk}


def test_changes_tells_only_of_own_mailboxes(
    seller: User, shop: Mailbox, buyer_mailbox: Mailbox, signed_in: SignIn
) -> None:
    event(100, shop)
    mine, foreign = event(101, shop), event(102, buyer_mailbox)
    answer = signed_in(seller).get("/live/changes/?after=100")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "last": foreign.pk,
        "events": [
            {
                "id": 101,
                "kind": "message",
                "mailbox": str(shop.pk),
                "thread": str(mine.thread_id),
                "message": None,
            }
        ],
    }


@pytest.mark.parametrize("after", ["", "abc", "-1", "1e3", "²", "9" * 19, "9" * 40])
def test_a_cursor_that_is_none_gives_the_present_position(
    seller: User, shop: Mailbox, signed_in: SignIn, after: str
) -> None:
    event(7, shop)
    assert signed_in(seller).get("/live/changes/", {"after": after}).json() == {"last": 7, "events": []}


@pytest.mark.parametrize("path", ["/live/changes/", "/live/stream/"])
def test_anonymous_gets_401_without_a_redirect(client: Client, shop: Mailbox, path: str) -> None:
    event(7, shop)
    answer = client.get(path, {"after": "0"})
    assert (answer.status_code, answer.json()) == (401, {"error": "Please sign in."})
    assert client.post(path).status_code == 405


def test_the_stream_without_asgi_tells_what_was_missed_and_ends(seller: User, shop: Mailbox, signed_in: SignIn) -> None:
    event(6, shop)
    event(7, shop)
    answer = signed_in(seller).get("/live/stream/", headers={"Last-Event-ID": "6"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    told = [json.loads(line[6:]) for line in answer.content.decode().splitlines() if line.startswith("data: ")]
    assert [(one["id"], one["kind"]) for one in told] == [(7, "message"), (7, "hello")]


def test_too_many_or_forgotten_or_future_events_mean_reload(shop: Mailbox) -> None:
    for number in range(10, 512):
        event(number, shop)
    reload = [{"id": 511, "kind": "reload"}]
    assert missed([shop.pk], 10).as_data() == reload
    assert len(missed([shop.pk], 11).events) == 500
    assert missed([shop.pk], 8).as_data() == reload
    assert missed([shop.pk], 512).as_data() == reload
    assert missed([shop.pk], 511).as_data() == []


def test_cursor_from_takes_only_plain_numbers() -> None:
    assert [cursor_from(text) for text in ("12", "0", "", "x", "-3", "1.5", "１２", "9" * 20)] == [12, 0, *[None] * 6]


def test_a_young_gap_holds_the_cursor_back_and_an_old_one_does_not(shop: Mailbox) -> None:
    event(10, shop, minutes_old=5)
    event(12, shop, minutes_old=4)
    assert position() == (12, [])
    event(13, shop)
    event(16, shop)
    assert position() == (16, [14, 15])
    assert missed([shop.pk], None).cursor == 13


def test_tail_delivers_an_event_that_commits_late_once(shop: Mailbox) -> None:
    event(10, shop)
    tail = Tail(*position(), now=0.0)
    first = event(12, shop)
    assert tail.take(tail.unread(), 1.0) == [first]
    assert tail.cursor == 10
    late = event(11, shop)
    assert tail.take(tail.unread(), 2.0) == [late]
    assert (tail.cursor, tail.take(tail.unread(), 3.0)) == (12, [])


def test_tail_gives_up_on_a_rolled_back_number(shop: Mailbox) -> None:
    event(10, shop)
    tail = Tail(*position(), now=0.0)
    event(12, shop)
    tail.take(tail.unread(), 1.0)
    tail.take(tail.unread(), 1.0 + PATIENCE_SECONDS - 0.1)
    assert tail.cursor == 10
    tail.take(tail.unread(), 1.0 + PATIENCE_SECONDS)
    assert tail.cursor == 12


def test_forget_old_events_keeps_a_day_and_the_newest(shop: Mailbox) -> None:
    event(1, shop, minutes_old=25 * 60)
    event(2, shop, minutes_old=23 * 60)
    event(3, shop, minutes_old=26 * 60)
    assert forget_old_events() == 1
    assert list(Event.objects.order_by("pk").values_list("pk", flat=True)) == [2, 3]


def session_key(client: Client) -> str:
    return str(client.session.session_key)


def test_readers_names_the_mailboxes_of_living_sessions(
    seller: User, agent: User, shop: Mailbox, signed_in: SignIn
) -> None:
    keys = [session_key(signed_in(person)) for person in (seller, agent)]
    found = readers([*keys, "unknown"])
    assert found == {
        keys[0]: Reader(seller.pk, frozenset({shop.pk})),
        keys[1]: Reader(agent.pk, frozenset({shop.pk})),
    }


def test_readers_leaves_out_who_lost_the_right(seller: User, agent: User, viewer: User, signed_in: SignIn) -> None:
    browsers = {person: signed_in(person) for person in (seller, agent, viewer)}
    keys = {person: session_key(browser) for person, browser in browsers.items()}
    browsers[seller].logout()
    User.objects.filter(pk=agent.pk).update(is_active=False)
    viewer.set_password("another pass phrase")
    viewer.save(update_fields=["password"])
    assert readers(list(keys.values())) == {}


def test_readers_follows_memberships(seller: User, shop: Mailbox, signed_in: SignIn) -> None:
    key = session_key(signed_in(seller))
    Membership.objects.filter(user=seller, mailbox=shop).delete()
    assert readers([key]) == {key: Reader(seller.pk, frozenset())}


def test_readers_takes_three_queries_for_many(
    seller: User, agent: User, signed_in: SignIn, django_assert_num_queries: Callable[..., object]
) -> None:
    keys = [session_key(signed_in(person)) for person in (seller, agent, seller, agent)]
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        assert len(readers(keys)) == 4


def test_a_listener_too_slow_for_its_queue_is_ended(shop: Mailbox) -> None:
    one = event(1, shop)

    async def fill() -> object:
        listener = Listener("key", Reader(new_id(), frozenset({shop.pk})))
        for _ in range(QUEUE_EVENTS + 1):
            listener.offer(one, 1)
        return await listener.next()

    assert asyncio.run(fill()) is None
