"""Filing rules: made, changed, put into order, switched and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from messagecenter.accounts.models import Mailbox, User

from ..models import FilingRule
from ..refused import NothingAsked, NothingDone, TooManyRules
from ..rules import Conditions
from .owning import clean_name, hold, shifted

Outcomes = Sequence[dict[str, Any]]


@transaction.atomic
def create_rule(
    *, by: User, mailbox: Mailbox, name: str, conditions: Conditions, outcomes: Outcomes, is_active: bool = True
) -> FilingRule:
    """Make a rule; it is asked last. What the outcomes name is the caller's to check.

    Raises PermissionDenied, and what ``refused`` names: a wrong name, NothingAsked, NothingDone, TooManyRules.
    """
    hold(mailbox, by)
    rules = list(FilingRule.objects.of_mailbox(mailbox))
    if len(rules) >= FilingRule.MOST_IN_A_MAILBOX:
        raise TooManyRules(FilingRule.MOST_IN_A_MAILBOX)
    name = clean_name(name, most=FilingRule.LONGEST_NAME, others=[rule.name for rule in rules])
    _require_sense(conditions, outcomes)
    return FilingRule.objects.create(
        mailbox=mailbox,
        name=name,
        position=rules[-1].position + 1 if rules else 0,
        is_active=is_active,
        conditions=conditions.as_data(),
        outcomes=list(outcomes),
    )


@transaction.atomic
def change_rule(
    *, by: User, rule: FilingRule, name: str, conditions: Conditions, outcomes: Outcomes, is_active: bool
) -> FilingRule:
    """Change a rule; a broken one is whole again. Raises what ``create_rule`` raises, and FilingRule.DoesNotExist."""
    hold(rule.mailbox, by)
    rules = {one.pk: one for one in FilingRule.objects.of_mailbox(rule.mailbox)}
    if rule.pk not in rules:
        raise FilingRule.DoesNotExist
    now = rules.pop(rule.pk)
    now.name = clean_name(name, most=FilingRule.LONGEST_NAME, others=[one.name for one in rules.values()])
    _require_sense(conditions, outcomes)
    now.conditions, now.outcomes = conditions.as_data(), list(outcomes)
    now.is_active, now.is_broken = is_active, False
    now.save(update_fields=["name", "conditions", "outcomes", "is_active", "is_broken"])
    return now


@transaction.atomic
def switch_rule(*, by: User, rule: FilingRule, is_active: bool) -> None:
    """Switch a rule on or off. Raises PermissionDenied."""
    hold(rule.mailbox, by)
    FilingRule.objects.filter(pk=rule.pk).update(is_active=is_active)


@transaction.atomic
def move_rule(*, by: User, rule: FilingRule, up: bool) -> None:
    """Let a rule be asked before its neighbour above, or after the one below. At the end nothing changes."""
    hold(rule.mailbox, by)
    shifted(FilingRule.objects.of_mailbox(rule.mailbox), rule, up=up)


@transaction.atomic
def delete_rule(*, by: User, rule: FilingRule) -> None:
    """Delete a rule. What it did stays. Raises PermissionDenied."""
    hold(rule.mailbox, by)
    FilingRule.objects.filter(pk=rule.pk).delete()


def mark_broken(*, rule: FilingRule) -> None:
    """Write down that a rule names something that is gone; it is not asked again before somebody changes it."""
    FilingRule.objects.filter(pk=rule.pk, is_broken=False).update(is_broken=True)


def _require_sense(conditions: Conditions, outcomes: Outcomes) -> None:
    if conditions.is_empty:
        raise NothingAsked
    if not outcomes:
        raise NothingDone
