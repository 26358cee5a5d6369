"""Compares at the end what was promised with what is there: in the database, in the inboxes, in the post."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from benchmarks.faults.clients import TWENTY, Posted
from benchmarks.faults.nemesis import Event
from benchmarks.faults.post_office import told_of
from tests.sink import Mail

MOST_SECONDS = 30.0
POISON = "test-poison"


@dataclass
class Found:
    """What is wrong, in sentences, and the figures of each row."""

    wrong: list[str] = field(default_factory=list)
    lost: Counter[int] = field(default_factory=Counter)
    repeated: Counter[int] = field(default_factory=Counter)
    slowest: dict[int, float] = field(default_factory=dict)
    bad_rows: set[int] = field(default_factory=set)

    def say(self, row: int, sentence: str) -> None:
        """Note what is wrong with a row."""
        self.wrong.append(f"row {row}: {sentence}")
        self.bad_rows.add(row)

    def took(self, row: int, seconds: float) -> None:
        """Note how long something took after a row's fault had ended."""
        self.slowest[row] = max(self.slowest.get(row, 0.0), seconds)


@dataclass(frozen=True)
class Evidence:
    """What a run has left: rows of the database as tuples, mails and calls of webhooks as they came."""

    posted: Sequence[Posted]
    events: Sequence[Event]
    mails: Sequence[Mail]
    hooks: Sequence[tuple[str, str]]  # (its id, the message it tells of)
    messages: Sequence[tuple[Any, ...]]  # (id, thread, client id, state)
    unread: Sequence[tuple[Any, ...]]  # (thread, what the entry of who is told says, how much it is)
    notices: Sequence[tuple[Any, ...]]  # (kind, state, channel, address, reason)


def check(evidence: Evidence) -> Found:
    """Return everything that is not as promised."""
    found = Found()
    _messages(evidence, found)
    _mails(evidence, found)
    _order(evidence, found)
    _hooks(evidence, found)
    _notices(evidence, found)
    _recovery(evidence, found)
    return found


def blamed(events: Iterable[Event], begun: float, ended: float) -> Event | None:
    """Return the fault that ended last of those that met this stretch of time, or None."""
    met = [event for event in events if event.began <= ended and event.ended >= begun]
    return max(met, key=lambda event: event.ended, default=None)


def _row(evidence: Evidence, begun: float, ended: float) -> int:
    event = blamed(evidence.events, begun, ended)
    return event.row if event else 1


def _cause(evidence: Evidence, moment: float) -> int:
    """Return the row of the fault that had a mail of this moment sent once more: the last begun that may have."""
    causes = [event for event in evidence.events if event.may_repeat and event.began <= moment <= event.ended + 0.5]
    return max(causes, key=lambda event: event.began).row if causes else 1


def _messages(evidence: Evidence, found: Found) -> None:
    """Each acknowledged message is there once, delivered, and counted as unread once."""
    kept = Counter((str(thread), str(client_id)) for _id, thread, client_id, _state in evidence.messages)
    states = {str(pk): state for pk, _thread, _client_id, state in evidence.messages}
    for posted in evidence.posted:
        row = 11 if posted.twenty else _row(evidence, posted.begun, posted.acked or posted.begun + 60)
        copies = kept[(posted.talk.thread, posted.client_id)]
        if not posted.acked:
            found.say(row, f"a message was never acknowledged ({copies} times there)")
        elif copies != 1 or states.get(posted.message_id) != "delivered":
            found.lost[row] += copies == 0
            found.repeated[row] += max(copies - 1, 0)
            found.say(row, f"an acknowledged message is there {copies} times, {states.get(posted.message_id)}")
        if len(posted.answers) > 1:
            found.say(11, f"one message had {len(posted.answers)} different answers")
    twenty = [one.repeats for one in evidence.posted if one.twenty]
    if max(twenty, default=0) < TWENTY:
        found.say(11, f"never were all of {TWENTY} at once answered, but {twenty}")
    for _thread, unread, there in evidence.unread:
        if unread != there:
            found.say(2, f"an inbox counts {unread} unread messages of {there}")


