"""The mails of this room with invented values, for the preview in the admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messagecenter.notices.mail_examples import ORDER, MailExample

from .catalogue import label_of
from .lifecycle import Status
from .models import Step
from .notifications import (
    CALL_BOOKED,
    CALL_COMING,
    CALL_MISSED,
    CASE_ANSWERED,
    CASE_CHANGED,
    CASE_DUE,
    CASE_FOLLOW_UP,
    CASE_GIVEN,
    CASE_OPENED,
    CASE_WRITTEN,
)
from .numbers import check_character, told

NUMBER = "EXAMP2E"
ANSWER = gettext_lazy("The payout left our bank this morning. The statement is attached.")


def _values(what: str, **more: Any) -> Callable[[], dict[str, Any]]:
    def values() -> dict[str, Any]:
        return {
            "what": what,
            "number": told(NUMBER + check_character(NUMBER)),
            "topic": label_of("payments_payout"),
            "order": {"number": ORDER},
            "due_at": timezone.now() + timedelta(hours=24),
            "starts_at": timezone.now() + timedelta(hours=26),
            "shop": _("Example Shop"),
            "queue": _("Marketplace support"),
            "answers_to": "reply@example.com" if what in (CASE_OPENED, CASE_ANSWERED, CASE_CHANGED) else "",
        } | more

    return values


def _example(what: str, name: str = "", **more: Any) -> MailExample:
    return MailExample(name or what, "support/email/case", _values(what, **more))


EXAMPLES = (
    _example(CASE_OPENED),
    _example(CASE_ANSWERED),
    _example(CASE_ANSWERED, "case_answered_quoted", excerpt=ANSWER, files_count=1, files_bytes=48_200),
    _example(CASE_CHANGED, status=Status.RESOLVED),
    _example(CASE_CHANGED, "case_transferred", status=Status.TRANSFERRED),
    _example(CASE_CHANGED, "case_closed", status=Status.CLOSED),
    _example(CASE_CHANGED, "case_hold_over", status=Status.WAITING),
    _example(CASE_WRITTEN),
    _example(CASE_GIVEN),
    _example(CASE_GIVEN, "case_escalated", step=Step.Kind.ESCALATED),
    _example(CASE_DUE),
    _example(CASE_DUE, "case_late", step=Step.Kind.BREACHED),
    _example(CASE_FOLLOW_UP),
    _example(CALL_BOOKED),
    _example(CALL_BOOKED, "call_cancelled", what_of_it="cancelled"),
    _example(CALL_MISSED),
    _example(CALL_MISSED, "call_forgotten", is_by_clock=True),
    _example(CALL_COMING),
)
