"""How long support took, turn by turn: every figure on answer times and breaches is made of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id

from .case import Case
from .queue import Queue


class Turn(models.Model):
    """One stretch in which a seller waited for support: since when, until when it was promised, when it ended."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="turns", db_index=False)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="+", db_index=False)
    topic = models.CharField(_("topic"), max_length=40)
    is_first = models.BooleanField(_("the first answer"))
    began_at = models.DateTimeField(_("began"))
    due_at = models.DateTimeField(_("due"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        constraints = [
            models.UniqueConstraint(fields=["case"], name="turn_one_running", condition=models.Q(ended_at=None))
        ]
        indexes = [
            models.Index(fields=["case", "began_at"], name="turn_of_case"),
            models.Index(fields=["began_at"], name="turn_began"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} since {self.began_at:%Y-%m-%d %H:%M}"
