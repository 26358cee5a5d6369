"""What a new policy would change for the last messages: figures and ids, never words."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.urls import reverse

from messagecenter.ids import new_id
from messagecenter.policy import samples
from messagecenter.policy.detection.surroundings import Surroundings
from messagecenter.policy.dryrun import MOST_LISTED, dry_run
from messagecenter.policy.rules import Action, Rules
from messagecenter.policy.samples import Sample, SamplePart, Source
from messagecenter.policy.versions import SHIPPED, SHIPPED_CONTENT

HONEST = "Thank you, the lamp has arrived and works well."
PHONE = "Please call me: +49 30 901820"
MAIL = "Write to anna.lampe@example.com please"


@dataclass
class Room:
    """A room with these texts, newest first; counts how many were taken."""

    texts: list[str]
    key: str = "body"
    taken: list[str] = field(default_factory=list)

    def newest(self, count: int) -> Iterator[Sample]:
        around = Surroundings(sender_role="seller", about="order")
        for text in self.texts[:count]:
            self.taken.append(text)
            yield Sample(new_id(), new_id(), (SamplePart(self.key, text),), around)


@pytest.fixture
def room(monkeypatch) -> Room:
    """Two honest messages, two with a phone number, one with an address, in a room of its own."""
    made = Room([HONEST, PHONE, MAIL, PHONE, HONEST])
    monkeypatch.setattr(samples, "_sources", {})
    samples.register("test", Source(made.newest, lambda thread_id: f"/thread/{thread_id}/", {"talk": "Talk"}))
    return made


def changed(**changes) -> Rules:
    return Rules.from_content(copy.deepcopy(SHIPPED_CONTENT) | changes)


def with_lists(**lists) -> Rules:
    return changed(lists=SHIPPED_CONTENT["lists"] | lists)


def figures(result) -> list[tuple[str, Action, Action, int]]:
    return [(one.rule, one.before, one.after, one.count) for one in result.rules]


def test_same_policy_changes_nothing(room):
    result = dry_run(before=SHIPPED, after=SHIPPED, count=100)
    assert (result.looked_at, result.changed, result.rules, result.is_cut_short) == (5, 0, (), False)
    assert result.before == result.after
    assert (result.before[Action.ALLOW], result.before[Action.BLOCK]) == (2, 3)


def test_figures_name_rule_and_direction(room):
    milder = changed(
        mapping=[*SHIPPED_CONTENT["mapping"], {"what": "contact.phone", "min_confidence": 0, "action": "warn"}]
    )
    result = dry_run(before=SHIPPED, after=milder, count=100)
    assert figures(result) == [("contact.phone", Action.BLOCK, Action.WARN, 2)]
    assert not result.rules[0].is_stricter
    assert result.changed == 2
    assert (result.after[Action.WARN], result.after[Action.BLOCK]) == (2, 1)


def test_new_terms_and_rules_switched_off_are_tried(room):
    strict = with_lists(
        switched_off=["contact.email"], terms=[{"text": "the lamp", "category": "marketing", "confidence": 0.9}]
    )
    result = dry_run(before=SHIPPED, after=strict, count=100)
    assert ("contact.email", Action.BLOCK, Action.ALLOW, 1) in figures(result)
    assert any(after is Action.BLOCK and count == 2 for _rule, _before, after, count in figures(result))


def test_messages_are_named_and_never_quoted(room):
    result = dry_run(before=SHIPPED, after=Rules(), count=100)
    listed = [one for change in result.rules for one in change.messages]
    assert len(listed) == 3
    assert all(one.address.startswith("/thread/") for one in listed)
    assert not any(word in repr(result) for word in ("901820", "anna.lampe", "lamp"))
    assert "901820" not in repr(SamplePart("body", PHONE))


def test_only_as_many_messages_as_asked_for_are_opened(room):
    assert dry_run(before=SHIPPED, after=SHIPPED, count=2).looked_at == 2
    assert len(room.taken) == 2


def test_time_is_limited_and_said(room):
    result = dry_run(before=SHIPPED, after=Rules(), count=100, seconds=-1)
    assert (result.looked_at, result.is_cut_short) == (0, True)


def test_list_of_messages_is_limited(room):
    room.texts = [PHONE] * (MOST_LISTED + 5)
    (change,) = dry_run(before=SHIPPED, after=Rules(), count=100).rules
    assert (change.count, len(change.messages)) == (MOST_LISTED + 5, MOST_LISTED)


def test_words_in_files_are_reviewed_where_they_cannot_be_hidden(room):
    room.texts, room.key = ["My card is 4111 1111 1111 1111"], "file:1"
    result = dry_run(before=SHIPPED, after=SHIPPED, count=1)
    assert (result.before[Action.REVIEW], result.before[Action.REDACT]) == (1, 0)


def test_rooms_tell_topics(room):
    assert samples.topics() == {"talk": "Talk"}
    assert samples.order_states() == {}


@pytest.mark.django_db
def test_threads_are_tried(thread, answer):
    term = {"text": "Quittenbrot", "category": "marketing", "confidence": 0.9}
    result = dry_run(before=SHIPPED, after=with_lists(terms=[term]), count=100)
    assert (result.looked_at, result.changed) == (2, 1)
    (reference,) = result.rules[0].messages
    assert reference.message_id == answer.pk
    assert reference.address == reverse("admin:threads_thread_read", args=[thread.pk])
    assert "where_is_it" in samples.topics()
    assert "shipped" in samples.order_states()
