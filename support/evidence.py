"""A conversation as a text file that goes along with a case, as its seller may read it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from messagecenter.accounts.models import User
from messagecenter.attachments.actions import upload
from messagecenter.attachments.models import Attachment
from messagecenter.threads.access import Standing
from messagecenter.threads.conversation import Shown
from messagecenter.threads.transcript import head_of, said_in

MOST_MESSAGES = 200  # the newest
MOST_CHARACTERS = 400_000


def conversation_file(standing: Standing, *, by: User) -> Attachment:
    """Take the newest messages of a thread up as a file of the seller's. Raises what ``upload`` raises.

    A file and not a quotation: it is not cut at 10,000 characters, and nobody takes the buyer's words for the seller's.
    The same conversation makes the same file, so that a form sent twice opens one case.
    """
    about = standing.entry.order_number or str(standing.entry.thread_id)[:8]
    safe = "".join(one if one.isalnum() or one in "-_" else "-" for one in about)
    text = "\n".join(_lines(standing))[:MOST_CHARACTERS]
    return upload(by=by, mailbox=standing.mailbox, name=f"conversation-{safe}.txt", plain=text.encode())


def _lines(standing: Standing) -> Iterator[str]:
    head = head_of(standing)
    yield head.subject
    yield _("%(own)s and %(other)s") % {"own": head.own_name, "other": head.other_name}
    for name, value in head.facts:
        yield f"{name}: {value}"
    for message in said_in(standing, most=MOST_MESSAGES):
        yield ""
        yield f"--- {message.sender_name}, {message.when_full}"
        yield from _said(message)


def _said(message: Shown) -> Iterator[str]:
    if message.state_text:
        yield f"[{message.state_text}]"
    if message.unreadable or message.text:
        yield message.unreadable or message.text
    for file in message.files:
        yield f"[{_('File')}: {file['name']}]"
