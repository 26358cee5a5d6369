"""The pages of the team: who sees what, who may do what, foreign ids."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from messagecenter.accounts.models import Invitation, Mailbox, Membership, Role, User
from tests.accounts.test_actions import token_in
from tests.factories import MailboxFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def entered(owner: User, email: str) -> dict[str, str]:
    """Return what the form of an owner's only mailbox sends to invite an agent."""
    return {"mailbox": str(owner.memberships.get().mailbox_id), "email": email, "role": "agent"}


@pytest.mark.parametrize("person", ["seller", "agent", "viewer", "buyer"])
def test_team_is_shown_to_its_members(request: pytest.FixtureRequest, signed_in: SignIn, person: str) -> None:
    """Everybody sees their own team."""
    assert signed_in(request.getfixturevalue(person)).get("/accounts/members/").status_code == 200


def test_team_is_not_shown_to_others(signed_in: SignIn, seller: User, agent: User, other_seller: User) -> None:
    """Another shop sees nothing of this one."""
    page = signed_in(other_seller).get("/accounts/members/").content.decode()
    assert [address in page for address in (other_seller.email, seller.email, agent.email)] == [True, False, False]


def test_person_without_mailbox_is_told_what_to_do(signed_in: SignIn, supporter: User) -> None:
    """A sentence instead of an empty page."""
    response = signed_in(supporter).get("/accounts/members/")
    assert (response.status_code, "You have no mailbox yet" in response.content.decode()) == (403, True)


@pytest.mark.parametrize(
    ("person", "status"), [("seller", 302), ("agent", 403), ("viewer", 403), ("buyer", 404), ("supporter", 403)]
)
def test_invitation_is_sent_by_owners_only(
    request: pytest.FixtureRequest,
    signed_in: SignIn,
    seller: User,
    mailoutbox: list[EmailMessage],
    person: str,
    status: int,
) -> None:
    """The page refuses before anything is saved or mailed."""
    browser = signed_in(request.getfixturevalue(person))
    response = browser.post("/accounts/members/", entered(seller, "new@shop.example"))
    assert response.status_code == status
    assert [message.to for message in mailoutbox] == ([["new@shop.example"]] if person == "seller" else [])


@pytest.mark.parametrize(
    "data", [{"email": "no address", "role": "agent"}, {"email": "a@b.example", "role": "king"}, {}]
)
def test_bad_invitation_keeps_the_form(signed_in: SignIn, seller: User, data: dict[str, str]) -> None:
    """Bad input is named on the page, 422."""
    sent = {"mailbox": str(seller.memberships.get().mailbox_id), **data}
    assert signed_in(seller).post("/accounts/members/", sent).status_code == 422
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("kind", ["shop", "buyer"])
def test_invitation_is_not_sent_after_a_second_tab_switched(
    signed_in: SignIn, shop: Mailbox, seller: User, mailoutbox: list[EmailMessage], kind: str
) -> None:
    """The form was drawn for the one mailbox, the session acts for the other: 409, and the page says which."""
    sent = entered(seller, "new@shop.example")
    other = MembershipFactory.create(user=seller, mailbox=MailboxFactory.create(kind=kind, name="Zweitladen"))
    browser = signed_in(seller)
    assert f'name="mailbox" value="{shop.pk}"' in browser.get("/accounts/members/").content.decode()
    browser.post("/accounts/mailbox/", {"mailbox": str(other.mailbox_id)})
    response = browser.post("/accounts/members/", sent)
    page = response.content.decode()
    assert (response.status_code, "You are acting for Zweitladen now. Nothing was sent." in page) == (409, True)
    assert (Invitation.objects.count(), mailoutbox) == (0, [])
    again = {"shop": 302, "buyer": 404}[kind]
    assert browser.post("/accounts/members/", {**sent, "mailbox": str(other.mailbox_id)}).status_code == again
    assert list(Invitation.objects.values_list("mailbox", flat=True)) == ([other.mailbox_id] if kind == "shop" else [])


@pytest.mark.parametrize("what", ["role", "remove"])
@pytest.mark.parametrize(
    ("person", "status"), [("seller", 302), ("agent", 403), ("viewer", 403), ("other_seller", 404), ("buyer", 404)]
)
def test_member_is_changed_by_owners_only(
    request: pytest.FixtureRequest, signed_in: SignIn, shop: Mailbox, seller: User, what: str, person: str, status: int
) -> None:
    """Role by action; another mailbox's member does not exist."""
    colleague = MembershipFactory.create(mailbox=shop, role=Role.AGENT)
    browser = signed_in(request.getfixturevalue(person))
    response = browser.post(f"/accounts/members/{colleague.pk}/{what}/", {"role": "viewer"})
    assert response.status_code == status
    roles = list(Membership.objects.filter(pk=colleague.pk).values_list("role", flat=True))
    changed: list[str] = ["viewer"] if what == "role" else []
    assert roles == (changed if person == "seller" else ["agent"])


@pytest.mark.parametrize("what", ["resend", "revoke"])
@pytest.mark.parametrize(("person", "status"), [("seller", 302), ("agent", 404), ("other_seller", 404), ("buyer", 404)])
def test_invitation_is_managed_by_owners_only(
    request: pytest.FixtureRequest, signed_in: SignIn, shop: Mailbox, seller: User, what: str, person: str, status: int
) -> None:
    """Invitations exist for owners of the shop only."""
    signed_in(seller).post("/accounts/members/", entered(seller, "new@shop.example"))
    invitation = Invitation.objects.get()
    browser = signed_in(request.getfixturevalue(person))
    assert browser.post(f"/accounts/members/invitations/{invitation.pk}/{what}/").status_code == status
    invitation.refresh_from_db()
    assert (invitation.revoked_at is not None) is (person == "seller")


