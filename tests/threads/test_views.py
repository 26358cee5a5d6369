"""The pages of the messages: works, stranger, wrong method, bad input, nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.ids import new_id
from messagecenter.threads.actions import close_thread
from messagecenter.threads.models import Entry, Message, Thread
from messagecenter.threads.words import read_body
from messagecenter.vault.actions import destroy_keys
from orders.models import Order
from tests.factories import MailboxFactory, OrderFactory, OrderItemFactory, ProductFactory

SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true", "HX-Target": "composer"}


def without_tokens(page: HttpResponse) -> str:
    """Return a page's text without what differs in each answer: form tokens and ids of forms."""
    text = re.sub(r'(X-CSRFToken": |csrfmiddlewaretoken" value=)"[^"]+"', "", page.content.decode())
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", text)


def reply_url(thread: Thread) -> str:
    return reverse("threads:reply", args=[thread.pk])


def test_inbox_shows_the_threads_of_the_mailbox(signed_in: SignIn, thread: Thread, seller: User) -> None:
    page = signed_in(seller).get("/messages/")
    assert page.status_code == 200
    assert [row.id for row in page.context["rows"]] == [thread.pk]
    row = page.context["rows"][0]
    assert (row.other_name, row.order_number, row.subject) == ("Anna M.", "302-1234567-7654321", "Zimtstern subject")
    assert (row.unread, row.reply_text != "") == (1, True)
    assert b"Fl\xc3\xbcgelhorn" in page.content


def test_inbox_of_a_stranger_shows_nothing_of_it(signed_in: SignIn, thread: Thread, other_seller: User) -> None:
    page = signed_in(other_seller).get("/messages/")
    assert page.context["rows"] == []
    for word in ("Zimtstern", "Flügelhorn", "302-1234567", "Anna M."):
        assert word not in page.content.decode()


@pytest.mark.parametrize(
    ("box", "sees_buyer", "sees_seller"),
    [("inbox", 1, 1), ("unread", 0, 1), ("needs_reply", 0, 1), ("sent", 1, 0), ("nonsense", 1, 1)],
)
def test_boxes_hold_what_their_names_say(
    signed_in: SignIn, thread: Thread, buyer: User, seller: User, box: str, sees_buyer: int, sees_seller: int
) -> None:
    found = [len(signed_in(person).get(f"/messages/?box={box}").context["rows"]) for person in (buyer, seller)]
    assert found == [sees_buyer, sees_seller]


def test_inbox_filters_by_order_number(signed_in: SignIn, thread: Thread, seller: User) -> None:
    client = signed_in(seller)
    assert len(client.get("/messages/?order=302-1234567-7654321").context["rows"]) == 1
    assert len(client.get("/messages/?order=302-0000000-0000000").context["rows"]) == 0


def test_inbox_bad_cursor_shows_the_first_page_and_says_so(signed_in: SignIn, thread: Thread, seller: User) -> None:
    for cursor in ("x", "1-2", "9" * 40 + "-" + "0" * 32, "-", "1-" + "g" * 32, "\x00"):
        page = signed_in(seller).get("/messages/", {"after": cursor})
        assert (page.status_code, len(page.context["rows"]), bool(page.context["filter_error"])) == (200, 1, True)


def test_inbox_load_more_gives_every_thread_once(
    signed_in: SignIn, seller: User, shop: Mailbox, buyer_mailbox: Mailbox, order: Order, settings
) -> None:
    settings.PAGE_THREADS = 3
    moment = order.purchased_at
    for _number in range(8):  # all at the same moment: the key decides
        _bare_entry(order, shop, buyer_mailbox, moment)
    client, url, seen, pages = signed_in(seller), "/messages/", [], 0
    while url:
        page = client.get(url, headers={"HX-Request": "true", "HX-Target": "rows"})
        seen += [row.id for row in page.context["rows"]]
        url, pages = page.context["next_url"], pages + 1
    assert (len(seen), len(set(seen)), pages) == (8, 8, 3)


