"""Call-backs: an appointment of a quarter of an hour in which support rings a seller up."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messagecenter.accounts.models import User
from messagecenter.ids import new_id

from .case import Case
from .queue import Queue


class CallQuerySet(models.QuerySet["Call"]):
    """Call-backs, starting from who may see them."""

    def worked_by(self, staff: User) -> CallQuerySet:
        """Return the call-backs of the cases that ``staff`` works on."""
        return self.filter(case__in=Case.objects.worked_by(staff).values("pk"))

    def booked(self) -> CallQuerySet:
        """Return the call-backs that are still to be made."""
        return self.filter(state=Call.State.BOOKED)


class Call(models.Model):
    """One call-back. The telephone number and what was said are ciphertext of the case's thread."""

    class State(models.TextChoices):
        BOOKED = "booked", pgettext_lazy("call", "booked")
        REACHED = "reached", pgettext_lazy("call", "the seller was reached")
        MISSED = "missed", pgettext_lazy("call", "nobody answered")
        CANCELLED = "cancelled", pgettext_lazy("call", "cancelled")

    MINUTES = 15

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="calls", db_index=False)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="calls", db_index=False)
    starts_at = models.DateTimeField(_("starts"))
    # Which of the queue's telephones rings: what makes a slot belong to one seller only.
    line = models.PositiveSmallIntegerField(editable=False)
    number_ciphertext = models.BinaryField(editable=False)
    language = models.CharField(_("language"), max_length=8)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.BOOKED)
    notes_ciphertext = models.BinaryField(editable=False, default=bytes)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("booked by"), db_index=False
    )
    booked_at = models.DateTimeField(_("booked"), default=timezone.now)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    # How often the appointment was changed, as calendars ask for it (RFC 5545, 3.8.7.4).
    sequence = models.PositiveIntegerField(default=0, editable=False)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call-back")
        verbose_name_plural = _("call-backs")
        constraints = [
            models.UniqueConstraint(
                fields=["queue", "starts_at", "line"], name="call_line_once", condition=Q(state="booked")
            ),
            models.UniqueConstraint(fields=["case"], name="call_once_per_case", condition=Q(state="booked")),
        ]
        indexes = [models.Index(fields=["case", "id"], name="call_of_case")]

    def __str__(self) -> str:
        return f"{self.queue_id} {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def is_forgotten(self) -> bool:
        """Whether it was missed because nobody of support said that they had rung."""
        return self.state == self.State.MISSED and self.settled_by_id is None
