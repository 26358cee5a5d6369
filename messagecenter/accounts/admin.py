"""People, mailboxes, members and invitations for staff: who they are, never what they wrote and never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.actions import LastOwner, NotPossible, invite_member, remove_member_as_staff
from messagecenter.accounts.models import Invitation, Mailbox, Membership, Role, User
from messagecenter.admin_lists import ExactSearchAdmin, ReadOnlyAdmin, UncountedAdmin

if TYPE_CHECKING:
    _TabularInline = admin.TabularInline[Membership, Mailbox]
    _MailboxModelForm = forms.ModelForm[Mailbox]
    _UserModelForm = forms.ModelForm[User]
else:
    _TabularInline = admin.TabularInline
    _MailboxModelForm = forms.ModelForm
    _UserModelForm = forms.ModelForm

# Who may change these makes others staff, or becomes someone else: for administrators only.
POWERS = ("email", "is_staff", "is_superuser", "groups")


class KeptAdmin(UncountedAdmin):
    """Rows that are deactivated or emptied, never deleted: orders and conversations hang on them."""

    ordering = ["-pk"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False


class UserAdminForm(_UserModelForm):
    """A person, with an address in lower case before it is compared with those of others."""

    class Meta:
        model = User
        fields = ["email"]

    def clean_email(self) -> str:
        """Return the address in lower case."""
        return str(self.cleaned_data["email"]).lower()


@admin.register(User)
class UserAdmin(ExactSearchAdmin, KeptAdmin):
    """People. Their passwords can be neither seen nor set here: they set one by e-mail themselves."""

    form = UserAdminForm
    list_display = ["email", "name", "language", "is_active", "is_staff", "date_joined", "last_login"]
    search_fields = ["email"]
    search_help_text = _("The whole e-mail address")
    fields = (
        *("email", "name", "language", "time_zone"),
        *("is_active", "is_staff", "is_superuser", "groups", "date_joined", "last_login"),
    )
    raw_id_fields = ["groups"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Keep powers out of the reach of staff who are not administrators."""
        fixed = ["date_joined", "last_login"]
        if request.user.is_superuser:
            return fixed
        return fixed + [name for name in POWERS if obj is not None or name != "email"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let only administrators change staff."""
        above = isinstance(obj, User) and obj.is_staff and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        """Save a person; a new one has no password."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


class MembershipInline(_TabularInline):
    """The team, on the page of its mailbox. Nobody joins or leaves here: each member has a page to be taken out on."""

    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = ("user", "role", "created_at")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds."""
        return False


class MailboxAdminForm(_MailboxModelForm):
    """A mailbox, and whom to invite into it."""

    invite_email = forms.EmailField(
        label=_("Invite by e-mail"),
        required=False,
        help_text=_("The first owner of a shop, or a member of a support mailbox, gets an invitation by mail."),
    )
    invite_role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.OWNER, required=False)

    class Meta:
        model = Mailbox
        fields = ["kind", "name", "language"]

    def clean(self) -> dict[str, Any]:
        """Refuse to invite into a buyer's mailbox."""
        values = super().clean() or self.cleaned_data
        kind = values.get("kind", self.instance.kind)
        if values.get("invite_email") and kind == Mailbox.Kind.BUYER:
            self.add_error("invite_email", gettext("A buyer’s mailbox belongs to one person only."))
        return values


@admin.register(Mailbox)
class MailboxAdmin(KeptAdmin):
    """Mailboxes: staff open a shop here and invite its first owner, or people into support."""

    form = MailboxAdminForm
    list_display = ["name", "kind", "language", "created_at"]
    list_filter = ["kind"]
    search_fields = ["name"]
    search_help_text = _("The whole name")
    inlines = [MembershipInline]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a mailbox by its exact name, which the index on kind and name answers."""
        term = search_term.strip()
        return (queryset.filter(kind__in=Mailbox.Kind.values, name=term) if term else queryset), False

    def get_readonly_fields(self, request: HttpRequest, obj: Mailbox | None = None) -> list[str]:
        """Fix the kind once a mailbox exists."""
        return ["kind"] if obj else []

    def save_model(self, request: HttpRequest, obj: Mailbox, form: MailboxAdminForm, change: bool) -> None:
        """Save a mailbox, then send the invitation."""
        super().save_model(request, obj, form, change)
        email, role = form.cleaned_data.get("invite_email"), form.cleaned_data.get("invite_role") or Role.OWNER
        if email:
            transaction.on_commit(lambda: _invite(request, obj, email, role))


def _invite(request: HttpRequest, mailbox: Mailbox, email: str, role: str) -> None:
    """Invite someone and say on the next page how it went."""
    try:
        invite_member(mailbox=mailbox, email=email, role=role, by=request.user)  # type: ignore[arg-type]
    except NotPossible as problem:
        messages.error(request, str(problem.sentence))
    else:
        messages.success(request, gettext("The invitation to %(address)s is sent.") % {"address": email})


@admin.register(Membership)
class MembershipAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Who acts for whom. Staff who may delete take people out one by one; nobody joins but by invitation."""

    actions = None
    list_display = ["user", "mailbox", "role", "created_at"]
    list_select_related = ["user", "mailbox"]
    search_fields = ["user__email"]
    search_help_text = _("The whole e-mail address")
    ordering = ["-pk"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Follow the group permissions."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the question and take the member out; the last owner of a shop stays, and the page says why."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except LastOwner as problem:
            messages.error(request, str(problem.sentence))
            return HttpResponseRedirect(request.path)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Take a member out. Raises LastOwner, which also undoes the line in the admin's log."""
        remove_member_as_staff(membership=obj, by=request.user)  # type: ignore[arg-type]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Invitations and what became of them; the token is not kept anywhere."""

    list_display = ["email", "mailbox", "role", "created_at", "expires_at", "accepted_at", "revoked_at"]
    list_select_related = ["mailbox"]
    fields = ["mailbox", "email", "role", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at"]
    ordering = ["-pk"]


class EmailAddressAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Addresses and whether their owners proved them, which only a mailed link can do."""

    list_display = ["email", "user", "primary", "verified"]
    list_select_related = ["user"]
    search_fields = ["email"]
    search_help_text = _("The whole e-mail address")
    ordering = ["-pk"]


class AuthenticatorAdmin(ExactSearchAdmin, ReadOnlyAdmin):
    """Second factors without their secrets. Administrators delete one that a person has lost."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_select_related = ["user"]
    fields = ["user", "type", "created_at", "last_used_at"]
    search_fields = ["user__email"]
    search_help_text = _("The whole e-mail address")
    ordering = ["-pk"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let administrators delete."""
        return bool(request.user.is_superuser)


class GroupAdmin(ExactSearchAdmin, StockGroupAdmin):
    """Groups of staff. Permissions are offered in one list, because there are only as many as the program defines."""

    search_fields = ["name"]
    search_help_text = _("The whole name")


for model, page in ((EmailAddress, EmailAddressAdmin), (Authenticator, AuthenticatorAdmin), (Group, GroupAdmin)):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
    admin.site.register(model, page)
