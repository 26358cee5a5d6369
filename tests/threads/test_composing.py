"""Beside the text box: saved replies with the thread's values, the reader's language, and the signature in the box."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.replies.actions import save_reply, save_signature
from messagecenter.threads.models import Message, Thread
from messagecenter.threads.words import read_body
from messagecenter.vault import keyring
from orders.models import Order
from tests.factories import MembershipFactory

SignIn = Callable[[User], Client]
JSON = {"Accept": "application/json"}


@pytest.fixture
def saved(agent: User, shop: Mailbox) -> list[str]:
    texts = [("en", "Late", "Sorry, {buyer_name}: {latest_delivery}"), ("de", "Spät", "Ihre {order_number}")]
    return [
        str(save_reply(by=agent, mailbox=shop, name=name, language=language, text=text).pk)
        for language, name, text in texts
    ]


def test_replies_come_filled_in_and_in_the_readers_language_first(
    signed_in: SignIn, thread: Thread, saved: list[str], agent: User
) -> None:
    found = signed_in(agent).get(f"/messages/{thread.pk}/replies/", headers=JSON).json()
    assert (found["language"], found["language_name"]) == ("de", "German")
    assert [(one["id"], one["text"], one["missing"]) for one in found["replies"]] == [
        (saved[1], "Ihre 302-1234567-7654321", False),
        (saved[0], "Sorry, Anna M.: ⟦latest delivery⟧", True),
    ]


def test_nobody_else_gets_a_shops_replies(
    signed_in: SignIn, thread: Thread, saved: list[str], buyer: User, viewer: User, other_seller: User
) -> None:
    address = f"/messages/{thread.pk}/replies/"
    assert signed_in(buyer).get(address, headers=JSON).json()["replies"] == []
    assert signed_in(viewer).get(address).status_code == 403
    assert signed_in(other_seller).get(address).status_code == 404
    page = signed_in(buyer).get(f"/messages/{thread.pk}/?reply={saved[0]}").content.decode()
    assert "Sorry, Anna M." not in page


def test_without_a_script_one_is_found_chosen_and_comes_back_in_the_box(
    signed_in: SignIn, thread: Thread, saved: list[str], agent: User
) -> None:
    client = signed_in(agent)
    page = client.get(f"/messages/{thread.pk}/").content.decode()
    assert f'href="/messages/{thread.pk}/replies/"' in page
    assert "Anna M. reads German" in page
    page = client.get(f"/messages/{thread.pk}/replies/?q=sorry+anna").content.decode()
    assert f"?reply={saved[0]}#composer" in page
    assert saved[1] not in page
    page = client.get(f"/messages/{thread.pk}/?reply={saved[0]}").content.decode()
    assert "Sorry, Anna M.: ⟦latest delivery⟧</textarea>" in page


def test_a_gap_is_filled_in_before_it_is_sent(signed_in: SignIn, thread: Thread, agent: User) -> None:
    before = Message.objects.count()
    data = {"body": "It comes on ⟦latest delivery⟧.", "client_id": new_id()}
    answer = signed_in(agent).post(f"/messages/{thread.pk}/reply/", data)
    assert answer.status_code == 422
    assert "Please fill in what is missing, with its brackets: ⟦latest delivery⟧" in answer.content.decode()
    assert Message.objects.count() == before


def test_a_signature_stands_in_the_box_in_the_readers_language_ones_own_first(
    signed_in: SignIn, thread: Thread, agent: User, seller: User, shop: Mailbox, viewer: User
) -> None:
    for language, text in (("", "{shop_name}"), ("de", "Ihr Team von {shop_name}"), ("en", "Your team")):
        save_signature(by=seller, mailbox=shop, language=language, text=text, is_own=False)
    save_signature(by=agent, mailbox=shop, language="", text="{agent_name}", is_own=True)
    address = f"/messages/{thread.pk}/"
    assert "\n\n\nIhr Team von Nordlicht Lampen</textarea>" in signed_in(seller).get(address).content.decode()
    assert "\n\n\nArno Helfer</textarea>" in signed_in(agent).get(address).content.decode()
    assert "Nordlicht Lampen</textarea>" not in signed_in(viewer).get(address).content.decode()


def test_another_shops_signature_never_comes_in(
    signed_in: SignIn, thread: Thread, seller: User, other_seller: User
) -> None:
    """Somebody who is in both teams signs with the team's words they write for."""
    other = other_seller.mailboxes.get()
    MembershipFactory(user=seller, mailbox=other)
    save_signature(by=seller, mailbox=other, language="", text="Zimtstern", is_own=True)
    page = signed_in(seller).get(f"/messages/{thread.pk}/").content.decode()
    assert "Zimtstern</textarea>" not in page


