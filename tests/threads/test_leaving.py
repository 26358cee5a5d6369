"""Who leaves a team leaves nothing assigned behind: in the same transaction, with counters right, there alone."""

from __future__ import annotations

import pytest

from messagecenter.accounts.actions import LastOwner, NotAllowed, remove_member, remove_member_as_staff
from messagecenter.accounts.models import Membership, Role
from messagecenter.live.models import Event
from messagecenter.threads import actions
from messagecenter.threads.actions import emptying
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.models import Entry
from tests.factories import MembershipFactory, ProductFactory
from tests.threads.shelves import counts_of, drifted, shelve

pytestmark = pytest.mark.django_db


@pytest.fixture
def assign(shop, seller):
    """Return how threads of the shop are given to a member."""

    def do(member, threads, mailbox=shop, by=seller):
        filing = Filing(Verb.ASSIGN, str(member.pk))
        actions.file_threads(by=by, mailbox=mailbox, threads=[one.pk for one in threads], filing=filing)

    return do


@pytest.fixture
def mine(shop, buyer_mailbox, assign, seller, agent):
    """Seven threads, five of the agent's, two of the owner's; two of the agent's are archived and thrown away."""
    threads = shelve(shop, buyer_mailbox, ProductFactory(shop=shop), 7, unread=1)
    assign(agent, threads[:5])
    assign(seller, threads[5:])
    for verb, thread in ((Verb.ARCHIVE, threads[0]), (Verb.TRASH, threads[1])):
        actions.file_threads(by=seller, mailbox=shop, threads=[thread.pk], filing=Filing(verb))
    return threads


def assigned(mailbox, person):
    return Entry.objects.filter(mailbox=mailbox, assignee=person).count()


@pytest.mark.parametrize("way", ["removed", "leaves", "by staff"])
@pytest.mark.parametrize("batch", [500, 2])
def test_threads_and_counters_are_given_back_at_once(
    mine, shop, seller, agent, admin, buyer_mailbox, way, batch, monkeypatch
):
    monkeypatch.setattr(emptying, "MOST_AT_ONCE", batch)
    assert counts_of(shop)[f"mine:{agent.pk.hex}"] == [3, 0, 3]
    membership = agent.memberships.get(mailbox=shop)
    if way == "by staff":
        remove_member_as_staff(membership=membership, by=admin)
    else:
        remove_member(membership=membership, by=agent if way == "leaves" else seller)
    assert (assigned(shop, agent), assigned(shop, seller)) == (0, 2)
    assert f"mine:{agent.pk.hex}" not in counts_of(shop)
    assert counts_of(shop)[f"mine:{seller.pk.hex}"] == [2, 0, 2]
    assert drifted(shop, buyer_mailbox) == []
    assert actions.clear_assignments() == 0  # nothing is left for the night
    assert {one.mailbox_id for one in Event.objects.filter(kind__in=("list", "thread")).order_by("-pk")[:5]} == {
        shop.pk
    }


def test_what_the_member_has_in_another_team_stays(mine, shop, seller, agent, other_seller, buyer_mailbox, assign):
    other_shop = other_seller.mailboxes.get()
    MembershipFactory(user=agent, mailbox=other_shop, role=Role.AGENT)
    theirs = shelve(other_shop, buyer_mailbox, ProductFactory(shop=other_shop), 3)
    assign(agent, theirs, other_shop, other_seller)
    remove_member(membership=agent.memberships.get(mailbox=shop), by=seller)
    assert (assigned(shop, agent), assigned(other_shop, agent)) == (0, 3)
    assert counts_of(other_shop)[f"mine:{agent.pk.hex}"] == [0, 0, 3]
    assert drifted(shop, other_shop, buyer_mailbox) == []


def test_who_may_not_be_removed_keeps_everything(mine, shop, seller, agent, viewer):
    for membership, by, problem in [
        (agent.memberships.get(), viewer, NotAllowed),
        (seller.memberships.get(), seller, LastOwner),
    ]:
        with pytest.raises(problem):
            remove_member(membership=membership, by=by)
    assert (assigned(shop, agent), assigned(shop, seller)) == (5, 2)


def test_all_or_nothing(mine, shop, seller, agent, monkeypatch):
    """When the threads cannot be given back, the member has not left either."""
    from messagecenter.accounts import leaving

    def fails(mailbox_id, user_id):
        raise RuntimeError

    leaving.register("a room that fails", fails)
    try:
        with pytest.raises(RuntimeError):
            remove_member(membership=agent.memberships.get(), by=seller)
    finally:
        leaving._farewells.pop("a room that fails")
    assert Membership.objects.filter(user=agent).exists()
    assert assigned(shop, agent) == 5
    assert counts_of(shop)[f"mine:{agent.pk.hex}"] == [3, 0, 3]
