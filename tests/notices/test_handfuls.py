"""Several notices held at once: as many questions for twenty as for one, and none pays for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.notices import claims, dispatch
from messagecenter.notices.actions import choose, owe
from messagecenter.notices.dispatch import Delivered, deliver_due
from messagecenter.notices.models import Notice
from messagecenter.threads.actions import open_thread
from messagecenter.threads.models import Message
from messagecenter.threads.notifications import NEW_MESSAGE
from messagecenter.vault import keyring
from tests.factories import MailboxFactory, MembershipFactory, OrderFactory, OrderItemFactory, UserFactory
from tests.sink import Mail, Sink

pytestmark = pytest.mark.django_db
# What a worker left behind, and the claim; people, closed addresses, choices, their other notices;
# messages, who may see them, who is blocked, files; with answers by mail their addresses and keys.
TO_HOLD, TO_LOOK, WITH_ANSWERS = 3, 8, 2


def owed(person: User, count: int = 1, kind: str = "test", **fields: Any) -> list[Notice]:
    subjects = [new_id() for _ in range(count)]
    for subject in subjects:
        owe(kind=kind, subject_id=subject, recipients=[person])
    if fields:
        Notice.objects.filter(subject_id__in=subjects).update(**fields)
    return list(Notice.objects.filter(subject_id__in=subjects).order_by("pk"))


def news(count: int) -> None:
    """Let so many buyers write to a shop each, about orders of their own."""
    shop = MailboxFactory(kind=Mailbox.Kind.SHOP)
    MembershipFactory(mailbox=shop)
    for _ in range(count):
        buyer = MailboxFactory(kind=Mailbox.Kind.BUYER)
        person = MembershipFactory(mailbox=buyer).user
        order = OrderFactory(shop=shop, buyer=buyer)
        OrderItemFactory(order=order)
        open_thread(
            by=person,
            mailbox=buyer,
            order=order,
            topic="where_is_it",
            subject="About the lamp",
            body="Where is the lamp?",
            client_id=new_id(),
        )


@pytest.mark.parametrize("domain", ["", "in.shop.example"])
@pytest.mark.parametrize("count", [1, 5, 20])
def test_twenty_mails_ask_no_more_questions_than_one_but_to_be_marked(
    sink: Sink, monkeypatch: pytest.MonkeyPatch, settings: Settings, count: int, domain: str
) -> None:
    monkeypatch.setattr(dispatch, "FIRST_HANDFUL", 20)
    monkeypatch.setattr(dispatch, "LOOK_SECONDS", 60.0)  # the machine may be slow
    settings.INBOUND_DOMAIN = domain
    settings.NOTICE_LEASE_SECONDS = 60
    news(count)
    if domain:  # each address is made once
        deliver_due()
        Notice.objects.update(state="due", sent_at=None, attempts=0)
        sink.mails.clear()
    keyring.forget_everything()
    with CaptureQueriesContext(connection) as captured:
        assert deliver_due(limit=count) == Delivered(sent=count)
    asked = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) == TO_HOLD + TO_LOOK + (WITH_ANSWERS if domain else 0) + count, asked
    assert len(sink.mails) == count


def test_a_handful_gives_back_what_it_has_no_time_for(sink: Sink, reader: User) -> None:
    """A mail takes a quarter of the lease: the others go back as if nobody had held them."""

    async def slow(server: SMTP, mail: Mail) -> str:
        await asyncio.sleep(0.8)
        return "250 OK"

    sink.on_data = slow
    owed(reader, 4)
    assert deliver_due(stopping=lambda: len(sink.mails) == 1) == Delivered(sent=1)
    left = [("due", 0), ("due", 0), ("due", 0), ("sent", 1)]
    assert sorted(Notice.objects.values_list("state", "attempts")) == left
    assert set(Notice.objects.values_list("lease_until", flat=True)) == {None}

    assert deliver_due() == Delivered(sent=3)
    assert set(Notice.objects.values_list("state", "attempts")) == {("sent", 1)}
    assert len(sink.transmitted) == 4


def test_a_slow_mail_server_is_given_one_mail_at_a_time(
    sink: Sink, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(server: SMTP, mail: Mail) -> str:
        await asyncio.sleep(0.8)
        return "250 OK"

    sizes: list[int] = []
    claim = claims.claim

    def counted(most: int) -> list[Notice]:
        sizes.append(most)
        return claim(most)

    monkeypatch.setattr(dispatch, "claim", counted)
    sink.on_data = slow
    owed(reader, 3)
    assert deliver_due() == Delivered(sent=3)
    assert sizes == [5, 1, 1, 1]


def test_what_is_stopped_while_others_of_its_handful_go_out_is_not_told(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found out counts for a second: here for none."""
    monkeypatch.setattr(dispatch, "LOOK_SECONDS", 0.0)
    people = [User.objects.create_user(f"{name}@reader.example") for name in ("anna", "berta", "clara", "dora")]
    for person in people:
        owed(person, kind="test-news")

    def meanwhile() -> bool:
        if len(sink.mails) == 1:
            choose(by=people[1], timings={("message", "email"): "off"})
            User.objects.filter(pk=people[2].pk).update(is_active=False)
            User.objects.filter(pk=people[3].pk).update(email="dora@elsewhere.example")
        return False

    assert deliver_due(stopping=meanwhile) == Delivered(sent=2, skipped=2)
    assert [mail.to[0] for mail in sink.mails] == ["anna@reader.example", "dora@elsewhere.example"]


