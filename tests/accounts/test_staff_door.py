"""Staff pages open only to staff who gave their second factor in this very session."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.test import Client

from messagecenter.accounts.models import Mailbox, User
from tests.factories import PASSWORD, MailboxFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


@pytest.fixture
def secret() -> str:
    """What the authenticator app knows."""
    return generate_totp_secret()


@pytest.fixture
def boss(secret: str) -> User:
    """An administrator with an authenticator app."""
    user = UserFactory.create(email="boss@marketplace.example", is_staff=True, is_superuser=True)
    TOTP.activate(user, secret)
    return user


def code_now(secret: str, steps: int = 0) -> str:
    """Return what the authenticator app shows now, or showed so many steps (of 30 seconds) ago."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 - steps))


def where(client: Client, path: str = "/admin/") -> tuple[int, str]:
    """Return the status of a page and where it leads."""
    response = client.get(path)
    return response.status_code, response.headers.get("Location", "")


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/accounts/user/", "/admin/password_change/"])
def test_stranger_goes_to_the_sites_own_sign_in(client: Client, db: None, path: str) -> None:
    """The admin's own login form is never shown."""
    wanted = "/admin/" if path == "/admin/login/" else path
    assert where(client, path) == (302, f"/accounts/login/?next={wanted}")


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [("/admin/accounts/user/", "/admin/accounts/user/"), ("fr", "/admin/"), ("/%00", "/admin/"), ("//evil", "/admin/")],
)
def test_admins_login_link_leads_to_paths_of_this_site(
    boss: User, secret: str, by_password: Browser, wanted: str, reached: str
) -> None:
    """Anything else leads to the admin's first page."""
    client = by_password(boss)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert where(client, f"/admin/login/?next={wanted}") == (302, reached)


@pytest.mark.parametrize(("steps", "reached"), [(0, "/admin/"), (1, "/admin/"), (9, "/accounts/login/?next=/admin/")])
def test_a_code_that_changes_while_it_is_typed_is_taken_and_an_old_one_is_not(
    boss: User, secret: str, by_password: Browser, steps: int, reached: str
) -> None:
    """RFC 6238, 5.2: one step more, for how long people and networks take."""
    client = by_password(boss)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret, steps)})
    assert where(client, "/admin/login/?next=/admin/") == (302, reached)


def test_admins_login_form_takes_no_password(client: Client, boss: User) -> None:
    """Posting to it signs nobody in."""
    client.post("/admin/login/", {"username": boss.email, "password": PASSWORD, "next": "/admin/"})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("person", ["buyer", "seller"])
def test_people_who_are_not_staff_are_refused(request: pytest.FixtureRequest, signed_in: Browser, person: str) -> None:
    """403, on the login page too."""
    client = signed_in(request.getfixturevalue(person))
    assert [where(client, path)[0] for path in ("/admin/", "/admin/login/")] == [403, 403]


def test_password_alone_stops_at_the_second_factor(boss: User, by_password: Browser) -> None:
    """After the password the session is not yet signed in at all."""
    client = by_password(boss)
    assert where(client) == (302, "/accounts/login/?next=/admin/")
    assert where(client, "/accounts/") == (302, "/accounts/login/?next=/accounts/")


def test_password_and_code_open_the_door(boss: User, secret: str, by_password: Browser) -> None:
    """The proper way in."""
    client = by_password(boss)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert where(client) == (200, "")


def test_wrong_code_does_not(boss: User, by_password: Browser) -> None:
    """A guess leaves the door shut."""
    client = by_password(boss)
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert where(client)[0] == 302


def test_staff_without_second_factor_must_set_one_up(by_password: Browser) -> None:
    """With a sentence why; other pages stay open."""
    client = by_password(UserFactory.create(is_staff=True, is_superuser=True))
    assert where(client) == (302, "/accounts/2fa/")
    assert "Staff pages need a second factor." in client.get("/accounts/2fa/").content.decode()
    assert where(client, "/accounts/") == (200, "")


