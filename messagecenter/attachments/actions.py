"""Every write to attachments: upload, remove, send with a message, check (again), disclose, sweep."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import islice
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.ids import new_id
from messagecenter.vault import actions as vault
from messagecenter.vault import keyring
from messagecenter.vault.errors import Unreadable

from . import content, scanner, store
from .checking import Checked, check, check_total
from .inspection.refusal import Refusal
from .models import UNSENT_HOURS, UPLOAD, Attachment, AttachmentDisclosure, AttachmentQuerySet, Details
from .names import clean_name

log = logging.getLogger(__name__)

MOST_UNSENT = 50  # uploads a person may have waiting to be sent
MOST_KEPT = 500  # uploads of a person's blocked messages, kept for an appeal
MOST_REFUSED = 200  # refused uploads of a person that are remembered at a time
RETRY_SECONDS = (30, 60, 120, 300, 600)  # between tries at a scan while the scanner is down
CRASH_HOURS = 1  # what has no other half after this is what a crash left behind
SCAN_HOURS = 72  # how long a file may wait for the scanner
KEPT_DAYS = 30  # how long support can see why an upload was refused
BATCH = 200


class Outcome(Enum):
    """What came of a check."""

    SETTLED = auto()
    WAITING = auto()  # the scanner is down, or the file cannot be read now
    CHANGED = auto()  # the file was sent or swept away meanwhile: the verdict was not written


def upload(*, by: User, mailbox: Mailbox, name: str, plain: bytes) -> Attachment:
    """Take one file into quarantine for ``by`` and ``mailbox``, checked; nobody else can see it until it is sent.

    A file that is not accepted comes back as ``refused`` with its reason, and none of its bytes are kept. While the
    virus scanner is down it comes back as ``checking``. Raises PermissionDenied, StoreDown when it could not be kept,
    and Refusal when too many files are waiting already.

    The row is written before the object and completed after it: killed in between, it leaves a row the sweep finds.
    """
    if not Membership.objects.filter(user=by, mailbox=mailbox, role__in=["owner", "agent"]).exists():
        raise PermissionDenied
    # Those kept longer are a blocked message's, for an appeal: they must not keep anybody from uploading.
    waiting = Attachment.objects.visible_to(by).filter(expires_at__lte=timezone.now() + timedelta(hours=UNSENT_HOURS))
    if waiting.exclude(state=Attachment.State.REFUSED).count() >= MOST_UNSENT:
        raise Refusal("too_many_unsent")
    row = Attachment(id=new_id(), mailbox=mailbox, uploader=by, size_bytes=len(plain), object_name=store.new_name())
    digest = hashlib.sha256(plain).hexdigest()
    try:
        checked = check(name, plain)
        is_clean = _scan(plain)
    except Refusal as refusal:
        return _refuse_upload(by, row, name, digest, refusal)
    return _keep(row, checked, digest, is_clean)


def remove(*, by: User, attachment: Attachment) -> None:
    """Remove an upload that was not sent. Raises PermissionDenied for anybody else's; removing twice is fine."""
    if attachment.uploader_id != by.pk:
        raise PermissionDenied
    with transaction.atomic():
        row = Attachment.objects.select_for_update().filter(pk=attachment.pk, sent_at=None).first()
        if row is None:
            return
        _discard([row])


@transaction.atomic
def send(*, by: User, mailbox: Mailbox, ids: Sequence[UUID], thread_id: UUID, text_bytes: int = 0) -> list[Attachment]:
    """Make uploads part of a thread, in the transaction of the message they go with; return them in the order given.

    Only what ``by`` uploaded for ``mailbox``, has not been sent, has not expired and was not refused can be sent, once.
    ``text_bytes`` is the size of the message's text. Raises Refusal: "gone" when one of them is anything else (foreign,
    missing and used ones are the same), or what ``check_total`` raises.
    """
    check_total(0, [0] * len(set(ids)))
    locked = Attachment.objects.visible_to(by).filter(mailbox=mailbox, pk__in=ids).sendable()
    rows = {row.pk: row for row in locked.select_for_update(of=("self",)).order_by("pk")}
    if len(rows) != len(set(ids)):
        raise Refusal("gone")
    check_total(text_bytes, [row.size_bytes for row in rows.values()])
    keyring.preload(UPLOAD, list(rows))
    now = timezone.now()
    ordered = [rows[key] for key in dict.fromkeys(ids)]
    for row in ordered:
        try:
            row.seal_details(row.details, thread_id=thread_id)
        except Unreadable:
            raise Refusal("gone") from None
        row.sent_at = now
    Attachment.objects.bulk_update(ordered, ["thread_id", "details_ciphertext", "sent_at"])
    _delete_keys_after_commit(list(rows))
    return ordered


