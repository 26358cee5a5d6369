"""Mails with invented values, for the preview in the admin: never a real person's. Rooms above register theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from messagecenter.ids import new_id
from messagecenter.mail.rendering import absolute_url, render_letter, render_subject
from messagecenter.mail.sending import Letter
from messagecenter.notices.confirming import CONFIRM
from messagecenter.notices.trial import TEST

ADDRESS = "someone@example.com"
ORDER = "EXAMPLE-0001"


@dataclass(frozen=True)
class MailExample:
    """One mail as it could be: its name (a kind of notice's, where it is one), its templates, what they are given.

    ``values`` is asked in the language of the mail and asks no database.
    """

    name: str
    template: str
    values: Callable[[], Mapping[str, Any]]


_examples: dict[str, MailExample] = {}


def register(*examples: MailExample) -> None:
    """Make examples known. Raises ValueError when another one already has such a name."""
    for one in examples:
        if _examples.setdefault(one.name, one) != one:
            raise ValueError(f"There are two examples of a mail named {one.name!r}.")


def every() -> list[MailExample]:
    """Return all examples that are known."""
    return list(_examples.values())


def letter_of(example: MailExample, language: str) -> Letter:
    """Return an example as a mail in a language."""
    with translation.override(language):
        return render_letter(
            example.template,
            to=ADDRESS,
            language=language,
            time_zone="",
            context=_values(example),
            message_id="<example@example.com>",
        )


def subject_of(example: MailExample) -> str:
    """Return what the mail is called, in the language that is active."""
    return render_subject(example.template, _values(example))


def thread_link() -> str:
    """Return a link to a thread that does not exist."""
    return absolute_url(reverse("threads:detail", args=[new_id()]))


def _values(example: MailExample) -> dict[str, Any]:
    """Return what an example's templates are given: what most mails hold, and its own."""
    shared = {
        "person": {"name": _("Jamie Example")},
        "link": thread_link(),
        "settings_link": absolute_url(reverse("notices:settings")),
    }
    return shared | dict(example.values())


def _trial() -> dict[str, Any]:
    return {"asked_at": timezone.now(), "link": absolute_url(reverse("notices:sent"))}


def _confirmation() -> dict[str, Any]:
    return {"link": absolute_url(reverse("notices:confirmed", args=["example"]))}


def _digest() -> dict[str, Any]:
    now = timezone.now()
    return {
        "lines": [
            {
                "title": _("New message about order %(number)s") % {"number": f"EXAMPLE-000{number}"},
                "body": _("From %(sender)s") % {"sender": _("Example Shop")},
                "link": thread_link(),
                "at": now - timedelta(hours=3 * number),
            }
            for number in (1, 2, 3)
        ]
    }


def _invitation() -> dict[str, Any]:
    return {
        "mailbox_name": _("Example Shop"),
        "inviter_name": _("Jamie Example"),
        "expires_at": timezone.now() + timedelta(days=3),
        "link": absolute_url(reverse("accounts:invitation", args=["example"])),
    }


EXAMPLES = (
    MailExample(TEST, "notices/email/trial", _trial),
    MailExample(CONFIRM, "notices/email/confirm_address", _confirmation),
    MailExample("digest", "notices/email/digest", _digest),
    MailExample("invitation", "accounts/email/invitation", _invitation),
)
