"""Who is told of a new message, and the e-mail that tells them: a link to the message, its words only if they ask."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext

from messagecenter.accounts.models import Mailbox, User
from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import Letter
from messagecenter.notices.actions import owe
from messagecenter.notices.channels import Target
from messagecenter.notices.kinds import Brief, Kind, message_id
from messagecenter.notices.models import Notice, Preference, Schedule
from messagecenter.notices.reasons import TAKES_NO_MAIL
from messagecenter.notices.timing import schedule_of
from messagecenter.notices.topics import Timing, Topic
from messagecenter.push.models import Device
from messagecenter.vault.errors import Unreadable
from messagecenter.webhooks.models import Endpoint

from .gathered import rows_in
from .models import Entry, Message
from .news import look, news_of
from .reply_addresses import reply_address
from .words import read_shown_body

NEW_MESSAGE = "new_message"
EXCERPT_CHARACTERS = 300
# Told by the moderation room, which knows the statement of reasons: what was decided, and what a person made of it.
DECISION = "decision"
DECISION_SETTLED = "decision_settled"


def wanting_mail(mailbox: OuterRef) -> QuerySet[User]:
    """Return the active members of a mailbox who want an e-mail for new messages, for a part of a statement."""
    members = User.objects.filter(memberships__mailbox=mailbox, is_active=True)
    return members.exclude(notice_preferences__in=_switched_off(Topic.MESSAGE, Notice.Channel.EMAIL))


def devices_wanting(mailbox: OuterRef) -> QuerySet[Device]:
    """Return the browsers in which members of a mailbox want to be told, for a part of a statement."""
    devices = Device.objects.filter(person__memberships__mailbox=mailbox, person__is_active=True)
    return devices.exclude(person__notice_preferences__in=_switched_off(Topic.MESSAGE, Notice.Channel.PUSH))


def endpoints_of(mailbox: OuterRef) -> QuerySet[Endpoint]:
    """Return where a shop's own programs are told things, for a part of a statement."""
    return Endpoint.objects.filter(mailbox=mailbox, is_active=True)


def _switched_off(topic: Topic, channel: Notice.Channel) -> QuerySet[Preference]:
    return Preference.objects.filter(topic=topic, channel=channel, timing=Timing.OFF)


def tell_of(message: Message, entries: Iterable[Entry], *, sender: Mailbox, author: User | None) -> None:
    """Owe the news of a message to the other side: its members but the author, their browsers, its own programs.

    A mailbox that muted the thread is told nothing. The entries come from ``locked_entries`` or ``add_entries``, which
    read who that is. No query but the one that writes.
    """
    receiving = [entry for entry in entries if entry.mailbox_id != sender.pk and not entry.is_muted]
    own = author.pk if author else None
    people = {uuid.UUID(key) for entry in receiving for (key,) in rows_in(_told(entry, "people_ids"))}
    targets = []
    for entry in receiving:
        for device, person in rows_in(_told(entry, "device_ids")):
            if uuid.UUID(person) != own:
                targets.append(Target(Notice.Channel.PUSH, uuid.UUID(device), uuid.UUID(person)))
        for endpoint, topics in rows_in(_told(entry, "endpoint_rows")):
            if Topic.MESSAGE in topics:  # a list, or on SQLite its text
                targets.append(Target(Notice.Channel.WEBHOOK, uuid.UUID(endpoint)))
    owe(
        kind=NEW_MESSAGE,
        subject_id=message.pk,
        recipients=[person for person in people if person != own],
        targets=targets,
        group_id=message.thread_id,
    )


def _told(entry: Entry, name: str) -> str | None:
    found: str | None = getattr(entry, name)
    return found


def mail_stuck() -> Q:
    """Return whether no e-mail about a message reached anybody, nor will, for a part of a statement about messages."""
    mails = Notice.objects.filter(kind=NEW_MESSAGE, subject_id=OuterRef("pk"), channel=Notice.Channel.EMAIL)
    refused = Q(state=Notice.State.FAILED) | Q(state=Notice.State.SKIPPED, reason=TAKES_NO_MAIL)
    fine = [Notice.State.DUE, Notice.State.SENDING, Notice.State.SENT]
    return Q(Exists(mails.filter(refused))) & ~Q(Exists(mails.filter(state__in=fine)))


