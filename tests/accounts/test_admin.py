"""The admin of people: no secrets, no powers for who has none, no way into other people's mailboxes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messagecenter.accounts.actions import invite_member
from messagecenter.accounts.models import Invitation, Mailbox, Membership, Role, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGES = ["user", "mailbox", "membership", "invitation"]


@pytest.fixture
def at_desk() -> Callable[[User], Client]:
    """Return a browser in which a member of staff is in with the second factor."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": 1.0}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        return client

    return sign_in


def allow(user: User, *names: str) -> User:
    """Give a member of staff some permissions."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=names, content_type__app_label="accounts"))
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("page", PAGES)
def test_lists_cost_the_same_with_one_row_and_with_many(
    at_desk: Callable[[User], Client], admin: User, seller: User, shop: Mailbox, page: str
) -> None:
    """No count, no query a row."""
    browser = at_desk(admin)
    spent = []
    for number in range(2):
        invite_member(mailbox=shop, email=f"new{number}@shop.example", role=Role.AGENT, by=seller)
        UserFactory.create_batch(3 * number)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/admin/accounts/{page}/").status_code == 200
        spent.append(len(queries))
        assert [q["sql"] for q in queries if "COUNT(" in q["sql"]] == []
    assert spent[0] == spent[1]


def test_no_secret_is_shown(at_desk: Callable[[User], Client], admin: User, seller: User, shop: Mailbox) -> None:
    """Neither a password's hash nor the secret of an authenticator."""
    browser = at_desk(admin)
    factor = Authenticator.objects.get(user=admin)
    pages = [f"/admin/accounts/user/{seller.pk}/change/", f"/admin/mfa/authenticator/{factor.pk}/change/"]
    texts = [browser.get(page).content.decode() for page in pages]
    assert [secret in text for text in texts for secret in ("md5$", "A" * 32)] == [False] * 4


def test_person_is_found_by_the_whole_address(at_desk: Callable[[User], Client], admin: User, seller: User) -> None:
    """However it is capitalised; a part finds nothing."""
    browser = at_desk(admin)
    found = [
        seller.get_full_name() in browser.get("/admin/accounts/user/", {"q": term}).content.decode()
        for term in ("Selma@Shop.example", "selma")
    ]
    assert found == [True, False]


def test_staff_without_permission_sees_nothing(
    at_desk: Callable[[User], Client], supporter: User, seller: User
) -> None:
    """Being staff alone opens no table."""
    browser = at_desk(supporter)
    assert [browser.get(f"/admin/accounts/{page}/").status_code for page in PAGES] == [403] * 4


def test_staff_cannot_give_themselves_powers(at_desk: Callable[[User], Client], supporter: User, seller: User) -> None:
    """Nor change an administrator, nor the address of anybody."""
    browser = at_desk(allow(supporter, "change_user", "view_user"))
    entered = {"name": "Selma", "email": "mine@evil.example", "is_staff": "on", "is_superuser": "on", "is_active": "on"}
    assert browser.post(f"/admin/accounts/user/{seller.pk}/change/", entered).status_code == 302
    seller.refresh_from_db()
    assert (seller.name, seller.email, seller.is_staff) == ("Selma", "selma@shop.example", False)
    assert browser.post(f"/admin/accounts/user/{supporter.pk}/change/", entered).status_code == 403


def test_nobody_is_made_a_member_in_the_admin(at_desk: Callable[[User], Client], admin: User, shop: Mailbox) -> None:
    """Members come by invitation."""
    browser = at_desk(admin)
    assert browser.get("/admin/accounts/membership/add/").status_code == 403
    assert "memberships-0-user" not in browser.get(f"/admin/accounts/mailbox/{shop.pk}/change/").content.decode()


def test_shop_is_opened_and_its_owner_invited(
    at_desk: Callable[[User], Client],
    admin: User,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    """One form for both."""
    entered = {
        "kind": "shop",
        "name": "Neuer Laden",
        "language": "de",
        "invite_email": "owner@neu.example",
        "invite_role": "owner",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert at_desk(admin).post("/admin/accounts/mailbox/add/", entered).status_code == 302
    invitation = Invitation.objects.select_related("mailbox").get()
    assert (invitation.mailbox.name, invitation.role, mailoutbox[0].to) == (
        "Neuer Laden",
        "owner",
        ["owner@neu.example"],
    )


def test_administrator_does_not_get_into_a_shop_with_an_owner(
    at_desk: Callable[[User], Client],
    admin: User,
    shop: Mailbox,
    seller: User,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    """The form says no, and nothing is saved."""
    entered = {
        "name": shop.name,
        "invite_email": admin.email,
        "invite_role": "viewer",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    with django_capture_on_commit_callbacks(execute=True):
        at_desk(admin).post(f"/admin/accounts/mailbox/{shop.pk}/change/", entered)
    assert (Invitation.objects.count(), Membership.objects.filter(mailbox=shop).count()) == (0, 1)


def test_last_owner_of_a_shop_is_not_deleted(
    at_desk: Callable[[User], Client], admin: User, shop: Mailbox, seller: User, agent: User
) -> None:
    """The page says why; an agent can be taken out, and neither the list nor the mailbox's page deletes."""
    browser = at_desk(admin)
    owner, helper = seller.memberships.get(), agent.memberships.get()
    delete = "/admin/accounts/membership/{}/delete/"
    response = browser.post(delete.format(owner.pk), {"post": "yes"}, follow=True)
    assert "A mailbox needs at least one owner." in response.content.decode()
    assert LogEntry.objects.count() == 0
    chosen = {"action": "delete_selected", "_selected_action": [owner.pk, helper.pk], "post": "yes"}
    browser.post("/admin/accounts/membership/", chosen)
    inline = {
        "name": shop.name,
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": owner.pk,
        "memberships-0-mailbox": shop.pk,
        "memberships-0-DELETE": "on",
    }
    browser.post(f"/admin/accounts/mailbox/{shop.pk}/change/", inline)
    assert Membership.objects.filter(mailbox=shop).count() == 2
    browser.post(delete.format(helper.pk), {"post": "yes"})
    assert list(Membership.objects.filter(mailbox=shop)) == [owner]


def test_address_of_someone_else_is_an_error_of_the_form(
    at_desk: Callable[[User], Client], admin: User, seller: User
) -> None:
    """However it is capitalised."""
    entered = {"email": seller.email.upper(), "name": "New", "language": "de", "is_active": "on"}
    response = at_desk(admin).post("/admin/accounts/user/add/", entered)
    assert (response.status_code, list(response.context["errors"])) == (
        200,
        [["Person with this E-mail address already exists."]],
    )
    assert User.objects.filter(name="New").count() == 0


def test_new_person_has_no_password(at_desk: Callable[[User], Client], admin: User) -> None:
    """They set one by e-mail."""
    entered = {"email": "New@Person.example", "name": "New", "language": "de", "is_active": "on"}
    assert at_desk(admin).post("/admin/accounts/user/add/", entered).status_code == 302
    user = User.objects.get(name="New")
    assert (user.email, user.has_usable_password()) == ("new@person.example", False)
