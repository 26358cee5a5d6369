"""The outbox: each row is our debt to tell one person about one thing on one channel. The row is the job."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices.meanings import code_in, in_words
from messagecenter.notices.topics import DIGEST_HOUR, Timing, Topic


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices, starting from whom they tell."""

    def told_to(self, person: User) -> NoticeQuerySet:
        """Return what this person was, is or will be told, newest first: ids grow with time."""
        return self.filter(recipient=person).order_by("-id")

    def before(self, key: str) -> NoticeQuerySet:
        """Return those older than the one with this id; all when it is none."""
        try:
            return self.filter(pk__lt=uuid.UUID(key))
        except ValueError:
            return self


class Notice(models.Model):
    """One person, one thing, one channel: told exactly once."""

    class State(models.TextChoices):
        DUE = "due", _("due")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        SKIPPED = "skipped", _("not needed")
        FAILED = "failed", _("failed")

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        PUSH = "push", _("browser")
        WEBHOOK = "webhook", _("webhook")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices, default=Channel.EMAIL)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="notices",
        verbose_name=_("recipient"),
        db_index=False,
        null=True,
        blank=True,
    )
    # Whom exactly: the person for an e-mail, their browser for a push, a shop's endpoint for a webhook.
    target_id = models.UUIDField(_("target"))
    subject_id = models.UUIDField(_("about"))
    # The thread it is about: told in order, and what comes within two minutes in one mail.
    group_id = models.UUIDField(_("thread"), null=True, blank=True)
    # The notice whose mail told this one, too: what went out together once is repeated together, or not at all.
    letter_id = models.UUIDField(_("told with"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DUE)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    unconfirmed = models.PositiveSmallIntegerField(_("transmitted without an answer"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    #: The others that go out in the same mail, while that is being made.
    more: Sequence[Notice] = ()
    #: When a worker claimed it, by the database's clock.
    claimed_at: datetime | None = None
    #: What it tells of, once its kind has looked.
    told: object | None = None

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id", "target_id", "channel"], name="notice_once")
        ]
        indexes = [
            models.Index(fields=["next_at"], name="notice_due", condition=models.Q(state="due")),
            models.Index(fields=["lease_until"], name="notice_leased", condition=models.Q(state="sending")),
            models.Index(fields=["recipient", "-id"], name="notice_recipient"),
            models.Index(fields=["target_id", "group_id", "sent_at"], name="notice_in_order"),
            models.Index(fields=["letter_id"], name="notice_letter", condition=models.Q(letter_id__isnull=False)),
            models.Index(fields=["-created_at", "-id"], name="notice_newest"),
            models.Index(fields=["state", "-created_at", "-id"], name="notice_state_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"

    @property
    def person(self) -> User:
        """The person who is told. Raises ValueError for a webhook, which is told to nobody."""
        if self.recipient is None:
            raise ValueError("This notice is told to a program.")
        return self.recipient

    @property
    def shown_reason(self) -> str:
        """Why it was not sent, or not yet, in the reader's language."""
        if self.state == self.State.FAILED:
            return gettext("It could not be delivered: %(reason)s.") % {"reason": in_words(self.reason)}
        if self.state == self.State.SKIPPED:
            return gettext(self.reason)  # one of ``reasons``
        if self.attempts and self.reason:
            return gettext("It is tried again: %(reason)s.") % {"reason": in_words(self.reason)}
        return ""

    @property
    def shown_code(self) -> str:
        """The code of the other side's answer that kept it from being sent, or ""."""
        return code_in(self.reason) if self.shown_reason else ""


class Preference(models.Model):
    """How one person wants to be told of one topic on one channel, where that is not as it comes (``topics``)."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preferences", verbose_name=_("person")
    )
    topic = models.CharField(_("topic"), max_length=12, choices=Topic.choices)
    channel = models.CharField(_("channel"), max_length=12, choices=Notice.Channel.choices)
    timing = models.CharField(_("when"), max_length=8, choices=Timing.choices)

    class Meta:
        verbose_name = _("notification preference")
        verbose_name_plural = _("notification preferences")
        constraints = [models.UniqueConstraint(fields=["person", "topic", "channel"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.topic} by {self.channel}: {self.timing}"


class Schedule(models.Model):
    """When one person is not to be disturbed, when their daily summary comes, and whether mails quote messages."""

    class TeamMessages(models.TextChoices):
        ALL = "all", _("all of them")
        MINE = "mine", _("those assigned to me, and those assigned to nobody")
        ASSIGNED = "assigned", _("only those assigned to me")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="notice_schedule",
        verbose_name=_("person"),
    )
    digest_hour = models.PositiveSmallIntegerField(_("daily summary at"), default=DIGEST_HOUR)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    team_messages = models.CharField(
        _("messages of a team"), max_length=8, choices=TeamMessages.choices, default=TeamMessages.ALL
    )
    shows_excerpt = models.BooleanField(_("mails begin with the message’s first lines"), default=False)

    class Meta:
        verbose_name = _("notification schedule")
        verbose_name_plural = _("notification schedules")

    def __str__(self) -> str:
        return f"summary at {self.digest_hour}:00"
