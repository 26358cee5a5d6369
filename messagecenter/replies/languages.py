"""The languages people write in here: more than the pages themselves speak."""

from __future__ import annotations

from django.utils.translation import get_language_info

CODES = (
    *("en", "de", "fr", "es", "it", "nl", "pl", "pt", "cs", "sk", "hu", "ro", "bg", "el", "hr", "sl", "da", "sv"),
    *("nb", "fi", "et", "lv", "lt", "tr", "uk", "ru", "ar", "he", "zh-hans", "ja", "ko"),
)


def name_of(code: str) -> str:
    """Return a language's name in the reader's language, its code where it has none, "" for none."""
    try:
        return str(get_language_info(code)["name_translated"]) if code else ""
    except KeyError:
        return code


def choices() -> list[tuple[str, str]]:
    """Return the languages by name, as the reader calls them."""
    return sorted(((code, name_of(code)) for code in CODES), key=lambda one: one[1].casefold())


def same_language(one: str, other: str) -> bool:
    """Return whether two codes mean one language: "de" and "de-at" do."""
    return bool(one) and one.partition("-")[0].lower() == other.partition("-")[0].lower()
