"""What each request costs and knows: memberships on demand, language, time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from messagecenter.accounts.context import site
from messagecenter.accounts.middleware import PersonMiddleware
from messagecenter.accounts.models import Mailbox, Membership, User
from tests.factories import MailboxFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def pass_through(user: Any, view: Callable[[HttpRequest], HttpResponse], cookies: str = "") -> HttpResponse:
    """Send one request of a person through the middleware to a view."""
    request = RequestFactory().get("/", headers={"cookie": cookies})
    request.user = user
    request.session = SessionStore()
    response = PersonMiddleware(view)(request)
    assert isinstance(response, HttpResponse)
    return response


def test_memberships_cost_nothing_until_used(buyer: User, django_assert_num_queries: Any) -> None:
    """No query for a page that does not ask, the context processor included."""

    def view(request: HttpRequest) -> HttpResponse:
        site(request)
        return HttpResponse()

    with django_assert_num_queries(0):
        pass_through(buyer, view)


def test_memberships_cost_one_query(seller: User, django_assert_num_queries: Any) -> None:
    """All of them, the one acted for and its mailbox together."""
    MembershipFactory.create(user=seller)

    def view(request: HttpRequest) -> HttpResponse:
        names = [one.mailbox.name for one in request.memberships]
        assert names[0] == request.membership.mailbox.name
        return HttpResponse(str(len(names)))

    with django_assert_num_queries(1):
        assert pass_through(seller, view).content == b"2"


def acts_for(client: Client) -> str:
    """Return the name of the mailbox a browser acts for."""
    return str(client.get("/accounts/").context["membership"].mailbox.name)


def test_oldest_mailbox_is_the_default(client: Client, seller: User) -> None:
    """Until another is chosen; a chosen one that was lost gives way again."""
    second = MembershipFactory.create(user=seller, mailbox=MailboxFactory.create(name="Second"))
    client.force_login(seller)
    assert acts_for(client) == "Nordlicht Lampen"
    client.post("/accounts/mailbox/", {"mailbox": str(second.mailbox_id)})
    assert acts_for(client) == "Second"
    second.delete()
    assert acts_for(client) == "Nordlicht Lampen"


def test_forged_mailbox_in_the_session_is_ignored(client: Client, seller: User, buyer_mailbox: Mailbox) -> None:
    """The session names a choice, it grants nothing."""
    client.force_login(seller)
    session = client.session
    session["mailbox"] = str(buyer_mailbox.pk)
    session.save()
    assert acts_for(client) == "Nordlicht Lampen"


def test_person_without_mailbox_acts_for_none(db: None) -> None:
    """The lazy object is false."""
    pass_through(UserFactory.create(), lambda r: HttpResponse(str(bool(r.membership))))
    assert Membership.objects.count() == 0


@pytest.mark.parametrize(
    ("profile", "cookie", "expected"),
    [
        ("Asia/Tokyo", "America/Lima", "Asia/Tokyo"),
        ("", "America/Lima", "America/Lima"),
        ("", "../../etc/passwd", site_settings.DEFAULT_TIME_ZONE),
        ("", "", site_settings.DEFAULT_TIME_ZONE),
        ("Mars/Olympus", "Asia/Tokyo", "Asia/Tokyo"),
    ],
)
def test_time_zone_comes_from_profile_then_browser(profile: str, cookie: str, expected: str) -> None:
    """And is forgotten after the request."""
    before = timezone.get_current_timezone()
    user = UserFactory.create(time_zone=profile)
    view = lambda request: HttpResponse(timezone.get_current_timezone_name())  # noqa: E731
    response = pass_through(user, view, cookies=f'time_zone="{cookie}"')
    assert (response.content.decode(), timezone.get_current_timezone()) == (
        str(zoneinfo.ZoneInfo(expected)),
        before,
    )


@pytest.mark.parametrize(("profile", "browser", "spoken"), [("de", "en", "de"), ("", "de", "de"), ("en", "de", "en")])
def test_language_comes_from_profile_then_browser(
    client: Client, buyer: User, profile: str, browser: str, spoken: str
) -> None:
    """The page and its header say the same, and caches are told what it depends on."""
    User.objects.update(language=profile)
    client.force_login(buyer)
    response = client.get("/accounts/", headers={"accept-language": browser})
    assert (response.headers["Content-Language"], f'<html lang="{spoken}"' in response.content.decode()) == (
        spoken,
        True,
    )
    assert {"Cookie", "Accept-Language"} <= {part.strip() for part in response.headers["Vary"].split(",")}


def test_language_of_one_request_does_not_reach_the_next(client: Client, buyer: User) -> None:
    """A German reader is followed by an English stranger."""
    User.objects.update(language="de")
    client.force_login(buyer)
    client.get("/accounts/")
    response = Client().get("/accounts/login/", headers={"accept-language": "en"})
    assert response.headers["Content-Language"] == "en"
    translation.deactivate()
