"""How times are told: when a message came, and how long there is left to answer it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messagecenter.accounts.models import Mailbox


def told_briefly(moment: datetime, today: date) -> str:
    """Return a moment for a list: the time if it was today, else the day, with the year if it was another one."""
    local = timezone.localtime(moment)
    if local.date() == today:
        return time_format(local, "TIME_FORMAT")
    return date_format(local, "MONTH_DAY_FORMAT" if local.year == today.year else "SHORT_DATE_FORMAT")


def told_fully(moment: datetime) -> str:
    """Return a moment with date and time, in the reader's zone."""
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def told_time(moment: datetime) -> str:
    """Return a moment's time of day, in the reader's zone."""
    return time_format(timezone.localtime(moment), "TIME_FORMAT")


def told_day(day: date, today: date) -> str:
    """Return a day for a heading: today, yesterday, or its date."""
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    return date_format(day, "DATE_FORMAT")


def reply_chip(mailbox: Mailbox, waiting_since: datetime | None, now: datetime) -> tuple[str, bool]:
    """Return what to show about an owed answer, and whether it is late. Shops have 24 hours, others no clock."""
    if waiting_since is None:
        return "", False
    if mailbox.kind != Mailbox.Kind.SHOP:
        return _("Needs reply"), False
    left = waiting_since + timedelta(hours=settings.REPLY_HOURS) - now
    minutes = int(abs(left).total_seconds() // 60)
    late = left < timedelta(0)
    if minutes < 60:
        count = max(minutes, 1)
        return (
            (
                ngettext("Late by %d min", "Late by %d min", count)
                if late
                else ngettext("%d min left", "%d min left", count)
            )
            % count,
            late,
        )
    hours = minutes // 60
    if late and hours >= 48:
        return ngettext("Late by %d day", "Late by %d days", hours // 24) % (hours // 24), True
    return (
        (ngettext("Late by %d h", "Late by %d h", hours) if late else ngettext("%d h left", "%d h left", hours))
        % hours,
        late,
    )
