"""Filings as rows: a small one is done at once, a large one in batches by whoever finds it; both can be undone."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.accounts.writing import require_writer
from messagecenter.doorbell import Doorbell
from messagecenter.filing.models import FilingRule

from ..filing_verbs import Filing, Verb
from ..models import Entry, EntryQuerySet, FiledEntry, FilingRun, Place
from ..refused import NothingToFileWith, TooManyAtOnce
from ..words import read_sought, write_sought
from .autofiling import file_by_rule
from .filing import MOST_AT_ONCE, Changed, checked, file_entries, give_back
from .tallies import locked

log = logging.getLogger(__name__)

BATCH = 200
State = FilingRun.State


@dataclass(frozen=True)
class Meant:
    """The entries that a run is about: all of ``entries``, or those whose keys ``holding`` returns of a part of them.

    ``at_once`` is how many are looked at in one transaction.
    """

    entries: EntryQuerySet
    holding: Callable[[Sequence[Entry]], Collection[uuid.UUID]] | None = None
    at_once: int = BATCH


Matching = Callable[[FilingRun], Meant]

_bell = Doorbell("filing", lambda: current_app.send_task("messagecenter.threads.periodic.file_waiting", expires=60))


def ring() -> None:
    """Ask a worker to go on, after commit. Never raises and never waits; without a broker the sweep does it."""
    _bell.press_after_commit()


@transaction.atomic
def file_threads(*, by: User, mailbox: Mailbox, threads: Collection[uuid.UUID], filing: Filing) -> FilingRun:
    """Do one thing to up to 500 threads of a mailbox at once; the run says how many it changed, and can be undone.

    Threads that are not this mailbox's, or where it changes nothing, are left out. Raises PermissionDenied when ``by``
    may not write for ``mailbox``, NothingToFileWith when the folder, label or member is gone or foreign, TooManyAtOnce.
    """
    require_writer(by, mailbox)
    if len(threads) > MOST_AT_ONCE:
        raise TooManyAtOnce(MOST_AT_ONCE)
    entries = locked(Entry.objects.filter(mailbox=mailbox, thread__in=list(threads), place__lt=Place.GONE))
    done = file_entries(mailbox=mailbox, entries=entries, filing=filing, by=by)
    now = timezone.now()
    run = FilingRun.objects.create(
        mailbox=mailbox,
        by=by,
        filing=filing.as_data(),
        state=State.DONE,
        done=len(done),
        looked_at=len(entries),
        finished_at=now,
    )
    _keep(run, done)
    return run


@transaction.atomic
def start_run(
    *,
    by: User,
    mailbox: Mailbox,
    query: Mapping[str, str],
    filing: Filing | None = None,
    rule: FilingRule | None = None,
) -> FilingRun:
    """Let one thing be done to all threads of a filter, or a rule to all it finds there, in the background.

    Search words in ``query`` (``q``) are kept as ciphertext. Raises PermissionDenied and NothingToFileWith as
    ``file_threads`` does.
    """
    require_writer(by, mailbox)
    if filing is not None:
        checked(mailbox, filing)
    elif rule is None or rule.mailbox_id != mailbox.pk:
        raise NothingToFileWith
    kept = {name: value for name, value in query.items() if name != "q"}
    run = FilingRun(mailbox=mailbox, by=by, filing=filing.as_data() if filing else {}, rule=rule, query=kept)
    if query.get("q"):
        write_sought(run, query["q"])
    run.save(force_insert=True)
    ring()
    return run


def query_of(run: FilingRun) -> dict[str, str]:
    """Return the filter whose threads a run is about, with its search words. Raises Unreadable."""
    words = read_sought(run)
    return {name: value for name, value in run.query.items() if name != "sought"} | ({"q": words} if words else {})


@transaction.atomic
def undo_run(*, by: User, run: FilingRun) -> FilingRun:
    """Give back what a run changed: at once when it is little, else in the background. A second time changes nothing.

    A run that is still at work is stopped by it. Raises PermissionDenied.
    """
    require_writer(by, run.mailbox)
    run = _locked(run.pk)
    if not run.can_be_undone:
        return run
    run.state, run.by, run.finished_at = State.UNDOING, by, None
    run.save(update_fields=["state", "by", "finished_at"])
    if run.done <= BATCH:
        _undo_batch(run, by)
        _finish(run, State.UNDONE)
    else:
        ring()
    return run


@transaction.atomic
def advance(*, run_id: uuid.UUID, matching: Matching) -> bool:
    """Do the next 200 entries of a run, 60 when words are looked for; return whether something is left.

    Safe to repeat and to run many times at once. ``matching`` gives the entries that a run's filter means. Each batch
    is one transaction, and the place after it is kept in the same one: a worker that was killed leaves nothing half
    done and nothing is done twice.
    """
    run = FilingRun.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=run_id)
    found = run.select_related("mailbox", "by", "rule").unfinished().first()
    if found is None:
        return False
    if found.by is None:
        return _finish(found, State.STOPPED)
    try:
        require_writer(found.by, found.mailbox)
        if found.state == State.UNDOING:
            return _undo_batch(found, found.by) or _finish(found, State.UNDONE)
        return _file_batch(found, found.by, matching(found)) or _finish(found, State.DONE)
    except (PermissionDenied, NothingToFileWith) as reason:
        log.info("Filing run %s was stopped: %s", found.pk, type(reason).__name__)
        return _finish(found, State.STOPPED)


def forget_old_runs() -> int:
    """Delete the finished runs of over 30 days ago, with what they would undo; return how many."""
    forgotten = 0
    while keys := list(FilingRun.objects.old().values_list("pk", flat=True)[:10]):
        FiledEntry.objects.filter(run__in=keys).delete()
        forgotten += FilingRun.objects.filter(pk__in=keys).delete()[0]
    return forgotten


def _file_batch(run: FilingRun, by: User, meant: Meant) -> bool:
    """File the next entries; return whether there may be more."""
    chosen = meant.entries.filter(place__lt=Place.GONE, pk__lte=run.until).order_by("pk")
    if run.position is not None:
        chosen = chosen.filter(pk__gt=run.position)
    part = list(chosen.only("pk", "thread", "cleared_up_to")[: meant.at_once])
    if not part:
        return False
    held = {one.pk for one in part} if meant.holding is None else set(meant.holding(part))
    keys = [one.pk for one in part]
    entries = locked(Entry(pk=key) for key in keys if key in held)
    done: Mapping[uuid.UUID, Changed]
    if run.filing:
        filing = Filing(Verb(run.filing["verb"]), run.filing["value"])
        done = file_entries(mailbox=run.mailbox, entries=entries, filing=filing, by=by)
    elif run.rule is not None:
        done = file_by_rule(rule=run.rule, entries=entries)
    else:
        raise NothingToFileWith  # the rule was deleted meanwhile
    _keep(run, done)
    run.position, run.state, run.advanced_at = keys[-1], State.RUNNING, timezone.now()
    run.looked_at, run.done = run.looked_at + len(keys), run.done + len(done)
    run.save(update_fields=["position", "state", "advanced_at", "looked_at", "done"])
    return len(keys) == meant.at_once


def _undo_batch(run: FilingRun, by: User) -> bool:
    """Give the next entries back what they were; return whether there may be more."""
    filed = list(FiledEntry.objects.filter(run=run).order_by("entry")[:BATCH])
    if not filed:
        return False
    changed = {one.entry_id: one.changed for one in filed}
    entries = locked(Entry.objects.filter(pk__in=changed, place__lt=Place.GONE))
    given = give_back(mailbox=run.mailbox, entries=entries, changed=changed, by=by)
    FiledEntry.objects.filter(pk__in=[one.pk for one in filed]).delete()
    FilingRun.objects.filter(pk=run.pk).update(undone=F("undone") + len(given), advanced_at=timezone.now())
    run.refresh_from_db(fields=["undone", "advanced_at"])
    return len(filed) == BATCH


def _finish(run: FilingRun, state: FilingRun.State) -> bool:
    """Write down that nothing is left; return that as what ``advance`` returns."""
    run.state, run.finished_at = state, timezone.now()
    run.save(update_fields=["state", "finished_at"])
    return False


def _locked(run_id: uuid.UUID) -> FilingRun:
    return FilingRun.objects.select_for_update(of=("self",)).select_related("mailbox", "rule").get(pk=run_id)


def _keep(run: FilingRun, done: Mapping[uuid.UUID, dict[str, Any]]) -> None:
    """Keep what a run changed, for an undo."""
    FiledEntry.objects.bulk_create([FiledEntry(run=run, entry_id=key, changed=value) for key, value in done.items()])
