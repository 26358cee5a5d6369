"""What a subject and a text may be, whoever sends them: browser, API or mail."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

MAX_BODY = 10_000
MAX_SUBJECT = 120
INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs", "Cs", "Co", "Cn"})


def _is_blank(text: str) -> bool:
    """Return whether nothing in ``text`` can be seen: blanks, zero-width and control characters only."""
    return all(unicodedata.category(character) in INVISIBLE for character in text)


def clean_body(text: str, *, may_be_empty: bool = False) -> str:
    """Return the text with line ends as LF and no blanks around it.

    Raises ValidationError when it is longer than 10,000 characters, holds control characters or is empty; with files
    beside it, it ``may_be_empty``.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _is_blank(text):
        if may_be_empty:
            return ""
        raise ValidationError(_("Please write a message."), code="empty")
    if len(text) > MAX_BODY:
        raise ValidationError(
            _("The message has %(length)s characters. At most %(limit)s are possible: please shorten it."),
            code="too_long",
            params={
                "length": number_format(len(text), force_grouping=True),
                "limit": number_format(MAX_BODY, force_grouping=True),
            },
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in text):
        raise ValidationError(_("The message holds a control character that cannot be sent."), code="control")
    return text


def clean_subject(text: str) -> str:
    """Return the subject on one line. Raises ValidationError when it is empty or longer than 120 characters."""
    text = " ".join(text.split())
    if _is_blank(text):
        raise ValidationError(_("Please give the message a subject."), code="empty")
    if len(text) > MAX_SUBJECT:
        raise ValidationError(
            _("The subject has %(length)s characters. At most %(limit)s are possible: please shorten it."),
            code="too_long",
            params={"length": len(text), "limit": MAX_SUBJECT},
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValidationError(_("The subject holds a control character that cannot be sent."), code="control")
    return text
