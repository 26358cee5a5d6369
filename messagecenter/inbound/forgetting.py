"""How long mails are kept as they came: thirty days."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from messagecenter.vault import actions as vault

from .models import MAIL, RawMail

KEPT_DAYS = 30
KEYS_WITHOUT_MAIL = timedelta(hours=1)  # after this a key without a mail is what a crash left behind
BATCH = 200


def forget_old_mail() -> int:
    """Delete mails received 30 days ago with their keys, in batches, and lost keys; return how many mails."""
    forgotten = 0
    old = RawMail.objects.filter(received_at__lt=timezone.now() - timedelta(days=KEPT_DAYS))
    while keys := list(old.order_by("received_at").values_list("pk", flat=True)[:BATCH]):
        forgotten += RawMail.objects.filter(pk__in=keys).delete()[0]
        vault.delete_keys(purpose=MAIL, owner_ids=keys)
    owners = list(vault.owners_of(purpose=MAIL, created_before=timezone.now() - KEYS_WITHOUT_MAIL))
    for start in range(0, len(owners), BATCH):
        batch = owners[start : start + BATCH]
        kept = set(RawMail.objects.filter(pk__in=batch).exclude(details_ciphertext=b"").values_list("pk", flat=True))
        vault.delete_keys(purpose=MAIL, owner_ids=[key for key in batch if key not in kept])
    return forgotten
