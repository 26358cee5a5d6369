"""What the samples are made of: names, places, goods, marketplaces and carriers, in German and English."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
ByLanguage = dict[str, list[str]]

FIRST_NAMES: ByLanguage = _WORDS["first_names"]
LAST_NAMES: ByLanguage = _WORDS["last_names"]
CITIES: ByLanguage = _WORDS["cities"]
STREETS: ByLanguage = _WORDS["streets"]
COLORS: ByLanguage = _WORDS["colors"]
PARTS: ByLanguage = _WORDS["parts"]
MONTHS: ByLanguage = _WORDS["months"]
GOODS: ByLanguage = _WORDS["goods"]
SHOP_KINDS: ByLanguage = _WORDS["shop_kinds"]
SHOP_NAMES: list[str] = _WORDS["shop_names"]
MODELS: list[str] = _WORDS["models"]


class Marketplace(NamedTuple):
    """Where something was bought: its name, the country it is sent to, the currency, and how parcels go there."""

    name: str
    country: str
    currency: str
    carriers: tuple[str, ...]


MARKETPLACES = {
    "de": (
        *(Marketplace("Amazon.de", "DE", "EUR", ("DHL", "DPD", "Hermes", "GLS")),) * 4,
        *(Marketplace("eBay.de", "DE", "EUR", ("DHL", "Hermes")),) * 2,
        Marketplace("Otto.de", "DE", "EUR", ("Hermes",)),
        Marketplace("Kaufland.de", "DE", "EUR", ("DHL", "DPD")),
        Marketplace("Amazon.de", "AT", "EUR", ("Österreichische Post",)),
    ),
    "en": (
        *(Marketplace("Amazon.co.uk", "GB", "GBP", ("Royal Mail", "Evri", "DPD")),) * 3,
        *(Marketplace("Amazon.com", "US", "USD", ("UPS", "FedEx", "USPS")),) * 2,
        Marketplace("eBay.co.uk", "GB", "GBP", ("Royal Mail", "Evri")),
    ),
}
