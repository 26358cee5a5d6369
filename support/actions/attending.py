"""Who of the staff is there and takes cases."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import Membership, Role, User
from support.models import Attendance, Chat
from support.waiting import is_away

from .moving import tell_chat

MOST_CHATS = 10


@transaction.atomic
def attend_desk(
    *, by: User, is_present: bool, languages: Sequence[str], chats_at_once: int, topics: Sequence[str] = ()
) -> Attendance:
    """Say whether one takes cases now, in which languages, and how many chats at a time (1 to 10).

    ``topics`` are the keys of the topics one knows best: of those who speak a case's language, who knows its topic gets
    it first. Raises PermissionDenied for who writes for no queue: nobody could give them a case.
    """
    writes = Membership.objects.filter(user=by, role__in=[Role.AGENT, Role.OWNER], mailbox__queue__isnull=False)
    if not by.is_staff or not by.is_active or not writes.exists():
        raise PermissionDenied
    values = {
        "is_present": is_present,
        "languages": list(languages),
        "topics": list(topics),
        "chats_at_once": min(max(chats_at_once, 1), MOST_CHATS),
        "seen_at": timezone.now(),
    }
    return Attendance.objects.update_or_create(staff=by, defaults=values)[0]


@transaction.atomic
def stay_at_desk(*, by: User) -> None:
    """Note that somebody's page of the desk is still open; who takes no cases stays away.

    Whoever has several chats looks at one at a time, and is in all of them.
    """
    now = timezone.now()
    Attendance.objects.filter(staff=by).update(seen_at=now)
    writes = Membership.objects.filter(user=by, role__in=[Role.AGENT, Role.OWNER]).values("mailbox")
    # Locked in one order, by their cases: whoever leaves a queue gives them back in the same.
    locking = Chat.objects.select_for_update(of=("self",)).live().filter(taken_by=by, queue__in=writes)
    own = list(locking.select_related("case").order_by("case"))
    if own:
        Chat.objects.filter(pk__in=[one.pk for one in own]).update(staff_seen_at=now)
    for chat in own:
        if is_away(chat.staff_seen_at, now):
            tell_chat(chat.case, chat)
