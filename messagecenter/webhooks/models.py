"""Where a shop's own programs are told what happens, and the log of what was sent there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.notices.topics import Topic

MOST_ENDPOINTS = 5  # of one shop
MOST_SHOWN = 500  # deliveries on the page
TOPICS = (Topic.MESSAGE, Topic.REMINDER, Topic.CASE, Topic.DECISION)


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    """Endpoints, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> EndpointQuerySet:
        """Return the endpoints of the shops that ``user`` belongs to; of these only owners get to the pages."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk, mailbox__kind=Mailbox.Kind.SHOP)

    def of_mailbox(self, mailbox: Mailbox) -> EndpointQuerySet:
        """Return one shop's endpoints, oldest first."""
        return self.filter(mailbox=mailbox).order_by("created_at", "pk")

    def listening(self, mailboxes: Iterable[uuid.UUID]) -> EndpointQuerySet:
        """Return the endpoints of these mailboxes that are switched on."""
        return self.filter(mailbox_id__in=list(mailboxes), is_active=True).order_by("pk")


class Endpoint(models.Model):
    """An address of a shop's program. Address and secrets are ciphertext; a URL may well hold a password of its own."""

    class Paused(models.TextChoices):
        FAILING = "failing", _("nothing could be delivered for three days")
        GONE = "gone", _("it answered that it is gone for good (410)")
        STAFF = "staff", _("the marketplace’s staff switched it off")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="endpoints", verbose_name=_("shop"))
    url_ciphertext = models.BinaryField(editable=False)
    secret_ciphertext = models.BinaryField(editable=False)
    # The secret before: both sign until then, so that a receiver can change over without losing anything.
    former_ciphertext = models.BinaryField(null=True, editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    secret_number = models.PositiveSmallIntegerField(default=1, editable=False)
    topics = models.JSONField(_("what it is told"), default=list)
    is_active = models.BooleanField(_("on"), default=True)
    paused_reason = models.CharField(_("paused because"), max_length=8, choices=Paused.choices, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.pk}"

    @property
    def topic_names(self) -> list[Any]:
        """What it is told, in the reader's language."""
        return [topic.label for topic in TOPICS if topic in self.topics]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> DeliveryQuerySet:
        """Return the deliveries to endpoints of shops that ``user`` belongs to."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(endpoint__in=Endpoint.objects.visible_to(user))

    def newest_of(self, endpoint: Endpoint) -> DeliveryQuerySet:
        """Return one endpoint's deliveries, newest first; never more than MOST_SHOWN."""
        return self.filter(endpoint=endpoint).order_by("-at", "-pk")[:MOST_SHOWN]


class Delivery(models.Model):
    """One attempt to tell one endpoint one thing, and what came of it. Never what was answered."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(
        Endpoint, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"), db_index=False
    )
    notice_id = models.UUIDField(_("event"))
    type = models.CharField(_("type"), max_length=40)
    is_test = models.BooleanField(_("test"), default=False)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    at = models.DateTimeField(_("time"), default=timezone.now)
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["endpoint", "-at", "-id"], name="delivery_newest"),
            models.Index(fields=["at"], name="delivery_at"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.notice_id}, attempt {self.attempt}"

    @property
    def is_taken(self) -> bool:
        """Whether the endpoint said that it has it."""
        return self.status is not None and 200 <= self.status < 300
