"""A case's call-backs as its page shows them to support."""

from __future__ import annotations

from typing import Any

from messagecenter.replies.languages import name_of
from messagecenter.threads.clock import told_fully
from messagecenter.vault.errors import Unreadable
from support.models import Call
from support.telephone import told
from support.words import read_notes, read_number

from .door import Work


def calls_of(work: Work) -> list[dict[str, Any]]:
    """Return a case's call-backs, the newest first, for who may read it: one query."""
    rows = []
    for call in Call.objects.filter(case=work.case).select_related("settled_by").order_by("-pk")[:20]:
        is_booked = call.state == Call.State.BOOKED
        rows.append(
            {
                "id": call.pk,
                "when": told_fully(call.starts_at),
                "language": name_of(call.language),
                "state": call.get_state_display(),
                "number": _opened(read_number, call, told) if is_booked else "",
                "notes": _opened(read_notes, call),
                "by": call.settled_by.get_full_name() if call.settled_by else "",
                "is_booked": is_booked,
                "may_settle": is_booked and work.actor is not None,
            }
        )
    return rows


def _opened(read: Any, call: Call, shown: Any = str) -> str:
    try:
        return str(shown(read(call)))
    except Unreadable as error:
        return str(error.sentence)
