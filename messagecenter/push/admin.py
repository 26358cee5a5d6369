"""Browsers that are told things, for staff: whose, since when, last told. Where they are reached is never shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from messagecenter.accounts.acting import person_of
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin, ReasonedActions
from messagecenter.push.actions import remove_devices
from messagecenter.push.models import Device


@admin.register(Device)
class DeviceAdmin(ReasonedActions, ExactSearchAdmin, ReadOnlyAdmin):
    """Every browser in which somebody turned notifications on, newest first."""

    list_display = ["created_at", "person", "label", "last_used_at"]
    list_select_related = ["person"]
    search_fields = ["person__email"]
    search_help_text = _("The person’s whole e-mail address")
    ordering = ["-pk"]
    sortable_by = ()
    actions = ["remove"]
    fields = ["id", "person", "label", "created_at", "last_used_at"]

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Whether this person may turn notifications off in other people's browsers."""
        return bool(request.user.has_perm("push.delete_device"))

    @admin.action(description=_("Turn notifications off in these browsers"), permissions=["remove"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        """Remove the chosen devices for a stated reason, which the admin's log keeps."""
        chosen: Any = queryset.order_by()
        if not self.note_reason(request, chosen):
            return
        count = remove_devices(devices=[device.pk for device in chosen], by=person_of(request))
        text = ngettext("%(number)d browser is told no more.", "%(number)d browsers are told no more.", count)
        self.message_user(request, text % {"number": count})
