"""Whom a new message is told to, what is asked again before the mail leaves, and what its sender sees of that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from messagecenter.accounts.models import Mailbox, User
from messagecenter.mail.actions import suppress
from messagecenter.notices.actions import choose
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice
from messagecenter.policy.actions import block_sender
from messagecenter.threads.actions import mark_read
from messagecenter.threads.models import Entry, Thread
from messagecenter.webhooks.models import Endpoint
from tests.sink import Sink
from tests.threads.writing import reply

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
SECRET = "The lamp hums at night, Pflaumenmus."


@pytest.fixture(autouse=True)
def _nothing_owed(thread: Thread) -> None:
    Notice.objects.all().delete()


def outcome(person: User) -> tuple[str, str]:
    deliver_due()
    notice = Notice.objects.get(recipient=person)
    return notice.state, notice.reason


def test_the_mail_names_order_and_sender_and_holds_no_word(
    sink: Sink,
    thread: Thread,
    buyer: User,
    buyer_mailbox: Mailbox,
    seller: User,
    shop: Mailbox,
) -> None:
    reply(seller, shop, thread, SECRET)
    assert outcome(buyer) == ("sent", "")
    [mail] = sink.mails
    assert thread.order is not None
    assert mail.message["Subject"] == f"New message about order {thread.order.number}"
    assert mail.message["From"].startswith(f'"{shop.shown_name} (')
    assert seller.email not in str(mail.message)
    assert mail.message["In-Reply-To"] == f"<thread-{thread.pk}@localhost>"
    assert "Pflaumenmus" not in str(mail.message) + mail.text


def test_first_lines_are_in_the_mail_of_who_asked_for_them_only(
    sink: Sink,
    thread: Thread,
    buyer: User,
    seller: User,
    shop: Mailbox,
    buyer_mailbox: Mailbox,
) -> None:
    choose(by=buyer, timings={("message", "email"): "at_once"}, shows_excerpt=True)
    reply(seller, shop, thread, SECRET)
    reply(buyer, buyer_mailbox, thread, "Marmelade, said the buyer.")
    deliver_due()
    texts = {mail.to[0]: mail.text for mail in sink.mails}
    assert "Pflaumenmus" in texts[buyer.email]
    assert "Marmelade" not in texts[seller.email]
    assert "Pflaumenmus" not in str(sink.mails[0].message["Subject"])


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (lambda s: mark_read(by=s["buyer"], entry=Entry.objects.get(mailbox=s["own"]), up_to=s["message"]), "read"),
        (lambda s: Entry.objects.filter(mailbox=s["own"]).update(is_muted=True), "muted"),
        (lambda s: block_sender(by=s["buyer"], mailbox=s["own"], sender=s["shop"]), "blocked"),
        (lambda s: choose(by=s["buyer"], timings={("message", "email"): "off"}), "switched"),
        (lambda s: suppress(s["buyer"].email, reason="bounce"), "takes no mail"),
    ],
    ids=["read", "muted", "blocked", "switched off", "suppressed"],
)
def test_what_is_not_needed_any_more_is_not_sent_and_says_why(
    sink: Sink,
    thread: Thread,
    buyer: User,
    buyer_mailbox: Mailbox,
    seller: User,
    shop: Mailbox,
    meanwhile: Callable[[dict[str, object]], object],
    reason: str,
) -> None:
    posted = reply(seller, shop, thread, SECRET)
    facts = {"buyer": buyer, "own": buyer_mailbox, "shop": shop, "thread": thread, "message": posted.message.pk}
    meanwhile(facts)
    state, why = outcome(buyer)
    assert (state, reason in why) == ("skipped", True)
    assert sink.mails == []


def test_member_hears_of_what_is_theirs(
    sink: Sink,
    thread: Thread,
    buyer: User,
    buyer_mailbox: Mailbox,
    seller: User,
    agent: User,
    shop: Mailbox,
) -> None:
    choose(by=seller, timings={}, team_messages="mine")
    choose(by=agent, timings={}, team_messages="assigned")
    reply(buyer, buyer_mailbox, thread, "To nobody yet.")
    assert (outcome(seller)[0], outcome(agent)[0]) == ("sent", "skipped")
    Notice.objects.all().delete()
    Entry.objects.filter(mailbox=shop, thread=thread).update(assignee=agent)
    reply(buyer, buyer_mailbox, thread, "To Arno now.")
    assert (outcome(seller)[0], outcome(agent)[0]) == ("skipped", "sent")


def test_sender_sees_that_no_mail_arrives_and_the_other_side_does_not(
    sink: Sink,
    signed_in: SignIn,
    thread: Thread,
    buyer: User,
    seller: User,
    shop: Mailbox,
) -> None:
    words = "the e-mail about it could not be delivered"
    suppress(buyer.email, reason="bounce")
    reply(seller, shop, thread, SECRET)
    page = f"/messages/{thread.pk}/?peek=1"
    assert words not in signed_in(seller).get(page).content.decode()
    assert outcome(buyer)[0] == "skipped"
    assert words in signed_in(seller).get(page).content.decode()
    assert words not in signed_in(buyer).get(page).content.decode()
    assert "E-mails to you come back" in signed_in(buyer).get("/messages/").content.decode()
    assert "E-mails to you come back" not in signed_in(seller).get("/messages/").content.decode()


def test_shops_program_is_owed_what_it_listens_to(
    thread: Thread, buyer: User, buyer_mailbox: Mailbox, seller: User, shop: Mailbox
) -> None:
    more = {"mailbox": shop, "url_ciphertext": b"u", "secret_ciphertext": b"s"}
    listening = Endpoint.objects.create(topics=["message"], **more)
    Endpoint.objects.create(topics=["decision"], **more)
    Endpoint.objects.create(topics=["message"], is_active=False, **more)
    reply(seller, shop, thread, "Of our own: nobody is told.")
    assert not Notice.objects.filter(channel="webhook").exists()
    reply(buyer, buyer_mailbox, thread, "Of the other side.")
    assert list(Notice.objects.filter(channel="webhook").values_list("target_id", flat=True)) == [listening.pk]
