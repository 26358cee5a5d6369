"""One case's working page: shown, once its reading is written down, with all its forms, fresh or as they came back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messagecenter.attachments.inspection.limits import EXTENSIONS
from messagecenter.attachments.shown import kept_uploads
from messagecenter.moderation.queues import told_age
from messagecenter.replies.filling import Matter
from messagecenter.replies.languages import name_of
from messagecenter.threads.access import uuid_or_none
from messagecenter.threads.actions import mark_read
from messagecenter.threads.composing import replies_for, words_of_first
from messagecenter.threads.models import Entry
from support import actions
from support.answers import answers_of
from support.lifecycle import Status
from support.listing import subject_of
from support.models import Queue
from support.severities import Severity

from .called import calls_of
from .cards import comment_of, order_card, seller_card, topic_of, watchers_of
from .chatted import Bar, bar_of, open_chats
from .conversation import Stretch, files_in, find_stretch
from .door import Work, work_or_404
from .forms import (
    AnswerForm,
    AssignForm,
    EscalateForm,
    FollowUpForm,
    NoteForm,
    NumberForm,
    ReasonForm,
    SeverityForm,
    StatusForm,
    TransferForm,
    writing_members,
)
from .lists import is_late, told_due
from .timeline import linked_numbers, readings_of, told_steps

FORMS = ("assign", "transfer", "escalate", "severity", "follow_up", "link", "merge", "status")


@require_safe
def case_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show a case; who does not work in its queue says first why they read it."""
    work = work_or_404(request, number)
    if number != work.case.number:
        return redirect(work.url)
    if not work.may_read:
        return ask_reason(request, work, ReasonForm())
    return show_page(request, work)


@require_POST
def case_read(request: HttpRequest, number: str) -> HttpResponse:
    """Write down why somebody reads a case, then show it."""
    work = work_or_404(request, number)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return ask_reason(request, work, form, status=422)
    actions.read_case(by=work.person, case=work.case, reason=form.cleaned_data["reason"])
    return redirect(work.url)


