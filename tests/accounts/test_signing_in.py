"""Signing up, in and out: the ways in, where they lead, and what strangers can learn or take."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import translation

from messagecenter.accounts.models import Mailbox, Role, User
from tests.factories import PASSWORD, MailboxFactory, MembershipFactory

pytestmark = pytest.mark.django_db
NEW = "a brand new passphrase"
THREAD = "/messages/0190a5e4-0000-7000-8000-000000000000/"
Path = Callable[[], str]


@pytest.fixture
def imported(db: None) -> User:
    """A buyer known from an order only: no password, no proved address, an order's mailbox."""
    user = User.objects.create_user("carla@buyer.example", name="Carla Kauf", language="de")
    MembershipFactory.create(
        user=user, mailbox=MailboxFactory.create(kind=Mailbox.Kind.BUYER, name="Carla K."), role=Role.OWNER
    )
    return user


def is_signed_in(client: Client) -> bool:
    """Return whether the browser is in."""
    return client.get("/accounts/").status_code == 200


def set_password(client: Client, path: str) -> str:
    """Follow a reset link, set the new password, and return where that leads."""
    form = client.get(path)
    return client.post(form.headers["Location"], {"password1": NEW, "password2": NEW}).headers["Location"]


def test_signing_in_leads_to_the_page_asked_for(client: Client, buyer: User) -> None:
    """Fields ``login`` and ``password``; the link from a mail is not forgotten."""
    response = client.get("/accounts/profile/", follow=True)
    assert response.redirect_chain == [("/accounts/login/?next=/accounts/profile/", 302)]
    entered = {"login": "ANNA@buyer.example", "password": PASSWORD, "next": "/accounts/profile/"}
    assert client.post("/accounts/login/", entered).headers["Location"] == "/accounts/profile/"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http:evil", ""])
def test_signing_in_stays_on_this_site(client: Client, buyer: User, wanted: str) -> None:
    """A foreign or broken address to go on to leads to the inbox."""
    response = client.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD, "next": wanted})
    assert response.headers["Location"] == "/messages/"


def test_sign_up_needs_the_mailed_link(client: Client, mailoutbox: list[EmailMessage], mailed_path: Path) -> None:
    """In the same browser the link lets in, to the page asked for, with a buyer's mailbox."""
    entered = {"email": "New@Buyer.example", "password1": NEW, "next": THREAD}
    assert client.post("/accounts/signup/", entered).headers["Location"] == "/accounts/confirm-email/"
    assert (is_signed_in(client), [m.to for m in mailoutbox]) == (False, [["new@buyer.example"]])
    assert client.get(mailed_path()).status_code == 200
    assert EmailAddress.objects.get().verified is False
    assert client.post(mailed_path()).headers["Location"] == THREAD
    user = User.objects.get()
    mailbox = user.mailboxes.get()
    assert (is_signed_in(client), mailbox.kind, mailbox.name) == (True, Mailbox.Kind.BUYER, "")
    assert (user.email, user.language) == ("new@buyer.example", "en")


def test_sign_up_with_someone_elses_address_does_not_keep_a_key(
    client: Client, mailoutbox: list[EmailMessage], mailed_path: Path
) -> None:
    """The owner confirms in their own browser: the stranger's password is void, the owner sets theirs."""
    stranger, owner = client, Client()
    stranger.post("/accounts/signup/", {"email": "victim@buyer.example", "password1": "the strangers choice"})
    leads_to = owner.post(mailed_path()).headers["Location"]
    assert User.objects.get().has_usable_password() is False
    assert set_password(owner, leads_to) == "/messages/"
    stranger.post("/accounts/login/", {"login": "victim@buyer.example", "password": "the strangers choice"})
    assert (is_signed_in(owner), is_signed_in(stranger)) == (True, False)


