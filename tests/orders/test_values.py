"""Cells: numbers, dates, text and addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import values
from orders.values import BadValue

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("12,50", "12.50"),
        ("12.50", "12.50"),
        ("12.5", "12.50"),
        ("99999,00", "99999.00"),
        ("1.234", "1234.00"),
        ("1,234", "1234.00"),
        ("1.234.567", "1234567.00"),
        ("0,125", "0.13"),
        ("12345,678", "12345.68"),
        ("1 234,56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("7", "7.00"),
        (",5", "0.50"),
    ],
)
def test_price_reads_both_notations(written: str, amount: str) -> None:
    assert values.price(written) == (Decimal(amount), "")


@pytest.mark.parametrize(
    ("written", "currency"), [("EUR 12,50", "EUR"), ("12,50 €", "EUR"), ("£12.50", "GBP"), ("$12.50", "")]
)
def test_price_knows_the_currency_beside_it(written: str, currency: str) -> None:
    assert values.price(written) == (Decimal("12.50"), currency)


def test_price_with_a_decimal_point_for_sure_is_not_grouped() -> None:
    assert values.price("1.234", point=True) == (Decimal("1.23"), "")


@pytest.mark.parametrize(
    "written", ["1,23,45", "1.2.3", "12,34.56,7", "abc", "1e5", "NaN", "-1", "1.234.56", "5 m EUR"]
)
def test_price_refuses_what_is_no_amount(written: str) -> None:
    with pytest.raises(BadValue):
        values.price(written)


@given(
    st.decimals(min_value=0, max_value=Decimal("9999999.99"), places=2),
    st.sampled_from([(".", ","), (",", "."), ("", "."), ("", ",")]),
)
def test_price_round_trips_in_every_notation(amount: Decimal, marks: tuple[str, str]) -> None:
    group, decimal = marks
    written = f"{amount:,.2f}".replace(",", "g").replace(".", decimal).replace("g", group)
    assert values.price(written)[0] == amount


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_named(written: str) -> None:
    try:
        amount, _unit = values.price(written)
    except BadValue:
        return
    assert amount is None or 0 <= amount <= values.MAX_PRICE


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("two", "quantity 'two' is not a whole number"),
        ("-3", "quantity '-3' is below zero"),
        ("1.5", "quantity '1.5' is not a whole number"),
        ("9999999", "quantity '9999999' is more than 1,000,000"),
        ("", "quantity '' is not a whole number"),
        ("٣", "quantity '٣' is not a whole number"),
    ],
)
def test_quantity_says_what_is_wrong(written: str, problem: str) -> None:
    with pytest.raises(BadValue) as error:
        values.quantity(written)
    assert str(error.value) == problem


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-20T10:11:12+00:00", datetime(2026, 11, 20, 10, 11, 12, tzinfo=UTC)),
        ("2026-11-20 10:11:12 +0100", datetime(2026, 11, 20, 9, 11, 12, tzinfo=UTC)),
        ("2026-11-20T10:11:12Z", datetime(2026, 11, 20, 10, 11, 12, tzinfo=UTC)),
        ("2026-11-20T10:11:12.345-05:30", datetime(2026, 11, 20, 15, 41, 12, tzinfo=UTC)),
        ("2026-11-20 10:11:12 UTC", datetime(2026, 11, 20, 10, 11, 12, tzinfo=UTC)),
        ("20.11.2026 10:11", datetime(2026, 11, 20, 9, 11, tzinfo=UTC)),
        ("1.7.2026, 10:11 Uhr", datetime(2026, 7, 1, 8, 11, tzinfo=UTC)),
        ("20.11.2026 10:11:12 MEZ", datetime(2026, 11, 20, 9, 11, 12, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 19, 23, 0, tzinfo=UTC)),
    ],
)
def test_moments_become_utc(written: str, moment: datetime) -> None:
    assert values.moment(written, "purchase-date", BERLIN) == moment


@pytest.mark.parametrize(
    "written", ["11/20/2026", "2026-02-30", "20.13.2026", "yesterday", "0001-01-01", "2026-11-20T25:00"]
)
def test_moments_refuse_what_is_no_date(written: str) -> None:
    with pytest.raises(BadValue):
        values.moment(written, "purchase-date", BERLIN)


def test_a_delivery_day_is_the_day_it_is_where_the_site_is() -> None:
    assert values.day("2026-11-23T23:00:00+00:00", "delivery", BERLIN) == date(2026, 11, 24)


@given(st.integers(min_value=820_454_400, max_value=4_070_908_800))
def test_moments_round_trip(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert values.moment(moment.isoformat(), "purchased_at", BERLIN) == moment


@given(st.text(alphabet="0123456789.:-+T ZUTC", max_size=30))
def test_any_text_is_a_moment_or_named(written: str) -> None:
    try:
        moment = values.moment(written, "purchased_at", BERLIN)
    except BadValue:
        return
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("a\x00b\x07c", "abc"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("two\r\n lines\ttab", "two lines tab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("u\u0308", "ü"),
        ("half \ud800", "half \ufffd"),
        ("=1+1", "=1+1"),
    ],
)
def test_text_is_cleaned(written: str, cleaned: str) -> None:
    assert values.clean(written) == cleaned


@given(st.text())
def test_cleaned_text_can_be_stored(written: str) -> None:
    cleaned = values.clean(written)
    assert "\x00" not in cleaned
    assert cleaned.encode().decode() == cleaned


@pytest.mark.parametrize("written", ["anna@", "no address", "a@b@c.example", f"{'x' * 300}@example.org"])
def test_a_wrong_address_is_named(written: str) -> None:
    with pytest.raises(BadValue, match="is not an e-mail address"):
        values.email(written, "buyer_email")


@pytest.mark.parametrize(
    "written", ["javascript:alert(1)", "http://shop.example/a.jpg", "//evil.example/a", "data:x", "/\\e"]
)
def test_a_picture_comes_by_https_or_from_here(written: str) -> None:
    with pytest.raises(BadValue):
        values.picture(written)
