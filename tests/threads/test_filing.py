"""Filing: every verb is one side's own, shared by its team, and can be undone; the counters are right after each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from messagecenter.filing.actions import create_folder, create_label, remove_folder, remove_label
from messagecenter.ids import new_id
from messagecenter.threads.actions import (
    clear_assignments,
    close_thread,
    empty_trash,
    file_threads,
    mark_read,
    reopen_thread,
    undo_run,
)
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.models import Entry, EntryLabel, Place, Wait
from messagecenter.threads.refused import NothingToFileWith, TooManyAtOnce
from tests.threads.shelves import counts_of, drifted, sees
from tests.threads.writing import reply

pytestmark = pytest.mark.django_db
BOXES = ["/messages/", *(f"/messages/?box={box}" for box in ("unread", "needs_reply", "archive", "trash", "all"))]


@pytest.fixture
def folder(seller, shop):
    """The shop's folder."""
    return create_folder(by=seller, mailbox=shop, name="Invoices")


@pytest.fixture
def label(seller, shop):
    """The shop's label."""
    return create_label(by=seller, mailbox=shop, name="VIP", color="purple")


@pytest.fixture
def entry(thread, shop):
    """The shop's view of Anna's question."""
    return Entry.objects.get(thread=thread, mailbox=shop)


@pytest.fixture
def file(seller, shop, thread):
    """Return how the shop's owner files the thread."""

    def do(verb, value="", by=seller):
        return file_threads(by=by, mailbox=shop, threads=[thread.pk], filing=Filing(verb, str(value)))

    return do


def state_of(entry):
    """Return everything that filing may change."""
    entry.refresh_from_db()
    names = ("place", "folder_id", "priority", "is_starred", "is_muted", "assignee_id", "unread", "needs_reply_since")
    labels = sorted(EntryLabel.objects.filter(entry=entry).values_list("label__name", flat=True))
    return {**{name: getattr(entry, name) for name in names}, "labels": labels, "trashed": entry.trashed_at is not None}


def every_filing(folder, label, member):
    """Return one filing for each verb."""
    values = {Verb.MOVE: folder.pk, Verb.LABEL: label.pk, Verb.UNLABEL: label.pk, Verb.ASSIGN: member.pk}
    values[Verb.PRIORITY] = 1
    return [(verb, values.get(verb, "")) for verb in Verb]


def test_no_verb_changes_anything_for_the_other_side(
    file, folder, label, agent, entry, thread, buyer, buyer_mailbox, shop, signed_in
):
    anna, pages = signed_in(buyer), [*BOXES, f"/messages/{thread.pk}/"]
    sees(anna, *pages)
    before, counts = sees(anna, *pages), counts_of(buyer_mailbox)
    theirs = state_of(Entry.objects.get(thread=thread, mailbox=buyer_mailbox))
    changed = 0
    for verb, value in every_filing(folder, label, agent):
        changed += file(verb, value).done
        assert drifted(shop, buyer_mailbox) == []
        assert counts_of(buyer_mailbox) == counts
    assert changed >= 13
    assert sees(anna, *pages) == before
    assert state_of(Entry.objects.get(thread=thread, mailbox=buyer_mailbox)) == theirs


def test_each_verb_can_be_undone(file, folder, label, agent, seller, entry, shop):
    begun = state_of(entry)
    for verb, value in every_filing(folder, label, agent):
        run = file(verb, value)
        assert drifted(shop) == []
        if run.done:
            assert state_of(entry) != begun, verb
        undone = undo_run(by=agent, run=run)
        assert state_of(entry) == begun, verb
        assert drifted(shop) == []
        assert undone.undone == run.done
        # A second time changes nothing.
        file(Verb.STAR)
        undo_run(by=agent, run=run)
        assert state_of(entry)["is_starred"] is True
        file(Verb.UNSTAR)


def test_the_team_shares_what_one_of_it_files(file, folder, label, agent, seller, thread, signed_in):
    file(Verb.MOVE, folder.pk, by=agent)
    file(Verb.LABEL, label.pk, by=agent)
    file(Verb.ASSIGN, seller.pk, by=agent)
    for person in (agent, seller):
        browser = signed_in(person)
        assert str(thread.pk) in browser.get(f"/messages/?folder={folder.pk}").content.decode()
        assert str(thread.pk) in browser.get(f"/messages/?box=all&label={label.pk}").content.decode()
    assert str(thread.pk) in signed_in(seller).get("/messages/?box=mine").content.decode()
    assert str(thread.pk) not in signed_in(agent).get("/messages/?box=mine").content.decode()


