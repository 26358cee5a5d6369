"""What can be wrong with opening hours: each problem with the field it stands in and a sentence that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: English sentences by code; a form that shows them translates by ``code`` and ``values``.
SENTENCES = {
    "not_an_object": "has to be an object with named fields.",
    "unknown_field": "is no field of opening hours.",
    "unknown_time_zone": "has to name a time zone like Europe/Berlin, and “{value}” is none.",
    "unknown_weekday": "is no weekday; the days are monday to sunday.",
    "not_a_list": "has to be a list.",
    "too_many": "has more than {most} lines.",
    "not_a_span": "has to be a pair of times like 09:00 and 17:30.",
    "not_a_time": "has to be a time from 00:00 to 24:00, and “{value}” is none.",
    "closes_first": "closes at {closes}, which is not after {opens}; write hours past midnight on both days.",
    "overlap": "overlaps with {opens} to {closes}.",
    "never_open": "has no opening hours at all.",
    "unknown_country": "has to be a country's two letters like DE, and “{value}” is none whose holidays are known.",
    "unknown_subdivision": "“{value}” is no region of {country} whose holidays are known.",
    "subdivision_alone": "needs a country.",
    "not_a_date": "has to be a date like 2026-12-24, and “{value}” is none.",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong: where (keys, and places counted from 0), a code, and the values of its sentence."""

    where: tuple[str | int, ...]
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The field as people count: week.monday.1 is Monday's first span."""
        return ".".join(str(one + 1) if isinstance(one, int) else one for one in self.where) or "hours"

    def __str__(self) -> str:
        return f"{self.name} {SENTENCES[self.code].format_map(self.values)}"


class HoursError(ValueError):
    """Data that are no opening hours; ``problems`` says everything that is wrong with them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(str(one) for one in self.problems))


class NeverOpen(ValueError):
    """Time that never comes together: the hours are not open for so long in all the years looked at."""
