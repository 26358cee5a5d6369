"""Addresses that take no mail, for staff: since when and why, found by the whole address, and resumed by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin
from messagecenter.mail.actions import lift_rows, of_address
from messagecenter.mail.models import Suppression


@admin.register(Suppression)
class SuppressionAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Every suppressed address, newest first. The address itself is not kept, so it is looked for by its hash."""

    list_display = ["since", "masked", "reason", "detail", "lifted_at"]
    list_filter = ["reason"]
    search_fields = ["masked"]
    search_help_text = _("The whole e-mail address")
    ordering = ["-since", "-id"]
    sortable_by = ()
    actions = ["resume"]
    fields = ["masked", "reason", "detail", "since", "lifted_at", "lifted_by"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """Find an address by its hash."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=of_address(search_term).order_by().values("pk")), False

    def has_resume_permission(self, request: HttpRequest) -> bool:
        """Whether this person may have mails sent to an address again."""
        return bool(request.user.has_perm("mail.change_suppression"))

    @admin.action(description=_("Send mails to these addresses again"), permissions=["resume"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        """Lift what was chosen."""
        chosen: Any = queryset.order_by().values_list("pk", flat=True)
        count = lift_rows(list(chosen), by=str(request.user.pk))
        text = ngettext("%(number)d address gets mails again.", "%(number)d addresses get mails again.", count)
        self.message_user(request, text % {"number": count}, messages.SUCCESS if count else messages.WARNING)
