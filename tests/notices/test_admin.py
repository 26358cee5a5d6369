"""Staff see what became of each notice, and can have a failed one sent again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices.models import Notice

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
URL = "/admin/notices/notice/"


@pytest.fixture
def failed(reader: User) -> Notice:
    """A notice that could not be delivered."""
    return Notice.objects.create(
        kind="test",
        subject_id=new_id(),
        recipient=reader,
        target_id=reader.pk,
        state="failed",
        reason="RCPT was answered 550 5.1.1",
    )


def test_the_list_shows_state_and_reason_without_counting(failed: Notice, admin: User, signed_in: SignIn) -> None:
    browser = signed_in(admin)
    browser.get(URL)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = browser.get(URL, {"state__exact": "failed"}).content.decode()
    assert "RCPT was answered 550 5.1.1" in page
    assert [query["sql"] for query in queries if "COUNT(" in query["sql"] and "notices_notice" in query["sql"]] == []


def test_a_failed_notice_is_sent_again(failed: Notice, admin: User, signed_in: SignIn) -> None:
    signed_in(admin).post(URL, {"action": "send_again", "_selected_action": [str(failed.pk)]})
    failed.refresh_from_db()
    assert (failed.state, failed.reason) == ("due", "")


def test_a_buyer_has_no_business_here(failed: Notice, buyer: User, signed_in: SignIn) -> None:
    signed_in(buyer).post(URL, {"action": "send_again", "_selected_action": [str(failed.pk)]})
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_staff_without_the_right_cannot_send_again(failed: Notice, supporter: User, signed_in: SignIn) -> None:
    signed_in(supporter).post(URL, {"action": "send_again", "_selected_action": [str(failed.pk)]})
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_page_on_delivery_counts_by_provider_and_says_why_not(admin: User, signed_in: SignIn) -> None:
    now = timezone.now()
    for address, state, reason in (
        ("a@gmail.example", "sent", ""),
        ("b@gmail.example", "failed", "RCPT was answered 550"),
        ("c@post.example", "due", ""),
        ("d@post.example", "skipped", "it was read meanwhile"),
    ):
        person = User.objects.create_user(address)
        Notice.objects.create(
            kind="test", subject_id=new_id(), recipient=person, target_id=person.pk, state=state, reason=reason,
            next_at=now - timedelta(seconds=200),
        )  # fmt: skip
    browser = signed_in(admin)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(f"{URL}delivery/").content.decode()
    cells = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "gmail.example 1 1 0 50" in cells
    assert "post.example 0 0 1 0" in cells
    assert "it was read meanwhile 1" in cells
    assert "Too long: is a worker running" in cells
    assert not [query for query in queries if "COUNT(" in query["sql"].upper()]


def test_page_on_delivery_is_for_who_may_see_notices(supporter: User, buyer: User, signed_in: SignIn) -> None:
    assert signed_in(supporter).get(f"{URL}delivery/").status_code == 403
    assert signed_in(buyer).get(f"{URL}delivery/").status_code in (302, 403)
