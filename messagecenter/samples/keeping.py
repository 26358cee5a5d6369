"""What the two sides do with a thread after its last message: read it, put it to rest, file it."""

from __future__ import annotations

from random import Random
from uuid import UUID

from messagecenter.threads.models import Entry, Place, Priority, Thread, Wait

from .conversations import DAY, HOUR, Conversation, keep_clock
from .ids import Ids
from .matters import at
from .people import Shop

# Days after which a thread has come to rest: what was left undone then is undone for good.
RESTS_AFTER = 2.5
FORGOTTEN = 0.04  # of the answers owed then: nobody ever gave them
CLOSED = 0.3  # of the threads at rest
ARCHIVED = {True: 0.55, False: 0.06}  # by whether it came to rest
TRASHED, TRASH_DAYS = 0.02, 25  # the trash is emptied after 30
UNREAD_FRESH, UNREAD_OLD = 0.5, 0.01  # of threads whose last word is the other side's


def keep(talk: Conversation, shop: Shop, chance: Random, ids: Ids, now: float) -> frozenset[UUID]:
    """Let both sides deal with a thread as it is ``now`` (epoch), and return the shop's labels on it."""
    last = talk.said[-1]
    ended = talk.thread.last_message_at.timestamp()
    is_old = now - ended > RESTS_AFTER * DAY
    for entry, wrote_last in ((talk.shop, last.by_shop), (talk.buyer, not last.by_shop)):
        is_unread = chance.random() < (UNREAD_OLD if is_old else UNREAD_FRESH)
        if not wrote_last and not is_unread:
            entry.unread, entry.read_up_to = 0, last.message.pk
    if is_old:
        _settle(talk, shop, chance, ids, min(now, ended + (2 + 40 * chance.random()) * HOUR))
    _put_away(talk.buyer, chance, is_old, ended, now, usual=0.3)
    return _file(talk, shop, chance, is_old, ended, now)


def _settle(talk: Conversation, shop: Shop, chance: Random, ids: Ids, moment: float) -> None:
    """Close a thread, or say that no answer is needed; some answers are just forgotten."""
    entry = talk.shop
    waited = entry.needs_reply_since is not None
    if chance.random() < CLOSED:
        talk.thread.state = Thread.State.CLOSED.value
        for one in (talk.shop, talk.buyer):
            one.needs_reply_since = one.awaiting_since = one.thanked_at = None
            one.unread = 0
            one.read_up_to = talk.said[-1].message.pk
        if waited:
            keep_clock(talk, True, None, moment, ids, Wait.End.CLOSED.value)
    elif waited and chance.random() >= FORGOTTEN:
        entry.needs_reply_since = entry.thanked_at = None
        keep_clock(talk, True, None, moment, ids, Wait.End.NO_RESPONSE.value)
    if talk.buyer.needs_reply_since and chance.random() < 0.9:
        talk.buyer.needs_reply_since = talk.buyer.thanked_at = None


def _put_away(entry: Entry, chance: Random, is_old: bool, ended: float, now: float, usual: float = 1.0) -> None:
    """Archive some threads and throw a few away; what is unread or waits for an answer stays."""
    if entry.unread or entry.needs_reply_since is not None:
        return
    drawn = chance.random()
    if drawn < TRASHED:
        since = max(ended, now - TRASH_DAYS * DAY)
        entry.place, entry.trashed_at = int(Place.TRASH), at(since + chance.random() * (now - since))
    elif drawn < TRASHED + ARCHIVED[is_old] * usual:
        entry.place = int(Place.ARCHIVE)


def _file(talk: Conversation, shop: Shop, chance: Random, is_old: bool, ended: float, now: float) -> frozenset[UUID]:
    """Let a shop's team file a thread: folder, labels, priority, star, who is to deal with it."""
    entry, draw = talk.shop, chance.random
    if shop.folders and draw() < 0.15:
        entry.folder_id = shop.folders[int(draw() * len(shop.folders))].pk
    else:
        _put_away(entry, chance, is_old, ended, now)
    entry.is_starred = draw() < 0.04
    talk.buyer.is_starred = draw() < 0.02
    entry.is_muted = draw() < 0.004
    if draw() < 0.09:
        entry.priority = int((Priority.URGENT, Priority.HIGH, Priority.LOW)[int(draw() * 3)])
    if len(shop.writers) > 1 and draw() < 0.3:
        entry.assignee_id = shop.writers[int(draw() * len(shop.writers))].pk
    if not shop.labels or draw() >= 0.25:
        return frozenset()
    return frozenset(shop.labels[int(draw() * len(shop.labels))].pk for _ in range(1 + int(draw() * 2)))
