"""What the policy does about a finding: rules read from a version's content, and the verdict on a text's findings.

Pure: no Django, no database. A version's content is plain JSON; ``Rules`` is the same, checked and typed.

    {"release": 1,
     "mapping": [{"what": "contact_details", "min_confidence": 0.8, "sender_roles": [], "contexts": [], "topics": [],
                  "order_states": [], "action": "block", "why": ""}, …],
     "hold_hours": 4, "after_hold": "alarm", "appeal_days": 180,
     "proactive": {"days_after_completion": 30, "per_day_floor": 50, "per_day_factor": 5},
     "lists": {"allowed_domains": [], "exceptions": [], "switched_off": [],
               "terms": [{"text": "", "category": "", "confidence": 0.9, "language": ""}],
               "patterns": [{"name": "", "expression": "", "category": "", "confidence": 0.9}]}}

What is left out has its default; what is unknown is an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from .detection.finding import Category, Finding
from .detection.surroundings import Lists, Pattern, Surroundings, Term

SENDER_ROLES = ("buyer", "seller", "support")
CONTEXTS = ("order", "inquiry", "case")
CATEGORIES = tuple(str(one) for one in Category)
# Before the dot of a rule's id. An area that is called like a category means the category.
AREAS = (
    *("contact", "link", "marketing", "review", "payment", "sensitive", "abuse", "data"),
    *("classifier", "operator"),
)
CLASSIFIER = "classifier."
TERM_NAME = "term"  # ``operator.term`` are an operator's words and phrases
MOST_ROWS, MOST_TERMS, MOST_PATTERNS, MOST_DOMAINS, MOST_EXCEPTIONS = 80, 5000, 40, 1000, 1000
LONGEST_TERM, LONGEST_EXPRESSION = 200, 500

Chosen = TypeVar("Chosen", bound=StrEnum)
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RULE = re.compile(r"[a-z]+\.[a-z][a-z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2}")
# Labels of letters of any script, digits and hyphens; the last one is no number.
_DOMAIN = re.compile(r"(?:[^\W_](?:[^\W_]|-){0,62}\.)+[^\W\d_](?:[^\W_]|-){1,62}")


class Action(StrEnum):
    """What is done about a finding or a message, the mildest first."""

    ALLOW = "allow"
    WARN = "warn"
    REDACT = "redact"
    REVIEW = "review"
    BLOCK = "block"

    @property
    def severity(self) -> int:
        """Return 0 for allow up to 4 for block."""
        return _SEVERITY[self]


_SEVERITY = {action: number for number, action in enumerate(Action)}


def severest(actions: Iterable[Action]) -> Action:
    """Return the severest of ``actions``; allow when there are none."""
    return max(actions, key=lambda action: action.severity, default=Action.ALLOW)


class AfterHold(StrEnum):
    """What happens to a held message when nobody looked at it in time."""

    ALARM = "alarm"  # it stays held, and an alarm is raised
    DELIVER = "deliver"
    KEEP = "keep"


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a content: where (keys and places counted from 0), a code, and the values of its sentence."""

    where: tuple[str | int, ...]
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        place = ".".join(str(one + 1) if isinstance(one, int) else one for one in self.where)
        told = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{place or 'content'}: {self.code}" + (f" ({told})" if told else "")


class RulesError(ValueError):
    """A content that is no policy; ``problems`` says everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(one) for one in self.problems))


@dataclass(frozen=True)
class Row:
    """One line of the mapping: which findings, by whom, about what, from which confidence on, get which action.

    ``what`` is "" (everything), a category, an area ("contact") or a rule ("contact.phone"). Empty conditions hold
    always.
    """

    what: str
    min_confidence: float
    action: Action
    sender_roles: frozenset[str] = frozenset()
    contexts: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    order_states: frozenset[str] = frozenset()
    why: str = ""

    @property
    def conditions(self) -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
        """The sender's roles, contexts, topics and order states it is limited to."""
        return self.sender_roles, self.contexts, self.topics, self.order_states

    @property
    def precedence(self) -> tuple[int, int, float, int]:
        """How much a row says: what it names, how many conditions, from which confidence, and last how severe it is.

        Of the rows that fit a finding the greatest decides, so their order does not matter.
        """
        named = sum(1 for condition in self.conditions if condition)
        return _naming(self.what), named, self.min_confidence, self.action.severity

    def fits(self, finding: Finding, around: Surroundings) -> bool:
        """Return whether this row speaks about ``finding`` there."""
        if finding.confidence < self.min_confidence:
            return False
        if self.what and self.what not in (finding.category, finding.rule, finding.rule.partition(".")[0]):
            return False
        told = (around.sender_role, around.about, around.topic, around.order_state)
        return all(not wanted or value in wanted for wanted, value in zip(self.conditions, told, strict=True))


