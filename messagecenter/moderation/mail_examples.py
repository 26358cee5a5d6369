"""The mails of this room with invented values, for the preview in the admin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from messagecenter.mail.rendering import absolute_url
from messagecenter.notices.mail_examples import ORDER, MailExample
from messagecenter.threads.notifications import DECISION, DECISION_SETTLED

from .notifications import APPEAL_DECIDED, CAUTION, REPORT_DECIDED, REPORT_RECEIVED, RESTRICTION
from .statements import told_rule


def _values(**own: Any) -> Callable[[], dict[str, Any]]:
    """Return what gives a mail's values: ``own`` beside what most mails of this room hold."""

    def values() -> dict[str, Any]:
        now = timezone.now()
        rule = told_rule("contact.email")
        return {
            "policy_link": absolute_url(reverse("policy:page")),
            "order_number": ORDER,
            "mailbox": {"shown_name": _("Example Shop")},
            "rules": [replace(rule, url=absolute_url(rule.url))],
            "version": 1,
            "made_at": now - timedelta(days=1),
            "until": now + timedelta(days=7),
            "hold_until": now + timedelta(hours=4),
            "appeal_until": now + timedelta(days=180),
            "explanation": _("Three messages of the last week named an e-mail address."),
        } | own

    return values


EXAMPLES = tuple(
    MailExample(name, f"moderation/email/{template}", _values(**own))
    for name, template, own in (
        (DECISION, DECISION, {"measure": "blocked"}),
        ("decision_held", DECISION, {"measure": "held", "is_open": True, "appeal_until": None}),
        ("decision_redacted", DECISION, {"measure": "redacted"}),
        ("decision_withheld", DECISION, {"measure": "withheld", "has_unread_file": True}),
        (DECISION_SETTLED, DECISION_SETTLED, {"measure": "held", "by_person": True}),
        (APPEAL_DECIDED, APPEAL_DECIDED, {"reversed": False}),
        ("appeal_reversed", APPEAL_DECIDED, {"reversed": True}),
        (REPORT_RECEIVED, REPORT_RECEIVED, {}),
        (REPORT_DECIDED, REPORT_DECIDED, {"acted": True}),
        ("report_refused", REPORT_DECIDED, {"acted": False}),
        (RESTRICTION, RESTRICTION, {}),
        (CAUTION, CAUTION, {}),
    )
)
