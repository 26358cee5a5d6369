"""The order card, the admin's lists, carriers and masked names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from messagecenter.accounts.masking import masked_name
from messagecenter.accounts.models import User
from orders.carriers import tracking_url
from orders.models import Order
from orders.templatetags.order_words import money
from tests.factories import OrderFactory, OrderItemFactory


@pytest.mark.parametrize(
    ("language", "amount", "currency", "text"),
    [
        ("de", "12.50", "EUR", "12,50\u00a0€"),
        ("en", "12.50", "EUR", "€12.50"),
        ("en", "1234.5", "USD", "$1,234.50"),
        ("de", "99999", "EUR", "99.999,00\u00a0€"),
        ("en", "1500", "JPY", "¥1,500"),
        ("de", "3", "XTS", "3,00\u00a0XTS"),
        ("en", "3", "XTS", "XTS\u00a03.00"),
        ("en", "3", "", "3.00"),
    ],
)
def test_money_is_written_the_readers_way(language: str, amount: str, currency: str, text: str) -> None:
    with translation.override(language):
        assert money(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("carrier", "number", "url"),
    [
        ("DHL Paket", "00 34", "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=00%2034"),
        ("dpd", "1&x=2", "https://tracking.dpd.de/status/de_DE/parcel/1%26x%3D2"),
        ("Österreichische Post", "1", "https://www.post.at/sv/sendungsdetails?snr=1"),
        ("Amazon Logistics", "TBA1", ""),
        ("Brieftaube", "1", ""),
        ("DHL", "", ""),
    ],
)
def test_a_parcel_is_followed_at_its_carrier(carrier: str, number: str, url: str) -> None:
    assert tracking_url(carrier, number) == url


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Anna Müller", "Anna M."),
        ("Dr. Karl-Heinz von Huber", "Karl-Heinz H."),
        ("Müller, Anna", "Anna M."),
        ("Anna", "Anna"),
        ("", ""),
        ("anna@example.org", ""),
        ("0171 234567", ""),
        ("www.shop.example Anna", ""),
    ],
)
def test_a_seller_sees_first_name_and_initial(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@pytest.mark.django_db
def test_the_card_shows_the_order_and_escapes_it() -> None:
    order = OrderFactory(
        number="302-1",
        status=Order.Status.SHIPPED,
        carrier="DHL",
        tracking_number="123",
        marketplace="amazon.de",
        purchased_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        earliest_delivery=date(2026, 11, 23),
    )
    OrderItemFactory(
        order=order,
        title="<b>Lamp</b>",
        quantity=2,
        price=Decimal("25.00"),
        currency="EUR",
        picture_url="/static/a.svg",
    )
    with translation.override("en"):
        html = render_to_string("orders/_card.html", {"order": order})
    for part in (
        "&lt;b&gt;Lamp&lt;/b&gt;",
        "€12.50 each",
        "€25.00",
        'src="/static/a.svg" width="56" height="56"',
        'href="https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=123"',
        'rel="noopener noreferrer"',
        "Nov. 20, 2026",
        "amazon.de",
    ):
        assert part in html
    assert "style=" not in html


@pytest.mark.django_db
def test_the_card_loads_no_foreign_picture() -> None:
    order = OrderFactory()
    OrderItemFactory(order=order, picture_url="https://tracker.example/pixel.gif")
    assert "tracker.example" not in render_to_string("orders/_card.html", {"order": order})


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["order", "product", "orderitem"])
def test_admin_lists_count_nothing_and_cost_the_same(
    model: str, admin: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(admin)
    counts = []
    for _ in range(2):
        OrderItemFactory(order=OrderFactory())
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/admin/orders/{model}/")
        assert response.status_code == 200
        assert [each["sql"] for each in queries if "COUNT(" in each["sql"] and "orders_" in each["sql"]] == []
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_admin_finds_an_order_by_its_whole_number(admin: User, signed_in: Callable[[User], Client]) -> None:
    client = signed_in(admin)
    OrderFactory(number="302-77")
    OrderFactory(number="302-771")
    page = client.get("/admin/orders/order/", {"q": "302-77"}).content.decode()
    assert (">302-77<" in page, ">302-771<" in page) == (True, False)
