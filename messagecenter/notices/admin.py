"""Notices for staff: who was told what kind of thing, when, and why not. A failed one can be sent again."""

from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from messagecenter.accounts.models import User
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin
from messagecenter.notices import preview
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
        """Put the pages on delivery and on how mails look before the notices' own."""
        pages = [
            path("delivery/", self.admin_site.admin_view(self.delivery_page), name="notices_delivery"),
            path("mails/", self.admin_site.admin_view(self.mails_page), name="notices_mails"),
            path(
                "mails/<slug:name>/<slug:language>/<slug:look>/",
                preview.framed(self.admin_site.admin_view(self.mail_html)),
                name="notices_mail_html",
            ),
        ]
        return [*pages, *super().get_urls()]

    def delivery_page(self, request: HttpRequest) -> HttpResponse:
        """Show how delivery goes to who may see notices."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = delivery()
        context = self.admin_site.each_context(request) | {
            "title": _("Delivery of notices"),
            "delivery": found,
            "waited": round(found.oldest_due_seconds),
            "reasons": [(gettext(reason), number) for reason, number in found.skipped.items()],
        }
        return TemplateResponse(request, "admin/notices/delivery.html", context)

    @method_decorator([require_safe, csp_update({"frame-src": [SELF]})])
    def mails_page(self, request: HttpRequest) -> HttpResponse:
        """Show how a mail looks, with invented values, to who may see notices."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = self.admin_site.each_context(request) | preview.context_of(request.GET)
        return TemplateResponse(request, "admin/notices/mails.html", context)

    @method_decorator(require_safe)
    def mail_html(self, request: HttpRequest, name: str, language: str, look: str) -> HttpResponse:
        """Give the HTML of one such mail for its frame."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponse(preview.html_of(name, language, look))

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
