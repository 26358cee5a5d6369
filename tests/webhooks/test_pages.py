"""Pages of a shop's webhooks: owners only, secrets shown once, and what comes back when something is wrong."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.webhooks.actions import create_endpoint
from messagecenter.webhooks.models import MOST_ENDPOINTS, Delivery, Endpoint
from messagecenter.webhooks.sealed import read_secrets, read_url
from tests.factories import MembershipFactory
from tests.receiver import Receiver

SignIn = Callable[[User], Client]
LIST, NEW = "/settings/webhooks/", "/settings/webhooks/new/"
URL = "https://hooks.shop.example.org/message-center?key=Zimtstern"


def page(answer: object) -> str:
    return html.unescape(answer.content.decode())


def unnamed(answer: object) -> str:
    """Return a page without the address asked for and the token of its forms."""
    return re.sub(r"[A-Za-z0-9]{64}|[0-9a-f-]{36}", "", page(answer))


def of(endpoint: Endpoint, what: str = "") -> str:
    return f"{LIST}{endpoint.pk}/{what}"


def fields(shop: Mailbox, **more: object) -> dict[str, object]:
    return {"mailbox": shop.pk, "endpoint_id": new_id(), "url": URL, "topics": ["message"], **more}


def test_a_webhook_is_added_and_its_secret_shown_once(signed_in: SignIn, seller: User, shop: Mailbox) -> None:
    client = signed_in(seller)
    data = fields(shop)
    answer = client.post(NEW, data)
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    endpoint = Endpoint.objects.get()
    assert (endpoint.mailbox, read_url(endpoint), endpoint.topics) == (shop, URL, ["message"])
    secret = re.findall(r"whsec_[A-Za-z0-9+/=]{44}", page(answer))
    assert secret == read_secrets(endpoint)
    again = client.post(NEW, data)  # the page was loaded again
    assert (again.status_code, again.url) == (302, of(endpoint))
    assert Endpoint.objects.count() == 1
    for address in (LIST, of(endpoint)):
        shown = page(client.get(address))
        assert URL in shown
        assert "whsec_" not in shown
        assert secret[0].removeprefix("whsec_") not in shown


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": "http://hooks.shop.example.org/"}, "a public address that starts with https://"),
        ({"url": "https://127.0.0.1/"}, "a public address that starts with https://"),
        ({"url": "https://a:b@hooks.shop.example.org/"}, "a public address that starts with https://"),
        ({"url": ""}, "This field is required."),
        ({"topics": []}, "This field is required."),
        ({"topics": ["security"]}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_beside_it(
    signed_in: SignIn, seller: User, shop: Mailbox, change: dict[str, object], sentence: str
) -> None:
    answer = signed_in(seller).post(NEW, fields(shop, **change))
    assert answer.status_code == 422
    assert sentence in page(answer)
    assert not Endpoint.objects.exists()


def test_the_sixth_is_refused(signed_in: SignIn, seller: User, shop: Mailbox, other_seller: User) -> None:
    client = signed_in(seller)
    assert {client.post(NEW, fields(shop)).status_code for _ in range(MOST_ENDPOINTS)} == {201}
    answer = client.post(NEW, fields(shop))
    assert answer.status_code == 422
    assert "no more are possible" in page(answer)
    assert signed_in(other_seller).post(NEW, fields(other_seller.mailboxes.get())).status_code == 201


def test_an_id_that_is_taken_elsewhere_adds_another(signed_in: SignIn, endpoint: Endpoint, other_seller: User) -> None:
    """It neither shows nor changes the other shop's."""
    answer = signed_in(other_seller).post(NEW, fields(other_seller.mailboxes.get(), endpoint_id=endpoint.pk))
    assert answer.status_code == 201
    assert Endpoint.objects.exclude(pk=endpoint.pk).get().mailbox == other_seller.mailboxes.get()


# --- Who may ---------------------------------------------------------------------------------------------------------

DOINGS = ["", "secret/", "test/", "remove/"]


@pytest.mark.parametrize("doing", DOINGS)
def test_another_shop_s_webhook_and_a_missing_one_are_the_same_404(
    signed_in: SignIn, endpoint: Endpoint, receiver: Receiver, other_seller: User, buyer: User, doing: str
) -> None:
    for person in (other_seller, buyer):
        client = signed_in(person)
        posted = [client.post(f"{LIST}{pk}/{doing}", {"number": 1}) for pk in (endpoint.pk, new_id())]
        got = [client.get(f"{LIST}{pk}/") for pk in (endpoint.pk, new_id())]
        for foreign, missing in (posted, got):
            assert (foreign.status_code, missing.status_code) == (404, 404)
            assert unnamed(foreign) == unnamed(missing)
    assert receiver.posted == []
    assert Endpoint.objects.get().secret_number == 1


@pytest.mark.parametrize("doing", DOINGS)
def test_members_who_are_no_owners_are_told_so(
    signed_in: SignIn, endpoint: Endpoint, receiver: Receiver, agent: User, viewer: User, doing: str
) -> None:
    for person in (agent, viewer):
        client = signed_in(person)
        asked = [client.post(of(endpoint, doing), {"number": 1}), client.get(of(endpoint)), client.get(LIST)]
        assert {one.status_code for one in asked} == {403}
        assert receiver.host_and_port not in "".join(map(page, asked))
    assert receiver.posted == []
    assert Endpoint.objects.get().secret_number == 1


