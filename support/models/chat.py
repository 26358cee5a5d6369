"""Live chats: a case's two sides at its conversation at the same time. Its words are the thread's messages."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messagecenter.accounts.models import User
from messagecenter.ids import new_id

from .case import Case
from .queue import Queue


class ChatQuerySet(models.QuerySet["Chat"]):
    """Live chats, starting from who may see them."""

    def worked_by(self, staff: User | AnonymousUser) -> ChatQuerySet:
        """Return the chats of the cases that ``staff`` works on."""
        return self.filter(case__in=Case.objects.worked_by(staff).values("pk"))

    def open(self) -> ChatQuerySet:
        """Return the chats that are not over."""
        return self.exclude(state=Chat.State.ENDED)

    def waiting(self) -> ChatQuerySet:
        """Return the chats in which nobody of support is yet."""
        return self.filter(state=Chat.State.WAITING)

    def live(self) -> ChatQuerySet:
        """Return the chats in which somebody of support is."""
        return self.filter(state=Chat.State.LIVE)


class Chat(models.Model):
    """One live chat of a case: asked for by the shop, taken by somebody of the queue, ended by either or by time."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("chat", "waiting")
        LIVE = "live", pgettext_lazy("chat", "live")
        ENDED = "ended", pgettext_lazy("chat", "over")

    class Ending(models.TextChoices):
        SELLER = "seller", pgettext_lazy("chat", "ended by the seller")
        STAFF = "staff", pgettext_lazy("chat", "ended by support")
        LEFT = "left", pgettext_lazy("chat", "the seller was gone")
        MOVED = "moved", pgettext_lazy("chat", "another team has the case")
        WRITTEN = "written", pgettext_lazy("chat", "nobody was free: it goes on in writing")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="chats", db_index=False)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="chats", db_index=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    ending = models.CharField(max_length=8, choices=Ending.choices, blank=True)
    language = models.CharField(_("language"), max_length=8)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(default=timezone.now)
    # Its place is that of ``asked_at``; it waits since then, or since support went away from it.
    waits_since = models.DateTimeField(default=timezone.now)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    taken_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # When the open page of each side was heard of last, and until when it is taken to be writing.
    seller_seen_at = models.DateTimeField(default=timezone.now)
    seller_writing_until = models.DateTimeField(null=True)
    staff_seen_at = models.DateTimeField(null=True)
    staff_writing_until = models.DateTimeField(null=True)

    objects = ChatQuerySet.as_manager()

    class Meta:
        verbose_name = _("live chat")
        verbose_name_plural = _("live chats")
        constraints = [
            models.UniqueConstraint(fields=["case"], name="chat_once_per_case", condition=~Q(state="ended")),
            models.CheckConstraint(condition=~Q(state="live") | Q(taken_at__isnull=False), name="chat_live_was_taken"),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="chat_of_case"),
            models.Index(fields=["queue", "state", "asked_at", "id"], name="chat_open", condition=~Q(state="ended")),
            models.Index(fields=["taken_by"], name="chat_of_staff", condition=Q(state="live")),
            # How long the last ones took: what the next one waits for.
            models.Index(fields=["queue", "-ended_at"], name="chat_lasted", condition=Q(taken_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.state}"
