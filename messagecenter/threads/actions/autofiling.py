"""A mailbox's own rules: what they do with what arrives, and with what is there. People's own filing is left alone.

A rule moves only what lies in the inbox, assigns only what nobody has, and sets the priority only of what is normal:
what somebody did by hand stays. So the first rule that moves a conversation wins.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects

from messagecenter.filing.actions import mark_broken
from messagecenter.filing.models import FilingRule
from messagecenter.filing.rules import Arrived, Conditions
from messagecenter.vault.cipher import preload
from messagecenter.vault.errors import Unreadable

from ..filing_verbs import Filing, Verb
from ..models import Entry, Message, Place, Priority
from ..refused import NothingToFileWith
from ..words import read_shown_body, read_subject
from .delivering import nameable_by_rules, rules_of
from .filing import Changed, announce_filed, checked, labelled, values_of, written
from .tallies import Change, save

log = logging.getLogger(__name__)

# What a rule may do.
RULE_VERBS = frozenset({Verb.MOVE, Verb.ARCHIVE, Verb.LABEL, Verb.PRIORITY, Verb.ASSIGN, Verb.STAR})


@dataclass
class _Outcome:
    """What rules want of one entry, put together."""

    entry: Entry
    values: dict[str, Any] = field(default_factory=dict)
    labels: set[uuid.UUID] = field(default_factory=set)

    def add(self, verb: Verb, value: Any) -> None:
        """Add what one verb wants, unless somebody or an earlier rule has decided it."""
        entry, now = self.entry, self.values
        lies_in_inbox = entry.place == Place.INBOX and entry.folder_id is None and "place" not in now
        if verb == Verb.LABEL:
            self.labels.add(value.pk)
        elif (
            (verb in (Verb.MOVE, Verb.ARCHIVE) and lies_in_inbox)
            or (verb == Verb.ASSIGN and entry.assignee_id is None and "assignee_id" not in now)
            or (verb == Verb.PRIORITY and entry.priority == Priority.NORMAL and "priority" not in now)
            or verb == Verb.STAR
        ):
            now |= values_of(entry, verb, value)


def autofile(message: Message, entries: Sequence[Entry]) -> list[Change]:
    """Let the receiving mailbox's rules file what has just arrived, in the transaction that delivers it.

    The entries are locked and know of the arrival; what the rules change of them is returned and still to be saved.
    Whatever goes wrong here, the message arrives. No query but for a label, or a rule that is broken.
    """
    changes: list[Change] = []
    for entry in entries:
        rules = rules_of(entry) if entry.mailbox_id != message.sender_id else []
        if not rules:
            continue
        entry.other = message.sender
        try:
            with transaction.atomic():
                changes += _filed([entry], rules, [message], nameable_by_rules(entry))[1]
        except Exception as error:  # noqa: BLE001 (a rule must never keep a message from arriving)
            log.warning("The rules of mailbox %s failed (%s)", entry.mailbox_id, type(error).__name__)
    return changes


def file_by_rule(*, rule: FilingRule, entries: Sequence[Entry]) -> dict[uuid.UUID, Changed]:
    """Let one rule file entries that are there, in a transaction of the caller's that has them locked.

    Returns by entry id what was changed. Raises NothingToFileWith when the rule names something that is gone.
    """
    prefetch_related_objects(entries, "other", "thread__order")
    messages: list[Message] = []
    if Conditions.from_data(rule.conditions).words:
        received = Message.objects.filter(thread__in=[entry.thread_id for entry in entries])
        messages = list(received.filter(state=Message.State.DELIVERED).order_by("pk"))
        preload([entry.thread_id for entry in entries])
    done, changes = _filed(entries, [rule], messages)
    save(changes)
    if rule.is_broken:
        raise NothingToFileWith
    announce_filed(rule.mailbox, [entry.thread_id for entry in entries if entry.pk in done])
    return done


def _filed(
    entries: Sequence[Entry],
    rules: Sequence[FilingRule],
    messages: Sequence[Message],
    nameable: Collection[uuid.UUID] | None = None,
) -> tuple[dict[uuid.UUID, Changed], list[Change]]:
    """Ask each rule about each entry and do what they want; return what was changed, and what is still to be saved."""
    outcomes = [_Outcome(entry) for entry in entries]
    for rule in rules:
        conditions = Conditions.from_data(rule.conditions)
        met = [one for one in outcomes if conditions.hold(_arrived(one.entry, messages))]
        if not met:
            continue
        try:
            wanted = prepared(rule, nameable)
        except NothingToFileWith:
            rule.is_broken = True
            mark_broken(rule=rule)
            continue
        for one in met:
            for verb, value in wanted:
                one.add(verb, value)
    # Labels first: they alone need the database, and what fails must leave the entries as they are.
    relabelled, changes = labelled({one.entry: (one.labels, set()) for one in outcomes if one.labels})
    done, more = written(entries, {one.entry.pk: one.values for one in outcomes}, None)
    for entry_id, changed in relabelled.items():
        done.setdefault(entry_id, {}).update(changed)
    return done, [*changes, *more]


def prepared(rule: FilingRule, nameable: Collection[uuid.UUID] | None = None) -> list[tuple[Verb, Any]]:
    """Return what a rule does, with the folders, labels and people themselves; ``nameable`` as in ``checked``.

    Raises NothingToFileWith.
    """
    try:
        filings = [Filing(Verb(one["verb"]), one["value"]) for one in rule.outcomes]
    except (KeyError, ValueError):
        raise NothingToFileWith from None
    if not {filing.verb for filing in filings} <= RULE_VERBS:
        raise NothingToFileWith
    return [(filing.verb, checked(rule.mailbox, filing, nameable)) for filing in filings]


def _arrived(entry: Entry, messages: Collection[Message]) -> Arrived:
    """Return what rules may ask about an entry; ``messages`` are those whose words count, if they are its own."""

    def texts() -> Iterator[str]:
        try:
            yield read_subject(entry.thread)
            for message in messages:
                # What was hidden from the reader is hidden from the reader's rules as well.
                if message.thread_id == entry.thread_id and message.sender_id != entry.mailbox_id:
                    yield read_shown_body(message)
        except Unreadable:
            return

    order = entry.thread.order
    return Arrived(
        topic=entry.topic,
        marketplace=order.marketplace if order else "",
        sender=entry.other.name,
        has_files=entry.has_files,
        texts=texts,
    )
