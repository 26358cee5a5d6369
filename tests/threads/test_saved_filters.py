"""Saved filters: a pinned one has numbers, which are always those of its list, whatever happens to the threads."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messagecenter.accounts.models import User
from messagecenter.filing.actions import create_folder, create_label, create_rule, move_filter, rename_filter
from messagecenter.filing.models import Folder, Label, SavedFilter
from messagecenter.filing.refused import NameTaken, TooManyFilters
from messagecenter.filing.rules import Conditions
from messagecenter.ids import new_id
from messagecenter.threads import actions
from messagecenter.threads.boxes import BOXES
from messagecenter.threads.counting import facts_of, fits, is_countable
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.filters import narrowed, read
from messagecenter.threads.matching import matching_saved
from messagecenter.threads.models import Entry, EntryLabel, Place, Tally, Thread
from messagecenter.threads.periodic import file_waiting
from messagecenter.threads.refused import Refused
from tests.factories import MailboxFactory, OrderFactory, ProductFactory
from tests.threads.shelves import counts_of, drifted, shelve
from tests.threads.writing import reply

pytestmark = pytest.mark.django_db
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.fixture
def save(seller, shop):
    """Return how the shop saves a filter."""

    def do(query, name="", is_pinned=True, by=seller):
        name = name or f"Filter {SavedFilter.objects.count()}"
        query = read(query).as_query()
        return actions.save_filter(
            by=by, mailbox=shop, name=name, query=query, is_pinned=is_pinned, matching=matching_saved
        )

    return do


def numbers(saved):
    """Return a saved filter's numbers as they stand: unread, needs reply, threads."""
    return counts_of(saved.mailbox).get(saved.counter)


def test_a_pinned_filter_is_counted_once_and_kept_from_then_on(save, seller, agent, shop, thread, buyer, buyer_mailbox):
    label = create_label(by=seller, mailbox=shop, name="VIP")
    vip = save({"box": "all", "label": str(label.pk)})
    urgent = save({"box": "all", "priority": "urgent"})
    topic = save({"topic": "where_is_it"})
    assert (numbers(vip), numbers(urgent), numbers(topic)) == (None, None, [1, 1, 1])
    actions.file_threads(by=agent, mailbox=shop, threads=[thread.pk], filing=Filing(Verb.LABEL, str(label.pk)))
    run = actions.file_threads(by=agent, mailbox=shop, threads=[thread.pk], filing=Filing(Verb.PRIORITY, "1"))
    assert (numbers(vip), numbers(urgent)) == ([1, 1, 1], [1, 1, 1])
    reply(seller, shop, thread, "Tomorrow.")
    assert (numbers(vip), numbers(urgent)) == ([0, 0, 1], [0, 0, 1])
    reply(buyer, buyer_mailbox, thread, "Thanks?")
    assert (numbers(vip), numbers(urgent)) == ([1, 1, 1], [1, 1, 1])
    actions.undo_run(by=seller, run=run)
    assert (numbers(vip), numbers(urgent)) == ([1, 1, 1], None)
    actions.delete_label(by=seller, label=label)
    assert numbers(vip) is None
    assert drifted(shop, buyer_mailbox) == []


def test_unpinned_and_deleted_filters_have_no_numbers(save, seller, shop, thread):
    saved = save({"topic": "where_is_it"})
    key = saved.counter
    actions.pin_filter(by=seller, saved=saved, is_pinned=False, matching=matching_saved)
    assert key not in counts_of(shop)
    actions.pin_filter(by=seller, saved=saved, is_pinned=True, matching=matching_saved)
    assert counts_of(shop)[key] == [1, 1, 1]
    actions.delete_filter(by=seller, saved=saved, matching=matching_saved)
    assert key not in counts_of(shop)
    assert drifted(shop) == []


def test_the_nightly_repair_counts_them_too(save, shop, thread):
    saved = save({"topic": "where_is_it"})
    Tally.objects.filter(pk=shop.pk).update(counts={saved.counter: [7, 7, 7]}, pinned={})
    assert drifted(shop) == [shop]
    assert numbers(saved) == [1, 1, 1]
    assert drifted(shop) == []


