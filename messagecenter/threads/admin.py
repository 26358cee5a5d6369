"""Threads for staff: who, about what and when. Words only for a stated reason, and each reading is logged."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from messagecenter.accounts.acting import person_of
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin, UncountedAdmin
from messagecenter.vault.errors import Unreadable

from .actions import disclose_thread
from .clock import forget_reply_rules
from .models import Disclosure, Entry, ReplyClock, Thread
from .topics import LABELS
from .words import read_body, read_subject

MOST_MESSAGES = 500


class ReasonForm(forms.Form):
    """Why someone needs to read."""

    reason = forms.CharField(
        label=_("Reason for reading"),
        min_length=10,
        max_length=500,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example a case number and what you need to find out. It is logged with your name."),
    )


class EntryInline(admin.TabularInline):
    """Both sides' entries, without words."""

    model = Entry
    fk_name = "thread"
    fields = readonly_fields = ("mailbox", "unread", "needs_reply_since", "last_message_at", "last_sent_at")
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Entries are made by posting only."""
        return False


@admin.register(Thread)
class ThreadAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Threads as metadata."""

    list_display = ("id", "kind", "topic_label", "order", "opened_by", "state", "last_message_at")
    list_filter = ("state",)
    list_select_related = ("order", "opened_by")
    ordering = ("-last_message_at", "-id")
    sortable_by = ()
    search_fields = ("id", "order__number")
    search_help_text = _("Exact thread id or order number")
    fields = (
        "id",
        "kind",
        "topic_label",
        "order",
        "product",
        "opened_by",
        "state",
        "created_at",
        "last_message_at",
        "words",
    )
    readonly_fields = fields
    inlines = (EntryInline,)

    @admin.display(description=_("topic"))
    def topic_label(self, thread: Thread) -> str:
        """Return the topic's name."""
        return str(LABELS.get(thread.topic, thread.topic))

    @admin.display(description=_("messages"))
    def words(self, thread: Thread) -> SafeString:
        """Return the way to the page that asks for a reason."""
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:threads_thread_read", args=[thread.pk]),
            _("Read the messages (asks for a reason; is logged)"),
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the page that asks for a reason."""
        read = self.admin_site.admin_view(never_cache(self.read))
        return [path("<uuid:thread_id>/read/", read, name="threads_thread_read"), *super().get_urls()]

    def read(self, request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
        """Ask for a reason; with one, log the reading and show the thread's words on this one answer."""
        if not request.user.has_perm("threads.disclose_thread"):
            raise PermissionDenied
        thread = Thread.objects.filter(pk=thread_id).select_related("order", "opened_by").first()
        if thread is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        context = self.admin_site.each_context(request) | {
            "title": _("Read the messages"),
            "thread": thread,
            "opts": self.opts,
            "form": form,
        }
        if request.method == "POST" and form.is_valid():
            context["disclosure"] = disclose_thread(
                by=person_of(request), thread=thread, reason=form.cleaned_data["reason"]
            )
            context |= _words_of(thread)
        return TemplateResponse(request, "admin/threads/read.html", context)


def _words_of(thread: Thread) -> dict[str, Any]:
    """Return a thread's subject and messages, the newest 500, or why they cannot be read."""

    def or_sentence(read: Any, row: Any) -> str:
        try:
            return str(read(row))
        except Unreadable as error:
            return str(error.sentence)

    messages = thread.messages.select_related("sender", "author").order_by("-pk")[:MOST_MESSAGES]
    return {
        "subject": or_sentence(read_subject, thread),
        "thread_messages": [
            {"row": message, "body": or_sentence(read_body, message)} for message in reversed(list(messages))
        ],
    }


@admin.register(Disclosure)
class DisclosureAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Who read which thread's words, when and why. Nobody can change or delete it here."""

    list_display = ("read_at", "staff", "thread", "reason")
    list_select_related = ("staff", "thread")
    ordering = ("-read_at", "-id")
    sortable_by = ()
    search_fields = ("thread", "staff__email")
    search_help_text = _("Exact thread id, or the whole e-mail address of who read it")


@admin.register(ReplyClock)
class ReplyClockAdmin(UncountedAdmin):
    """How fast each marketplace wants its shops to answer. Waits that run already keep their due time."""

    list_display = ("marketplace", "hours", "only_working_days", "country", "subdivision", "time_zone")
    ordering = ("marketplace",)

    def save_model(self, request: HttpRequest, obj: ReplyClock, form: Any, change: bool) -> None:
        """Save it, and have it counted by from now on."""
        super().save_model(request, obj, form, change)
        forget_reply_rules()

    def delete_model(self, request: HttpRequest, obj: ReplyClock) -> None:
        """Delete it: the marketplace counts around the clock again."""
        super().delete_model(request, obj)
        forget_reply_rules()
