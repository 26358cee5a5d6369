"""Why an event was not taken, as the log keeps it in English: here so that people read it in their language."""

from __future__ import annotations

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

REASONS = (
    _("under way"),
    _("the secret was erased"),
    _("the secret cannot be opened (%(why)s)"),
    _("it answered 410: gone for good"),
    _("it answered %(status)s"),
    _("the address is not a valid URL"),
    _("the address holds a user name or password"),
    _("the address is not https"),
    _("the address is not public"),
    _("the host’s name was not found"),
    _("no connection within %(seconds)s s"),
    _("no connection (%(why)s)"),
    _("the connection broke (%(why)s)"),
    _("the certificate is not valid (%(why)s)"),
    _("no answer within %(seconds)s s"),
    _("no answer (%(why)s)"),
    _("no final answer"),
)
_PATTERNS = [(re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(one))), one) for one in REASONS]


def shown(reason: str) -> str:
    """Return a reason in the reader's language; one that is not known stays as it is."""
    for pattern, sentence in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return gettext(sentence) % found.groupdict()
    return reason
