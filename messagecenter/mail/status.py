"""What an enhanced status code (RFC 3463) says: whether the address takes no mail, or just not this one or not ours."""

from __future__ import annotations

import re

# Our own sender (1.7, 1.8), a box that is full or a mail too big for it (2.2 to 2.4), the other side's system, its
# network, the mail itself, and policy: a blocklist that names us says nothing about who was to read the mail.
_NOT_THE_ADDRESS = re.compile(r"5\.(1\.[78]|2\.[2-4]|3\.\d{1,3}|4\.(?![14]$)\d{1,3}|6\.\d{1,3}|7\.\d{1,3})")


def is_about_address(code: str) -> bool:
    """Return whether a permanent refusal means that no mail reaches this address: ``code`` is "5.1.1", or "" for none.

    4.1 and 4.4 are network codes by which Exchange and domains that are gone refuse people they do not know.
    """
    return not _NOT_THE_ADDRESS.fullmatch(code)
