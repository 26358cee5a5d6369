"""Notices for staff: who was told what kind of thing, when, and why not. A failed one can be sent again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import User
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin
from messagecenter.notices.actions import send_again
from messagecenter.notices.delivery import delivery
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

    def get_urls(self) -> list[URLPattern]:
        """Put the page on delivery before the notices' own."""
        page = path("delivery/", self.admin_site.admin_view(self.delivery_page), name="notices_delivery")
        return [page, *super().get_urls()]

    def delivery_page(self, request: HttpRequest) -> HttpResponse:
        """Show how delivery goes to who may see notices."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = delivery()
        context = self.admin_site.each_context(request) | {
            "title": _("Delivery"),
            "delivery": found,
            "waited": round(found.oldest_due_seconds),
            "reasons": [(gettext(reason), number) for reason, number in found.skipped.items()],
        }
        return TemplateResponse(request, "admin/notices/delivery.html", context)

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
