"""Incoming mail for staff: states and reasons; a mail's words only for a stated reason, and each opening is logged."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from messagecenter.accounts.acting import person_of
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin
from messagecenter.vault import chunks
from messagecenter.vault.errors import Unreadable

from .actions import disclose, drop, try_again
from .models import MailDisclosure, RawMail

# How long one stated reason opens one mail; then it is asked for anew.
DISCLOSED_MINUTES = 10


class OpeningReasonForm(forms.Form):
    """Why someone needs to open a mail."""

    reason = forms.CharField(
        label=_("Reason for opening"),
        min_length=10,
        max_length=500,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example a case number and what you need to find out. It is logged with your name."),
    )


@admin.register(RawMail)
class RawMailAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Mails by what became of them, newest first. No page but the one that asks for a reason opens any."""

    list_display = ("id", "state", "reason", "size_bytes", "copies", "tries", "received_at")
    list_filter = ("state",)
    ordering = ("-received_at", "-id")
    sortable_by = ()
    search_fields = ("id", "message_id")
    search_help_text = _("Exact id of the mail, or of the message it became")
    fields = (
        "id",
        "state",
        "reason",
        "size_bytes",
        "copies",
        "tries",
        "received_at",
        "next_at",
        "settled_at",
        "message_id",
        "opening",
    )
    readonly_fields = fields
    actions = ("try_again_chosen", "drop_chosen")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RawMail]:
        """Return the rows without their bytes."""
        return super().get_queryset(request).defer("raw_ciphertext", "details_ciphertext")

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may decide about quarantined mails."""
        return bool(request.user.has_perm("inbound.change_rawmail"))

    @admin.action(description=_("Try again (quarantined mails)"), permissions=["work"])
    def try_again_chosen(self, request: HttpRequest, queryset: QuerySet[RawMail]) -> None:
        """Have the chosen quarantined mails worked off anew."""
        done = try_again(by=person_of(request), mails=list(queryset.values_list("pk", flat=True)))
        said = ngettext("%(count)d mail is tried again.", "%(count)d mails are tried again.", done) % {"count": done}
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)

    @admin.action(description=_("Drop (quarantined mails)"), permissions=["work"])
    def drop_chosen(self, request: HttpRequest, queryset: QuerySet[RawMail]) -> None:
        """Have the chosen quarantined mails not worked off at all."""
        done = drop(by=person_of(request), mails=list(queryset.values_list("pk", flat=True)))
        said = ngettext("%(count)d mail was dropped.", "%(count)d mails were dropped.", done) % {"count": done}
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)

    @admin.display(description=_("the mail"))
    def opening(self, mail: RawMail) -> SafeString:
        """Return the way to the page that asks for a reason."""
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:inbound_rawmail_open", args=[mail.pk]),
            _("Open the mail (asks for a reason; is logged)"),
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that open a mail."""

        def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(never_cache(view))

        return [
            path("<uuid:mail_id>/open/", page(self.open), name="inbound_rawmail_open"),
            path(
                "<uuid:mail_id>/open/<uuid:disclosure_id>/",
                page(require_safe(self.download)),
                name="inbound_rawmail_download",
            ),
            *super().get_urls(),
        ]

    def open(self, request: HttpRequest, mail_id: uuid.UUID) -> HttpResponse:
        """Ask for a reason; with one, log it, then show the way to the mail."""
        _may_disclose(request)
        mail = _mail_or_404(mail_id)
        form = OpeningReasonForm(request.POST or None)
        context = self.admin_site.each_context(request) | {
            "title": _("Open the mail"),
            "mail": mail,
            "opts": self.opts,
            "form": form,
            "minutes": DISCLOSED_MINUTES,
        }
        if request.method == "POST" and form.is_valid():
            context["disclosure"] = disclose(by=person_of(request), mail=mail, reason=form.cleaned_data["reason"])
        return TemplateResponse(request, "admin/inbound/open.html", context)

    def download(self, request: HttpRequest, mail_id: uuid.UUID, disclosure_id: uuid.UUID) -> HttpResponse:
        """Send the mail as it came to who has just stated a reason; to anybody else the question for one."""
        _may_disclose(request)
        mail = _mail_or_404(mail_id)
        stated = MailDisclosure.objects.filter(
            pk=disclosure_id,
            mail_id=mail.pk,
            staff=person_of(request),
            read_at__gt=timezone.now() - timedelta(minutes=DISCLOSED_MINUTES),
        )
        if not stated.exists():
            return redirect("admin:inbound_rawmail_open", mail_id)
        try:
            raw = mail.raw()
        except (Unreadable, chunks.Broken, ValueError):
            self.message_user(request, _("The mail cannot be read, or was not kept."), messages.ERROR)
            return redirect("admin:inbound_rawmail_change", mail_id)
        answer = HttpResponse(raw, content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="{mail.pk}.eml"'
        answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return answer


@admin.register(MailDisclosure)
class MailDisclosureAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Who opened which mail, when and why. Nobody can change or delete it here."""

    list_display = ("read_at", "staff", "mail_id", "reason")
    list_select_related = ("staff",)
    ordering = ("-read_at", "-id")
    sortable_by = ()
    search_fields = ("mail_id", "staff__email")
    search_help_text = _("Exact id of the mail, or the whole e-mail address of who opened it")


def _may_disclose(request: HttpRequest) -> None:
    """Raise PermissionDenied for staff without the right to open mails."""
    if not request.user.has_perm("inbound.disclose_rawmail"):
        raise PermissionDenied


def _mail_or_404(mail_id: uuid.UUID) -> RawMail:
    """Return the mail. Raises Http404 when there is none."""
    mail = RawMail.objects.filter(pk=mail_id).first()
    if mail is None:
        raise Http404
    return mail