def test_an_address_that_is_refused_gets_no_second_mail_of_the_same_handful(sink: Sink, reader: User) -> None:
    async def unknown(server: SMTP, address: str) -> str:
        return "550 5.1.1 no such user"

    sink.on_rcpt = unknown
    owed(reader, 3)
    assert deliver_due() == Delivered(failed=1, skipped=2)
    assert set(Notice.objects.filter(state="skipped").values_list("reason", flat=True)) == {"the address takes no mail"}


def test_a_kind_that_cannot_be_looked_at_takes_no_other_down(sink: Sink, reader: User) -> None:
    [blind] = owed(reader, kind="test-blind")
    owed(reader, 3)
    assert deliver_due() == Delivered(sent=3, retried=1)
    blind.refresh_from_db()
    assert (blind.state, blind.reason) == ("due", "cannot be rendered (ValueError)")


def test_what_ended_its_worker_is_held_alone(reader: User) -> None:
    """It may be what killed it: nobody else is to wait for the end of its lease again."""
    killers = owed(reader, 2, state="sending", attempts=1, lease_until=Now() - timedelta(seconds=1))
    others = owed(reader, 2)
    assert claims.put_back_expired() == 2
    handfuls = []
    while held := claims.claim(20):
        handfuls.append([notice.pk for notice in held])
    assert sorted(handfuls, key=len) == [[killers[0].pk], [killers[1].pk], [notice.pk for notice in others]]


def test_a_handful_holds_one_of_each_thread(sink: Sink, reader: User) -> None:
    """The next of a thread follows once the one before it is settled, and not while that is being sent."""
    thread = new_id()
    choose(by=reader, timings={("message", "email"): "at_once"})
    for _ in range(3):
        owe(kind="test-news", subject_id=new_id(), recipients=[reader], group_id=thread)
    owe(kind="test-news", subject_id=new_id(), recipients=[reader], group_id=new_id())
    held = claims.claim(20)
    assert len(held) == 2
    assert claims.claim(20) == []  # what follows is left to who is at the one before it
    claims.give_back(held)

    assert deliver_due() == Delivered(sent=4)
    told = [mail.text.strip() for mail in sink.mails if mail.message["References"] == f"<thread-{thread}@localhost>"]
    expected = Notice.objects.filter(group_id=thread).order_by("pk").values_list("subject_id", flat=True)
    assert told == [str(subject) for subject in expected]


def test_a_summary_takes_along_what_was_held_beside_it(sink: Sink, reader: User) -> None:
    choose(by=reader, timings={("message", "email"): "daily"})
    owed(reader, 4, kind="test-news", created_at=Now() - timedelta(days=2))
    assert deliver_due() == Delivered(sent=1)
    assert len(sink.mails) == 1
    assert set(Notice.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_summary_is_made_before_what_was_held_with_it(
    sink: Sink, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it waited its turn, another worker could have begun a second one with the rest of the day."""
    monkeypatch.setattr(dispatch, "FIRST_HANDFUL", 20)
    owed(UserFactory(), 3)
    choose(by=reader, timings={("message", "email"): "daily"})
    owed(reader, 3, kind="test-news", created_at=Now() - timedelta(days=2))
    assert deliver_due() == Delivered(sent=4)
    assert [mail.message["To"] == reader.email for mail in sink.mails] == [True, False, False, False]


def test_a_late_worker_gives_nothing_back_that_is_held_by_another(reader: User) -> None:
    owed(reader)
    slow = claims.claim(20)
    Notice.objects.update(lease_until=Now() - timedelta(seconds=1))
    claims.put_back_expired()
    [quick] = claims.claim(20)
    claims.give_back(slow)
    quick.refresh_from_db()
    assert (quick.state, quick.attempts) == ("sending", 2)


def test_what_is_held_when_the_database_fails_is_due_again(sink: Sink, reader: User) -> None:
    """It does not wait for the end of its lease, a minute later."""

    def fails(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "accounts_user" in sql:
            raise OperationalError("the server closed the connection")
        return run(sql, params, many, context)

    owed(reader, 3)
    with connection.execute_wrapper(fails), pytest.raises(OperationalError):
        deliver_due()
    assert set(Notice.objects.values_list("state", "attempts", "lease_until")) == {("due", 0, None)}
    assert deliver_due() == Delivered(sent=3)


def test_messages_are_told_in_one_look(sink: Sink) -> None:
    news(3)
    assert deliver_due() == Delivered(sent=3)
    assert Notice.objects.filter(kind=NEW_MESSAGE, state="sent").count() == Message.objects.count()
