"""Drafts: kept as somebody types, deleted when they are sent, emptied or forgotten; no text is overwritten unseen."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.accounts.writing import require_writer
from messagecenter.attachments.actions import keep_until
from messagecenter.attachments.inspection.limits import MOST_FILES
from messagecenter.vault.errors import Unreadable
from orders.models import Order, Product

from ..models import Draft, DraftQuerySet, Entry, Thread
from ..topics import LABELS
from ..validators import MAX_BODY, MAX_SUBJECT
from ..words import read_draft, read_draft_subject, write_draft
from .sides import other_side

# More than can be sent: a text that is too long is shortened by its writer, not by us.
MOST_CHARACTERS = 2 * MAX_BODY
BATCH = 1000
CHANGING = ("topic", "uploads", "updated_at", "client_id", "version", "subject_ciphertext", "body_ciphertext")


class DraftChanged(Exception):
    """Somebody (the same person, elsewhere) changed the draft since; ``other`` is what is there now."""

    def __init__(self, other: Draft) -> None:
        self.other = other
        super().__init__("changed elsewhere")


@dataclass(frozen=True)
class DraftFor:
    """What a draft is about: exactly one of these."""

    thread: Thread | None = None
    order: Order | None = None
    product: Product | None = None


@transaction.atomic
def save_draft(
    *,
    by: User,
    mailbox: Mailbox,
    matter: DraftFor,
    version: int,
    body: str,
    subject: str = "",
    topic: str = "",
    client_id: uuid.UUID | None = None,
    uploads: Sequence[uuid.UUID] = (),
) -> Draft | None:
    """Keep what ``by`` has typed for ``mailbox``; with nothing in it, delete the draft and return None.

    ``version`` is that of the draft the writer had before them, 0 for none. Raises DraftChanged when another one is
    there and says something else, PermissionDenied when ``by`` may not write there, ValidationError for a text beyond
    20,000 characters.
    """
    _require_part(by, mailbox, matter)
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    subject = subject[: 2 * MAX_SUBJECT]
    if len(body) > MOST_CHARACTERS:
        raise ValidationError(_("The text is too long to be kept as a draft."), code="too_long")
    files = [str(one) for one in uploads[:MOST_FILES]]
    topic = topic if topic in LABELS else ""
    found = _drafts_of(by, mailbox, matter).first()
    if found is not None:
        if _says(found, body, subject, topic, files):
            return found
        if found.version != version:
            raise DraftChanged(found)
    if not (body.strip() or subject.strip() or files):
        if found is not None and not Draft.objects.filter(pk=found.pk, version=found.version).delete()[0]:
            return _lost(by, mailbox, matter)
        return None
    if files and (found is None or files != found.uploads):
        keep_until(by=by, ids=list(uploads), until=timezone.now() + timedelta(days=Draft.KEPT_DAYS))
    draft = Draft(user=by, mailbox=mailbox, **vars(matter)) if found is None else found
    before = version if found is None else found.version
    draft.topic, draft.uploads, draft.updated_at = topic, files, timezone.now()
    draft.client_id = client_id or draft.client_id
    draft.version = _next_version(before)
    write_draft(draft, subject=subject, body=body)
    if found is None:
        return _insert(draft, by, mailbox, matter)
    changed = {name: getattr(draft, name) for name in CHANGING}
    if not Draft.objects.filter(pk=draft.pk, version=before).update(**changed):
        return _lost(by, mailbox, matter)
    return draft


def forget_draft(*, by: User, mailbox: Mailbox, matter: DraftFor, version: int) -> None:
    """Delete the draft that was sent, in the transaction that sends it: one statement. A newer text stays."""
    _drafts_of(by, mailbox, matter).filter(version=version).delete()


def discard_draft(*, by: User, draft: Draft) -> None:
    """Delete a draft of one's own. Raises PermissionDenied for another's."""
    if draft.user_id != by.pk:
        raise PermissionDenied
    draft.delete()


def forget_old_drafts() -> int:
    """Delete the drafts nobody has touched for 90 days, in batches; return how many."""
    forgotten = 0
    while keys := list(Draft.objects.old().values_list("pk", flat=True)[:BATCH]):
        forgotten += Draft.objects.filter(pk__in=keys).delete()[0]
    return forgotten


def _drafts_of(by: User, mailbox: Mailbox, matter: DraftFor) -> DraftQuerySet:
    """Return the one draft of a person and a mailbox about this, as a query."""
    about = {name: value for name, value in vars(matter).items() if value is not None}
    return Draft.objects.filter(user=by, mailbox=mailbox, **about)


def _require_part(by: User, mailbox: Mailbox, matter: DraftFor) -> None:
    """Raise PermissionDenied unless ``by`` may write for ``mailbox``, and ``mailbox`` has a part in it."""
    require_writer(by, mailbox)
    if matter.thread is None:
        other_side(mailbox, matter.order, matter.product)
    elif not Entry.objects.filter(thread=matter.thread, mailbox=mailbox).exists():
        raise PermissionDenied


def _says(draft: Draft, body: str, subject: str, topic: str, files: list[str]) -> bool:
    """Return whether a draft says exactly this."""
    try:
        kept = (read_draft(draft), read_draft_subject(draft), draft.topic, draft.uploads)
    except Unreadable:
        return False
    return kept == (body, subject, topic, files)


def _next_version(before: int) -> int:
    """Return a number higher than all before, also when the row is deleted and made anew: microseconds since 1970."""
    return max(before + 1, time.time_ns() // 1000)


def _insert(draft: Draft, by: User, mailbox: Mailbox, matter: DraftFor) -> Draft | None:
    """Keep a new draft. Raises DraftChanged when another device was faster."""
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:
        return _lost(by, mailbox, matter)
    return draft


def _lost(by: User, mailbox: Mailbox, matter: DraftFor) -> Draft | None:
    """Raise DraftChanged with what somebody faster left there; None when it is gone again."""
    other = _drafts_of(by, mailbox, matter).first()
    if other is not None:
        raise DraftChanged(other)
    return None
