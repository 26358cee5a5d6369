"""Background work on threads: the nightly repair of the tallies."""

from __future__ import annotations

import logging

from celery import shared_task

from messagecenter.accounts.models import Mailbox

from .actions import repair_tally

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
