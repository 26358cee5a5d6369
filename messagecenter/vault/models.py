"""Keys, wrapped, in a table of their own: destroying a key erases what it protected in every backup."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id


class DataKey(models.Model):
    """A random 256-bit key of one owner (a thread, a mailbox's index), wrapped by a root key.

    A destroyed key keeps its row, with nothing in it, so that "erased" can be told from "never was".
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField(_("purpose"), max_length=24)
    owner_id = models.UUIDField(_("belongs to"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    wrapped = models.BinaryField(_("wrapped key"), null=True, editable=False)
    commitment = models.BinaryField(_("commitment"), null=True, editable=False)
    root_version = models.PositiveIntegerField(_("root key version"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    destroyed_at = models.DateTimeField(_("destroyed"), null=True, editable=False)

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = [
            models.UniqueConstraint(fields=["purpose", "owner_id", "version"], name="data_key_once"),
            models.CheckConstraint(
                condition=models.Q(wrapped__isnull=False, destroyed_at=None)
                | models.Q(wrapped=None, commitment=None, destroyed_at__isnull=False),
                name="data_key_destroyed_is_empty",
            ),
        ]
        # Without the id: a root key wraps nearly all keys, and those are rewrapped in the order of the primary key.
        indexes = [models.Index(fields=["root_version"], name="data_key_root_version")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.owner_id} v{self.version}"


class Alarm(models.Model):
    """Something that could not be opened, counted once per place: which record, which field, why. No content."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reason = models.CharField(_("reason"), max_length=24)
    owner_id = models.UUIDField(_("belongs to"))
    record_id = models.UUIDField(_("record"))
    field = models.CharField(_("field"), max_length=40)
    count = models.PositiveIntegerField(_("times"), default=1)
    first_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_at = models.DateTimeField(_("last seen"), default=timezone.now)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints = [
            models.UniqueConstraint(fields=["reason", "record_id", "field"], name="alarm_once"),
        ]
        indexes = [models.Index(fields=["-last_at", "-id"], name="alarm_newest")]

    def __str__(self) -> str:
        return f"{self.reason}: {self.field} of {self.record_id}"
