"""How a seller contacts support: topics, the form of each, what is carried along, what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messagecenter.accounts.models import Membership, User
from messagecenter.notices.actions import choose
from messagecenter.notices.models import Notice
from messagecenter.threads.models import Enclosure, Thread
from messagecenter.threads.words import read_body, read_subject
from orders.models import Order
from support.catalogue import CATALOGUE, SUBTOPICS
from support.lifecycle import Status
from support.models import Case, Queue, Route
from support.words import read_answers
from tests.attachments.conftest import photo
from tests.factories import OrderFactory, OrderItemFactory
from tests.support.cases import make_queue, open_one

from .selling import NEW, page_of, refused, send, told, written

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


# --- choosing ------------------------------------------------------------------------------------------------------


def test_every_matter_of_the_catalogue_can_be_chosen_and_has_its_form(browser: Client) -> None:
    """Each link leads to a form with the fields the catalogue names."""
    page = page_of(browser, NEW)
    for topic in CATALOGUE:
        assert str(topic.label) in page
    for key, one in SUBTOPICS.items():
        assert f"{NEW}?topic={key}" in page
        form = page_of(browser, f"{NEW}?topic={key}")
        assert str(one.label) in form
        for field in one.fields:
            assert f'name="case_{field.key}"' in form
        for help in one.help:
            assert str(help.title) in form


def test_an_unknown_topic_offers_the_topics(browser: Client) -> None:
    """Old links and typing errors."""
    assert "What is it about?" in page_of(browser, f"{NEW}?topic=nonsense")


def test_the_form_gives_hints_meanings_and_when_the_answer_is_expected(browser: Client) -> None:
    """All before anything is written."""
    page = page_of(browser, f"{NEW}?topic=technical_error")
    for words in (
        "What did you do, what did you expect, and what happened instead?",
        "I cannot sell, ship or be paid.",
        "An important part of my business is held up.",
        "What is blocked, and since when?",
        "Error message, word for word",
    ):
        assert words in page
    assert page.count("Answer expected by") == 4


def test_the_expected_answer_is_that_of_the_queue_it_goes_to(browser: Client) -> None:
    """The rule decides, by topic and severity."""
    slow = make_queue("Slow", first_low=720, first_normal=720, first_high=720, first_urgent=1)
    fast = page_of(browser, f"{NEW}?topic=payments_bank")
    Route.objects.create(queue=slow, topic="payments", position=1)
    assert page_of(browser, f"{NEW}?topic=payments_bank") != fast
    send(browser, "payments_bank")
    assert Case.objects.get().queue == slow


def test_every_group_of_topics_has_help_at_once_and_each_link_of_it_leads_somewhere(browser: Client) -> None:
    """Only what is new to everybody has none."""
    helps = {topic.key: [one for sub in topic.subtopics for one in sub.help] for topic in CATALOGUE}
    assert [key for key, found in helps.items() if not found] == ["other"]
    for one in {help.page for found in helps.values() for help in found if help.page}:
        assert browser.get(reverse(one)).status_code in (200, 302), one


@pytest.mark.parametrize(
    ("topic", "days", "said"),
    [
        ("orders_lost", 1, "is still to come. Please give a day up to today."),
        ("orders_lost", -366 * 11, "is more than 10 years away. Please look at the year."),
        ("returns_claim", 366 * 11, "is more than 10 years away. Please look at the year."),
    ],
)
def test_a_day_that_cannot_be_meant_is_asked_back(
    browser: Client, order: Order, topic: str, days: int, said: str
) -> None:
    """A parcel was shipped in the past; an answer is wanted in the future."""
    day = timezone.localdate() + timedelta(days=days)
    page = refused(browser, topic, case_order=order.number, case_date=day.isoformat())
    assert said in page
    assert f'value="{day.isoformat()}"' in page
    assert send(browser, topic, case_order=order.number, case_date=timezone.localdate().isoformat()).status_code == 302
    later = (timezone.localdate() + timedelta(days=9)).isoformat()
    sent = send(browser, "returns_claim", case_order=order.number, case_date=later, case_other="on")
    assert sent.status_code == 302


def test_who_wants_no_mail_about_cases_is_promised_none(browser: Client, seller: User) -> None:
    """The number and the expected answer stand there all the same."""
    choose(by=seller, timings={("case", "email"): "off"})
    page = told(browser, f"{NEW}?topic=payments_payout", **written())
    case = Case.objects.get()
    assert f"Your case {case.shown_number} is open. Expected answer:" in page
    assert "on its way by e-mail" not in page


def test_without_a_queue_the_form_says_so_and_takes_nothing(signed_in: SignIn, seller: User) -> None:
    """A site whose operator has set nothing up."""
    client = signed_in(seller)
    assert "Support takes no cases yet." in page_of(client, f"{NEW}?topic=other")
    answer = send(client, "other")
    assert answer.status_code == 409
    assert "It should have come on the fifth." in answer.content.decode()
    assert not Case.objects.exists()


# --- opening -------------------------------------------------------------------------------------------------------


def test_a_case_is_opened_and_confirmed_with_number_and_expected_answer(
    browser: Client, owner: Membership, queue: Queue
) -> None:
    """On the screen at once, and by mail."""
    answer = send(browser, case_date="2026-11-05", case_amount="1.284,50 €", case_severity="2")
    case = Case.objects.get()
    assert answer["Location"] == f"/support/{case.number}/"
    page = unescape(browser.get(answer["Location"]).content.decode())
    assert f"Your case {case.shown_number} is open. A confirmation is on its way by e-mail. Expected answer:" in page
    assert (case.topic, case.severity, case.shop, case.queue) == ("payments_payout", 2, owner.mailbox, queue)
    assert (case.opened_by, case.language, case.state) == (owner.user, "en", Status.NEW)
    assert read_answers(case) == {"date": "2026-11-05", "amount": "1284.50 EUR"}
    assert read_subject(case.thread) == "The payout is missing"
    assert [read_body(one) for one in case.thread.messages.all()] == ["It should have come on the fifth."]
    assert Notice.objects.filter(kind="case_opened", recipient=owner.user).exists()
    assert "€1,284.50" in page


def test_a_form_sent_twice_opens_one_case(browser: Client) -> None:
    """By double click, by the back button, by an impatient person."""
    values = written()
    first, second = (browser.post(f"{NEW}?topic=payments_payout", values) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1


def test_the_same_form_with_other_words_is_another_case(browser: Client) -> None:
    """The words come back with a new id instead of being dropped."""
    values = written()
    browser.post(f"{NEW}?topic=payments_bank", values)
    answer = browser.post(f"{NEW}?topic=payments_bank", values | {"body": "And another thing.", "case_other": "on"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 409
    assert "And another thing." in page
    assert values["client_id"] not in page
    assert Case.objects.count() == 1


def test_files_come_along_also_without_javascript(browser: Client) -> None:
    """A screenshot in the form itself."""
    file = SimpleUploadedFile("screen.jpg", photo(), content_type="image/jpeg")
    answer = send(browser, "technical_error", case_error="Error 500", attachments=file)
    assert answer.status_code == 302
    case = Case.objects.get()
    assert Enclosure.objects.get().message.thread_id == case.pk
    assert read_answers(case) == {"error": "Error 500"}


def test_a_refused_file_keeps_everything_typed(browser: Client) -> None:
    """Words, answers, severity, and the reason."""
    file = SimpleUploadedFile("run.exe", b"MZ\x90", content_type="application/octet-stream")
    page = refused(browser, case_severity="2", case_amount="12 EUR", attachments=file)
    assert "run.exe" in page
    assert "It should have come on the fifth." in page
    assert 'value="12 EUR"' in page
    assert 'value="2" checked' in page


# --- what is wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "values", "words"),
    [
        ("payments_payout", {"subject": ""}, "Please give the case a subject."),
        ("payments_payout", {"body": ""}, "Please write a message."),
        ("payments_payout", {"case_date": "last week"}, "Please give a date, for example 2026-11-30."),
        ("payments_payout", {"case_amount": "a lot"}, "Please give an amount with its currency"),
        ("payments_payout", {"case_amount": "49.90"}, "Which currency?"),
        ("payments_payout", {"case_severity": "1"}, "Please say what is blocked"),
        ("payments_payout", {"case_severity": "9"}, "Select a valid choice"),
        ("account_data", {"case_marketplace": "the German one"}, "Please give the marketplace by its address"),
        ("orders_lost", {}, "Please fill this in: without it support has to ask back."),
        ("orders_lost", {"case_order": "302-0000000-0000000"}, "There is no order 302-0000000-0000000 in your shop."),
        ("listings_gone", {"case_article": "A" * 65}, "is too long for an ASIN or SKU"),
        ("listings_gone", {"case_article": " ".join(f"S{n}" for n in range(21))}, "Please name at most 20 articles"),
        ("payments_payout", {"client_id": "nonsense"}, "The form was incomplete."),
    ],
)
def test_each_mistake_is_named_and_nothing_typed_is_lost(
    browser: Client, topic: str, values: dict[str, str], words: str
) -> None:
    """The sentence stands at the field and above the form; the rest stays as it was."""
    page = refused(browser, topic, **values)
    assert words in page
    for name, value in (written(client_id="") | values).items():
        if name not in ("client_id", "case_severity"):
            assert value in page
    assert "case-problems" in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("49.90 EUR", "49.90 EUR"),
        ("49,90€", "49.90 EUR"),
        ("EUR 1.234,56", "1234.56 EUR"),
        ("$1,234.5", "1234.50 USD"),
        ("1'000 chf", "1000.00 CHF"),
        ("12.000 EUR", "12000.00 EUR"),
        ("99 zł", "99.00 PLN"),
    ],
)
def test_amounts_are_read_as_any_country_writes_them(browser: Client, typed: str, kept: str) -> None:
    """With the currency before or behind, by sign or by code."""
    send(browser, case_amount=typed)
    assert read_answers(Case.objects.get())["amount"] == kept


def test_as_many_articles_as_are_possible_are_taken_however_they_are_separated(browser: Client) -> None:
    """Twenty ASINs, copied from a table; doubles count once."""
    codes = [f"B0TEST{number:04d}" for number in range(20)]
    send(browser, "listings_gone", case_article="; ".join([*codes, codes[0]]))
    assert read_answers(Case.objects.get()) == {"article": ", ".join(codes)}


@pytest.mark.parametrize(
    ("typed", "kept"), [("amazon.de", "amazon.de"), ("https://www.Amazon.co.uk/gp/x", "amazon.co.uk")]
)
def test_marketplaces_are_kept_by_their_address(browser: Client, typed: str, kept: str) -> None:
    """However they were copied."""
    send(browser, "account_data", case_marketplace=typed)
    case = Case.objects.get()
    assert read_answers(case)["marketplace"] == kept
    assert case.country == ("DE" if kept.endswith(".de") else "GB")


def test_an_urgent_case_says_what_is_blocked(browser: Client) -> None:
    """Kept with the answers; a case that is not urgent needs no such word."""
    send(browser, case_severity="1", case_blocked="All payouts since Monday")
    assert read_answers(Case.objects.get()) == {"blocked": "All payouts since Monday"}
    Case.objects.update(topic="other")
    send(browser, case_severity="2", case_blocked="All payouts since Monday", case_other="on")
    assert read_answers(Case.objects.get(severity=2)) == {}


# --- orders ----------------------------------------------------------------------------------------------------------


def test_an_orders_number_is_that_of_an_order_of_the_shops_own(
    browser: Client, owner: Membership, other_seller: User
) -> None:
    """Also with a number sign and blanks; another shop's is not there, nor a part of it told."""
    theirs: Order = OrderFactory(shop=Membership.objects.get(user=other_seller).mailbox, number="302-7777777-1234567")
    mine: Order = OrderFactory(shop=owner.mailbox, number="302-1111111-2222222")
    page = refused(browser, "orders_lost", case_order=theirs.number)
    assert f"There is no order {theirs.number} in your shop. Please copy the number" in page
    page = refused(browser, "orders_lost", case_order=theirs.number[:9])
    assert theirs.number not in page
    page = refused(browser, "orders_lost", case_order="1111111-22")
    assert f"Do you mean {mine.number}?" in page
    assert send(browser, "orders_lost", case_order=f" {mine.number} ").status_code == 302
    case = Case.objects.get()
    assert case.thread.order == mine
    assert read_answers(case)["order"] == mine.number


