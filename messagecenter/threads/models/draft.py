"""What somebody is writing and has not sent: one row for a person, a mailbox and what it is about."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from orders.models import Order, Product

from .thread import Thread


class DraftQuerySet(models.QuerySet["Draft"]):
    """Drafts, starting from who may see them: nobody but the one who writes."""

    def visible_to(self, user: User | AnonymousUser) -> DraftQuerySet:
        """Return ``user``'s own drafts for the mailboxes that ``user`` still acts for."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(user_id=user.pk, mailbox__memberships__user_id=user.pk)

    def old(self) -> DraftQuerySet:
        """Return the drafts nobody has touched for so long that they are deleted."""
        return self.filter(updated_at__lt=timezone.now() - timedelta(days=Draft.KEPT_DAYS))


class Draft(models.Model):
    """A text on its way: in a thread, or the first one about an order or a product. Texts are ciphertext.

    ``version`` grows with each saving and never comes back, not even after the row was deleted and made anew: whoever
    saves says which one they had before them. ``client_id`` goes with the text, so that the same draft sent from two
    devices is one message. ``uploads`` are the ids of its files.
    """

    KEPT_DAYS = 90

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey(Thread, models.CASCADE, null=True, related_name="drafts", db_index=False)
    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="+", db_index=False)
    product = models.ForeignKey(Product, models.CASCADE, null=True, related_name="+", db_index=False)
    client_id = models.UUIDField(default=new_id, editable=False)
    topic = models.CharField(max_length=40, blank=True)
    subject_ciphertext = models.BinaryField(editable=False, default=bytes)
    body_ciphertext = models.BinaryField(editable=False, default=bytes)
    uploads = models.JSONField(default=list, editable=False)
    version = models.BigIntegerField()
    updated_at = models.DateTimeField(default=timezone.now)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "mailbox", "user"],
                name="draft_once_in_a_thread",
                condition=models.Q(thread__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["order", "mailbox", "user"],
                name="draft_once_about_an_order",
                condition=models.Q(order__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["product", "mailbox", "user"],
                name="draft_once_about_a_product",
                condition=models.Q(product__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(thread__isnull=False, order=None, product=None)
                | models.Q(thread=None, order__isnull=False, product=None)
                | models.Q(thread=None, order=None, product__isnull=False),
                name="draft_about_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "mailbox", "-updated_at"], name="draft_newest"),
            models.Index(fields=["updated_at"], name="draft_untouched"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
