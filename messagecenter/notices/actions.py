"""What can be done with notices: owe one, and send a failed one again."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models.functions import Now

from messagecenter.accounts.models import User
from messagecenter.notices import kinds
from messagecenter.notices.models import Notice
from messagecenter.notices.tasks import ring

logger = logging.getLogger(__name__)


@transaction.atomic
def owe(*, kind: str, subject_id: uuid.UUID, recipients: Iterable[User | uuid.UUID]) -> None:
    """Record that each recipient is to be told about ``subject_id``; who is owed it already is not owed twice.

    Call it in the transaction that makes the thing. Raises LookupError for a kind nobody registered.
    """
    name = kinds.named(kind).name
    people = {person.pk if isinstance(person, User) else person for person in recipients}
    if not people:
        return
    rows = [
        Notice(kind=name, subject_id=subject_id, recipient_id=pk, created_at=Now(), next_at=Now())
        for pk in sorted(people)
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    ring()


@transaction.atomic
def send_again(*, notices: Iterable[uuid.UUID], by: User) -> int:
    """Make failed notices due now and return how many; others stay as they are, so asking twice sends once.

    ``attempts`` keeps counting: it is what stops a late worker from marking a row that is no longer its own.
    """
    keys = list(notices)
    again = Notice.objects.filter(pk__in=keys, state=Notice.State.FAILED).update(
        state=Notice.State.DUE, reason="", unconfirmed=0, next_at=Now(), lease_until=None
    )
    if again:
        logger.info("Staff member %s sends %d failed notices again.", by.pk, again)
        ring()
    return again
