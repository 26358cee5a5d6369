"""A statement of reasons says what was done, the words, the rule, how it was decided and what one can do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from django.utils.html import escape

from messagecenter.moderation.actions import approve, decide_appeal, make_appeal, reject, restrict
from messagecenter.moderation.statements import explain
from messagecenter.notices.dispatch import deliver_due
from messagecenter.policy.models import Decision
from messagecenter.threads.words import read_body

from .conftest import message_of

pytestmark = pytest.mark.django_db


def test_statement_quotes_the_senders_words_and_names_the_rule(blocked, seller, watchwords):
    told = explain(blocked, seller)
    [quote] = told.quotes
    assert (quote.words, quote.place) == ("blockword", "")
    assert quote.rule.url == f"/policy/?version={watchwords.number}#{quote.rule.id}"
    assert [rule.id for rule in told.rules] == blocked.rules
    assert "not delivered" in told.title
    assert "automatically" in told.means
    assert told.may_appeal
    assert told.appeal_until == blocked.made_at + timedelta(days=180)
    assert told.message_url.endswith(f"#message-{blocked.message_id}")


def test_spans_count_characters_of_the_text_as_typed(held, seller):
    [finding] = held.findings
    assert read_body(message_of(held))[finding["start"] : finding["end"]] == "holdword"


def test_held_message_says_until_when_and_cannot_be_appealed_yet(held, seller):
    told = explain(held, seller)
    assert "being checked" in told.title
    assert not told.may_appeal
    assert "A person will look" in told.why_no_appeal


def test_rejected_message_says_that_a_person_decided_and_why(held, seller, moderator):
    reject(by=moderator, decision=held, answer="Advertising, Kartoffel.")
    told = explain(Decision.objects.get(pk=held.pk), seller)
    assert told.title == "Your message was not delivered"
    assert "A person looked at it" in told.means
    assert told.answer == "Advertising, Kartoffel."
    assert told.may_appeal


def test_approved_message_leaves_nothing_to_appeal(held, seller, moderator):
    approve(by=moderator, decision=held, mistaken=True)
    told = explain(Decision.objects.get(pk=held.pk), seller)
    assert told.title == "Your message was delivered"
    assert not told.may_appeal


def test_hidden_words_can_be_appealed(hidden, seller):
    told = explain(hidden, seller)
    assert told.title == "Your message was delivered with words hidden"
    assert [quote.words for quote in told.quotes] == ["hideword"]
    assert told.may_appeal


def test_words_in_a_file_and_its_name_are_quoted_with_their_place(post, seller):
    decision = post("Please see the file.", file=("blockword.txt", b"Inside stands blockword as well."))
    told = explain(decision, seller)
    assert {(quote.words, quote.place) for quote in told.quotes} == {
        ("blockword", "in a file"),
        ("blockword", "in a file’s name"),
    }


def test_viewer_reads_and_cannot_appeal(blocked, viewer):
    told = explain(blocked, viewer)
    assert told.quotes
    assert not told.may_appeal


def test_time_to_appeal_ends(blocked, seller):
    Decision.objects.filter(pk=blocked.pk).update(made_at=timezone.now() - timedelta(days=181))
    told = explain(Decision.objects.get(pk=blocked.pk), seller)
    assert not told.may_appeal
    assert "has passed" in told.why_no_appeal


def page(signed_in, person, address):
    return signed_in(person).get(address)


def test_only_the_senders_mailbox_sees_it(
    blocked, signed_in, seller, viewer, buyer, other_seller, supporter, django_assert_max_num_queries
):
    address = f"/messages/decisions/{blocked.pk}/"
    with django_assert_max_num_queries(40):
        shown = page(signed_in, seller, address)
    assert shown.status_code == 200
    assert "blockword" in shown.content.decode()
    assert page(signed_in, viewer, address).status_code == 200
    foreign = [page(signed_in, person, address) for person in (buyer, other_seller, supporter)]
    missing = page(signed_in, buyer, f"/messages/decisions/{blocked.message_id}/")
    assert [one.status_code for one in [*foreign, missing]] == [404] * 4
    assert [one for one in foreign if "blockword" in one.content.decode()] == []


def test_list_shows_own_decisions_without_words(blocked, held, signed_in, seller, buyer):
    shown = page(signed_in, seller, "/messages/decisions/").content.decode()
    assert shown.count("statement-link") == 2
    assert [word for word in ("blockword", "Pfifferling", "Steinpilz") if word in shown] == []
    assert "statement-link" not in page(signed_in, buyer, "/messages/decisions/").content.decode()


def test_list_is_paged_without_losing_one(post, signed_in, seller, monkeypatch):
    monkeypatch.setattr("messagecenter.moderation.views.PAGE_ROWS", 2)
    made = {str(post(f"blockword {number}").pk) for number in range(5)}
    seen, address = set(), "/messages/decisions/"
    browser = signed_in(seller)
    while address:
        context = browser.get(address).context
        seen |= {row["url"].split("/")[-2] for row in context["rows"]}
        address = f"/messages/decisions/{context['next_url']}" if context["next_url"] else ""
    assert seen == made
    assert browser.get("/messages/decisions/?after=nonsense").status_code == 404


@pytest.mark.parametrize("language", ["en", "de"])
def test_letter_names_the_rule_and_never_the_words(blocked, seller, language):
    seller.language = language
    seller.save(update_fields=["language"])
    deliver_due()
    [letter] = [one for one in mail.outbox if f"/messages/decisions/{blocked.pk}/" in one.body]
    html = str(letter.alternatives[0][0])
    assert letter.to == [seller.email]
    assert all(f"#{rule}" in letter.body and f"#{rule}" in html for rule in blocked.rules)
    assert [word for word in ("blockword", "Pfifferling") if word in letter.body + html + letter.subject] == []


def test_no_letter_says_that_a_message_is_held_once_it_was_delivered(held, moderator, seller):
    approve(by=moderator, decision=held, mistaken=True)
    deliver_due()
    assert [one.subject for one in mail.outbox if seller.email in one.to and "checked" in one.subject] == []


def test_rejection_is_told_once_more(held, moderator, seller):
    deliver_due()
    reject(by=moderator, decision=held, answer="Advertising, Kartoffel.")
    deliver_due()
    letters = [one for one in mail.outbox if f"/messages/decisions/{held.pk}/" in one.body]
    assert len(letters) == 2
    assert "A person looked at it" in letters[1].body
    assert [word for word in ("holdword", "Steinpilz", "Kartoffel") if word in letters[1].body] == []


def test_who_left_the_mailbox_is_not_told(blocked, seller, shop):
    shop.memberships.filter(user=seller).delete()
    deliver_due()
    assert [one for one in mail.outbox if seller.email in one.to] == []


def test_appeal_stands_in_the_statement(blocked, seller):
    make_appeal(by=seller, decision=blocked, words="It is a lamp’s name.")
    told = explain(blocked, seller)
    assert told.appeal_words == "It is a lamp’s name."
    assert not told.may_appeal


def test_after_a_reversal_the_old_reason_no_longer_counts(held, seller, moderator, second, signed_in):
    reject(by=moderator, decision=held, answer="Kartoffel is advertising.")
    settled = Decision.objects.get(pk=held.pk)
    address = f"/messages/decisions/{held.pk}/"
    before = page(signed_in, seller, address).content.decode()
    assert "The reason given:" in before
    appeal = make_appeal(by=seller, decision=settled, words="It is not.")
    decide_appeal(by=second, appeal=appeal, reverse=True, answer="Kartoffel is a vegetable.")
    after = page(signed_in, seller, address).content.decode()
    assert "The reason given:" not in after
    old = after.index("The reason of the earlier decision, which no longer counts:")
    final = after.index("The answer to your appeal, which is final here:")
    assert old < after.index("Kartoffel is advertising.") < final < after.index("Kartoffel is a vegetable.")


def test_statement_says_where_it_applies_what_the_rule_covers_and_what_to_do(
    blocked, held, moderator, seller, signed_in
):
    shown = page(signed_in, seller, f"/messages/decisions/{blocked.pk}/").content.decode()
    [rule] = explain(blocked, seller).rules
    assert "everywhere on this marketplace" in shown
    assert rule.covers
    assert rule.advice
    assert escape(rule.covers) in shown
    assert escape(rule.advice) in shown
    approve(by=moderator, decision=held, mistaken=True)
    delivered = page(signed_in, seller, f"/messages/decisions/{held.pk}/").content.decode()
    assert "everywhere on this marketplace" not in delivered


def test_restrictions_stand_among_the_decisions(moderator, shop, seller, buyer, other_seller, signed_in):
    restrict(by=moderator, mailbox=shop, days=3, rule="marketing.promotion", explanation="Kartoffel, twice.")
    shown = page(signed_in, seller, "/messages/decisions/").content.decode()
    assert "Kartoffel, twice." in shown
    assert "#marketing.promotion" in shown
    assert "in force" in shown
    assert "the marketplace’s support" in shown
    for person in (buyer, other_seller):
        assert "Kartoffel" not in page(signed_in, person, "/messages/decisions/").content.decode()


@pytest.mark.parametrize(
    ("body", "can_change"), [("A blockword", True), ("A holdword", False), ("A hideword in it", False)]
)
def test_only_what_was_not_delivered_can_be_changed_and_sent_again(post, body, can_change):
    """What a person still checks, or what has gone out with words hidden, is not the writer's to change."""
    decision = post(body)
    deliver_due()
    [letter] = [one for one in mail.outbox if f"/messages/decisions/{decision.pk}/" in one.body]
    assert ("change the message and send it again" in str(letter.body)) is can_change
