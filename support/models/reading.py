"""Who of the staff opened a case's conversation, when and why: written once, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id

from .case import Case


class Reading(models.Model):
    """A member of staff opened a case. Who works in its queue needs to say no reason; everybody else does."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="readings", db_index=False)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("read by"), db_index=False
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    at = models.DateTimeField(_("read"), default=timezone.now)

    class Meta:
        verbose_name = _("reading of a case")
        verbose_name_plural = _("readings of cases")
        indexes = [
            models.Index(fields=["case", "id"], name="reading_of_case"),
            models.Index(fields=["staff", "case", "-at"], name="reading_by"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} read {self.case_id}"
