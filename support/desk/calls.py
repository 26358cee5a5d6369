"""The call-backs that are to be made, by the hour, and how each went."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from messagecenter.accounts.acting import person_of
from messagecenter.replies.languages import name_of
from messagecenter.threads.clock import told_fully
from messagecenter.threads.refused import Refused
from support import actions
from support.models import Call, Case

from .door import work_or_404
from .forms import ReasonForm
from .page import ask_reason, say_done, say_refused

MOST_CALLS = 100
#: A call that nobody has settled stays on the list for so long.
FORGOTTEN = timedelta(days=7)


class CallForm(forms.Form):
    """How a call went."""

    notes = forms.CharField(
        label=gettext_lazy("What was said"),
        required=False,
        max_length=actions.MOST_NOTES,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Show the call-backs of the queues one works in, the next one first. No numbers and no words: those are inside."""
    now = timezone.now()
    booked = Call.objects.worked_by(person_of(request)).booked().filter(starts_at__gte=now - FORGOTTEN)
    found = booked.select_related("case__shop", "case__queue__mailbox", "case__assignee").order_by("starts_at", "pk")
    rows = [
        {
            "url": _url(call.case),
            "number": call.case.shown_number,
            "when": told_fully(call.starts_at),
            "is_late": call.starts_at < now,
            "shop": call.case.shop.shown_name,
            "queue": call.case.queue.mailbox.shown_name,
            "language": name_of(call.language),
            "assignee": call.case.assignee.get_full_name() if call.case.assignee else "",
        }
        for call in found[:MOST_CALLS]
    ]
    context = admin.site.each_context(request) | {"title": _("Call-backs to be made"), "rows": rows}
    return TemplateResponse(request, "admin/support/calls.html", context)


@require_POST
def call_settle(request: HttpRequest, number: str, call_id: uuid.UUID) -> HttpResponse:
    """Write down how a call went, or cancel it; who was missed is offered another time."""
    work = work_or_404(request, number)
    if not work.may_read:
        return ask_reason(request, work, ReasonForm())
    call = Call.objects.filter(case=work.case, pk=call_id).select_related("case__queue").first()
    form = CallForm(request.POST)
    if call is None:
        raise Http404
    if not form.is_valid():
        say_refused(request, " ".join(str(one) for errors in form.errors.values() for one in errors))
        return redirect(work.url)
    outcome = request.POST.get("outcome", "")
    try:
        if outcome == "cancel":
            actions.cancel_call(by=work.person, call=call)
        elif outcome in ("reached", "missed"):
            actions.settle_call(
                by=work.person, call=call, was_reached=outcome == "reached", notes=form.cleaned_data["notes"]
            )
        else:
            raise Http404
    except Refused as refusal:
        say_refused(request, str(refusal.sentence))
    else:
        say_done(request, _("It is written down."))
    return redirect(f"{work.url}#calls")


def _url(case: Case) -> str:
    return reverse("admin:support_desk_case", args=[case.number])
