"""The languages support speaks, as people call them."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _


def spoken(languages: Sequence[str]) -> list[str]:
    """Return the codes of a queue's languages, those of the site when it names none."""
    return [code for code in languages if code] or [code for code, _name in settings.LANGUAGES]


def spoken_name(code: str) -> str:
    """Return a language's name in the reader's own, the code itself for one that Django does not know."""
    try:
        return str(_(get_language_info(code)["name"]))
    except KeyError:
        return code