def _by_message(mails: Iterable[Mail]) -> dict[tuple[str, str], list[Mail]]:
    """Return the copies of each mail, by message and address."""
    copies: dict[tuple[str, str], list[Mail]] = defaultdict(list)
    for mail in mails:
        copies[(told_of(mail), mail.to[0])].append(mail)
    return copies


def _mails(evidence: Evidence, found: Found) -> None:
    """Each acknowledged message was told by mail, and no more repeats were sent than faults explain."""
    copies = _by_message(evidence.mails)
    for posted in evidence.posted:
        if posted.acked and not copies.get((posted.message_id, posted.talk.told)):
            row = _row(evidence, posted.acked, posted.acked + 10)
            found.lost[row] += 1
            found.say(row, "the mail about an acknowledged message was lost")
    repeats = 0
    for mails in copies.values():
        if len({mail.message_id for mail in mails}) > 1:
            found.say(7, "a repeat has another Message-ID")
        for _copy in mails[1:]:
            repeats += 1
            found.repeated[_cause(evidence, mails[0].at)] += 1
    allowed = sum(event.may_repeat for event in evidence.events)
    if repeats > allowed:
        found.say(1, f"{repeats} mails were repeated, {allowed} processes were ended or cut off")


def _order(evidence: Evidence, found: Found) -> None:
    """In each thread mails came in the order of the messages."""
    first = {key: mails[0].at for key, mails in _by_message(evidence.mails).items()}
    threads: dict[str, list[Posted]] = defaultdict(list)
    for posted in sorted(evidence.posted, key=lambda one: one.acked):
        if posted.acked:
            threads[posted.talk.thread].append(posted)
    for messages in threads.values():
        moments = [first.get((one.message_id, one.talk.told)) for one in messages]
        there = [moment for moment in moments if moment is not None]
        wrong = sum(later < earlier for earlier, later in pairwise(there))
        if wrong:
            found.say(5, f"{wrong} mails of a thread overtook an earlier one")


def _hooks(evidence: Evidence, found: Found) -> None:
    """The shop's program was told of each message, of each under one id."""
    ids: dict[str, set[str]] = defaultdict(set)
    for hook_id, message in evidence.hooks:
        ids[message].add(hook_id)
    owed = [one for one in evidence.posted if one.acked and one.talk.has_endpoint]
    lost = sum(one.message_id not in ids for one in owed)
    if lost:
        found.lost[1] += lost
        found.say(1, f"{lost} of {len(owed)} webhooks were lost")
    if any(len(names) > 1 for names in ids.values()):
        found.say(1, "a repeated webhook has another id")


def _notices(evidence: Evidence, found: Found) -> None:
    """Nothing is left to do; who is not to be told was not, and the reason is written down."""
    left = Counter(state for kind, state, *_ in evidence.notices if kind != POISON and state in ("due", "sending"))
    if left:
        found.say(1, f"notices are left: {dict(left)}")


def _recovery(evidence: Evidence, found: Found) -> None:
    """After the last fault that met it each message is acknowledged, and told, within 30 seconds."""
    first = {key: mails[0].at for key, mails in _by_message(evidence.mails).items()}
    for posted in evidence.posted:
        if not posted.acked:
            continue
        told = first.get((posted.message_id, posted.talk.told), posted.acked)
        for begun, ended, what in ((posted.begun, posted.acked, "acknowledged"), (posted.acked, told, "told")):
            event = blamed(evidence.events, begun, ended)
            seconds = ended - max(begun, event.ended if event else 0.0)
            if event is not None:
                found.took(event.row, seconds)
            if seconds > MOST_SECONDS:
                found.say(event.row if event else 1, f"a message was {what} {seconds:.0f} s after the last fault")
