"""Public holidays and weekends by country and region, each year asked for once."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache

# ``holidays`` is imported where it is asked: it costs a process about half a second and 45 MB, and most never ask.


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    """Return the public holidays of ``year`` in a country (ISO 3166-1 alpha-2) or one of its regions (ISO 3166-2).

    Both must be known (``regions``). Where the library knows only some years, as for Hindu days, the others have fewer.
    """
    import holidays

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # years the library knows little about; there is nobody to tell here
        days = holidays.country_holidays(country, subdiv=subdivision or None, years=year, expand=False)
    return frozenset(days)


@cache
def regions() -> Mapping[str, frozenset[str]]:
    """Return every country whose holidays are known, with the codes of its regions."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    return {country: frozenset(names) for country, names in known.items()}


@cache
def weekend(country: str) -> frozenset[int]:
    """Return the weekdays (Monday 0) nobody works in ``country``: Saturday and Sunday in most, not in all."""
    import holidays

    return frozenset(holidays.country_holidays(country).weekend)