@pytest.mark.parametrize(
    "query",
    [
        {"q": "lamp"},
        {"since": "2026-01-01"},
        {"until": "2026-01-01"},
        {"product": "lamp"},
        {"status": "shipped"},
        {"other": "Anna"},
        {"order": "AB-123"},
        {"box": "mine"},
    ],
)
def test_what_cannot_be_counted_as_it_changes_is_not_in_the_tally(save, shop, thread, query, seller, signed_in):
    saved = save(query)
    assert not is_countable(saved.as_data())
    assert numbers(saved) is None
    page = signed_in(seller).get("/messages/saved/").content.decode()
    assert ("Without a number" if query == {"box": "mine"} else "it is counted every few minutes") in page
    assert drifted(shop) == []


def test_they_are_shared_by_the_team_ordered_and_thirty_at_most(save, seller, agent, viewer, shop, other_seller):
    first, second = save({"box": "starred"}, "Stars"), save({"box": "held"}, "Held", by=agent)
    move_filter(by=agent, saved=second, up=True)
    assert list(SavedFilter.objects.of_mailbox(shop)) == [second, first]
    with pytest.raises(NameTaken):
        save({"box": "all"}, "stars")
    with pytest.raises(NameTaken):
        rename_filter(by=agent, saved=second, name="STARS")
    rename_filter(by=agent, saved=first, name="STARS")
    for by in (viewer, other_seller):
        with pytest.raises(PermissionDenied):
            save({"box": "all"}, by=by)
        with pytest.raises(PermissionDenied):
            actions.delete_filter(by=by, saved=first, matching=matching_saved)
    SavedFilter.objects.bulk_create(SavedFilter(mailbox=shop, name=f"{number}") for number in range(28))
    with pytest.raises(TooManyFilters) as problem:
        save({"box": "all"})
    assert "30" in str(problem.value.sentence)


QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "box": st.sampled_from(list(BOXES)),
        "folder": st.sampled_from([0, 1]),
        "label": st.sampled_from([0, 1]),
        "other": st.sampled_from([0, 1]),
        "priority": st.sampled_from(["urgent", "normal"]),
        "topic": st.sampled_from(["where_is_it", "product_question"]),
        "files": st.just("1"),
        "order": st.sampled_from(["30", "302-0000001-0000001", "0000001", "1-000", "03", "999"]),
        "sort": st.sampled_from(["newest", "oldest", "waiting", "priority", "order"]),
    },
)
MOMENTS = st.sampled_from([None, timezone.now()])
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "place": st.sampled_from(Place.values),
            "folder": st.sampled_from([None, 0, 1]),
            "other": st.sampled_from([0, 1]),
            "labels": st.sets(st.sampled_from([0, 1])),
            "priority": st.sampled_from([1, 3]),
            "topic": st.sampled_from(["where_is_it", "product_question"]),
            "has_files": st.booleans(),
            "is_starred": st.booleans(),
            "unread": st.integers(0, 2),
            "holds": st.integers(0, 1),
            "ordered": st.booleans(),
            "needs_reply_since": MOMENTS,
            "awaiting_since": MOMENTS,
            "last_sent_at": MOMENTS,
            "last_received_at": MOMENTS,
        }
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def parts(seller, shop):
    """Two of everything a filter of the shop can name."""
    order = OrderFactory(shop=shop, number="302-0000001-0000001")
    return {
        "folder": [create_folder(by=seller, mailbox=shop, name=name) for name in "ab"],
        "label": [create_label(by=seller, mailbox=shop, name=name) for name in "ab"],
        "other": [MailboxFactory(), MailboxFactory()],
        "order": order,
        "product": ProductFactory(shop=shop),
    }


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(query=QUERIES, rows=ENTRIES)
def test_a_filter_counts_exactly_what_its_list_shows(parts, shop, query, rows):
    Entry.objects.all().delete()
    for name in ("folder", "label", "other"):
        if name in query:
            query = query | {name: str(parts[name][query[name]].pk)}
    entries, labels = [], {}
    for row in rows:
        about = dict(row)
        thread = Thread(
            kind="order" if about["ordered"] else "inquiry",
            topic=about["topic"],
            opened_by=parts["other"][about["other"]],
            client_id=new_id(),
            subject_ciphertext=b"",
            **{"order": parts["order"]} if about["ordered"] else {"product": parts["product"]},
        )
        thread.save()
        about["order_number"] = parts["order"].number if about.pop("ordered") else ""
        about["other"] = parts["other"][about["other"]]
        about["folder"] = parts["folder"][about["folder"]] if about["folder"] is not None else None
        named = [parts["label"][number] for number in about.pop("labels")]
        entry = Entry.objects.create(thread=thread, mailbox=shop, last_message_at=timezone.now(), **about)
        EntryLabel.objects.bulk_create(EntryLabel(entry=entry, label=label) for label in named)
        entries.append(entry)
        labels[entry.pk] = frozenset(label.pk.hex for label in named)
    wanted = read(query)
    assert wanted.problems == ()
    data = dict(wanted.as_data())
    if not is_countable(data):
        assert wanted.box == "mine"
        return
    listed = narrowed(Entry.objects.all(), wanted, mailbox=shop, reader=User())
    listed = set(wanted.sorting.apply(listed, wanted.view.moment).values_list("pk", flat=True))
    counted = {one.pk for one in entries if fits(data, facts_of(Entry.objects.get(pk=one.pk)), labels[one.pk])}
    assert counted == listed


