"""Who of a team has a thread before them just now."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User

from .thread import Thread


class PresenceQuerySet(models.QuerySet["Presence"]):
    """Presences, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> PresenceQuerySet:
        """Return who is there in the mailboxes that ``user`` acts for."""
        return self.filter(mailbox__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def fresh(self) -> PresenceQuerySet:
        """Return those who were heard of lately."""
        return self.filter(seen_at__gte=timezone.now() - timedelta(seconds=Presence.FRESH_SECONDS))

    def stale(self) -> PresenceQuerySet:
        """Return those who have left without saying so."""
        return self.filter(seen_at__lt=timezone.now() - timedelta(seconds=Presence.FRESH_SECONDS))


class Presence(models.Model):
    """A member looks at a thread, or writes in it: a browser says so every 20 seconds."""

    FRESH_SECONDS = 60

    class Doing(models.TextChoices):
        VIEWING = "viewing", _("viewing")
        WRITING = "writing", _("writing")

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+", db_index=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    doing = models.CharField(max_length=8, choices=Doing.choices)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = PresenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["thread", "mailbox", "user"], name="presence_once")]
        indexes = [models.Index(fields=["seen_at"], name="presence_seen")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.doing} {self.thread_id}"
