"""The pages of a mailbox's filing rules: their order, each one's form, and applying one to what is there."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox
from messagecenter.accounts.writing import require_writing
from messagecenter.filing import actions as filing
from messagecenter.filing.models import FilingRule
from messagecenter.filing.refused import NotFiled
from messagecenter.filing.rules import Conditions

from .. import actions
from ..access import acting_membership
from ..filing_verbs import Verb
from ..topics import LABELS
from .forms import RuleForm, initial_of
from .sentences import name_of


@require_GET
@never_cache
@membership_required
def page(request: HttpRequest) -> HttpResponse:
    """List the rules in the order in which they are asked."""
    membership = acting_membership(request)
    rules = list(FilingRule.objects.of_mailbox(membership.mailbox))
    context = {
        "rows": [
            {"rule": rule, "asks": asks(rule), "does": does(rule), "first": place == 0, "last": place == len(rules) - 1}
            for place, rule in enumerate(rules)
        ],
        "may_write": membership.may_write,
        "is_team": membership.mailbox.kind != Mailbox.Kind.BUYER,
    }
    return render(request, "filing/rules.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def rule_new(request: HttpRequest) -> HttpResponse:
    """Make a rule."""
    membership = acting_membership(request)
    require_writing(membership)
    return _form(request, membership.mailbox, None)


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def rule_edit(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Change a rule."""
    rule = _rule(request, rule_id)
    return _form(request, rule.mailbox, rule)


@require_POST
@membership_required
def rule_move(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Let a rule be asked earlier (``up``) or later."""
    rule = _rule(request, rule_id)
    filing.move_rule(by=person_of(request), rule=rule, up=bool(request.POST.get("up")))
    return redirect("filing:rules")


@require_POST
@membership_required
def rule_switch(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Switch a rule on (``is_active``) or off."""
    rule, is_active = _rule(request, rule_id), bool(request.POST.get("is_active"))
    filing.switch_rule(by=person_of(request), rule=rule, is_active=is_active)
    flash.success(request, _("The rule is switched on.") if is_active else _("The rule is switched off."))
    return redirect("filing:rules")


@require_POST
@membership_required
def rule_delete(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Delete a rule. What it did stays."""
    rule = _rule(request, rule_id)
    filing.delete_rule(by=person_of(request), rule=rule)
    flash.success(request, _("“%(name)s” is deleted.") % {"name": rule.name})
    return redirect("filing:rules")


@require_POST
@membership_required
def rule_apply(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Let a rule file what is there already, but for the trash, in the background; its page shows how far it is."""
    rule = _rule(request, rule_id)
    run = actions.start_run(by=person_of(request), mailbox=rule.mailbox, query={"box": "all"}, rule=rule)
    return redirect("threads:file_run", run.pk)


def asks(rule: FilingRule) -> list[str]:
    """Return a rule's conditions, each as a sentence."""
    asked = Conditions.from_data(rule.conditions)
    found = []
    if asked.topic:
        found.append(_("The topic is “%(topic)s”.") % {"topic": LABELS.get(asked.topic, asked.topic)})
    if asked.marketplace:
        found.append(_("The order is from %(marketplace)s.") % {"marketplace": asked.marketplace})
    if asked.words:
        found.append(_("The subject or the text has: %(words)s.") % {"words": ", ".join(asked.words)})
    if asked.sender:
        found.append(_("The other side’s name contains “%(name)s”.") % {"name": asked.sender})
    if asked.has_files:
        found.append(_("A file was sent in the conversation."))
    return found


def does(rule: FilingRule) -> list[str]:
    """Return what a rule does, each as a few words; "—" stands for a folder, label or person that is gone."""
    return [
        f"{Verb(one['verb']).label}: {name}" if name else str(Verb(one["verb"]).label)
        for one in rule.outcomes
        for name in [name_of(rule.mailbox, Verb(one["verb"]), one["value"])]
    ]


def _form(request: HttpRequest, mailbox: Mailbox, rule: FilingRule | None) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = RuleForm(posted, mailbox=mailbox, initial=initial_of(rule) if rule else None)
    if form.is_valid():
        wanted: dict[str, Any] = {
            "name": form.cleaned_data["name"],
            "conditions": form.conditions,
            "outcomes": form.outcomes,
            "is_active": form.cleaned_data["is_active"],
        }
        try:
            if rule is None:
                filing.create_rule(by=person_of(request), mailbox=mailbox, **wanted)
            else:
                filing.change_rule(by=person_of(request), rule=rule, **wanted)
        except NotFiled as refusal:
            form.add_error(None, str(refusal.sentence))
        else:
            flash.success(request, _("The rule is saved."))
            return redirect("filing:rules")
    return render(request, "filing/rule.html", {"form": form, "rule": rule}, status=422 if form.is_bound else 200)


def _rule(request: HttpRequest, rule_id: uuid.UUID) -> FilingRule:
    """Return a rule of the mailbox acted for; others and missing ones are the same 404."""
    membership = acting_membership(request)
    rows = FilingRule.objects.of_mailbox(membership.mailbox).select_related("mailbox")
    rule = get_object_or_404(rows, pk=rule_id)
    require_writing(membership)
    return rule