def test_an_order_that_is_missing_here_may_have_any_number(browser: Client) -> None:
    """That is what the case is about."""
    assert send(browser, "orders_missing", case_order="302-4040404-4040404").status_code == 302
    case = Case.objects.get()
    assert case.thread.order is None
    assert read_answers(case)["order"] == "302-4040404-4040404"


def test_help_with_an_order_carries_its_number_and_articles(browser: Client, order: Order) -> None:
    """The topics about orders first, then whatever the form: number, articles, marketplace."""
    item = OrderItemFactory(order=order, sku="SKU-2", asin="B0TESTTEST", title="A lamp")
    page = page_of(browser, f"{NEW}?order={order.number}")
    assert page.index("Orders and delivery</h2>") < page.index("Account</h2>")
    assert f"{NEW}?order={order.number}&topic=payments_bank" in page
    page = page_of(browser, f"{NEW}?order={order.number}&topic=payments_bank")
    assert f'value="{order.number}"' in page
    assert item.asin in page
    assert "A lamp" in page
    answer = send(
        browser, "payments_bank", f"&order={order.number}", case_order=order.number, case_article="B0TESTTEST"
    )
    assert answer.status_code == 302
    case = Case.objects.get()
    assert case.thread.order == order
    assert read_answers(case) == {"order": order.number, "article": "B0TESTTEST"}