def _bare_entry(order: Order, mailbox: Mailbox, other: Mailbox, moment) -> Entry:
    thread = Thread(
        kind="order", topic="buyer_other", order=order, opened_by=other, client_id=new_id(), last_message_at=moment
    )
    from messagecenter.threads.words import write_snippet, write_subject

    write_subject(thread, "s")
    write_snippet(thread, new_id(), "b")
    thread.save()
    return Entry.objects.create(
        thread=thread, mailbox=mailbox, other=other, order_number=order.number, last_message_at=moment
    )


def test_thread_page_shows_both_sides_and_marks_as_read(
    signed_in: SignIn, thread: Thread, answer: Message, buyer: User, buyer_mailbox: Mailbox
) -> None:
    page = signed_in(buyer).get(reverse("threads:detail", args=[thread.pk]))
    assert [shown.mine for shown in page.context["messages_list"]] == [True, False]
    assert "Quittenbrot" in page.content.decode()
    assert Entry.objects.get(thread=thread, mailbox=buyer_mailbox).unread == 0


def test_page_that_only_looks_for_a_changed_state_marks_nothing(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox
) -> None:
    signed_in(seller).get(reverse("threads:detail", args=[thread.pk]), {"peek": "1"})
    assert Entry.objects.get(thread=thread, mailbox=shop).unread == 1


def test_thread_page_fetched_ahead_marks_nothing(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox
) -> None:
    signed_in(seller).get(reverse("threads:detail", args=[thread.pk]), headers={"Sec-Purpose": "prefetch"})
    assert Entry.objects.get(thread=thread, mailbox=shop).unread == 1


def test_thread_page_hides_held_messages_from_the_other_side(
    signed_in: SignIn, thread: Thread, answer: Message, buyer: User, seller: User
) -> None:
    Message.objects.filter(pk=answer.pk).update(state=Message.State.HELD)
    url = reverse("threads:detail", args=[thread.pk])
    assert "Quittenbrot" not in signed_in(buyer).get(url).content.decode()
    assert "Quittenbrot" in signed_in(seller).get(url).content.decode()


@pytest.mark.parametrize("name", ["detail", "since", "row"])
def test_foreign_and_missing_threads_are_the_same_404(
    signed_in: SignIn, thread: Thread, other_buyer: User, name: str
) -> None:
    client = signed_in(other_buyer)
    foreign = client.get(reverse(f"threads:{name}", args=[thread.pk]))
    missing = client.get(reverse(f"threads:{name}", args=[new_id()]))
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert without_tokens(foreign) == without_tokens(missing)


def test_reply_without_htmx_redirects_to_the_message(signed_in: SignIn, thread: Thread, seller: User) -> None:
    answer = signed_in(seller).post(reply_url(thread), {"body": "Morgen.", "client_id": new_id()})
    message = thread.messages.latest("pk")
    assert (answer.status_code, answer.url) == (302, f"/messages/{thread.pk}/#message-{message.pk}")
    assert read_body(message) == "Morgen."


def test_reply_with_htmx_gives_the_new_messages(signed_in: SignIn, thread: Thread, seller: User) -> None:
    last = thread.messages.get().pk
    answer = signed_in(seller).post(
        reply_url(thread), {"body": "Morgen.", "client_id": new_id(), "last_message_id": last}, headers=HTMX
    )
    assert answer.status_code == 200
    assert [str(shown.html) for shown in answer.context["messages_list"]] == ["Morgen."]


def test_reply_repeated_gives_the_same_answer(signed_in: SignIn, thread: Thread, seller: User) -> None:
    client, fields = signed_in(seller), {"body": "Morgen.", "client_id": str(new_id())}
    answers = {client.post(reply_url(thread), fields).url for _repeat in range(3)}
    assert (len(answers), thread.messages.count()) == (1, 2)


