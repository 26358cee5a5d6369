"""Notices for staff: who was told what kind of thing, when, and why not. A failed one can be sent again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from messagecenter.accounts.models import User
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin
from messagecenter.notices.actions import send_again
from messagecenter.notices.models import Notice


@admin.register(Notice)
class NoticeAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Every notice, newest first, with its state and reason."""

    list_display = ["created_at", "kind", "recipient", "state", "reason", "attempts", "next_at", "sent_at"]
    list_filter = ["state"]
    list_select_related = ["recipient"]
    list_display_links = ["created_at"]
    search_fields = ["recipient__email"]
    search_help_text = _("The recipient’s whole e-mail address")
    ordering = ["-created_at", "-id"]
    sortable_by = ()
    actions = ["send_again"]
    fields = [
        "id",
        "kind",
        "channel",
        "recipient",
        "subject_id",
        "state",
        "reason",
        "attempts",
        "unconfirmed",
        "created_at",
        "next_at",
        "lease_until",
        "sent_at",
    ]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Whether this person may have mails sent again."""
        return bool(request.user.has_perm("notices.change_notice"))

    @admin.action(description=_("Send failed notices again"), permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        """Make the chosen failed notices due now; leave the others alone."""
        assert isinstance(request.user, User)  # noqa: S101 (the admin lets nobody else in)
        chosen = queryset.order_by().values_list("pk", flat=True)
        again = send_again(notices=list(chosen), by=request.user)
        text = ngettext("%(number)d notice will be sent again.", "%(number)d notices will be sent again.", again)
        self.message_user(request, text % {"number": again}, messages.SUCCESS if again else messages.WARNING)
