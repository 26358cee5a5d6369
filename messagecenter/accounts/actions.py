"""Every change to people, mailboxes, memberships and invitations. Errors hold a sentence for the reader."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.leaving import say_farewell
from messagecenter.accounts.masking import masked_name
from messagecenter.accounts.models import Invitation, Mailbox, Membership, Role, User
from messagecenter.mail.errors import NotSent
from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import send

TOKEN_BYTES = 32
INVITATIONS_AN_HOUR = 30


class NotPossible(Exception):
    """The state of things forbids a change; ``sentence`` tells the reader why, lazily translated."""

    sentence: str | Promise = _("That is not possible.")

    def __init__(self, sentence: str | Promise | None = None) -> None:
        self.sentence = sentence or self.sentence
        super().__init__(type(self).__name__)


class NotAllowed(NotPossible):
    """The person does not manage this mailbox, or nobody does here."""

    sentence = _("Only an owner of a shop manages its members.")


class LastOwner(NotPossible):
    """A mailbox without an owner would belong to nobody."""

    sentence = _("A mailbox needs at least one owner. Make someone else an owner first.")


class AlreadyMember(NotPossible):
    """The person is in the team."""

    sentence = _("This person is already a member of the mailbox.")


class OwnInvitation(NotPossible):
    """Staff would let themselves in."""

    sentence = _("You cannot invite yourself. Please ask a colleague.")


class TooManyInvitations(NotPossible):
    """The mailbox sent as many invitations in an hour as it may."""

    def __init__(self) -> None:
        super().__init__(
            _("A mailbox can send at most %(count)d invitations an hour. Please try again later.")
            % {"count": INVITATIONS_AN_HOUR}
        )


class InvitationNotMailed(NotPossible):
    """The invitation exists, but its letter was not accepted."""

    sentence = _("The invitation is saved, but the mail could not be sent. Please choose “Send again” in a moment.")


class InvitationUnknown(NotPossible):
    """No invitation has this token."""

    sentence = _("This invitation does not exist. Please check that the link is complete.")


class InvitationRevoked(NotPossible):
    """The owner took it back."""

    sentence = _("This invitation was withdrawn. Please ask the shop for a new one.")


class InvitationUsed(NotPossible):
    """It was accepted before; it works once."""

    sentence = _("This invitation was already accepted.")


class InvitationExpired(NotPossible):
    """It was not accepted in time."""

    sentence = _("This invitation has expired. Please ask the shop for a new one.")


class InvitationForSomeoneElse(NotPossible):
    """The person has not proved that the invited address is theirs."""

    def __init__(self, email: str) -> None:
        super().__init__(
            _("This invitation is for %(address)s. Please sign in with that address, or confirm it in your account.")
            % {"address": masked(email)}
        )


def masked(email: str) -> str:
    """Return an address so that its owner knows it and others do not: ``s••••@shop.example``."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}••••@{host}"