@pytest.mark.parametrize(("body", "words"), [("   ", "write a message"), ("x" * 10_001, "10,001")])
def test_reply_that_cannot_be_sent_comes_back_with_its_text(
    signed_in: SignIn, thread: Thread, seller: User, body: str, words: str
) -> None:
    for headers in ({}, HTMX):
        answer = signed_in(seller).post(reply_url(thread), {"body": body, "client_id": new_id()}, headers=headers)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert answer.context["form"]["body"].value() == body
    assert thread.messages.count() == 1


def test_reply_with_a_used_client_id_comes_back_with_a_new_one(signed_in: SignIn, thread: Thread, seller: User) -> None:
    client, client_id = signed_in(seller), str(new_id())
    client.post(reply_url(thread), {"body": "one", "client_id": client_id})
    answer = client.post(reply_url(thread), {"body": "two", "client_id": client_id}, headers=HTMX)
    form = answer.context["form"]
    assert (answer.status_code, form["body"].value()) == (409, "two")
    assert str(form["client_id"].value()) != client_id
    assert thread.messages.count() == 2


def test_reply_to_a_closed_thread_comes_back_with_its_text(
    signed_in: SignIn, thread: Thread, seller: User, buyer: User, buyer_mailbox: Mailbox
) -> None:
    close_thread(by=buyer, mailbox=buyer_mailbox, thread=thread)
    answer = signed_in(seller).post(reply_url(thread), {"body": "Too late?", "client_id": new_id()}, headers=HTMX)
    assert (answer.status_code, answer.context["form"]["body"].value()) == (409, "Too late?")
    assert "Too late?" in answer.content.decode()
    assert thread.messages.count() == 1


@pytest.mark.parametrize("client_id", ["", "nonsense", "0" * 500])
def test_reply_tampered_client_id_is_a_sentence(
    signed_in: SignIn, thread: Thread, seller: User, client_id: str
) -> None:
    answer = signed_in(seller).post(reply_url(thread), {"body": "Hi", "client_id": client_id}, headers=HTMX)
    assert answer.status_code == 422
    assert "incomplete" in answer.content.decode()
    assert thread.messages.count() == 1


def test_reply_signed_out_keeps_the_text(thread: Thread) -> None:
    for headers in ({}, HTMX):
        answer = Client().post(reply_url(thread), {"body": "Walnussöl", "client_id": new_id()}, headers=headers)
        assert answer.status_code == 401
        assert "Walnussöl" in answer.content.decode()
    assert thread.messages.count() == 1


