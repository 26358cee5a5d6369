"""What a new case brings along: a conversation, the cases it might double, the one it follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.threads.actions import open_thread
from messagecenter.threads.models import Enclosure, Message, Thread
from orders.models import Order
from support import actions
from support.models import Case, Queue
from support.words import read_answers
from tests.factories import OrderFactory, ProductFactory
from tests.support.cases import open_one

from .selling import NEW, page_of, refused, send, written

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


# --- a conversation as evidence --------------------------------------------------------------------------------------


def test_a_conversation_goes_along_with_the_sellers_tick(
    browser: Client, owner: Membership, order: Order, thread: Thread, answer: Message
) -> None:
    """As a text file, as the seller may read it, and the link in the answers."""
    query = f"&order={order.number}&thread={thread.pk}"
    page = page_of(browser, f"{NEW}?topic=orders_buyer{query}")
    assert "Send my conversation with Anna M. along" in page
    assert "Flügelhorn" not in page
    assert send(browser, "orders_buyer", query, case_order=order.number, case_along="on").status_code == 302
    case = Case.objects.get()
    assert read_answers(case) == {"order": order.number, "thread": str(thread.pk)}
    file = Enclosure.objects.get(message__thread=case.pk).attachment
    assert file.details.name == f"conversation-{order.number}.txt"
    text = file_text(browser, case)
    for words in ("Zimtstern subject", "Where is my Flügelhorn lamp?", "It is on its way, Quittenbrot.", "Anna M."):
        assert words in text
    page = page_of(browser, f"/support/{case.number}/")
    assert f'href="/messages/{thread.pk}/"' in page


def file_text(client: Client, case: Case) -> str:
    """Return what the one file of a case says, fetched as its seller would."""
    page = page_of(client, f"/support/{case.number}/")
    url = page.partition('class="file-name" href="')[2].partition('"')[0]
    answer = client.get(url, follow=True)
    return b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()


def test_without_the_tick_support_sees_nothing_of_the_conversation(
    browser: Client, order: Order, thread: Thread, answer: Message
) -> None:
    """Nothing goes along by itself."""
    query = f"&order={order.number}&thread={thread.pk}"
    assert send(browser, "orders_buyer", query, case_order=order.number).status_code == 302
    assert read_answers(Case.objects.get()) == {"order": order.number}
    assert not Attachment.objects.exists()


def test_a_form_with_a_conversation_sent_twice_opens_one_case(
    browser: Client, order: Order, thread: Thread, answer: Message
) -> None:
    """The same conversation is the same file."""
    values = written(case_order=order.number, case_along="on")
    url = f"{NEW}?topic=orders_buyer&thread={thread.pk}"
    first, second = (browser.post(url, values | {"case_other": "on"}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1


def test_help_with_a_question_about_a_product_brings_its_article_along(
    browser: Client, owner: Membership, buyer: User, buyer_mailbox: Mailbox
) -> None:
    """Nobody types an ASIN that the conversation has already."""
    product = ProductFactory(shop=owner.mailbox, asin="B0KARDAMOM")
    about = {"topic": "details", "subject": "Which bulb?", "body": "Which bulb fits?", "client_id": new_id()}
    asked = open_thread(by=buyer, mailbox=buyer_mailbox, product=product, **about).thread
    query = f"&thread={asked.pk}"
    for topic in ("listings_wrong", "payments_bank"):
        assert 'value="B0KARDAMOM"' in page_of(browser, f"{NEW}?topic={topic}{query}")
    assert send(browser, "payments_bank", query, case_article="B0KARDAMOM").status_code == 302
    assert read_answers(Case.objects.get()) == {"article": "B0KARDAMOM"}


def test_a_foreign_conversation_is_not_there(
    signed_in: SignIn, other_seller: User, buyer: User, queue: Queue, thread: Thread
) -> None:
    """Nor one that is a case already, nor one that does not exist; a buyer has no support here."""
    client = signed_in(other_seller)
    case = open_one(Membership.objects.get(user=other_seller))
    for key in (thread.pk, new_id(), "nonsense", case.pk):
        assert client.get(f"{NEW}?topic=other&thread={key}").status_code == 404
    assert signed_in(buyer).get(f"{NEW}?topic=other&thread={thread.pk}").status_code == 404


def test_someone_who_bought_in_one_shop_for_another_brings_no_buyers_view_along(
    browser: Client, buyer: User, thread: Thread, other_seller: User, signed_in: SignIn
) -> None:
    """A thread goes along only as the shop reads it."""
    Membership.objects.create(user=buyer, mailbox=Membership.objects.get(user=other_seller).mailbox, role=Role.OWNER)
    assert signed_in(buyer).get(f"{NEW}?topic=other&thread={thread.pk}").status_code == 404


# --- similar cases, follow-ups -------------------------------------------------------------------------------------


def test_similar_cases_are_shown_before_another_one_is_opened(
    browser: Client, owner: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """With a tick that is asked for only when there are some."""
    assert "Mine is another matter" not in page_of(browser, f"{NEW}?topic=payments_payout")
    case = open_one(owner)
    page = page_of(browser, f"{NEW}?topic=payments_payout")
    assert f"/support/{case.number}/" in page
    assert "Mine is another matter" in page
    page = refused(browser)
    assert "Is it one of the cases shown here?" in page
    assert send(browser, case_other="on").status_code == 302
    assert Case.objects.count() == 2


def test_a_similar_case_shows_up_when_the_order_is_typed(browser: Client, owner: Membership, order: Order) -> None:
    """Whatever topic it had; another shop's never."""
    case = open_one(owner, topic="returns_refund", order=order, subject="About this very order")
    assert "About this very order" not in page_of(browser, f"{NEW}?topic=orders_lost")
    page = refused(browser, "orders_lost", case_order=order.number)
    assert "About this very order" in page
    assert f"/support/{case.number}/" in page


