"""Publishing, restricting and blocking: who may, and what comes of it."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.policy import versions
from messagecenter.policy.actions import (
    Overtaken,
    OwnMailbox,
    SupportCannotBeBlocked,
    Unchanged,
    block_sender,
    lift_restriction,
    publish_version,
    restrict,
    unblock_sender,
)
from messagecenter.policy.models import BlockedSender, PolicyVersion, Restriction
from messagecenter.policy.rules import RulesError
from tests.factories import MailboxFactory

pytestmark = pytest.mark.django_db


def content(**changes):
    return copy.deepcopy(versions.SHIPPED_CONTENT) | changes


@pytest.fixture
def moderator(supporter: User) -> User:
    """Support staff who decide on messages, but not on the policy."""
    supporter.user_permissions.add(Permission.objects.get(codename="moderate"))
    return User.objects.get(pk=supporter.pk)


def test_publishing_puts_the_next_version_in_force(admin):
    versions.current()
    version = publish_version(by=admin, content=content(hold_hours=6), note=" longer ", base=1)
    assert (version.number, version.note, version.published_by) == (2, "longer", admin)
    assert versions.current()[1].hold_hours == 6
    assert PolicyVersion.objects.get(number=1).content == versions.SHIPPED_CONTENT


def test_publishing_needs_the_permission(supporter, moderator, seller):
    for person in (supporter, moderator, seller):
        with pytest.raises(PermissionDenied):
            publish_version(by=person, content=content(hold_hours=6), note="x")
    assert not PolicyVersion.objects.exists()


def test_nothing_wrong_unchanged_or_overtaken_is_published(admin):
    versions.current()
    with pytest.raises(RulesError):
        publish_version(by=admin, content=content(hold_hours=0), note="x")
    lists = versions.SHIPPED_CONTENT["lists"] | {
        "patterns": [{"name": "bad", "expression": "(?=a)b", "category": "abuse", "confidence": 0.9}]
    }
    with pytest.raises(RulesError, match="bad_pattern"):
        publish_version(by=admin, content=content(lists=lists), note="x")
    with pytest.raises(Unchanged):
        publish_version(by=admin, content=content(), note="x")
    publish_version(by=admin, content=content(hold_hours=6), note="x", base=1)
    with pytest.raises(Overtaken):
        publish_version(by=admin, content=content(hold_hours=7), note="x", base=1)
    assert PolicyVersion.objects.count() == 2


def test_restriction_lasts_its_days_and_can_be_lifted(moderator, shop, seller, other_seller):
    made = restrict(by=moderator, mailbox=shop, days=7, rule="marketing.coupon", explanation=" Coupons. ")
    assert made.until - made.made_at == timedelta(days=7)
    assert (made.explanation, made.made_by) == ("Coupons.", moderator)
    assert list(Restriction.objects.visible_to(seller).in_force()) == [made]
    assert not Restriction.objects.visible_to(other_seller).exists()
    lifted = lift_restriction(by=moderator, restriction=made)
    assert lifted.lifted_by == moderator
    assert not Restriction.objects.in_force().exists()
    assert lift_restriction(by=moderator, restriction=made).lifted_at == lifted.lifted_at


def test_restriction_that_has_ended_is_not_lifted(moderator, shop):
    made = restrict(by=moderator, mailbox=shop, days=1, rule="abuse.insult", explanation="x")
    Restriction.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert lift_restriction(by=moderator, restriction=made).lifted_at is None


def test_restricting_needs_the_permission_and_sane_days(moderator, supporter, seller, shop):
    plain = User.objects.get(pk=supporter.pk)
    plain.user_permissions.clear()
    for person in (User.objects.get(pk=supporter.pk), seller):
        with pytest.raises(PermissionDenied):
            restrict(by=person, mailbox=shop, days=7, rule="x.y", explanation="x")
    moderator.user_permissions.add(Permission.objects.get(codename="moderate"))
    moderator = User.objects.get(pk=moderator.pk)
    for days in (0, -1, 366):
        with pytest.raises(ValueError, match="1 to 365"):
            restrict(by=moderator, mailbox=shop, days=days, rule="x.y", explanation="x")
    made = restrict(by=moderator, mailbox=shop, days=365, rule="x.y", explanation="x")
    with pytest.raises(PermissionDenied):
        lift_restriction(by=seller, restriction=made)


def test_mailbox_blocks_and_unblocks_a_sender(buyer, buyer_mailbox, shop, seller):
    made = block_sender(by=buyer, mailbox=buyer_mailbox, sender=shop)
    assert block_sender(by=buyer, mailbox=buyer_mailbox, sender=shop) == made
    assert list(BlockedSender.objects.visible_to(buyer)) == [made]
    assert not BlockedSender.objects.visible_to(seller).exists()
    unblock_sender(by=buyer, mailbox=buyer_mailbox, sender=shop)
    unblock_sender(by=buyer, mailbox=buyer_mailbox, sender=shop)
    assert not BlockedSender.objects.exists()


def test_only_writing_members_block_and_unblock(agent, viewer, other_seller, buyer, shop, buyer_mailbox):
    made = block_sender(by=agent, mailbox=shop, sender=buyer_mailbox)
    for person in (viewer, other_seller, buyer):
        with pytest.raises(PermissionDenied):
            block_sender(by=person, mailbox=shop, sender=buyer_mailbox)
        with pytest.raises(PermissionDenied):
            unblock_sender(by=person, mailbox=shop, sender=buyer_mailbox)
    assert list(BlockedSender.objects.all()) == [made]


def test_nobody_blocks_themselves_or_support(buyer, buyer_mailbox):
    support = MailboxFactory(kind=Mailbox.Kind.SUPPORT, name="Support")
    with pytest.raises(OwnMailbox):
        block_sender(by=buyer, mailbox=buyer_mailbox, sender=buyer_mailbox)
    with pytest.raises(SupportCannotBeBlocked):
        block_sender(by=buyer, mailbox=buyer_mailbox, sender=support)
    assert not BlockedSender.objects.exists()
