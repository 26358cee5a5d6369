"""Every change to the policy, to restrictions and to blocked senders. Errors hold a sentence for the reader."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, Membership, Role, User

from .detection.operator import check_pattern
from .models import BlockedSender, PolicyVersion, Restriction
from .rules import Problem, Rules, RulesError

MOST_DAYS = 365
LONGEST_NOTE = LONGEST_EXPLANATION = 500


class NotPossible(Exception):
    """The state of things forbids a change; ``sentence`` tells the reader why."""

    sentence: str | Promise = _("That is not possible.")


class Overtaken(NotPossible):
    """Somebody published a version since this one was begun."""

    sentence = _("Somebody else published a new version meanwhile. Please begin again from that one.")


class Unchanged(NotPossible):
    """The new version says what the old one said."""

    sentence = _("Nothing is different from the version in force.")


class OwnMailbox(NotPossible):
    """A mailbox cannot block itself."""

    sentence = _("You cannot block your own mailbox.")


class SupportCannotBeBlocked(NotPossible):
    """Support must be able to reach everybody."""

    sentence = _("Support cannot be blocked: it answers your questions and tells you of decisions.")


def publish_version(*, by: User, content: Any, note: str, base: int | None = None) -> PolicyVersion:
    """Put a new version of the policy in force and return it.

    ``base`` is the number of the version it was made from: raises Overtaken when another one is in force by now. Also
    raises PermissionDenied, RulesError for a content that is none, and Unchanged.
    """
    if not by.has_perm("policy.publish_policy"):
        raise PermissionDenied
    rules = Rules.from_content(content)
    _check_patterns(rules)
    content = rules.to_content()
    try:
        with transaction.atomic():
            before = PolicyVersion.objects.select_for_update().order_by("-number").first()
            number = before.number if before else 0
            if base is not None and base != number:
                raise Overtaken
            if before and Rules.from_content(before.content).to_content() == content:
                raise Unchanged
            return PolicyVersion.objects.create(
                number=number + 1, content=content, note=note.strip()[:LONGEST_NOTE], published_by=by
            )
    except IntegrityError:  # two at once: the number is taken
        raise Overtaken from None


def restrict(*, by: User, mailbox: Mailbox, days: int, rule: str, explanation: str) -> Restriction:
    """Take from a mailbox for some days the right to write first; answers stay possible. Return the restriction.

    ``explanation`` is read by the mailbox's people. Raises PermissionDenied and ValueError for days outside 1 to 365.
    """
    if not by.has_perm("policy.moderate"):
        raise PermissionDenied
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"A restriction lasts 1 to {MOST_DAYS} days.")
    now = timezone.now()
    return Restriction.objects.create(
        mailbox=mailbox,
        rule=rule,
        explanation=explanation.strip()[:LONGEST_EXPLANATION],
        made_at=now,
        made_by=by,
        until=now + timedelta(days=days),
    )


@transaction.atomic
def lift_restriction(*, by: User, restriction: Restriction) -> Restriction:
    """End a restriction before its time and return it; one that has ended stays as it is. Raises PermissionDenied."""
    if not by.has_perm("policy.moderate"):
        raise PermissionDenied
    row = Restriction.objects.select_for_update().get(pk=restriction.pk)
    now = timezone.now()
    if row.lifted_at is None and row.until > now:
        row.lifted_at, row.lifted_by = now, by
        row.save(update_fields=["lifted_at", "lifted_by"])
    return row


def block_sender(*, by: User, mailbox: Mailbox, sender: Mailbox) -> BlockedSender:
    """Let ``mailbox`` hear no more from ``sender``; return the block, an earlier one when there is one.

    Raises PermissionDenied unless ``by`` may write for the mailbox, OwnMailbox and SupportCannotBeBlocked.
    """
    _may_write_for(by, mailbox)
    if sender.pk == mailbox.pk:
        raise OwnMailbox
    if sender.kind == Mailbox.Kind.SUPPORT:
        raise SupportCannotBeBlocked
    with transaction.atomic():
        return BlockedSender.objects.get_or_create(mailbox=mailbox, sender=sender, defaults={"made_by": by})[0]


def unblock_sender(*, by: User, mailbox: Mailbox, sender: Mailbox) -> None:
    """Let ``mailbox`` hear from ``sender`` again; twice is fine. Raises PermissionDenied as ``block_sender`` does."""
    _may_write_for(by, mailbox)
    BlockedSender.objects.filter(mailbox=mailbox, sender=sender).delete()


def _check_patterns(rules: Rules) -> None:
    """Raise RulesError for expressions that the detector could not use."""
    troubles = [check_pattern(one.expression) for one in rules.lists.patterns]
    problems = [
        Problem(("lists", "patterns", number, "expression"), "bad_pattern", {"trouble": trouble})
        for number, trouble in enumerate(troubles)
        if trouble
    ]
    if problems:
        raise RulesError(problems)


def _may_write_for(user: User, mailbox: Mailbox) -> None:
    """Raise PermissionDenied unless ``user`` is an owner or agent of ``mailbox``."""
    if not Membership.objects.filter(user=user, mailbox=mailbox, role__in=[Role.OWNER, Role.AGENT]).exists():
        raise PermissionDenied
