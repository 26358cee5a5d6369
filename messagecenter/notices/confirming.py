"""Getting mails again after an address refused them: a mail with a link, which only its owner can follow."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from messagecenter.accounts.models import User
from messagecenter.mail.actions import lift
from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import Letter
from messagecenter.notices.kinds import Kind, message_id
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic

CONFIRM = "confirm_address"
SALT = "messagecenter.notices.confirming"
GOOD_FOR = timedelta(days=2)


class NoSuchLink(Exception):
    """The link is not one of ours, is too old, or is about an address the person no longer has."""


def confirm_path(person: User) -> str:
    """Return the path at which a person confirms the address they have now, for two days."""
    return reverse("notices:confirmed", args=[signing.dumps([person.pk.hex, person.email], salt=SALT, compress=True)])


def confirm(token: str) -> User:
    """Send mails to an address again, as its owner followed the link in a mail there; return whose it is.

    Raises NoSuchLink.
    """
    try:
        key, email = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
        person = User.objects.get(pk=uuid.UUID(key), email=email, is_active=True)
    except (signing.BadSignature, ValueError, TypeError, User.DoesNotExist):
        raise NoSuchLink from None
    lift(person.email, by=person)
    return person


def why_not(notice: Notice) -> str:
    """Return why the mail is not needed any more: never, somebody asked for it just now."""
    return ""


def letter(notice: Notice) -> Letter:
    """Return the mail with the link."""
    person = notice.person
    return render_letter(
        "notices/email/confirm_address",
        to=person.email,
        language=person.language or settings.LANGUAGE_CODE,
        time_zone=person.time_zone,
        context={"person": person, "link": absolute_url(confirm_path(person))},
        message_id=message_id(notice),
    )


KIND = Kind(name=CONFIRM, why_not=why_not, letter=letter, topic=Topic.SECURITY, goes_to_suppressed=True)