def _naming(what: str) -> int:
    """Return how precisely ``what`` names: 0 everything, 1 a category, 2 an area, 3 one rule."""
    if not what:
        return 0
    if what in CATEGORIES:
        return 1
    return 3 if "." in what else 2


@dataclass(frozen=True)
class Proactive:
    """How much a seller may write first: until when after an order's completion, and how many messages a day."""

    days_after_completion: int = 30
    per_day_floor: int = 50
    per_day_factor: int = 5  # times the average daily orders of the last 180 days


@dataclass(frozen=True)
class Rules:
    """A policy that can be judged by."""

    mapping: tuple[Row, ...] = ()
    lists: Lists = field(default_factory=Lists)
    hold_hours: int = 4
    after_hold: AfterHold = AfterHold.ALARM
    appeal_days: int = 180
    proactive: Proactive = field(default_factory=Proactive)
    release: int = 0  # which of the shipped policies it began as
    made_lists: dict[frozenset[str], Lists] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_content(cls, content: Any) -> Rules:
        """Return the rules in a version's content. Raises RulesError, naming everything that is wrong."""
        return _Reader().rules(content)

    def to_content(self) -> dict[str, Any]:
        """Return the content these rules can be read from again."""
        lists = self.lists
        return {
            "release": self.release,
            "mapping": [
                {
                    "what": row.what,
                    "min_confidence": row.min_confidence,
                    "sender_roles": _in_order(row.sender_roles, SENDER_ROLES),
                    "contexts": _in_order(row.contexts, CONTEXTS),
                    "topics": sorted(row.topics),
                    "order_states": sorted(row.order_states),
                    "action": str(row.action),
                    "why": row.why,
                }
                for row in self.mapping
            ],
            "hold_hours": self.hold_hours,
            "after_hold": str(self.after_hold),
            "appeal_days": self.appeal_days,
            "proactive": {
                "days_after_completion": self.proactive.days_after_completion,
                "per_day_floor": self.proactive.per_day_floor,
                "per_day_factor": self.proactive.per_day_factor,
            },
            "lists": {
                "allowed_domains": sorted(lists.allowed_domains),
                "exceptions": list(lists.exceptions),
                "switched_off": sorted(lists.switched_off),
                "terms": [
                    {
                        "text": one.text,
                        "category": str(one.category),
                        "confidence": one.confidence,
                        "language": one.language,
                    }
                    for one in lists.terms
                ],
                "patterns": [
                    {
                        "name": one.name,
                        "expression": one.expression,
                        "category": str(one.category),
                        "confidence": one.confidence,
                    }
                    for one in lists.patterns
                ],
            },
        }

    def lists_with(self, domains: Iterable[str]) -> Lists:
        """Return the lists with the operator's own ``domains`` allowed too: for the same ones the same object."""
        key = frozenset(one.strip().lower() for one in domains if one.strip())
        if key not in self.made_lists:
            self.made_lists[key] = replace(self.lists, allowed_domains=self.lists.allowed_domains | key)
        return self.made_lists[key]


def _in_order(chosen: Iterable[str], order: Sequence[str]) -> list[str]:
    return sorted(chosen, key=order.index)


@dataclass(frozen=True)
class Verdict:
    """What is to be done about a text: the severest action, and the one of each finding."""

    action: Action
    findings: tuple[Finding, ...]
    actions: tuple[Action, ...]

    @property
    def counted(self) -> tuple[tuple[Finding, Action], ...]:
        """The findings about which something is done, each with what."""
        both = zip(self.findings, self.actions, strict=True)
        return tuple((one, action) for one, action in both if action is not Action.ALLOW)

    @property
    def spans_to_hide(self) -> tuple[tuple[int, int], ...]:
        """The stretches that are masked for the reader."""
        return tuple((one.start, one.end) for one, action in self.counted if action is Action.REDACT)


def judge(findings: Iterable[Finding], rules: Rules, around: Surroundings, *, can_redact: bool = True) -> Verdict:
    """Return what ``rules`` do about the ``findings`` of one text.

    The most precise row that fits a finding decides about it (see ``Row.precedence``); without one it is allowed. The
    trained classifier alone never does more than have a person look, and never hides words. With ``can_redact=False``,
    as for a file, whose words cannot be hidden, a person looks instead.
    """
    findings = tuple(findings)
    actions = tuple(_action(finding, rules, around, can_redact=can_redact) for finding in findings)
    return Verdict(severest(actions), findings, actions)


