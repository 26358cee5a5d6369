"""What becomes of a message the policy does not simply let through, and that nobody on the other side learns of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from messagecenter.notices.models import Notice
from messagecenter.policy.actions import block_sender
from messagecenter.policy.models import Decision, PolicyVersion
from messagecenter.threads import actions
from messagecenter.threads.actions import NeedsConfirmation, Posted
from messagecenter.threads.models import Entry, Message, Tally, Thread
from messagecenter.threads.refused import RecipientBlocks
from messagecenter.threads.words import read_body, read_shown_body, read_snippet
from orders.models import Order
from tests.threads.writing import reply

pytestmark = pytest.mark.usefixtures("watchwords")


def state_of(mailbox: Mailbox, thread: Thread) -> tuple[object, ...]:
    """Everything a mailbox's inbox knows of a thread, with the mailbox's counters."""
    entry = Entry.objects.get(mailbox=mailbox, thread=thread)
    tally = Tally.objects.get(pk=mailbox.pk)
    fresh = Thread.objects.get(pk=thread.pk)
    snippet = read_snippet(fresh)
    return entry.unread, entry.needs_reply_since, entry.last_message_at, tally.unread, tally.needs_reply, snippet


@pytest.mark.parametrize(("word", "state"), [("blockword", "blocked"), ("holdword", "held")])
def test_what_is_not_delivered_changes_nothing_for_the_other_side(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox, word: str, state: str
) -> None:
    before = state_of(buyer_mailbox, thread)
    events = Event.objects.filter(mailbox_id=buyer_mailbox.pk).count()
    posted = reply(seller, shop, thread, f"Geheimnis {word} Bergkristall")
    assert posted.message.state == state
    assert state_of(buyer_mailbox, thread) == before
    assert Event.objects.filter(mailbox_id=buyer_mailbox.pk).count() == events
    assert not Notice.objects.filter(subject_id=posted.message.pk).exists()
    assert list(Message.objects.visible_to(buyer).filter(pk=posted.message.pk)) == []
    assert list(Message.objects.visible_to(seller).filter(pk=posted.message.pk)) == [posted.message]


def test_decision_names_rules_and_version_and_holds_no_words(
    thread: Thread, seller: User, shop: Mailbox, watchwords: PolicyVersion
) -> None:
    posted = reply(seller, shop, thread, "Bergkristall: ein blockword hier")
    decision = Decision.objects.get(message_id=posted.message.pk)
    assert (decision.measure, decision.version, decision.author) == ("blocked", watchwords, seller)
    [finding] = decision.findings
    assert (finding["part"], finding["category"], finding["action"]) == ("body", "marketing", "block")
    assert "Bergkristall: ein blockword hier"[finding["start"] : finding["end"]] == "blockword"
    stored = str(Decision.objects.filter(pk=decision.pk).values().get())
    assert "Bergkristall" not in stored
    assert "blockword" not in stored
    told = Notice.objects.get(subject_id=decision.pk)
    assert (told.kind, told.recipient) == ("decision", seller)


def test_blocked_text_can_be_mended_and_sent(thread: Thread, seller: User, shop: Mailbox, buyer: User) -> None:
    first = reply(seller, shop, thread, "with blockword")
    second = reply(seller, shop, thread, "without")
    assert (first.message.state, second.message.state) == ("blocked", "delivered")
    assert second.message in Message.objects.visible_to(buyer)


def test_repeat_of_a_blocked_message_gives_the_same_answer(thread: Thread, seller: User, shop: Mailbox) -> None:
    client_id = new_id()
    given = {"by": seller, "mailbox": shop, "thread": thread, "body": "a blockword", "client_id": client_id}
    first, again = actions.post_message(**given), actions.post_message(**given)  # type: ignore[arg-type]
    assert (again.message, again.repeated, again.decision) == (first.message, True, first.decision)
    assert Decision.objects.count() == 1


def test_warning_asks_once_and_only_for_the_same_words(thread: Thread, seller: User, shop: Mailbox) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        reply(seller, shop, thread, "a warnword")
    assert not Message.objects.filter(thread=thread, sender=shop).exists()
    mark = asked.value.screened.mark
    with pytest.raises(NeedsConfirmation):
        reply(seller, shop, thread, "another warnword", confirmed=mark)
    posted = reply(seller, shop, thread, "a warnword", confirmed=mark)
    assert posted.message.state == "delivered"
    assert posted.decision is not None
    assert posted.decision.measure == "warned"


def test_hidden_words_reach_neither_the_reader_nor_the_snippet(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, client: Client
) -> None:
    posted = reply(seller, shop, thread, "Die Karte hideword gilt noch.")
    assert posted.message.state == "delivered"
    message = Message.objects.get(pk=posted.message.pk)
    assert read_body(message) == "Die Karte hideword gilt noch."
    assert "hideword" not in read_shown_body(message)
    assert "hideword" not in read_snippet(Thread.objects.get(pk=thread.pk))
    client.force_login(buyer)
    page = client.get(f"/messages/{thread.pk}/").content.decode()
    assert "gilt noch" in page
    assert "hideword" not in page
    assert "hidden-words" in page
    client.force_login(seller)
    assert "hideword" in client.get(f"/messages/{thread.pk}/").content.decode()


@pytest.mark.parametrize("word", ["blockword", "holdword"])
def test_first_message_that_is_not_delivered_opens_nothing_for_the_other_side(
    order: Order, buyer: User, buyer_mailbox: Mailbox, seller: User, shop: Mailbox, word: str, client: Client
) -> None:
    posted = actions.open_thread(
        by=buyer,
        mailbox=buyer_mailbox,
        order=order,
        topic="where_is_it",
        subject="Zimtstern",
        body=f"Bergkristall {word}",
        client_id=new_id(),
    )
    assert not Entry.objects.filter(mailbox=shop).exists()
    assert Entry.objects.filter(mailbox=buyer_mailbox).exists() is (word == "holdword")
    client.force_login(seller)
    assert client.get(f"/messages/{posted.thread.pk}/").status_code == 404
    assert "Zimtstern" not in client.get("/messages/").content.decode()
    released = actions.release_message(by=None, decision=posted.decision)  # type: ignore[arg-type]
    assert released.state == "delivered"
    entry = Entry.objects.get(mailbox=shop)
    assert (entry.unread, entry.needs_reply_since) == (1, released.delivered_at)
    assert "Bergkristall" in client.get(f"/messages/{posted.thread.pk}/").content.decode()


def test_subject_is_screened_like_the_text(order: Order, buyer: User, buyer_mailbox: Mailbox) -> None:
    posted = actions.open_thread(
        by=buyer,
        mailbox=buyer_mailbox,
        order=order,
        topic="where_is_it",
        subject="a blockword",
        body="fine",
        client_id=new_id(),
    )
    assert posted.message.state == "blocked"
    assert posted.decision is not None
    assert posted.decision.findings[0]["part"] == "subject"


def test_held_answer_counts_as_written_when_it_was(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox
) -> None:
    assert Entry.objects.get(mailbox=shop, thread=thread).needs_reply_since is not None
    posted = reply(seller, shop, thread, "a holdword")
    own = Entry.objects.get(mailbox=shop, thread=thread)
    assert own.needs_reply_since is None
    assert posted.decision is not None
    assert posted.decision.hold_until == posted.decision.made_at + timedelta(hours=4)
    released = actions.release_message(by=None, decision=posted.decision)
    assert released.sent_at == posted.message.sent_at
    assert released.delivered_at is not None
    assert Entry.objects.get(mailbox=shop, thread=thread).needs_reply_since is None
    theirs = Entry.objects.get(mailbox=buyer_mailbox, thread=thread)
    assert (theirs.unread, theirs.needs_reply_since) == (1, released.delivered_at)
    assert Notice.objects.filter(subject_id=released.pk, recipient=buyer).count() == 1
    assert "holdword" in read_snippet(Thread.objects.get(pk=thread.pk))


def test_releasing_twice_delivers_once(thread: Thread, seller: User, shop: Mailbox, buyer_mailbox: Mailbox) -> None:
    posted = reply(seller, shop, thread, "a holdword")
    assert posted.decision is not None
    for _ in range(2):
        actions.release_message(by=None, decision=posted.decision)
    assert Entry.objects.get(mailbox=buyer_mailbox, thread=thread).unread == 1


def test_rejected_answer_leaves_the_buyer_waiting_since_they_did(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, admin: User
) -> None:
    waiting_since = Entry.objects.get(mailbox=shop, thread=thread).needs_reply_since
    posted = reply(seller, shop, thread, "a holdword")
    assert posted.decision is not None
    rejected = actions.reject_message(by=admin, decision=posted.decision, answer="No advertising, please.")
    assert rejected.state == "blocked"
    assert Entry.objects.get(mailbox=shop, thread=thread).needs_reply_since == waiting_since
    assert Tally.objects.get(pk=shop.pk).needs_reply == 1
    assert rejected not in Message.objects.visible_to(buyer)
    decision = Decision.objects.get(pk=posted.decision.pk)
    assert (decision.outcome, decision.settled_by) == ("stands", admin)
    assert b"advertising" not in bytes(decision.answer_ciphertext)
    assert Notice.objects.filter(kind="decision_settled", recipient=seller).count() == 1


def test_staff_can_hide_words_when_delivering(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, admin: User, client: Client
) -> None:
    posted = reply(seller, shop, thread, "See holdword and more")
    assert posted.decision is not None
    released = actions.release_message(by=admin, decision=posted.decision, hide=[(4, 12)])
    assert "holdword" not in read_shown_body(released)
    client.force_login(buyer)
    page = client.get(f"/messages/{thread.pk}/").content.decode()
    assert "and more" in page
    assert "holdword" not in page


def test_tallies_stay_true_through_holding_and_settling(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox
) -> None:
    kept = reply(seller, shop, thread, "a holdword")
    actions.reject_message(by=None, decision=kept.decision)  # type: ignore[arg-type]
    second = reply(buyer, buyer_mailbox, thread, "another holdword")
    actions.release_message(by=None, decision=second.decision)  # type: ignore[arg-type]
    third = reply(seller, shop, thread, "third blockword")
    actions.release_message(by=None, decision=third.decision)  # type: ignore[arg-type]
    assert not any(actions.repair_tally(mailbox_id=mailbox.pk) for mailbox in (shop, buyer_mailbox))


def test_composer_keeps_the_text_and_tells_the_rule(
    thread: Thread, seller: User, client: Client, shop: Mailbox
) -> None:
    client.force_login(seller)
    given = str(new_id())
    answer = client.post(f"/messages/{thread.pk}/reply/", {"body": "Bergkristall blockword", "client_id": given})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Bergkristall blockword" in page
    assert given not in page
    decision = Decision.objects.get()
    assert f"/messages/decisions/{decision.pk}/" in page
    given = str(new_id())
    answer = client.post(f"/messages/{thread.pk}/reply/", {"body": "Bergkristall warnword", "client_id": given})
    assert answer.status_code == 422
    assert given in answer.content.decode()
    mark = answer.context["screened"]["mark"]
    answer = client.post(
        f"/messages/{thread.pk}/reply/", {"body": "Bergkristall warnword", "client_id": given, "confirm": mark}
    )
    assert answer.status_code == 302
    assert Message.objects.filter(state="delivered", sender=shop).count() == 1


def test_new_message_form_keeps_the_text_and_sends_the_corrected_one(
    order: Order, buyer: User, client: Client, buyer_mailbox: Mailbox
) -> None:
    client.force_login(buyer)
    url = f"/messages/new/?order={order.number}"
    fields = {"topic": "where_is_it", "subject": "Zimtstern", "body": "Bergkristall blockword", "client_id": new_id()}
    answer = client.post(url, fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Bergkristall blockword" in page
    assert "Zimtstern" in page
    renewed = answer.context["form"]["client_id"].value()
    assert str(renewed) != str(fields["client_id"])
    answer = client.post(url, fields | {"body": "Bergkristall", "client_id": renewed})
    assert answer.status_code == 302
    assert Entry.objects.filter(mailbox=buyer_mailbox).count() == 1


def test_check_while_typing_says_the_same_and_keeps_nothing(thread: Thread, seller: User, client: Client) -> None:
    client.force_login(seller)
    answer = client.post("/messages/check/", {"body": "😀 a\r\nblockword", "thread": str(thread.pk)})
    found = answer.json()
    assert found["action"] == "block"
    [finding] = found["findings"]
    typed = "😀 a\nblockword".encode("utf-16-le")
    assert typed[2 * finding["start"] : 2 * finding["end"]].decode("utf-16-le") == "blockword"
    assert finding["title"]
    assert finding["advice"]
    assert not Decision.objects.exists()
    assert client.post("/messages/check/", {"body": "Hello", "thread": str(thread.pk)}).json()["action"] == "allow"


def test_check_while_typing_is_for_those_who_may_write_there(
    thread: Thread, order: Order, other_seller: User, client: Client
) -> None:
    assert client.post("/messages/check/", {"body": "x", "thread": str(thread.pk)}).status_code == 401
    client.force_login(other_seller)
    for about in ({"thread": str(thread.pk)}, {"thread": str(new_id())}, {"order": order.number}, {}):
        assert client.post("/messages/check/", {"body": "x"} | about).status_code == 404


def test_checks_are_limited(thread: Thread, seller: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messagecenter.threads.preview.CHECKS_A_MINUTE", 2)
    client.force_login(seller)
    codes = [client.post("/messages/check/", {"body": "x", "thread": str(thread.pk)}).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def open_held(by: User, mailbox: Mailbox, order: Order, subject: str) -> Posted:
    return actions.open_thread(
        by=by,
        mailbox=mailbox,
        order=order,
        topic="where_is_it",
        subject=subject,
        body="fine",
        client_id=new_id(),
    )


def test_held_subject_does_not_ride_along_with_a_second_message(
    order: Order, buyer: User, buyer_mailbox: Mailbox, shop: Mailbox
) -> None:
    first = open_held(buyer, buyer_mailbox, order, "a holdword")
    second = reply(buyer, buyer_mailbox, first.thread, "any news?")
    assert (first.message.state, second.message.state) == ("held", "held")
    assert not Entry.objects.filter(mailbox=shop).exists()


def test_time_running_out_does_not_overrule_a_person(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, admin: User
) -> None:
    posted = reply(seller, shop, thread, "a holdword")
    assert posted.decision is not None
    actions.reject_message(by=admin, decision=posted.decision, answer="no")
    assert actions.release_message(by=None, decision=posted.decision).state == "blocked"
    assert posted.message not in Message.objects.visible_to(buyer)


def test_held_message_does_not_reach_who_blocked_the_sender_since(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox
) -> None:
    Thread.objects.filter(pk=thread.pk).update(topic="product_question")
    posted = reply(seller, shop, thread, "a holdword")
    block_sender(by=buyer, mailbox=buyer_mailbox, sender=shop)
    with pytest.raises(RecipientBlocks):
        actions.release_message(by=None, decision=posted.decision)  # type: ignore[arg-type]
    assert posted.message not in Message.objects.visible_to(buyer)


def test_rejecting_one_of_two_held_answers_keeps_the_clock_for_the_other(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox
) -> None:
    since = Entry.objects.get(mailbox=shop, thread=thread).needs_reply_since
    first, second = reply(seller, shop, thread, "a holdword"), reply(seller, shop, thread, "another holdword")
    reply(buyer, buyer_mailbox, thread, "Hello?")
    for posted in (first, second):
        actions.reject_message(by=None, decision=posted.decision)  # type: ignore[arg-type]
    assert Entry.objects.get(mailbox=shop, thread=thread).needs_reply_since == since
    assert not actions.repair_tally(mailbox_id=shop.pk)


def test_closed_thread_does_not_wait_for_anybody_after_a_decision(
    thread: Thread, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    kept, delivered = reply(seller, shop, thread, "a holdword"), reply(seller, shop, thread, "another holdword")
    actions.close_thread(by=seller, mailbox=shop, thread=thread)
    actions.reject_message(by=None, decision=kept.decision)  # type: ignore[arg-type]
    actions.release_message(by=None, decision=delivered.decision)  # type: ignore[arg-type]
    assert not Entry.objects.filter(thread=thread, needs_reply_since__isnull=False).exists()
    assert Tally.objects.get(pk=buyer_mailbox.pk).needs_reply == 0
