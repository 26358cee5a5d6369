"""Background work on threads: filing of many, the nightly repair of the tallies, the trash, files that were checked."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence

from celery import shared_task

from messagecenter.accounts.models import Mailbox
from messagecenter.attachments.actions import check_waiting

from .actions import (
    advance,
    announce_settled,
    build_index,
    clear_assignments,
    clear_removed,
    empty_trash,
    forget_old_drafts,
    forget_old_runs,
    forget_presence,
    forget_removed,
    note_looks,
    recount_filters,
    repair_tally,
    screen_late,
    watched_mailboxes,
)
from .growing import large_mailboxes
from .matching import count_unread, matching_run
from .models import FilingRun
from .reminding import remind

log = logging.getLogger(__name__)

MOST_INDEXED = 20_000  # messages at a time: half a minute

# A task ends well before Celery's time limit; the sweep goes on with what is left.
MOST_SECONDS = 60.0
MOST_CLEARED = 20_000  # threads


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


@shared_task(name="messagecenter.threads.periodic.remind_of_replies")
def remind_of_replies() -> int:
    """Owe reminders of answers that are due soon; return for how many waits."""
    return remind()


@shared_task(name="messagecenter.threads.periodic.file_waiting")
def file_waiting() -> int:
    """Go on with filings in the background and with deleted folders and labels; return how many batches were done.

    Runs take turns, a batch each. Safe to run at any time and many times at once.
    """
    until, batches = time.monotonic() + MOST_SECONDS, 0
    clear_removed(most=MOST_CLEARED)
    while runs := list(FilingRun.objects.unfinished().values_list("pk", flat=True)[:20]):
        went_on = False
        for run_id in runs:
            if time.monotonic() > until:
                return batches
            went_on |= advance(run_id=run_id, matching=matching_run)
            batches += 1
        if not went_on:
            break  # finished, or others are at work on them
    return batches


@shared_task(name="messagecenter.threads.periodic.empty_trashes")
def empty_trashes() -> int:
    """Let go of what lay in the trash for 30 days; return how many threads."""
    until, gone = time.monotonic() + MOST_SECONDS, 0
    while time.monotonic() < until and (some := empty_trash()):
        gone += some
    return gone


@shared_task(name="messagecenter.threads.periodic.forget_old_filing")
def forget_old_filing() -> int:
    """Delete what could be undone for 30 days and the rows of folders and labels that are gone; return how many.

    Threads assigned to who left their mailbox are nobody's again.
    """
    clear_assignments()
    return forget_old_runs() + forget_removed()


@shared_task(name="messagecenter.threads.periodic.index_large_mailboxes")
def index_large_mailboxes() -> int:
    """Build the search index of mailboxes that have grown large, a part at a time; return how many were finished.

    A mailbox counts as large from ``SEARCH_INDEX_FROM`` messages on. What is left is done the next time.
    """
    finished = 0
    for mailbox in large_mailboxes():
        if not build_index(mailbox=mailbox, by="the timetable", most=MOST_INDEXED):
            break
        finished += 1
    return finished


@shared_task(name="messagecenter.threads.periodic.forget_drafts")
def forget_drafts() -> int:
    """Delete drafts nobody has touched for 90 days; return how many."""
    return forget_old_drafts()


@shared_task(name="messagecenter.threads.periodic.sweep_presence")
def sweep_presence() -> int:
    """Delete who has left a thread without saying so; return how many."""
    return forget_presence()


@shared_task(name="messagecenter.threads.periodic.count_filters")
def count_filters(looked_at: Sequence[str] = ()) -> int:
    """Count pinned filters of mailboxes that changed and that somebody looks at; return how many were counted.

    ``looked_at`` are ids of mailboxes that somebody has just opened; without them, all that were opened lately.
    """
    until, counted = time.monotonic() + MOST_SECONDS, 0
    mailbox_ids = [uuid.UUID(one) for one in looked_at] or watched_mailboxes()
    mailboxes = Mailbox.objects.in_bulk(mailbox_ids)
    for mailbox_id in mailbox_ids:
        if time.monotonic() > until:
            break
        if mailbox_id in mailboxes:
            counted += recount_filters(mailbox=mailboxes[mailbox_id], counting=count_unread, until=until)
    if looked_at:
        note_looks(mailbox_ids)
    return counted