def test_owner_of_two_shops_changes_only_the_one_acted_for(
    signed_in: SignIn, shop: Mailbox, seller: User, other_seller: User
) -> None:
    """The id of a member elsewhere is 404 until the mailbox is switched."""
    MembershipFactory.create(user=seller, mailbox=other_seller.memberships.get().mailbox)
    foreign = other_seller.memberships.get()
    browser = signed_in(seller)
    assert browser.post(f"/accounts/members/{foreign.pk}/remove/").status_code == 404
    browser.post("/accounts/mailbox/", {"mailbox": str(foreign.mailbox_id)})
    assert browser.post(f"/accounts/members/{foreign.pk}/remove/").status_code == 302
    assert not Membership.objects.filter(pk=foreign.pk).exists()


def test_removed_member_is_out_at_the_next_request(signed_in: SignIn, shop: Mailbox, seller: User, agent: User) -> None:
    """A session opened before does not help."""
    browser = signed_in(agent)
    assert browser.get("/accounts/members/").status_code == 200
    signed_in(seller).post(f"/accounts/members/{agent.memberships.get().pk}/remove/")
    assert browser.get("/accounts/members/").status_code == 403


def test_last_owner_reads_why_not(signed_in: SignIn, seller: User) -> None:
    """A sentence, and nothing changed."""
    response = signed_in(seller).post(f"/accounts/members/{seller.memberships.get().pk}/remove/", follow=True)
    assert "A mailbox needs at least one owner." in response.content.decode()


def test_switching_reaches_own_mailboxes_only(signed_in: SignIn, seller: User, buyer_mailbox: Mailbox) -> None:
    """Foreign, missing and malformed ids are all 404."""
    mine = MembershipFactory.create(user=seller).mailbox
    browser = signed_in(seller)
    assert browser.post("/accounts/mailbox/", {"mailbox": str(mine.pk)}).status_code == 302
    assert browser.session["mailbox"] == str(mine.pk)
    tries = [str(buyer_mailbox.pk), "0190a5e4-0000-7000-8000-000000000000", "x", ""]
    assert [browser.post("/accounts/mailbox/", {"mailbox": one}).status_code for one in tries] == [404] * 4
    assert browser.get("/accounts/mailbox/").status_code == 405


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/accounts/members/", "/accounts/members/"),
        ("https://evil.example/", "/messages/"),
        ("//evil.example", "/messages/"),
        ("fr", "/messages/"),
        ("accounts:members", "/messages/"),
        ("/accounts/\0", "/messages/"),
    ],
)
def test_switching_stays_on_this_site(signed_in: SignIn, seller: User, wanted: str, reached: str) -> None:
    """A foreign address to go on to is ignored."""
    mailbox = seller.memberships.get().mailbox_id
    response = signed_in(seller).post("/accounts/mailbox/", {"mailbox": str(mailbox), "next": wanted})
    assert response.headers["Location"] == reached


def test_invitation_page_is_accepted_by_post_only(
    signed_in: SignIn, shop: Mailbox, seller: User, mailoutbox: list[EmailMessage]
) -> None:
    """Looking changes nothing; accepting switches to the new mailbox; a replay is gone."""
    newcomer = UserFactory.create(email="new@shop.example")
    signed_in(seller).post("/accounts/members/", entered(seller, newcomer.email))
    url = f"/accounts/invitations/{token_in(mailoutbox[0])}/"
    browser = signed_in(newcomer)
    page = browser.get(url).content.decode()
    assert ("Selma Lampe invites you to answer messages for Nordlicht Lampen" in page) is True
    assert newcomer.memberships.count() == 0
    assert browser.post(url).status_code == 302
    assert browser.session["mailbox"] == str(shop.pk)
    assert (browser.post(url).status_code, browser.get(url).status_code) == (410, 410)
    assert newcomer.memberships.count() == 1


def test_invitation_page_for_someone_else(
    signed_in: SignIn, seller: User, other_buyer: User, mailoutbox: list[EmailMessage]
) -> None:
    """The wrong person reads for whom it is, masked, and joins nothing."""
    signed_in(seller).post("/accounts/members/", entered(seller, "new@shop.example"))
    url = f"/accounts/invitations/{token_in(mailoutbox[0])}/"
    browser = signed_in(other_buyer)
    assert (browser.get(url).status_code, browser.post(url).status_code) == (403, 403)
    page = browser.get(url).content.decode()
    assert ("n••••@shop.example" in page, "new@shop.example" in page, "Nordlicht" in page) == (True, False, False)


def test_invitation_page_with_unknown_token(signed_in: SignIn, buyer: User) -> None:
    """Guessing meets 404."""
    assert signed_in(buyer).get("/accounts/invitations/nonsense/").status_code == 404


def test_invitation_page_leads_strangers_to_sign_in(client: Client, db: None) -> None:
    """And back to the invitation afterwards."""
    response = client.get("/accounts/invitations/some-token/")
    assert response.headers["Location"] == "/accounts/login/?next=/accounts/invitations/some-token/"
