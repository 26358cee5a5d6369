"""Who of the staff wants to be told of everything in a case, though it is somebody else's."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id

from .case import Case


class Watcher(models.Model):
    """One member of staff who watches a case."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="watchers", db_index=False)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("watcher")
        verbose_name_plural = _("watchers")
        constraints = [models.UniqueConstraint(fields=["case", "staff"], name="watcher_once")]

    def __str__(self) -> str:
        return f"{self.staff_id} watches {self.case_id}"