def test_counters_follow_a_thread_through_the_boxes(file, folder, shop, seller):
    assert counts_of(shop) == {"all": [1, 1, 1], "current": [1, 1, 1], "inbox": [1, 1, 1]}
    file(Verb.MOVE, folder.pk)
    assert counts_of(shop) == {"all": [1, 1, 1], "current": [1, 1, 1], f"folder:{folder.pk.hex}": [1, 1, 1]}
    file(Verb.ARCHIVE)
    assert counts_of(shop) == {"all": [1, 1, 1], "archive": [1, 1, 1]}
    file(Verb.INBOX)
    file(Verb.ASSIGN, seller.pk)
    file(Verb.STAR)
    file(Verb.READ)
    file(Verb.NO_RESPONSE)
    one = [0, 0, 1]
    assert counts_of(shop) == {"all": one, "current": one, "inbox": one, "starred": one, f"mine:{seller.pk.hex}": one}
    file(Verb.TRASH)
    assert counts_of(shop) == {"all": one, "trash": one}


def test_who_only_reads_files_nothing(file, viewer, entry, folder, other_seller):
    begun = state_of(entry)
    for by in (viewer, other_seller):
        with pytest.raises(PermissionDenied):
            file(Verb.MOVE, folder.pk, by=by)
    run = file(Verb.STAR)
    with pytest.raises(PermissionDenied):
        undo_run(by=viewer, run=run)
    assert state_of(entry) == begun | {"is_starred": True}


def test_foreign_missing_and_deleted_things_are_refused_alike(
    file, entry, seller, shop, other_seller, other_buyer, folder, label
):
    mailbox = other_seller.mailboxes.get()
    theirs = create_folder(by=other_seller, mailbox=mailbox, name="Secret")
    their_label = create_label(by=other_seller, mailbox=mailbox, name="Secret")
    remove_folder(by=seller, folder=folder, goes_to="inbox")
    remove_label(by=seller, label=label)
    begun = state_of(entry)
    for verb, value in [
        *((Verb.MOVE, value) for value in (theirs.pk, folder.pk, new_id(), "x", "\x00")),
        *((Verb.LABEL, value) for value in (their_label.pk, label.pk, new_id(), "")),
        *((Verb.ASSIGN, value) for value in (other_seller.pk, other_buyer.pk, new_id(), "x")),
        *((Verb.PRIORITY, value) for value in ("0", "5", "", "high")),
    ]:
        with pytest.raises(NothingToFileWith):
            file(verb, value)
    assert state_of(entry) == begun


def test_another_mailboxes_threads_are_left_out(seller, shop, thread, other_seller):
    run = file_threads(
        by=other_seller, mailbox=other_seller.mailboxes.get(), threads=[thread.pk], filing=Filing(Verb.TRASH)
    )
    assert (run.done, run.looked_at) == (0, 0)
    assert Entry.objects.get(thread=thread, mailbox=shop).place == Place.INBOX
    with pytest.raises(TooManyAtOnce):
        file_threads(by=seller, mailbox=shop, threads=[new_id() for _ in range(501)], filing=Filing(Verb.STAR))


def test_archived_threads_come_back_unless_muted(file, entry, thread, buyer, buyer_mailbox, folder, shop):
    file(Verb.MOVE, folder.pk)
    file(Verb.ARCHIVE)
    reply(buyer, buyer_mailbox, thread, "One more thing")
    assert (state_of(entry)["place"], state_of(entry)["folder_id"]) == (Place.INBOX, folder.pk)
    file(Verb.ARCHIVE)
    file(Verb.MUTE)
    reply(buyer, buyer_mailbox, thread, "And another")
    assert state_of(entry)["place"] == Place.ARCHIVE
    assert drifted(shop, buyer_mailbox) == []


def test_what_was_changed_since_stays_as_it_is(file, entry, seller, agent, shop, folder):
    run = file(Verb.ARCHIVE)
    file(Verb.TRASH, by=agent)
    undo_run(by=seller, run=run)
    assert state_of(entry)["place"] == Place.TRASH
    run = file(Verb.ASSIGN, seller.pk)
    file(Verb.ASSIGN, agent.pk)
    undo_run(by=seller, run=run)
    assert state_of(entry)["assignee_id"] == agent.pk
    assert drifted(shop) == []


