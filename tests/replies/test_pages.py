"""Pages of saved replies, signature and automatic reply: who sees what, previews, and what comes back when wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messagecenter.accounts.models import Mailbox, User
from messagecenter.policy.models import PolicyVersion
from messagecenter.replies.actions import save_reply, save_signature
from messagecenter.replies.models import AutoReply, SavedReply, Signature
from messagecenter.replies.words import read_text
from messagecenter.vault import keyring
from orders.models import Order
from tests.factories import MembershipFactory, OrderFactory

SignIn = Callable[[User], Client]
LIST, NEW = "/messages/replies/", "/messages/replies/new/"
SIGNATURE, AUTOMATIC = "/messages/replies/signature/", "/messages/replies/automatic/"


@pytest.fixture
def saved(agent: User, shop: Mailbox) -> SavedReply:
    text = "Quittenbrot for {buyer_name}: {tracking_link}"
    return save_reply(by=agent, mailbox=shop, name="Zimtstern", language="en", text=text)


def test_the_list_is_the_teams(signed_in: SignIn, saved: SavedReply, viewer: User, other_seller: User) -> None:
    page = signed_in(viewer).get(LIST).content.decode()
    assert "Zimtstern" in page
    assert NEW not in page
    page = signed_in(other_seller).get(LIST).content.decode()
    assert "Quittenbrot" not in page
    assert "Zimtstern" not in page
    assert NEW in page


@pytest.mark.parametrize("address", [LIST, NEW, SIGNATURE, AUTOMATIC])
def test_a_buyer_has_no_such_pages(signed_in: SignIn, buyer: User, address: str) -> None:
    assert signed_in(buyer).get(address).status_code == 404


def test_list_asks_the_same_for_one_reply_and_for_nine(
    signed_in: SignIn, saved: SavedReply, agent: User, shop: Mailbox
) -> None:
    client = signed_in(agent)
    client.get(LIST)

    def asked() -> int:
        keyring.forget_everything()
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    one = asked()
    for number in range(8):
        save_reply(by=agent, mailbox=shop, name=f"{number}", language="en", text="x")
    assert asked() == one <= 7


def test_a_reply_is_written_changed_and_deleted(signed_in: SignIn, agent: User, shop: Mailbox) -> None:
    client = signed_in(agent)
    data = {"mailbox": str(shop.pk), "name": "Invoice", "language": "de", "text": "Rechnung {order_number}"}
    assert client.post(NEW, data).url == LIST
    row = SavedReply.objects.get()
    assert (row.mailbox, row.language, read_text(row)) == (shop, "de", "Rechnung {order_number}")
    address = reverse("replies:edit", args=[row.pk])
    assert client.post(address, data | {"text": "Anders"}).url == LIST
    row.refresh_from_db()
    assert read_text(row) == "Anders"
    assert client.post(reverse("replies:delete", args=[row.pk])).url == LIST
    assert not SavedReply.objects.exists()


def test_strangers_and_viewers_change_nothing(
    signed_in: SignIn, saved: SavedReply, viewer: User, other_seller: User, shop: Mailbox
) -> None:
    edit, delete = (reverse(f"replies:{name}", args=[saved.pk]) for name in ("edit", "delete"))
    data = {"name": "x", "language": "en", "text": "Zimtstern changed"}
    for person, status in ((viewer, 403), (other_seller, 404)):
        assert [signed_in(person).post(each, data).status_code for each in (edit, delete)] == [status, status]
    assert signed_in(other_seller).post(NEW, data | {"mailbox": str(shop.pk)}).status_code == 404
    assert signed_in(viewer).get(edit).status_code == 200
    assert read_text(SavedReply.objects.get()).startswith("Quittenbrot")


def test_a_form_is_saved_for_the_mailbox_it_was_drawn_for(
    signed_in: SignIn, agent: User, shop: Mailbox, other_seller: User
) -> None:
    """Another tab has switched to another shop meanwhile."""
    other = other_seller.mailboxes.get()
    MembershipFactory(user=agent, mailbox=other)
    client = signed_in(agent)
    client.post("/accounts/mailbox/", {"mailbox": str(other.pk)})
    client.post(NEW, {"mailbox": str(shop.pk), "name": "x", "language": "en", "text": "y"})
    assert SavedReply.objects.get().mailbox == shop


def test_preview_has_a_real_order_and_shows_what_is_missing(
    signed_in: SignIn, agent: User, shop: Mailbox, order: Order, buyer_mailbox: Mailbox
) -> None:
    OrderFactory(shop=shop, buyer=None, number="302-NEWEST", tracking_number="", purchased_at="2026-11-22T08:00Z")
    foreign = OrderFactory(number="302-FOREIGN", buyer=buyer_mailbox)
    data = {"name": "x", "language": "en", "text": "{order_number} {buyer_name} <b>", "do": "preview"}
    client = signed_in(agent)
    page = client.post(NEW, data).content.decode()
    assert "302-NEWEST ⟦buyer’s name⟧ &lt;b&gt;" in page
    page = client.post(NEW, data | {"order": order.number}).content.decode()
    assert "302-1234567-7654321 Anna M. &lt;b&gt;" in page
    page = client.post(NEW, data | {"order": foreign.number}).content.decode()
    assert "There is no order with this number." in page
    assert "⟦order number⟧ ⟦buyer’s name⟧ &lt;b&gt;" in page
    assert not SavedReply.objects.exists()


def test_what_breaks_the_rules_is_marked_and_what_was_typed_stays(
    signed_in: SignIn, agent: User, watchwords: PolicyVersion
) -> None:
    data = {"name": "x", "language": "en", "text": "Dear {buyer_name}, a blockword"}
    answer = signed_in(agent).post(NEW, data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<mark>blockword</mark>" in page
    assert "Dear {buyer_name}, a blockword</textarea>" in page
    assert not SavedReply.objects.exists()


def test_an_unknown_variable_comes_back_with_its_place(signed_in: SignIn, agent: User) -> None:
    answer = signed_in(agent).post(NEW, {"name": "x", "language": "en", "text": "Hi {buyer}", "do": "preview"})
    assert answer.status_code == 422
    assert "Line 1, column 4: there is no {buyer}." in answer.content.decode()


def test_signatures_of_colleagues_are_their_own(signed_in: SignIn, agent: User, seller: User, shop: Mailbox) -> None:
    save_signature(by=seller, mailbox=shop, language="", text="Zimtstern", is_own=True)
    client = signed_in(agent)
    client.post(SIGNATURE, {"whose": "team", "language": "de", "text": "Ihr Team"})
    client.post(SIGNATURE, {"whose": "own", "language": "", "text": "Arno"})
    page = client.get(f"{SIGNATURE}?own=1").content.decode()
    assert "Ihr Team" in page
    assert "Arno</textarea>" in page
    assert "Zimtstern" not in page
    client.post(SIGNATURE, {"whose": "own", "language": "", "text": ""})
    assert Signature.objects.filter(member=agent).count() == 0


def test_owner_sets_the_automatic_reply_and_others_only_see_it(
    signed_in: SignIn, seller: User, agent: User, shop: Mailbox
) -> None:
    data = {
        "is_on": "on",
        "when": "closed",
        "time_zone": "Europe/Berlin",
        "monday": "9-12:30, 13:30–18",
        "country": "de",
        "text_en": "We are closed now, {buyer_name}.",
    }
    assert signed_in(agent).post(AUTOMATIC, data).status_code == 403
    assert signed_in(seller).post(AUTOMATIC, data).url == AUTOMATIC
    row = AutoReply.objects.get()
    assert row.hours["week"] == {"monday": [["09:00", "12:30"], ["13:30", "18:00"]]}
    assert row.hours["holidays"] == {"country": "DE"}
    page = signed_in(agent).get(AUTOMATIC).content.decode()
    assert "09:00-12:30, 13:30-18:00" in page
    assert '<fieldset class="reply-locked" disabled>' in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"monday": "nine"}, "Please write the hours like"),
        ({"monday": "18-9"}, "is not after the opening"),
        ({"monday": "25-26"}, "is no time"),
        ({"monday": ""}, "Please give the hours of at least one day."),
        ({"country": "QQ"}, "are not known"),
        ({"text_en": "{order_number}"}, "there is no {order_number}"),
    ],
)
def test_wrong_hours_and_texts_are_told_where_they_stand(
    signed_in: SignIn, seller: User, changed: dict[str, str], sentence: str
) -> None:
    data = {"is_on": "on", "when": "closed", "time_zone": "UTC", "monday": "9-17", "text_en": "Closed."}
    answer = signed_in(seller).post(AUTOMATIC, data | changed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not AutoReply.objects.exists()
