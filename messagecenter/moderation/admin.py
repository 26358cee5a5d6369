"""Appeals, reports and cautions as lists for staff: what, when and by whom; the words are read at the desk."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin

from .models import Appeal, Caution, Report

AT_THE_DESK = _("Open at the desk")


@admin.register(Appeal)
class AppealAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Appeals without their words."""

    list_display = ("made_at", "decision", "state", "decided_by", "decided_at")
    list_select_related = ("decision", "decided_by")
    ordering = ("-made_at", "-id")
    sortable_by = ()
    search_fields = ("id", "decision")
    search_help_text = _("Exact id of the appeal or of the decision")
    fields = ("id", "decision", "made_by", "made_at", "state", "decided_by", "decided_at", "at_the_desk")
    readonly_fields = fields

    @admin.display(description=_("words"))
    def at_the_desk(self, appeal: Appeal) -> SafeString:
        """Return the way to the page that asks for a reason."""
        return format_html('<a href="{}">{}</a>', reverse("admin:desk_appeals_item", args=[appeal.pk]), AT_THE_DESK)


@admin.register(Report)
class ReportAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Reports without their words and evidence."""

    list_display = ("made_at", "reason", "reported", "mailbox", "state", "decided_by", "decided_at")
    list_select_related = ("reported", "mailbox", "decided_by")
    ordering = ("-made_at", "-id")
    sortable_by = ()
    search_fields = ("id", "mailbox")
    search_help_text = _("Exact id of the report, or of the mailbox that reported")
    fields = (
        "id",
        "reason",
        "message_id",
        "thread_id",
        "mailbox",
        "reported",
        "made_by",
        "made_at",
        "state",
        "decided_by",
        "decided_at",
        "at_the_desk",
    )
    readonly_fields = fields

    @admin.display(description=_("words"))
    def at_the_desk(self, report: Report) -> SafeString:
        """Return the way to the page that asks for a reason."""
        return format_html('<a href="{}">{}</a>', reverse("admin:desk_reports_item", args=[report.pk]), AT_THE_DESK)


@admin.register(Caution)
class CautionAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Who was reminded of which rule, when and by whom."""

    list_display = ("made_at", "mailbox", "rule", "made_by")
    list_select_related = ("mailbox", "made_by")
    ordering = ("-made_at", "-id")
    sortable_by = ()
    search_fields = ("id", "mailbox")
    search_help_text = _("Exact id of the caution or of the mailbox")
    fields = ("id", "mailbox", "rule", "message_id", "made_by", "made_at")
    readonly_fields = fields
