"""The policy's versions, what was decided by which of them, and who may not write to whom."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id


class PolicyVersion(models.Model):
    """The whole policy as it was in force from a moment on. Never changed or deleted; the newest is in force."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(_("version"), unique=True)
    content = models.JSONField(_("content"))
    note = models.CharField(_("what changed and why"), max_length=500, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
        help_text=_("Empty for the version that came with the software."),
    )
    published_at = models.DateTimeField(_("in force since"), default=timezone.now)

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering = ("-number",)
        permissions = [("publish_policy", _("Can publish a new version of the policy"))]

    def __str__(self) -> str:
        return str(self.number)


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Decisions, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> DecisionQuerySet:
        """Return the decisions on what ``user``'s own mailboxes wrote."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk)

    def waiting(self) -> DecisionQuerySet:
        """Return what is held for a person, messages and late files, the one whose time runs out first in front."""
        return self.filter(hold_until__isnull=False, outcome=Decision.Outcome.OPEN).order_by("hold_until", "pk")


class Decision(models.Model):
    """What was done about a message, by which rules of which version: a statement of reasons (DSA, Art. 17).

    ``findings`` holds no words: a list of {part, rule, category, start, end, confidence, action}, where ``part`` is
    "body", "subject", "file:<attachment id>" or "file_name:<attachment id>" and the span counts characters of it.
    One with an empty rule (and span) says that a file could not be read, so that a person has to look at it.
    """

    class Measure(models.TextChoices):
        BLOCKED = "blocked", _("not delivered")
        HELD = "held", _("held for a person to check")
        REDACTED = "redacted", _("delivered with words hidden")
        WARNED = "warned", _("delivered after a warning")
        WITHHELD = "withheld", _("file not handed over")

    class Outcome(models.TextChoices):
        OPEN = "open", _("not yet looked at")
        STANDS = "stands", _("stands")
        DELIVERED = "delivered", _("delivered")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message_id = models.UUIDField(_("message"))
    thread_id = models.UUIDField(_("thread"))
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name=_("sender"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("written by")
    )
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+", verbose_name=_("policy version"))
    measure = models.CharField(_("measure"), max_length=10, choices=Measure.choices)
    findings = models.JSONField(_("findings"), default=list)
    made_at = models.DateTimeField(_("decided"), default=timezone.now)
    hold_until = models.DateTimeField(_("to be looked at by"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    settled_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("looked at by"),
    )
    was_mistaken = models.BooleanField(_("the rules were wrong"), default=False)
    answer_ciphertext = models.BinaryField(editable=False, default=bytes)
    alarmed_at = models.DateTimeField(null=True, editable=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [
            models.Index(fields=["message_id"], name="decision_message"),
            models.Index(fields=["mailbox", "-made_at", "-id"], name="decision_mailbox"),
            models.Index(
                fields=["hold_until", "id"],
                name="decision_waiting",
                condition=models.Q(hold_until__isnull=False, outcome="open"),
            ),
            models.Index(
                fields=["-made_at", "-id"],
                name="decision_looked_at",
                condition=models.Q(settled_by__isnull=False),
            ),
            models.Index(fields=["-made_at", "-id"], name="decision_newest"),
        ]
        permissions = [("moderate", _("Can decide on held messages, appeals and reports"))]

    def __str__(self) -> str:
        return f"{self.measure} {self.pk}"

    @property
    def rules(self) -> list[str]:
        """The ids of the rules that led to it, each once, in the order of the text."""
        return list(dict.fromkeys(one["rule"] for one in self.findings if one["rule"]))

    @property
    def categories(self) -> list[str]:
        """The categories found, each once."""
        return list(dict.fromkeys(one["category"] for one in self.findings if one["category"]))

    @property
    def has_unread_file(self) -> bool:
        """Whether a file could not be read, so that nobody knows what stands in it."""
        return any(not one["rule"] for one in self.findings)

    @property
    def is_automatic(self) -> bool:
        """Whether no person has looked at it yet."""
        return self.settled_by_id is None


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    """Restrictions, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> RestrictionQuerySet:
        """Return the restrictions of ``user``'s own mailboxes."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk)

    def in_force(self) -> RestrictionQuerySet:
        """Return those that hold now."""
        now = timezone.now()
        return self.filter(until__gt=now, lifted_at=None)


class Restriction(models.Model):
    """A mailbox may not write first for some days; replies stay possible."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="restrictions", verbose_name=_("mailbox"))
    rule = models.CharField(_("rule"), max_length=60)
    explanation = models.CharField(
        _("explanation"), max_length=500, help_text=_("The mailbox's people read it. Quote nothing from a message.")
    )
    made_at = models.DateTimeField(_("since"), default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    until = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lifted by")
    )

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        indexes = [
            models.Index(fields=["mailbox", "-until"], name="restriction_mailbox"),
            models.Index(fields=["-made_at", "-id"], name="restriction_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id} until {self.until:%Y-%m-%d}"


class BlockedSenderQuerySet(models.QuerySet["BlockedSender"]):
    """Blocked senders, starting from who may see them: never the blocked one."""

    def visible_to(self, user: User | AnonymousUser) -> BlockedSenderQuerySet:
        """Return whom ``user``'s own mailboxes blocked."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk)


class BlockedSender(models.Model):
    """A mailbox does not want to hear from another."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="blocked_senders", verbose_name=_("mailbox"))
    sender = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", verbose_name=_("blocked sender"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("blocked by")
    )
    made_at = models.DateTimeField(_("since"), default=timezone.now)

    objects = BlockedSenderQuerySet.as_manager()

    class Meta:
        verbose_name = _("blocked sender")
        verbose_name_plural = _("blocked senders")
        constraints = [models.UniqueConstraint(fields=["mailbox", "sender"], name="blocked_sender_once")]
        indexes = [models.Index(fields=["-made_at", "-id"], name="blocked_sender_newest")]

    def __str__(self) -> str:
        return f"{self.mailbox_id} blocked {self.sender_id}"