def keep_until(*, by: User, ids: Sequence[UUID], until: datetime) -> None:
    """Keep uploads of ``by`` that were not sent until a later moment (UTC) than their own; never shorter.

    A person has at most MOST_KEPT of them; further ones expire as they would have.
    """
    unsent = Attachment.objects.visible_to(by)
    if unsent.filter(expires_at__gt=timezone.now() + timedelta(hours=UNSENT_HOURS)).count() < MOST_KEPT:
        unsent.filter(pk__in=ids, expires_at__lt=until).update(expires_at=until)


def check_waiting() -> list[Attachment]:
    """Scan what waits for the virus scanner; return those whose state changed. Safe to run many times at once."""
    if not scanner.is_configured():
        return []
    due = Attachment.objects.filter(
        state=Attachment.State.CHECKING, stored_at__isnull=False, next_check_at__lte=timezone.now()
    ).order_by("next_check_at")
    settled = []
    for row in due[:BATCH]:
        if not _take_turn(row):
            continue
        outcome = _settle(row, again=False)
        if outcome is Outcome.SETTLED or (outcome is Outcome.WAITING and _give_up(row)):
            settled.append(row)
        elif row.attempts == len(RETRY_SECONDS):
            log.error("Attachment %s waits for the virus scanner since %s", row.pk, row.uploaded_at.isoformat())
    return settled


def rescan(*, by: User, attachment: Attachment) -> Attachment:
    """Check a stored file again, with today's rules and signatures; refused, it can no longer be opened by anyone.

    Raises PermissionDenied for who may not change attachments, and one of ``content.UNREADABLE_NOW`` or Unreadable when
    it cannot be read; then it stays as it was.
    """
    if not by.is_staff or not by.has_perm("attachments.change_attachment"):
        raise PermissionDenied
    row = Attachment.objects.get(pk=attachment.pk)
    log.info("Attachment %s is checked again, asked by %s", row.pk, by.pk)
    outcome = Outcome.CHANGED
    while outcome is Outcome.CHANGED and row.stored_at is not None and row.details.parts:
        outcome = _settle(row, again=True)
        if outcome is Outcome.WAITING:
            # The scanner is down: until it is back nobody but the sender may have the file.
            now = timezone.now()
            waits = {"waiting_since": now, "next_check_at": now + timedelta(seconds=RETRY_SECONDS[0]), "attempts": 0}
            _unchanged(row).update(state=Attachment.State.CHECKING, **waits)
        row = Attachment.objects.get(pk=row.pk)
    return row


@transaction.atomic
def disclose(*, by: User, attachment: Attachment, reason: str) -> AttachmentDisclosure:
    """Record that a member of staff opens a file, and why, before a byte or its name is shown.

    Raises PermissionDenied without the right to do so, ValueError without a reason.
    """
    if not by.is_staff or not by.has_perm("attachments.disclose_attachment"):
        raise PermissionDenied
    if not reason.strip():
        raise ValueError("Opening a file needs a reason.")
    return AttachmentDisclosure.objects.create(staff=by, attachment=attachment, reason=reason.strip())


def discard_sent(ids: Sequence[UUID]) -> int:
    """Delete files whose messages were erased, rows and objects; return how many."""
    with transaction.atomic():
        rows = list(Attachment.objects.select_for_update().filter(pk__in=ids, sent_at__isnull=False))
        _discard(rows)
    return len(rows)


def sweep() -> dict[str, int]:
    """Remove what nobody will send and what a crash left behind, in both directions; return how many of each.

    ``expired``: unsent for 48 hours. ``forgotten``: told why for 30 days. ``unfinished``: rows whose object was never
    wholly written. ``orphans``: objects without a row; ``keys``: keys without one. Safe to run at any time; what fails
    is done by the next sweep.
    """
    now = timezone.now()
    crashed = now - timedelta(hours=CRASH_HOURS)
    unsent = Attachment.objects.filter(sent_at=None)
    expired = unsent.filter(expires_at__lt=now).exclude(state__in=[Attachment.State.EXPIRED, Attachment.State.REFUSED])
    counts = {"expired": 0, "forgotten": 0, "unfinished": 0, "orphans": 0, "keys": 0}
    while rows := list(expired.order_by("expires_at")[:BATCH]):
        with transaction.atomic():
            rows = list(expired.select_for_update(of=("self",)).filter(pk__in=[row.pk for row in rows]))
            Attachment.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=Attachment.State.EXPIRED, details_ciphertext=b""
            )
            _delete_keys_after_commit([row.pk for row in rows])
        _delete_objects(rows)
        counts["expired"] += len(rows)
    counts["unfinished"] = _discard_all(
        unsent.filter(stored_at=None, state=Attachment.State.CHECKING, uploaded_at__lt=crashed)
    )
    counts["forgotten"] = _discard_all(
        unsent.filter(
            Q(state=Attachment.State.EXPIRED) | Q(state=Attachment.State.REFUSED),
            disclosures__isnull=True,
            uploaded_at__lt=now - timedelta(days=KEPT_DAYS),
        )
    )
    _empty_refused(now)
    counts["orphans"] = _delete_orphans(crashed)
    counts["keys"] = _delete_lost_keys(crashed)
    return counts


