"""A mailbox's own rules: on arrival, late, applied to what is there; they never stop a message, nor undo people."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messagecenter.filing.actions import (
    change_rule,
    create_folder,
    create_label,
    create_rule,
    delete_rule,
    move_rule,
    remove_folder,
    switch_rule,
)
from messagecenter.filing.models import FilingRule
from messagecenter.filing.refused import NothingAsked, NothingDone, TooManyRules
from messagecenter.filing.rules import Conditions
from messagecenter.ids import new_id
from messagecenter.policy.models import Decision
from messagecenter.threads.actions import advance, file_threads, open_thread, release_message, start_run, undo_run
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.matching import matching_run
from messagecenter.threads.models import Entry, Message, Place, Priority
from tests.threads.shelves import counts_of, drifted, sees
from tests.threads.writing import reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(seller, shop):
    """Return how the shop makes a rule."""

    def make(conditions, *filings, name=""):
        outcomes = [Filing(verb, str(value)).as_data() for verb, value in filings]
        name = name or f"Rule {FilingRule.objects.count()}"
        return create_rule(by=seller, mailbox=shop, name=name, conditions=conditions, outcomes=outcomes)

    return make


@pytest.fixture
def write(buyer, buyer_mailbox, order, seller, shop):
    """Return how Anna opens a thread; gives the shop's entry."""

    def do(body="Where is it?", subject="My lamp", topic="where_is_it"):
        posted = open_thread(
            by=buyer,
            mailbox=buyer_mailbox,
            order=order,
            topic=topic,
            subject=subject,
            body=body,
            client_id=new_id(),
        )
        return Entry.objects.filter(thread=posted.thread, mailbox=shop).first()

    return do


def test_what_arrives_is_filed_by_itself_and_only_for_the_receiver(
    rule, write, seller, agent, shop, buyer_mailbox, buyer, signed_in
):
    plain = write()
    theirs = sees(signed_in(buyer), f"/messages/{plain.thread_id}/")
    folder, label = (
        create_folder(by=seller, mailbox=shop, name="Delivery"),
        create_label(by=seller, mailbox=shop, name="W"),
    )
    rule(
        Conditions(topic="where_is_it", words=("lamp",)),
        (Verb.MOVE, folder.pk),
        (Verb.LABEL, label.pk),
        (Verb.PRIORITY, 2),
        (Verb.ASSIGN, agent.pk),
        (Verb.STAR, ""),
    )
    entry = write()
    assert (entry.place, entry.folder, entry.priority) == (Place.INBOX, folder, Priority.HIGH)
    assert (entry.assignee, entry.is_starred, list(entry.labels.all())) == (agent, True, [label])
    other = Entry.objects.get(thread=entry.thread_id, mailbox=buyer_mailbox)
    assert (other.folder, other.priority, other.is_starred, other.assignee) == (None, Priority.NORMAL, False, None)
    assert counts_of(shop)[f"folder:{folder.pk.hex}"] == [1, 1, 1]
    assert drifted(shop, buyer_mailbox) == []
    assert sees(signed_in(buyer), f"/messages/{plain.thread_id}/") == theirs


def test_later_messages_are_asked_too_by_what_the_reader_reads(
    rule, write, seller, shop, buyer, buyer_mailbox, watchwords
):
    label = create_label(by=seller, mailbox=shop, name="Refund")
    hidden = create_label(by=seller, mailbox=shop, name="Hidden")
    rule(Conditions(words=("refund",)), (Verb.LABEL, label.pk))
    rule(Conditions(words=("hideword",)), (Verb.LABEL, hidden.pk))
    entry = write()
    assert list(entry.labels.all()) == []
    # What the policy hid from the reader is hidden from the reader's rules as well.
    reply(buyer, buyer_mailbox, entry.thread, "I want a Refund, hideword")
    assert list(entry.labels.all()) == [label]
    # The shop's own words are nobody's arrival.
    second = write()
    reply(seller, shop, second.thread, "You get a refund")
    assert list(second.labels.all()) == []
    assert drifted(shop, buyer_mailbox) == []


def test_a_message_that_was_held_is_filed_when_it_is_delivered(
    rule, write, seller, admin, shop, buyer_mailbox, watchwords
):
    folder = create_folder(by=seller, mailbox=shop, name="Checked")
    rule(Conditions(words=("lamp",)), (Verb.MOVE, folder.pk))
    assert write(body="A lamp with holdword") is None
    release_message(by=admin, decision=Decision.objects.get(measure=Decision.Measure.HELD))
    assert Entry.objects.get(mailbox=shop).folder == folder
    assert drifted(shop, buyer_mailbox) == []


def test_rules_leave_alone_what_people_did(rule, write, seller, agent, shop, buyer, buyer_mailbox):
    entry = write()
    mine, rules = create_folder(by=seller, mailbox=shop, name="Mine"), create_folder(by=seller, mailbox=shop, name="R")
    for verb, value in ((Verb.MOVE, mine.pk), (Verb.ASSIGN, seller.pk), (Verb.PRIORITY, 4)):
        file_threads(by=seller, mailbox=shop, threads=[entry.thread_id], filing=Filing(verb, str(value)))
    rule(Conditions(topic="where_is_it"), (Verb.MOVE, rules.pk), (Verb.ASSIGN, agent.pk), (Verb.PRIORITY, 1))
    reply(buyer, buyer_mailbox, entry.thread, "Anything new?")
    entry.refresh_from_db()
    assert (entry.folder, entry.assignee, entry.priority) == (mine, seller, Priority.LOW)


