"""The mail a person sends themselves to see whether mails arrive."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import Letter
from messagecenter.notices.kinds import Kind, message_id
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic

TEST = "trial"


def why_not(notice: Notice) -> str:
    """Return why the test is not needed any more: never."""
    return ""


def letter(notice: Notice) -> Letter:
    """Return the mail."""
    person = notice.person
    return render_letter(
        "notices/email/trial",
        to=person.email,
        language=person.language or settings.LANGUAGE_CODE,
        time_zone=person.time_zone,
        context={
            "person": person,
            "asked_at": notice.created_at,
            "link": absolute_url(reverse("notices:sent")),
            "settings_link": absolute_url(reverse("notices:settings")),
        },
        message_id=message_id(notice),
    )


# Somebody asked for it just now: it is not to be switched off, put off or gathered.
KIND = Kind(name=TEST, why_not=why_not, letter=letter, topic=Topic.SECURITY)