def test_reply_with_an_expired_token_keeps_the_text(thread: Thread, seller: User, settings) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(seller, backend=settings.AUTHENTICATION_BACKENDS[0])
    fields = {"body": "Walnussöl", "client_id": new_id(), "csrfmiddlewaretoken": "x" * 64}
    own = client.post(reply_url(thread), fields, headers={"Sec-Fetch-Site": "same-origin"})
    foreign = client.post(reply_url(thread), fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert (own.status_code, foreign.status_code) == (403, 403)
    assert "Walnussöl" in own.content.decode()
    assert "Walnussöl" not in foreign.content.decode()
    assert thread.messages.count() == 1


def test_viewer_reads_but_does_not_write(signed_in: SignIn, thread: Thread, viewer: User) -> None:
    client = signed_in(viewer)
    page = client.get(reverse("threads:detail", args=[thread.pk]))
    answer = client.post(reply_url(thread), {"body": "Hi", "client_id": new_id()})
    assert (page.status_code, answer.status_code, thread.messages.count()) == (200, 403, 1)
    assert b'name="body"' not in page.content


def test_text_of_someone_who_may_no_longer_write_comes_back(
    signed_in: SignIn, thread: Thread, order: Order, viewer: User
) -> None:
    client = signed_in(viewer)
    fields = {"topic": "invoice", "subject": "s", "body": "Walnussöl", "client_id": new_id()}
    for url in (reply_url(thread), f"/messages/new/?order={order.number}"):
        answer = client.post(url, fields)
        assert answer.status_code == 403
        assert "Walnussöl" in answer.content.decode()
    assert (Thread.objects.count(), thread.messages.count()) == (1, 1)


def test_text_for_an_erased_thread_comes_back(signed_in: SignIn, thread: Thread, seller: User, admin: User) -> None:
    destroy_keys(owner_id=thread.pk, by=admin)
    client = signed_in(seller)
    page = client.get(reverse("threads:detail", args=[thread.pk]))
    assert page.content.decode().count("has been erased") >= 2
    for headers in ({}, HTMX):
        answer = client.post(reply_url(thread), {"body": "Walnussöl", "client_id": new_id()}, headers=headers)
        assert answer.status_code == 409
        assert "Walnussöl" in answer.content.decode()
    assert thread.messages.count() == 1


@pytest.mark.parametrize("number", ["\x00", "302\x00", "\u202e302", "3" * 500])
def test_odd_order_numbers_are_just_unknown(signed_in: SignIn, thread: Thread, seller: User, number: str) -> None:
    client = signed_in(seller)
    assert client.get("/messages/", {"order": number}).status_code == 200
    assert client.get("/messages/new/", {"order": number}).status_code in (200, 404)


def test_fetching_in_another_tab_does_not_switch_the_mailbox(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox
) -> None:
    first = MailboxFactory(name="Zweitladen")
    Membership.objects.create(user=seller, mailbox=first, role="owner", created_at=shop.created_at.replace(year=2020))
    client = signed_in(seller)
    client.get(reverse("threads:since", args=[thread.pk]))
    client.post(reverse("threads:seen", args=[thread.pk]))
    assert client.get("/messages/").context["mailbox_name"] == "Zweitladen"


def test_since_gives_only_what_came_after(signed_in: SignIn, thread: Thread, answer: Message, buyer: User) -> None:
    first = thread.messages.order_by("pk")[0]
    url = reverse("threads:since", args=[thread.pk])
    client = signed_in(buyer)
    assert [m.id for m in client.get(url, {"after": first.pk}).context["messages_list"]] == [answer.pk]
    assert client.get(url, {"after": answer.pk}).context["messages_list"] == []
    assert len(client.get(url, {"after": "nonsense"}).context["messages_list"]) == 2


def test_row_is_gone_from_a_box_it_left(signed_in: SignIn, thread: Thread, answer: Message, seller: User) -> None:
    url = reverse("threads:row", args=[thread.pk])
    client = signed_in(seller)
    assert client.get(url, {"box": "inbox"}).status_code == 200
    assert client.get(url, {"box": "needs_reply"}).status_code == 204


def test_state_changes_by_get_are_refused(signed_in: SignIn, thread: Thread, seller: User) -> None:
    client = signed_in(seller)
    for name in ("reply", "seen", "close", "reopen", "no_response_needed"):
        assert client.get(reverse(f"threads:{name}", args=[thread.pk])).status_code == 405
    thread.refresh_from_db()
    assert thread.is_closed is False


def test_link_into_another_mailbox_acts_for_it(signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox) -> None:
    first = MailboxFactory(name="Zweitladen")
    Membership.objects.create(user=seller, mailbox=first, role="owner", created_at=shop.created_at.replace(year=2020))
    client = signed_in(seller)
    assert client.get("/messages/").context["mailbox_name"] == "Zweitladen"
    assert client.get(reverse("threads:detail", args=[thread.pk])).context["own_name"] == shop.name
    assert client.get("/messages/").context["mailbox_name"] == shop.name


def test_new_thread_from_an_order(signed_in: SignIn, order: Order, buyer: User, seller: User) -> None:
    client = signed_in(buyer)
    page = client.get("/messages/new/", {"order": order.number})
    fields = {
        "topic": "where_is_it",
        "subject": "Wo?",
        "body": "Wo bleibt sie?",
        "client_id": page.context["form"]["client_id"].value(),
    }
    answer = client.post(f"/messages/new/?order={order.number}", fields)
    again = client.post(f"/messages/new/?order={order.number}", fields)
    thread = Thread.objects.get()
    assert (answer.url, again.url) == (f"/messages/{thread.pk}/", f"/messages/{thread.pk}/")


def test_new_thread_offers_topics_by_asker_and_state(
    signed_in: SignIn, order: Order, buyer: User, seller: User
) -> None:
    def offered(person: User) -> set[str]:
        page = signed_in(person).get("/messages/new/", {"order": order.number})
        return {key for key, _label in page.context["form"].fields["topic"].choices if key}

    assert "where_is_it" in offered(buyer)
    assert "refund" not in offered(buyer)
    shipped = {"order_problem", "delivery_date", "receiving", "return_question", "invoice", "documents"}
    assert offered(seller) == shipped


def test_new_thread_bad_input_keeps_what_was_typed(signed_in: SignIn, order: Order, buyer: User) -> None:
    fields = {"topic": "nonsense", "subject": "", "body": "Walnussöl", "client_id": new_id()}
    answer = signed_in(buyer).post(f"/messages/new/?order={order.number}", fields)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"topic", "subject"})
    assert "Walnussöl" in answer.content.decode()


