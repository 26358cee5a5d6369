"""Files for staff: state, size and owner. Name and content only for a stated reason, and each opening is logged."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from messagecenter.accounts.acting import person_of
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin
from messagecenter.vault.errors import Unreadable

from . import content
from .actions import disclose, rescan
from .inspection.limits import CONTENT_TYPES
from .models import Attachment, AttachmentDisclosure, Details
from .reasons import sentence
from .serving import serve

# How long one stated reason opens one file; then it is asked for anew.
DISCLOSED_MINUTES = 10
RESCANNED: dict[str, tuple[int, str | Promise]] = {
    Attachment.State.READY: (messages.SUCCESS, _("The file was checked again and nothing was found.")),
    Attachment.State.REFUSED: (messages.WARNING, _("The file was checked again and is now refused.")),
    Attachment.State.CHECKING: (messages.ERROR, _("The file cannot be checked now. It is withheld and tried again.")),
}


class OpeningReasonForm(forms.Form):
    """Why someone needs to open a file."""

    reason = forms.CharField(
        label=_("Reason for opening"),
        min_length=10,
        max_length=500,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example a case number and what you need to find out. It is logged with your name."),
    )


@admin.register(Attachment)
class AttachmentAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Files as metadata, newest first. A list opens nothing; a single file's page opens its details but no name."""

    list_display = ("id", "state", "reason", "size", "mailbox", "uploader", "uploaded_at")
    list_filter = ("state",)
    list_select_related = ("mailbox", "uploader")
    ordering = ("-uploaded_at", "-id")
    sortable_by = ()
    search_fields = ("id", "mailbox", "uploader__email")
    search_help_text = _("Exact attachment id or mailbox id, or the whole e-mail address of who uploaded it")
    fields = (
        "id",
        "state",
        "why",
        "size",
        "kind",
        "checksum",
        "mailbox",
        "uploader",
        "thread_id",
        "uploaded_at",
        "stored_at",
        "sent_at",
        "expires_at",
        "checked_at",
        "attempts",
        "next_check_at",
        "opening",
    )
    readonly_fields = fields

    @admin.display(description=_("size as sent"), ordering="size_bytes")
    def size(self, attachment: Attachment) -> str:
        """Return the size in bytes, and in words."""
        return f"{filesizeformat(attachment.size_bytes)} ({attachment.size_bytes})"

    @admin.display(description=_("reason"))
    def why(self, attachment: Attachment) -> str:
        """Return why the file was refused: the code, and the sentence its sender saw, without the name."""
        if not attachment.reason:
            return "-"
        try:
            return f"{attachment.reason}: {sentence(attachment.reason, name='', **attachment.details.facts)}"
        except (Unreadable, KeyError):  # refused later than at its upload, and so without the facts of the sentence
            return attachment.reason

    @admin.display(description=_("kind"))
    def kind(self, attachment: Attachment) -> str:
        """Return what kind of file it is."""
        return _detail(attachment, lambda details: details.kind)

    @admin.display(description=_("SHA-256 checksum of the file as sent"))
    def checksum(self, attachment: Attachment) -> str:
        """Return the checksum, to compare with a file somebody reports."""
        return _detail(attachment, lambda details: details.sha256)

    @admin.display(description=_("name and content"))
    def opening(self, attachment: Attachment) -> SafeString:
        """Return the way to the page that asks for a reason."""
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:attachments_attachment_open", args=[attachment.pk]),
            _("Open the content (asks for a reason; is logged)"),
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that open a file and the button that has it checked again."""

        def page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
            return self.admin_site.admin_view(never_cache(view))

        return [
            path("<uuid:attachment_id>/open/", page(self.open), name="attachments_attachment_open"),
            path(
                "<uuid:attachment_id>/open/<uuid:disclosure_id>/",
                page(require_safe(self.download)),
                name="attachments_attachment_download",
            ),
            path("<uuid:attachment_id>/rescan/", page(require_POST(self.rescan)), name="attachments_attachment_rescan"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one file's metadata, with the button for those who may use it."""
        may = request.user.has_perm("attachments.change_attachment")
        return super().change_view(request, object_id, form_url, {"may_rescan": may} | (extra_context or {}))

    def rescan(self, request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponse:
        """Have a file checked again and say what came of it."""
        if not request.user.has_perm("attachments.change_attachment"):
            raise PermissionDenied
        attachment = _attachment_or_404(attachment_id)
        if attachment.stored_at is None or attachment.state == Attachment.State.EXPIRED:
            self.message_user(request, _("There is nothing left to check."), messages.WARNING)
        else:
            try:
                level, text = RESCANNED[rescan(by=person_of(request), attachment=attachment).state]
            except (Unreadable, *content.UNREADABLE_NOW):
                level, text = messages.ERROR, _("The file cannot be read just now, so it was not checked again.")
            self.message_user(request, str(text), level)
        return redirect("admin:attachments_attachment_change", attachment_id)

    def open(self, request: HttpRequest, attachment_id: uuid.UUID) -> HttpResponse:
        """Ask for a reason; with one, log it, then show the file's name and the way to its content."""
        _may_disclose(request)
        attachment = _attachment_or_404(attachment_id)
        form = OpeningReasonForm(request.POST or None)
        context = self.admin_site.each_context(request) | {
            "title": _("Open the content"),
            "attachment": attachment,
            "opts": self.opts,
            "form": form,
            "minutes": DISCLOSED_MINUTES,
        }
        if request.method == "POST" and form.is_valid():
            context["disclosure"] = disclose(
                by=person_of(request), attachment=attachment, reason=form.cleaned_data["reason"]
            )
            context |= _opened(attachment)
        return TemplateResponse(request, "admin/attachments/open.html", context)

    def download(self, request: HttpRequest, attachment_id: uuid.UUID, disclosure_id: uuid.UUID) -> HttpResponseBase:
        """Send the file to who has just stated a reason; to anybody else the question for one."""
        _may_disclose(request)
        attachment = _attachment_or_404(attachment_id)
        stated = AttachmentDisclosure.objects.filter(
            pk=disclosure_id,
            attachment=attachment,
            staff=person_of(request),
            read_at__gt=timezone.now() - timedelta(minutes=DISCLOSED_MINUTES),
        )
        if not stated.exists():
            return redirect("admin:attachments_attachment_open", attachment_id)
        try:
            details = attachment.details
            return serve(
                request,
                size=content.size_of(attachment),
                read=lambda start, stop: content.read(attachment, content.CONTENT, start, stop),
                name=details.name,
                content_type=CONTENT_TYPES.get(details.kind, "application/octet-stream"),
                etag=attachment.pk.hex,
            )
        except (Unreadable, KeyError, *content.UNREADABLE_NOW):
            self.message_user(request, _("The content cannot be read. The operator’s log says more."), messages.ERROR)
            return redirect("admin:attachments_attachment_change", attachment_id)


@admin.register(AttachmentDisclosure)
class AttachmentDisclosureAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Who opened which file, when and why. Nobody can change or delete it here."""

    list_display = ("read_at", "staff", "attachment", "reason")
    list_select_related = ("staff", "attachment")
    ordering = ("-read_at", "-id")
    sortable_by = ()
    search_fields = ("attachment", "staff__email")
    search_help_text = _("Exact attachment id, or the whole e-mail address of who opened it")


def _may_disclose(request: HttpRequest) -> None:
    """Raise PermissionDenied for staff without the right to open files."""
    if not request.user.has_perm("attachments.disclose_attachment"):
        raise PermissionDenied


def _attachment_or_404(attachment_id: uuid.UUID) -> Attachment:
    """Return the file. Raises Http404 when there is none."""
    attachment = Attachment.objects.filter(pk=attachment_id).select_related("mailbox", "uploader").first()
    if attachment is None:
        raise Http404
    return attachment


def _detail(attachment: Attachment, read: Callable[[Details], str]) -> str:
    """Return one of the sealed details, or why it cannot be read."""
    try:
        return read(attachment.details) or "-"
    except Unreadable as error:
        return str(error.sentence)


def _opened(attachment: Attachment) -> dict[str, Any]:
    """Return a file's name and whether its content can be had, or why neither can."""
    try:
        has_content = attachment.stored_at is not None and content.has(attachment, content.CONTENT)
        return {"name": attachment.details.name, "has_content": has_content}
    except Unreadable as error:
        return {"trouble": error.sentence}
