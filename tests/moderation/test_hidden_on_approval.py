"""A held message with a card number in it is delivered without the number, unless a moderator says otherwise."""

from __future__ import annotations

import pytest
from django.core import mail

from messagecenter.moderation.statements import explain
from messagecenter.notices.dispatch import deliver_due
from messagecenter.policy.models import Decision
from messagecenter.threads.words import read_shown_body

from .conftest import message_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(post):
    """A message held for one word, with another in it that the rules hide."""
    decision = post("Steinpilz! A holdword and a hideword for you.")
    assert {one["action"] for one in decision.findings} == {"review", "redact"}
    assert decision.measure == Decision.Measure.HELD
    return decision


def address(decision, tail=""):
    return f"/admin/moderation/desk/held/{decision.pk}/{tail}"


def test_tick_that_would_show_the_words_is_not_set(both, held, desk):
    shown = desk.get(address(both)).content.decode()
    assert "show the words that they hide" in shown
    assert desk.get(address(both)).context["forms"]["approve"]["mistaken"].initial is False
    assert desk.get(address(held)).context["forms"]["approve"]["mistaken"].initial is True
    assert "show the words that they hide" not in desk.get(address(held)).content.decode()


def test_words_stay_hidden_and_the_sender_is_told(both, desk, seller):
    desk.post(address(both, "decide/"), {"do": "approve"})
    assert [word for word in ("holdword", "hideword") if word in read_shown_body(message_of(both))] == ["holdword"]
    settled = Decision.objects.get(pk=both.pk)
    assert (settled.outcome, settled.was_mistaken) == ("delivered", False)
    assert explain(settled, seller).title == "Your message was delivered with words hidden"
    deliver_due()
    [letter] = [one for one in mail.outbox if f"/messages/decisions/{both.pk}/" in one.body]
    assert "words are hidden" in letter.body
    assert "being checked" not in f"{letter.subject} {letter.body}"


def test_ticked_they_are_shown(both, desk):
    desk.post(address(both, "decide/"), {"do": "approve", "mistaken": "on"})
    assert "hideword" in read_shown_body(message_of(both))
    assert Decision.objects.get(pk=both.pk).was_mistaken


def test_chosen_words_are_hidden_and_no_others(both, desk):
    found = {one["action"]: f"{one['start']}-{one['end']}" for one in both.findings}
    desk.post(address(both, "decide/"), {"do": "redact", "found": [found["review"]], "answer": "No."})
    assert [word for word in ("holdword", "hideword") if word in read_shown_body(message_of(both))] == ["hideword"]