# --- Mailboxes -------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_buyer_mailbox(*, by: User) -> Mailbox:
    """Give a person the mailbox they buy with, and return it; safe to call twice and at once."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    found = Mailbox.objects.filter(kind=Mailbox.Kind.BUYER, memberships__user=by).order_by("created_at", "pk").first()
    if found:
        return found
    with translation.override(by.language or translation.get_language()):
        name = masked_name(by.name)
    mailbox = Mailbox.objects.create(kind=Mailbox.Kind.BUYER, name=name, language=by.language)
    Membership.objects.create(user=by, mailbox=mailbox, role=Role.OWNER)
    return mailbox


def ensure_buyer_mailbox(*, user: User) -> Mailbox | None:
    """Give a new person a buyer's mailbox, unless they have one, work here, or were invited to someone else's.

    Returns None in those cases; who was invited can still open one from the page "You have no mailbox yet".
    """
    invited = Invitation.objects.open().filter(email=user.email).exists()
    if user.is_staff or invited or Membership.objects.filter(user=user).exists():
        return None
    return open_buyer_mailbox(by=user)


@transaction.atomic
def change_profile(
    *,
    by: User,
    name: str,
    language: str,
    time_zone: str,
    takes_proactive: bool | None = None,
    sends_receipts: bool | None = None,
) -> None:
    """Change what a person says of themselves; a buyer's mailbox that bore the old name bears the new one.

    ``takes_proactive`` is what their own buyer's mailbox takes of sellers who write first, ``sends_receipts`` whether
    these see what was read; None changes nothing.
    """
    shown_before, shown_now = masked_name(by.name), masked_name(name)
    if shown_before != shown_now:
        Mailbox.objects.filter(kind=Mailbox.Kind.BUYER, memberships__user=by, name=shown_before).update(name=shown_now)
    if takes_proactive is not None:
        Mailbox.objects.owned_by_buyer(by).update(takes_proactive=takes_proactive)
    if sends_receipts is not None:
        Mailbox.objects.owned_by_buyer(by).update(sends_receipts=sends_receipts)
    by.name, by.language, by.time_zone = name, language, time_zone
    by.save(update_fields=["name", "language", "time_zone"])


# --- Invitations -----------------------------------------------------------------------------------------------------


def invite_member(*, mailbox: Mailbox, email: str, role: str, by: User) -> Invitation:
    """Invite an address into a mailbox and mail the link; an open invitation to the address is replaced.

    Staff with the permission to add invitations give a new shop its first owner, and support its members, but never
    themselves. Raises NotAllowed, OwnInvitation, AlreadyMember, TooManyInvitations, or InvitationNotMailed when all is
    saved but the mail did not go.
    """
    invitation, token = _create_invitation(mailbox=mailbox, email=email.strip().lower(), role=role, by=by)
    _mail_invitation(invitation, token, by)
    return invitation


def resend_invitation(*, invitation: Invitation, by: User) -> Invitation:
    """Replace an invitation by a new one with a new link and a new end, and mail it. Raises as invite_member."""
    return invite_member(mailbox=invitation.mailbox, email=invitation.email, role=invitation.role, by=by)


@transaction.atomic
def _create_invitation(*, mailbox: Mailbox, email: str, role: str, by: User) -> tuple[Invitation, str]:
    """Save an invitation and return it with its token, which is kept nowhere."""
    _lock_members(mailbox)
    if not may_manage(by, mailbox):
        if not _may_invite_as_staff(by, mailbox):
            raise NotAllowed
        if email == by.email.lower() or EmailAddress.objects.filter(user=by, email__iexact=email).exists():
            raise OwnInvitation
    people = EmailAddress.objects.filter(email=email, verified=True).values("user")
    if Membership.objects.filter(mailbox=mailbox, user__in=people).exists():
        raise AlreadyMember
    now = timezone.now()
    if mailbox.invitations.filter(created_at__gt=now - timedelta(hours=1)).count() >= INVITATIONS_AN_HOUR:
        raise TooManyInvitations
    Invitation.objects.waiting().filter(mailbox=mailbox, email=email).update(revoked_at=now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        mailbox=mailbox,
        email=email,
        role=role,
        token_hash=token_hash(token),
        invited_by=by,
        expires_at=now + timedelta(days=settings.INVITATION_DAYS),
    )
    return invitation, token


def _mail_invitation(invitation: Invitation, token: str, by: User) -> None:
    """Mail the link, in the inviter's language. Raises InvitationNotMailed."""
    letter = render_letter(
        "accounts/email/invitation",
        to=invitation.email,
        language=by.language or translation.get_language() or "",
        time_zone=by.time_zone,
        context={
            "mailbox_name": invitation.mailbox.shown_name,
            "inviter_name": by.name,
            "role": invitation.role,
            "link": absolute_url(reverse("accounts:invitation", args=[token])),
            "expires_at": invitation.expires_at,
        },
        message_id=f"<invitation.{uuid.uuid4().hex}@{settings.SITE_HOST}>",
    )
    try:
        send(letter)
    except NotSent:
        raise InvitationNotMailed from None


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User) -> None:
    """Take an open invitation back; one that is no longer open stays as it is. Raises NotAllowed."""
    if not may_manage(by, invitation.mailbox):
        raise NotAllowed
    Invitation.objects.waiting().filter(pk=invitation.pk).update(revoked_at=timezone.now())


def token_hash(token: str) -> bytes:
    """Return what is kept of an invitation's token: its SHA-256, 32 bytes."""
    return hashlib.sha256(token.encode()).digest()


