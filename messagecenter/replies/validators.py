"""What the texts of this room may be, however they come in."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .variables import GAP_CLOSES, GAP_OPENS

MOST_TEXT, MOST_AUTO, MOST_SIGNATURE = 5_000, 2_000, 500  # characters
MOST_NAME = 80


def clean_text(text: str, *, most: int) -> str:
    """Return the text with line ends as LF and no blanks around it; it may be empty.

    Raises ValidationError when it is longer than ``most`` characters, or holds control characters or marks of a gap.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > most:
        raise ValidationError(
            _("The text has %(length)s characters. At most %(limit)s are possible: please shorten it."),
            code="too_long",
            params={"length": len(text), "limit": most},
        )
    if any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t" for one in text):
        raise ValidationError(_("The text holds a control character that cannot be sent."), code="control")
    if GAP_OPENS in text or GAP_CLOSES in text:
        raise ValidationError(
            _("The characters %(opens)s and %(closes)s mark what is missing and cannot be part of the text."),
            code="gap",
            params={"opens": GAP_OPENS, "closes": GAP_CLOSES},
        )
    return text


def clean_name(name: str) -> str:
    """Return a name on one line. Raises ValidationError when it is empty or longer than 80 characters."""
    name = " ".join("".join(" " if unicodedata.category(one)[0] == "C" else one for one in name).split())
    if not name:
        raise ValidationError(_("Please give it a name."), code="empty")
    if len(name) > MOST_NAME:
        raise ValidationError(
            _("The name has %(length)s characters. At most %(limit)s are possible: please shorten it."),
            code="too_long",
            params={"length": len(name), "limit": MOST_NAME},
        )
    return name
