"""The letters of this room: what was decided and by which rule, with a link; never the words of a message."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.mail.rendering import absolute_url, render_letter, render_subject
from messagecenter.mail.sending import Letter
from messagecenter.notices.kinds import Brief, Kind, message_id
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic
from messagecenter.policy.models import Decision, Restriction
from messagecenter.threads.models import Message, Thread
from messagecenter.threads.notifications import DECISION, DECISION_SETTLED

from .models import Appeal, Caution, Report
from .statements import Rule, appeal_until, can_be_appealed, rules_of, told_rule

APPEAL_DECIDED = "appeal_decided"
REPORT_RECEIVED, REPORT_DECIDED = "report_received", "report_decided"
RESTRICTION, CAUTION = "restriction", "caution"

Row = Decision | Appeal | Report | Restriction | Caution


def _find_decision(key: uuid.UUID) -> Decision | None:
    return Decision.objects.select_related("mailbox", "version").filter(pk=key).first()


def _find_appeal(key: uuid.UUID) -> Appeal | None:
    return Appeal.objects.select_related("decision__mailbox", "decision__version").filter(pk=key).first()


def _find_report(key: uuid.UUID) -> Report | None:
    return Report.objects.select_related("mailbox").filter(pk=key).first()


def _find_restriction(key: uuid.UUID) -> Restriction | None:
    return Restriction.objects.select_related("mailbox").filter(pk=key).first()


def _find_caution(key: uuid.UUID) -> Caution | None:
    return Caution.objects.select_related("mailbox").filter(pk=key).first()


def _mailbox_of(row: Row) -> Mailbox:
    return row.decision.mailbox if isinstance(row, Appeal) else row.mailbox


def _ids(row: Row) -> dict[str, str]:
    """Return what a program knows the matter by."""
    ids = {"mailbox": str(_mailbox_of(row).pk)}
    decision = row.decision if isinstance(row, Appeal) else row
    if isinstance(decision, Decision):
        ids |= {"decision": str(decision.pk)}
    if isinstance(row, Report):
        ids |= {"report": str(row.pk)}
    if isinstance(decision, Decision | Report):
        ids |= {"thread": str(decision.thread_id), "message": str(decision.message_id)}
    return ids


def _about(thread_id: uuid.UUID) -> dict[str, Any]:
    """Return what a letter names the matter by: the number of its order, or nothing."""
    thread = Thread.objects.filter(pk=thread_id).select_related("order").first()
    return {"order_number": thread.order.number if thread and thread.order else ""}


def _absolute(rules: list[Rule]) -> list[Rule]:
    return [replace(one, url=absolute_url(one.url)) for one in rules]


def _decision_context(decision: Decision) -> dict[str, Any]:
    message = Message.objects.filter(pk=decision.message_id).first()
    return _about(decision.thread_id) | {
        "measure": decision.measure,
        "is_open": decision.outcome == Decision.Outcome.OPEN,
        "delivered": decision.outcome == Decision.Outcome.DELIVERED,
        "by_person": decision.settled_by_id is not None,
        "rules": _absolute(rules_of(decision)),
        "has_unread_file": decision.has_unread_file,
        "version": decision.version.number,
        "hold_until": decision.hold_until,
        "appeal_until": appeal_until(decision) if can_be_appealed(decision, message) else None,
        "link": absolute_url(reverse("moderation:decision", args=[decision.pk])),
    }


def _appeal_context(appeal: Appeal) -> dict[str, Any]:
    return _decision_context(appeal.decision) | {
        "reversed": appeal.state == Appeal.State.REVERSED,
        "made_at": appeal.made_at,
    }


def _report_context(report: Report) -> dict[str, Any]:
    return _about(report.thread_id) | {
        "acted": report.state == Report.State.ACTED,
        "made_at": report.made_at,
        "link": absolute_url(reverse("moderation:report_receipt", args=[report.pk])),
    }


def _restriction_context(restriction: Restriction) -> dict[str, Any]:
    return {
        "mailbox": restriction.mailbox,
        "rules": _absolute([told_rule(restriction.rule)]),
        "explanation": restriction.explanation,
        "until": restriction.until,
    }


def _caution_context(caution: Caution) -> dict[str, Any]:
    return {"mailbox": caution.mailbox, "rules": _absolute([told_rule(caution.rule)])}


def _too_late(row: Row) -> str:
    """Return why a row need not be told any more, or ""."""
    if isinstance(row, Restriction) and row.lifted_at is not None:
        return "the restriction was lifted"
    return ""


def _no_longer_stopped(row: Row) -> str:
    if isinstance(row, Decision) and row.outcome == Decision.Outcome.DELIVERED:
        return "the message was delivered meanwhile"
    return ""


def _kind(
    name: str,
    event: str,
    find: Callable[[uuid.UUID], Any],
    context_of: Callable[[Any], dict[str, Any]],
    why_not_needed: Callable[[Row], str] = _too_late,
) -> Kind:
    """Return a kind of notice about one row, told to members of its mailbox and, as ``event``, to its programs."""

    def why_not(notice: Notice) -> str:
        row = find(notice.subject_id)
        if row is None:
            return "what it is about is gone"
        person = notice.recipient
        if person is not None and not Membership.objects.filter(user=person, mailbox=_mailbox_of(row)).exists():
            return "the person no longer acts for the mailbox"
        return why_not_needed(row)

    def letter(notice: Notice) -> Letter:
        row = find(notice.subject_id)
        person = notice.person
        language = person.language or _mailbox_of(row).language
        language = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):  # the rules' names are in the reader's language, too
            context = {"person": person, "policy_link": absolute_url(reverse("policy:page"))} | context_of(row)
            return render_letter(
                f"moderation/email/{name}",
                to=person.email,
                language=language,
                time_zone=person.time_zone,
                context=context,
                message_id=message_id(notice),
            )

    def brief(notice: Notice) -> Brief:
        """Say in a line what the mail's subject says, which names the order and never a word."""
        row = find(notice.subject_id)
        context = context_of(row)
        link = context.get("link") or absolute_url(reverse("policy:page"))
        return Brief(
            title=render_subject(f"moderation/email/{name}", context),
            body=settings.SITE_NAME,
            path=link.removeprefix(str(settings.SITE_URL)),
            type=event,
            data=_ids(row) | {"order_number": context.get("order_number", "")},
        )

    return Kind(name=name, why_not=why_not, letter=letter, topic=Topic.DECISION, brief=brief)


KINDS = (
    _kind(DECISION, "decision.made", _find_decision, _decision_context, _no_longer_stopped),
    _kind(DECISION_SETTLED, "decision.settled", _find_decision, _decision_context),
    _kind(APPEAL_DECIDED, "appeal.decided", _find_appeal, _appeal_context),
    _kind(REPORT_RECEIVED, "report.received", _find_report, _report_context),
    _kind(REPORT_DECIDED, "report.decided", _find_report, _report_context),
    _kind(RESTRICTION, "restriction.made", _find_restriction, _restriction_context),
    _kind(CAUTION, "caution.made", _find_caution, _caution_context),
)
