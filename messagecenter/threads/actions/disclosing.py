"""Staff's reading of a thread: nothing is shown before the reason is written down."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from messagecenter.accounts.models import User

from ..models import Disclosure, Thread


@transaction.atomic
def disclose_thread(*, by: User, thread: Thread, reason: str) -> Disclosure:
    """Record that a member of staff reads a thread's words, and why, before a single word is shown.

    Raises PermissionDenied without the right to do so, ValueError without a reason.
    """
    if not by.is_staff or not by.has_perm("threads.disclose_thread"):
        raise PermissionDenied
    if not reason.strip():
        raise ValueError("Reading a thread needs a reason.")
    return Disclosure.objects.create(staff=by, thread=thread, reason=reason.strip())
