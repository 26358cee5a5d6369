"""Filing of all that match: batches that survive a killed worker, undo in the background, and what is kept how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from messagecenter.accounts.models import Role
from messagecenter.filing.actions import create_folder, create_label, remove_folder
from messagecenter.threads import periodic
from messagecenter.threads.actions import advance, file_threads, forget_old_runs, start_run, undo_run
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.matching import matching_run, wanted_in
from messagecenter.threads.models import Entry, EntryLabel, FiledEntry, FilingRun, Place
from messagecenter.threads.refused import CannotBeMeant, NothingToFileWith
from tests.factories import ProductFactory
from tests.threads.shelves import counts_of, drifted, shelve

pytestmark = pytest.mark.django_db
MANY = 450


@pytest.fixture
def shelf(shop, seller, buyer_mailbox):
    """450 inquiries, unread, of which a third has a star."""
    threads = shelve(shop, buyer_mailbox, ProductFactory(shop=shop), MANY, unread=1)
    starred = Entry.objects.filter(mailbox=shop, thread__in=threads[: MANY // 3])
    starred.update(is_starred=True)
    drifted(shop)
    return threads


def finish(run):
    """Let workers do what is left of a run; return how many batches that took."""
    batches = 0
    while advance(run_id=run.pk, matching=matching_run):
        batches += 1
    run.refresh_from_db()
    return batches


def in_place(mailbox, place):
    return Entry.objects.filter(mailbox=mailbox, place=place).count()


def test_all_that_match_is_filed_in_batches_and_given_back(shelf, seller, shop, buyer_mailbox):
    theirs, begun = counts_of(buyer_mailbox), counts_of(shop)
    run = start_run(by=seller, mailbox=shop, query={"box": "unread"}, filing=Filing(Verb.ARCHIVE))
    assert (run.state, run.total) == ("waiting", None)
    assert advance(run_id=run.pk, matching=matching_run) is True
    run.refresh_from_db()
    assert (run.state, run.done, run.looked_at, run.total) == ("running", 200, 200, None)
    assert drifted(shop) == []
    finish(run)
    assert (run.state, run.done, run.total, run.finished_at is None) == ("done", MANY, MANY, False)
    assert in_place(shop, Place.ARCHIVE) == MANY
    undo_run(by=seller, run=run)
    run.refresh_from_db()
    assert run.state == "undoing"
    assert periodic.file_waiting() >= 3
    run.refresh_from_db()
    assert (run.state, run.undone, run.can_be_undone) == ("undone", MANY, False)
    assert (counts_of(shop), counts_of(buyer_mailbox)) == (begun, theirs)
    assert drifted(shop, buyer_mailbox) == []
    assert FiledEntry.objects.count() == 0


def test_a_killed_worker_leaves_nothing_half_done_and_nothing_is_done_twice(shelf, seller, shop):
    run = start_run(by=seller, mailbox=shop, query={"box": "all"}, filing=Filing(Verb.UNREAD))
    Entry.objects.filter(mailbox=shop).update(unread=0)
    drifted(shop)
    advance(run_id=run.pk, matching=matching_run)

    class Killed(BaseException):
        """What ends a process."""

    def killed(found):
        raise Killed

    with pytest.raises(Killed):
        advance(run_id=run.pk, matching=killed)
    # Somebody reads one that was done: going on must not do it again.
    done = FiledEntry.objects.filter(run=run).order_by("entry")[0].entry
    Entry.objects.filter(pk=done.pk).update(unread=0)
    drifted(shop)
    assert finish(run) == 1
    assert (run.done, run.looked_at) == (MANY, MANY)
    assert FiledEntry.objects.filter(run=run).count() == MANY
    assert Entry.objects.filter(mailbox=shop, unread=0).count() == 1
    assert drifted(shop) == []


def test_a_run_finds_what_leaves_its_filter_by_being_filed(shelf, seller, shop):
    """Every entry leaves the inbox as it is filed: a place by number would skip every second batch."""
    folder = create_folder(by=seller, mailbox=shop, name="All of it")
    run = start_run(by=seller, mailbox=shop, query={}, filing=Filing(Verb.MOVE, str(folder.pk)))
    finish(run)
    assert counts_of(shop)[f"folder:{folder.pk.hex}"] == [MANY, 0, MANY]


def test_only_what_matches_and_was_there_is_filed(shelf, seller, shop, buyer_mailbox):
    label = create_label(by=seller, mailbox=shop, name="Star")
    run = start_run(by=seller, mailbox=shop, query={"box": "starred"}, filing=Filing(Verb.LABEL, str(label.pk)))
    later = shelve(shop, buyer_mailbox, shop.products.get(), 3, is_starred=True)
    finish(run)
    assert run.done == MANY // 3
    labelled = EntryLabel.objects.values_list("entry__thread", flat=True)
    assert set(labelled) == {thread.pk for thread in shelf[: MANY // 3]}
    assert not set(labelled) & {thread.pk for thread in later}


def test_a_run_at_work_is_stopped_by_undoing_it(shelf, seller, agent, shop):
    run = start_run(by=seller, mailbox=shop, query={}, filing=Filing(Verb.TRASH))
    advance(run_id=run.pk, matching=matching_run)
    undo_run(by=agent, run=run)
    assert in_place(shop, Place.TRASH) == 0
    finish(run)
    assert (run.state, in_place(shop, Place.TRASH), run.by) == ("undone", 0, agent)
    assert drifted(shop) == []


@pytest.mark.parametrize("trouble", ["folder", "right", "person"])
def test_a_run_stops_when_it_may_not_go_on(shelf, seller, agent, shop, trouble):
    folder = create_folder(by=seller, mailbox=shop, name="Gone soon")
    run = start_run(by=agent, mailbox=shop, query={}, filing=Filing(Verb.MOVE, str(folder.pk)))
    advance(run_id=run.pk, matching=matching_run)
    if trouble == "folder":
        remove_folder(by=seller, folder=folder, goes_to="inbox")
    elif trouble == "right":
        agent.memberships.update(role=Role.VIEWER)
    else:
        FilingRun.objects.update(by=None)
    finish(run)
    assert (run.state, run.done) == ("stopped", 200)
    assert Entry.objects.filter(mailbox=shop, folder=folder).count() == 200
    assert drifted(shop) == []


def test_mine_means_whoever_began_it(shelf, seller, agent, shop):
    file_threads(
        by=seller, mailbox=shop, threads=[one.pk for one in shelf[:5]], filing=Filing(Verb.ASSIGN, str(agent.pk))
    )
    for person, done in ((seller, 0), (agent, 5)):
        run = start_run(by=person, mailbox=shop, query={"box": "mine"}, filing=Filing(Verb.STAR))
        finish(run)
        assert run.looked_at == done


def test_a_run_is_for_who_may_write_and_with_what_is_there(shelf, seller, viewer, other_seller, shop):
    theirs = create_folder(by=other_seller, mailbox=other_seller.mailboxes.get(), name="Secret")
    with pytest.raises(NothingToFileWith):
        start_run(by=seller, mailbox=shop, query={}, filing=Filing(Verb.MOVE, str(theirs.pk)))
    with pytest.raises(NothingToFileWith):
        start_run(by=seller, mailbox=shop, query={})
    for by in (viewer, other_seller):
        with pytest.raises(PermissionDenied):
            start_run(by=by, mailbox=shop, query={}, filing=Filing(Verb.STAR))
    assert FilingRun.objects.count() == 0


@pytest.mark.parametrize("query", [{"topic": "nonsense"}, {"since": "yesterday"}])
def test_a_filter_that_would_mean_more_than_was_chosen_is_refused(query):
    with pytest.raises(CannotBeMeant):
        wanted_in(query)


def test_runs_take_turns_and_old_ones_are_forgotten(shelf, seller, shop):
    runs = [start_run(by=seller, mailbox=shop, query={}, filing=Filing(verb)) for verb in (Verb.STAR, Verb.MUTE)]
    assert periodic.file_waiting() == 6
    assert set(FilingRun.objects.values_list("state", flat=True)) == {"done"}
    kept = FiledEntry.objects.filter(run=runs[1]).count()
    assert kept == MANY
    old = timezone.now() - timedelta(days=31)
    FilingRun.objects.filter(pk=runs[0].pk).update(created_at=old)
    unfinished = start_run(by=seller, mailbox=shop, query={}, filing=Filing(Verb.UNMUTE))
    FilingRun.objects.filter(pk=unfinished.pk).update(created_at=old)
    assert forget_old_runs() == 1
    assert set(FilingRun.objects.values_list("pk", flat=True)) == {runs[1].pk, unfinished.pk}
    assert FiledEntry.objects.count() == kept


def test_a_batch_costs_the_same_statements_for_few_and_many(shelf, seller, shop, django_assert_max_num_queries):
    run = start_run(by=seller, mailbox=shop, query={}, filing=Filing(Verb.STAR))
    with django_assert_max_num_queries(14):
        advance(run_id=run.pk, matching=matching_run)
