"""The pages of the reply figures: every number leads to its list, and nobody sees another shop's."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.threads.models import Thread, Wait

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def waits(thread: Thread, shop: Mailbox, seller: User) -> list[Wait]:
    """One answered in time, one late, one overdue, beside the one of the thread itself that still runs."""
    now = timezone.now()
    rows = [
        (timedelta(days=2), timedelta(hours=3), Wait.End.ANSWERED, seller, "where_is_it"),
        (timedelta(days=5), timedelta(hours=30), Wait.End.ANSWERED, seller, "=return"),
        (timedelta(days=3), None, "", None, "invoice"),
        (timedelta(days=60), timedelta(hours=1), Wait.End.CLOSED, None, "invoice"),
    ]
    return Wait.objects.bulk_create(
        Wait(
            thread=thread,
            mailbox=shop,
            topic=topic,
            started_at=now - ago,
            due_at=now - ago + timedelta(hours=24),
            ended_at=now - ago + took if took else None,
            end=end,
            answered_by=member,
        )
        for ago, took, end, member, topic in rows
    )


def page(client: Client, query: str = "", name: str = "figures") -> str:
    answer = client.get(reverse(f"figures:{name}") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_shop_sees_how_fast_it_answers(signed_in: SignIn, seller: User, waits: list[Wait]) -> None:
    html = page(signed_in(seller), "?days=30")
    assert "33.3\u00a0%" in html  # one of three that are judged
    assert "16 h 30 min" in html  # the middle of 3 and 30 hours
    assert "Selma Lampe" in html
    assert "outcome=unanswered" in html
    assert "50.0\u00a0%" in page(signed_in(seller), "?days=90")


def test_every_figure_leads_to_the_waits_it_is_made_of(signed_in: SignIn, seller: User, waits: list[Wait]) -> None:
    client = signed_in(seller)
    for query, number in (("?days=7", 4), ("?days=90", 5), ("?outcome=late", 1), ("?topic=invoice&days=90", 2)):
        assert page(client, query, "waits").count('<th scope="row">') == number
    assert page(client, f"?member={seller.pk}", "waits").count('<th scope="row">') == 2
    assert page(client, "?member=none", "waits").count('<th scope="row">') == 2
    assert page(client, "?outcome=sideways&days=5&from=999", "waits").count('<th scope="row">') == 4


def test_the_list_can_be_downloaded_and_holds_no_formula(signed_in: SignIn, seller: User, waits: list[Wait]) -> None:
    answer = signed_in(seller).get(reverse("figures:waits_csv") + "?days=30")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 5
    assert {row[1] for row in rows[1:]} >= {"'=return"}
    assert {row[-1] for row in rows[1:]} == {"180", "1800", ""}
    assert "Flügelhorn" not in text
    assert "Zimtstern" not in text


def test_only_the_shops_own_team_sees_its_figures(
    signed_in: SignIn, viewer: User, buyer: User, other_seller: User, waits: list[Wait]
) -> None:
    assert "33.3\u00a0%" in page(signed_in(viewer))
    assert "33.3\u00a0%" not in page(signed_in(other_seller))
    assert '<th scope="row">' not in page(signed_in(other_seller), "?days=90", "waits")
    stranger = signed_in(other_seller).get(reverse("figures:waits_csv"))
    assert len(b"".join(stranger.streaming_content).splitlines()) == 1  # type: ignore[attr-defined]
    for name in ("figures", "waits", "waits_csv"):
        assert signed_in(buyer).get(reverse(f"figures:{name}")).status_code == 404


def test_anybody_with_a_mailbox_may_read_the_rules(signed_in: SignIn, buyer: User) -> None:
    assert "How the reply clock counts" in page(signed_in(buyer), name="rules")


def test_a_shop_without_waits_is_told_so(signed_in: SignIn, other_seller: User) -> None:
    assert "Nobody had to wait for you in these days." in page(signed_in(other_seller))


def test_the_page_asks_the_same_for_few_and_many(
    signed_in: SignIn,
    seller: User,
    waits: list[Wait],
    thread: Thread,
    shop: Mailbox,
    django_assert_max_num_queries: object,
) -> None:
    now = timezone.now()
    Wait.objects.bulk_create(
        Wait(
            id=new_id(),
            thread=thread,
            mailbox=shop,
            topic="invoice",
            started_at=now - timedelta(minutes=number + 1),
            due_at=now,
        )
        for number in range(150)
    )
    client = signed_in(seller)
    client.get(reverse("figures:figures"))
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        client.get(reverse("figures:figures"))
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        html = page(client, "?days=7", "waits")
    assert "from=100" in html
