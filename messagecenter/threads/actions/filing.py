"""What a mailbox does with threads to keep order: folders, labels, priority, star, archive, trash, assignment."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.filing.models import Folder, Label
from messagecenter.live.actions import announce
from messagecenter.search import index

from ..counting import labels_from
from ..filing_verbs import Filing, Verb
from ..models import Entry, EntryLabel, Message, Place, Priority, Thread, Wait
from ..refused import NothingToFileWith
from ..topics import CASE
from .delivering import labels_known, note_labels
from .tallies import Change, change, locked, relabelled, save

MOST_AT_ONCE = 500
MOST_ANNOUNCED = 5
TRASH_DAYS = 30
NAMED: Mapping[Verb, type[Folder | Label | User]] = {
    Verb.MOVE: Folder,
    Verb.LABEL: Label,
    Verb.UNLABEL: Label,
    Verb.ASSIGN: User,
}
# Of an entry, by field: what it was and what it became, as JSON can hold it.
Changed = dict[str, list[Any]]


def file_entries(
    *, mailbox: Mailbox, entries: Sequence[Entry], filing: Filing, by: User | None
) -> dict[uuid.UUID, Changed]:
    """Do one thing to entries, in a transaction of the caller's that has them locked.

    Returns by entry id what was changed; where it changes nothing, an entry is left out. Raises NothingToFileWith when
    the folder, label or member is gone or foreign.
    """
    value = checked(mailbox, filing)
    if filing.verb in (Verb.LABEL, Verb.UNLABEL):
        added, removed = ({value.pk}, set()) if filing.verb == Verb.LABEL else (set(), {value.pk})
        done = relabel(dict.fromkeys(entries, (added, removed)))
    else:
        done = write(entries, {entry.pk: values_of(entry, filing.verb, value) for entry in entries}, by)
    announce_filed(mailbox, [entry.thread_id for entry in entries if entry.pk in done])
    return done


def write(
    entries: Sequence[Entry], values_by_entry: Mapping[uuid.UUID, dict[str, Any]], by: User | None
) -> dict[uuid.UUID, Changed]:
    """Set these fields of locked entries; return what really changed."""
    done, changes = written(entries, values_by_entry, by)
    save(changes)
    return done


def written(
    entries: Sequence[Entry], values_by_entry: Mapping[uuid.UUID, dict[str, Any]], by: User | None
) -> tuple[dict[uuid.UUID, Changed], list[Change]]:
    """Set these fields of locked entries, which are still to be saved; return what really changed."""
    done: dict[uuid.UUID, Changed] = {}
    changes: list[Change] = []
    for entry in entries:
        values = values_by_entry.get(entry.pk, {})
        values = {name: new for name, new in values.items() if getattr(entry, name) != new}
        if values:
            done[entry.pk] = {name: [_kept(getattr(entry, name)), _kept(new)] for name, new in values.items()}
            changes.append(change(entry, end=Wait.End.NO_RESPONSE, by=by, **values))
    return done, changes


def relabel(wanted: Mapping[Entry, tuple[set[uuid.UUID], set[uuid.UUID]]]) -> dict[uuid.UUID, Changed]:
    """Put labels on locked entries and take others off them; return what really changed."""
    done, changes = labelled(wanted)
    save(changes)
    return done


def labelled(
    wanted: Mapping[Entry, tuple[set[uuid.UUID], set[uuid.UUID]]],
) -> tuple[dict[uuid.UUID, Changed], list[Change]]:
    """Put labels on locked entries and take others off them, which the counters are still to be told of."""
    had = {entry.pk: labels_known(entry) or set() for entry in wanted}
    asked = [entry.pk for entry in wanted if labels_known(entry) is None]
    if asked:
        for entry_id, label_id in EntryLabel.objects.filter(entry__in=asked).values_list("entry", "label"):
            had[entry_id].add(label_id)
    done: dict[uuid.UUID, Changed] = {}
    new: list[EntryLabel] = []
    gone: dict[uuid.UUID, list[uuid.UUID]] = {}
    changes: list[Change] = []
    for entry, (added, removed) in wanted.items():
        old = had[entry.pk]
        has = (old - removed) | added
        if has == old:
            continue
        done[entry.pk] = {"labels": [sorted(map(str, old)), sorted(map(str, has))]}
        new += [EntryLabel(entry=entry, label_id=label) for label in has - old]
        for label in old - has:
            gone.setdefault(label, []).append(entry.pk)
        changes.append(relabelled(entry, labels_from(old), labels_from(has)))
        note_labels(entry, has)
    EntryLabel.objects.bulk_create(new)
    for label, entry_ids in gone.items():
        EntryLabel.objects.filter(label=label, entry__in=entry_ids).delete()
    return done, changes


def give_back(
    *, mailbox: Mailbox, entries: Sequence[Entry], changed: Mapping[uuid.UUID, Changed], by: User
) -> list[uuid.UUID]:
    """Give locked entries back what a filing changed of them; return the ids of those that changed again.

    What somebody changed since stays as it is, and who was answered since does not wait again.
    """
    folders = {one.pk for one in Folder.objects.of_mailbox(mailbox)}
    members = set(Membership.objects.filter(mailbox=mailbox).values_list("user", flat=True))
    labels = {one.pk for one in Label.objects.of_mailbox(mailbox)}
    values, wanted = {}, {}
    for entry in entries:
        old = dict(changed[entry.pk])
        was, became = (set(map(uuid.UUID, some)) for some in old.pop("labels", [[], []]))
        if was != became:
            wanted[entry] = ((was - became) & labels, became - was)
        values[entry.pk] = {name: _restored(name, pair[0]) for name, pair in old.items() if _stands(entry, name, pair)}
        if "unread" in old:
            values[entry.pk]["unread"] = max(0, entry.unread + old["unread"][0] - old["unread"][1])
        if values[entry.pk].get("folder_id") not in folders | {None}:
            values[entry.pk]["folder_id"] = None
        if values[entry.pk].get("assignee_id") not in members | {None}:
            values[entry.pk]["assignee_id"] = None
    done = {*write(entries, values, by), *relabel(wanted)}
    announce_filed(mailbox, [entry.thread_id for entry in entries if entry.pk in done])
    return list(done)


@transaction.atomic
def empty_trash(*, before: datetime | None = None, limit: int = MOST_AT_ONCE) -> int:
    """Let go, for their own side only, of threads thrown away over 30 days ago; return how many.

    What this side had is not shown to it any more; the other side keeps everything. A message that comes later brings
    the thread back with what is new. Support cases are kept as long as they are kept: their log leads to them.
    """
    due = before or timezone.now() - timedelta(days=TRASH_DAYS)
    old = Entry.objects.filter(place=Place.TRASH, trashed_at__lte=due).exclude(topic=CASE)
    entries = locked(old.order_by("trashed_at")[:limit])
    # Somebody may have taken one out of the trash while this waited for it.
    entries = [entry for entry in entries if entry.place == Place.TRASH]
    relabel({entry: (set(), labels) for entry, labels in _labels_of(entries).items()})
    newest = Message.objects.filter(thread=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    threads = Thread.objects.filter(pk__in=[entry.thread_id for entry in entries])
    last = dict(threads.annotate(newest=Subquery(newest)).values_list("pk", "newest"))
    for mailbox_id in {entry.mailbox_id for entry in entries}:
        index.forget_threads(mailbox_id, [one.thread_id for one in entries if one.mailbox_id == mailbox_id])
    changes = []
    for entry in entries:
        values: dict[str, Any] = {
            "place": Place.GONE,
            "cleared_up_to": last[entry.thread_id] or entry.cleared_up_to,
            "trashed_at": None,
            "folder": None,
            "is_starred": False,
            "is_muted": False,
            "assignee": None,
            "priority": Priority.NORMAL,
            "unread": 0,
            "needs_reply_since": None,
            "awaiting_since": None,
            "thanked_at": None,
        }
        changes.append(change(entry, end=Wait.End.NO_RESPONSE, **values))
    save(changes)
    return len(entries)


def checked(mailbox: Mailbox, filing: Filing, nameable: Collection[uuid.UUID] | None = None) -> Any:
    """Return the folder, label, member or priority a filing names, None for none. Raises NothingToFileWith.

    ``nameable`` are the ids of all that the mailbox has to name; they are asked for when it is not given.
    """
    verb, value = filing.verb, filing.value
    try:
        if nameable is not None and value and (model := NAMED.get(verb)):
            if uuid.UUID(value) not in nameable:
                raise NothingToFileWith
            return model(pk=uuid.UUID(value))
        if verb == Verb.MOVE:
            return Folder.objects.of_mailbox(mailbox).get(pk=uuid.UUID(value)) if value else None
        if verb in (Verb.LABEL, Verb.UNLABEL):
            return Label.objects.of_mailbox(mailbox).get(pk=uuid.UUID(value))
        if verb == Verb.ASSIGN:
            return Membership.objects.get(user=uuid.UUID(value), mailbox=mailbox).user if value else None
        if verb == Verb.PRIORITY:
            return Priority(int(value))
    except (Folder.DoesNotExist, Label.DoesNotExist, Membership.DoesNotExist, ValueError):
        raise NothingToFileWith from None
    return None


def values_of(entry: Entry, verb: Verb, value: Any) -> dict[str, Any]:
    """Return which columns of an entry a verb sets; ``value`` is what ``checked`` gave."""
    match verb:
        case Verb.INBOX:
            return {"place": Place.INBOX, "folder_id": None, "trashed_at": None}
        case Verb.ARCHIVE:
            return {"place": Place.ARCHIVE, "trashed_at": None}
        case Verb.TRASH:
            return {"place": Place.TRASH, "trashed_at": timezone.now()} if entry.place != Place.TRASH else {}
        case Verb.MOVE:
            return {"place": Place.INBOX, "folder_id": value.pk if value else None, "trashed_at": None}
        case Verb.PRIORITY:
            return {"priority": value}
        case Verb.STAR | Verb.UNSTAR:
            return {"is_starred": verb == Verb.STAR}
        case Verb.MUTE | Verb.UNMUTE:
            return {"is_muted": verb == Verb.MUTE}
        case Verb.ASSIGN:
            return {"assignee_id": value.pk if value else None}
        case Verb.READ:
            return {"unread": 0}
        case Verb.UNREAD:
            return {"unread": entry.unread or 1}
        case Verb.NO_RESPONSE:
            return {"needs_reply_since": None, "thanked_at": None}
    raise NothingToFileWith


def announce_filed(mailbox: Mailbox, threads: Sequence[uuid.UUID]) -> None:
    """Tell the mailbox's open pages, and nobody else's; of many threads only that the list changed."""
    if len(threads) > MOST_ANNOUNCED:
        announce(kind="list", mailbox_ids=[mailbox.pk], thread_id=threads[0])
        return
    for thread_id in threads:
        announce(kind="thread", mailbox_ids=[mailbox.pk], thread_id=thread_id)


def _labels_of(entries: Sequence[Entry]) -> dict[Entry, set[uuid.UUID]]:
    by_key = {entry.pk: entry for entry in entries}
    found: dict[Entry, set[uuid.UUID]] = {}
    for entry_id, label_id in EntryLabel.objects.filter(entry__in=by_key).values_list("entry", "label"):
        found.setdefault(by_key[entry_id], set()).add(label_id)
    return found


def _kept(value: Any) -> Any:
    """Return a field's value as JSON can hold it."""
    if isinstance(value, uuid.UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _restored(name: str, kept: Any) -> Any:
    """Return a field's value from what was kept of it."""
    if not isinstance(kept, str):
        return kept
    return uuid.UUID(kept) if name.endswith("_id") else datetime.fromisoformat(kept)


def _stands(entry: Entry, name: str, pair: Sequence[Any]) -> bool:
    """Return whether a field can be given back: nobody has changed it since."""
    was, became = pair
    if name == "unread" or _kept(getattr(entry, name)) != became:
        return False
    if name == "needs_reply_since" and was is not None:
        answered = entry.last_sent_at is not None and entry.last_sent_at > datetime.fromisoformat(was)
        return not answered and not entry.thread.is_closed
    return True
