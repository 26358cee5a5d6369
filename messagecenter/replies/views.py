"""Pages of the saved replies, the signatures and the automatic reply of a team."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import membership_of, memberships_of, person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.policy.rulebook import entry
from messagecenter.policy.rules import Action
from messagecenter.vault.errors import Unreadable
from orders.models import Order

from . import actions
from .checking import Checked, check
from .filling import ANSWERING, SIGNING, VARIABLES, Matter, Variable, filled, values_of
from .forms import AutoReplyForm, SavedReplyForm, SignatureForm, written_hours
from .languages import name_of
from .models import MOST_REPLIES, AutoReply, SavedReply, Signature
from .words import Row, read_text


def _team(request: HttpRequest) -> Membership:
    """Return the membership a page is about: the one its form was drawn for, else the acting one.

    Only teams have these pages. Raises Http404, and PermissionDenied when a viewer wants to change something.
    """
    membership = membership_of(request)
    if meant := request.POST.get("mailbox", ""):
        membership = next((one for one in memberships_of(request) if str(one.mailbox_id) == meant), None)
    if membership is None or membership.mailbox.kind == Mailbox.Kind.BUYER:
        raise Http404
    if request.method == "POST" and not membership.may_write:
        raise PermissionDenied(actions.NOT_A_WRITER)
    return membership


def _text_of(row: Row) -> str:
    """Return a row's text, or the sentence that says why it cannot be shown."""
    try:
        return read_text(row)
    except Unreadable as error:
        return str(error.sentence)


def _listed(variables: tuple[Variable, ...]) -> list[dict[str, str]]:
    """Return variables for the list beside a text."""
    return [{"name": f"{{{one.name}}}", "label": str(one.label), "example": one.example} for one in variables]


def _refuse(form: Form, problem: Exception, *, field: str) -> None:
    """Show beside the form why nothing was saved."""
    if isinstance(problem, ValidationError) and hasattr(problem, "error_dict"):
        for name, errors in problem.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    elif isinstance(problem, ValidationError):
        form.add_error(field, problem)
    elif isinstance(problem, actions.NameTaken):
        form.add_error("name", str(problem.sentence))
    elif isinstance(problem, actions.NotPossible):
        form.add_error(field, str(problem.sentence))


@require_GET
@never_cache
@membership_required
def replies(request: HttpRequest) -> HttpResponse:
    """List the saved replies of the team acted for."""
    membership = _team(request)
    rows = [
        {"pk": row.pk, "name": row.name, "language": name_of(row.language), "text": _text_of(row)}
        for row in SavedReply.objects.of_mailbox(membership.mailbox)[:MOST_REPLIES]
    ]
    return render(request, "replies/list.html", {"rows": rows, "may_write": membership.may_write})


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def reply_new(request: HttpRequest) -> HttpResponse:
    """Write a new saved reply."""
    membership = _team(request)
    language = membership.mailbox.language or person_of(request).language or "en"
    return _edit(request, membership, None, {"language": language})


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def reply_edit(request: HttpRequest, reply_id: uuid.UUID) -> HttpResponse:
    """Show and change a saved reply. Other mailboxes' and missing ones are the same 404."""
    reply, membership = _reply(request, reply_id)
    return _edit(request, membership, reply, {"name": reply.name, "language": reply.language, "text": _text_of(reply)})


@require_POST
def reply_delete(request: HttpRequest, reply_id: uuid.UUID) -> HttpResponse:
    """Delete a saved reply."""
    reply, _membership = _reply(request, reply_id)
    actions.delete_reply(by=person_of(request), reply=reply)
    flash.success(request, _("The saved reply “%(name)s” is deleted.") % {"name": reply.name})
    return redirect("replies:list")


def _reply(request: HttpRequest, reply_id: uuid.UUID) -> tuple[SavedReply, Membership]:
    """Return a saved reply of one of the person's teams, with their membership there. Raises Http404."""
    rows = SavedReply.objects.visible_to(person_of(request)).select_related("mailbox")
    reply = get_object_or_404(rows, pk=reply_id)
    membership = next(one for one in memberships_of(request) if one.mailbox_id == reply.mailbox_id)
    return reply, membership


def _edit(
    request: HttpRequest, membership: Membership, reply: SavedReply | None, initial: dict[str, Any]
) -> HttpResponse:
    """Show the form of a saved reply with a preview; save it, or only show what it becomes."""
    form = SavedReplyForm(request.POST if request.method == "POST" else None, initial=initial)
    refused: Checked | None = None
    only_preview = request.POST.get("do") == "preview"
    if form.is_bound and not membership.may_write:
        raise PermissionDenied(actions.NOT_A_WRITER)
    if form.is_valid() and not only_preview:
        try:
            saved = actions.save_reply(
                by=person_of(request), mailbox=membership.mailbox, reply=reply, **form.cleaned_data
            )
        except (ValidationError, actions.NotPossible) as problem:
            _refuse(form, problem, field="text")
            refused = getattr(problem, "checked", None)
        else:
            flash.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("replies:list")
    written = form["text"].value() or ""
    if only_preview and form.is_valid():
        try:
            actions.require_known(written, VARIABLES)
        except ValidationError as problem:
            form.add_error("text", problem)
    context = {
        "form": form,
        "reply": reply,
        "mailbox": membership.mailbox,
        "may_write": membership.may_write,
        "variables": _listed(VARIABLES),
        "refused": _as_context(refused) if refused else None,
    }
    if written:
        context |= _preview(request, membership, written, form["language"].value() or "")
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "replies/edit.html", context, status=status)


