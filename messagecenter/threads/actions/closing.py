"""How a thread comes to rest: closed for both sides, or for this mailbox only because nothing needs to be answered."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction

from messagecenter.accounts.models import Mailbox, User
from messagecenter.accounts.writing import require_writer
from messagecenter.live.actions import announce

from ..models import Entry, Thread, Wait
from .tallies import change, locked, locked_entries, save


@transaction.atomic
def mark_no_response_needed(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Stop waiting for this mailbox's answer. The other side sees nothing of it."""
    entry = _own_entry(by, mailbox, thread)
    if entry.needs_reply_since is None and entry.thanked_at is None:
        return
    save([change(entry, end=Wait.End.NO_RESPONSE, needs_reply_since=None, thanked_at=None)])
    announce(kind="thread", mailbox_ids=[mailbox.pk], thread_id=thread.pk)


@transaction.atomic
def mark_needs_reply(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Say that what was taken for a mere thank-you needs an answer: the clock runs since it came."""
    entry = _own_entry(by, mailbox, thread)
    if entry.thanked_at is None or entry.thread.is_closed:
        return
    save([change(entry, needs_reply_since=entry.thanked_at, thanked_at=None)])
    announce(kind="thread", mailbox_ids=[mailbox.pk], thread_id=thread.pk)


@transaction.atomic
def close_thread(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Close a thread for both sides; nobody waits for an answer any more. Closing twice changes nothing."""
    _set_state(by=by, mailbox=mailbox, thread=thread, state=Thread.State.CLOSED)


@transaction.atomic
def reopen_thread(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Let both sides write again. Reopening twice changes nothing."""
    _set_state(by=by, mailbox=mailbox, thread=thread, state=Thread.State.OPEN)


def _own_entry(by: User, mailbox: Mailbox, thread: Thread) -> Entry:
    """Return a mailbox's entry, locked. Raises PermissionDenied when there is none or ``by`` may not write there."""
    require_writer(by, mailbox)
    entries = locked(Entry.objects.filter(thread=thread, mailbox=mailbox))
    if not entries:
        raise PermissionDenied
    return entries[0]


def _set_state(*, by: User, mailbox: Mailbox, thread: Thread, state: Thread.State) -> None:
    """Close or reopen a thread for both sides. Raises PermissionDenied when ``by`` may not write in it."""
    require_writer(by, mailbox)
    entries = locked_entries(thread)
    if mailbox.pk not in {entry.mailbox_id for entry in entries} or thread.kind == Thread.Kind.CASE:
        raise PermissionDenied  # a case is closed as a case is
    _rest(thread, entries, state)


@transaction.atomic
def rest_case(*, thread: Thread, is_closed: bool) -> None:
    """Let nobody write in a case's thread any more, or let both sides write again; for who keeps the case."""
    _rest(thread, locked_entries(thread), Thread.State.CLOSED if is_closed else Thread.State.OPEN)


@transaction.atomic
def expect_nothing(*, thread: Thread, mailbox_id: uuid.UUID) -> None:
    """Stop waiting for one side's answer in a case's thread; for who keeps the case."""
    for entry in locked(Entry.objects.filter(thread=thread, mailbox=mailbox_id, needs_reply_since__isnull=False)):
        save([change(entry, end=Wait.End.NO_RESPONSE, needs_reply_since=None)])


def _rest(thread: Thread, entries: list[Entry], state: Thread.State) -> None:
    """Set the state of a thread whose entries are locked, and tell both sides' open pages."""
    if entries and entries[0].thread.state == state:
        return
    Thread.objects.filter(pk=thread.pk).update(state=state)
    if state == Thread.State.CLOSED:
        save(
            [
                change(one, end=Wait.End.CLOSED, needs_reply_since=None, awaiting_since=None, thanked_at=None)
                for one in entries
            ]
        )
    announce(kind="thread", mailbox_ids=[entry.mailbox_id for entry in entries], thread_id=thread.pk)
