"""Rows of what a mailbox writes again and again. Every text is ciphertext; names of saved replies are not."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Case, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User, validate_time_zone
from messagecenter.hours.week import Hours
from messagecenter.hours.written import from_data
from messagecenter.ids import new_id

MOST_REPLIES = 200  # saved by one mailbox


class SavedReplyQuerySet(models.QuerySet["SavedReply"]):
    """Saved replies, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> SavedReplyQuerySet:
        """Return the saved replies of the mailboxes that ``user`` acts for: a team shares them."""
        return self.filter(mailbox__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def of_mailbox(self, mailbox: Mailbox) -> SavedReplyQuerySet:
        """Return one mailbox's saved replies by name; never more than MOST_REPLIES."""
        return self.filter(mailbox=mailbox).order_by("name", "language", "pk")


class SavedReply(models.Model):
    """A text with variables that a team answers with, in one language. Two languages of one name are two rows."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="saved_replies", verbose_name=_("mailbox"), db_index=False
    )
    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=8)
    text_ciphertext = models.BinaryField(editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("changed by")
    )

    objects = SavedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved reply")
        verbose_name_plural = _("saved replies")
        constraints = [models.UniqueConstraint(fields=["mailbox", "name", "language"], name="saved_reply_once")]

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.pk}"


class SignatureQuerySet(models.QuerySet["Signature"]):
    """Signatures, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> SignatureQuerySet:
        """Return the signatures of ``user``'s mailboxes and ``user``'s own, never a colleague's."""
        if not user.is_authenticated:
            return self.none()
        mine = Q(member=None) | Q(member=user.pk)
        return self.filter(mine, mailbox__memberships__user_id=user.pk)

    def fitting(self, person: User) -> SignatureQuerySet:
        """Return, inside a query of entries, those an entry's mailbox may sign with, the best first.

        One's own comes before the team's, and one in the other side's language (else the order's) before one for all.
        """
        other: Any = NullIf(OuterRef("other__language"), Value(""))
        language: Any = Coalesce(other, OuterRef("thread__order__language"), Value(""))
        own = Case(When(member=person, then=Value(0)), default=Value(1), output_field=IntegerField())
        fitting = self.filter(Q(member=None) | Q(member=person), mailbox=OuterRef("mailbox"))
        # SQLite knows the columns outside a query in what it is filtered by, not in what it is ordered by.
        return fitting.filter(Q(language="") | Q(language=language)).order_by(own, "-language", "pk")

    def fitting_to(self, person: User, mailbox: Mailbox, language: str) -> SignatureQuerySet:
        """Return those ``person`` may sign with for a mailbox to somebody who reads ``language``, the best first."""
        own = Case(When(member=person, then=Value(0)), default=Value(1), output_field=IntegerField())
        mine = self.filter(Q(member=None) | Q(member=person), mailbox=mailbox)
        return mine.filter(Q(language="") | Q(language=language)).order_by(own, "-language", "pk")


class Signature(models.Model):
    """What stands under a message: the mailbox's, or one member's own; for one language, or "" for all."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="signatures", verbose_name=_("mailbox"))
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("member")
    )
    language = models.CharField(_("language"), max_length=8, blank=True)
    text_ciphertext = models.BinaryField(editable=False)

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "language"], condition=Q(member=None), name="signature_once_per_mailbox"
            ),
            models.UniqueConstraint(
                fields=["mailbox", "member", "language"],
                condition=Q(member__isnull=False),
                name="signature_once_per_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.pk}"


class AutoReply(models.Model):
    """When a mailbox answers by itself. Its words stand in AutoReplyText, one row a language."""

    class When(models.TextChoices):
        ABSENT = "absent", _("while we are away")
        CLOSED = "closed", _("outside our opening hours")

    class Problem(models.TextChoices):
        POLICY = "policy", _("the message rules stopped it")
        MISSING = "missing", _("a value was missing")
        UNREADABLE = "unreadable", _("its text cannot be read")

    mailbox = models.OneToOneField(
        Mailbox, models.CASCADE, primary_key=True, related_name="auto_reply", verbose_name=_("mailbox")
    )
    is_on = models.BooleanField(_("on"), default=False)
    when = models.CharField(_("when"), max_length=8, choices=When.choices, default=When.ABSENT)
    away_from = models.DateField(_("first day away"), null=True, blank=True)
    away_until = models.DateField(_("last day away"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    hours = models.JSONField(_("opening hours"), default=dict, blank=True)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)
    # Why the last one was not sent, in words of ours only: rules by their ids.
    problem = models.CharField(_("problem"), max_length=12, choices=Problem.choices, blank=True)
    problem_rules = models.JSONField(default=list, editable=False)
    problem_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("automatic reply")
        verbose_name_plural = _("automatic replies")
        constraints = [
            models.CheckConstraint(
                condition=Q(away_from=None) | Q(away_until=None) | Q(away_until__gte=models.F("away_from")),
                name="auto_reply_away_in_order",
            ),
        ]

    def __str__(self) -> str:
        return str(self.mailbox_id)

    def answers_at(self, now: datetime) -> bool:
        """Return whether it is on and its time has come. Days away count whole, on the clocks of its time zone."""
        if not self.is_on:
            return False
        if self.when == self.When.CLOSED:
            return not self.opening_hours.is_open(now)
        today = now.astimezone(ZoneInfo(self.time_zone)).date()
        return (self.away_from or date.min) <= today <= (self.away_until or date.max)

    @property
    def opening_hours(self) -> Hours:
        """The opening hours. Raises HoursError for none, or for ones that were not read before they were kept."""
        return from_data(self.hours)


class AutoReplyText(models.Model):
    """What an automatic reply says, in one language."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    auto_reply = models.ForeignKey(AutoReply, models.CASCADE, related_name="texts", db_index=False)
    language = models.CharField(_("language"), max_length=8)
    text_ciphertext = models.BinaryField(editable=False)

    class Meta:
        verbose_name = _("text of an automatic reply")
        verbose_name_plural = _("texts of automatic replies")
        constraints = [models.UniqueConstraint(fields=["auto_reply", "language"], name="auto_reply_text_once")]

    def __str__(self) -> str:
        return f"{self.auto_reply_id}: {self.language}"

    @property
    def mailbox_id(self) -> Any:
        """The mailbox that says it."""
        return self.auto_reply_id