def test_undo_keeps_what_arrived_meanwhile(file, entry, seller, buyer, buyer_mailbox, thread, shop):
    run = file(Verb.READ)
    reply(buyer, buyer_mailbox, thread, "Are you there?")
    undo_run(by=seller, run=run)
    assert state_of(entry)["unread"] == 2
    run = file(Verb.UNREAD)
    assert run.done == 0
    mark_read(by=seller, entry=entry, up_to=new_id())
    run = file(Verb.UNREAD)
    mark_read(by=seller, entry=entry, up_to=new_id())
    undo_run(by=seller, run=run)
    assert state_of(entry)["unread"] == 0
    assert drifted(shop) == []


def test_no_response_needed_ends_the_wait_and_undo_lets_it_go_on(file, entry, seller, shop, thread):
    since = entry.needs_reply_since
    run = file(Verb.NO_RESPONSE)
    [wait] = Wait.objects.filter(mailbox=shop)
    assert (wait.end, wait.ended_at is None, wait.answered_by) == (Wait.End.NO_RESPONSE, False, None)
    undo_run(by=seller, run=run)
    assert state_of(entry)["needs_reply_since"] == since
    [wait] = Wait.objects.filter(mailbox=shop)
    assert (wait.started_at, wait.ended_at) == (since, None)
    # Answered, or closed, meanwhile: nobody waits again.
    run = file(Verb.NO_RESPONSE)
    reply(seller, shop, thread, "Tomorrow.")
    undo_run(by=seller, run=run)
    assert state_of(entry)["needs_reply_since"] is None


def test_undo_does_not_let_a_closed_thread_wait(file, entry, seller, shop, thread):
    run = file(Verb.NO_RESPONSE)
    close_thread(by=seller, mailbox=shop, thread=thread)
    undo_run(by=seller, run=run)
    assert state_of(entry)["needs_reply_since"] is None
    reopen_thread(by=seller, mailbox=shop, thread=thread)
    assert drifted(shop) == []


def test_undo_leaves_out_what_is_gone(file, entry, seller, agent, shop, folder, label):
    file(Verb.MOVE, folder.pk)
    file(Verb.ASSIGN, agent.pk)
    file(Verb.LABEL, label.pk)
    runs = [file(Verb.INBOX), file(Verb.ASSIGN), file(Verb.UNLABEL, label.pk)]
    remove_folder(by=seller, folder=folder, goes_to="inbox")
    remove_label(by=seller, label=label)
    agent.memberships.all().delete()
    for run in runs:
        undo_run(by=seller, run=run)
    now = state_of(entry)
    assert (now["folder_id"], now["assignee_id"], now["labels"]) == (None, None, [])
    assert drifted(shop) == []


def test_the_trash_is_emptied_for_one_side_only(
    file, entry, seller, shop, thread, buyer, buyer_mailbox, label, folder, signed_in
):
    file(Verb.MOVE, folder.pk)
    file(Verb.LABEL, label.pk)
    file(Verb.TRASH)
    assert empty_trash() == 0
    theirs = sees(signed_in(buyer), f"/messages/{thread.pk}/")
    assert empty_trash(before=timezone.now() + timedelta(seconds=1)) == 1
    assert (counts_of(shop), drifted(shop, buyer_mailbox)) == ({}, [])
    assert state_of(entry)["labels"] == []
    browser = signed_in(seller)
    assert browser.get(f"/messages/{thread.pk}/").status_code == 404
    assert sees(signed_in(buyer), f"/messages/{thread.pk}/") == theirs
    # What comes later comes back with what is new only.
    reply(buyer, buyer_mailbox, thread, "Hello Haselnuss again")
    page = browser.get(f"/messages/{thread.pk}/").content.decode()
    assert "Haselnuss" in page
    assert "Flügelhorn" not in page
    assert drifted(shop, buyer_mailbox) == []


def test_who_leaves_the_shop_has_no_threads_left(file, entry, shop, seller, agent, buyer_mailbox):
    file(Verb.ASSIGN, agent.pk)
    assert clear_assignments() == 0
    assert counts_of(shop)[f"mine:{agent.pk.hex}"] == [1, 1, 1]
    agent.memberships.get(mailbox=shop).delete()  # in a way that tells nobody: the nightly net finds the thread
    assert clear_assignments() == 1
    assert state_of(entry)["assignee_id"] is None
    assert f"mine:{agent.pk.hex}" not in counts_of(shop)
    assert drifted(shop, buyer_mailbox) == []

    file(Verb.ASSIGN, seller.pk)
    assert (clear_assignments(), state_of(entry)["assignee_id"]) == (0, seller.pk)
