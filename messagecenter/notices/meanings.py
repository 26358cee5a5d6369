"""What mail servers and push services answer: a reason as it is kept, in words for people and as a code."""

from __future__ import annotations

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

#: Why something is tried again whose worker was not heard of any more.
ABANDONED = "its process ended or stood still"
LATER = _("the mail server asked us to try again later")
REFUSED = _("the mail server refused it")
SILENT = _("the mail server did not answer")
UNKNOWN_END = _("the mail server did not say whether it took it")
NOT_THIS_ADDRESS = _("the mail server takes no mails for this address")
OUR_FAULT = _("something went wrong on our side")

# The first that fits counts. What is not about a mail server by its words is about one all the same: ours.
_MEANINGS = [
    (re.compile(pattern), words)
    for pattern, words in (
        (r"^(gave up: )?uncertain: ", UNKNOWN_END),
        (r"CONNECT was answered|was answered 53[0458]\b", _("our mail server did not take it from us")),
        (r"answered \d{3} [45]\.2\.2\b|answered 552$", _("the mailbox is full")),
        (r"answered \d{3} [45]\.2\.1\b", _("the mailbox is switched off")),
        (r"answered \d{3} [45]\.(2\.3|3\.4)\b", _("the mail is too big for the mailbox")),
        (r"RCPT was answered 5\d\d 5\.(1\.[1236]|1\.10|4\.[14])\b", _("the address does not exist")),
        (r"answered \d{3} [45]\.1\.[78]\b", _("the mail server did not accept our address")),
        (r"answered 5\d\d 5\.7\.", _("the mail server refused it by its rules, as it does with spam")),
        (r"was answered 4", LATER),
        (r"RCPT was answered 5|the provider (refused|called) the address", NOT_THIS_ADDRESS),
        (r"was answered 5|the provider cannot take it", REFUSED),
        (r"the provider answered (40[123]|429|5)", LATER),
        (r"the provider answered 4", REFUSED),
        (r"at END\b|half an answer|the provider did not answer", UNKNOWN_END),
        (r"no connection at|took longer than|no connection to the provider|could not be handed over", SILENT),
        (r"the address is not valid", _("this is not an e-mail address")),
        (r"the browser (was|has) |the subscription was erased", _("the browser no longer wants it")),
        (r"the push service answered (408|425|429|5)", _("the browser’s push service asked us to try again later")),
        (r"the push service answered", _("the browser’s push service refused it")),
        (r"no connection|the connection broke|no answer|no final answer|was not found$", _("nobody answered there")),
        (re.escape(ABANDONED), _("it was interrupted")),
    )
]
_CODE = re.compile(r"answered (\d{3}(?: [45]\.\d{1,3}\.\d{1,3})?)\b")


def in_words(reason: str) -> str:
    """Return why something was not taken, in the reader's language; what is not known is called our fault."""
    return gettext(next((words for pattern, words in _MEANINGS if pattern.search(reason)), OUR_FAULT))


def code_in(reason: str) -> str:
    """Return the code the other side answered with, for who looks after that server ("550 5.1.1"), or ""."""
    found = _CODE.search(reason)
    return found[1] if found else ""
