"""The policy for staff: its versions and the editor; decisions, restrictions and blocked senders, without any words."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin

from . import versions
from .actions import NotPossible, Overtaken, lift_restriction, publish_version
from .differences import ACTIONS, differences
from .dryrun import dry_run
from .forms import Editor, with_more_rows
from .models import BlockedSender, Decision, PolicyVersion, Restriction
from .rulebook import category_title, entry
from .rules import Rules

TRIED_SALT = "messagecenter.policy.tried"
# How long a dry run counts: after that the last messages are others.
TRIED_FOR = timedelta(hours=1)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    """Every version there was, read-only, each with what it changed; a new one is made in the editor."""

    list_display = ("number", "published_at", "published_by", "note")
    list_select_related = ("published_by",)
    ordering = ("-number",)
    sortable_by = ()
    fields = ("number", "published_at", "published_by", "note", "changes", "whole")
    readonly_fields = fields

    @admin.display(description=_("differences to the version before"))
    def changes(self, version: PolicyVersion) -> SafeString:
        """Return a table of what it changed."""
        before = PolicyVersion.objects.filter(number__lt=version.number).order_by("-number").first()
        rows = differences(versions.of(before), versions.of(version)) if before else None
        return render_to_string("admin/policy/_differences.html", {"differences": rows, "before": before})

    @admin.display(description=_("the whole version"))
    def whole(self, version: PolicyVersion) -> SafeString:
        """Return the content as it is kept."""
        text = json.dumps(version.content, indent=1, ensure_ascii=False)
        return render_to_string("admin/policy/_content.html", {"text": text})

    def get_urls(self) -> list[URLPattern]:
        """Add the editor."""
        return [path("edit/", _page(self, self.edit), name="policy_policyversion_edit"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """List the versions, with the button for those who may publish."""
        versions.current()  # the first one is made when first asked for
        may = request.user.has_perm("policy.publish_policy")
        return super().changelist_view(request, {"may_publish": may} | (extra_context or {}))

    def edit(self, request: HttpRequest) -> HttpResponse:
        """Edit, try and publish. What is published has been tried first, as it is."""
        if not request.user.has_perm("policy.publish_policy"):
            raise PermissionDenied
        base = _base(request)
        editor = Editor(versions.of(base))
        if request.method == "POST":
            editor = Editor(versions.of(base), with_more_rows(request.POST) if "more" in request.POST else request.POST)
        context = self.admin_site.each_context(request) | {
            "title": _("New version of the policy"),
            "opts": self.opts,
            "base": base,
            "editor": editor,
            "shipped_release": versions.SHIPPED.release,
            "is_behind": editor.base.release < versions.SHIPPED.release,
        }
        if request.method == "POST" and "more" not in request.POST:
            if not editor.is_valid() or editor.rules is None:
                context["has_mistakes"] = True
            elif "publish" in request.POST:
                published = self._publish(request, base, editor.rules, editor.general.cleaned_data["note"])
                if published:
                    return redirect("admin:policy_policyversion_change", published.pk)
            else:
                context |= self._try(request, base, editor.rules, editor.general.cleaned_data["count"])
        return TemplateResponse(request, "admin/policy/edit.html", context)

    def _try(self, request: HttpRequest, base: PolicyVersion, rules: Rules, count: int) -> dict[str, Any]:
        """Return what the new version would change; that it was asked for is logged."""
        before = versions.of(base)
        result = dry_run(before=before, after=rules, count=count)
        self.log_change(request, base, f"Dry run on {result.looked_at} messages: {result.changed} would change.")
        return {
            "result": result,
            "differences": differences(before, rules),
            "totals": [
                {"action": label, "before": result.before[action], "after": result.after[action]}
                for action, label in ACTIONS.items()
            ],
            "changes": [
                {
                    "rule": change.rule,
                    "title": entry(change.rule).title,
                    "before": ACTIONS[change.before],
                    "after": ACTIONS[change.after],
                    "is_stricter": change.is_stricter,
                    "count": change.count,
                    "messages": change.messages,
                }
                for change in result.rules
            ],
            "tried": signing.dumps(_fingerprint(request, base, rules), salt=TRIED_SALT),
        }

    def _publish(self, request: HttpRequest, base: PolicyVersion, rules: Rules, note: str) -> PolicyVersion | None:
        """Put the new version in force; say why not otherwise and return None."""
        try:
            tried = signing.loads(request.POST.get("tried", ""), salt=TRIED_SALT, max_age=TRIED_FOR)
        except signing.BadSignature:
            tried = None
        if tried != _fingerprint(request, base, rules):
            self.message_user(request, _("Run the dry run on these rules first."), messages.ERROR)
            return None
        try:
            version = publish_version(by=person_of(request), content=rules.to_content(), note=note, base=base.number)
        except NotPossible as problem:
            self.message_user(request, str(problem.sentence), messages.ERROR)
            return None
        self.log_addition(request, version, f"Published version {version.number}.")
        self.message_user(request, _("Version %(number)d is in force.") % {"number": version.number}, messages.SUCCESS)
        return version


@admin.register(Decision)
class DecisionAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """What was done about messages: rules, measure and version, never words."""

    list_display = ("made_at", "measure", "rules_found", "version", "mailbox", "outcome", "was_mistaken")
    list_select_related = ("version", "mailbox")
    ordering = ("-made_at", "-id")
    sortable_by = ()
    search_fields = ("id", "message_id", "mailbox")
    search_help_text = _("Exact decision id, message id or mailbox id")
    fields = (
        "id",
        "measure",
        "rules_found",
        "places",
        "version",
        "message_id",
        "thread_id",
        "mailbox",
        "author",
        "made_at",
        "hold_until",
        "outcome",
        "settled_at",
        "settled_by",
        "was_mistaken",
    )
    readonly_fields = fields

    @admin.display(description=_("rules"))
    def rules_found(self, decision: Decision) -> str:
        """Return the ids of the rules."""
        return ", ".join(decision.rules) or "-"

    @admin.display(description=_("findings"))
    def places(self, decision: Decision) -> SafeString:
        """Return a table of the findings: rule, where, how sure, what was done. No words."""
        rows = [
            one | {"category": category_title(one["category"]), "title": entry(one["rule"], one["category"]).title}
            for one in decision.findings
        ]
        return render_to_string("admin/policy/_findings.html", {"findings": rows})


@admin.register(Restriction)
class RestrictionAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Who may not write first, until when and why. Made at the desk; moderators lift one here."""

    list_display = ("made_at", "mailbox", "rule", "until", "made_by", "lifted_at")
    list_select_related = ("mailbox", "made_by")
    ordering = ("-made_at", "-id")
    sortable_by = ()
    search_fields = ("id", "mailbox")
    search_help_text = _("Exact restriction id or mailbox id")

    def get_urls(self) -> list[URLPattern]:
        """Add the button that lifts one."""
        lift = _page(self, require_POST(self.lift))
        return [path("<uuid:restriction_id>/lift/", lift, name="policy_restriction_lift"), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one restriction, with the button for those who may use it."""
        may = request.user.has_perm("policy.moderate")
        return super().change_view(request, object_id, form_url, {"may_lift": may} | (extra_context or {}))

    def lift(self, request: HttpRequest, restriction_id: uuid.UUID) -> HttpResponse:
        """Lift one and show it again."""
        if not request.user.has_perm("policy.moderate"):
            raise PermissionDenied
        restriction = Restriction.objects.filter(pk=restriction_id).first()
        if restriction is None:
            raise Http404
        lifted = lift_restriction(by=person_of(request), restriction=restriction)
        self.log_change(request, lifted, "Lifted.")
        self.message_user(request, _("The restriction is lifted."), messages.SUCCESS)
        return redirect("admin:policy_restriction_change", restriction_id)


@admin.register(BlockedSender)
class BlockedSenderAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Who does not want to hear from whom. Only the blocking side can undo it."""

    list_display = ("made_at", "mailbox", "sender", "made_by")
    list_select_related = ("mailbox", "sender", "made_by")
    ordering = ("-made_at", "-id")
    sortable_by = ()
    search_fields = ("mailbox", "sender")
    search_help_text = _("Exact mailbox id of either side")


def _page(model_admin: admin.ModelAdmin[Any], view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Return a view for staff that no cache keeps."""
    return model_admin.admin_site.admin_view(never_cache(view))


def _base(request: HttpRequest) -> PolicyVersion:
    """Return the version the edited one is made from: the one in force when the page was opened."""
    current = versions.current()[0]
    number = request.POST.get("base", "")
    if not number.isdecimal() or len(number) > 9 or int(number) == current.number:
        return current
    base = PolicyVersion.objects.filter(number=int(number)).first()
    if base is None:
        raise Http404
    messages.error(request, str(Overtaken.sentence))
    return base


def _fingerprint(request: HttpRequest, base: PolicyVersion, rules: Rules) -> list[str]:
    """Return who tried what: a dry run of other rules, or by somebody else, does not count."""
    content = json.dumps(rules.to_content(), sort_keys=True)
    return [str(person_of(request).pk), str(base.pk), hashlib.sha256(content.encode()).hexdigest()]