def read_invitation(*, token: str, by: User, lock: bool = False) -> Invitation:
    """Return the invitation that ``by`` can accept with this token.

    Raises InvitationUnknown, InvitationRevoked, InvitationUsed, InvitationExpired, InvitationForSomeoneElse,
    AlreadyMember or OwnInvitation. With ``lock`` the row is locked until the end of the transaction.
    """
    rows = Invitation.objects.select_related("mailbox", "invited_by")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    invitation = rows.filter(token_hash=token_hash(token)).first()
    if invitation is None:
        raise InvitationUnknown
    if invitation.revoked_at:
        raise InvitationRevoked
    if invitation.accepted_at:
        raise InvitationUsed
    if invitation.expires_at <= timezone.now():
        raise InvitationExpired
    if not EmailAddress.objects.filter(user=by, email=invitation.email, verified=True).exists():
        raise InvitationForSomeoneElse(invitation.email)
    if Membership.objects.filter(user=by, mailbox=invitation.mailbox).exists():
        raise AlreadyMember
    if invitation.invited_by_id == by.pk:  # the address became theirs after they had invited it
        raise OwnInvitation
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, by: User) -> Membership:
    """Join the mailbox of an invitation and return the membership; works once. Raises as read_invitation."""
    invitation = read_invitation(token=token, by=by, lock=True)
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    return Membership.objects.create(user=by, mailbox=invitation.mailbox, role=invitation.role)


# --- Members ---------------------------------------------------------------------------------------------------------


def may_manage(user: User, mailbox: Mailbox) -> bool:
    """Return whether a person manages the members of a mailbox: an owner does, and only of a shop."""
    if mailbox.kind != Mailbox.Kind.SHOP:
        return False
    return Membership.objects.filter(user=user, mailbox=mailbox, role=Role.OWNER).exists()


def _may_invite_as_staff(user: User, mailbox: Mailbox) -> bool:
    """Return whether staff may invite: into a support mailbox, or into a shop that never had an owner.

    Not into a shop that has or had one: staff must not make themselves readers of other people's messages.
    """
    if not (user.is_staff and user.has_perm("accounts.add_invitation")):
        return False
    if mailbox.kind == Mailbox.Kind.SHOP:
        owned = mailbox.invitations.filter(role=Role.OWNER, accepted_at__isnull=False).exists()
        return not owned and not Membership.objects.filter(mailbox=mailbox, role=Role.OWNER).exists()
    return mailbox.kind == Mailbox.Kind.SUPPORT


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: User) -> None:
    """Give a member another role; invitations of one who no longer owns are void. Raises NotAllowed, or LastOwner."""
    members = _lock_members(membership.mailbox)
    if not may_manage(by, membership.mailbox):
        raise NotAllowed
    if role != Role.OWNER:
        _keep_an_owner(members, membership)
        _withdraw_invitations_by(membership)
    Membership.objects.filter(pk=membership.pk).update(role=role)


@transaction.atomic
def remove_member(*, membership: Membership, by: User) -> None:
    """Take a member out, from their next request on, and void their open invitations; anyone may leave a shop.

    Raises NotAllowed, or LastOwner.
    """
    members = _lock_members(membership.mailbox)
    leaves = membership.user_id == by.pk and membership.mailbox.kind == Mailbox.Kind.SHOP
    if not leaves and not may_manage(by, membership.mailbox):
        raise NotAllowed
    _keep_an_owner(members, membership)
    _let_go(membership)


@transaction.atomic
def remove_member_as_staff(*, membership: Membership, by: User) -> None:
    """Take a member out as staff with the permission to delete members. Raises NotAllowed, or LastOwner of a shop."""
    members = _lock_members(membership.mailbox)
    if not (by.is_staff and by.has_perm("accounts.delete_membership")):
        raise NotAllowed
    if membership.mailbox.kind == Mailbox.Kind.SHOP:
        _keep_an_owner(members, membership)
    _let_go(membership)


def _let_go(member: Membership) -> None:
    """End a membership: open invitations are void, and what the member was to do is to be done by others."""
    _withdraw_invitations_by(member)
    Membership.objects.filter(pk=member.pk).delete()
    say_farewell(member.mailbox_id, member.user_id)


def _withdraw_invitations_by(member: Membership) -> None:
    """Take back the invitations that a person sent for a mailbox and that wait to be accepted."""
    sent = Invitation.objects.waiting().filter(mailbox=member.mailbox_id, invited_by=member.user_id)
    sent.update(revoked_at=timezone.now())


def _lock_members(mailbox: Mailbox) -> list[Membership]:
    """Lock a mailbox and return its members, so that two owners cannot remove each other at once."""
    Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
    return list(Membership.objects.filter(mailbox=mailbox))


def _keep_an_owner(members: list[Membership], leaving: Membership) -> None:
    """Raise LastOwner when ``leaving`` is the only owner among ``members``."""
    owners = {member.pk for member in members if member.role == Role.OWNER}
    if owners == {leaving.pk}:
        raise LastOwner