def test_session_from_before_the_second_factor_must_give_it(secret: str, by_password: Browser) -> None:
    """Enrolled after signing in: the code is asked for, then the page opens."""
    user = UserFactory.create(is_staff=True, is_superuser=True)
    client = by_password(user)
    TOTP.activate(user, secret)
    assert where(client) == (302, "/accounts/2fa/reauthenticate/?next=/admin/")
    answer = client.post("/accounts/2fa/reauthenticate/?next=/admin/", {"code": code_now(secret)})
    assert (answer.headers["Location"], where(client)) == ("/admin/", (200, ""))


def test_password_reset_does_not_replace_the_second_factor(
    client: Client, boss: User, secret: str, mailed_path: Callable[[], str]
) -> None:
    """Who reads the mailbox still needs the code; the page asked for is not forgotten."""
    client.post("/accounts/password/reset/", {"email": boss.email, "next": "/admin/accounts/user/"})
    form = client.get(mailed_path()).headers["Location"]
    new = {"password1": "a brand new passphrase", "password2": "a brand new passphrase"}
    assert client.post(form, new).headers["Location"] == "/accounts/2fa/authenticate/"
    assert where(client)[0] == 302
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert (answer.headers["Location"], where(client)) == ("/admin/accounts/user/", (200, ""))


def test_second_factor_of_someone_else_does_not_count(client: Client, boss: User, buyer: User) -> None:
    """A record in the session for another person is worth nothing."""
    client.force_login(boss)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": 1.0}]
    session["account_authentication_methods_user"] = str(buyer.pk)
    session.save()
    assert where(client)[0] == 302


def test_removed_second_factor_shuts_the_door(boss: User, secret: str, by_password: Browser) -> None:
    """Having given it once is not enough when it is gone."""
    client = by_password(boss)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert where(client) == (200, "")
    Authenticator.objects.filter(user=boss).delete()
    assert where(client) == (302, "/accounts/2fa/")


def test_demo_setting_lets_staff_in_by_password(by_password: Browser, settings: object) -> None:
    """STAFF_SECOND_FACTOR=off, which production refuses to start with."""
    settings.STAFF_SECOND_FACTOR = False
    assert where(by_password(UserFactory.create(is_staff=True, is_superuser=True))) == (200, "")


@pytest.mark.parametrize(
    ("kind", "leads_to"),
    [(None, "/admin/"), (Mailbox.Kind.SUPPORT, "/admin/"), (Mailbox.Kind.BUYER, "/messages/")],
)
def test_signing_in_leads_staff_who_trade_nothing_to_their_work(
    client: Client, settings: object, kind: str | None, leads_to: str
) -> None:
    """An auditor without a mailbox met "Your messages", which are none, as the first page of each day."""
    settings.STAFF_SECOND_FACTOR = False
    person = UserFactory.create(is_staff=True)
    if kind:
        MembershipFactory.create(user=person, mailbox=MailboxFactory.create(kind=kind))
    response = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD}, follow=True)
    assert response.redirect_chain == [(leads_to, 302)]
    assert response.status_code == 200


def test_staff_without_a_mailbox_find_the_way_back_to_their_work(signed_in: Browser, settings: object) -> None:
    """From the inbox they do not have, and from what they may not do."""
    settings.STAFF_SECOND_FACTOR = False
    browser = signed_in(UserFactory.create(is_staff=True))
    for path in ("/messages/", "/admin/support/desk/"):
        page = browser.get(path)
        assert page.status_code == 403
        assert 'href="/admin/">Administration</a>' in page.content.decode().split('id="main"')[1]


def test_no_longer_staff_is_refused_at_the_next_request(boss: User, secret: str, by_password: Browser) -> None:
    """Rights are read each time."""
    client = by_password(boss)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    User.objects.filter(pk=boss.pk).update(is_staff=False)
    assert where(client)[0] == 403