def test_rules_are_asked_in_their_order_and_the_first_that_moves_wins(rule, write, seller, agent, shop):
    first, second = (create_folder(by=seller, mailbox=shop, name=name) for name in ("First", "Second"))
    one = rule(Conditions(topic="where_is_it"), (Verb.MOVE, first.pk), (Verb.PRIORITY, 1))
    two = rule(Conditions(words=("lamp",)), (Verb.MOVE, second.pk), (Verb.PRIORITY, 2), (Verb.STAR, ""))
    entry = write()
    assert (entry.folder, entry.priority, entry.is_starred) == (first, Priority.URGENT, True)
    move_rule(by=agent, rule=two, up=True)
    move_rule(by=agent, rule=two, up=True)
    assert write().folder == second
    switch_rule(by=agent, rule=two, is_active=False)
    assert write().folder == first
    delete_rule(by=agent, rule=one)
    assert write().folder is None


@pytest.mark.parametrize("trouble", ["folder", "member", "nonsense"])
def test_a_broken_rule_never_stops_a_message(rule, write, seller, agent, shop, buyer_mailbox, signed_in, trouble):
    folder, label = create_folder(by=seller, mailbox=shop, name="Gone"), create_label(by=seller, mailbox=shop, name="L")
    broken = rule(
        Conditions(topic="where_is_it"), (Verb.MOVE, folder.pk), (Verb.ASSIGN, agent.pk), (Verb.STAR, ""), name="Broken"
    )
    rule(Conditions(topic="where_is_it"), (Verb.LABEL, label.pk), name="Whole")
    if trouble == "folder":
        remove_folder(by=seller, folder=folder, goes_to="inbox")
    elif trouble == "member":
        agent.memberships.all().delete()
    else:
        FilingRule.objects.filter(pk=broken.pk).update(outcomes=[{"verb": "explode", "value": ""}])
    entry = write()
    assert (entry.folder, entry.is_starred, list(entry.labels.all())) == (None, False, [label])
    assert list(FilingRule.objects.filter(is_broken=True)) == [broken]
    assert drifted(shop, buyer_mailbox) == []
    if trouble != "nonsense":
        assert "is gone" in signed_in(seller).get("/messages/rules/").content.decode()
    change_rule(
        by=seller,
        rule=broken,
        name="Whole again",
        conditions=Conditions(topic="where_is_it"),
        outcomes=[Filing(Verb.STAR).as_data()],
        is_active=True,
    )
    assert write().is_starred is True


def test_a_rule_that_cannot_even_be_read_never_stops_a_message(rule, write, shop, buyer_mailbox):
    odd = rule(Conditions(topic="where_is_it"), (Verb.STAR, ""))
    FilingRule.objects.filter(pk=odd.pk).update(conditions={"words": [7]})
    entry = write()
    assert (entry.is_starred, entry.unread) == (False, 1)
    assert drifted(shop, buyer_mailbox) == []


def test_a_rule_is_applied_to_what_is_there_and_undone(rule, write, seller, agent, shop, buyer, buyer_mailbox):
    asked = write(body="Nothing special")
    reply(buyer, buyer_mailbox, asked.thread, "Please send the Quittung")
    own = write(body="Nothing special")
    reply(seller, shop, own.thread, "Here is the Quittung")
    folder, label = (
        create_folder(by=seller, mailbox=shop, name="Receipts"),
        create_label(by=seller, mailbox=shop, name="R"),
    )
    receipts = rule(Conditions(words=("quittung",)), (Verb.MOVE, folder.pk), (Verb.LABEL, label.pk))
    begun = counts_of(shop)
    run = start_run(by=agent, mailbox=shop, query={"box": "all"}, rule=receipts)
    assert advance(run_id=run.pk, matching=matching_run) is False
    run.refresh_from_db()
    assert (run.state, run.looked_at, run.done) == ("done", 2, 1)
    asked.refresh_from_db()
    assert (asked.folder, list(asked.labels.all())) == (folder, [label])
    assert drifted(shop, buyer_mailbox) == []
    undo_run(by=seller, run=run)
    asked.refresh_from_db()
    assert (asked.folder, list(asked.labels.all()), counts_of(shop)) == (None, [], begun)


def test_a_run_of_a_rule_that_is_broken_or_deleted_stops(rule, write, seller, shop):
    write()
    folder = create_folder(by=seller, mailbox=shop, name="Gone")
    broken, deleted = (rule(Conditions(topic="where_is_it"), (Verb.MOVE, folder.pk)) for _ in range(2))
    runs = [start_run(by=seller, mailbox=shop, query={"box": "all"}, rule=one) for one in (broken, deleted)]
    remove_folder(by=seller, folder=folder, goes_to="inbox")
    delete_rule(by=seller, rule=deleted)
    for run in runs:
        advance(run_id=run.pk, matching=matching_run)
        run.refresh_from_db()
        assert (run.state, run.done) == ("stopped", 0)
    broken.refresh_from_db()
    assert broken.is_broken is True


def test_a_rule_asks_and_does_something_and_there_are_fifty_at_most(rule, seller, shop):
    with pytest.raises(NothingAsked):
        rule(Conditions(), (Verb.STAR, ""))
    with pytest.raises(NothingDone):
        rule(Conditions(topic="invoice"))
    FilingRule.objects.bulk_create(FilingRule(mailbox=shop, name=f"{number}") for number in range(50))
    with pytest.raises(TooManyRules) as problem:
        rule(Conditions(topic="invoice"), (Verb.STAR, ""))
    assert "50" in str(problem.value.sentence)


def test_mailboxes_without_rules_pay_nothing_for_them(write, buyer, buyer_mailbox):
    entry = write()
    with CaptureQueriesContext(connection) as queries:
        reply(buyer, buyer_mailbox, entry.thread, "Once more")
    assert [
        one for one in queries if one["sql"].startswith("SELECT") and 'FROM "filing_filingrule"' in one["sql"][:400]
    ] == []
    assert Message.objects.count() == 2