def test_only_shops_have_webhooks(signed_in: SignIn, buyer: User, buyer_mailbox: Mailbox) -> None:
    client = signed_in(buyer)
    assert {client.get(LIST).status_code, client.post(NEW, fields(buyer_mailbox)).status_code} == {404}
    assert not Endpoint.objects.exists()


def test_nobody_adds_one_to_a_foreign_shop(signed_in: SignIn, other_seller: User, agent: User, shop: Mailbox) -> None:
    assert signed_in(other_seller).post(NEW, fields(shop)).status_code == 404
    assert signed_in(agent).post(NEW, fields(shop)).status_code == 403
    assert not Endpoint.objects.exists()


def test_a_form_is_saved_for_the_shop_it_was_drawn_for(
    signed_in: SignIn, seller: User, shop: Mailbox, other_seller: User
) -> None:
    """Another tab has switched to another shop meanwhile."""
    other = other_seller.mailboxes.get()
    MembershipFactory(user=seller, mailbox=other)
    client = signed_in(seller)
    client.post("/accounts/mailbox/", {"mailbox": str(other.pk)})
    client.post(NEW, fields(shop))
    assert Endpoint.objects.get().mailbox == shop


def test_a_delivery_is_found_under_its_own_webhook_only(
    signed_in: SignIn, seller: User, endpoint: Endpoint, other_seller: User
) -> None:
    foreign, _secret = create_endpoint(
        by=other_seller, mailbox=other_seller.mailboxes.get(), url=URL, topics=["message"]
    )
    delivery = Delivery.objects.create(endpoint=foreign, notice_id=new_id(), type="message.created")
    client = signed_in(seller)
    assert client.post(of(endpoint, f"deliveries/{delivery.pk}/resend/")).status_code == 404
    assert client.post(of(endpoint, f"deliveries/{new_id()}/resend/")).status_code == 404


# --- Changing, trying, looking ---------------------------------------------------------------------------------------


def test_a_webhook_is_changed_and_removed(signed_in: SignIn, seller: User, endpoint: Endpoint) -> None:
    client = signed_in(seller)
    assert client.post(of(endpoint), {"url": URL, "topics": ["decision"]}).url == of(endpoint)
    endpoint.refresh_from_db()
    assert (read_url(endpoint), endpoint.topics, endpoint.is_active) == (URL, ["decision"], False)
    assert client.post(of(endpoint), {"url": "https://localhost/", "topics": ["decision"]}).status_code == 422
    assert client.post(of(endpoint, "remove/")).url == LIST
    assert not Endpoint.objects.exists()


def test_a_new_secret_is_shown_once(signed_in: SignIn, seller: User, endpoint: Endpoint, secret: str) -> None:
    client = signed_in(seller)
    answer = client.post(of(endpoint, "secret/"), {"number": "1"})
    endpoint.refresh_from_db()
    current, former = read_secrets(endpoint)
    assert (answer.status_code, former) == (201, secret)
    assert current in page(answer)
    assert secret not in page(answer)
    for number in ("1", "", "x", "９"):
        assert client.post(of(endpoint, "secret/"), {"number": number}).url == of(endpoint)
    endpoint.refresh_from_db()
    assert read_secrets(endpoint) == [current, secret]
    assert "signed with the new secret and with the one before" in page(client.get(of(endpoint)))


def test_a_test_says_what_came_back(signed_in: SignIn, seller: User, endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answer = b"Quittenbrot: what the receiver said"
    client = signed_in(seller)
    shown = page(client.post(of(endpoint, "test/"), follow=True))
    assert "The test arrived: answer 200 after" in shown
    assert "Quittenbrot" not in shown
    assert "wait some seconds" in page(client.post(of(endpoint, "test/"), follow=True))
    assert len(receiver.posted) == 1
    Delivery.objects.update(at=timezone.now() - timedelta(seconds=6))
    receiver.status = 404
    assert "did not arrive" in page(client.post(of(endpoint, "test/"), follow=True))


def test_the_owners_see_that_it_is_paused(signed_in: SignIn, seller: User, endpoint: Endpoint) -> None:
    client = signed_in(seller)
    assert "Paused on" not in page(client.get(LIST))
    Endpoint.objects.update(is_active=False, paused_reason="failing", paused_at=timezone.now())
    for address in (LIST, of(endpoint)):
        assert "nothing could be delivered for three days" in page(client.get(address))


def test_an_event_can_be_sent_again_from_its_latest_attempt(
    signed_in: SignIn, seller: User, endpoint: Endpoint
) -> None:
    event = new_id()
    first, latest = (
        Delivery.objects.create(endpoint=endpoint, notice_id=event, type="message.created", attempt=number)
        for number in (1, 2)
    )
    shown = page(signed_in(seller).get(of(endpoint)))
    assert f"deliveries/{latest.pk}/resend/" in shown
    assert f"deliveries/{first.pk}/resend/" not in shown


def test_the_log_asks_once_for_one_delivery_and_for_many(signed_in: SignIn, seller: User, endpoint: Endpoint) -> None:
    client = signed_in(seller)

    def asked(number: int) -> int:
        rows = [Delivery(endpoint=endpoint, notice_id=new_id(), type="message.created") for _ in range(number)]
        Delivery.objects.bulk_create(rows)
        with CaptureQueriesContext(connection) as captured:
            client.get(of(endpoint))
        return len(captured)

    asked(1)
    assert asked(1) == asked(600)
    assert page(client.get(of(endpoint))).count("<td>message.created") == 500