def test_a_foreign_order_is_not_there(signed_in: SignIn, other_seller: User, queue: Queue, order: Order) -> None:
    """Neither its card nor its articles."""
    answer = signed_in(other_seller).get(f"{NEW}?order={order.number}&topic=payments_bank")
    assert answer.status_code == 404
    page = unescape(answer.content.decode())
    assert "Please check the number." in page
    assert "Desk lamp" not in page


# --- the policy, sessions ------------------------------------------------------------------------------------------


def test_a_warning_of_the_policy_keeps_everything_and_can_be_overruled(
    browser: Client, order: Order, thread: Thread
) -> None:
    """Also the conversation, which is one of the files from then on."""
    query = f"&thread={thread.pk}"
    values = written(body="Write to selma@shop.example please.", case_order=order.number, case_along="on")
    answer = browser.post(f"{NEW}?topic=orders_buyer{query}", values)
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    assert "Please check before you send" in page
    assert "Write to selma@shop.example please." in page
    assert "The conversation is attached below as a file." in page
    mark = page.partition('name="confirm" value="')[2]
    mark = page.rpartition('name="confirm" value="')[2].partition('"')[0]
    upload = page.partition('name="attachments" value="')[2].partition('"')[0]
    assert f'name="case_was_along" value="{upload}"' in page
    again = values | {"confirm": mark, "attachments": upload, "case_was_along": upload}
    del again["case_along"]
    assert browser.post(f"{NEW}?topic=orders_buyer{query}", again).status_code == 302
    case = Case.objects.get()
    assert read_answers(case)["thread"] == str(thread.pk)
    assert Enclosure.objects.filter(message__thread=case.pk).count() == 1


