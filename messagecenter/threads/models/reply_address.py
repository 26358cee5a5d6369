"""Where a person answers a thread by mail: an address nobody can guess, the same in every mail about that thread."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox
from messagecenter.ids import new_id

from .thread import Thread


def reply_expiry() -> datetime:
    """Return until when an address is good that is written into a mail now."""
    return timezone.now() + timedelta(days=ReplyAddress.KEPT_DAYS)


class ReplyAddress(models.Model):
    """One person's address for one thread. Of its token the SHA-256 is kept, and the token itself as ciphertext.

    The token has 128 random bits and can be used several times until ``expires_at``. It grants nothing by itself: who
    the mail is from, and what that person may do now, are asked each time.
    """

    KEPT_DAYS = 90

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+")
    token_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    token_ciphertext = models.BinaryField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=reply_expiry)

    class Meta:
        verbose_name = _("reply address")
        verbose_name_plural = _("reply addresses")
        constraints = [models.UniqueConstraint(fields=["thread", "person"], name="reply_address_once")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_expired(self) -> bool:
        """Whether it is too old to be answered to."""
        return self.expires_at <= timezone.now()
