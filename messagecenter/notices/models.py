"""The outbox: each row is our debt to tell one person about one thing on one channel. The row is the job."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id


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

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices, default=Channel.EMAIL)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name=_("recipient")
    )
    subject_id = models.UUIDField(_("about"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DUE)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    unconfirmed = models.PositiveSmallIntegerField(_("transmitted without an answer"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id", "recipient", "channel"], name="notice_once")
        ]
        indexes = [
            models.Index(fields=["next_at"], name="notice_due", condition=models.Q(state="due")),
            models.Index(fields=["lease_until"], name="notice_leased", condition=models.Q(state="sending")),
            models.Index(fields=["recipient", "-created_at"], name="notice_recipient"),
            models.Index(fields=["-created_at", "-id"], name="notice_newest"),
            models.Index(fields=["state", "-created_at", "-id"], name="notice_state_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"
