"""Reminds a shop's team before an answer is due: once for each wait, without a word of the message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from messagecenter.accounts.models import Role, User
from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import Letter
from messagecenter.notices.actions import owe
from messagecenter.notices.kinds import Brief, Kind, message_id
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic

from .models import Entry, Wait

REPLY_DUE = "reply_due"
BATCH = 500


def remind() -> int:
    """Owe a reminder for every wait that is due within the next hours (``REPLY_REMIND_HOURS``); return how many waits.

    Safe to repeat: nobody is owed the same reminder twice. Who it is assigned to is told, else all who may write.
    """
    now = timezone.now()
    soon = Wait.objects.filter(ended_at=None, due_at__gt=now, due_at__lte=now + _ahead()).order_by("due_at")
    waits = list(soon.exclude(pk__in=Notice.objects.filter(kind=REPLY_DUE).values("subject_id"))[:BATCH])
    for wait in waits:
        owe(
            kind=REPLY_DUE,
            subject_id=wait.pk,
            recipients=_people_to_tell(wait),
            mailbox_id=wait.mailbox_id,
            group_id=wait.thread_id,
        )
    return len(waits)


def _ahead() -> timedelta:
    return timedelta(hours=settings.REPLY_REMIND_HOURS)


def _people_to_tell(wait: Wait) -> list[User]:
    """Return who is to answer: the member the thread is assigned to, or everybody who may write."""
    entry = Entry.objects.filter(thread=wait.thread_id, mailbox=wait.mailbox_id).select_related("assignee").first()
    writers = User.objects.filter(
        memberships__mailbox=wait.mailbox_id,
        memberships__role__in=[Role.OWNER, Role.AGENT],
        is_active=True,
    )
    assigned = list(writers.filter(pk=entry.assignee_id)) if entry and entry.assignee_id else []
    return assigned or list(writers.distinct())


@dataclass(frozen=True)
class _Reminder:
    """The wait a reminder is about, and whether its reader may see the thread."""

    wait: Wait | None
    may_read: bool


def look(notices: Sequence[Notice]) -> None:
    """Read what reminders are about: two queries for all of them."""
    rows = Wait.objects.select_related("thread__order", "thread__product", "mailbox")
    waits = rows.in_bulk({notice.subject_id for notice in notices})
    people = {notice.recipient_id for notice in notices if notice.recipient_id is not None}
    entries = Entry.objects.filter(thread__in={wait.thread_id for wait in waits.values()}).visible_to_each(people)
    readable = {(entry.for_id, entry.thread_id, entry.mailbox_id) for entry in entries}  # type: ignore[attr-defined]
    for notice in notices:
        wait = waits.get(notice.subject_id)
        may_read = wait is not None and (notice.recipient_id, wait.thread_id, wait.mailbox_id) in readable
        notice.told = _Reminder(wait, may_read)


def _reminder(notice: Notice) -> _Reminder:
    if notice.told is None:
        look([notice])
    return cast("_Reminder", notice.told)


def why_not(notice: Notice) -> str:
    """Return why this target need not be reminded any more, or an empty text."""
    found = _reminder(notice)
    if found.wait is None or found.wait.ended_at is not None:
        return "it was answered"
    if found.wait.due_at <= timezone.now():
        return "it is overdue already"
    return "" if found.may_read or notice.recipient is None else "the person may no longer read the thread"


def _wait(notice: Notice) -> Wait:
    """Return the wait of a reminder that is about to go out."""
    wait = _reminder(notice).wait
    if wait is None:
        raise Wait.DoesNotExist
    return wait


def letter(notice: Notice) -> Letter:
    """Return the e-mail: which order, until when, and a link to the thread."""
    wait = _wait(notice)
    person = notice.person
    return render_letter(
        "threads/email/reply_due",
        to=person.email,
        language=person.language or wait.mailbox.language,
        time_zone=person.time_zone,
        context={
            "person": person,
            "mailbox": wait.mailbox,
            "order": wait.thread.order,
            "product": wait.thread.product,
            "due_at": wait.due_at,
            "link": absolute_url(reverse("threads:detail", args=[wait.thread_id])),
            "settings_link": absolute_url(reverse("notices:settings")),
        },
        message_id=message_id(notice),
    )


def brief(notice: Notice) -> Brief:
    """Return the reminder in a line."""
    wait = _wait(notice)
    number = wait.thread.order.number if wait.thread.order else ""
    title = gettext("Answer due soon: order %(number)s") % {"number": number} if number else gettext("Answer due soon")
    return Brief(
        title=title,
        body=gettext("Until %(moment)s")
        % {"moment": date_format(timezone.localtime(wait.due_at), "SHORT_DATETIME_FORMAT")},
        path=reverse("threads:detail", args=[wait.thread_id]),
        type="reply.due",
        data={"thread": str(wait.thread_id), "order_number": number, "due_at": wait.due_at.isoformat()},
    )


KIND = Kind(name=REPLY_DUE, why_not=why_not, letter=letter, topic=Topic.REMINDER, brief=brief, look=look)
