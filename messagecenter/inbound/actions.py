"""Every write to incoming mail from outside the pipeline: take in, try again, drop, disclose."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from messagecenter.accounts.models import User
from messagecenter.threads.reply_addresses import token_of
from messagecenter.vault import actions as vault

from .head import fields, head_of
from .models import MAIL, Details, MailDisclosure, RawMail
from .tasks import ring

log = logging.getLogger(__name__)


def take_in(raw: bytes, *, envelope_from: str, envelope_to: str, peer: str = "") -> RawMail:
    """Keep a mail to one of our addresses, sealed, and have it worked off; return its row.

    Once this returns the mail is ours: whoever brought it can be told so. The same mail again (Message-ID, sender and
    token, else every byte) is only counted. Raises the database's errors and Unreadable; then it was not taken.
    """
    mark = _mark_of(raw, envelope_to)
    row = RawMail(dedupe_key=mark, size_bytes=len(raw))
    try:
        with transaction.atomic():
            if RawMail.objects.filter(dedupe_key=mark).update(copies=F("copies") + 1):
                return RawMail.objects.get(dedupe_key=mark)
            row.seal(raw, Details(envelope_from=envelope_from, envelope_to=envelope_to, peer=peer))
            row.save(force_insert=True)
    except IntegrityError:  # the same mail came twice at the same time
        RawMail.objects.filter(dedupe_key=mark).update(copies=F("copies") + 1)
        return RawMail.objects.get(dedupe_key=mark)
    ring()
    return row


def try_again(*, by: User, mails: Sequence[uuid.UUID]) -> int:
    """Have quarantined mails worked off anew; return how many. Raises PermissionDenied."""
    _require_staff(by, "inbound.change_rawmail")
    again = RawMail.objects.filter(pk__in=mails, state=RawMail.State.QUARANTINED).update(
        state=RawMail.State.RECEIVED, tries=0, next_at=timezone.now(), settled_at=None
    )
    log.info("Staff member %s has %d quarantined mails tried again", by.pk, again)
    ring()
    return again


def drop(*, by: User, mails: Sequence[uuid.UUID]) -> int:
    """Have quarantined mails not worked off at all; return how many. Their content goes. Raises PermissionDenied."""
    _require_staff(by, "inbound.change_rawmail")
    with transaction.atomic():
        dropped = list(
            RawMail.objects.select_for_update()
            .filter(pk__in=mails, state=RawMail.State.QUARANTINED)
            .values_list("pk", flat=True)
        )
        RawMail.objects.filter(pk__in=dropped).update(
            state=RawMail.State.IGNORED, reason="dropped", raw_ciphertext=b"", details_ciphertext=b""
        )
    vault.delete_keys(purpose=MAIL, owner_ids=dropped)
    log.info("Staff member %s dropped %d quarantined mails", by.pk, len(dropped))
    return len(dropped)


def disclose(*, by: User, mail: RawMail, reason: str) -> MailDisclosure:
    """Record that a member of staff opens a mail, and why, before a word of it is shown.

    Raises PermissionDenied without the right to do so, ValueError without a reason.
    """
    _require_staff(by, "inbound.disclose_rawmail")
    if not reason.strip():
        raise ValueError("Opening a mail needs a reason.")
    return MailDisclosure.objects.create(staff=by, mail_id=mail.pk, reason=reason.strip())


def _require_staff(by: User, permission: str) -> None:
    if not by.is_staff or not by.has_perm(permission):
        raise PermissionDenied


def _mark_of(raw: bytes, envelope_to: str) -> bytes:
    """Return what tells a mail from all others to this address. Keyed: nobody can try what it might have been."""
    head = head_of(raw)
    message_ids, senders = fields(head, "Message-ID"), fields(head, "From")
    if len(message_ids) == 1 and len(message_ids[0]) > 2:
        parts = [message_ids[0], "".join(senders).lower()]
    else:
        parts = ["bytes", salted_hmac("messagecenter.inbound.bytes", raw, algorithm="sha256").hexdigest()]
    whole = "\n".join([*parts, token_of(envelope_to) or envelope_to.strip().lower()])
    value = whole.encode(errors="replace")
    return salted_hmac("messagecenter.inbound.mail", value, algorithm="sha256").digest()
