"""Shops' webhooks for staff: which shop, on or off, since when it fails. Addresses and secrets are never shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from messagecenter.accounts.acting import person_of
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin, ReasonedActions
from messagecenter.webhooks.actions import pause_endpoints
from messagecenter.webhooks.models import Endpoint


@admin.register(Endpoint)
class EndpointAdmin(ReasonedActions, ExactSearchAdmin, ReadOnlyAdmin):
    """Every webhook, newest first. Its address may hold a password of the shop's, so only its owners see it."""

    list_display = ["created_at", "mailbox", "is_active", "paused_reason", "paused_at", "failing_since"]
    list_select_related = ["mailbox"]
    search_fields = ["mailbox__name"]
    search_help_text = _("The shop’s whole name")
    ordering = ["-pk"]
    sortable_by = ()
    actions = ["switch_off"]
    fields = [
        "id",
        "mailbox",
        "told",
        "is_active",
        "paused_reason",
        "paused_at",
        "failing_since",
        "created_at",
    ]

    @admin.display(description=_("what it is told"))
    def told(self, endpoint: Endpoint) -> str:
        """Return what it is told, in the reader's language."""
        return ", ".join(str(name) for name in endpoint.topic_names)

    def has_switch_off_permission(self, request: HttpRequest) -> bool:
        """Whether this person may switch shops' webhooks off."""
        return bool(request.user.has_perm("webhooks.change_endpoint"))

    @admin.action(description=_("Switch these webhooks off"), permissions=["switch_off"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Pause the chosen endpoints for a stated reason, which the admin's log keeps; the shop sees that it is so."""
        chosen: Any = queryset.filter(is_active=True).order_by()
        if not self.note_reason(request, chosen):
            return
        count = pause_endpoints(endpoints=[endpoint.pk for endpoint in chosen], by=person_of(request))
        text = ngettext("%(number)d webhook is off.", "%(number)d webhooks are off.", count)
        self.message_user(request, text % {"number": count})