def test_what_the_policy_will_say_is_told_while_writing(
    browser: Client, signed_in: SignIn, buyer: User, supporter: User
) -> None:
    """For support nothing is stopped that may be said there, and only shops are told."""
    answer = browser.post("/messages/check/", {"topic": "case", "body": "Write to selma@shop.example please."})
    assert answer.status_code == 200
    assert {one["action"] for one in answer.json()["findings"]} == {"warn"}
    for person in (buyer, supporter):
        assert signed_in(person).post("/messages/check/", {"topic": "case", "body": "x"}).status_code == 404


def test_who_was_signed_out_while_writing_gets_everything_back(browser: Client) -> None:
    """Words and answers, and a way to send them again."""
    answer = send(Client(), case_amount="12 EUR", case_severity="2")
    page = unescape(answer.content.decode())
    assert answer.status_code == 401
    for part in ("It should have come on the fifth.", 'name="case_amount" value="12 EUR"', "The payout is missing"):
        assert part in page
    assert Client().get(f"{NEW}?topic=other").status_code == 302


def test_a_viewer_gets_back_what_they_typed(signed_in: SignIn, viewer: User, queue: Queue) -> None:
    """Somebody whose role was changed while they wrote."""
    answer = send(signed_in(viewer), case_amount="12 EUR")
    assert answer.status_code == 403
    assert "It should have come on the fifth." in answer.content.decode()
    assert not Case.objects.exists()


def test_buyers_and_support_have_no_form(signed_in: SignIn, buyer: User, queue: Queue, supporter: User) -> None:
    """Buyers turn to the shop, support to its desk."""
    assert signed_in(buyer).get(NEW).status_code == 404
    assert send(signed_in(buyer)).status_code == 404
    assert signed_in(supporter).get(NEW).status_code in (403, 404)
    assert not Case.objects.exists()


def test_the_form_asks_as_much_for_many_orders_and_cases_as_for_few(
    browser: Client, owner: Membership, order: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Nothing is listed but what is near."""
    url = f"{NEW}?topic=orders_lost&order={order.number}"
    open_one(owner, topic="orders_lost", order=order)
    page_of(browser, url)
    with django_assert_num_queries(FORM_QUERIES):
        page_of(browser, url)
    for _ in range(10):
        open_one(owner, topic="orders_lost", order=order)
        OrderItemFactory(order=order)
        OrderFactory(shop=owner.mailbox)
    page_of(browser, url)
    with django_assert_num_queries(FORM_QUERIES):
        page = page_of(browser, url)
    assert page.count('class="case-number"') == 5


FORM_QUERIES = 15
