"""What differs between two versions of the policy, in words: in full for staff, without an operator's lists for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .detection.surroundings import Pattern, Term
from .rulebook import category_title, entry
from .rules import AREAS, CATEGORIES, Action, AfterHold, Row, Rules

ACTIONS: dict[Action, Promise] = {
    Action.ALLOW: pgettext_lazy("policy", "delivered"),
    Action.WARN: pgettext_lazy("policy", "delivered once the writer has confirmed"),
    Action.REDACT: pgettext_lazy("policy", "delivered with the words hidden"),
    Action.REVIEW: pgettext_lazy("policy", "checked by a person first"),
    Action.BLOCK: pgettext_lazy("policy", "not delivered"),
}
AFTER_HOLD: dict[AfterHold, Promise] = {
    AfterHold.ALARM: _("stays held, and an alarm is raised"),
    AfterHold.DELIVER: _("is delivered"),
    AfterHold.KEEP: _("stays held"),
}
ROLES: dict[str, Promise] = {
    "buyer": pgettext_lazy("policy", "buyer"),
    "seller": pgettext_lazy("policy", "seller"),
    "support": pgettext_lazy("policy", "support"),
}
CONTEXTS: dict[str, Promise] = {
    "order": pgettext_lazy("policy", "order"),
    "inquiry": pgettext_lazy("policy", "question about a product"),
    "case": pgettext_lazy("policy", "case with support"),
}


@dataclass(frozen=True)
class Difference:
    """One thing that was changed; an empty ``before`` was added, an empty ``after`` was removed."""

    what: str
    before: str
    after: str


def differences(before: Rules, after: Rules, *, in_full: bool = True) -> list[Difference]:
    """Return what ``after`` says otherwise than ``before``, in the reader's language.

    Not ``in_full``, an operator's words and patterns are counted only: shown to all, they would teach the way round.
    """
    found = _settings(before, after) + _mapping(before, after)
    old, new = before.lists, after.lists
    found += _set(gettext("Allowed site"), sorted(old.allowed_domains), sorted(new.allowed_domains))
    found += _set(gettext("Rule switched off"), sorted(old.switched_off), sorted(new.switched_off))
    for what, were, now in (
        (gettext("Exception"), old.exceptions, new.exceptions),
        (gettext("Word or phrase"), map(_term, old.terms), map(_term, new.terms)),
        (gettext("Pattern"), map(_pattern, old.patterns), map(_pattern, new.patterns)),
    ):
        listed = _set(what, were, now)
        found += listed if in_full else _counted(what, listed)
    return found


def what_label(what: str) -> str:
    """Return what a mapping row speaks about, in words."""
    if not what:
        return gettext("Everything")
    if what in CATEGORIES:
        return category_title(what)
    if what in AREAS:
        return gettext("All rules %(area)s.…") % {"area": what}
    return f"{entry(what).title} ({what})"


def _settings(before: Rules, after: Rules) -> list[Difference]:
    told = [
        (gettext("Longest hold in hours"), before.hold_hours, after.hold_hours),
        (
            gettext("A message nobody looked at in time"),
            AFTER_HOLD[before.after_hold],
            AFTER_HOLD[after.after_hold],
        ),
        (gettext("Days to appeal"), before.appeal_days, after.appeal_days),
        (
            gettext("Days after an order’s completion in which a seller may write first"),
            before.proactive.days_after_completion,
            after.proactive.days_after_completion,
        ),
        (
            gettext("Messages a day that every seller may begin"),
            before.proactive.per_day_floor,
            after.proactive.per_day_floor,
        ),
        (
            gettext("Messages a day that a seller may begin, times the average daily orders"),
            before.proactive.per_day_factor,
            after.proactive.per_day_factor,
        ),
    ]
    return [Difference(what, str(old), str(new)) for what, old, new in told if str(old) != str(new)]


def _mapping(before: Rules, after: Rules) -> list[Difference]:
    old = {_key(row): row for row in before.mapping}
    new = {_key(row): row for row in after.mapping}
    return [
        Difference(
            _row(old.get(key) or new[key]),
            str(ACTIONS[old[key].action]) if key in old else "",
            str(ACTIONS[new[key].action]) if key in new else "",
        )
        for key in [*old, *(key for key in new if key not in old)]
        if key not in old or key not in new or old[key].action != new[key].action
    ]


def _key(row: Row) -> tuple[object, ...]:
    return (row.what, row.min_confidence, *row.conditions)


def _row(row: Row) -> str:
    """Return a mapping row without its action, for example "Advertising, from 0.80; seller; order"."""
    parts = [gettext("%(what)s, from %(confidence)s") % {"what": what_label(row.what), "confidence": _two(row)}]
    parts += [", ".join(str(ROLES[one]) for one in sorted(row.sender_roles))]
    parts += [", ".join(str(CONTEXTS[one]) for one in sorted(row.contexts))]
    parts += [", ".join(sorted(row.topics)), ", ".join(sorted(row.order_states))]
    return "; ".join(part for part in parts if part)


def _two(row: Row) -> str:
    return f"{row.min_confidence:.2f}"


def _term(term: Term) -> str:
    return f"{term.text} ({', '.join([category_title(term.category), f'{term.confidence:.2f}', term.language or '*'])})"


def _pattern(pattern: Pattern) -> str:
    return f"{pattern.name}: {pattern.expression} ({category_title(pattern.category)}, {pattern.confidence:.2f})"


def _set(what: str, before: Iterable[str], after: Iterable[str]) -> list[Difference]:
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    gone = [Difference(what, one, "") for one in old if one not in new]
    return gone + [Difference(what, "", one) for one in new if one not in old]


def _counted(what: str, listed: list[Difference]) -> list[Difference]:
    if not listed:
        return []
    gone, added = sum(1 for one in listed if one.before), sum(1 for one in listed if one.after)
    before = gettext("%(count)d removed") % {"count": gone} if gone else ""
    return [Difference(what, before, gettext("%(count)d added") % {"count": added} if added else "")]
