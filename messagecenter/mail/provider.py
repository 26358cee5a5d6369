"""The mail backend for a provider's own interface, through django-anymail; tells what became of each mail."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from messagecenter.mail.errors import NotSent, Refused, TryAgain, Uncertain

# The provider refuses us, not the recipient: a key that has run out must not settle every mail as undeliverable.
OURS = frozenset({401, 402, 403, 429})
# A gateway that lost the answer: the mail may have been taken.
UNCLEAR = frozenset({502, 504})


class ProviderBackend(BaseEmailBackend):
    """Hands mails to the provider that EMAIL_URL names; raises TryAgain, Refused or Uncertain.

    A request may take what ANYMAIL's ``REQUESTS_TIMEOUT`` says, for each answer to wait for; ``deadline`` and
    ``keep_open`` are what the SMTP backend takes, and a kept connection is what the provider's library makes of it.
    """

    def __init__(self, *args: Any, deadline: float = 30.0, keep_open: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inner: Any = get_connection(f"anymail.backends.{settings.EMAIL_PROVIDER}.EmailBackend")
        self._keep_open = keep_open

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Hand the mails over in turn and return how many were taken."""
        sent = 0
        try:
            for message in email_messages:
                try:
                    self._send(message)
                    sent += 1
                except NotSent:
                    if not self.fail_silently:
                        raise
        finally:
            if not self._keep_open:
                self.close()
        return sent

    def close(self) -> None:
        """End the provider's session."""
        with contextlib.suppress(Exception):
            self._inner.close()

    def _send(self, message: EmailMessage) -> None:
        try:
            self._inner.open()
            self._inner.send_messages([message])
        except AnymailRecipientsRefused:
            raise Refused("the provider refused the address", is_about_address=True) from None
        except AnymailRequestsAPIError as error:
            raise _meaning(error) from None
        except AnymailAPIError as error:
            raise _meaning_of_silence(error.__cause__) from None
        except AnymailError as error:
            raise Refused(f"the provider cannot take it ({type(error).__name__})") from None
        except requests.RequestException as error:
            raise _meaning_of_silence(error) from None
        status = getattr(message, "anymail_status", None)
        if status is not None and status.status and status.status <= {"invalid", "rejected", "failed"}:
            raise Refused(f"the provider called the address {sorted(status.status)[0]}", is_about_address=True)


def _meaning(error: AnymailRequestsAPIError) -> NotSent:
    """Return what a provider's answer means."""
    code = error.status_code
    if code is None:
        return _meaning_of_silence(error.__cause__)
    reason = f"the provider answered {code}"
    if code < 400 or code in UNCLEAR:
        return Uncertain(reason)
    return TryAgain(reason) if code in OURS or code >= 500 else Refused(reason)


def _meaning_of_silence(cause: BaseException | None) -> NotSent:
    """Return what it means that no answer came: nothing was handed over while there was no connection."""
    if isinstance(cause, requests.ConnectTimeout):
        return TryAgain("no connection to the provider (ConnectTimeout)")
    if isinstance(cause, (requests.ReadTimeout, requests.exceptions.ChunkedEncodingError)):
        return Uncertain(f"the provider did not answer ({type(cause).__name__})")
    return TryAgain(f"no connection to the provider ({type(cause).__name__})")
