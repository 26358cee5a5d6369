"""Every change to a shop's endpoints and their log. Errors hold a sentence for the reader."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messagecenter import egress
from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.ids import new_id
from messagecenter.mail.errors import NotSent, Refused, TryAgain
from messagecenter.notices.models import Notice
from messagecenter.notices.tasks import ring
from messagecenter.vault.errors import Erased, Unreadable
from messagecenter.webhooks import signing
from messagecenter.webhooks.models import MOST_ENDPOINTS, TOPICS, Delivery, Endpoint
from messagecenter.webhooks.sealed import read_secrets, read_url, write_secret, write_url

logger = logging.getLogger(__name__)
NOT_AN_OWNER = _("Only an owner of the shop manages its webhooks.")
NOT_PUBLIC = _("Please give a public address that starts with https://, without a user name or password in it.")
NOTHING_CHOSEN = _("Please choose what it is told.")
FORMER_COUNTS = timedelta(hours=24)
PAUSED_AFTER = timedelta(hours=72)
TEST_EVERY = timedelta(seconds=5)
TEST_SECONDS = 5.0
TEST_TYPE = "webhook.test"
GONE = 410


class NotPossible(Exception):
    """The state of things forbids a change; ``sentence`` tells the reader why."""

    sentence: str | Promise = _("That is not possible.")


class TooMany(NotPossible):
    """The shop has as many endpoints as it may."""

    sentence = _("There are 5 webhooks, and no more are possible. Please remove one first.")


class TooSoon(NotPossible):
    """A test was sent a moment ago."""

    sentence = _("A test was sent a moment ago. Please wait some seconds.")


class IsPaused(NotPossible):
    """The endpoint is switched off."""

    sentence = _("This webhook is off. Switch it on first.")


def _require_owner(by: User, mailbox: Mailbox) -> None:
    """Raise PermissionDenied unless ``by`` owns the shop."""
    membership = Membership.objects.filter(user=by, mailbox=mailbox, mailbox__kind=Mailbox.Kind.SHOP).first()
    if membership is None or not membership.may_manage:
        raise PermissionDenied(NOT_AN_OWNER)


def _clean(url: str, topics: Sequence[str]) -> tuple[str, list[str]]:
    """Return address and topics as they are kept. Raises ValidationError."""
    url = url.strip()
    try:
        egress.target_of(url)
    except Refused:
        raise ValidationError({"url": NOT_PUBLIC}) from None
    chosen = [str(topic) for topic in TOPICS if topic in topics]
    if not chosen:
        raise ValidationError({"topics": NOTHING_CHOSEN})
    return url, chosen


# --- Endpoints -------------------------------------------------------------------------------------------------------


def create_endpoint(
    *, by: User, mailbox: Mailbox, url: str, topics: Sequence[str], endpoint_id: uuid.UUID | None = None
) -> tuple[Endpoint, str]:
    """Add an endpoint and return it with its secret, which nobody is shown again; "" when this id is there already.

    Raises PermissionDenied, ValidationError and TooMany.
    """
    _require_owner(by, mailbox)
    url, chosen = _clean(url, topics)
    with transaction.atomic():
        # Whoever adds at the same time waits here, so that the sixth is refused.
        Mailbox.objects.select_for_update(no_key=True).get(pk=mailbox.pk)
        present = list(Endpoint.objects.of_mailbox(mailbox))
        if known := next((one for one in present if one.pk == endpoint_id), None):
            return known, ""
        if len(present) >= MOST_ENDPOINTS:
            raise TooMany
        taken = endpoint_id is None or Endpoint.objects.filter(pk=endpoint_id).exists()
        endpoint = Endpoint(pk=new_id() if taken else endpoint_id, mailbox=mailbox, topics=chosen)
        secret = signing.new_secret()
        write_url(endpoint, url)
        write_secret(endpoint, secret)
        endpoint.save(force_insert=True)
    logger.info("Member %s added webhook %s.", by.pk, endpoint.pk)
    return endpoint, secret


@transaction.atomic
def change_endpoint(*, by: User, endpoint: Endpoint, url: str, topics: Sequence[str], is_active: bool) -> None:
    """Change where an endpoint is and what it is told; switched on, it starts afresh.

    Raises PermissionDenied and ValidationError.
    """
    _require_owner(by, endpoint.mailbox)
    url, chosen = _clean(url, topics)
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    row.topics = chosen
    if is_active and not row.is_active:
        row.paused_reason, row.paused_at, row.failing_since = "", None, None
    row.is_active = is_active
    write_url(row, url)
    row.save(
        update_fields=["topics", "is_active", "paused_reason", "paused_at", "failing_since", "url_ciphertext"],
    )


@transaction.atomic
def rotate_secret(*, by: User, endpoint: Endpoint, number: int) -> str:
    """Give an endpoint a new secret and return it; the one before signs, too, for 24 hours.

    ``number`` is the secret's that is to be replaced: when another one is in force by now, nothing happens and "" is
    returned. Raises PermissionDenied.
    """
    _require_owner(by, endpoint.mailbox)
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if row.secret_number != number:
        return ""
    secret = signing.new_secret()
    row.former_ciphertext, row.former_until = row.secret_ciphertext, timezone.now() + FORMER_COUNTS
    row.secret_number = number + 1
    write_secret(row, secret)
    row.save(update_fields=["former_ciphertext", "former_until", "secret_number", "secret_ciphertext"])
    logger.info("Member %s changed the secret of webhook %s.", by.pk, endpoint.pk)
    return secret


def remove_endpoint(*, by: User, endpoint: Endpoint) -> None:
    """Remove an endpoint and its log. Raises PermissionDenied."""
    _require_owner(by, endpoint.mailbox)
    Endpoint.objects.filter(pk=endpoint.pk).delete()
    logger.info("Member %s removed webhook %s.", by.pk, endpoint.pk)


def pause_endpoints(*, endpoints: Collection[uuid.UUID], by: User) -> int:
    """Switch endpoints off, as staff ``by`` decided, and return how many were on; their shops see by whom."""
    rows = Endpoint.objects.filter(pk__in=endpoints, is_active=True)
    paused = rows.update(is_active=False, paused_reason=Endpoint.Paused.STAFF, paused_at=Now())
    logger.info("Staff member %s switched %d webhooks off.", by.pk, paused)
    return paused


# --- Deliveries ------------------------------------------------------------------------------------------------------


def deliver_event(
    *,
    endpoint: Endpoint,
    notice_id: uuid.UUID,
    type: str,
    created_at: datetime,
    data: Mapping[str, str],
    attempt: int,
    seconds: float = egress.SECONDS,
) -> None:
    """Post one event to an endpoint and log what came of it. Raises TryAgain or Refused.

    Whatever is not 2xx is tried again, also when no answer came: receivers tell a repeat by its ``webhook-id``. Must
    not run in a transaction, which would be open while the other side takes its time.
    """
    body = signing.payload(notice_id=notice_id, type=type, created_at=created_at, data=data)
    log = Delivery(endpoint=endpoint, notice_id=notice_id, type=type, attempt=attempt)
    problem = _post(endpoint, notice_id, body, log, seconds)
    _keep(log)
    if problem is None:
        Endpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=False).update(failing_since=None)
        return
    _count_failure(endpoint, is_gone=log.status == GONE)
    raise problem


def send_test(*, by: User, endpoint: Endpoint) -> Delivery:
    """Post an event that is about nothing, wait for the answer at most five seconds, and return what is logged.

    Raises PermissionDenied, and TooSoon within five seconds of the last one.
    """
    _require_owner(by, endpoint.mailbox)
    log = Delivery(endpoint=endpoint, notice_id=new_id(), type=TEST_TYPE, is_test=True)
    with transaction.atomic():
        Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        recent = timezone.now() - TEST_EVERY
        if Delivery.objects.filter(endpoint=endpoint, is_test=True, at__gt=recent).exists():
            raise TooSoon
        log.reason = "under way"
        log.save(force_insert=True)
    body = signing.payload(notice_id=log.notice_id, type=TEST_TYPE, created_at=log.at, data={})
    log.reason = ""
    problem = _post(endpoint, log.notice_id, body, log, TEST_SECONDS)
    Delivery.objects.filter(pk=log.pk).update(status=log.status, milliseconds=log.milliseconds, reason=log.reason)
    if problem is None:
        Endpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=False).update(failing_since=None)
    return log


@transaction.atomic
def resend(*, by: User, delivery: Delivery) -> bool:
    """Make the event of a delivery due now, and return whether that was done.

    Not when it was attempted again since, or is being sent: pressing twice sends once. Raises PermissionDenied and
    IsPaused.
    """
    endpoint = delivery.endpoint
    _require_owner(by, endpoint.mailbox)
    if not endpoint.is_active:
        raise IsPaused
    rows = Notice.objects.filter(
        pk=delivery.notice_id, channel=Notice.Channel.WEBHOOK, target_id=endpoint.pk, attempts=delivery.attempt
    )
    again = rows.exclude(state=Notice.State.SENDING).update(
        state=Notice.State.DUE, reason="", unconfirmed=0, next_at=Now(), lease_until=None, sent_at=None
    )
    if again:
        ring()
    return bool(again)


def _post(endpoint: Endpoint, notice_id: uuid.UUID, body: bytes, log: Delivery, seconds: float) -> NotSent | None:
    """Post a body, note in ``log`` what came of it, and return the problem or None."""
    problem: NotSent | None = None
    began = time.monotonic()
    try:
        headers = signing.headers(notice_id=notice_id, at=int(time.time()), body=body, secrets=read_secrets(endpoint))
        answer = egress.post(read_url(endpoint), body, headers, seconds=seconds)
    except Erased:
        problem = Refused("the secret was erased")
    except Unreadable as error:
        problem = TryAgain(f"the secret cannot be opened ({error.reason})")
    except Refused as error:
        problem = error
    except NotSent as error:
        log.milliseconds = round((time.monotonic() - began) * 1000)
        problem = TryAgain(error.reason)
    else:
        log.status, log.milliseconds = answer.status, answer.milliseconds
        if answer.status == GONE:
            problem = Refused("it answered 410: gone for good")
        elif not 200 <= answer.status < 300:
            problem = TryAgain(f"it answered {answer.status}")
    log.reason = problem.reason[:200] if problem else ""
    return problem


def _keep(log: Delivery) -> None:
    """Store a delivery, unless its endpoint was removed meanwhile."""
    with transaction.atomic():
        if Endpoint.objects.select_for_update(no_key=True).filter(pk=log.endpoint_id).exists():
            log.save(force_insert=True)


def _count_failure(endpoint: Endpoint, *, is_gone: bool) -> None:
    """Remember since when an endpoint fails; pause it after three days of that, or at once when it is gone."""
    rows = Endpoint.objects.filter(pk=endpoint.pk)
    rows.filter(failing_since=None).update(failing_since=Now())
    if is_gone:
        paused = rows.filter(is_active=True)
    else:
        paused = rows.filter(is_active=True, failing_since__lte=Now() - PAUSED_AFTER)
    reason = Endpoint.Paused.GONE if is_gone else Endpoint.Paused.FAILING
    if paused.update(is_active=False, paused_reason=reason, paused_at=Now()):
        logger.warning("Webhook %s is paused: %s.", endpoint.pk, reason)
