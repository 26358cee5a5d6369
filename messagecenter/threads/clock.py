"""How times are told: when a message came, and how long there is left to answer it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from time import monotonic

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messagecenter.accounts.models import Mailbox
from messagecenter.hours.errors import NeverOpen

from .clockwork import ReplyRule, due_at
from .models import Entry, ReplyClock
from .topics import CASE

RULES_KEPT_SECONDS = 60


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


def told_ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, in whole minutes, hours or days."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%d minute ago", "%d minutes ago", minutes) % minutes
    if minutes < 48 * 60:
        return ngettext("%d hour ago", "%d hours ago", minutes // 60) % (minutes // 60)
    return ngettext("%d day ago", "%d days ago", minutes // 1440) % (minutes // 1440)


def told_day(day: date, today: date) -> str:
    """Return a day for a heading: today, yesterday, or its date."""
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    return date_format(day, "DATE_FORMAT")


def reply_due(entry: Entry, since: datetime) -> datetime | None:
    """Return until when an answer is owed that somebody has waited for ``since``: shops owe buyers one, nobody else.

    It counts as the order's marketplace wants it to (``ReplyClock``), else around the clock. A rule whose hours never
    come together counts for nothing.
    """
    if entry.mailbox.kind != Mailbox.Kind.SHOP or entry.topic == CASE:
        return None
    rules = reply_rules()
    order = entry.thread.order if rules and entry.order_number else None
    usual = ReplyRule(settings.REPLY_HOURS)
    try:
        return due_at(since, rules.get(order.marketplace, usual) if order else usual)
    except NeverOpen:
        return due_at(since, usual)


_kept: tuple[float, dict[str, ReplyRule]] | None = None


def reply_rules() -> dict[str, ReplyRule]:
    """Return each marketplace's own rule. Read once a minute and process; changes in this process count at once."""
    global _kept
    if _kept is None or monotonic() - _kept[0] > RULES_KEPT_SECONDS:
        _kept = monotonic(), {clock.marketplace: clock.as_rule() for clock in ReplyClock.objects.all()}
    return _kept[1]


def forget_reply_rules() -> None:
    """Have the rules read again when they are needed next."""
    global _kept
    _kept = None


def reply_chip(
    mailbox: Mailbox, waiting_since: datetime | None, due: datetime | None, now: datetime
) -> tuple[str, bool]:
    """Return what to show about an owed answer, and whether it is late. Shops have a clock, others none."""
    if waiting_since is None:
        return "", False
    if mailbox.kind != Mailbox.Kind.SHOP or due is None:
        return _("Needs reply"), False
    left = due - now
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