def ask_reason(request: HttpRequest, work: Work, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    """Return the page that asks why, without a word of the case."""
    context = admin.site.each_context(request) | {
        "title": work.case.shown_number,
        "case": work.case,
        "topic": topic_of(work.case),
        "form": form,
    }
    return TemplateResponse(request, "admin/support/reason.html", context, status=status)


def show_page(request: HttpRequest, work: Work, *, code: int = 200, **came_back: Any) -> HttpResponse:
    """Return a case's page, with the forms that came back in place of fresh ones. The reading is written down.

    ``came_back`` are forms by their names, and for the answer what goes with it: ``screened``, ``file_errors`` and
    ``upload_ids``.
    """
    actions.read_case(by=work.person, case=work.case)
    case, now = work.case, timezone.now()
    before = uuid_or_none(request.GET.get("before", ""))
    stretch = find_stretch(work, before=before)
    entry = Entry.objects.filter(thread=case.pk, mailbox=case.queue_id).first()
    is_seen = before is None and "peek" not in request.GET
    if work.may_write and entry is not None and entry.unread and stretch.newest and is_seen:
        mark_read(by=work.person, entry=entry, up_to=stretch.newest)
    files = files_in(work)
    steps_before = uuid_or_none(request.GET.get("steps", ""))
    steps, has_more_steps = told_steps(case, before=steps_before, files={one["id"]: one["name"] for one in files})
    readings, has_more_readings = readings_of(case)
    watchers = watchers_of(case)
    chat = bar_of(work)
    if chat.is_mine and "peek" not in request.GET:
        actions.stay_at_desk(by=work.person)  # also without the page's script
    can_write = work.may_write and entry is not None
    context = admin.site.each_context(request) | {
        "title": case.shown_number,
        "case": case,
        "subject": subject_of(case),
        "topic": topic_of(case),
        "severity": Severity(case.severity),
        "is_late": is_late(case, now),
        "due": told_due(case, now),
        "age": told_age(case.opened_at, now),
        "language": name_of(case.language),
        "may_have": work.may_write,
        "may_act": work.actor is not None,
        "may_write": can_write and case.state != Status.CLOSED,
        "may_note": can_write,
        "is_checked": entry is None,
        **_conversation(stretch, work, is_newest=before is None),
        "answers": answers_of(case),
        "comment": comment_of(case),
        "calls": calls_of(work),
        "chat": chat,
        "chats": open_chats(request, but=case.number),
        "seller": seller_card(work),
        "order": order_card(case),
        "steps": steps,
        "earlier_steps_url": f"{work.url}?steps={steps[-1].id}#case-timeline" if has_more_steps else "",
        "newest_steps_url": f"{work.url}#case-timeline" if steps_before else "",
        "linked": linked_numbers(steps),
        "readings": readings,
        "has_more_readings": has_more_readings,
        "files": files,
        "watchers": watchers,
        "is_watching": any(one.staff_id == work.person.pk for one in watchers),
        "is_mine": case.assignee_id == work.person.pk,
        "person": work.person,
        "do_url": reverse("admin:support_desk_do", args=[case.number]),
        **_answering(request, work, came_back, chat, can_write=can_write),
    }
    if work.actor is not None:
        context["forms"] = _forms(work, came_back)
    context["note_form"] = came_back.get("note") or NoteForm()
    return TemplateResponse(request, "admin/support/case.html", context, status=code)


def _conversation(stretch: Stretch, work: Work, *, is_newest: bool) -> dict[str, Any]:
    return {
        "items": stretch.items,
        "earlier_url": f"{work.url}?before={stretch.earlier_than}#conversation" if stretch.earlier_than else "",
        "newest_url": "" if is_newest else f"{work.url}#conversation",
    }


def _answering(
    request: HttpRequest, work: Work, came_back: dict[str, Any], chat: Bar, *, can_write: bool
) -> dict[str, Any]:
    """Return the form for an answer with the queue's saved replies, and what was found in the one that came back.

    While a chat goes on, an answer leaves the case in progress unless its writer chooses otherwise.
    """
    if not can_write or work.case.state == Status.CLOSED:
        return {"answer": None}
    case = work.case
    matter = Matter(
        case.queue.mailbox,
        case.shop,
        order=case.thread.order,
        person=work.person,
        case_number=case.shown_number,
    )
    form = came_back.get("answer")
    if form is None:
        first = words_of_first(matter, uuid_or_none(request.GET.get("reply", "")))
        form = AnswerForm(work=work, initial=first | ({"there": Status.OPEN} if chat.is_live else {}))
    return {
        "answer": form,
        "replies": replies_for(matter),
        "replies_url": f"{reverse('admin:support_desk_replies')}?queue={case.queue_id}",
        "screened": came_back.get("screened"),
        "file_errors": came_back.get("file_errors", []),
        "uploads": kept_uploads(work.person, case.queue.mailbox, came_back.get("upload_ids", [])),
        "accept": ",".join(EXTENSIONS),
    }


def _forms(work: Work, came_back: dict[str, Any]) -> dict[str, Form]:
    """Return the small forms, fresh but for the one that came back: two queries."""
    case = work.case
    own = {key: came_back.get(key) for key in FORMS}
    return {
        "assign": own["assign"] or assign_form(work),
        "transfer": own["transfer"] or transfer_form(work),
        "escalate": own["escalate"] or EscalateForm(auto_id="escalate-%s"),
        "severity": own["severity"] or SeverityForm(auto_id="severity-%s", initial={"severity": case.severity}),
        "follow_up": own["follow_up"] or FollowUpForm(auto_id="follow-up-%s", initial={"at": case.follow_up_at}),
        "link": own["link"] or NumberForm(work=work, auto_id="link-%s"),
        "merge": own["merge"] or NumberForm(work=work, auto_id="merge-%s"),
        "status": own["status"] or StatusForm(work=work, auto_id="status-%s"),
    }


def assign_form(work: Work, data: Any = None) -> AssignForm:
    """Return the form for who gets the case."""
    return AssignForm(data, work=work, people=writing_members(work.case.queue), auto_id="assign-%s")


def transfer_form(work: Work, data: Any = None) -> TransferForm:
    """Return the form for handing the case to another queue."""
    others = Queue.objects.active().exclude(pk=work.case.queue_id).select_related("mailbox")
    return TransferForm(data, queues=others.order_by("mailbox__name", "pk"), auto_id="transfer-%s")


def say_done(request: HttpRequest, sentence: str) -> None:
    """Have the next page say that something was done."""
    messages.success(request, sentence)


def say_refused(request: HttpRequest, sentence: str = "") -> None:
    """Have the next page say that something was not done, and why."""
    messages.error(request, sentence or _("You may read this case, but not do that."))