def _keep(row: Attachment, checked: Checked, digest: str, is_clean: bool) -> Attachment:
    """Store a checked file: row, object, then the row's completion."""
    found = checked.inspected
    parts = {content.CONTENT: found.content, content.SMALL: found.small, content.LARGE: found.large}
    parts[content.TEXT] = found.text.encode(errors="replace")
    kept = {part: plain for part, plain in parts.items() if plain or part == content.CONTENT}
    details, blocks = content.seal_parts(row, kept)
    details.name, details.kind, details.sha256 = checked.name, found.kind, digest
    details.width, details.height, details.pages, details.notes = found.width, found.height, found.pages, found.notes
    row.seal_details(details)
    row.save(force_insert=True)
    try:
        store.write(row.object_name, blocks)
    except store.StoreDown:
        with transaction.atomic():
            _discard([row])
        raise
    row.stored_at = timezone.now()
    if is_clean:
        row.state, row.checked_at = Attachment.State.READY, row.stored_at
    else:
        row.next_check_at = row.stored_at + timedelta(seconds=RETRY_SECONDS[0])
    fields = {name: getattr(row, name) for name in ("stored_at", "state", "checked_at", "next_check_at")}
    # Removed by its owner meanwhile, it stays removed; the sweep finds the object.
    Attachment.objects.filter(pk=row.pk).update(**fields)
    return row


def _refuse_upload(by: User, row: Attachment, name: str, digest: str, refusal: Refusal) -> Attachment:
    """Keep a refused upload's reason, without its bytes: support can tell why."""
    try:
        shown = clean_name(name)
    except Refusal:
        shown = ""
    row.state, row.reason, row.checked_at = Attachment.State.REFUSED, refusal.code, timezone.now()
    details = Details(name=shown, sha256=digest, facts=refusal.facts)
    if Attachment.objects.visible_to(by).filter(state=Attachment.State.REFUSED).count() < MOST_REFUSED:
        row.seal_details(details)
        row.save(force_insert=True)
    row.__dict__["details"] = details
    return row


def _scan(plain: bytes) -> bool:
    """Return whether the file may be given to others: no scanner is configured, or it found nothing.

    False when the scanner is down. Raises Refusal("virus").
    """
    if not scanner.is_configured():
        return True
    try:
        found = scanner.scan(plain)
    except scanner.ScannerDown:
        return False
    if found:
        raise Refusal("virus")
    return True


def _take_turn(row: Attachment) -> bool:
    """Move a row's next check on, unless another worker has; return whether the check is ours."""
    wait = RETRY_SECONDS[min(row.attempts, len(RETRY_SECONDS) - 1)]
    mine = Attachment.objects.filter(pk=row.pk, attempts=row.attempts, state=Attachment.State.CHECKING)
    row.attempts += 1
    return mine.update(attempts=F("attempts") + 1, next_check_at=timezone.now() + timedelta(seconds=wait)) == 1


def _settle(row: Attachment, *, again: bool) -> Outcome:
    """Scan a stored file, and ``again`` also look into it; write the verdict unless the file changed meanwhile."""
    try:
        plain = b"".join(content.read(row))
        if again:
            check(row.details.name, plain)
        if not _scan(plain):
            return Outcome.WAITING
    except Refusal as refusal:
        row.details.facts = refusal.facts
        row.seal_details(row.details, thread_id=row.thread_id)
        return _decide(row, Attachment.State.REFUSED, refusal.code)
    except (Unreadable, KeyError, *content.UNREADABLE_NOW) as error:
        log.error("Attachment %s could not be read to be checked (%s)", row.pk, type(error).__name__)
        if again:
            raise
        return Outcome.WAITING
    return _decide(row, Attachment.State.READY, "")


