"""Blocking the other side of a thread: the pages, who may, and what the blocked one sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.policy.models import BlockedSender
from messagecenter.threads.actions import open_thread, post_message
from messagecenter.threads.models import Entry, Message, Thread
from messagecenter.threads.refused import SenderBlocked
from orders.models import Order
from tests.factories import MailboxFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NEUTRAL = "You cannot write to this mailbox at the moment."


def url_of(name: str, thread: Thread) -> str:
    return reverse(f"threads:{name}", args=[thread.pk])


@pytest.fixture
def chat(order: Order, buyer: User, seller: User, buyer_mailbox: Mailbox, shop: Mailbox) -> Thread:
    """A thread that completes nothing, with a word from each side."""
    thread = open_thread(
        by=buyer,
        mailbox=buyer_mailbox,
        order=order,
        topic="buyer_other",
        subject="Zimtstern subject",
        body="Where is my Flügelhorn lamp?",
        client_id=new_id(),
    ).thread
    post_message(by=seller, mailbox=shop, thread=thread, body="Quittenbrot", client_id=new_id())
    return thread


def test_page_explains_and_only_the_button_blocks(
    signed_in: SignIn, chat: Thread, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    browser = signed_in(seller)
    assert url_of("block", chat) in browser.get(url_of("detail", chat)).content.decode()
    page = browser.get(url_of("block", chat)).content.decode()
    assert "Block Anna M.?" in page
    assert "messages needed to complete it still arrive" in page
    assert BlockedSender.objects.count() == 0
    for _time in range(2):
        assert browser.post(url_of("block", chat)).headers["Location"] == url_of("detail", chat)
    row = BlockedSender.objects.get()
    assert (row.mailbox, row.sender, row.made_by) == (shop, buyer_mailbox, seller)
    shown = browser.get(url_of("detail", chat)).content.decode()
    assert url_of("unblock", chat) in shown
    assert url_of("block", chat) not in shown


def test_blocked_sender_is_told_so_neutrally_before_and_after_writing(
    signed_in: SignIn, chat: Thread, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    browser, fields = signed_in(buyer), {"body": "Walnussöl", "client_id": new_id()}
    assert b'name="body"' in browser.get(url_of("detail", chat)).content
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    page = browser.get(url_of("detail", chat)).content.decode()
    assert NEUTRAL in page
    assert 'name="body"' not in page
    assert "Sender blocked" not in page
    for headers in ({}, {"HX-Request": "true", "HX-Target": "composer"}):
        answer = browser.post(url_of("reply", chat), fields, headers=headers)
        assert answer.status_code == 409
        assert NEUTRAL in answer.content.decode()
        assert "Walnussöl" in answer.content.decode()
    assert chat.messages.count() == 2


def test_blocked_sender_cannot_open_another_thread(
    signed_in: SignIn, chat: Thread, order: Order, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    browser = signed_in(buyer)
    page = browser.get(f"/messages/new/?order={order.number}").content.decode()
    assert NEUTRAL in page
    assert '<option value="buyer_other" disabled>' in page
    assert '<option value="not_received">' in page
    fields = {"subject": "s", "body": "Walnussöl", "client_id": new_id()}
    answer = browser.post(f"/messages/new/?order={order.number}", fields | {"topic": "buyer_other"})
    assert (answer.status_code, Thread.objects.count()) == (409, 1)
    assert NEUTRAL in answer.content.decode()
    assert "Walnussöl" in answer.content.decode()
    through = browser.post(f"/messages/new/?order={order.number}", fields | {"topic": "not_received"})
    assert (through.status_code, Thread.objects.count()) == (302, 2)


def test_nothing_of_a_blocked_sender_arrives(
    chat: Thread, order: Order, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    """No message, no entry, no counter moves, whichever way the words came."""
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    before = list(Entry.objects.order_by("pk").values())
    with pytest.raises(SenderBlocked):
        post_message(by=buyer, mailbox=buyer_mailbox, thread=chat, body="b", client_id=new_id())
    with pytest.raises(SenderBlocked):
        open_thread(
            by=buyer,
            mailbox=buyer_mailbox,
            order=order,
            topic="product_question",
            subject="s",
            body="b",
            client_id=new_id(),
        )
    assert list(Entry.objects.order_by("pk").values()) == before
    assert (Thread.objects.count(), Message.objects.count()) == (1, 2)


def test_repeat_of_what_was_sent_before_the_block_still_answers(
    chat: Thread, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    write = {"by": buyer, "mailbox": buyer_mailbox, "thread": chat, "body": "b", "client_id": new_id()}
    first = post_message(**write)
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    assert post_message(**write).message == first.message


def test_order_thread_lets_needed_messages_through(
    signed_in: SignIn, thread: Thread, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    browser = signed_in(buyer)
    assert 'name="body"' in browser.get(url_of("detail", thread)).content.decode()
    answer = browser.post(url_of("reply", thread), {"body": "Still nothing here", "client_id": new_id()})
    assert (answer.status_code, thread.messages.count()) == (302, 2)


def test_who_blocked_can_write_and_stays_unheard(
    signed_in: SignIn, chat: Thread, seller: User, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    answer = signed_in(seller).post(url_of("reply", chat), {"body": "Last word", "client_id": new_id()})
    assert (answer.status_code, chat.messages.count(), BlockedSender.objects.count()) == (302, 3, 1)
    with pytest.raises(SenderBlocked):
        post_message(by=buyer, mailbox=buyer_mailbox, thread=chat, body="b", client_id=new_id())


def test_unblocking_in_the_thread_lets_both_write(
    signed_in: SignIn, chat: Thread, seller: User, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    BlockedSender.objects.create(mailbox=buyer_mailbox, sender=shop)
    browser = signed_in(seller)
    for _time in range(2):
        assert browser.post(url_of("unblock", chat)).status_code == 302
    assert [(row.mailbox, row.sender) for row in BlockedSender.objects.all()] == [(buyer_mailbox, shop)]
    post_message(by=buyer, mailbox=buyer_mailbox, thread=chat, body="b", client_id=new_id())


@pytest.mark.parametrize("name", ["block", "unblock"])
def test_only_who_takes_part_and_may_write(
    signed_in: SignIn, chat: Thread, viewer: User, other_seller: User, other_buyer: User, supporter: User, name: str
) -> None:
    """A viewer is 403; for strangers a foreign thread is as missing as one that never was."""
    kept = BlockedSender.objects.create(mailbox=chat.entries.first().other, sender=chat.entries.first().mailbox)
    assert signed_in(viewer).post(url_of(name, chat)).status_code == 403
    if name == "block":
        assert signed_in(viewer).get(url_of(name, chat)).status_code == 403
    for stranger in (other_seller, other_buyer, supporter):
        browser = signed_in(stranger)
        foreign = browser.post(url_of(name, chat))
        missing = browser.post(reverse(f"threads:{name}", args=[new_id()]))
        assert (foreign.status_code, missing.status_code) == (404, 404)
    assert list(BlockedSender.objects.all()) == [kept]
    assert 'href="' + url_of("block", chat) not in signed_in(viewer).get(url_of("detail", chat)).content.decode()


def test_get_never_unblocks(
    signed_in: SignIn, chat: Thread, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    row = BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    browser = signed_in(seller)
    assert browser.get(url_of("unblock", chat)).status_code == 405
    assert browser.get(reverse("threads:blocked_undo", args=[row.pk])).status_code == 405
    assert BlockedSender.objects.count() == 1


def test_support_cannot_be_blocked(signed_in: SignIn, chat: Thread, seller: User, shop: Mailbox) -> None:
    support = MailboxFactory(kind=Mailbox.Kind.SUPPORT, name="Help")
    Entry.objects.filter(thread=chat, mailbox=shop).update(other=support)
    browser = signed_in(seller)
    assert url_of("block", chat) not in browser.get(url_of("detail", chat)).content.decode()
    page = browser.post(url_of("block", chat), follow=True).content.decode()
    assert "Support cannot be blocked" in page
    assert BlockedSender.objects.count() == 0


# --- The list --------------------------------------------------------------------------------------------------------


def test_list_shows_ones_own_blocks_and_undoes_them(
    signed_in: SignIn, seller: User, buyer: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    mine = BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox, made_by=seller)
    BlockedSender.objects.create(mailbox=shop, sender=MailboxFactory(name="Kunde Lästig"))
    BlockedSender.objects.create(mailbox=MailboxFactory(), sender=MailboxFactory(name="Somebody Else"))
    browser = signed_in(seller)
    assert '"/messages/blocked/"' in browser.get("/accounts/").content.decode()
    page = browser.get("/messages/blocked/").content.decode()
    assert "Anna M." in page
    assert "Kunde Lästig" in page
    assert "Somebody Else" not in page
    assert "Selma Lampe" in page
    assert signed_in(buyer).get("/messages/blocked/").content.decode().count("team-member") == 0
    assert browser.post(reverse("threads:blocked_undo", args=[mine.pk])).headers["Location"] == "/messages/blocked/"
    assert BlockedSender.objects.filter(pk=mine.pk).count() == 0
    assert BlockedSender.objects.count() == 2


def test_undoing_is_for_ones_own_mailbox_only(
    signed_in: SignIn,
    buyer: User,
    viewer: User,
    other_seller: User,
    seller: User,
    shop: Mailbox,
    buyer_mailbox: Mailbox,
) -> None:
    """The blocked one and strangers find nothing; who only reads for the shop may not."""
    row = BlockedSender.objects.create(mailbox=shop, sender=buyer_mailbox)
    url = reverse("threads:blocked_undo", args=[row.pk])
    assert [signed_in(one).post(url).status_code for one in (buyer, other_seller, viewer)] == [404, 404, 403]
    assert signed_in(seller).post(reverse("threads:blocked_undo", args=[new_id()])).status_code == 404
    assert url not in signed_in(viewer).get("/messages/blocked/").content.decode()
    assert BlockedSender.objects.count() == 1


def test_list_is_read_in_pages_with_a_fixed_number_of_questions(
    signed_in: SignIn, seller: User, shop: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messagecenter.threads.blocking.PAGE_BLOCKED", 3)
    BlockedSender.objects.create(mailbox=shop, sender=MailboxFactory(name="First"), made_by=seller)
    browser = signed_in(seller)

    def page(url: str) -> tuple[str, int]:
        with CaptureQueriesContext(connection) as captured:
            shown = browser.get(url).content.decode()
        return shown, len(captured)

    page("/messages/blocked/")
    _shown, one = page("/messages/blocked/")
    for number in range(4):
        BlockedSender.objects.create(mailbox=shop, sender=MailboxFactory(name=f"Later {number}"), made_by=seller)
    shown, many = page("/messages/blocked/")
    assert one == many
    assert "First" not in shown
    third = BlockedSender.objects.order_by("-pk")[2]
    assert f"?before={third.pk}" in shown
    older, _number = page(f"/messages/blocked/?before={third.pk}")
    assert "First" in older
    assert "Later 3" not in older
    assert page("/messages/blocked/?before=nonsense")[0].count("team-member") == 3
