"""One wait for a shop's answer: from the first unanswered message to what ended it. Every figure is made of these."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id


class WaitQuerySet(models.QuerySet["Wait"]):
    """Waits, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> WaitQuerySet:
        """Return the waits of the shops that ``user`` acts for."""
        return self.filter(mailbox__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def of_mailbox(self, mailbox: Mailbox) -> WaitQuerySet:
        """Return the waits for one shop's answers."""
        return self.filter(mailbox=mailbox)


class Wait(models.Model):
    """A buyer waited for a shop's answer; it was due at ``due_at``."""

    class End(models.TextChoices):
        ANSWERED = "answered", _("answered")
        NO_RESPONSE = "no_response", _("no response needed")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(
        "threads.Thread", models.CASCADE, related_name="waits", verbose_name=_("thread"), db_index=False
    )
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", verbose_name=_("shop"), db_index=False)
    topic = models.CharField(_("topic"), max_length=40)
    started_at = models.DateTimeField(_("waiting since"))
    due_at = models.DateTimeField(_("due"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end = models.CharField(_("ended by"), max_length=12, choices=End.choices, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
        db_index=False,
    )

    objects = WaitQuerySet.as_manager()

    class Meta:
        verbose_name = _("wait for an answer")
        verbose_name_plural = _("waits for answers")
        constraints = [models.UniqueConstraint(fields=["thread", "mailbox", "started_at"], name="wait_once")]
        indexes = [
            models.Index(fields=["mailbox", "-started_at"], name="wait_newest"),
            models.Index(fields=["due_at"], name="wait_due", condition=models.Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id} since {self.started_at:%Y-%m-%d %H:%M}"