def _preview(request: HttpRequest, membership: Membership, text: str, language: str) -> dict[str, Any]:
    """Return a text filled from an order of the shop: the one asked for, else its newest, else none but gaps."""
    number = (request.POST.get("order") or request.GET.get("order") or "").strip()[:64]
    sold = Order.objects.filter(shop=membership.mailbox).select_related("buyer").prefetch_related("items")
    order = sold.filter(number=number).first() if number else sold.newest_first().first()
    person = person_of(request)
    matter = Matter(membership.mailbox, order.buyer if order else None, order=order, person=person)
    result = filled(text, values_of(matter, language=language), language=language)
    return {
        "order_number": number or (order.number if order else ""),
        "order_unknown": bool(number) and order is None,
        "preview": _as_context(check(result.text, matter)),
        "missing": bool(result.missing),
    }


def _as_context(checked: Checked) -> dict[str, Any]:
    """Return what a page shows of a checked text."""
    return {
        "action": str(checked.action),
        "items": checked.items,
        "pieces": checked.pieces,
        "is_blocked": checked.action == Action.BLOCK,
    }


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def signature(request: HttpRequest) -> HttpResponse:
    """Show the team's signatures and one's own; set one, or take it away."""
    membership, person = _team(request), person_of(request)
    rows = list(Signature.objects.visible_to(person).filter(mailbox=membership.mailbox).order_by("member", "language"))
    whose = "own" if request.GET.get("own") else "team"
    language = request.GET.get("language", "")
    chosen = next((row for row in rows if row.language == language and bool(row.member_id) == (whose == "own")), None)
    initial = {"whose": whose, "language": language, "text": _text_of(chosen) if chosen else ""}
    form = SignatureForm(request.POST if request.method == "POST" else None, initial=initial)
    refused: Checked | None = None
    if form.is_valid():
        try:
            actions.save_signature(
                by=person,
                mailbox=membership.mailbox,
                language=form.cleaned_data["language"],
                text=form.cleaned_data["text"],
                is_own=form.cleaned_data["whose"] == "own",
            )
        except (ValidationError, actions.NotPossible) as problem:
            _refuse(form, problem, field="text")
            refused = getattr(problem, "checked", None)
        else:
            flash.success(request, _("The signature is saved."))
            return redirect("replies:signature")
    context = {
        "form": form,
        "mailbox": membership.mailbox,
        "may_write": membership.may_write,
        "variables": _listed(SIGNING),
        "refused": _as_context(refused) if refused else None,
        "rows": [
            {"text": _text_of(row), "language": row.language, "name": name_of(row.language), "own": bool(row.member_id)}
            for row in rows
        ],
    }
    return render(request, "replies/signature.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def automatic(request: HttpRequest) -> HttpResponse:
    """Show when the team's mailbox answers by itself, and why the last answer was not sent; an owner changes it."""
    membership, person = _team(request), person_of(request)
    if request.method == "POST" and not membership.may_manage:
        raise PermissionDenied(actions.NOT_AN_OWNER)
    row = AutoReply.objects.filter(pk=membership.mailbox_id).prefetch_related("texts").first()
    form = AutoReplyForm(
        request.POST if request.method == "POST" else None, initial=_initial(row, person.time_zone or "UTC")
    )
    refused: Checked | None = None
    if form.is_valid():
        names = ("is_on", "when", "away_from", "away_until", "time_zone", "hours", "texts")
        values = {name: form.cleaned_data[name] for name in names}
        try:
            actions.save_auto_reply(by=person, mailbox=membership.mailbox, **values)
        except (ValidationError, actions.NotPossible) as problem:
            _refuse(form, problem, field=getattr(problem, "field", "when"))
            refused = getattr(problem, "checked", None)
        else:
            flash.success(request, _("The automatic reply is saved."))
            return redirect("replies:automatic")
    context = {
        "form": form,
        "mailbox": membership.mailbox,
        "may_manage": membership.may_manage,
        "variables": _listed(ANSWERING),
        "refused": _as_context(refused) if refused else None,
        "auto_reply": row,
        "answers_now": bool(row and row.answers_at(timezone.now())),
        "problem_rules": [str(entry(rule).title) for rule in row.problem_rules] if row else [],
    }
    return render(request, "replies/automatic.html", context, status=422 if form.errors else 200)


def _initial(row: AutoReply | None, time_zone: str) -> dict[str, Any]:
    """Return what the form shows at first."""
    if row is None:
        return {"when": AutoReply.When.ABSENT, "time_zone": time_zone}
    return {
        "is_on": row.is_on,
        "when": row.when,
        "away_from": row.away_from,
        "away_until": row.away_until,
        "time_zone": row.time_zone,
        **written_hours(row.hours),
        **{f"text_{text.language}": _text_of(text) for text in row.texts.all()},
    }
