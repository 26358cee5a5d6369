"""Background work on threads: the nightly repair of the tallies, and files that waited for their check."""

from __future__ import annotations

import logging

from celery import shared_task

from messagecenter.accounts.models import Mailbox
from messagecenter.attachments.actions import check_waiting

from .actions import announce_settled, repair_tally, screen_late

log = logging.getLogger(__name__)


@shared_task(name="messagecenter.threads.periodic.repair_tallies")
def repair_tallies() -> int:
    """Count every mailbox anew, one short transaction each. Returns how many tallies had drifted."""
    drifted = 0
    for mailbox_id in Mailbox.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=2000):
        if repair_tally(mailbox_id=mailbox_id):
            drifted += 1
            log.error("The tally of mailbox %s had drifted and was repaired", mailbox_id)
    return drifted


@shared_task(name="messagecenter.threads.periodic.check_attachments")
def check_attachments() -> int:
    """Check files that wait for the virus scanner and show the result to both sides; return how many were settled."""
    settled = check_waiting()
    announce_settled(attachments=settled)
    screen_late()
    return len(settled)
