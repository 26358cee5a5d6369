"""Sellers' pages of a call-back: choose a time, move it, take it back, and its appointment for the calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.models import Membership
from messagecenter.attachments.serving import as_download
from messagecenter.replies.languages import name_of
from messagecenter.threads.access import standing_or_404
from messagecenter.threads.clock import told_fully
from messagecenter.threads.navigation import frame
from messagecenter.threads.refused import Refused
from messagecenter.vault.errors import Unreadable

from . import actions
from .access import case_or_404
from .appointments import calendar_file
from .called import can_be_called
from .decorators import back_to_case
from .models import Call, Case
from .outcome import told as told_of
from .refused import NotToBeCalled, SlotTaken
from .slots import days_with_slots
from .telephone import told
from .words import read_number

DAYS_SHOWN = 5


class CallForm(forms.Form):
    """When to ring up whom, in which language. The moment is one of those offered, as seconds since 1970 (UTC)."""

    at = forms.IntegerField(
        label=gettext_lazy("Time"),
        min_value=0,
        max_value=4_000_000_000,
        error_messages={"required": gettext_lazy("Please choose a time.")},
    )
    number = forms.CharField(
        label=gettext_lazy("Your telephone number"),
        help_text=gettext_lazy(
            "With its country code, like +49 … Support and your team see it; it serves this call alone."
        ),
        max_length=40,
        error_messages={"required": gettext_lazy("Please give the number we are to call.")},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the call"))

    def __init__(self, *args: Any, languages: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [(code, name_of(code)) for code in languages]  # type: ignore[attr-defined]

    @property
    def moment(self) -> datetime:
        """The time chosen."""
        return datetime.fromtimestamp(self.cleaned_data["at"], UTC)


@partial(back_to_case, is_page=True)
@require_http_methods(["GET", "POST"])
@never_cache
def case_call(request: HttpRequest, number: str) -> HttpResponse:
    """Show the free times of the next days and book one of them; the one that is booked can be moved."""
    case = case_or_404(request, number)
    membership = standing_or_404(request, case.pk).membership
    if membership.mailbox_id != case.shop_id or not membership.may_write:
        raise Http404
    languages = case.queue.spoken
    booked = Call.objects.booked().filter(case=case).first()
    if request.method == "GET":
        first = booked.language if booked else get_language() or case.language
        form = CallForm(languages=languages, initial={"number": _number_of(booked), "language": first})
        return _page(request, case, membership, form, booked)
    form = CallForm(request.POST, languages=languages)
    if not form.is_valid():
        return _page(request, case, membership, form, booked, status=422)
    try:
        call = actions.book_call(
            by=person_of(request),
            case=case,
            starts_at=form.moment,
            number=form.cleaned_data["number"],
            language=form.cleaned_data["language"],
        )
    except NotToBeCalled as refusal:
        form.add_error("number", str(refusal.sentence))
        return _page(request, case, membership, form, booked, status=422)
    except SlotTaken as taken:
        form.add_error("at", str(taken.sentence))
        return _page(request, case, membership, form, booked, status=409, wanted=taken.next_at)
    except Refused as refusal:
        form.add_error(None, str(refusal.sentence))
        return _page(request, case, membership, form, booked, status=422)
    flash.success(request, _("We call you on %(when)s.") % {"when": told_fully(call.starts_at)})
    return redirect("support:case", case.number)


def _page(
    request: HttpRequest,
    case: Case,
    membership: Membership,
    form: CallForm,
    booked: Call | None,
    *,
    status: int = 200,
    wanted: datetime | None = None,
) -> HttpResponse:
    """Return the page with the free times; ``wanted`` is the one that is chosen already, else what was sent."""
    sent = form.data.get("at", "") if form.is_bound else ""
    chosen = str(int(wanted.timestamp())) if wanted else sent
    now, zone, after = timezone.now(), timezone.get_current_timezone(), _after(request)
    found = days_with_slots(case.queue, now, most=DAYS_SHOWN + 1, after=after, zone=zone)
    if wanted and all(one.start != wanted for _day, slots in found[:DAYS_SHOWN] for one in slots):
        after = wanted
        found = days_with_slots(case.queue, now, most=DAYS_SHOWN + 1, after=after, zone=zone)
    days = [
        {
            "name": date_format(day, _("l, F j")),
            "slots": [_slot(one.start, chosen) for one in slots],
            "is_open": number == 0 or any(str(int(one.start.timestamp())) == chosen for one in slots),
        }
        for number, (day, slots) in enumerate(found[:DAYS_SHOWN])
    ]
    later = f"?after={int(found[DAYS_SHOWN][1][0].start.timestamp())}" if len(found) > DAYS_SHOWN else ""
    context = {
        "case": case,
        "case_number": case.shown_number,
        "case_url": reverse("support:case", args=[case.number]),
        "queue_name": case.queue.mailbox.shown_name,
        "form": form,
        "days": days,
        "later_url": later,
        "next_url": reverse("support:call", args=[case.number]) if after else "",
        "zone": timezone.get_current_timezone_name(),
        "booked_text": told_fully(booked.starts_at) if booked else "",
        "is_possible": can_be_called(case),
        "minutes": Call.MINUTES,
    }
    return render(request, "support/call.html", context | frame(membership, ""), status=status)


def _after(request: HttpRequest) -> datetime | None:
    """Return the moment from which on appointments are asked for, None for the next ones."""
    typed = request.GET.get("after", "")
    return datetime.fromtimestamp(int(typed), UTC) if re.fullmatch(r"[0-9]{1,10}", typed) else None


def _slot(start: datetime, chosen: str) -> dict[str, Any]:
    key, local = str(int(start.timestamp())), timezone.localtime(start)
    text = time_format(local, "TIME_FORMAT")
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        text = f"{text} {local.tzname()}"  # the hour that comes twice when the clocks go back
    return {
        "key": key,
        "iso": start.isoformat(),
        "text": text,
        "is_chosen": key == chosen,
    }


def _number_of(call: Call | None) -> str:
    """Return the number of a booked call as people read it, for the form that moves it."""
    if call is None:
        return ""
    try:
        return told(read_number(call))
    except Unreadable:
        return ""


@back_to_case
@require_POST
def case_call_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Take a booked call back."""
    case = case_or_404(request, number)
    call = Call.objects.booked().select_related("case__queue").filter(case=case).first()
    if call is None:
        return redirect("support:case", case.number)
    done = _("The call-back is cancelled. The matter goes on here in writing.")
    return told_of(request, case, partial(actions.cancel_call, by=person_of(request), call=call), done)


@require_GET
@never_cache
def case_call_file(request: HttpRequest, number: str) -> HttpResponse:
    """Download the newest call of a case as an appointment."""
    case = case_or_404(request, number)
    call = Call.objects.select_related("case").filter(case=case).order_by("-pk").first()
    if call is None:
        raise Http404
    response = HttpResponse(calendar_file(call), content_type="text/calendar; charset=utf-8")
    return as_download(response, f"{case.shown_number}.ics")
