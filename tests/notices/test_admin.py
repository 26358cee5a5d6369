"""Staff see what became of each notice, and can have a failed one sent again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

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
        kind="test", subject_id=new_id(), recipient=reader, state="failed", reason="RCPT was answered 550 5.1.1"
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
