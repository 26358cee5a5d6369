"""Each format and the odd things real files hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.formats.source import UnreadableFile
from orders.rows import BadRow
from tests.orders.order_files import OWN, read, row

SAMPLES = Path(__file__).parents[2] / "orders" / "samples"
AMAZON = (
    "order-id\torder-item-id\tpurchase-date\tbuyer-email\tbuyer-name\tsku\tproduct-name\tquantity-purchased"
    "\tcurrency\titem-price"
)


def amazon(*cells: str) -> str:
    """Return an order report with one row for each text of cells separated by |."""
    return AMAZON + "\r\n" + "".join(each.replace("|", "\t") + "\r\n" for each in cells)


LAMP = '303-1|77|2026-11-20T10:11:12+00:00|a@example.org|Jürgen Groß|L-1|Größe "M" Lampe|2|EUR|99999,00'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
def test_amazon_reads_every_encoding(encoding: str) -> None:
    orders, bad = read(amazon(LAMP).encode(encoding))
    item = orders[0].items["77"]
    assert bad == []
    assert (orders[0].number, orders[0].buyer_name, item.title) == ("303-1", "Jürgen Groß", 'Größe "M" Lampe')
    assert (item.quantity, item.price, item.currency) == (2, Decimal("99999.00"), "EUR")


def test_amazon_joins_rows_of_an_order_and_counts_a_repeated_row_once() -> None:
    orders, _ = read(amazon(LAMP, LAMP, LAMP.replace("|77|", "|78|"), "303-1|||||||||"))
    assert [list(order.items) for order in orders] == [["77", "78"]]


def test_amazon_unwraps_cells_a_spreadsheet_quoted() -> None:
    orders, _ = read(amazon(LAMP.replace('Größe "M" Lampe', '"Lampe ""Nord"", groß"')))
    assert orders[0].items["77"].title == 'Lampe "Nord", groß'


def test_amazon_names_the_line_and_keeps_the_other_rows_of_the_order() -> None:
    orders, bad = read(amazon(LAMP, LAMP.replace("|77|", "|78|").replace("|2|EUR", "|two|EUR")))
    assert list(orders[0].items) == ["77"]
    assert [str(each) for each in bad] == ["line 3: quantity 'two' is not a whole number"]


def test_amazon_all_orders_gives_state_language_and_cancelled_lines() -> None:
    orders, bad = read((SAMPLES / "amazon-all-orders.txt").read_bytes())
    states = {order.status for order in orders}
    assert bad == []
    assert states == {"shipped", "unshipped", "pending", "cancelled", "delivered"}
    assert {(order.marketplace, order.language) for order in orders} == {("amazon.de", "de")}
    assert [item.is_cancelled for order in orders if order.status == "cancelled" for item in order.items.values()] == [
        True
    ] * 3


def test_shopify_completes_rows_from_the_first_and_splits_vendors() -> None:
    orders, bad = read((SAMPLES / "shopify-orders.csv").read_bytes())
    second = [order for order in orders if order.number == "#1002"]
    assert bad == []
    assert {order.seller: order.buyer_email for order in second} == {
        "Woven & Co.": "tom.baker@example.org",
        "Töpferei Grün": "tom.baker@example.org",
    }
    assert second[0].purchased_at == datetime(2026, 11, 5, 9, 17, 23, tzinfo=UTC)


def test_shopify_counts_physical_lines_through_quoted_line_breaks() -> None:
    content = (SAMPLES / "shopify-orders.csv").read_text()
    lines = content.split("\n")
    target = next(number for number, line in enumerate(lines, start=1) if line.startswith("#1006"))
    lines[target - 1] = lines[target - 1].replace("2026-11-09", "2026-99-09")
    _, bad = read("\n".join(lines))
    assert [each.line_number for each in bad] == [target]


def test_shopify_price_is_for_the_line() -> None:
    orders, _ = read((SAMPLES / "shopify-orders.csv").read_bytes())
    third = next(order for order in orders if order.number == "#1003")
    assert [(item.quantity, item.price) for item in third.items.values()] == [(2, Decimal("37.00"))]


def test_shopify_rows_after_a_bad_first_row_are_named() -> None:
    head = "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Vendor\n"
    _, bad = read(head + "#1,a@,paid,2026-11-20 10:00:00 +0100,1,Lamp,V\n#1,,,,1,Bulb,V\n")
    assert [each.line_number for each in bad] == [2, 3]


def _single(orders: list[dict[str, object]]) -> str:
    return json.dumps(orders[1])


def _lines(orders: list[dict[str, object]]) -> str:
    return "\n".join(json.dumps(order) for order in orders[1:2])


@pytest.mark.parametrize("shape", [_single, _lines, lambda orders: json.dumps([orders[1]])])
def test_woocommerce_reads_every_shape(shape: Callable[[list[dict[str, object]]], str]) -> None:
    orders, bad = read(shape(json.loads((SAMPLES / "woocommerce-orders.json").read_text())))
    assert bad == []
    assert [(order.number, order.seller, order.carrier, order.tracking_number) for order in orders] == [
        ("3001", "Imkerei Sommer", "DHL", "00340434161094050001"),
        ("3001", "Holzwerk Nord", "DHL", "00340434161094050001"),
    ]
    assert [item.price for order in orders for item in order.items.values()] == [Decimal("20.00"), Decimal("15.00")]


def test_json_number_keeps_its_decimal_point() -> None:
    orders, _ = read(
        '{"order_number": "A", "seller": "S", "purchased_at": "2026-11-20", "items": [{"title": "T", "price": 1.234}]}'
    )
    assert [item.price for item in orders[0].items.values()] == [Decimal("1.23")]


def test_truncated_json_is_named_with_its_line() -> None:
    whole = (SAMPLES / "woocommerce-orders.json").read_text()
    orders, bad = read(whole[: whole.index('"3002"')])
    assert {order.number for order in orders} == {"3000", "3001"}
    assert [each.reason.partition(" at line")[0] for each in bad] == ["the JSON breaks off"]


def test_a_bad_line_of_json_lines_leaves_the_others() -> None:
    good = '{"order_number": "%s", "seller": "S", "purchased_at": "2026-11-20", "items": [{"title": "T"}]}\n'
    orders, bad = read(good % "A" + '{"order_number": "B",\n' + good % "C")
    assert [order.number for order in orders] == ["A", "C"]
    assert [each.line_number for each in bad] == [2]


def test_deep_json_is_named() -> None:
    _, bad = read('{"order_number": ' + "[" * 100_000)
    assert len(bad) == 1


def test_own_csv_keeps_numbers_that_differ_in_case_apart() -> None:
    orders, _ = read(OWN + row("a-1") + row("A-1"))
    assert [order.number for order in orders] == ["a-1", "A-1"]


def test_own_csv_tells_equal_rows_from_two_lines_of_one_sku() -> None:
    orders, _ = read(OWN + row() + row() + row(quantity="2"))
    assert list(orders[0].items) == ["~L-1", "~L-1#2"]


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_own_csv_reads_every_separator(separator: str) -> None:
    orders, bad = read((OWN + row()).replace(",", separator))
    assert (len(orders), bad) == (1, [])


def test_a_huge_cell_is_named_and_the_rest_is_read() -> None:
    orders, bad = read(OWN + row("A", title="x" * 1_000_000) + row("B"))
    assert [order.number for order in orders] == ["B"]
    assert [each.line_number for each in bad] == [2]


def test_an_open_quote_is_named() -> None:
    orders, bad = read(OWN + row("A") + '"B,' + row("C") + row("D"))
    assert [order.number for order in orders] == ["A"]
    assert [str(each) for each in bad] == ["line 3: (up to line 4) a quotation mark is opened and never closed"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"quantity": "-1"}, "quantity '-1' is below zero"),
        ({"buyer_email": "bea@"}, "buyer_email 'bea@' is not an e-mail address"),
        ({"status": "lost"}, "status 'lost' is not one of pending, unshipped, shipped, delivered, cancelled, refunded"),
        ({"tracking_number": "1" * 65}, "tracking_number has 65 characters; at most 64 fit"),
        ({"title": "\u200b"}, "title is missing"),
        ({"purchased_at": ""}, "purchased_at is missing"),
        ({"cancelled": "maybe"}, "cancelled 'maybe' is neither true nor false"),
    ],
)
def test_own_csv_names_what_is_wrong(cells: dict[str, str], reason: str) -> None:
    assert read(OWN + row(**cells))[1] == [BadRow(2, reason)]


def test_header_only_is_an_empty_import() -> None:
    assert read(OWN) == ([], [])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \r\n", "The file is empty."),
        (b"PK\x03\x04abc", "Excel workbook"),
        (b"name;price\nx;1\n", "its first line is 'name;price'"),
        (b'{"a": 1}', "The file is not one we recognise"),
        (b"Name,Lineitem name\n#1,Lamp\n", "the column created at, lineitem quantity is missing"),
    ],
)
def test_an_unknown_file_is_refused_with_what_was_seen(content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        read(content)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    "name", sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".csv", ".txt", ".json"))
)
def test_every_sample_is_good_unless_it_says_otherwise(name: str) -> None:
    orders, bad = read((SAMPLES / name).read_bytes())
    assert len(orders) >= 3
    assert bool(bad) == ("with-errors" in name)


def _survives(content: bytes) -> None:
    with suppress(UnreadableFile):
        read(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    _survives(content)


@settings(max_examples=60)
@given(
    st.sampled_from([OWN.encode(), AMAZON.encode() + b"\n", b"Name,Lineitem name,Created at,Lineitem quantity\n"]),
    st.binary(max_size=300),
)
def test_any_bytes_below_a_header_are_read_or_named(header: bytes, content: bytes) -> None:
    _survives(header + content)


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["order_number", "items", "line_items", "number", "purchased_at", "title", "billing"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=15,
    )
)
def test_any_json_is_read_or_named(content: object) -> None:
    _survives(json.dumps(content).encode())
