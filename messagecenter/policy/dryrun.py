"""Tries a policy on the last messages before it is published: figures per rule, never the words."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.conf import settings

from .detection.screen import screen
from .rules import Action, Rules, judge, severest
from .samples import Sample, sources

MOST_MESSAGES = 1000
SECONDS = 20.0
MOST_LISTED = 20


@dataclass(frozen=True)
class Reference:
    """A message that would be treated otherwise, and the staff page that asks for a reason before it shows words."""

    message_id: UUID
    address: str


@dataclass
class Change:
    """How many messages go from one action to another; ``rule`` is empty where the whole message is meant."""

    rule: str
    before: Action
    after: Action
    count: int = 0
    messages: list[Reference] = field(default_factory=list)

    @property
    def is_stricter(self) -> bool:
        """Whether more is stopped than before."""
        return self.after.severity > self.before.severity


@dataclass(frozen=True)
class DryRun:
    """What a new policy would have done to the last messages."""

    looked_at: int
    is_cut_short: bool  # the time was up before all were looked at
    before: dict[Action, int]
    after: dict[Action, int]
    messages: tuple[Change, ...]
    rules: tuple[Change, ...]

    @property
    def changed(self) -> int:
        """How many messages would have been treated otherwise."""
        return sum(change.count for change in self.messages)


def dry_run(*, before: Rules, after: Rules, count: int, seconds: float = SECONDS) -> DryRun:
    """Return what ``after`` would change for the newest ``count`` messages of each room. Reads, and writes nothing.

    Takes no longer than about ``seconds``; then it counts what it has seen.
    """
    deadline = time.monotonic() + seconds
    tally = _Tally(before, after)
    for source in sources():
        for sample in itertools.islice(source.newest(min(count, MOST_MESSAGES)), min(count, MOST_MESSAGES)):
            if time.monotonic() > deadline:
                return tally.result(is_cut_short=True)
            tally.add(sample, source.address(sample.thread_id))
    return tally.result(is_cut_short=False)


class _Tally:
    """Counts, message by message."""

    def __init__(self, before: Rules, after: Rules) -> None:
        self.before, self.after = before, after
        self.looked_at = 0
        self.counts: tuple[dict[Action, int], dict[Action, int]] = (dict.fromkeys(Action, 0), dict.fromkeys(Action, 0))
        self.by_message: dict[tuple[str, Action, Action], Change] = {}
        self.by_rule: dict[tuple[str, Action, Action], Change] = {}

    def add(self, sample: Sample, address: str) -> None:
        """Judge one message by both policies."""
        self.looked_at += 1
        old = _judged(sample, self.before)
        new = _judged(sample, self.after)
        reference = Reference(sample.message_id, address)
        whole_old, whole_new = severest(old.values()), severest(new.values())
        self.counts[0][whole_old] += 1
        self.counts[1][whole_new] += 1
        _count(self.by_message, "", whole_old, whole_new, reference)
        for rule in old.keys() | new.keys():
            _count(self.by_rule, rule, old.get(rule, Action.ALLOW), new.get(rule, Action.ALLOW), reference)

    def result(self, *, is_cut_short: bool) -> DryRun:
        """Return what was counted, the rule that changes most first."""
        return DryRun(
            self.looked_at,
            is_cut_short,
            *self.counts,
            messages=_sorted(self.by_message.values()),
            rules=_sorted(self.by_rule.values()),
        )


def _judged(sample: Sample, rules: Rules) -> dict[str, Action]:
    """Return the severest action of each rule found in a message."""
    around = replace(sample.around, lists=rules.lists_with(settings.MARKETPLACE_DOMAINS))
    actions: dict[str, list[Action]] = defaultdict(list)
    for part in sample.parts:
        verdict = judge(screen(part.text, around), rules, around, can_redact=part.can_redact)
        for finding, action in zip(verdict.findings, verdict.actions, strict=True):
            actions[finding.rule].append(action)
    return {rule: severest(found) for rule, found in actions.items()}


def _count(
    into: dict[tuple[str, Action, Action], Change], rule: str, old: Action, new: Action, reference: Reference
) -> None:
    if old is new:
        return
    change = into.setdefault((rule, old, new), Change(rule, old, new))
    change.count += 1
    if len(change.messages) < MOST_LISTED:
        change.messages.append(reference)


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda one: (-one.count, one.rule, one.before.severity, one.after.severity)))
