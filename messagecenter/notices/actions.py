"""What can be done with notices: owe one, and send a failed one again."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices import channels, kinds, topics
from messagecenter.notices.channels import Target
from messagecenter.notices.confirming import CONFIRM
from messagecenter.notices.kinds import Kind
from messagecenter.notices.models import Notice, Preference, Schedule
from messagecenter.notices.tasks import ring
from messagecenter.notices.topics import Timing, Topic
from messagecenter.notices.trial import TEST

logger = logging.getLogger(__name__)


def owe(
    *,
    kind: str,
    subject_id: uuid.UUID,
    recipients: Iterable[User | uuid.UUID],
    mailbox_id: uuid.UUID | None = None,
    targets: Iterable[Target] | None = None,
    group_id: uuid.UUID | None = None,
) -> None:
    """Record that each recipient is to be told about ``subject_id`` by e-mail and wherever else they want to be.

    The programs of the mailbox it concerns are told as well. ``targets`` names the places besides e-mail when they are
    known already, else each channel is asked for them. Who is owed it already is not owed twice. ``group_id`` is the
    thread: its notices are told in order. Call it in the transaction that makes the thing. Raises LookupError for a
    kind nobody registered.
    """
    told = kinds.named(kind)
    people = {person.pk if isinstance(person, User) else person for person in recipients}
    if targets is None:
        targets = _elsewhere(told, people, {mailbox_id} if mailbox_id else set())
    addressed = [Target(Notice.Channel.EMAIL, pk, pk) for pk in sorted(people)] + list(targets)
    if not addressed:
        return
    rows = [
        Notice(
            kind=told.name,
            channel=target.channel,
            subject_id=subject_id,
            group_id=group_id,
            recipient_id=target.person_id,
            target_id=target.id,
            created_at=Now(),
            next_at=Now(),
        )
        for target in addressed
    ]
    with transaction.atomic(savepoint=False):
        Notice.objects.bulk_create(rows, ignore_conflicts=True)
        ring()


def _elsewhere(kind: Kind, people: set[uuid.UUID], mailboxes: set[uuid.UUID]) -> list[Target]:
    """Return where to tell something besides by e-mail; what cannot be said in a line is told nowhere else."""
    if kind.brief is None:
        return []
    return [target for channel in channels.every() for target in channel.targets(people, mailboxes, kind.topic)]


@transaction.atomic
def send_again(*, notices: Iterable[uuid.UUID], by: User) -> int:
    """Make failed notices due now and return how many; others stay as they are, so asking twice sends once.

    ``attempts`` keeps counting: it is what stops a late worker from marking a row that is no longer its own.
    """
    keys = list(notices)
    again = Notice.objects.filter(pk__in=keys, state=Notice.State.FAILED).update(
        state=Notice.State.DUE, reason="", unconfirmed=0, next_at=Now(), lease_until=None
    )
    if again:
        logger.info("Staff member %s sends %d failed notices again.", by.pk, again)
        ring()
    return again


@transaction.atomic
def choose(*, by: User, timings: Mapping[tuple[str, str], str], **schedule: object) -> None:
    """Keep how a person wants to be told: a timing for each (topic, channel), and the fields of their schedule.

    Raises ValueError for a timing that cannot be chosen there.
    """
    for (topic, channel), timing in timings.items():
        if timing not in topics.timings(topic, channel):
            raise ValueError(f"{topic} cannot come {timing} by {channel}.")
        Preference.objects.update_or_create(person=by, topic=topic, channel=channel, defaults={"timing": timing})
    if schedule:
        Schedule.objects.update_or_create(person=by, defaults=schedule)


def stop(*, person_id: uuid.UUID, topic: Topic) -> bool:
    """End a person's e-mails on a topic, as their mail program asked; return False for mails that nobody can end."""
    if topic in topics.ALWAYS or not User.objects.filter(pk=person_id).exists():
        return False
    Preference.objects.update_or_create(
        person_id=person_id, topic=topic, channel=Notice.Channel.EMAIL, defaults={"timing": Timing.OFF}
    )
    return True


def send_test(*, by: User) -> bool:
    """Owe a person a test mail; return False when they asked for one within the last minute."""
    return _owe_seldom(TEST, by, timedelta(minutes=1))


def send_confirmation(*, by: User) -> bool:
    """Owe a person the mail that confirms their address; return False when one was asked for in the last 10 minutes."""
    return _owe_seldom(CONFIRM, by, timedelta(minutes=10))


def _owe_seldom(kind: str, person: User, pause: timedelta) -> bool:
    if Notice.objects.filter(recipient=person, kind=kind, created_at__gt=Now() - pause).exists():
        return False
    owe(kind=kind, subject_id=new_id(), recipients=[person])
    return True
