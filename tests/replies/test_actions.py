"""Saving replies, signatures and automatic replies: who may, what is refused and why, and that nothing is readable."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.hours.errors import HoursError
from messagecenter.policy.models import PolicyVersion
from messagecenter.replies import actions
from messagecenter.replies.filling import OF_SUPPORT, Matter, filled, values_of
from messagecenter.replies.models import AutoReply, AutoReplyText, SavedReply, Signature
from messagecenter.replies.words import read_text, write_text
from messagecenter.vault.errors import Damaged
from orders.models import Order
from tests.factories import MailboxFactory, OrderItemFactory

WEEK = {"time_zone": "Europe/Berlin", "week": {"monday": [["09:00", "17:00"]]}}


def save(by: User, mailbox: Mailbox, **changed: Any) -> SavedReply:
    values = {"name": "On its way", "language": "en", "text": "Quittenbrot for {buyer_name}"} | changed
    return actions.save_reply(by=by, mailbox=mailbox, **values)


def save_absence(by: User, mailbox: Mailbox, **changed: Any) -> AutoReply:
    values = {
        "is_on": True,
        "when": "absent",
        "away_from": None,
        "away_until": None,
        "time_zone": "Europe/Berlin",
        "hours": {},
        "texts": {"en": "We are away, {buyer_name}."},
    }
    return actions.save_auto_reply(by=by, mailbox=mailbox, **(values | changed))


def test_a_reply_is_the_teams_and_nobody_reads_it_in_the_database(
    agent: User, seller: User, shop: Mailbox, other_seller: User
) -> None:
    row = save(agent, shop)
    assert read_text(SavedReply.objects.visible_to(seller).get()) == "Quittenbrot for {buyer_name}"
    assert not SavedReply.objects.visible_to(other_seller).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM replies_savedreply")
        assert b"Quittenbrot" not in b"".join(bytes(str(value), "utf8") for value in cursor.fetchone())
    changed = save(seller, shop, reply=row, text="Zimtstern")
    assert (changed.pk, read_text(SavedReply.objects.get()), changed.changed_by) == (row.pk, "Zimtstern", seller)
    actions.delete_reply(by=agent, reply=row)
    assert not SavedReply.objects.exists()


def test_a_text_moved_to_another_row_does_not_open(agent: User, shop: Mailbox) -> None:
    one, other = save(agent, shop), save(agent, shop, name="Another")
    SavedReply.objects.filter(pk=other.pk).update(text_ciphertext=one.text_ciphertext)
    with pytest.raises(Damaged):
        read_text(SavedReply.objects.get(pk=other.pk))


def test_viewers_and_strangers_change_nothing(
    viewer: User, other_seller: User, buyer: User, agent: User, shop: Mailbox
) -> None:
    row = save(agent, shop)
    for nobody in (viewer, other_seller, buyer):
        with pytest.raises(PermissionDenied):
            save(nobody, shop, reply=row)
        with pytest.raises(PermissionDenied):
            actions.delete_reply(by=nobody, reply=row)
        with pytest.raises(PermissionDenied):
            actions.save_signature(by=nobody, mailbox=shop, language="", text="x", is_own=True)
    with pytest.raises(PermissionDenied):
        save_absence(agent, shop)
    assert read_text(SavedReply.objects.get()) == "Quittenbrot for {buyer_name}"


def test_another_shops_reply_is_not_changed_by_naming_it(other_seller: User, agent: User, shop: Mailbox) -> None:
    row, own = save(agent, shop), other_seller.mailboxes.get()
    with pytest.raises(SavedReply.DoesNotExist):
        save(other_seller, own, reply=row, text="Zimtstern")
    assert read_text(SavedReply.objects.get()) == "Quittenbrot for {buyer_name}"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"text": "  "}, "empty"),
        ({"text": "x" * 5001}, "too_long"),
        ({"text": "a\x00b"}, "control"),
        ({"text": "a ⟦gap⟧"}, "gap"),
        ({"text": "Dear {buyer_nam}"}, "unknown_variable"),
        ({"name": " "}, "empty"),
        ({"name": "x" * 81}, "too_long"),
        ({"language": "xx"}, "language"),
    ],
)
def test_what_is_no_reply_is_refused(agent: User, shop: Mailbox, changed: dict[str, str], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        save(agent, shop, **changed)
    assert refused.value.error_list[0].code == code
    assert not SavedReply.objects.exists()


def test_an_unknown_variable_is_told_with_its_place(agent: User, shop: Mailbox) -> None:
    with pytest.raises(ValidationError) as refused:
        save(agent, shop, text="Hello\nyour {order_nummer}")
    assert refused.value.messages == [
        "Line 2, column 6: there is no {order_nummer}. Did you mean {order_number}?",
    ]


def test_a_name_is_there_once_in_a_language(agent: User, shop: Mailbox) -> None:
    save(agent, shop)
    save(agent, shop, language="de")
    with pytest.raises(actions.NameTaken):
        save(agent, shop)


def test_two_hundred_are_possible(agent: User, shop: Mailbox) -> None:
    rows = [SavedReply(mailbox=shop, name=f"{number:03}", language="en") for number in range(200)]
    for row in rows:
        write_text(row, "x")
    SavedReply.objects.bulk_create(rows)
    with pytest.raises(actions.TooMany):
        save(agent, shop)
    save(agent, shop, reply=rows[0], name="000 changed")
    save(agent.mailboxes.get().memberships.get(user=agent).user, shop, reply=rows[1], text="still possible")


def test_a_reply_that_would_be_blocked_is_refused_with_the_words_marked(
    agent: User, shop: Mailbox, watchwords: PolicyVersion
) -> None:
    with pytest.raises(actions.NotAllowedByPolicy) as refused:
        save(agent, shop, text="Dear {buyer_name}, blockword please")
    checked = refused.value.checked
    assert checked.pieces == [("Dear Anna M., ", False), ("blockword", True), (" please", False)]
    assert [item["quote"] for item in checked.items] == ["blockword"]
    assert not SavedReply.objects.exists()
    save(agent, shop, text="holdword: a person will look at each")


def test_our_own_variables_break_no_rule(agent: User, shop: Mailbox) -> None:
    """The link to follow a parcel, the numbers of the matter and both names are no contact details."""
    text = " ".join(f"{{{one.name}}}" for one in OF_SUPPORT)
    assert actions.try_out(text, shop, OF_SUPPORT, language="en").items == []


def test_values_come_from_the_order_in_the_replys_language(order: Order, shop: Mailbox, buyer_mailbox: Mailbox) -> None:
    OrderItemFactory(order=order, title="A bulb")
    OrderItemFactory(order=order, title="Never sent", is_cancelled=True)
    order.latest_delivery, order.buyer_name = date(2026, 11, 9), "Anna Maria Müller"
    values = values_of(Matter(shop, buyer_mailbox, order=order), language="de")
    assert values["buyer_name"] == "Anna M."  # what the shop sees anyway, not the order file's full name
    assert (values["latest_delivery"], values["order_number"]) == ("09.11.2026", "302-1234567-7654321")
    assert values["tracking_link"].startswith("https://www.dhl.de/")
    values = values_of(Matter(shop, buyer_mailbox, order=order), language="en")
    assert (values["latest_delivery"], values["product"]) == ("11/09/2026", "Desk lamp, oak and 1 more item")
    gap = filled("{earliest_delivery}", values, language="en")
    assert gap.text == "⟦earliest delivery⟧"


def test_a_signature_is_the_teams_or_ones_own_and_an_empty_one_goes(agent: User, seller: User, shop: Mailbox) -> None:
    actions.save_signature(by=agent, mailbox=shop, language="", text="{shop_name}", is_own=False)
    actions.save_signature(by=agent, mailbox=shop, language="", text="Arno", is_own=True)
    actions.save_signature(by=agent, mailbox=shop, language="", text="{agent_name}", is_own=True)
    assert {read_text(row) for row in Signature.objects.visible_to(agent)} == {"{shop_name}", "{agent_name}"}
    assert [read_text(row) for row in Signature.objects.visible_to(seller)] == ["{shop_name}"]
    with pytest.raises(ValidationError):
        actions.save_signature(by=agent, mailbox=shop, language="", text="{buyer_name}", is_own=True)
    actions.save_signature(by=agent, mailbox=shop, language="", text=" ", is_own=True)
    assert [row.member for row in Signature.objects.all()] == [None]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"texts": {}}, "is_on"),
        ({"texts": {"en": "{back_on}"}}, "text_en"),
        ({"texts": {"en": "{open_again}"}}, "text_en"),
        ({"texts": {"de": "{order_number}"}}, "text_de"),
        ({"away_from": date(2026, 12, 2), "away_until": date(2026, 12, 1)}, "away_until"),
    ],
)
def test_an_automatic_reply_that_cannot_be_is_refused_at_its_field(
    seller: User, shop: Mailbox, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        save_absence(seller, shop, **changed)
    assert list(refused.value.error_dict) == [field]
    assert not AutoReply.objects.exists()


def test_opening_hours_are_read_before_they_are_kept(seller: User, shop: Mailbox) -> None:
    for hours in ({}, WEEK | {"week": {"monday": [["17:00", "09:00"]]}}):
        with pytest.raises(HoursError):
            save_absence(seller, shop, when="closed", hours=hours)
    row = save_absence(
        seller,
        shop,
        when="closed",
        hours=WEEK,
        texts={"en": "We open again {open_again} and answer then."},
    )
    monday = timezone.datetime(2026, 11, 23, 9, 0, tzinfo=row.opening_hours.zone)
    assert [row.answers_at(monday + timedelta(hours=hours)) for hours in (-1, 0, 7.9, 8)] == [True, False, False, True]


def test_days_away_count_whole_on_the_shops_clocks(seller: User, shop: Mailbox) -> None:
    days = {"away_from": date(2026, 12, 1), "away_until": date(2026, 12, 2)}
    row = save_absence(seller, shop, time_zone="Pacific/Auckland", **days)
    starts = timezone.datetime(2026, 11, 30, 11, 0, tzinfo=timezone.get_fixed_timezone(0))  # midnight there
    hours = (-0.1, 0, 47.9, 48)
    assert [row.answers_at(starts + timedelta(hours=each)) for each in hours] == [False, True, True, False]
    row.is_on = False
    assert not row.answers_at(starts)


def test_saving_again_replaces_texts_and_forgets_the_problem(seller: User, shop: Mailbox) -> None:
    save_absence(seller, shop, texts={"en": "one", "de": "zwei"})
    actions.note_problem(mailbox_id=shop.pk, problem=AutoReply.Problem.POLICY, rules=["contact.email"])
    other = MailboxFactory()
    save_absence(seller, shop, texts={"de": "drei", "en": ""})
    assert [read_text(row) for row in AutoReplyText.objects.all()] == ["drei"]
    assert (AutoReply.objects.get().problem, AutoReply.objects.filter(mailbox=other).count()) == ("", 0)


@pytest.mark.parametrize("word", ["blockword", "holdword", "hideword"])
def test_a_machine_says_only_what_nobody_has_to_check(
    seller: User, shop: Mailbox, watchwords: PolicyVersion, word: str
) -> None:
    with pytest.raises(actions.NotAllowedByPolicy) as refused:
        save_absence(seller, shop, texts={"de": f"Wir sind weg {word}"})
    assert (refused.value.field, AutoReply.objects.count()) == ("text_de", 0)