def _give_up(row: Attachment) -> bool:
    """End the waiting of a file that nobody could scan for 72 hours; its sender is told. Return whether it was so."""
    if (row.waiting_since or row.uploaded_at) > timezone.now() - timedelta(hours=SCAN_HOURS):
        return False
    return _decide(row, Attachment.State.EXPIRED, "not_scanned") is Outcome.SETTLED


def _unchanged(row: Attachment) -> AttachmentQuerySet:
    """Return the row as far as it was neither removed nor sent nor swept away since it was read."""
    swept = Q(state=Attachment.State.EXPIRED, sent_at=None)
    return Attachment.objects.filter(pk=row.pk, sent_at=row.sent_at).exclude(swept)


def _decide(row: Attachment, state: Attachment.State, reason: str) -> Outcome:
    """Write what became of a check, unless the row changed meanwhile."""
    row.state, row.reason, row.checked_at, row.next_check_at = state, reason, timezone.now(), None
    fields = ("state", "reason", "checked_at", "next_check_at", "details_ciphertext")
    done = _unchanged(row).update(**{name: getattr(row, name) for name in fields})
    return Outcome.SETTLED if done else Outcome.CHANGED


def _discard(rows: Sequence[Attachment]) -> None:
    """Delete rows, their upload keys and, after commit, their objects; one that stays is an orphan for the sweep."""
    keys = [row.pk for row in rows]
    # A row whose content staff have opened stays, emptied: the record of that is never deleted.
    opened = Attachment.objects.filter(pk__in=keys, disclosures__isnull=False)
    Attachment.objects.filter(pk__in=opened.values("pk")).update(
        state=Attachment.State.EXPIRED, details_ciphertext=b"", stored_at=None, sent_at=None
    )
    Attachment.objects.filter(pk__in=keys, disclosures__isnull=True).delete()
    _delete_keys_after_commit(keys)
    transaction.on_commit(lambda: _delete_objects(rows), robust=True)


def _delete_keys_after_commit(keys: Sequence[UUID]) -> None:
    """Delete uploads' own keys once nothing can need them again; they may lie in a database of their own."""
    transaction.on_commit(lambda: vault.delete_keys(purpose=UPLOAD, owner_ids=keys), robust=True)


def _discard_all(rows: AttachmentQuerySet) -> int:
    """Discard in short transactions; return how many."""
    count = 0
    while found := list(rows.order_by("pk")[:BATCH]):
        with transaction.atomic():
            locked = list(rows.select_for_update(of=("self",)).filter(pk__in=[row.pk for row in found]))
            _discard(locked)
        count += len(locked)
        if not locked:
            break
    return count


def _delete_objects(rows: Sequence[Attachment]) -> None:
    """Delete stored objects; those of a store that is down stay for the sweep."""
    for row in rows:
        try:
            store.delete(row.object_name)
        except store.StoreDown:
            log.warning("The object of attachment %s stays until the store is back", row.pk)


def _empty_refused(now: datetime) -> None:
    """Delete the objects of uploads refused after they had been stored; why stays to be told."""
    refused = Attachment.objects.filter(sent_at=None, state=Attachment.State.REFUSED, stored_at__isnull=False)
    for row in refused.filter(expires_at__lt=now).order_by("expires_at")[:BATCH]:
        _delete_objects([row])
        Attachment.objects.filter(pk=row.pk).update(stored_at=None)


def _delete_lost_keys(created_before: datetime) -> int:
    """Delete upload keys whose row was never written; return how many."""
    deleted = 0
    owners = vault.owners_of(purpose=UPLOAD, created_before=created_before)
    while keys := list(islice(owners, BATCH)):
        kept = set(Attachment.objects.filter(pk__in=keys, sent_at=None).values_list("pk", flat=True))
        lost = [key for key in keys if key not in kept]
        vault.delete_keys(purpose=UPLOAD, owner_ids=lost)
        deleted += len(lost)
    return deleted


def _delete_orphans(older_than: datetime) -> int:
    """Delete objects that no living row names."""
    deleted = 0
    names: list[str] = []

    def flush() -> int:
        living = set(
            Attachment.objects.filter(object_name__in=names)
            .exclude(Q(state=Attachment.State.EXPIRED, sent_at=None) | Q(stored_at=None, uploaded_at__lt=older_than))
            .values_list("object_name", flat=True)
        )
        orphans = [name for name in names if name not in living]
        for name in orphans:
            store.delete(name)
        names.clear()
        return len(orphans)

    try:
        for name in store.listed(older_than):
            names.append(name)
            if len(names) == BATCH:
                deleted += flush()
        deleted += flush()
    except store.StoreDown:
        log.warning("The store is down: its orphans stay until the next sweep")
    return deleted
