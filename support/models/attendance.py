"""Who of support is there, what they speak and know best, and when each was given a case last."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

#: Who has not been heard of for so long is not there, whatever the row says.
GONE_AFTER = timedelta(minutes=2)


class Attendance(models.Model):
    """One member of staff: present while a page of the desk is open and they say so."""

    staff = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="attendance")
    is_present = models.BooleanField(_("takes cases"), default=False)
    languages = models.JSONField(_("languages"), default=list)
    # Keys of the catalogue's topics; who names none is asked about all alike.
    topics = models.JSONField(_("topics"), default=list)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    last_given_at = models.DateTimeField(_("last given a case"), default=timezone.now)
    chats_at_once = models.PositiveSmallIntegerField(_("chats at once"), default=2)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendance")
        indexes = [models.Index(fields=["is_present", "seen_at"], name="attendance_present")]

    def __str__(self) -> str:
        return f"{self.staff_id}"
