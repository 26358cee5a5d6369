"""What a case's page says of its call-backs, and what the seller can do about them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from messagecenter.accounts.models import Membership
from messagecenter.threads.clock import told_fully
from messagecenter.vault.errors import Unreadable

from .models import Call, Case
from .telephone import told
from .words import read_number


def call_of(case: Case, membership: Membership) -> dict[str, Any] | None:
    """Return what is shown of a case's newest call-back, None where there is none and none can be booked: one query."""
    newest = Call.objects.filter(case=case).order_by("-pk").first()
    can_book = membership.may_write and can_be_called(case)
    if newest is None and not can_book:
        return None
    is_booked = newest is not None and newest.state == Call.State.BOOKED
    return {
        "is_booked": is_booked,
        "text": _sentence(newest),
        "number": _number(newest) if newest is not None and is_booked else "",
        "book_url": reverse("support:call", args=[case.number]) if can_book else "",
        "book_text": _("Move the call-back") if is_booked else _("Book a call-back"),
        "cancel_url": reverse("support:call_cancel", args=[case.number]) if membership.may_write else "",
        "file_url": reverse("support:call_file", args=[case.number]),
    }


def can_be_called(case: Case) -> bool:
    """Return whether an appointment for a call about a case can be booked: it goes on, and support can read it."""
    return case.is_active and not case.is_checked and case.queue.calls_about(case.severity)


def _sentence(call: Call | None) -> str:
    if call is None:
        return _("Would you rather talk? Choose a time, and support calls you.")
    when = {"when": told_fully(call.starts_at)}
    if call.state == Call.State.BOOKED:
        return _("Support calls you on %(when)s.") % when
    if call.state == Call.State.REACHED:
        return _("You talked on %(when)s.") % when
    if call.is_forgotten:
        return _("As far as we know the call on %(when)s did not take place. Please choose another time.") % when
    if call.state == Call.State.MISSED:
        return _("We tried to reach you on %(when)s. Please choose another time.") % when
    return _("The call on %(when)s was cancelled.") % when


def _number(call: Call) -> str:
    try:
        return told(read_number(call))
    except Unreadable:
        return ""
