"""How allauth behaves here: its letters, where it leads, what proves an address, what a wrong guess costs."""

from __future__ import annotations

import contextlib
import logging
from types import SimpleNamespace
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import default_token_generator
from allauth.account.internal.stagekit import unstash_login
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url, user_pk_to_url_str
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import add_query_params
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

from messagecenter.accounts.acting import memberships_of
from messagecenter.accounts.actions import ensure_buyer_mailbox
from messagecenter.accounts.models import Mailbox, User
from messagecenter.mail.errors import NotSent

logger = logging.getLogger(__name__)
NEXT_KEY = "account_next"


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up, sign-in and their letters, as this site wants them."""

    # --- Where it leads ----------------------------------------------------------------------------------------------

    def is_safe_url(self, url: str) -> bool:
        """Return whether a redirect stays on this site: the host the person is on, and https where that is used."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse | None:
        """Keep the page asked for over all steps; allauth forgets it between a reset and a second factor."""
        asked = kwargs.get("redirect_url") or get_next_redirect_url(request)
        if asked:
            request.session[NEXT_KEY] = asked
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Forget the page asked for: the person is on the way to it."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        request.session.pop(NEXT_KEY, None)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return where a sign-in leads when its last step names no page: the page asked for first, else the inbox.

        Who is staff, and buys and sells nothing, works in the admin.
        """
        asked = request.session.pop(NEXT_KEY, "")
        if asked and self.is_safe_url(asked):
            return str(asked)
        trades = any(one.mailbox.kind != Mailbox.Kind.SUPPORT for one in memberships_of(request))
        if getattr(request.user, "is_staff", False) and not trades:
            return reverse("admin:index")
        return resolve_url(settings.LOGIN_REDIRECT_URL)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """Return where a sign-up leads: as a sign-in does."""
        return self.get_login_redirect_url(request)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Return where signing out leads: the sign-in page."""
        return reverse("account_login")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return where a changed password leads: the account page."""
        return reverse("accounts:overview")

    # --- People ------------------------------------------------------------------------------------------------------

    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        """Create the person who signs up; letters will reach them in the language they signed up in."""
        user.language = translation.get_language() or ""  # type: ignore[attr-defined]
        saved: AbstractBaseUser = super().save_user(request, user, form, commit)
        return saved

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Record an address as proved, unless it is another person's; a new person gets a buyer's mailbox.

        Whoever signed up with someone else's address must not get in when its owner confirms it: opened in another
        browser than the one that signed up, the link also voids the password, and the next page asks for a new one.
        """
        user: User = email_address.user
        if User.objects.filter(email=email_address.email).exclude(pk=user.pk).exists():
            self.add_message(
                request,
                messages.ERROR,
                "account/messages/email_confirmation_failed.txt",
                {"email": email_address.email},
            )
            return False
        if user.last_login is None and not _signs_up_here(request, user):
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return self.prove_address(request, email_address)

    def prove_address(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Record an address as proved and give a new person a buyer's mailbox; return whether that was possible."""
        proved: bool = super().confirm_email(request, email_address)
        if proved:
            ensure_buyer_mailbox(user=email_address.user)
        return proved

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Return where a confirmed address leads: to choosing a password for a person who has none."""
        user: User = email_address.user
        if not user.has_usable_password():
            return self.get_reset_password_from_key_url(
                f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
            ).removeprefix(settings.SITE_URL)
        url: str = super().get_email_verification_redirect_url(email_address)
        return url

    # --- Letters -----------------------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of allauth's letters in the reader's language, under the site's own name.

        When no mail can be sent, the answer to the request becomes a page that says so (503).
        """
        site = SimpleNamespace(name=settings.SITE_NAME, domain=settings.SITE_HOST)
        chosen = User.objects.filter(email=email.lower()).values_list("language", flat=True).first()
        try:
            with translation.override(chosen or translation.get_language()):
                super().send_mail(template_prefix, email, {**context, "current_site": site})
        except (NotSent, OSError) as error:
            logger.error("A letter of the sign-in pages was not sent: %s", type(error).__name__)
            raise ImmediateHttpResponse(render(self.request, "accounts/mail_down.html", status=503)) from None

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Tell a person what changed in their account; the change stands even when the letter cannot be sent."""
        with contextlib.suppress(ImmediateHttpResponse):
            super().send_notification_mail(*args, **kwargs)

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Send the reset link to the person's own or a proved address; a mistyped second address opens nothing."""
        proved = EmailAddress.objects.filter(user_id=user.pk, email=email.lower(), verified=True).exists()
        if proved or email.lower() == user.email:  # type: ignore[attr-defined]
            super().send_password_reset_mail(user, email, context)
        else:
            signup_url = self._link(reverse("account_signup"))
            self.send_mail("account/email/unknown_account", email, {"signup_url": signup_url})

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link that resets a password and then leads to the page asked for."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return self._link(path.replace("UID-KEY", key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Return the link that proves an address and then leads to the page asked for."""
        return self._link(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell the owner of an address, and nobody else, that it has an account and how to set its password."""
        links = {
            "signup_url": self._link(reverse("account_signup")),
            "password_reset_url": self._link(reverse("account_reset_password")),
        }
        self.send_mail("account/email/account_already_exists", email, links)

    def _link(self, path: str) -> str:
        """Return the absolute address of a path, never from the Host header, with the page asked for first."""
        asked = get_next_redirect_url(self.request)
        url = settings.SITE_URL + path
        return add_query_params(url, {"next": asked}) if asked else url

    # --- Limits ------------------------------------------------------------------------------------------------------

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return whom rate limits count: the address the outermost trusted proxy saw, else the connection's own."""
        try:
            return str(super().get_client_ip(request))
        except ImproperlyConfigured:  # X-Forwarded-For is shorter than TRUSTED_PROXIES: the request came around them
            return str(request.META["REMOTE_ADDR"])

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return what wrong guesses at one account count under; allauth's own key varies with the Host header."""
        return f"{settings.SITE_HOST}:{credentials.get('email', '').lower()}"


def _signs_up_here(request: HttpRequest, user: User) -> bool:
    """Return whether this browser is the one in which the person is signing up, or in which they are signed in."""
    login = unstash_login(request, peek=True)
    return request.user == user or bool(login and login.user and login.user.pk == user.pk)


def prove_by_reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Take a password set by a mailed link as proof of the address; connected to allauth's ``password_reset``.

    Only for people without any proved address: then the link can have gone to no other address than their own.
    """
    if EmailAddress.objects.filter(user=user, verified=True).exists():
        return
    address, _created = EmailAddress.objects.get_or_create(user=user, email=user.email)
    AccountAdapter(request).prove_address(request, address)
