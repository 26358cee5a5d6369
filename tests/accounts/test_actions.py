"""The changes themselves: who may, what is kept, what is refused."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.utils import timezone

from messagecenter.accounts import actions
from messagecenter.accounts.models import Invitation, Mailbox, Membership, Role, User
from tests.factories import MailboxFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def token_in(message: EmailMessage) -> str:
    """Return the token of the invitation in a mail."""
    found = re.search(r"/accounts/invitations/([\w-]+)/", str(message.body))
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("person", "allowed"), [("seller", True), ("agent", False), ("viewer", False), ("other_seller", False)]
)
def test_inviting_is_for_owners_of_the_shop(
    request: pytest.FixtureRequest, shop: Mailbox, seller: User, person: str, allowed: bool
) -> None:
    """Only an owner of this very shop invites; refused tries leave nothing behind."""
    by = request.getfixturevalue(person)
    if allowed:
        actions.invite_member(mailbox=shop, email="new@shop.example", role=Role.AGENT, by=by)
    else:
        with pytest.raises(actions.NotAllowed):
            actions.invite_member(mailbox=shop, email="new@shop.example", role=Role.AGENT, by=by)
    assert Invitation.objects.count() == int(allowed)


def test_inviting_into_a_buyers_mailbox_is_refused(buyer: User, buyer_mailbox: Mailbox) -> None:
    """A buyer is a team of one, although they own their mailbox."""
    with pytest.raises(actions.NotAllowed):
        actions.invite_member(mailbox=buyer_mailbox, email="new@shop.example", role=Role.AGENT, by=buyer)


def test_invitation_keeps_only_the_hash_of_its_token(
    shop: Mailbox, seller: User, mailoutbox: list[EmailMessage]
) -> None:
    """The secret is in the mail and nowhere in the database."""
    invitation = actions.invite_member(mailbox=shop, email="New@Shop.example", role=Role.AGENT, by=seller)
    token = token_in(mailoutbox[0])
    invitation.refresh_from_db()
    assert len(token) == 43
    assert bytes(invitation.token_hash) == actions.token_hash(token)
    assert [token in str(value) for value in Invitation.objects.values().get().values()] == [False] * 10
    assert invitation.email == "new@shop.example"


def test_invitation_mail_names_only_the_invited_address(
    shop: Mailbox, seller: User, agent: User, mailoutbox: list[EmailMessage]
) -> None:
    """No address of the team is in the mail or its headers."""
    seller.language = "de"
    actions.invite_member(mailbox=shop, email="new@shop.example", role=Role.AGENT, by=seller)
    text = mailoutbox[0].message().as_string()
    assert mailoutbox[0].to == ["new@shop.example"]
    assert [address in text for address in (seller.email, agent.email)] == [False, False]


def test_accepting_makes_a_member_once(shop: Mailbox, seller: User, mailoutbox: list[EmailMessage]) -> None:
    """The link works for the invited person, one time."""
    newcomer = UserFactory.create(email="new@shop.example")
    actions.invite_member(mailbox=shop, email=newcomer.email, role=Role.VIEWER, by=seller)
    token = token_in(mailoutbox[0])
    membership = actions.accept_invitation(token=token, by=newcomer)
    assert (membership.mailbox, membership.user, membership.role) == (shop, newcomer, Role.VIEWER)
    with pytest.raises(actions.InvitationUsed):
        actions.accept_invitation(token=token, by=newcomer)
    assert Membership.objects.filter(mailbox=shop).count() == 2


def test_accepting_needs_the_invited_address(
    shop: Mailbox, seller: User, other_buyer: User, mailoutbox: list[EmailMessage]
) -> None:
    """A found link is worth nothing, and tells only a masked address."""
    actions.invite_member(mailbox=shop, email="new@shop.example", role=Role.AGENT, by=seller)
    with pytest.raises(actions.InvitationForSomeoneElse) as refused:
        actions.accept_invitation(token=token_in(mailoutbox[0]), by=other_buyer)
    assert str(refused.value.sentence).startswith("This invitation is for n••••@shop.example.")


def test_accepting_needs_a_verified_address(shop: Mailbox, seller: User, mailoutbox: list[EmailMessage]) -> None:
    """Adding the invited address to an account does not prove it."""
    thief = UserFactory.create(email="thief@example.com")
    EmailAddress.objects.create(user=thief, email="new@shop.example", verified=False)
    actions.invite_member(mailbox=shop, email="new@shop.example", role=Role.OWNER, by=seller)
    with pytest.raises(actions.InvitationForSomeoneElse):
        actions.accept_invitation(token=token_in(mailoutbox[0]), by=thief)


def test_expired_invitation_is_refused(shop: Mailbox, seller: User, mailoutbox: list[EmailMessage]) -> None:
    """After its days the link is dead."""
    newcomer = UserFactory.create(email="new@shop.example")
    actions.invite_member(mailbox=shop, email=newcomer.email, role=Role.AGENT, by=seller)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(actions.InvitationExpired):
        actions.accept_invitation(token=token_in(mailoutbox[0]), by=newcomer)


def test_revoked_invitation_is_refused(shop: Mailbox, seller: User, mailoutbox: list[EmailMessage]) -> None:
    """A withdrawn link is dead."""
    newcomer = UserFactory.create(email="new@shop.example")
    invitation = actions.invite_member(mailbox=shop, email=newcomer.email, role=Role.AGENT, by=seller)
    actions.revoke_invitation(invitation=invitation, by=seller)
    with pytest.raises(actions.InvitationRevoked):
        actions.accept_invitation(token=token_in(mailoutbox[0]), by=newcomer)


def test_resending_replaces_the_link(shop: Mailbox, seller: User, mailoutbox: list[EmailMessage]) -> None:
    """The old link dies, the new one works."""
    newcomer = UserFactory.create(email="new@shop.example")
    first = actions.invite_member(mailbox=shop, email=newcomer.email, role=Role.AGENT, by=seller)
    actions.resend_invitation(invitation=first, by=seller)
    old, new = (token_in(message) for message in mailoutbox)
    with pytest.raises(actions.InvitationRevoked):
        actions.accept_invitation(token=old, by=newcomer)
    assert actions.accept_invitation(token=new, by=newcomer).role == Role.AGENT


def test_inviting_a_member_is_refused(shop: Mailbox, seller: User, agent: User) -> None:
    """Who is in the team needs no invitation."""
    with pytest.raises(actions.AlreadyMember):
        actions.invite_member(mailbox=shop, email=agent.email, role=Role.OWNER, by=seller)


def test_invitations_an_hour_are_limited(shop: Mailbox, seller: User, mailoutbox: list[EmailMessage]) -> None:
    """A shop is no way to send mail to strangers in bulk."""
    for number in range(actions.INVITATIONS_AN_HOUR):
        actions.invite_member(mailbox=shop, email=f"new{number}@shop.example", role=Role.AGENT, by=seller)
    with pytest.raises(actions.TooManyInvitations):
        actions.invite_member(mailbox=shop, email="one@more.example", role=Role.AGENT, by=seller)
    assert len(mailoutbox) == actions.INVITATIONS_AN_HOUR


def test_last_owner_can_neither_leave_nor_step_down(shop: Mailbox, seller: User, agent: User) -> None:
    """A shop never loses its last owner."""
    membership = Membership.objects.get(user=seller)
    with pytest.raises(actions.LastOwner):
        actions.remove_member(membership=membership, by=seller)
    with pytest.raises(actions.LastOwner):
        actions.change_role(membership=membership, role=Role.AGENT, by=seller)
    membership.refresh_from_db()
    assert membership.role == Role.OWNER


def test_one_of_two_owners_can_leave(shop: Mailbox, seller: User) -> None:
    """With another owner there is no hindrance."""
    MembershipFactory.create(mailbox=shop, role=Role.OWNER)
    actions.remove_member(membership=Membership.objects.get(user=seller), by=seller)
    assert Membership.objects.filter(mailbox=shop, role=Role.OWNER).count() == 1


def test_member_can_leave_without_being_owner(shop: Mailbox, seller: User, viewer: User) -> None:
    """Nobody is kept in a shop."""
    actions.remove_member(membership=Membership.objects.get(user=viewer), by=viewer)
    assert list(Membership.objects.filter(mailbox=shop).values_list("user", flat=True)) == [seller.pk]


@pytest.mark.parametrize("person", ["agent", "viewer", "other_seller", "admin"])
def test_managing_members_is_for_owners(
    request: pytest.FixtureRequest, shop: Mailbox, seller: User, person: str
) -> None:
    """Others, administrators included, change neither role nor membership."""
    by = request.getfixturevalue(person)
    colleague = MembershipFactory.create(mailbox=shop, role=Role.AGENT)
    with pytest.raises(actions.NotAllowed):
        actions.change_role(membership=colleague, role=Role.OWNER, by=by)
    with pytest.raises(actions.NotAllowed):
        actions.remove_member(membership=colleague, by=by)
    assert Membership.objects.get(pk=colleague.pk).role == Role.AGENT


def test_administrator_invites_only_the_first_owner(shop: Mailbox, seller: User, admin: User) -> None:
    """Staff open shops; they do not get into those that have an owner."""
    with pytest.raises(actions.NotAllowed):
        actions.invite_member(mailbox=shop, email=admin.email, role=Role.OWNER, by=admin)
    empty = MailboxFactory.create(name="New shop")
    assert actions.invite_member(mailbox=empty, email="owner@new.example", role=Role.OWNER, by=admin).mailbox == empty


def test_staff_gives_no_owner_to_a_shop_that_had_one(
    shop: Mailbox, admin: User, mailoutbox: list[EmailMessage]
) -> None:
    """However the first owner went away."""
    owner = UserFactory.create(email="owner@shop.example")
    actions.invite_member(mailbox=shop, email=owner.email, role=Role.OWNER, by=admin)
    actions.accept_invitation(token=token_in(mailoutbox[0]), by=owner)
    Membership.objects.filter(mailbox=shop).delete()
    with pytest.raises(actions.NotAllowed):
        actions.invite_member(mailbox=shop, email="new@shop.example", role=Role.OWNER, by=admin)


@pytest.mark.parametrize("kind", ["shop", "support"])
@pytest.mark.parametrize("email", ["Ada@marketplace.example", "ada@private.example"])
def test_staff_never_invites_themselves(admin: User, kind: str, email: str) -> None:
    """By none of their addresses, proved or not."""
    EmailAddress.objects.create(user=admin, email="ada@private.example", verified=False)
    with pytest.raises(actions.OwnInvitation):
        actions.invite_member(mailbox=MailboxFactory.create(kind=kind), email=email, role=Role.VIEWER, by=admin)
    assert Invitation.objects.count() == 0


def test_staff_does_not_accept_their_own_invitation(admin: User, mailoutbox: list[EmailMessage]) -> None:
    """An address added to the account after it was invited is theirs as well."""
    new_shop = MailboxFactory.create()
    actions.invite_member(mailbox=new_shop, email="ada@private.example", role=Role.OWNER, by=admin)
    EmailAddress.objects.create(user=admin, email="ada@private.example", verified=True)
    with pytest.raises(actions.OwnInvitation):
        actions.accept_invitation(token=token_in(mailoutbox[0]), by=admin)
    assert Membership.objects.filter(mailbox=new_shop).count() == 0


@pytest.mark.parametrize("how", ["removed", "made an agent", "removed by staff"])
def test_invitations_of_an_owner_end_with_the_ownership(
    shop: Mailbox, seller: User, admin: User, mailoutbox: list[EmailMessage], how: str
) -> None:
    """Theirs into this shop only; those of others and into other shops stay."""
    second = MembershipFactory.create(mailbox=shop, role=Role.OWNER)
    elsewhere = MembershipFactory.create(user=second.user).mailbox
    actions.invite_member(mailbox=shop, email="friend@evil.example", role=Role.OWNER, by=second.user)
    actions.invite_member(mailbox=elsewhere, email="friend@evil.example", role=Role.AGENT, by=second.user)
    actions.invite_member(mailbox=shop, email="new@shop.example", role=Role.AGENT, by=seller)
    if how == "made an agent":
        actions.change_role(membership=second, role=Role.AGENT, by=seller)
    elif how == "removed":
        actions.remove_member(membership=second, by=seller)
    else:
        actions.remove_member_as_staff(membership=second, by=admin)
    assert set(Invitation.objects.open().values_list("mailbox", "email")) == {
        (elsewhere.pk, "friend@evil.example"),
        (shop.pk, "new@shop.example"),
    }
    friend = UserFactory.create(email="friend@evil.example")
    with pytest.raises(actions.InvitationRevoked):
        actions.accept_invitation(token=token_in(mailoutbox[0]), by=friend)


def test_staff_without_the_permission_removes_nobody(supporter: User, agent: User) -> None:
    """Being staff is not enough."""
    with pytest.raises(actions.NotAllowed):
        actions.remove_member_as_staff(membership=agent.memberships.get(), by=supporter)
    assert agent.memberships.count() == 1


def test_supporter_without_the_permission_invites_nobody(supporter: User) -> None:
    """Being staff is not enough."""
    with pytest.raises(actions.NotAllowed):
        actions.invite_member(mailbox=MailboxFactory.create(), email="owner@new.example", role=Role.OWNER, by=supporter)


def test_buyer_mailbox_is_made_once_with_a_masked_name(db: None) -> None:
    """The other side sees first name and initial."""
    user = UserFactory.create(name="Anna Maria Müller")
    first, second = actions.ensure_buyer_mailbox(user=user), actions.ensure_buyer_mailbox(user=user)
    assert first is not None
    assert (first.name, first.kind, second) == ("Anna M.", Mailbox.Kind.BUYER, None)
    assert Membership.objects.get(user=user).role == Role.OWNER


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Anna Müller", "Anna M."), ("Anna", "Anna"), ("  ", ""), ("Ludwig van Beethoven", "Ludwig B.")],
)
def test_masked_name_shows_first_name_and_initial(name: str, shown: str) -> None:
    """Whatever a person calls themselves."""
    assert actions.masked_name(name) == shown


def test_invited_person_gets_no_buyer_mailbox(shop: Mailbox, seller: User) -> None:
    """Who signs up to join a shop acts for the shop."""
    actions.invite_member(mailbox=shop, email="new@shop.example", role=Role.AGENT, by=seller)
    assert actions.ensure_buyer_mailbox(user=UserFactory.create(email="new@shop.example")) is None


def test_new_name_renames_the_buyers_mailbox(buyer: User, buyer_mailbox: Mailbox) -> None:
    """A mailbox that bore the old name bears the new one."""
    actions.change_profile(by=buyer, name="Anna Schmidt", language="de", time_zone="")
    buyer_mailbox.refresh_from_db()
    buyer.refresh_from_db()
    assert (buyer_mailbox.name, buyer.name) == ("Anna S.", "Anna Schmidt")
