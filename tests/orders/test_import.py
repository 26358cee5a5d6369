"""What an import does to the database, and that it does it once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messagecenter.accounts.models import Mailbox, Membership, Role, User
from orders.actions import record_orders
from orders.models import Order, OrderItem, Product
from tests.factories import MailboxFactory, MembershipFactory, UserFactory
from tests.orders.order_files import OWN, record, row, tables

SAMPLES = Path(__file__).parents[2] / "orders" / "samples"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name",
    [
        "marketplace-orders.csv",
        "marketplace-orders.json",
        "shopify-orders.csv",
        "woocommerce-orders.json",
        "amazon-orders.txt",
        "amazon-all-orders.txt",
    ],
)
def test_the_same_file_again_changes_nothing(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    shop = "Lampenladen" if name.startswith("amazon") else None
    first = record(content, shop=shop)
    before = tables()
    again = record(content, shop=shop)
    assert tables() == before
    assert (again.created, again.updated, again.unchanged) == (0, 0, first.created)
    assert first.created >= 10


def test_two_reports_of_one_marketplace_do_not_double_lines() -> None:
    record((SAMPLES / "amazon-orders.txt").read_bytes(), shop="Lampenladen")
    before = OrderItem.objects.filter(order__number="303-1000000-2000000").count()
    record((SAMPLES / "amazon-all-orders.txt").read_bytes(), shop="Lampenladen")
    assert OrderItem.objects.filter(order__number="303-1000000-2000000").count() == before == 1


def test_a_basket_from_two_shops_is_two_orders_with_one_number() -> None:
    record(OWN + row("B-1", seller="Nordlicht") + row("B-1", seller="Bergwerk"))
    assert sorted(Order.objects.values_list("number", "shop__name")) == [("B-1", "Bergwerk"), ("B-1", "Nordlicht")]


def test_a_shop_is_found_without_regard_to_capitals() -> None:
    shop = MailboxFactory(name="Müller LAMPEN")
    record(OWN + row(seller="MÜLLER Lampen"))
    assert Order.objects.get().shop == shop


def test_a_buyer_is_one_person_with_one_masked_mailbox() -> None:
    record(OWN + row("A") + row("B", buyer_email="ANNA@example.org"))
    user = User.objects.get(email="anna@example.org")
    mailbox = Mailbox.objects.get(kind=Mailbox.Kind.BUYER)
    assert not user.has_usable_password()
    assert (mailbox.name, list(mailbox.orders_bought.values_list("number", flat=True).order_by("number"))) == (
        "Anna M.",
        ["A", "B"],
    )
    assert Membership.objects.get(user=user).role == Role.OWNER


def test_a_nameless_buyer_gets_the_name_of_a_later_file() -> None:
    record(OWN + row(buyer_name=""))
    assert Mailbox.objects.get(kind=Mailbox.Kind.BUYER).name == ""
    record(OWN + row())
    assert Mailbox.objects.get(kind=Mailbox.Kind.BUYER).name == "Anna M."


def test_an_order_without_address_gets_its_buyer_later_and_keeps_it() -> None:
    record(OWN + row(buyer_email=""))
    assert Order.objects.get().buyer is None
    record(OWN + row())
    buyer = Order.objects.get().buyer
    result = record(OWN + row(buyer_email="mallory@example.org"))
    assert Order.objects.get().buyer == buyer
    assert len(result.remarks) == 1


def test_a_seller_who_buys_has_a_mailbox_of_their_own_for_it() -> None:
    record(OWN + row(buyer_email="seller@example.org", seller_email="seller@example.org"))
    kinds = Membership.objects.filter(user__email="seller@example.org").values_list("mailbox__kind", flat=True)
    assert sorted(kinds) == ["buyer", "shop"]


def test_orders_do_not_go_to_a_mailbox_its_owner_was_only_let_into() -> None:
    trap = MailboxFactory(kind=Mailbox.Kind.BUYER, name="Mallory T.")
    MembershipFactory(mailbox=trap, user=UserFactory(email="mallory@example.org"))
    MembershipFactory(mailbox=trap, user=UserFactory(email="anna@example.org"))
    record(OWN + row())
    assert trap.orders_bought.count() == 0
    assert Order.objects.get().buyer is not None


def test_the_first_owner_comes_from_the_file() -> None:
    record(OWN + row(seller_email="owner@example.org"))
    assert list(Membership.objects.filter(mailbox__kind="shop").values_list("user__email", "role")) == [
        ("owner@example.org", "owner")
    ]


def test_a_shop_with_an_owner_is_not_taken_over() -> None:
    shop = MailboxFactory(name="Nordlicht")
    owner = MembershipFactory(mailbox=shop)
    result = record(OWN + row(seller_email="mallory@example.org"))
    assert list(shop.memberships.all()) == [owner]
    assert not User.objects.filter(email="mallory@example.org").exists()
    assert result.remarks == [
        "line 2: the shop Nordlicht already has an owner; seller_email mallory@example.org was not let in."
    ]


def test_a_state_follows_the_file_and_empty_cells_say_nothing() -> None:
    record(OWN + row(status="shipped", carrier="DHL", tracking_number="123"))
    result = record(OWN + row(status="unshipped"))
    order = Order.objects.get()
    assert (order.status, order.carrier, order.tracking_number) == ("unshipped", "DHL", "123")
    assert (result.created, result.updated, result.unchanged) == (0, 1, 0)


def test_an_order_whose_lines_are_all_cancelled_is_cancelled() -> None:
    record(OWN + row("A", cancelled="true") + row("A", sku="L-2") + row("B", cancelled="true", status="shipped"))
    assert dict(Order.objects.values_list("number", "status")) == {"A": "unshipped", "B": "cancelled"}
    record(OWN + row("B", cancelled="false"))
    assert Order.objects.get(number="B").status == "unshipped"


def test_products_belong_to_a_shop_and_follow_the_file() -> None:
    record(OWN + row("A") + row("B", seller="Bergwerk"))
    record(OWN + row("C", title="Neue Lampe"))
    assert sorted(Product.objects.values_list("shop__name", "sku", "title")) == [
        ("Bergwerk", "L-1", "Lampe"),
        ("Nordlicht", "L-1", "Neue Lampe"),
    ]


def test_good_rows_of_an_order_with_a_bad_one_go_in() -> None:
    result = record(OWN + row() + row(sku="L-2", quantity="two"))
    assert [str(bad) for bad in result.bad] == ["line 3: quantity 'two' is not a whole number"]
    assert list(OrderItem.objects.values_list("sku", "price")) == [("L-1", Decimal("12.50"))]


def test_strict_records_nothing_when_a_row_is_bad() -> None:
    before = tables()
    result = record(OWN + row() + row("B", quantity="two"), strict=True)
    assert (result.refused, result.created, len(result.bad)) == (True, 0, 1)
    assert tables() == before


def test_a_trial_counts_and_records_nothing() -> None:
    before = tables()
    assert record(OWN + row(), dry_run=True).created == 1
    assert tables() == before


def test_a_row_without_seller_is_bad_and_a_named_shop_takes_all() -> None:
    assert str(record(OWN + row(seller="")).bad[0]) == "line 2: the seller is missing; name one with --shop"
    record(OWN + row(seller_email="x@example.org"), shop="Mine")
    assert [order.shop.name for order in Order.objects.select_related("shop")] == ["Mine"]
    assert not User.objects.filter(email="x@example.org").exists()


def test_rows_of_an_order_far_apart_are_one_order() -> None:
    result = record(OWN + row("A") + row("B") + row("A", sku="L-2"))
    assert (result.created, result.updated) == (2, 0)
    assert OrderItem.objects.filter(order__number="A").count() == 2


def test_formulas_and_control_characters_are_just_text() -> None:
    record(OWN + row(title='"=HYPERLINK(""x"")\u202e\x00"'))
    assert OrderItem.objects.get().title == '=HYPERLINK("x")'


def test_only_staff_may_import() -> None:
    with pytest.raises(PermissionDenied):
        record_orders(orders=[], by=UserFactory())


def _queries(first: int, count: int) -> int:
    with CaptureQueriesContext(connection) as queries:
        record(
            OWN
            + "".join(row(f"Q-{n}", buyer_email=f"q{n}@example.org", sku=f"S-{n}") for n in range(first, first + count))
        )
    return len(queries)


def test_a_batch_costs_the_same_number_of_queries_however_many_orders() -> None:
    record(OWN + row())
    assert _queries(0, 2) == _queries(100, 30)


def test_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_orders", str(SAMPLES / "marketplace-orders.csv"))
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("our own CSV: 45 created, 0 updated, 0 unchanged, 0 rows bad.\n", "")


def test_command_names_bad_rows_and_exits_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        call_command("import_orders", str(SAMPLES / "amazon-orders-with-errors.txt"), shop="Lampenladen")
    captured = capsys.readouterr()
    assert error.value.code == 1
    assert captured.err == "line 5: quantity 'zwei' is not a whole number\n"
    assert captured.out == "Amazon order report: 5 created, 0 updated, 0 unchanged, 1 row bad.\n"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (str(SAMPLES / "amazon-orders.txt"), '--shop "Name of the shop".'),
        (str(SAMPLES / "absent.csv"), "cannot be read: No such file or directory."),
        (str(SAMPLES), "cannot be read: Is a directory."),
        (str(SAMPLES / "README.md"), "The file is not one we recognise"),
    ],
)
def test_command_refuses_an_unreadable_file_with_two(path: str, sentence: str) -> None:
    with pytest.raises(CommandError) as error:
        call_command("import_orders", path)
    assert error.value.returncode == 2
    assert sentence in str(error.value)
