"""The addresses at which threads are answered by mail: written into letters, and found again when a mail comes."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.vault.cipher import Place, decrypt, encrypt
from messagecenter.vault.errors import Unreadable

from .models import ReplyAddress
from .models.reply_address import reply_expiry

PREFIX = "reply+"
TOKEN_BYTES = 16
TOKEN = re.compile(r"[a-z2-7]{26}")
# Not each letter moves the end on: a day more or less is no difference, a write each time would be.
MOVED_ON_AFTER = timedelta(days=1)


def addresses_of(
    threads: Collection[uuid.UUID], people: Collection[uuid.UUID]
) -> dict[tuple[uuid.UUID, uuid.UUID], ReplyAddress]:
    """Return the addresses that these people have for these threads by now, by thread and person. One query."""
    if not settings.INBOUND_DOMAIN:
        return {}
    rows = ReplyAddress.objects.filter(thread__in=threads, person__in=people)
    return {(row.thread_id, row.person_id): row for row in rows}


def reply_address(
    *, thread_id: uuid.UUID, person: User, mailbox_id: uuid.UUID, known: ReplyAddress | None = None
) -> str:
    """Return where ``person`` answers a thread for a mailbox, "" when mail is not taken in or its key is gone.

    The address is made on first use, stays the same, and is good for 90 days from now. Safe to call at once from
    several workers. ``known`` is what ``addresses_of`` found.
    """
    if not settings.INBOUND_DOMAIN:
        return ""
    about = {"thread_id": thread_id, "person": person}
    try:
        row = known or ReplyAddress.objects.filter(**about).first() or _made(thread_id, person, mailbox_id)
        token = decrypt(bytes(row.token_ciphertext), _place(row))
    except Unreadable:
        return ""  # the thread was erased: nothing is to be answered
    until = reply_expiry()
    if row.mailbox_id != mailbox_id or until - row.expires_at > MOVED_ON_AFTER:
        ReplyAddress.objects.filter(pk=row.pk).update(mailbox_id=mailbox_id, expires_at=until)
    return f"{PREFIX}{token}@{settings.INBOUND_DOMAIN}"


def token_of(address: str) -> str:
    """Return the token in an address of ours, in lower case; "" when it is none."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    token = local.removeprefix(PREFIX)
    is_ours = settings.INBOUND_DOMAIN and domain == settings.INBOUND_DOMAIN and local.startswith(PREFIX)
    return token if is_ours and TOKEN.fullmatch(token) else ""


def find(token: str) -> ReplyAddress | None:
    """Return what a token was made for, expired or not, with thread, person and mailbox; None for an unknown one."""
    if not TOKEN.fullmatch(token):
        return None
    found = ReplyAddress.objects.filter(token_hash=_hash(token))
    return found.select_related("thread", "person", "mailbox").first()


def forget_old_addresses() -> int:
    """Delete the addresses that expired a year ago, after which a mail to them gets no answer; return how many."""
    return ReplyAddress.objects.filter(expires_at__lt=timezone.now() - timedelta(days=365)).delete()[0]


def _made(thread_id: uuid.UUID, person: User, mailbox_id: uuid.UUID) -> ReplyAddress:
    """Return a new address, or that of a worker who was faster. Raises Unreadable."""
    token = base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=").lower()
    row = ReplyAddress(thread_id=thread_id, person=person, mailbox_id=mailbox_id, token_hash=_hash(token))
    row.token_ciphertext = encrypt(token, _place(row))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return ReplyAddress.objects.get(thread_id=thread_id, person=person)
    return row


def _hash(token: str) -> bytes:
    """Return what is kept of a token: it is random, so that nobody can find it by trying."""
    return hashlib.sha256(token.encode()).digest()


def _place(row: ReplyAddress) -> Place:
    """Return what a token's ciphertext is bound to."""
    return Place(thread_id=row.thread_id, record_id=row.pk, field="reply_token", sender_id=None)
