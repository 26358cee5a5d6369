"""Sample conversations are what the product itself would have written: shown, counted, found and sealed alike."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.notices.models import Notice
from messagecenter.policy.models import Decision
from messagecenter.samples.loading import Loaded, has_real_threads, load
from messagecenter.search.models import IndexedMailbox, IndexedMessage
from messagecenter.search.query import parse
from messagecenter.search.terms import matches
from messagecenter.threads.actions import build_index, repair_tally
from messagecenter.threads.models import Entry, EntryLabel, Message, Place, Tally, Thread, Wait
from messagecenter.threads.searchable import head_texts, message_texts, titles_of
from messagecenter.threads.thanks import is_thanks
from messagecenter.threads.words import read_body, read_snippet, read_subject

THREADS, IN_SAMPLE_SHOP = 120, 60


@pytest.fixture
def loaded(db: None, settings) -> Loaded:
    """A small load; large mailboxes are those of 100 messages."""
    settings.SEARCH_INDEX_FROM = 100
    return load(threads=THREADS, mailbox_threads=IN_SAMPLE_SHOP, workers=1, progress=False)


def shop_of(person: User) -> Mailbox:
    return Mailbox.objects.get(members=person)


def test_loads_what_was_asked_for(loaded):
    assert loaded.threads == Thread.objects.count() == THREADS
    assert loaded.messages == Message.objects.count()
    assert Entry.objects.count() == 2 * THREADS
    assert Entry.objects.filter(mailbox=shop_of(loaded.people["sample"])).count() == IN_SAMPLE_SHOP
    assert Entry.objects.filter(mailbox=shop_of(loaded.people["big"])).count() == round(THREADS * 0.12)
    assert Notice.objects.count() == Decision.objects.count() == 0


def test_has_three_to_six_messages_a_thread_in_order_and_in_two_languages(loaded):
    lengths: Counter[int] = Counter()
    languages: Counter[str] = Counter()
    for thread in Thread.objects.select_related("order"):
        messages = list(thread.messages.order_by("pk"))
        lengths[len(messages)] += 1
        assert [one.sent_at for one in messages] == sorted(one.sent_at for one in messages)
        assert (thread.created_at, thread.last_message_at) == (messages[0].sent_at, messages[-1].sent_at)
        assert messages[-1].sent_at <= timezone.now()
        if thread.order:
            languages[thread.order.language] += 1
    assert set(lengths) == {3, 4, 5, 6}
    assert min(languages["de"], languages["en"]) > THREADS * 0.2
    assert loaded.text_bytes / loaded.messages > 230


def test_nightly_repair_finds_nothing_to_correct(loaded):
    mailboxes = list(Mailbox.objects.filter(entries__isnull=False).distinct().values_list("pk", flat=True))
    assert any(tally.pinned for tally in Tally.objects.all())
    assert [repair_tally(mailbox_id=key) for key in mailboxes] == [False] * len(mailboxes)
    tally = Tally.objects.get(mailbox=shop_of(loaded.people["sample"]))
    assert tally.counts["all"][2] == IN_SAMPLE_SHOP
    assert {"inbox", "current", "archive", "waiting"} <= set(tally.counts)


def test_entries_are_what_the_messages_make_of_them(loaded):
    for entry in Entry.objects.select_related("thread", "mailbox"):
        messages = list(entry.thread.messages.order_by("pk"))
        own = [one for one in messages if one.sender_id == entry.mailbox_id]
        others = [one for one in messages if one.sender_id != entry.mailbox_id]
        assert entry.last_message_at == messages[-1].sent_at
        assert entry.last_sent_at == (own[-1].sent_at if own else None)
        assert entry.last_received_at == (others[-1].sent_at if others else None)
        # Who writes has read what came before; what is unread came after that.
        unread = [one for one in others if not own or one.pk > own[-1].pk]
        assert entry.unread in (0, len(unread))
        if messages[-1] in others:
            assert (entry.read_up_to == messages[-1].pk) == (entry.unread == 0)
        assert (entry.place == Place.TRASH) == (entry.trashed_at is not None)
        if entry.needs_reply_since:
            assert messages[-1].sender_id != entry.mailbox_id
            assert entry.thread.state == Thread.State.OPEN
        if entry.mailbox.kind == Mailbox.Kind.BUYER:
            assert entry.reply_due_at is None


def test_waits_are_those_of_the_unanswered_messages(loaded):
    ends: Counter[str] = Counter()
    for entry in Entry.objects.filter(mailbox__kind=Mailbox.Kind.SHOP).select_related("thread"):
        waits = list(Wait.objects.filter(thread=entry.thread).order_by("started_at"))
        expected, since = [], None
        for message in entry.thread.messages.order_by("pk"):
            if message.sender_id == entry.mailbox_id:
                if since:
                    expected.append((since, message.sent_at, Wait.End.ANSWERED, message.author_id))
                since = None
            elif since is None and not is_thanks(read_body(message)):
                since = message.sent_at
        told = [(wait.started_at, wait.ended_at, wait.end, wait.answered_by_id) for wait in waits]
        assert told[: len(expected)] == expected
        assert all(wait.due_at == wait.started_at + timedelta(hours=settings.REPLY_HOURS) for wait in waits)
        if since is None:
            assert len(waits) == len(expected)
            continue
        last = waits[len(expected)]
        ends[last.end] += 1
        assert last.started_at == since
        assert (entry.needs_reply_since, entry.reply_due_at) == ((None, None) if last.end else (since, last.due_at))
    assert set(ends) >= {Wait.End.CLOSED, Wait.End.NO_RESPONSE}


def test_everything_can_be_read_and_nothing_is_stored_in_plain_words(loaded):
    words = set()
    for thread in Thread.objects.all():
        newest = thread.messages.order_by("-pk").first()
        assert read_snippet(thread) == " ".join(read_body(newest)[:280].split())[:140]
        words.add(read_subject(thread))
        words.update(line for line in read_body(newest).splitlines() if len(line) > 40)
    stored = b""
    for table in (Thread, Message, IndexedMessage):
        for row in table.objects.values_list():
            stored += b" ".join(
                bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode() for value in row
            )
    assert len(words) > THREADS
    assert not [word for word in words if word.encode() in stored]
    assert loaded.rare.encode() not in stored


def test_large_mailboxes_have_the_index_that_building_it_gives(loaded):
    shop = shop_of(loaded.people["sample"])
    row = IndexedMailbox.objects.get(mailbox=shop)
    assert row.is_ready
    assert row.done == Message.objects.filter(thread__entries__mailbox=shop).count() >= 100
    assert not IndexedMailbox.objects.filter(mailbox=shop_of(loaded.people["small"])).exists()

    def rows() -> list[tuple[object, ...]]:
        mine = IndexedMessage.objects.filter(mailbox_id=shop.pk).order_by("message_id")
        return [(one.message_id, one.thread_id, one.at) for one in mine]

    def tokens() -> dict[object, set[int]]:
        found: dict[object, set[int]] = {}
        for one in IndexedMessage.objects.filter(mailbox_id=shop.pk):
            found.setdefault(one.thread_id, set()).update(one.tokens)
        return found

    before = rows(), tokens()
    build_index(mailbox=shop, by="test", anew=True)
    assert (rows(), tokens()) == before


@pytest.mark.parametrize("words", ["Bestellung", "order", "die Lieferung", "delivery -invoice", "Zimtquitte1"])
def test_search_page_shows_what_reading_everything_finds(loaded, signed_in, settings, words):
    settings.PAGE_THREADS = 500
    person = loaded.people["sample"]
    shop = shop_of(person)
    terms = parse(words).terms
    entries = Entry.objects.filter(mailbox=shop, place=Place.INBOX, folder=None).select_related(
        "thread__order", "thread__product"
    )
    expected = set()
    for entry in entries:
        messages = list(entry.thread.messages.select_related("thread"))
        titles = titles_of([entry.thread])[entry.thread_id]
        texts = [head_texts(entry.thread, titles), *(message_texts(one, shop.pk) for one in messages)]
        if matches(texts, terms):
            expected.add(entry.thread_id)
    page = signed_in(person).get(reverse("threads:inbox"), {"q": words, "box": "inbox"})
    found = {row.id for row in page.context["rows"]}
    assert found == expected
    assert len(found) == 1 if words == loaded.rare else len(found) > 1


@pytest.mark.parametrize("box", ["inbox", "unread", "needs_reply", "archive", "starred", "all"])
def test_lists_show_the_entries_newest_first(loaded, signed_in, settings, box):
    settings.PAGE_THREADS = 500
    person = loaded.people["sample"]
    entries = Entry.objects.filter(mailbox=shop_of(person))
    wanted = {
        "inbox": entries.filter(place=Place.INBOX, folder=None),
        "unread": entries.filter(place=Place.INBOX, unread__gt=0),
        "needs_reply": entries.filter(needs_reply_since__isnull=False),
        "archive": entries.filter(place=Place.ARCHIVE),
        "starred": entries.filter(is_starred=True, place__lt=Place.TRASH),
        "all": entries.filter(place__lt=Place.TRASH),
    }[box]
    page = signed_in(person).get(reverse("threads:inbox"), {"box": box})
    assert page.status_code == 200
    assert {row.id for row in page.context["rows"]} == set(wanted.values_list("thread", flat=True))


def test_shop_keeps_folders_labels_agents_and_a_pinned_filter(loaded, signed_in):
    shop = shop_of(loaded.people["sample"])
    entries = Entry.objects.filter(mailbox=shop)
    assert entries.exclude(folder=None).exists()
    assert entries.exclude(assignee=None).exists()
    assert set(entries.exclude(assignee=None).values_list("assignee", flat=True)) <= set(
        Membership.objects.filter(mailbox=shop).values_list("user", flat=True)
    )
    assert EntryLabel.objects.filter(entry__mailbox=shop).exists()
    assert not EntryLabel.objects.exclude(entry__mailbox=shop).filter(label__mailbox=shop).exists()
    assert signed_in(loaded.people["sample"]).get(reverse("figures:figures")).status_code == 200


def test_second_run_adds_shops_of_its_own_and_the_same_conversations(loaded):
    again = load(threads=THREADS, mailbox_threads=IN_SAMPLE_SHOP, workers=1, progress=False)
    assert again.run == loaded.run + 1
    assert Thread.objects.count() == 2 * THREADS
    assert again.people["sample"] != loaded.people["sample"]

    def told(run: Loaded) -> list[tuple[str, int, str]]:
        entries = Entry.objects.filter(mailbox=shop_of(run.people["sample"])).order_by("last_message_at")
        return [(one.topic, one.place, read_subject(one.thread)[:12]) for one in entries.select_related("thread")]

    assert [one[:2] for one in told(again)] == [one[:2] for one in told(loaded)]


def test_command_says_who_can_sign_in_and_lets_them(db, capsys, client):
    call_command("load_sample", threads=30, mailbox_threads=10, verbosity=0)
    told = capsys.readouterr().out
    line = next(line for line in told.splitlines() if "owner of the Sample shop" in line)
    email, password = line.split()[:2]
    assert client.login(username=email, password=password) or client.login(email=email, password=password)
    assert "messages/s" in told


def test_production_gets_no_samples_beside_real_threads_unless_wanted(thread, settings, capsys):
    settings.EMBEDDED = False
    assert has_real_threads()
    with pytest.raises(CommandError, match="--beside-real-data"):
        call_command("load_sample", threads=20, verbosity=0)
    assert Thread.objects.count() == 1
    call_command("load_sample", threads=20, beside_real_data=True, verbosity=0)
    assert Thread.objects.count() == 21
    made = User.objects.filter(email__endswith="@sample.example")
    assert made.count() > 20
    assert not [user for user in made if user.has_usable_password()]


def test_production_without_real_threads_takes_samples_twice(db, settings):
    settings.EMBEDDED = False
    for _ in range(2):
        call_command("load_sample", threads=20, verbosity=0)
    assert Thread.objects.count() == 40
    assert not has_real_threads()


def test_more_in_one_shop_than_in_all_is_refused(db):
    with pytest.raises(ValueError, match="at most all of them"):
        load(threads=5, mailbox_threads=6)
    assert Thread.objects.count() == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.django_db(transaction=True)
def test_two_processes_share_the_work_and_count_it_once(settings):
    settings.SEARCH_INDEX_FROM = 200
    loaded = load(threads=1100, mailbox_threads=100, workers=2, progress=False)
    assert loaded.threads == Thread.objects.count() == 1100
    assert loaded.messages == Message.objects.count()
    shop = shop_of(loaded.people["sample"])
    for key in (shop.pk, shop_of(loaded.people["big"]).pk, shop_of(loaded.people["buyer"]).pk):
        assert not repair_tally(mailbox_id=key)
    mine = Message.objects.filter(thread__entries__mailbox=shop)
    assert IndexedMessage.objects.filter(mailbox_id=shop.pk).count() == mine.count()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'search_tokens'")
            assert cursor.fetchone() == (["fastupdate=off"],)  # as the migration made it
