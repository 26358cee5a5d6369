"""What the navigation around every page of the messages shows."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.attachments.inspection.limits import EXTENSIONS, MOST_BYTES, MOST_FILES

from .context import counters_of
from .listing import BOXES


def upload_context(mailbox: Mailbox) -> dict[str, Any]:
    """Return what a form needs to know to take files up for a mailbox."""
    return {
        "mailbox_id": mailbox.pk,
        "upload_url": reverse("attachments:uploads"),
        "most_bytes": MOST_BYTES,
        "most_files": MOST_FILES,
        "accept": ",".join(EXTENSIONS),
    }


def frame(membership: Membership, box: str) -> dict[str, Any]:
    """Return the boxes with their counters, one of them current, and whom the person acts for: one query."""
    shown = counters_of(membership.mailbox)
    counts = {"unread": shown.unread, "needs_reply": shown.needs_reply}
    inbox = reverse("threads:inbox")
    return {
        "boxes": [
            {
                "key": each.key,
                "label": each.label,
                "url": inbox if each.key == "inbox" else f"{inbox}?box={each.key}",
                "count_text": counts.get(each.key, ""),
                "is_current": each.key == box,
            }
            for each in BOXES.values()
        ],
        "counters": shown,
        "mailbox_name": membership.mailbox.shown_name,
        "may_write": membership.may_write,
        "list_url": inbox,
        "nav_current": box,
    }
