"""Who of a team is at a thread: said by open pages every 20 seconds, told to colleagues only when it changes."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.live.actions import announce

from ..models import Presence, Thread

WRITTEN_ANEW = timedelta(seconds=10)  # several open pages of one person do not write each time


@transaction.atomic
def attend(*, by: User, mailbox: Mailbox, thread: Thread, doing: str) -> list[Presence]:
    """Note that ``by`` looks at a thread or writes in it, and return which colleagues do, by name.

    Two statements, up to four when something changed. Whether ``mailbox`` takes part in the thread is the caller's to
    ask. Raises PermissionDenied for who is no member of ``mailbox``.
    """
    if not Mailbox.objects.visible_to(by).filter(pk=mailbox.pk).exists():
        raise PermissionDenied
    now = timezone.now()
    everybody = _at(mailbox, thread)
    own = next((one for one in everybody if one.user_id == by.pk), None)
    if own is None or own.doing != doing or now - own.seen_at > WRITTEN_ANEW:
        Presence.objects.bulk_create(
            [Presence(thread=thread, mailbox=mailbox, user=by, doing=doing, seen_at=now)],
            update_conflicts=True,
            unique_fields=["thread", "mailbox", "user"],
            update_fields=["doing", "seen_at"],
        )
    if own is None or own.doing != doing:
        announce(kind="presence", mailbox_ids=[mailbox.pk], thread_id=thread.pk)
    return [one for one in everybody if one.user_id != by.pk]


def colleagues_at(*, by: User, mailbox: Mailbox, thread: Thread) -> list[Presence]:
    """Return who else of the team is at a thread, by name; nobody for who is no member."""
    if not Mailbox.objects.visible_to(by).filter(pk=mailbox.pk).exists():
        return []
    return [one for one in _at(mailbox, thread) if one.user_id != by.pk]


def _at(mailbox: Mailbox, thread: Thread) -> list[Presence]:
    there = Presence.objects.filter(thread=thread, mailbox=mailbox).fresh().select_related("user")
    return sorted(there, key=lambda one: one.user.get_full_name().casefold())


@transaction.atomic
def leave(*, by: User, mailbox: Mailbox, thread: Thread) -> None:
    """Note that ``by`` has closed a thread."""
    own = Presence.objects.visible_to(by).filter(thread=thread, mailbox=mailbox, user=by)
    if own.delete()[0]:
        announce(kind="presence", mailbox_ids=[mailbox.pk], thread_id=thread.pk)


def forget_presence() -> int:
    """Delete the rows of those who have left without saying so; return how many."""
    return Presence.objects.stale().delete()[0]
