"""Opening, posting, reading, closing: what each leaves behind, and what it refuses."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from messagecenter.notices.models import Notice, Preference
from messagecenter.threads import actions, refused
from messagecenter.threads.models import Disclosure, Entry, Message, Tally, Thread
from messagecenter.threads.words import read_body, read_snippet, read_subject
from orders.models import Order
from tests.factories import OrderFactory, ProductFactory


def entry_of(thread: Thread, mailbox: Mailbox) -> Entry:
    return Entry.objects.get(thread=thread, mailbox=mailbox)


def tally_of(mailbox: Mailbox) -> tuple[int, int]:
    tally = Tally.objects.filter(pk=mailbox.pk).first()
    return (tally.unread, tally.needs_reply) if tally else (0, 0)


def test_open_thread_gives_both_sides_an_entry(thread: Thread, buyer_mailbox: Mailbox, shop: Mailbox) -> None:
    asking, asked = entry_of(thread, buyer_mailbox), entry_of(thread, shop)
    assert (asking.unread, asking.needs_reply_since, asking.other) == (0, None, shop)
    assert (asked.unread, asked.needs_reply_since is not None, asked.other) == (1, True, buyer_mailbox)
    assert asking.last_sent_at == asking.last_message_at
    assert asked.last_sent_at is None
    assert (tally_of(buyer_mailbox), tally_of(shop)) == ((0, 0), (1, 1))


def test_open_thread_stores_ciphertext_that_reads_back(thread: Thread) -> None:
    thread.refresh_from_db()
    message = thread.messages.get()
    assert read_subject(thread) == "Zimtstern subject"
    assert read_body(message) == "Where is my Flügelhorn lamp?"
    assert read_snippet(thread) == "Where is my Flügelhorn lamp?"
    assert b"Zimtstern" not in bytes(thread.subject_ciphertext)
    assert "Flügelhorn".encode() not in bytes(message.body_ciphertext)


def test_open_thread_owes_a_notice_to_each_person_of_the_other_side(
    order: Order, buyer: User, buyer_mailbox: Mailbox, seller: User, agent: User, viewer: User, other_seller: User
) -> None:
    Preference.objects.create(person=viewer, topic="message", channel="email", timing="off")
    posted = actions.open_thread(
        by=buyer, mailbox=buyer_mailbox, order=order, topic="where_is_it", subject="s", body="b", client_id=new_id()
    )
    told = Notice.objects.filter(subject_id=posted.message.pk)
    assert {notice.recipient for notice in told} == {seller, agent}


def test_post_message_moves_both_entries(
    thread: Thread, answer: Message, buyer_mailbox: Mailbox, shop: Mailbox
) -> None:
    asking, asked = entry_of(thread, buyer_mailbox), entry_of(thread, shop)
    assert (asking.unread, asking.needs_reply_since is not None) == (1, True)
    assert (asked.unread, asked.needs_reply_since, asked.last_sent_at) == (0, None, answer.sent_at)
    assert (tally_of(buyer_mailbox), tally_of(shop)) == ((1, 1), (0, 0))


def test_post_message_keeps_the_first_unanswered_moment(
    thread: Thread, buyer: User, buyer_mailbox: Mailbox, shop: Mailbox
) -> None:
    first = entry_of(thread, shop).needs_reply_since
    actions.post_message(by=buyer, mailbox=buyer_mailbox, thread=thread, body="Hello?", client_id=new_id())
    asked = entry_of(thread, shop)
    assert (asked.unread, asked.needs_reply_since) == (2, first)
    assert tally_of(shop) == (1, 1)


def test_post_message_twice_with_one_client_id_is_one_message(thread: Thread, seller: User, shop: Mailbox) -> None:
    client_id = new_id()
    first, second = (
        actions.post_message(by=seller, mailbox=shop, thread=thread, body="Tomorrow.", client_id=client_id)
        for _repeat in range(2)
    )
    assert (first.message, first.repeated, second.repeated) == (second.message, False, True)
    assert thread.messages.filter(sender=shop).count() == 1
    assert Notice.objects.filter(subject_id=first.message.pk).count() == 1


def test_post_message_other_words_under_a_used_client_id_are_refused(
    thread: Thread, seller: User, shop: Mailbox
) -> None:
    client_id = new_id()
    actions.post_message(by=seller, mailbox=shop, thread=thread, body="Tomorrow.", client_id=client_id)
    with pytest.raises(refused.AlreadySent):
        actions.post_message(by=seller, mailbox=shop, thread=thread, body="Never.", client_id=client_id)
    assert thread.messages.filter(sender=shop).count() == 1


def test_open_thread_twice_with_one_client_id_is_one_thread(order: Order, buyer: User, buyer_mailbox: Mailbox) -> None:
    client_id = new_id()
    first, second = (
        actions.open_thread(
            by=buyer,
            mailbox=buyer_mailbox,
            order=order,
            topic="where_is_it",
            subject="s",
            body="b",
            client_id=client_id,
        )
        for _repeat in range(2)
    )
    assert (first.thread, first.message, second.repeated) == (second.thread, second.message, True)
    assert Thread.objects.count() == 1


def test_open_thread_client_id_for_other_words_is_refused(order: Order, buyer: User, buyer_mailbox: Mailbox) -> None:
    client_id = new_id()
    for subject, expected in (("one", None), ("two", refused.AlreadySent)):
        write = {
            "by": buyer,
            "mailbox": buyer_mailbox,
            "order": order,
            "topic": "where_is_it",
            "subject": subject,
            "body": "b",
            "client_id": client_id,
        }
        if expected:
            with pytest.raises(expected):
                actions.open_thread(**write)
        else:
            actions.open_thread(**write)


@pytest.mark.parametrize("body", ["", "  \n ", "\u200b\u2060", "x" * 10_001, "a\x00b"])
def test_post_message_refuses_texts_that_are_none(thread: Thread, seller: User, shop: Mailbox, body: str) -> None:
    with pytest.raises(ValidationError):
        actions.post_message(by=seller, mailbox=shop, thread=thread, body=body, client_id=new_id())
    assert thread.messages.count() == 1


def test_post_message_counts_a_line_end_as_one_character(thread: Thread, seller: User, shop: Mailbox) -> None:
    body = "x\r\n" * 4_999 + "yz"
    posted = actions.post_message(by=seller, mailbox=shop, thread=thread, body=body, client_id=new_id())
    assert read_body(posted.message) == "x\n" * 4_999 + "yz"


def test_viewer_cannot_write(thread: Thread, viewer: User, shop: Mailbox) -> None:
    with pytest.raises(PermissionDenied):
        actions.post_message(by=viewer, mailbox=shop, thread=thread, body="Hi", client_id=new_id())
    for change in (actions.close_thread, actions.mark_no_response_needed):
        with pytest.raises(PermissionDenied):
            change(by=viewer, mailbox=shop, thread=thread)
    assert entry_of(thread, shop).needs_reply_since is not None


def test_stranger_cannot_write(thread: Thread, other_seller: User) -> None:
    foreign = other_seller.memberships.get().mailbox
    with pytest.raises(PermissionDenied):
        actions.post_message(by=other_seller, mailbox=foreign, thread=thread, body="Hi", client_id=new_id())
    assert thread.messages.count() == 1


def test_removed_member_cannot_write(thread: Thread, agent: User, shop: Mailbox) -> None:
    Membership.objects.filter(user=agent).delete()
    with pytest.raises(PermissionDenied):
        actions.post_message(by=agent, mailbox=shop, thread=thread, body="Hi", client_id=new_id())


def test_open_thread_about_a_foreign_order_is_refused(order: Order, other_buyer: User) -> None:
    foreign = other_buyer.memberships.get().mailbox
    with pytest.raises(PermissionDenied):
        actions.open_thread(
            by=other_buyer, mailbox=foreign, order=order, topic="where_is_it", subject="s", body="b", client_id=new_id()
        )
    assert Thread.objects.count() == 0


def test_open_thread_topic_must_fit_asker_and_state(order: Order, seller: User, shop: Mailbox) -> None:
    with pytest.raises(refused.TopicNotOffered):
        actions.open_thread(
            by=seller, mailbox=shop, order=order, topic="where_is_it", subject="s", body="b", client_id=new_id()
        )
    assert Thread.objects.count() == 0


def test_open_thread_without_a_buyer_address_is_refused(seller: User, shop: Mailbox) -> None:
    order = OrderFactory(shop=shop, buyer=None)
    with pytest.raises(refused.NoBuyer):
        actions.open_thread(
            by=seller, mailbox=shop, order=order, topic="invoice", subject="s", body="b", client_id=new_id()
        )


def test_inquiry_reaches_the_shop(buyer: User, buyer_mailbox: Mailbox, seller: User, shop: Mailbox) -> None:
    product = ProductFactory(shop=shop)
    posted = actions.open_thread(
        by=buyer, mailbox=buyer_mailbox, product=product, topic="details", subject="s", body="b", client_id=new_id()
    )
    assert (posted.thread.kind, posted.thread.order) == (Thread.Kind.INQUIRY, None)
    assert entry_of(posted.thread, shop).unread == 1


def test_mark_read_clears_only_the_own_side(
    thread: Thread, answer: Message, buyer: User, buyer_mailbox: Mailbox, shop: Mailbox
) -> None:
    actions.mark_read(by=buyer, entry=entry_of(thread, buyer_mailbox), up_to=answer.pk)
    assert entry_of(thread, buyer_mailbox).unread == 0
    assert tally_of(buyer_mailbox) == (0, 1)
    actions.mark_read(by=buyer, entry=entry_of(thread, buyer_mailbox), up_to=answer.pk)
    assert tally_of(buyer_mailbox) == (0, 1)


def test_mark_read_leaves_what_came_after_unread(
    thread: Thread, buyer: User, buyer_mailbox: Mailbox, seller: User, shop: Mailbox
) -> None:
    shown = thread.messages.get()
    for body in ("One more thing.", "And another."):
        actions.post_message(by=buyer, mailbox=buyer_mailbox, thread=thread, body=body, client_id=new_id())
    actions.mark_read(by=seller, entry=entry_of(thread, shop), up_to=shown.pk)
    assert (entry_of(thread, shop).unread, tally_of(shop)) == (2, (1, 1))


def test_author_on_both_sides_gets_no_mail_about_the_own_message(
    order: Order, buyer: User, buyer_mailbox: Mailbox, seller: User, shop: Mailbox
) -> None:
    Membership.objects.create(user=buyer, mailbox=shop, role="agent")
    posted = actions.open_thread(
        by=buyer, mailbox=buyer_mailbox, order=order, topic="where_is_it", subject="s", body="b", client_id=new_id()
    )
    assert [notice.recipient for notice in Notice.objects.filter(subject_id=posted.message.pk)] == [seller]


def test_open_thread_client_id_for_another_order_is_refused(order: Order, buyer: User, buyer_mailbox: Mailbox) -> None:
    client_id, other = new_id(), OrderFactory(buyer=buyer_mailbox, number=order.number)
    write = {"by": buyer, "mailbox": buyer_mailbox, "topic": "where_is_it", "subject": "s", "body": "b"}
    actions.open_thread(**write, order=order, client_id=client_id)
    with pytest.raises(refused.AlreadySent):
        actions.open_thread(**write, order=other, client_id=client_id)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite writes one after the other")
def test_message_that_waited_for_a_close_is_refused(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox
) -> None:
    started = threading.Event()

    def post() -> str:
        started.set()
        try:
            actions.post_message(by=seller, mailbox=shop, thread=thread, body="Late", client_id=new_id())
        except refused.ThreadClosed:
            return "closed"
        finally:
            connection.close()
        return "posted"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            actions.close_thread(by=buyer, mailbox=buyer_mailbox, thread=thread)
            waiting = pool.submit(post)
            started.wait(10)
            time.sleep(0.5)
        assert waiting.result(10) == "closed"
    assert thread.messages.count() == 1


def test_mark_read_by_a_viewer_changes_nothing(thread: Thread, viewer: User, shop: Mailbox) -> None:
    actions.mark_read(by=viewer, entry=entry_of(thread, shop), up_to=new_id())
    assert (entry_of(thread, shop).unread, tally_of(shop)) == (1, (1, 1))


def test_no_response_needed_stops_the_wait_of_one_side(
    thread: Thread, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    actions.mark_no_response_needed(by=seller, mailbox=shop, thread=thread)
    assert (entry_of(thread, shop).needs_reply_since, tally_of(shop)) == (None, (1, 0))
    heard = Event.objects.filter(kind="thread").values_list("mailbox_id", flat=True)
    assert list(heard) == [shop.pk]


def test_closed_thread_takes_no_message_until_reopened(thread: Thread, seller: User, shop: Mailbox) -> None:
    actions.close_thread(by=seller, mailbox=shop, thread=thread)
    assert tally_of(shop) == (1, 0)
    with pytest.raises(refused.ThreadClosed):
        actions.post_message(by=seller, mailbox=shop, thread=thread, body="Hi", client_id=new_id())
    actions.reopen_thread(by=seller, mailbox=shop, thread=thread)
    actions.post_message(by=seller, mailbox=shop, thread=thread, body="Hi", client_id=new_id())
    assert thread.messages.count() == 2


def test_repeat_of_a_sent_message_is_answered_although_closed(thread: Thread, seller: User, shop: Mailbox) -> None:
    client_id = new_id()
    first = actions.post_message(by=seller, mailbox=shop, thread=thread, body="Hi", client_id=client_id)
    actions.close_thread(by=seller, mailbox=shop, thread=thread)
    again = actions.post_message(by=seller, mailbox=shop, thread=thread, body="Hi", client_id=client_id)
    assert (again.message, again.repeated) == (first.message, True)


def test_repair_tally_corrects_a_drift(thread: Thread, shop: Mailbox) -> None:
    Tally.objects.filter(pk=shop.pk).update(unread=17, needs_reply=-3)
    assert actions.repair_tally(mailbox_id=shop.pk) is True
    assert (tally_of(shop), actions.repair_tally(mailbox_id=shop.pk)) == ((1, 1), False)


def test_disclose_thread_needs_right_and_reason(thread: Thread, admin: User, supporter: User) -> None:
    with pytest.raises(PermissionDenied):
        actions.disclose_thread(by=supporter, thread=thread, reason="Case 4711, complaint")
    with pytest.raises(ValueError, match="reason"):
        actions.disclose_thread(by=admin, thread=thread, reason="  ")
    assert Disclosure.objects.count() == 0
    actions.disclose_thread(by=admin, thread=thread, reason="Case 4711, complaint")
    assert [(row.staff, row.reason) for row in Disclosure.objects.all()] == [(admin, "Case 4711, complaint")]


def test_events_hold_ids_only(thread: Thread, buyer_mailbox: Mailbox, shop: Mailbox) -> None:
    events = list(Event.objects.order_by("pk"))
    assert {event.mailbox_id for event in events} == {buyer_mailbox.pk, shop.pk}
    assert {(event.kind, event.thread_id) for event in events} == {("message", thread.pk)}