def why_not(notice: Notice) -> str:
    """Return why this target need not be told any more, checked when it is about to be, or an empty text."""
    news = news_of(notice)
    message, entry = news.message, news.entry
    if message is None:
        return "the message is gone"
    if message.state != Message.State.DELIVERED:
        return "the message is not delivered"
    if entry is None:
        return "the person may no longer read the thread"
    if news.is_blocked:
        return "the sender was blocked meanwhile"
    if notice.recipient is None:
        return ""
    if entry.is_muted:
        return "the conversation was muted meanwhile"
    # What was held first came later than its id says.
    if message.delivered_at is None and entry.read_up_to is not None and entry.read_up_to >= message.pk:
        return "it was read meanwhile"
    return _not_theirs(notice.recipient, entry)


def _not_theirs(person: User, entry: Entry) -> str:
    """Return why a member of a team leaves a thread to others, or an empty text."""
    if entry.mailbox.kind == Mailbox.Kind.BUYER or entry.assignee_id == person.pk:
        return ""
    wanted = schedule_of(person).team_messages
    if wanted == Schedule.TeamMessages.ASSIGNED or (wanted == Schedule.TeamMessages.MINE and entry.assignee_id):
        return "it is not assigned to the person"
    return ""


def letter(notice: Notice) -> Letter:
    """Return the e-mail: in the reader's language, naming the order, with a link to the first message it tells of."""
    person, news = notice.person, news_of(notice)
    message, entry = news.message, news.entry
    if message is None or entry is None:
        raise Message.DoesNotExist  # it was there when ``why_not`` looked; next time it will say so
    sizes = [size for one in (notice, *notice.more) for size in news_of(one).sizes]
    answers_to = reply_address(
        thread_id=message.thread_id, person=person, mailbox_id=entry.mailbox_id, known=news.address
    )
    return render_letter(
        "threads/email/new_message",
        to=person.email,
        language=person.language or entry.mailbox.language,
        time_zone=person.time_zone,
        context={
            "person": person,
            "sender_name": message.sender.shown_name,
            "mailbox": entry.mailbox,
            "order": message.thread.order,
            "product": message.thread.product,
            "sent_at": message.sent_at,
            "messages_count": 1 + len(notice.more),
            "files_count": len(sizes),
            "files_bytes": sum(sizes),
            "excerpt": _excerpt(person, message),
            "answers_to": answers_to,
            "link": absolute_url(message_path(message)),
            "settings_link": absolute_url(reverse("notices:settings")),
        },
        message_id=message_id(notice),
        sender_name=message.sender.shown_name,
        reply_to=answers_to,
    )


def brief(notice: Notice) -> Brief:
    """Return the news in a line: whose, about which order, never a word of it."""
    message = news_of(notice).message
    if message is None:
        raise Message.DoesNotExist
    number = message.thread.order.number if message.thread.order else ""
    title = gettext("New message about order %(number)s") % {"number": number} if number else gettext("New message")
    return Brief(
        title=title,
        body=gettext("From %(sender)s") % {"sender": message.sender.shown_name},
        path=message_path(message),
        type="message.created",
        data={"thread": str(message.thread_id), "message": str(message.pk), "order_number": number},
    )


def _excerpt(person: User, message: Message) -> str:
    """Return the message's first words for who wants them in the mail, as the other side reads them."""
    if not schedule_of(person).shows_excerpt:
        return ""
    try:
        return Truncator(" ".join(read_shown_body(message).split())).chars(EXCERPT_CHARACTERS)
    except Unreadable:
        return ""


def message_path(message: Message) -> str:
    """Return the path that opens a message's thread at that message."""
    return f"{reverse('threads:detail', args=[message.thread_id])}?message={message.pk}#message-{message.pk}"


KIND = Kind(name=NEW_MESSAGE, why_not=why_not, letter=letter, topic=Topic.MESSAGE, brief=brief, look=look)
