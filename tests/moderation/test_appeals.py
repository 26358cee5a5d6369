"""An appeal is one click, a person decides, and a reversal delivers the message and counts the rule's error."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from messagecenter.moderation.actions import approve, decide_appeal, make_appeal, reject
from messagecenter.moderation.models import Appeal
from messagecenter.moderation.refused import AlreadyDecided, AnswerNeeded, NothingToAppeal, SamePerson
from messagecenter.moderation.words import read_appeal_answer, read_appeal_words
from messagecenter.notices.dispatch import deliver_due
from messagecenter.policy.models import Decision
from messagecenter.threads.models import Message
from messagecenter.threads.words import read_shown_body

from .conftest import message_of

pytestmark = pytest.mark.django_db


def fresh(decision: Decision) -> Decision:
    return Decision.objects.get(pk=decision.pk)


def test_appeal_by_one_click(blocked, seller, signed_in):
    answer = signed_in(seller).post(f"/messages/decisions/{blocked.pk}/appeal/", {"words": ""}, follow=True)
    assert answer.status_code == 200
    assert "Your appeal has arrived" in answer.content.decode()
    assert Appeal.objects.get().decision == blocked


def test_second_appeal_is_the_first(blocked, seller, agent, signed_in):
    first = make_appeal(by=seller, decision=blocked, words="It is a name.")
    assert make_appeal(by=agent, decision=blocked, words="Something else") == first
    signed_in(seller).post(f"/messages/decisions/{blocked.pk}/appeal/", {"words": "Again"})
    assert read_appeal_words(Appeal.objects.get()) == "It is a name."


def test_words_are_sealed(blocked, seller):
    appeal = make_appeal(by=seller, decision=blocked, words="Zwetschge")
    assert b"Zwetschge" not in bytes(Appeal.objects.get(pk=appeal.pk).words_ciphertext)


@pytest.mark.parametrize("who", ["viewer", "buyer", "other_seller"])
def test_who_may_not_write_for_the_mailbox_may_not_appeal(blocked, who, request, signed_in):
    person = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        make_appeal(by=person, decision=blocked)
    answer = signed_in(person).post(f"/messages/decisions/{blocked.pk}/appeal/", {"words": ""})
    assert answer.status_code == (403 if who == "viewer" else 404)
    assert not Appeal.objects.exists()


def test_nothing_to_appeal(held, blocked, seller, moderator):
    with pytest.raises(NothingToAppeal):
        make_appeal(by=seller, decision=held)
    approve(by=moderator, decision=held, mistaken=True)
    with pytest.raises(NothingToAppeal):
        make_appeal(by=seller, decision=held)
    Decision.objects.filter(pk=blocked.pk).update(made_at=timezone.now() - timedelta(days=181))
    with pytest.raises(NothingToAppeal):
        make_appeal(by=seller, decision=blocked)


def test_reversal_delivers_with_the_original_time_and_counts_the_error(blocked, seller, moderator, buyer):
    appeal = make_appeal(by=seller, decision=blocked)
    written = message_of(blocked).sent_at
    decide_appeal(by=moderator, appeal=appeal, reverse=True, answer="You are right.")
    message, decision = message_of(blocked), fresh(blocked)
    assert (message.state, message.sent_at) == (Message.State.DELIVERED, written)
    assert message.delivered_at is not None
    assert (decision.outcome, decision.was_mistaken, decision.settled_by) == ("delivered", True, moderator)
    assert Message.objects.visible_to(buyer).filter(pk=message.pk).exists()
    assert read_appeal_answer(Appeal.objects.get()) == "You are right."


def test_upheld_message_stays_blocked(blocked, seller, moderator, buyer):
    appeal = make_appeal(by=seller, decision=blocked)
    decide_appeal(by=moderator, appeal=appeal, reverse=False, answer="It is advertising.")
    decision = fresh(blocked)
    assert (decision.outcome, decision.was_mistaken, decision.settled_by) == ("stands", False, moderator)
    assert not Message.objects.visible_to(buyer).filter(pk=blocked.message_id).exists()


def test_reversal_shows_hidden_words_again(hidden, seller, moderator):
    assert "hideword" not in read_shown_body(message_of(hidden))
    decide_appeal(by=moderator, appeal=make_appeal(by=seller, decision=hidden), reverse=True)
    assert "hideword" in read_shown_body(message_of(hidden))


def test_reversal_of_a_block_leaves_hidden_what_another_rule_hides(post, seller, second):
    both = post("Pfifferling! Here is a blockword, and a hideword too.")
    assert both.measure == Decision.Measure.BLOCKED
    decide_appeal(by=second, appeal=make_appeal(by=seller, decision=both), reverse=True)
    message = message_of(both)
    assert message.state == Message.State.DELIVERED
    shown = read_shown_body(message)
    assert [word for word in ("Pfifferling", "blockword", "hideword") if word in shown] == ["Pfifferling", "blockword"]


@pytest.mark.parametrize("ticked", [True, False])
def test_desk_says_whether_the_hidden_words_are_shown(post, seller, desk, ticked):
    both = post("Pfifferling! Here is a blockword, and a hideword too.")
    appeal = make_appeal(by=seller, decision=both)
    page = desk.get(reverse("admin:desk_appeals_item", args=[appeal.pk])).content.decode()
    assert "stays hidden from the other side unless you tick this" in page
    ticks = {"show": "on"} if ticked else {}
    desk.post(reverse("admin:desk_appeals_decide", args=[appeal.pk]), {"do": "reverse", "answer": ""} | ticks)
    assert ("hideword" in read_shown_body(message_of(both))) is ticked


def test_desk_asks_nothing_of_hidden_words_where_there_are_none(blocked, hidden, seller, desk):
    for decision in (blocked, hidden):
        appeal = make_appeal(by=seller, decision=decision)
        page = desk.get(reverse("admin:desk_appeals_item", args=[appeal.pk])).content.decode()
        assert 'value="reverse"' in page
        assert 'name="show"' not in page


def test_upheld_hiding_leaves_the_message_delivered(hidden, seller, moderator):
    decide_appeal(by=moderator, appeal=make_appeal(by=seller, decision=hidden), reverse=False, answer="A card number.")
    assert message_of(hidden).state == Message.State.DELIVERED
    assert "hideword" not in read_shown_body(message_of(hidden))


def test_words_a_person_hid_are_shown_again_on_appeal(held, seller, moderator, second):
    approve(by=moderator, decision=held, mistaken=False, hide=[(0, 9)], answer="Not this word.")
    assert "Steinpilz" not in read_shown_body(message_of(held))
    decide_appeal(by=second, appeal=make_appeal(by=seller, decision=fresh(held)), reverse=True)
    assert "Steinpilz" in read_shown_body(message_of(held))
    assert fresh(held).was_mistaken


def test_nobody_judges_their_own_decision(held, seller, moderator, second):
    reject(by=moderator, decision=held, answer="Advertising.")
    appeal = make_appeal(by=seller, decision=fresh(held))
    with pytest.raises(SamePerson):
        decide_appeal(by=moderator, appeal=appeal, reverse=False, answer="As I said.")
    decide_appeal(by=second, appeal=appeal, reverse=True)
    assert message_of(held).state == Message.State.DELIVERED


def test_decision_needs_the_right_a_reason_and_happens_once(blocked, seller, supporter, moderator, second):
    appeal = make_appeal(by=seller, decision=blocked)
    for person in (supporter, seller):
        with pytest.raises(PermissionDenied):
            decide_appeal(by=person, appeal=appeal, reverse=True)
    with pytest.raises(AnswerNeeded):
        decide_appeal(by=moderator, appeal=appeal, reverse=False, answer="  ")
    decide_appeal(by=moderator, appeal=appeal, reverse=False, answer="It is advertising.")
    with pytest.raises(AlreadyDecided):
        decide_appeal(by=second, appeal=appeal, reverse=True)
    assert message_of(blocked).state == Message.State.BLOCKED


def test_sender_is_told_by_mail_without_words(blocked, seller, agent, moderator):
    appeal = make_appeal(by=agent, decision=blocked, words="Zwetschge")
    decide_appeal(by=moderator, appeal=appeal, reverse=True, answer="Mirabelle")
    deliver_due()
    letters = [one for one in mail.outbox if "appeal" in one.subject.lower()]
    assert {one.to[0] for one in letters} == {seller.email, agent.email}
    text = "".join(f"{one.body}{one.alternatives[0][0]}" for one in letters)
    assert "reversed" in text
    assert [word for word in ("blockword", "Pfifferling", "Zwetschge", "Mirabelle") if word in text] == []