def test_a_case_that_says_the_same_is_shown_whatever_its_topic(browser: Client, owner: Membership) -> None:
    """By its subject or by its words, however they are inflected; only once it is written."""
    said = "Since Monday morning the carrier of our warehouse in Hamburg collects no parcels any more."
    case = open_one(owner, topic="orders_tracking", subject="Carrier collects nothing", body=said)
    assert case.shown_number not in page_of(browser, f"{NEW}?topic=technical_error")
    assert case.shown_number in refused(browser, "technical_error", subject="The carrier is collecting nothing!")
    again = "Our carrier collected no more parcels in the Hamburg warehouse since Monday."
    assert case.shown_number in refused(browser, "other", subject="Please help us", body=again)
    assert (
        send(browser, "other", subject="Carrier", body="The invoice of the carrier has no tax number.").status_code
        == 302
    )


def test_the_same_trouble_with_another_order_is_another_matter(
    browser: Client, owner: Membership, order: Order
) -> None:
    """Who sells much loses more than one parcel in two weeks."""
    other_order = OrderFactory(shop=owner.mailbox, buyer=order.buyer)
    open_one(owner, topic="orders_lost", order=other_order, subject="Parcel lost", body="It never came.")
    sent = send(browser, "orders_lost", subject="Parcel lost", body="It never came.", case_order=order.number)
    assert sent.status_code == 302
    assert Case.objects.count() == 2


def test_another_shops_cases_are_no_similar_ones(browser: Client, other_seller: User) -> None:
    """Not even by topic."""
    open_one(Membership.objects.get(user=other_seller), subject="Their payout")
    assert "Their payout" not in page_of(browser, f"{NEW}?topic=payments_payout")
    assert send(browser).status_code == 302


def test_a_follow_up_has_topic_subject_order_and_answers_of_the_case_it_follows(
    browser: Client, owner: Membership, order: Order
) -> None:
    """And links back."""
    case = open_one(owner, topic="orders_lost", order=order, answers={"order": order.number, "date": "2026-11-01"})
    actions.resolve_case(by=owner.user, case=case)
    page = page_of(browser, f"{NEW}?follows={case.shown_number}")
    for words in (
        "Follow-up: The payout of October is missing",
        "A parcel is lost",
        'value="2026-11-01"',
        order.number,
    ):
        assert words in page
    answer = browser.post(f"{NEW}?follows={case.number}", written(case_order=order.number))
    later = Case.objects.get(follows=case)
    assert answer["Location"] == f"/support/{later.number}/"
    assert "Followed by" in page_of(browser, f"/support/{case.number}/")
    assert "Follows" in page_of(browser, f"/support/{later.number}/")
    assert "What is it about?" in page_of(browser, f"{NEW}?follows={case.number}&other_topic=1")


def test_nobody_follows_another_shops_case(browser: Client, other_seller: User) -> None:
    """Missing and foreign look the same."""
    case = open_one(Membership.objects.get(user=other_seller))
    for number in (case.number, "nonsense"):
        assert browser.get(f"{NEW}?follows={number}").status_code == 404
        assert browser.post(f"{NEW}?follows={number}&topic=other", written()).status_code == 404
    assert Case.objects.count() == 1