def test_imported_buyer_gets_in_by_reset_link(
    client: Client, imported: User, mailoutbox: list[EmailMessage], mailed_path: Path
) -> None:
    """First time here: link from the order's mail, set a password, land on the thread, address proved."""
    client.post("/accounts/password/reset/", {"email": "Carla@buyer.example", "next": THREAD})
    assert [(m.to, m.subject) for m in mailoutbox] == [(["carla@buyer.example"], mailoutbox[0].subject)]
    assert set_password(client, mailed_path()) == THREAD
    assert is_signed_in(client)
    address = EmailAddress.objects.get(user=imported)
    assert (address.email, address.verified, address.primary) == ("carla@buyer.example", True, True)
    assert imported.mailboxes.get().name == "Carla K."


def test_imported_buyer_gets_in_by_signing_up(
    client: Client, imported: User, mailoutbox: list[EmailMessage], mailed_path: Path
) -> None:
    """Sign-up answers as for a new address; the mail leads to setting a password."""
    response = client.post("/accounts/signup/", {"email": imported.email, "password1": NEW, "next": THREAD})
    assert response.headers["Location"] == "/accounts/confirm-email/"
    assert mailed_path() == f"/accounts/password/reset/?next={THREAD.replace('/', '%2F')}"
    client.post(mailed_path(), {"email": imported.email, "next": THREAD})
    assert set_password(client, mailed_path()) == THREAD
    assert (is_signed_in(client), User.objects.count()) == (True, 1)


def test_imported_buyer_cannot_be_taken_over(client: Client, imported: User, other_buyer: User) -> None:
    """Without reading the mails nobody gets in: not by guessing, signing up, or adding the address."""
    client.post("/accounts/signup/", {"email": imported.email, "password1": NEW})
    client.post("/accounts/password/reset/", {"email": imported.email})
    client.post("/accounts/login/", {"login": imported.email, "password": NEW})
    client.post("/accounts/login/", {"login": imported.email, "password": ""})
    assert is_signed_in(client) is False
    imported.refresh_from_db()
    assert imported.has_usable_password() is False
    assert EmailAddress.objects.filter(email=imported.email, verified=True).exists() is False


def test_address_of_another_account_cannot_be_confirmed(
    client: Client, imported: User, other_buyer: User, mailed_path: Path
) -> None:
    """Even when the owner clicks on the link that a stranger caused."""
    client.force_login(other_buyer)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": imported.email})
    assert mailed_path().startswith("/accounts/confirm-email/")
    Client().post(mailed_path())
    client.post(mailed_path())
    assert list(EmailAddress.objects.filter(verified=True).values_list("email", flat=True)) == [other_buyer.email]


def test_reset_link_is_never_mailed_to_an_unproved_second_address(
    client: Client, buyer: User, mailoutbox: list[EmailMessage]
) -> None:
    """A mistyped address added to an account must not open it."""
    EmailAddress.objects.create(user=buyer, email="typo@else.example", verified=False)
    client.post("/accounts/password/reset/", {"email": "typo@else.example"})
    assert [(m.to, "password/reset/key" in str(m.body)) for m in mailoutbox] == [(["typo@else.example"], False)]


@pytest.mark.parametrize(
    ("path", "field", "extra"),
    [("/accounts/password/reset/", "email", {}), ("/accounts/signup/", "email", {"password1": NEW})],
)
def test_known_and_unknown_addresses_look_the_same(
    buyer: User, mailoutbox: list[EmailMessage], path: str, field: str, extra: dict[str, str]
) -> None:
    """Same answer, same next page, one mail each to that address."""
    seen = []
    for address in (buyer.email, "nobody@else.example"):
        browser = Client()
        response = browser.post(path, {field: address, **extra})
        page = browser.get(response.headers["Location"]).content.decode().replace(address, "ADDRESS")
        seen.append((response.status_code, response.headers["Location"], page.split("<main")[1].split("</main>")[0]))
    assert seen[0] == seen[1]
    assert [message.to for message in mailoutbox] == [[buyer.email], ["nobody@else.example"]]


def test_wrong_password_and_unknown_address_look_the_same(buyer: User) -> None:
    """The sign-in page does not tell who exists."""
    pages = []
    for address in (buyer.email, "nobody@else.example"):
        page = Client().post("/accounts/login/", {"login": address, "password": "wrong"}).content.decode()
        main = page.split("<main")[1].split("</main>")[0].replace(address, "ADDRESS")
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", main))
    assert pages[0] == pages[1]


