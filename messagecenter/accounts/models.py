"""Who someone is (user), who holds mail (mailbox) and who acts for whom (membership, invitation)."""

from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless ``name`` is an IANA time zone, for example ``Europe/Berlin``."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("%(name)s is not a time zone we know. Example: Europe/Berlin."), code="time_zone", params={"name": name}
        )


class UserManager(BaseUserManager["User"]):
    """Creates people; an e-mail address is kept in lower case so that it names one person."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create and return a person. Without a password they must set one by e-mail before signing in."""
        if not email:
            raise ValueError("A person needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create and return an administrator."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person with this e-mail address, however it is capitalised."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, blank=True, help_text=_("Empty: as in the browser.")
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Empty: as in the browser."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    # Whom the person acts for, oldest first, where that was read with them: whoever is signed in (``backends``).
    known_memberships: list[Membership] | None = None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """Return the name, or the part of the address before the @ for someone who gave none."""
        return self.name or self.email.partition("@")[0]

    get_short_name = get_full_name


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    """Mailboxes, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> MailboxQuerySet:
        """Return the mailboxes that ``user`` acts for, in whatever role."""
        return self.filter(memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def owned_by_buyer(self, user: User) -> MailboxQuerySet:
        """Return the mailboxes that ``user`` buys with and decides about: one, or none for who only sells."""
        owned = Membership.objects.filter(user=user, role=Role.OWNER).values("mailbox")
        return self.filter(kind=Mailbox.Kind.BUYER, pk__in=owned)


class Mailbox(models.Model):
    """Who holds mail: a buyer, a seller's shop or a support queue."""

    class Kind(models.TextChoices):
        BUYER = "buyer", _("buyer")
        SHOP = "shop", _("shop")
        SUPPORT = "support", _("support")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name shown to the other side"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    # Asked of buyers only: without it a shop that writes first gets through with what an order needs, nothing else.
    takes_proactive = models.BooleanField(_("takes all permitted messages of sellers who write first"), default=True)
    # Whether the other side is told that its messages were read; a buyer may say no.
    sends_receipts = models.BooleanField(_("tells the other side what was read"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="mailboxes", verbose_name=_("members")
    )

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        indexes = [models.Index(fields=["kind", "name"], name="mailbox_kind_name")]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """The name, or for a mailbox without one its kind ("Buyer"), in the reader's language."""
        return self.name or capfirst(self.get_kind_display())


class Role(models.TextChoices):
    """What a member may do: a viewer reads, an agent also writes, an owner also manages members."""

    OWNER = "owner", _("owner")
    AGENT = "agent", _("agent")
    VIEWER = "viewer", _("viewer")


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> MembershipQuerySet:
        """Return the memberships of every mailbox that ``user`` belongs to: a team sees its own members."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__in=Mailbox.objects.visible_to(user))

    def of(self, user: User | AnonymousUser) -> MembershipQuerySet:
        """Return ``user``'s own memberships, with their mailboxes, oldest first."""
        return self.filter(user_id=user.pk).select_related("mailbox").order_by("created_at", "pk")


class Membership(models.Model):
    """One person acting for one mailbox."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="memberships", verbose_name=_("mailbox"))
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["mailbox", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.mailbox_id} ({self.role})"

    @property
    def may_write(self) -> bool:
        """Whether this member may send messages and change threads."""
        return self.role in (Role.OWNER, Role.AGENT)

    @property
    def may_manage(self) -> bool:
        """Whether this member may invite, change and remove members."""
        return self.role == Role.OWNER


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> InvitationQuerySet:
        """Return the invitations into mailboxes that ``user`` owns."""
        if not user.is_authenticated:
            return self.none()
        owned = Membership.objects.filter(user=user, role=Role.OWNER).values("mailbox")
        return self.filter(mailbox__in=owned)

    def waiting(self) -> InvitationQuerySet:
        """Return the invitations neither accepted nor withdrawn, expired ones included."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self) -> InvitationQuerySet:
        """Return the invitations that can still be accepted."""
        return self.waiting().filter(expires_at__gt=timezone.now())


class Invitation(models.Model):
    """An offer, by mail, to join a mailbox. Of its secret only the SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="invitations", verbose_name=_("mailbox"))
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.AGENT)
    token_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        indexes = [models.Index(fields=["mailbox", "-created_at"], name="invitation_mailbox")]

    def __str__(self) -> str:
        return f"{self.mailbox_id} ({self.role})"