def test_what_is_sent_is_what_stood_in_the_box_and_the_next_begins_with_it_again(
    signed_in: SignIn, thread: Thread, agent: User
) -> None:
    client, address = signed_in(agent), f"/messages/{thread.pk}/reply/"
    htmx = {"HX-Request": "true", "HX-Target": "form#composer"}
    data = {"signature": "Arno\r\nHelfer", "client_id": new_id()}
    assert client.post(address, data | {"body": "\r\n\r\nArno\r\nHelfer"}, headers=htmx).status_code == 422
    answer = client.post(address, data | {"body": "Yes.\r\n\r\nArno\r\nHelfer"}, headers=htmx)
    page = answer.content.decode().replace("\r\n", "\n")
    assert "\n\n\nArno\nHelfer</textarea>" in page
    client.post(address, data | {"body": "And no.", "client_id": new_id()})
    sent = [read_body(one) for one in thread.messages.order_by("pk")]
    assert sent[1:] == ["Yes.\n\nArno\nHelfer", "And no."]


def test_signature_and_language_cost_no_question(
    signed_in: SignIn, thread: Thread, agent: User, seller: User, shop: Mailbox
) -> None:
    client, address = signed_in(agent), f"/messages/{thread.pk}/"
    client.get(address)

    def asked() -> int:
        keyring.forget_everything()
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len([one for one in captured.captured_queries if '"vault_datakey"' not in one["sql"]])

    without = asked()
    for language in ("", "de", "en"):
        save_signature(by=seller, mailbox=shop, language=language, text="Team", is_own=False)
    assert asked() == without


def test_first_message_begins_with_the_signature_and_may_begin_with_a_saved_reply(
    signed_in: SignIn, order: Order, saved: list[str], agent: User, shop: Mailbox
) -> None:
    save_signature(by=agent, mailbox=shop, language="", text="Kind regards, {agent_name}", is_own=False)
    save_signature(by=agent, mailbox=shop, language="fr", text="Bien à vous", is_own=False)
    client, about = signed_in(agent), {"order": order.number, "shop": str(order.shop_id)}
    page = client.get("/messages/new/", about)
    assert page.context["form"]["body"].value() == "\n\nKind regards, Arno Helfer"
    assert page.context["replies_url"].startswith("/messages/new/replies/?order=")
    found = client.get(page.context["replies_url"], headers=JSON).json()
    assert [one["text"] for one in found["replies"]] == [
        "Ihre 302-1234567-7654321",
        "Sorry, Anna M.: ⟦latest delivery⟧",
    ]
    listed = client.get("/messages/new/replies/", about | {"q": "ihre"}).content.decode()
    assert f"/messages/new/?order={order.number}&amp;shop={order.shop_id}&amp;reply={saved[1]}" in listed
    assert saved[0] not in listed
    chosen = client.get("/messages/new/", about | {"reply": saved[1]})
    assert chosen.context["form"]["body"].value() == "Ihre 302-1234567-7654321\n\nKind regards, Arno Helfer"
    client.post("/messages/new/draft/", about | {"subject": "Your parcel", "body": "Half a sentence", "version": 0})
    below = client.get("/messages/new/", about | {"reply": saved[1]}).context["form"]
    assert (below["subject"].value(), below["body"].value()) == (
        "Your parcel",
        "Half a sentence\n\nIhre 302-1234567-7654321\n\nKind regards, Arno Helfer",
    )


def test_first_message_of_a_buyer_has_neither_and_strangers_get_no_replies(
    signed_in: SignIn, order: Order, saved: list[str], agent: User, shop: Mailbox, buyer: User, other_seller: User
) -> None:
    save_signature(by=agent, mailbox=shop, language="", text="Kind regards", is_own=False)
    about = {"order": order.number, "shop": str(order.shop_id)}
    page = signed_in(buyer).get("/messages/new/", about)
    assert (page.context["form"]["body"].value(), page.context["replies_url"]) == ("", "")
    assert signed_in(buyer).get("/messages/new/replies/", about, headers=JSON).json()["replies"] == []
    assert signed_in(other_seller).get("/messages/new/replies/", about).status_code == 404
    assert signed_in(agent).get("/messages/new/replies/").status_code == 404
