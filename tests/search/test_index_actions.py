"""A mailbox's index is begun, goes on where it stopped, is finished, dropped and erased."""

from __future__ import annotations

import pytest
from django.utils import timezone

from messagecenter.ids import new_id
from messagecenter.search import actions, index, words
from messagecenter.search.index import Document
from messagecenter.search.models import WORDS_VERSION, IndexedMailbox, IndexedMessage, is_indexed, taking_documents
from messagecenter.search.query import parse
from messagecenter.vault.errors import Erased

LAMP = parse("Lampe").terms


def begin(mailbox, total=10):
    return actions.begin_index(mailbox_id=mailbox.pk, total=total, by="a test")


def add(mailbox):
    index.add([Document(mailbox.pk, new_id(), new_id(), timezone.now(), words.keys_of(["Lampe"]))])


def test_index_is_asked_only_when_finished_but_takes_messages_at_once(shop, buyer_mailbox):
    assert taking_documents([shop.pk, buyer_mailbox.pk]) == set()
    begin(shop)
    assert (is_indexed(shop.pk), taking_documents([shop.pk, buyer_mailbox.pk])) == (False, {shop.pk})
    actions.finish_index(mailbox_id=shop.pk, by="a test")
    assert (is_indexed(shop.pk), taking_documents([shop.pk, buyer_mailbox.pk])) == (True, {shop.pk})
    assert is_indexed(buyer_mailbox.pk) is False
    shop.refresh_from_db()
    assert shop.search_index.is_ready


def test_building_goes_on_where_it_stopped(shop):
    begin(shop)
    actions.advance_index(mailbox_id=shop.pk, position="thread 7", done=4)
    row = begin(shop, total=12)
    assert (row.position, row.done, row.total) == ("thread 7", 4, 10)
    actions.advance_index(mailbox_id=shop.pk, position="thread 9", done=6)
    row.refresh_from_db()
    assert (row.position, row.done) == ("thread 9", 10)


def test_a_finished_index_is_built_anew_and_keeps_what_it_has_meanwhile(shop):
    begin(shop)
    add(shop)
    actions.advance_index(mailbox_id=shop.pk, position="end", done=1)
    actions.finish_index(mailbox_id=shop.pk, by="a test")
    row = begin(shop, total=20)
    assert (row.state, row.position, row.done, row.total, row.ready_at) == ("building", "", 0, 20, None)
    assert is_indexed(shop.pk) is False
    assert len(index.few(shop.pk, LAMP)) == 1


def test_words_cut_another_way_are_forgotten(shop, buyer_mailbox):
    for mailbox in (shop, buyer_mailbox):
        begin(mailbox)
        add(mailbox)
        actions.finish_index(mailbox_id=mailbox.pk, by="a test")
    IndexedMailbox.objects.filter(pk=shop.pk).update(version=WORDS_VERSION + 1)
    assert is_indexed(shop.pk) is False
    begin(shop)
    assert index.few(shop.pk, LAMP) == {}
    assert len(index.few(buyer_mailbox.pk, LAMP)) == 1


def test_finishing_twice_changes_nothing(shop):
    begin(shop)
    actions.finish_index(mailbox_id=shop.pk, by="a test")
    before = IndexedMailbox.objects.get(pk=shop.pk).ready_at
    actions.finish_index(mailbox_id=shop.pk, by="a test")
    actions.advance_index(mailbox_id=shop.pk, position="late", done=1)
    row = IndexedMailbox.objects.get(pk=shop.pk)
    assert (row.ready_at, row.position, row.done) == (before, "", 0)


def test_dropped_index_leaves_nothing_and_may_come_again(shop, buyer_mailbox):
    for mailbox in (shop, buyer_mailbox):
        begin(mailbox)
        add(mailbox)
    assert actions.drop_index(mailbox_id=shop.pk, by="a test") == 1
    assert IndexedMessage.objects.filter(mailbox_id=shop.pk).count() == 0
    assert IndexedMessage.objects.filter(mailbox_id=buyer_mailbox.pk).count() == 1
    assert taking_documents([shop.pk, buyer_mailbox.pk]) == {buyer_mailbox.pk}
    begin(shop)
    add(shop)
    assert len(index.few(shop.pk, LAMP)) == 1


def test_erased_index_never_comes_again(shop):
    begin(shop)
    add(shop)
    assert actions.erase_index(mailbox_id=shop.pk, by="a test") == 1
    begin(shop)
    with pytest.raises(Erased):
        add(shop)
