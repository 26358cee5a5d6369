"""Opening a case: its thread, its number, its queue, and the confirmation; one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.notices.actions import owe
from messagecenter.threads.actions import Posted, contact_support
from messagecenter.threads.models import Message
from orders.models import Order
from support.catalogue import SUBTOPICS
from support.lifecycle import Actor
from support.models import Attendance, Case, Queue, Step
from support.notifications import CASE_OPENED, CASE_WRITTEN, staff_told
from support.numbers import new_number
from support.routing import agent_for, country_for, queue_for
from support.words import write_answers

from .moving import begin_turn, note

TURNS = 20  # how often a case is handed out anew before it goes to whoever was chosen last
TRIES = 5  # for a number that is not taken: even with a million cases one in 27,000 is


@dataclass(frozen=True)
class Opened:
    """What opening a case left behind: the case, None when its first message was blocked, and what was posted."""

    case: Case | None
    posted: Posted


def open_case(
    *,
    by: User,
    shop: Mailbox,
    topic: str,
    severity: int,
    subject: str,
    body: str,
    client_id: uuid.UUID,
    language: str,
    answers: Mapping[str, str] | None = None,
    order: Order | None = None,
    follows: Case | None = None,
    attachment_ids: Sequence[uuid.UUID] = (),
    confirmed: str = "",
) -> Opened:
    """Open a case for a shop with its first message. Safe to call twice: the same ``client_id`` gives the first one.

    ``topic`` is a sub-topic's key, ``answers`` what its form asked, ``language`` what the seller reads. A message that
    the policy blocks makes no case. Raises NoQueue, and what ``contact_support`` raises; ValueError for a topic that is
    not in the catalogue and for an order or a case of another shop.
    """
    if topic not in SUBTOPICS:
        raise ValueError(f"There is no topic {topic!r}.")
    if (order is not None and order.shop_id != shop.pk) or (follows is not None and follows.shop_id != shop.pk):
        raise ValueError("An order or a case of another shop.")
    country = country_for(order, (answers or {}).get("marketplace", ""))
    queue = queue_for(topic=topic, severity=severity, country=country, language=language)
    made: list[Case] = []

    def begin(posted: Posted) -> None:
        if posted.message.state == Message.State.BLOCKED:
            return
        now = timezone.now()
        case = Case(
            thread=posted.thread,
            shop=shop,
            queue=queue,
            topic=topic,
            severity=severity,
            language=language,
            country=country,
            opened_by=by,
            opened_at=now,
            status_since=now,
            last_word_at=now,
            follows=follows,
        )
        write_answers(case, answers or {})
        _set_out(case, posted.message, by)
        made.append(case)

    posted = contact_support(
        by=by,
        mailbox=shop,
        support=queue.mailbox,
        subject=subject,
        body=body,
        client_id=client_id,
        order=order,
        attachment_ids=attachment_ids,
        confirmed=confirmed,
        then=begin,
    )
    return Opened(made[0] if made else Case.objects.filter(pk=posted.thread.pk).first(), posted)


def open_late(message: Message) -> Case:
    """Open the case of a first message that was blocked and is delivered after all; what its form asked is not kept."""
    thread, now = message.thread, timezone.now()
    if thread.support is None or message.author is None:
        raise ValueError("No thread with support, or nobody wrote it.")
    queue = Queue.objects.select_related("mailbox").get(pk=thread.support.pk)
    case = Case(
        thread=thread,
        shop=thread.opened_by,
        queue=queue,
        topic="other",
        language=message.author.language or settings.LANGUAGE_CODE,
        opened_by=message.author,
        opened_at=now,
        status_since=now,
        last_word_at=now,
    )
    _set_out(case, message, message.author)
    return case


def _set_out(case: Case, message: Message, by: User) -> None:
    """Insert a new case with its number, and all that follows; its clock runs once support can read the message."""
    now, is_delivered = case.opened_at, message.state == Message.State.DELIVERED
    give(case, now)
    _number(case)
    if is_delivered:
        begin_turn(case, now)
        case.save(update_fields=["waiting_since", "due_at", "warn_at"])
    note(case, Step.Kind.OPENED, actor=Actor.SELLER, by=by, after=case.topic)
    if case.assignee_id:
        note(case, Step.Kind.ASSIGNED, actor=Actor.CLOCK, after=str(case.assignee_id))
    owe(kind=CASE_OPENED, subject_id=case.pk, recipients=[by], mailbox_id=case.shop_id, group_id=case.pk)
    if is_delivered:
        owe(kind=CASE_WRITTEN, subject_id=message.pk, recipients=staff_told(case), group_id=case.pk)


def give(case: Case, now: datetime, *, rested_since: datetime | None = None) -> User | None:
    """Let somebody of those present have the case, where its queue hands cases out; return who. The row is not saved.

    With ``rested_since`` only somebody who was given none since then. Who was given one at the same moment, by somebody
    else's, has had a turn: then it is chosen anew.
    """
    for _attempt in range(TURNS):
        chosen = agent_for(case.queue, language=case.language, topic=case.topic, rested_since=rested_since)
        case.assignee = chosen.staff if chosen else None
        same = Attendance.objects.filter(pk=chosen.pk, last_given_at=chosen.last_given_at) if chosen else None
        if same is None or same.update(last_given_at=now):
            break
    return case.assignee


def _number(case: Case) -> None:
    """Insert a case under a number nobody else has."""
    for attempt in range(TRIES):
        case.number = new_number()
        try:
            with transaction.atomic():
                case.save(force_insert=True)
                return
        except IntegrityError:
            if attempt == TRIES - 1 or Case.objects.filter(pk=case.pk).exists():
                raise
