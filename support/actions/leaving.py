"""What becomes of a queue's cases when somebody who works in it leaves."""

from __future__ import annotations

import uuid

from support.lifecycle import Actor
from support.models import Case, Step, Watcher

from .chatting import give_back_chats
from .moving import locked_case, note


def take_cases(mailbox_id: uuid.UUID, user_id: uuid.UUID) -> int:
    """Make the active cases that somebody had in a queue nobody's, in the leaving's transaction; return how many."""
    Watcher.objects.filter(case__queue=mailbox_id, staff=user_id).delete()
    mine = Case.objects.active().filter(queue=mailbox_id, assignee=user_id).order_by("pk")
    taken = list(mine)
    for case in taken:
        case = locked_case(case)  # noqa: PLW2901 (the same, as it is now)
        case.assignee = None
        case.save(update_fields=["assignee"])
        note(case, Step.Kind.ASSIGNED, actor=Actor.CLOCK, before=str(user_id))
    give_back_chats(mailbox_id, user_id)
    return len(taken)
