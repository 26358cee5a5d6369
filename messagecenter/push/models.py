"""Browsers that people want to be told in. Where each is reached is ciphertext; only a hash of it is not."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import User
from messagecenter.ids import new_id

MOST_DEVICES = 20  # of one person


class DeviceQuerySet(models.QuerySet["Device"]):
    """Devices, starting from whose they are."""

    def visible_to(self, user: User | AnonymousUser) -> DeviceQuerySet:
        """Return a person's own devices, newest first."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(person_id=user.pk).order_by("-created_at", "-pk")

    def reaching(self, people: Iterable[uuid.UUID]) -> DeviceQuerySet:
        """Return all devices of these people."""
        return self.filter(person_id__in=list(people)).order_by("pk")


class Device(models.Model):
    """A browser that asked to be told: its push subscription (W3C Push API), and whose it is now."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices", verbose_name=_("person")
    )
    # SHA-256 of the endpoint, which is long and random: a browser is known by it without opening anything.
    endpoint_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    subscription_ciphertext = models.BinaryField(editable=False)
    label = models.CharField(_("browser"), max_length=60)
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last told"), null=True, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return f"{self.person_id}: {self.label}"