def test_new_thread_unknown_and_foreign_orders_look_the_same(
    signed_in: SignIn, order: Order, other_buyer: User
) -> None:
    client = signed_in(other_buyer)
    foreign = client.get("/messages/new/", {"order": order.number})
    missing = client.get("/messages/new/", {"order": "302-9999999-9999999"})
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert without_tokens(foreign).replace(order.number, "302-9999999-9999999") == without_tokens(missing)


def test_new_thread_one_number_from_two_shops_asks_which(
    signed_in: SignIn, order: Order, buyer: User, buyer_mailbox: Mailbox
) -> None:
    other = OrderFactory(number=order.number, buyer=buyer_mailbox)
    OrderItemFactory(order=other)
    client = signed_in(buyer)
    page = client.get("/messages/new/", {"order": order.number})
    assert {shop["name"] for shop in page.context["shops"]} == {order.shop.name, other.shop.name}
    chosen = client.get("/messages/new/", {"order": order.number, "shop": other.shop_id})
    assert chosen.context["to_name"] == other.shop.name


def test_new_thread_about_a_product(signed_in: SignIn, buyer: User, seller: User, shop: Mailbox) -> None:
    product = ProductFactory(shop=shop)
    url = f"/messages/new/?product={product.pk}"
    assert signed_in(seller).get(url).status_code == 403
    fields = {"topic": "details", "subject": "Dimmbar?", "body": "Geht das?", "client_id": new_id()}
    signed_in(buyer).post(url, fields)
    assert Thread.objects.get().product == product
    assert signed_in(buyer).get("/messages/new/?product=nonsense").status_code == 404


def test_new_thread_signed_out(order: Order) -> None:
    url = f"/messages/new/?order={order.number}"
    page = Client().get(url)
    assert (page.status_code, page.url) == (302, f"/accounts/login/?next={url.replace('?', '%3F').replace('=', '%3D')}")
    answer = Client().post(url, {"subject": "S", "body": "Walnussöl", "client_id": new_id()})
    assert answer.status_code == 401
    assert "Walnussöl" in answer.content.decode()


def test_order_without_buyer_address_says_so(signed_in: SignIn, seller: User, shop: Mailbox) -> None:
    order = OrderFactory(shop=shop, buyer=None, buyer_name="Annegret Geheimname")
    assert "Geheimname" not in signed_in(seller).get("/messages/new/").content.decode()
    page = signed_in(seller).get("/messages/new/", {"order": order.number})
    assert page.status_code == 409
    assert "without an e-mail address" in page.content.decode()
    assert "Geheimname" not in page.content.decode()


def test_person_without_a_mailbox_is_told_what_to_do(signed_in: SignIn, supporter: User) -> None:
    assert signed_in(supporter).get("/messages/").status_code == 403
