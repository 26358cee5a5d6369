"""Pages of people: what was decided about their messages and why, their appeals, and what they reported."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Membership, User
from messagecenter.policy.models import Decision, Restriction
from messagecenter.threads.access import acting_membership, standing_or_404
from messagecenter.threads.links import as_html
from messagecenter.threads.models import Message
from messagecenter.threads.navigation import frame
from messagecenter.threads.refused import Refused
from messagecenter.threads.words import read_shown_body
from messagecenter.vault.errors import Unreadable

from . import actions
from .forms import AppealForm, ReportForm
from .keyset import page_after
from .models import Report
from .statements import explain, rules_of, title_of_decision, told_rule
from .words import read_report

PAGE_ROWS = 25
MOST_RESTRICTIONS = 20


@require_GET
@never_cache
@membership_required
def decisions(request: HttpRequest) -> HttpResponse:
    """List what was decided about the messages of the mailbox the person acts for, newest first.

    On its first page stand the restrictions of all the person's mailboxes.
    """
    membership = acting_membership(request)
    mine = Decision.objects.visible_to(person_of(request)).filter(mailbox=membership.mailbox)
    mine = mine.select_related("version", "appeal")
    page, following = page_after(mine, "made_at", request.GET.get("after", ""), PAGE_ROWS, newest_first=True)
    found = Message.objects.in_bulk([one.message_id for one in page])
    rows = [
        {
            "url": reverse("moderation:decision", args=[one.pk]),
            "title": title_of_decision(one, found.get(one.message_id)),
            "made_at": one.made_at,
            "rules": rules_of(one),
            "has_unread_file": one.has_unread_file,
            "is_waiting": one.measure == Decision.Measure.HELD and one.outcome == Decision.Outcome.OPEN,
            "appeal": getattr(one, "appeal", None),
        }
        for one in page
    ]
    restrictions = [] if request.GET.get("after") else _restrictions(person_of(request))
    context = {"rows": rows, "restrictions": restrictions, "next_url": f"?after={following}" if following else ""}
    return render(request, "moderation/decisions.html", context | frame(membership, ""))


@require_GET
@never_cache
def decision(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Show a statement of reasons, with the form to appeal."""
    return _statement(request, _decision_or_404(request, decision_id), AppealForm())


@require_POST
def appeal(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Appeal against a decision; a second time leads to the first appeal."""
    found = _decision_or_404(request, decision_id)
    form = AppealForm(request.POST)
    if not form.is_valid():
        return _statement(request, found, form, status=422)
    try:
        actions.make_appeal(by=person_of(request), decision=found, words=form.cleaned_data["words"])
    except Refused as refusal:
        flash.error(request, str(refusal.sentence))
    else:
        flash.success(request, _("Your appeal has arrived. A person will look at it and answer you."))
    return redirect("moderation:decision", decision_id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest, thread_id: uuid.UUID, message_id: uuid.UUID) -> HttpResponse:
    """Ask what is wrong with a message of the other side, and take the report."""
    standing = standing_or_404(request, thread_id)
    theirs = Message.objects.visible_to(standing.person).filter(thread=thread_id, state=Message.State.DELIVERED)
    message = theirs.filter(pk=message_id).exclude(sender=standing.mailbox).select_related("sender").first()
    if message is None:
        raise Http404
    made = Report.objects.filter(message_id=message.pk, mailbox=standing.mailbox).first()
    form = ReportForm(request.POST or None)
    if made is None and request.method == "POST" and form.is_valid():
        made = actions.make_report(by=standing.person, mailbox=standing.mailbox, message=message, **form.cleaned_data)
        flash.success(request, _("Your report has arrived. Thank you."))
    if made is not None:
        return redirect("moderation:report_receipt", made.pk)
    try:
        text: Any = as_html(read_shown_body(message))
    except Unreadable as error:
        text = error.sentence
    context = {
        "form": form,
        "text": text,
        "sender_name": message.sender.shown_name,
        "sent_at": message.sent_at,
        "back_url": f"{reverse('threads:detail', args=[thread_id])}?message={message.pk}#message-{message.pk}",
    }
    status = 422 if form.errors else 200
    return render(request, "moderation/report.html", context | frame(standing.membership, ""), status=status)


@require_GET
@never_cache
@membership_required
def reports(request: HttpRequest) -> HttpResponse:
    """List what the mailbox the person acts for has reported, newest first."""
    membership = acting_membership(request)
    mine = Report.objects.visible_to(person_of(request)).filter(mailbox=membership.mailbox).select_related("reported")
    page, following = page_after(mine, "made_at", request.GET.get("after", ""), PAGE_ROWS, newest_first=True)
    context = {"rows": page, "next_url": f"?after={following}" if following else ""}
    return render(request, "moderation/reports.html", context | frame(membership, ""))


@require_GET
@never_cache
def report_receipt(request: HttpRequest, report_id: uuid.UUID) -> HttpResponse:
    """Show the receipt of a report and, once there is one, the decision on it."""
    mine = Report.objects.visible_to(person_of(request)).select_related("reported", "mailbox")
    found = mine.filter(pk=report_id).first()
    if found is None:
        raise Http404
    context = {
        "report": found,
        "words": _words(found, "words"),
        "answer": _words(found, "answer"),
        "message_url": f"{reverse('threads:detail', args=[found.thread_id])}?message={found.message_id}"
        f"#message-{found.message_id}",
    }
    membership = Membership.objects.of(request.user).filter(mailbox=found.mailbox_id)[0]
    return render(request, "moderation/receipt.html", context | frame(membership, ""))


def _restrictions(person: User) -> list[dict[str, Any]]:
    """Return the newest restrictions of a person's mailboxes, those that have ended as well."""
    now = timezone.now()
    mine = Restriction.objects.visible_to(person).select_related("mailbox").order_by("-until", "-pk")
    return [
        {
            "mailbox": one.mailbox,
            "rule": told_rule(one.rule),
            "explanation": one.explanation,
            "made_at": one.made_at,
            "until": one.until,
            "is_in_force": one.lifted_at is None and one.until > now,
            "is_lifted": one.lifted_at is not None,
        }
        for one in mine[:MOST_RESTRICTIONS]
    ]


def _decision_or_404(request: HttpRequest, decision_id: uuid.UUID) -> Decision:
    """Return a decision about a message of one of the person's mailboxes. Foreign and missing ones are the same 404."""
    mine = Decision.objects.visible_to(person_of(request)).select_related("mailbox", "version")
    found = mine.filter(pk=decision_id).first()
    if found is None:
        raise Http404
    return found


def _statement(request: HttpRequest, found: Decision, form: AppealForm, status: int = 200) -> HttpResponse:
    membership = Membership.objects.of(request.user).filter(mailbox=found.mailbox_id)[0]
    context = {"statement": explain(found, person_of(request)), "form": form}
    return render(request, "moderation/decision.html", context | frame(membership, ""), status=status)


def _words(found: Report, field: str) -> str:
    try:
        return read_report(found, field)
    except Unreadable as error:
        return str(error.sentence)
