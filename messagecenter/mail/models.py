"""Addresses that no mail goes to any more, because it came back or was not wanted there."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id


class Suppression(models.Model):
    """One address that takes no mail, known by its keyed hash; ``masked`` is what staff may see of it."""

    class Reason(models.TextChoices):
        REFUSED = "refused", _("refused by its mail server")
        BOUNCE = "bounce", _("came back")
        COMPLAINT = "complaint", _("reported as spam")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    address_hash = models.BinaryField(_("address (hash)"), max_length=32)
    masked = models.CharField(_("address (masked)"), max_length=120)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    detail = models.CharField(_("answer"), max_length=40, blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by = models.CharField(_("lifted by"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["address_hash"], name="suppression_once", condition=models.Q(lifted_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["-since", "-id"], name="suppression_newest"),
            models.Index(fields=["address_hash", "-since"], name="suppression_address"),
        ]

    def __str__(self) -> str:
        return self.masked
