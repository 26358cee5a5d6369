"""The automatic answer to a mail that was not posted: why, in the person's language, and the way to the thread."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import Letter
from messagecenter.notices.kinds import Kind, message_id, thread_headers
from messagecenter.notices.mail_examples import ORDER, MailExample, thread_link
from messagecenter.notices.models import Notice
from messagecenter.notices.topics import Topic
from messagecenter.threads.models import Entry
from messagecenter.vault.errors import Unreadable

from .models import RawMail

MAIL_REFUSED = "mail_refused"


def why_not(notice: Notice) -> str:
    """Return why this person need not be told any more, or an empty text."""
    mail = _find(notice)
    if mail is None or mail.address is None:
        return "the mail is gone"
    if mail.address.person_id != notice.recipient_id:
        return "the mail is somebody else's"
    try:
        return "" if mail.details.answer else "there is nothing to say"
    except Unreadable:
        return "the mail cannot be read"


def letter(notice: Notice) -> Letter:
    """Return the answer. It has no reply address: a program that answers it reaches nobody."""
    mail: Any = _find(notice)
    address = mail.address
    thread, person = address.thread, address.person
    may_read = Entry.objects.visible_to(person).filter(thread=thread, mailbox=address.mailbox_id).exists()
    return render_letter(
        "inbound/email/mail_refused",
        to=person.email,
        language=person.language or address.mailbox.language,
        time_zone=person.time_zone,
        context={
            "person": person,
            "answer": mail.details.answer,
            "received_at": mail.received_at,
            "order_number": thread.order.number if may_read and thread.order else "",
            "link": absolute_url(reverse("threads:detail", args=[thread.pk])) if may_read else "",
        },
        message_id=message_id(notice),
        headers=thread_headers(notice) if may_read else {},
    )


def _find(notice: Notice) -> RawMail | None:
    rows = RawMail.objects.defer("raw_ciphertext").filter(pk=notice.subject_id)
    return rows.select_related("address__thread__order", "address__person", "address__mailbox").first()


def _example() -> dict[str, Any]:
    return {
        "answer": _("Your e-mail could not be read: it is encrypted, damaged or too complex."),
        "received_at": timezone.now(),
        "order_number": ORDER,
        "link": thread_link(),
    }


EXAMPLE = MailExample(MAIL_REFUSED, "inbound/email/mail_refused", _example)
KIND = Kind(name=MAIL_REFUSED, why_not=why_not, letter=letter, topic=Topic.DECISION)
