"""Every write to suppressed addresses, and the question whether an address is one."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from messagecenter.mail.models import Suppression

logger = logging.getLogger(__name__)
SALT = "messagecenter.mail.suppression"


def suppress(
    address: str, *, reason: Suppression.Reason | str, detail: str = "", happened_at: datetime | None = None
) -> bool:
    """Send nothing more to ``address``; return whether this changed anything. The same report again changes nothing.

    ``detail`` is a code ("5.1.1", a provider's word), never a text of the other server: that may quote the mail.
    ``happened_at`` (aware) is when it bounced: what happened before the address was last lifted is old news.
    """
    known = of_address(address)
    if known.filter(lifted_at=None).exists():
        return False
    if happened_at is not None and known.filter(lifted_at__gte=happened_at).exists():
        return False
    row = Suppression(
        address_hash=_hash(address, settings.SECRET_KEY),
        masked=masked_address(address),
        reason=Suppression.Reason(reason),
        detail=detail[:40],
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # reported twice at the same time
        return False
    logger.info("An address is suppressed: %s %s.", row.reason, row.detail)
    return True


def lift(address: str, *, by: Model | str) -> bool:
    """Send to ``address`` again; return whether it was suppressed. ``by`` is who confirmed that mail arrives there."""
    who = str(getattr(by, "pk", by))[:64]
    return of_address(address).filter(lifted_at=None).update(lifted_at=timezone.now(), lifted_by=who) > 0


def lift_rows(keys: Sequence[uuid.UUID], *, by: str) -> int:
    """Send to these suppressed addresses again, as a member of staff decided (``by``: their id); return how many."""
    return Suppression.objects.filter(pk__in=keys, lifted_at=None).update(lifted_at=timezone.now(), lifted_by=by[:64])


def is_suppressed(address: str) -> bool:
    """Return whether nothing is to be sent to ``address`` now: one query."""
    return of_address(address).filter(lifted_at=None).exists()


def suppressed_among(addresses: Collection[str]) -> set[str]:
    """Return those of these addresses to which nothing is to be sent now: one query."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    hashes = {_hash(address, key): address for address in addresses for key in keys}
    found = Suppression.objects.filter(address_hash__in=list(hashes), lifted_at=None) if hashes else ()
    marks = {bytes(row.address_hash) for row in found}
    return {address for mark, address in hashes.items() if mark in marks}


def suppression_of(address: str) -> Suppression | None:
    """Return why and since when nothing is sent to ``address``, or None."""
    return of_address(address).filter(lifted_at=None).first()


def of_address(address: str) -> QuerySet[Suppression]:
    """Return all that is known of an address, also what was lifted, newest first.

    Also what was written under a former SECRET_KEY that still counts (SECRET_KEY_FALLBACKS).
    """
    hashes = [_hash(address, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return Suppression.objects.filter(address_hash__in=hashes).order_by("-since")


def masked_address(address: str) -> str:
    """Return an address as staff may see it in a list: "a…@shop.example"."""
    local, _, domain = address.strip().rpartition("@")
    return f"{local[:1]}…@{domain}"[:120]


def _hash(address: str, key: str) -> bytes:
    """Return an address's mark: equal however it is capitalised, and nobody without the key can try names."""
    return salted_hmac(SALT, address.strip().lower(), secret=key, algorithm="sha256").digest()
