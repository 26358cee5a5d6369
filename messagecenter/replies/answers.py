"""What a mailbox answers by itself in one conversation: the right language, with its values."""

from __future__ import annotations

from datetime import datetime, timedelta

from .filling import Matter, filled, values_of_absence
from .languages import same_language
from .models import AutoReply, AutoReplyText
from .variables import Filled
from .words import read_text


def answer_for(auto_reply: AutoReply, matter: Matter, now: datetime) -> Filled | None:
    """Return what is answered now, or None without any text. One query. Raises Unreadable.

    The other side's language first, then the mailbox's own, then English, then whatever there is.
    """
    texts = list(AutoReplyText.objects.filter(auto_reply=auto_reply).order_by("language"))
    if not texts:
        return None
    chosen = texts[0]
    for wanted in (matter.language, matter.own.language, "en"):
        fitting = [one for one in texts if same_language(one.language, wanted)]
        if fitting:
            chosen = fitting[0]
            break
    closed = auto_reply.when == AutoReply.When.CLOSED
    opening = auto_reply.opening_hours.next_opening(now) if closed else None
    back = auto_reply.away_until + timedelta(days=1) if auto_reply.away_until and not closed else None
    local = opening.astimezone(auto_reply.opening_hours.zone) if opening else None
    values = values_of_absence(matter, language=chosen.language, back=back, opening=local)
    return filled(read_text(chosen), values, language=chosen.language)
