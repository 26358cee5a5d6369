"""Queues and routing rules to set up, and what happened to cases as lists nobody can change; no word of a case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Membership
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin, UncountedAdmin
from messagecenter.hours.written import WEEKDAYS
from messagecenter.replies.forms import DAY_LABELS, written_hours
from messagecenter.replies.languages import name_of

from .desk.setting_up import CHANNELS, PROMISES, QueueForm, RouteForm
from .models import Attendance, Queue, Reading, Route, Step, Turn
from .numbers import NotACaseNumber, read

MOST_MEMBERS = 200


@admin.register(Queue)
class QueueAdmin(UncountedAdmin):
    """Queues. One is closed to new cases, never deleted: cases hang on it. Its people join by invitation."""

    form = QueueForm
    list_display = ("__str__", "handing", "counts_open_hours", "is_active")
    list_select_related = ("mailbox",)
    ordering = ("mailbox__name", "pk")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("name", "is_active", "handing", "languages", "members")}),
        (
            _("Opening hours"),
            {
                "fields": ("time_zone", *WEEKDAYS, "country", "subdivision", "closed"),
                "description": _("No hours on any day: open around the clock."),
            },
        ),
        (
            _("Live chat and call-backs"),
            {"fields": CHANNELS, "description": _("What is offered beside writing, which is always possible.")},
        ),
        (_("Promised answers"), {"fields": ("counts_open_hours", *PROMISES)}),
    )
    readonly_fields = ("members", "member_names", "shown_name", "spoken", "hours")
    #: For who only looks at it: the form's own fields would show nothing.
    TOLD = (
        (None, {"fields": ("shown_name", "is_active", "handing", "spoken", "member_names")}),
        (_("Opening hours"), {"fields": ("hours",)}),
        *fieldsets[2:],
    )

    def get_fieldsets(self, request: HttpRequest, obj: Queue | None = None) -> Any:
        """Return what there is to be set, or to be read; the way to the members for who may go it."""
        if obj is not None and not self.has_change_permission(request, obj):
            return self.TOLD
        if obj is None or request.user.has_perm("accounts.view_mailbox"):
            return self.fieldsets
        (title, first), *rest = self.fieldsets
        names = ["member_names" if name == "members" else name for name in first["fields"]]
        return [(title, {"fields": names}), *rest]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False

    @admin.display(description=_("members"))
    def members(self, queue: Queue) -> SafeString | str:
        """Return the way to the mailbox, where people are invited."""
        if not queue.mailbox_id:
            return str(_("Save the queue first; then its people are invited from its mailbox."))
        url = reverse("admin:accounts_mailbox_change", args=[queue.mailbox_id])
        return format_html('<a href="{}">{}</a>', url, _("Members and invitations"))

    @admin.display(description=_("members"))
    def member_names(self, queue: Queue) -> SafeString | str:
        """Return who works in it, by name, for who does not invite them."""
        found = Membership.objects.filter(mailbox=queue.pk, user__is_active=True).select_related("user")
        rows = found.order_by("user__name", "pk")[:MOST_MEMBERS]
        return _lines((one.user.get_full_name(), one.get_role_display()) for one in rows) or "–"

    @admin.display(description=_("Name"))
    def shown_name(self, queue: Queue) -> str:
        """Return its name as sellers see it."""
        return queue.mailbox.shown_name

    @admin.display(description=_("Languages"))
    def spoken(self, queue: Queue) -> str:
        """Return what its people speak."""
        return ", ".join(name_of(code) for code in queue.spoken)

    @admin.display(description=_("Opening hours"))
    def hours(self, queue: Queue) -> SafeString | str:
        """Return when it is open, day by day, and when it is closed."""
        kept = queue.opening_hours
        if not kept:
            return str(_("open around the clock"))
        week = written_hours(kept)
        region = "-".join(filter(None, (week.pop("country"), kept.get("holidays", {}).get("subdivision", ""))))
        closed = [(_("Closed on the public holidays of"), region), (_("Closed on"), " ".join(kept.get("closed", [])))]
        days = [(DAY_LABELS[day], week.get(day) or _("closed")) for day in WEEKDAYS]
        return _lines([(_("Time zone"), kept["time_zone"]), *days, *(row for row in closed if row[1])])


def _lines(rows: Iterable[tuple[Any, Any]]) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}: {}", rows)


@admin.register(Route)
class RouteAdmin(UncountedAdmin):
    """Routing rules, in the order in which they are asked."""

    form = RouteForm
    list_display = ("position", "topic", "severity", "country", "language", "queue")
    list_select_related = ("queue__mailbox",)
    raw_id_fields = ("queue",)
    ordering = ("position", "id")
    sortable_by = ()


@admin.register(Attendance)
class AttendanceAdmin(ReadOnlyAdmin):
    """Who of the staff takes cases now."""

    list_display = ("staff", "is_present", "languages", "topics", "chats_at_once", "seen_at", "last_given_at")
    list_select_related = ("staff",)
    ordering = ("-pk",)
    sortable_by = ()
    fields = list_display


class OfCases(ExactSearchAdmin, ReadOnlyAdmin):
    """Rows about cases, found by a case's number in any spelling."""

    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("case__number",)
    search_help_text = _("The number of a case")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Read the number as people write it."""
        try:
            number = read(search_term) if search_term.strip() else ""
        except NotACaseNumber:
            return queryset.none(), False
        return super().get_search_results(request, queryset, number)


@admin.register(Step)
class StepAdmin(OfCases):
    """What happened to cases: the audit trail. Why is read at the desk."""

    list_display = ("at", "case", "kind", "actor", "by", "before", "after")
    list_select_related = ("case", "by")
    fields = ("id", *list_display)
    readonly_fields = fields


@admin.register(Reading)
class ReadingAdmin(OfCases):
    """Who of the staff read which case, when and why."""

    list_display = ("at", "case", "staff", "reason")
    list_select_related = ("case", "staff")
    fields = ("id", *list_display)
    readonly_fields = fields


@admin.register(Turn)
class TurnAdmin(OfCases):
    """How long sellers waited for support, turn by turn."""

    list_display = ("began_at", "case", "queue", "topic", "is_first", "due_at", "ended_at", "answered_by")
    list_select_related = ("case", "queue__mailbox", "answered_by")
    fields = ("id", *list_display)
    readonly_fields = fields