OTHER_STEPS = ("bulk", "undo", "reply", "answer", "read_it", "close", "reopen", "label-", "folder-", "pin", "purge")
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*Verb.values, *OTHER_STEPS]),
        st.integers(0, 3),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(steps=STEPS)
def test_counters_never_drift_whatever_is_done(steps, parts, shop, seller, agent, buyer, buyer_mailbox, thread):
    """Any order of what a shop and a buyer can do leaves every counter as if it were counted anew."""
    SavedFilter.objects.all().delete()
    threads = [thread, *shelve(shop, buyer_mailbox, parts["product"], 3, unread=1)]
    folders = [create_folder(by=seller, mailbox=shop, name=new_id().hex) for _ in range(2)]
    labels = [create_label(by=seller, mailbox=shop, name=new_id().hex) for _ in range(2)]
    create_rule(
        by=seller,
        mailbox=shop,
        name=new_id().hex,
        conditions=Conditions(topic="where_is_it"),
        outcomes=[Filing(Verb.LABEL, str(labels[0].pk)).as_data()],
    )
    for number, query in enumerate(
        [{"box": "all", "label": str(labels[0].pk)}, {"priority": "urgent"}, {"folder": str(folders[0].pk)}]
    ):
        actions.save_filter(
            by=seller,
            mailbox=shop,
            name=f"{number}",
            query=read(query).as_query(),
            is_pinned=True,
            matching=matching_saved,
        )
    runs = []
    for step, number in steps:
        one = threads[number]
        with suppress(Folder.DoesNotExist, Label.DoesNotExist, Refused):
            match step:
                case "bulk":
                    runs.append(actions.start_run(by=seller, mailbox=shop, query={}, filing=Filing(Verb.ARCHIVE)))
                    file_waiting()
                case "undo":
                    for run in runs[-1:]:
                        actions.undo_run(by=agent, run=run)
                case "reply":
                    reply(buyer, buyer_mailbox, thread, f"Question {new_id()}")
                case "answer":
                    reply(seller, shop, thread, f"Answer {new_id()}")
                case "read_it":
                    actions.mark_read(by=seller, entry=Entry.objects.get(thread=one, mailbox=shop), up_to=new_id())
                case "close":
                    actions.close_thread(by=seller, mailbox=shop, thread=one)
                case "reopen":
                    actions.reopen_thread(by=seller, mailbox=shop, thread=one)
                case "label-":
                    actions.delete_label(by=seller, label=labels[number % 2])
                case "folder-":
                    actions.delete_folder(by=seller, folder=folders[number % 2], goes_to="archive")
                case "pin":
                    for saved in SavedFilter.objects.of_mailbox(shop):
                        actions.pin_filter(
                            by=seller, saved=saved, is_pinned=not saved.is_pinned, matching=matching_saved
                        )
                case "purge":
                    actions.empty_trash(before=timezone.now() + timedelta(minutes=1))
                case verb:
                    value = {
                        "move": folders[number % 2].pk,
                        "label": labels[number % 2].pk,
                        "unlabel": labels[number % 2].pk,
                        "priority": number % 4 + 1,
                        "assign": agent.pk,
                    }.get(verb, "")
                    runs.append(
                        actions.file_threads(
                            by=agent,
                            mailbox=shop,
                            threads=[one.pk, threads[-1].pk],
                            filing=Filing(Verb(verb), str(value)),
                        )
                    )
    assert drifted(shop, buyer_mailbox) == []
