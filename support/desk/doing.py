"""What staff do with a case besides writing: small forms, one button each; what is refused comes back with why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messagecenter.threads.access import uuid_or_none
from messagecenter.threads.actions import remove_note
from messagecenter.threads.models import Note
from messagecenter.threads.refused import Refused
from support import actions
from support.lifecycle import Status
from support.models import Case
from support.severities import Severity

from .door import Work, work_or_404
from .forms import EscalateForm, FollowUpForm, NumberForm, ReasonForm, SeverityForm, StatusForm
from .page import ask_reason, assign_form, say_done, say_refused, show_page, transfer_form

#: What a form leads to: the sentence that says it is done.
Done = str
#: What a form says that was sent from the list (``from``): what is refused leads back there, and opens no case.
DESK = "desk"


class Invalid(Exception):
    """A form that came back."""


def _valid(form: Form) -> None:
    if not form.is_valid():
        raise Invalid


@require_POST
def case_do(request: HttpRequest, number: str) -> HttpResponse:
    """Do one thing: which button was pressed says what (``do``)."""
    work = work_or_404(request, number)
    handler = DO.get(request.POST.get("do", ""))
    if handler is None:
        raise Http404
    if not work.may_read:
        return ask_reason(request, work, ReasonForm())
    made = _FORMS[handler](work, request.POST) if handler in _FORMS else None
    try:
        if made is not None:
            _valid(made[1])
        done = handler(work, made[1] if made else request.POST)
    except Invalid:
        pass
    except Refused as refusal:
        if made is None:
            say_refused(request, str(refusal.sentence))
            return redirect("admin:support_desk" if request.POST.get("from") == DESK else work.url)
        made[1].add_error(None, str(refusal.sentence))
    except PermissionDenied:
        say_refused(request)
        return redirect(work.url)
    else:
        say_done(request, done)
        still = Case.objects.worked_by(work.person).filter(pk=work.case.pk).exists()
        return redirect(f"{work.url}{ANCHORS.get(handler, '')}" if still else "admin:support_desk")
    assert made is not None  # noqa: S101 (only a form is invalid)
    return show_page(request, work_or_404(request, number), code=422, **{made[0]: made[1]})


def _assign(work: Work, form: Any) -> Done:
    to = form.chosen
    actions.assign_case(by=work.person, case=work.case, to=to)
    if to is None:
        return _("Nobody has the case now.")
    return _("%(name)s has the case now.") % {"name": to.get_full_name()}


def _assign_me(work: Work, _data: Any) -> Done:
    actions.assign_case(by=work.person, case=work.case, to=work.person)
    return _("You have the case now.")


def _transfer(work: Work, form: Any) -> Done:
    queue = form.chosen
    actions.transfer_case(by=work.person, case=work.case, to=queue, reason=form.cleaned_data["reason"])
    values = {"number": work.case.shown_number, "queue": queue.mailbox.shown_name}
    return _("%(number)s was handed to %(queue)s. The seller reads why.") % values


def _escalate(work: Work, form: Any) -> Done:
    case = actions.escalate_case(by=work.person, case=work.case, reason=form.cleaned_data["reason"])
    if case.level < actions.LEVEL_OF_OVERSEERS:
        return _("The queue’s leads are told.")
    return _("The queue’s leads are told, and who oversees support.")


def _severity(work: Work, form: Any) -> Done:
    actions.set_severity(by=work.person, case=work.case, severity=Severity(form.cleaned_data["severity"]))
    return _("The severity is set, and the promised time with it.")


def _follow_up(work: Work, form: Any) -> Done:
    actions.set_follow_up(by=work.person, case=work.case, at=form.cleaned_data["at"])
    return _("The case comes back then.") if form.cleaned_data["at"] else _("The case does not come back by itself.")


def _watch(work: Work, _data: Any) -> Done:
    actions.watch_case(by=work.person, case=work.case, is_watching=True)
    return _("You are told of everything in this case.")


def _unwatch(work: Work, _data: Any) -> Done:
    actions.watch_case(by=work.person, case=work.case, is_watching=False)
    return _("You watch this case no more.")


def _link(work: Work, form: Any) -> Done:
    actions.link_cases(by=work.person, case=work.case, other=form.found)
    return _("The case is linked with %(number)s.") % {"number": form.found.shown_number}


def _merge(work: Work, form: Any) -> Done:
    actions.merge_case(by=work.person, case=work.case, into=form.found)
    return _("This case is closed; it goes on in %(number)s.") % {"number": form.found.shown_number}


def _status(work: Work, form: Any) -> Done:
    actions.set_status(by=work.person, case=work.case, there=Status(form.cleaned_data["there"]))
    return _("The status is changed.")


def _take_chat(work: Work, data: Any) -> Done:
    actions.take_chat(by=work.person, case=work.case, over=uuid_or_none(data.get("over", "")))
    return _("You chat with %(shop)s.") % {"shop": work.case.shop.shown_name}


def _end_chat(work: Work, _data: Any) -> Done:
    if actions.end_chat(by=work.person, case=work.case) is None:
        return _("The chat was over already. The case goes on in writing.")
    return _("The chat is over. The case goes on in writing.")


def _remove_note(work: Work, data: Any) -> Done:
    key = uuid_or_none(data.get("note", ""))
    own = Note.objects.filter(thread=work.case.pk, mailbox=work.case.queue_id)
    note = own.filter(pk=key).first() if key else None
    if note is None:
        raise Http404
    remove_note(by=work.person, note=note)
    return _("The note is removed.")


Handler = Callable[[Work, Any], Done]

DO: dict[str, Handler] = {
    "assign": _assign,
    "assign_me": _assign_me,
    "transfer": _transfer,
    "escalate": _escalate,
    "severity": _severity,
    "follow_up": _follow_up,
    "watch": _watch,
    "unwatch": _unwatch,
    "link": _link,
    "merge": _merge,
    "status": _status,
    "take_chat": _take_chat,
    "end_chat": _end_chat,
    "remove_note": _remove_note,
}
#: Where on the case's page it goes on: whoever takes a chat is to write.
ANCHORS: dict[Handler, str] = {_take_chat: "#id_body"}
_FORMS: dict[Handler, Callable[[Work, Any], tuple[str, Form]]] = {
    _assign: lambda work, data: ("assign", assign_form(work, data)),
    _transfer: lambda work, data: ("transfer", transfer_form(work, data)),
    _escalate: lambda _work, data: ("escalate", EscalateForm(data, auto_id="escalate-%s")),
    _severity: lambda _work, data: ("severity", SeverityForm(data, auto_id="severity-%s")),
    _follow_up: lambda _work, data: ("follow_up", FollowUpForm(data, auto_id="follow-up-%s")),
    _link: lambda work, data: ("link", NumberForm(data, work=work, auto_id="link-%s")),
    _merge: lambda work, data: ("merge", NumberForm(data, work=work, auto_id="merge-%s")),
    _status: lambda work, data: ("status", StatusForm(data, work=work, auto_id="status-%s")),
}