def test_unverified_person_stays_out(client: Client, buyer: User) -> None:
    """The right password is not enough without the proved address."""
    EmailAddress.objects.update(verified=False)
    response = client.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})
    assert (response.headers["Location"], is_signed_in(client)) == ("/accounts/confirm-email/", False)


def test_letters_speak_the_readers_language(client: Client, buyer: User, mailoutbox: list[EmailMessage]) -> None:
    """Chosen in the profile, whatever the browser of the asking person says; and never with a name in the subject."""
    User.objects.update(language="de")
    EmailAddress.objects.update(verified=False)
    entered = {"login": buyer.email, "password": PASSWORD}
    client.post("/accounts/login/", entered, headers={"accept-language": "en"})
    with translation.override("de"):
        expected = translation.gettext("Please Confirm Your Email Address")
    assert (mailoutbox[0].subject, "E-Mail" in expected) == (expected, True)


def test_links_in_letters_do_not_follow_the_host_header(
    client: Client, buyer: User, mailoutbox: list[EmailMessage]
) -> None:
    """A forged port cannot catch a reset link."""
    response = client.post("/accounts/password/reset/", {"email": buyer.email}, headers={"host": "localhost:6666"})
    assert (response.status_code, "6666" in str(mailoutbox[0].body)) == (302, False)


def test_new_password_ends_the_other_sessions(client: Client, buyer: User, mailed_path: Path) -> None:
    """By reset: every browser that was in is out."""
    client.force_login(buyer)
    assert is_signed_in(client)
    other = Client()
    other.post("/accounts/password/reset/", {"email": buyer.email})
    set_password(other, mailed_path())
    assert (is_signed_in(client), is_signed_in(other)) == (False, True)


def test_changed_password_keeps_this_session_only(buyer: User, by_password: Callable[[User], Client]) -> None:
    """By change: this browser stays, the others are out."""
    here, there = by_password(buyer), by_password(buyer)
    assert (is_signed_in(here), is_signed_in(there)) == (True, True)
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)


def test_deactivated_person_is_out_at_the_next_request(client: Client, buyer: User) -> None:
    """No session outlives the account, and no sign-in follows."""
    client.force_login(buyer)
    assert is_signed_in(client)
    User.objects.filter(pk=buyer.pk).update(is_active=False)
    assert is_signed_in(client) is False
    client.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})
    assert is_signed_in(client) is False


@pytest.mark.parametrize("password", ["short", "password1234", "1234567890", "anna@buyer.example"])
def test_weak_passwords_are_refused(client: Client, password: str) -> None:
    """Ten characters, not common, not only digits' classics, not the address."""
    response = client.post("/accounts/signup/", {"email": "anna@buyer.example", "password1": password})
    assert (response.status_code, User.objects.count()) == (200, 0)


def test_mail_server_down_is_said(client: Client, buyer: User, settings: object) -> None:
    """A sentence with 503 instead of an error page."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    response = client.post("/accounts/password/reset/", {"email": buyer.email})
    assert (response.status_code, "No mail can be sent right now" in response.content.decode()) == (503, True)


def test_sign_out_needs_a_post(client: Client, buyer: User) -> None:
    """A link or picture cannot sign anybody out."""
    client.force_login(buyer)
    client.get("/accounts/logout/")
    assert is_signed_in(client)
    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"
    assert is_signed_in(client) is False


def test_password_managers_find_their_fields(client: Client, db: None) -> None:
    """The standard names for what to fill in."""
    login, signup = client.get("/accounts/login/"), client.get("/accounts/signup/")
    names = [login.context["form"].fields[name].widget.attrs.get("autocomplete") for name in ("login", "password")] + [
        signup.context["form"].fields[name].widget.attrs.get("autocomplete") for name in ("email", "password1")
    ]
    assert names == ["username", "current-password", "username", "new-password"]
