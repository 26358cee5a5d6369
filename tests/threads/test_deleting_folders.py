"""A deleted folder or label: its threads go where somebody chose, in batches, and nothing of the other side moves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from messagecenter.filing.actions import create_folder, create_label
from messagecenter.filing.models import Folder, Label
from messagecenter.threads import periodic
from messagecenter.threads.actions import (
    clear_removed,
    delete_folder,
    delete_label,
    file_threads,
    forget_old_runs,
    forget_removed,
)
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.models import Entry, EntryLabel, Place
from tests.factories import ProductFactory
from tests.threads.shelves import counts_of, drifted, shelve

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(seller, shop):
    """The folder that is deleted."""
    return create_folder(by=seller, mailbox=shop, name="Old")


@pytest.fixture
def inner(seller, shop, folder):
    """A folder in it."""
    return create_folder(by=seller, mailbox=shop, name="Inner", parent=folder)


@pytest.fixture
def threads(shop, buyer_mailbox, folder, inner):
    """Two threads in the folder, one in the folder in it, one archived and one thrown away out of it."""
    found = shelve(shop, buyer_mailbox, ProductFactory(shop=shop), 5, unread=1)
    mine = [Entry.objects.get(thread=one, mailbox=shop) for one in found]
    for entry, lies_in, place in zip(
        mine, [folder, folder, inner, folder, folder], [0, 0, 0, Place.ARCHIVE, Place.TRASH], strict=True
    ):
        Entry.objects.filter(pk=entry.pk).update(
            folder=lies_in, place=place, trashed_at=timezone.now() if place == Place.TRASH else None
        )
    drifted(shop)
    return mine


@pytest.mark.parametrize(
    ("goes_to", "places", "key"),
    [
        ("inbox", [0, 0, 0, 1, 2], "inbox"),
        ("archive", [1, 1, 1, 1, 2], "archive"),
        ("trash", [2, 2, 2, 1, 2], "trash"),
        ("other", [0, 0, 0, 1, 2], ""),
    ],
)
def test_threads_go_where_somebody_chose(threads, folder, seller, agent, shop, buyer_mailbox, goes_to, places, key):
    other = create_folder(by=seller, mailbox=shop, name="Other")
    theirs = counts_of(buyer_mailbox)
    delete_folder(by=agent, folder=folder, goes_to=str(other.pk) if goes_to == "other" else goes_to)
    now = [Entry.objects.get(pk=entry.pk) for entry in threads]
    assert [entry.place for entry in now] == places
    assert {entry.folder for entry in now} == {other if goes_to == "other" else None}
    assert counts_of(shop)[key or f"folder:{other.pk.hex}"][2] >= 3
    assert [one.name for one in Folder.objects.of_mailbox(shop)] == ["Other"]
    assert counts_of(buyer_mailbox) == theirs
    assert drifted(shop, buyer_mailbox) == []


def test_a_large_folder_is_emptied_in_the_background(seller, shop, folder, buyer_mailbox):
    shelve(shop, buyer_mailbox, ProductFactory(shop=shop), 620, folder=folder)
    delete_folder(by=seller, folder=folder, goes_to="archive")
    assert Entry.objects.filter(folder=folder).count() == 120
    periodic.file_waiting()
    assert Entry.objects.filter(folder=folder).count() == 0
    assert counts_of(shop)["archive"] == [0, 0, 620]
    assert drifted(shop) == []


def test_a_message_that_was_just_being_filed_into_it_does_not_get_lost(seller, shop, folder, threads):
    """A transaction that began before the deletion still writes the folder's id: the sweep moves it on."""
    delete_folder(by=seller, folder=folder, goes_to="inbox")
    Entry.objects.filter(pk=threads[0].pk).update(folder=folder)
    drifted(shop)
    assert clear_removed(most=1000) == 1
    assert Entry.objects.get(pk=threads[0].pk).folder is None
    assert drifted(shop) == []


def test_when_the_heir_is_deleted_too_threads_go_to_the_inbox(seller, shop, folder, threads):
    heir = create_folder(by=seller, mailbox=shop, name="Heir")
    Folder.objects.filter(pk=folder.pk).update(removed_at=timezone.now(), goes_to=str(heir.pk))
    delete_folder(by=seller, folder=heir, goes_to="trash")
    clear_removed(most=1000)
    assert [Entry.objects.get(pk=one.pk).folder for one in threads[:2]] == [None, None]
    assert Entry.objects.get(pk=threads[0].pk).place == Place.INBOX
    assert drifted(shop) == []


def test_rows_go_a_day_later_when_nothing_hangs_on_them(seller, shop, folder, inner, threads):
    label = create_label(by=seller, mailbox=shop, name="Old")
    keys = [entry.thread_id for entry in threads]
    file_threads(by=seller, mailbox=shop, threads=keys, filing=Filing(Verb.LABEL, str(label.pk)))
    delete_label(by=seller, label=label)
    delete_folder(by=seller, folder=folder, goes_to="inbox")
    assert forget_removed() == 0
    yesterday = timezone.now() - timedelta(days=2)
    Folder.objects.removed().update(removed_at=yesterday)
    Label.objects.removed().update(removed_at=yesterday)
    Entry.objects.filter(pk=threads[0].pk).update(folder=inner)
    assert forget_removed() == 1  # the label; a thread lies in the inner folder still
    clear_removed(most=1000)
    assert forget_removed() == 2
    assert (Folder.objects.count(), Label.objects.count()) == (0, 0)
    assert forget_old_runs() == 0


def test_a_label_comes_off_all_threads(seller, agent, shop, buyer_mailbox, signed_in):
    label, other = (create_label(by=seller, mailbox=shop, name=name) for name in ("Gone", "Stays"))
    threads = shelve(shop, buyer_mailbox, ProductFactory(shop=shop), 510)
    entries = list(Entry.objects.filter(mailbox=shop))
    EntryLabel.objects.bulk_create(EntryLabel(entry=entry, label=one) for entry in entries for one in (label, other))
    delete_label(by=agent, label=label)
    # What is not yet off is not shown any more.
    assert "Gone" not in signed_in(seller).get("/messages/").content.decode()
    assert EntryLabel.objects.filter(label=label).count() == 10
    periodic.file_waiting()
    assert EntryLabel.objects.filter(label=label).count() == 0
    assert EntryLabel.objects.filter(label=other).count() == len(threads)
    assert drifted(shop) == []
