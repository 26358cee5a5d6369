"""What people enter about themselves and their team, and allauth's forms as password managers like them."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from allauth.account import forms as allauth_forms
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, Role, User

if TYPE_CHECKING:
    _UserModelForm = forms.ModelForm[User]
else:
    _UserModelForm = forms.ModelForm


class LoginForm(allauth_forms.LoginForm):
    """Signing in with ``login`` and ``password``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""  # the page has its own link, which keeps the page asked for
        name_for_password_manager(self, "login")


class SignupForm(allauth_forms.SignupForm):
    """Signing up with an address and a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_for_password_manager(self, "email")


class PasskeyForm(AddWebAuthnForm):
    """Adding a passkey; offered as one that signs in by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = pgettext_lazy("of a passkey", "Name")
        self.fields["name"].max_length = 60
        self.fields["passwordless"].initial = True


def name_for_password_manager(form: forms.Form, field: str) -> None:
    """Mark the field that names the account, and drop placeholders that only repeat the labels."""
    form.fields[field].widget.attrs["autocomplete"] = "username"
    for each in form.fields.values():
        each.widget.attrs.pop("placeholder", None)


@lru_cache(maxsize=1)
def time_zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return all IANA time zones grouped by region, for example Europe → Berlin."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        region, _slash, place = name.partition("/")
        if place and region not in ("Etc", "SystemV", "posix", "right"):
            groups.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    groups["UTC"] = [("UTC", "UTC")]
    return list(groups.items())


class ProfileForm(_UserModelForm):
    """Name, language, time zone, mails, and for buyers what sellers may write. Saved by the action, not by the form."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    takes_proactive = forms.TypedChoiceField(
        label=_("Messages from sellers who write first"),
        help_text=_(
            "Advertising is never allowed. Answers to what you asked always arrive. "
            "To stop one seller only, block them in a conversation."
        ),
        choices=[
            ("all", _("Everything that is allowed, for example an invoice, a warranty or instructions")),
            (
                "needed",
                _(
                    "Only what an order needs: a problem, missing information, a date of delivery, "
                    "a design to check, a return or a refund"
                ),
            ),
        ],
        coerce=lambda chosen: chosen == "all",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect(),
    )
    sends_receipts = forms.BooleanField(
        label=_("Let sellers see that you have read a message"),
        help_text=_("Without it they only see that it was delivered."),
        required=False,
    )

    class Meta:
        model = User
        fields = ["name", "language", "time_zone"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, buying: Mailbox | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if buying is None:
            del self.fields["takes_proactive"], self.fields["sends_receipts"]
        else:
            self.fields["sends_receipts"].initial = buying.sends_receipts
            self.fields["takes_proactive"].initial = "all" if buying.takes_proactive else "needed"
        zones = [("", _("As in the browser")), *time_zone_choices()]
        kept = self.instance.time_zone
        if kept and not any(kept == zone for _region, group in time_zone_choices() for zone, _place in group):
            zones.append((kept, kept))  # an old name such as "CET" stays valid
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]
        languages = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
        self.fields["language"].choices = [("", _("As in the browser")), *languages]  # type: ignore[attr-defined]
        self.fields["language"].help_text = _("For pages and for mails.")
        self.fields["name"].help_text = _("The other side sees at most your first name and an initial.")


class InvitationForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput())
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.AGENT,
        help_text=_("A viewer reads, an agent also writes, an owner also manages the members."),
    )


class RoleForm(forms.Form):
    """A member's new role."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class MailboxForm(forms.Form):
    """Which mailbox to act for."""

    mailbox = forms.UUIDField()