def _action(finding: Finding, rules: Rules, around: Surroundings, *, can_redact: bool) -> Action:
    if finding.rule in rules.lists.switched_off:
        return Action.ALLOW
    fitting = [row for row in rules.mapping if row.fits(finding, around)]
    if not fitting:
        return Action.ALLOW
    action = max(fitting, key=lambda row: row.precedence).action
    by_classifier = finding.rule.startswith(CLASSIFIER)
    if by_classifier and action in (Action.REDACT, Action.BLOCK):
        return Action.REVIEW
    return Action.REVIEW if action is Action.REDACT and not can_redact else action


class _Reader:
    """Reads one content and collects everything that is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, where: tuple[str | int, ...], code: str, **values: Any) -> None:
        self.problems.append(Problem(where, code, values))

    def rules(self, content: Any) -> Rules:
        """Return the rules. Raises RulesError."""
        known = ("release", "mapping", "hold_hours", "after_hold", "appeal_days", "proactive", "lists")
        top = self.object((), content, known)
        mapping = self.rows(("mapping",), self.array(("mapping",), top.get("mapping", []), MOST_ROWS))
        lists = self.lists(("lists",), top.get("lists", {}))
        rules = Rules(
            mapping=mapping,
            lists=lists,
            hold_hours=self.whole(("hold_hours",), top.get("hold_hours", 4), 1, 720),
            after_hold=self.choice(("after_hold",), top.get("after_hold", "alarm"), AfterHold, AfterHold.ALARM),
            # Six months at least: Digital Services Act, Art. 20(1).
            appeal_days=self.whole(("appeal_days",), top.get("appeal_days", 180), 180, 3650),
            proactive=self.proactive(("proactive",), top.get("proactive", {})),
            release=self.whole(("release",), top.get("release", 0), 0, 1_000_000),
        )
        if self.problems:
            raise RulesError(self.problems)
        return rules

    def proactive(self, where: tuple[str | int, ...], value: Any) -> Proactive:
        told = self.object(where, value, ("days_after_completion", "per_day_floor", "per_day_factor"))
        days = self.whole((*where, "days_after_completion"), told.get("days_after_completion", 30), 0, 3650)
        floor = self.whole((*where, "per_day_floor"), told.get("per_day_floor", 50), 0, 100_000)
        factor = self.whole((*where, "per_day_factor"), told.get("per_day_factor", 5), 0, 1000)
        return Proactive(days, floor, factor)

    def rows(self, where: tuple[str | int, ...], values: Sequence[Any]) -> tuple[Row, ...]:
        rows: list[Row] = []
        seen: dict[tuple[Any, ...], int] = {}
        for number, value in enumerate(values):
            row = self.row((*where, number), value)
            same = (row.what, row.min_confidence, *row.conditions)
            if same in seen:
                self.wrong((*where, number), "row_twice", other=seen[same] + 1)
            seen.setdefault(same, number)
            rows.append(row)
        return tuple(rows)

    def row(self, where: tuple[str | int, ...], value: Any) -> Row:
        conditions = ("sender_roles", "contexts", "topics", "order_states")
        told = self.object(where, value, ("what", "min_confidence", "action", *conditions, "why"))
        what = self.text((*where, "what"), told.get("what", ""), 60)
        if what and what not in CATEGORIES and what not in AREAS and not _is_rule(what):
            self.wrong((*where, "what"), "unknown_rule", value=what)
        for key in ("min_confidence", "action"):
            if key not in told:
                self.wrong((*where, key), "missing")
        return Row(
            what=what,
            min_confidence=self.share((*where, "min_confidence"), told.get("min_confidence", 0)),
            action=self.choice((*where, "action"), told.get("action", "allow"), Action, Action.ALLOW),
            sender_roles=self.keys((*where, "sender_roles"), told.get("sender_roles", []), SENDER_ROLES),
            contexts=self.keys((*where, "contexts"), told.get("contexts", []), CONTEXTS),
            topics=self.keys((*where, "topics"), told.get("topics", []), None),
            order_states=self.keys((*where, "order_states"), told.get("order_states", []), None),
            why=self.text((*where, "why"), told.get("why", ""), 300),
        )

    def lists(self, where: tuple[str | int, ...], value: Any) -> Lists:
        told = self.object(where, value, ("allowed_domains", "exceptions", "switched_off", "terms", "patterns"))

        def each(key: str, most: int, read: Callable[[tuple[str | int, ...], Any], Any]) -> tuple[Any, ...]:
            rows = self.array((*where, key), told.get(key, []), most)
            return tuple(read((*where, key, number), one) for number, one in enumerate(rows))

        patterns = each("patterns", MOST_PATTERNS, self.pattern)
        names = [one.name for one in patterns]
        for number, name in enumerate(names):
            if name and name in names[:number]:
                self.wrong((*where, "patterns", number, "name"), "name_twice", value=name)
        return Lists(
            allowed_domains=frozenset(each("allowed_domains", MOST_DOMAINS, self.domain)),
            exceptions=each("exceptions", MOST_EXCEPTIONS, self.phrase),
            switched_off=frozenset(each("switched_off", 500, self.rule)),
            terms=each("terms", MOST_TERMS, self.term),
            patterns=patterns,
        )

    def domain(self, where: tuple[str | int, ...], value: Any) -> str:
        name = self.text(where, value, 253).strip().lower()
        if not _DOMAIN.fullmatch(name):
            self.wrong(where, "no_domain", value=name)
        return name

    def phrase(self, where: tuple[str | int, ...], value: Any) -> str:
        words = " ".join(self.text(where, value, LONGEST_TERM).split())
        # One letter would be found in, or excuse, nearly everything.
        if sum(one.isalnum() for one in words) < 2:
            self.wrong(where, "too_short", value=words)
        return words

    def rule(self, where: tuple[str | int, ...], value: Any) -> str:
        rule = self.text(where, value, 60)
        if not _is_rule(rule):
            self.wrong(where, "unknown_rule", value=rule)
        return rule

    def term(self, where: tuple[str | int, ...], value: Any) -> Term:
        told = self.object(where, value, ("text", "category", "confidence", "language"))
        language = self.text((*where, "language"), told.get("language", ""), 2)
        if language and not _LANGUAGE.fullmatch(language):
            self.wrong((*where, "language"), "no_language", value=language)
        return Term(
            self.phrase((*where, "text"), told.get("text", "")),
            self.choice((*where, "category"), told.get("category"), Category, Category.CONTACT_DETAILS),
            self.share((*where, "confidence"), told.get("confidence", 0.9)),
            language,
        )

    def pattern(self, where: tuple[str | int, ...], value: Any) -> Pattern:
        told = self.object(where, value, ("name", "expression", "category", "confidence"))
        name = self.text((*where, "name"), told.get("name", ""), 40)
        if not _KEY.fullmatch(name):
            self.wrong((*where, "name"), "no_name", value=name)
        elif name == TERM_NAME:
            self.wrong((*where, "name"), "name_taken", value=name)
        expression = self.text((*where, "expression"), told.get("expression", ""), LONGEST_EXPRESSION)
        if not expression:
            self.wrong((*where, "expression"), "missing")
        return Pattern(
            name,
            expression,
            self.choice((*where, "category"), told.get("category"), Category, Category.CONTACT_DETAILS),
            self.share((*where, "confidence"), told.get("confidence", 0.9)),
        )

    def object(self, where: tuple[str | int, ...], value: Any, known: Sequence[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.wrong(where, "no_object")
            return {}
        for key in value:
            if key not in known:
                self.wrong((*where, str(key)[:60]), "unknown_key")
        return value

    def array(self, where: tuple[str | int, ...], value: Any, most: int) -> Sequence[Any]:
        if not isinstance(value, list):
            self.wrong(where, "no_list")
            return []
        if len(value) > most:
            self.wrong(where, "too_many", most=most)
        return value[:most]

    def text(self, where: tuple[str | int, ...], value: Any, longest: int) -> str:
        if not isinstance(value, str) or "\x00" in value:
            self.wrong(where, "no_text")
            return ""
        if len(value) > longest:
            self.wrong(where, "too_long", most=longest)
        return value[:longest]

    def whole(self, where: tuple[str | int, ...], value: Any, least: int, most: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.wrong(where, "no_number", least=least, most=most)
            return least
        return value

    def share(self, where: tuple[str | int, ...], value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not 0 <= value <= 1:
            self.wrong(where, "no_confidence")
            return 0.0
        return round(float(value), 2)

    def keys(self, where: tuple[str | int, ...], value: Any, known: Sequence[str] | None) -> frozenset[str]:
        chosen = [self.text((*where, number), one, 40) for number, one in enumerate(self.array(where, value, 100))]
        for number, one in enumerate(chosen):
            if not _KEY.fullmatch(one) or (known is not None and one not in known):
                self.wrong((*where, number), "unknown_choice", value=one)
        return frozenset(one for one in chosen if known is None or one in known)

    def choice(self, where: tuple[str | int, ...], value: Any, kind: type[Chosen], default: Chosen) -> Chosen:
        try:
            return kind(value)
        except ValueError:
            self.wrong(where, "unknown_choice", value=str(value)[:60])
            return default


def _is_rule(rule: str) -> bool:
    return bool(_RULE.fullmatch(rule)) and rule.partition(".")[0] in AREAS
