"""Nobody decides on a message of their own, or of a mailbox they belong to."""

from __future__ import annotations

import pytest

from messagecenter.accounts.models import Membership
from messagecenter.moderation.actions import approve, decide_appeal, make_appeal, reject, reject_many
from messagecenter.moderation.refused import SamePerson
from messagecenter.policy.models import Decision
from messagecenter.threads.models import Message

from .conftest import message_of

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["author", "member"])
def party(request, held, moderator, shop):
    """The moderator, who wrote the message or works for its mailbox."""
    if request.param == "author":
        Decision.objects.filter(pk=held.pk).update(author=moderator)
    else:
        Membership.objects.create(user=moderator, mailbox=shop, role="viewer")
    return moderator


def test_own_message_is_left_to_somebody_else(held, party, second):
    with pytest.raises(SamePerson):
        approve(by=party, decision=held, mistaken=True)
    with pytest.raises(SamePerson):
        reject(by=party, decision=held, answer="No.")
    assert message_of(held).state == Message.State.HELD
    approve(by=second, decision=held, mistaken=True)
    assert message_of(held).state == Message.State.DELIVERED


def test_own_messages_are_left_out_of_many(held, post, party, shop, moderator):
    other = post("holdword again")
    Membership.objects.filter(user=moderator, mailbox=shop).delete()
    Decision.objects.filter(pk=held.pk).update(author=moderator)
    assert reject_many(by=party, ids=[held.pk, other.pk], answer="Obvious spam.") == 1
    assert [message_of(one).state for one in (held, other)] == ["held", "blocked"]


def test_desk_says_so_instead_of_the_buttons(held, party, desk):
    shown = desk.get(f"/admin/moderation/desk/held/{held.pk}/").content.decode()
    assert "your own mailbox" in shown
    assert 'value="approve"' not in shown
    tried = desk.post(f"/admin/moderation/desk/held/{held.pk}/decide/", {"do": "approve"}, follow=True)
    assert "your own mailbox" in tried.content.decode()
    assert message_of(held).state == Message.State.HELD


def test_appeal_of_ones_own_mailbox_is_left_to_somebody_else(blocked, seller, moderator, shop):
    appeal = make_appeal(by=seller, decision=blocked)
    Membership.objects.create(user=moderator, mailbox=shop, role="viewer")
    with pytest.raises(SamePerson):
        decide_appeal(by=moderator, appeal=appeal, reverse=True)
    assert message_of(blocked).state == Message.State.BLOCKED
