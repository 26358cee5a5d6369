"""Which channels the form of a new case offers: writing always, others as the queues of its severities have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from .forms import CALL, CHAT, WRITE
from .models import Queue
from .offers import Offer, call_offer, chat_offer


@dataclass(frozen=True)
class Said:
    """What a channel says for some severities (their numbers, with blanks between them)."""

    on: str
    text: str
    is_open: bool


@dataclass(frozen=True)
class Channel:
    """One channel: for which severities it is offered at all, for which of them it is open, and what it says."""

    key: str
    label: str
    on: str
    open_on: str
    said: list[Said]


def channels_of(queues: Mapping[int, Queue], *, language: str, now: datetime) -> list[Channel]:
    """Return the channels beside writing that are offered for a case, whose queue may differ by severity."""
    labels = {CHAT: _("Live chat"), CALL: _("Call-back")}
    found = []
    for key, label in labels.items():
        offers = _offers(key, queues, language, now)
        if not offers:
            continue
        said: dict[Offer, list[int]] = {}
        for severity, offer in offers.items():
            said.setdefault(offer, []).append(severity)
        found.append(
            Channel(
                key=key,
                label=label,
                on=_numbers(offers),
                open_on=_numbers(severity for severity, offer in offers.items() if offer.is_open),
                said=[Said(_numbers(holds), offer.text, offer.is_open) for offer, holds in said.items()],
            )
        )
    return found


def closed_sentence(channel: str, queue: Queue, *, severity: int, language: str, now: datetime) -> str:
    """Return why a case cannot be opened by a channel, "" when it can."""
    if channel == WRITE:
        return ""
    offer = _offers(channel, {severity: queue}, language, now).get(severity)
    if offer is None:
        return _("A case like this cannot be opened that way. Please choose another way.")
    return "" if offer.is_open else _("%(why)s Please choose another way.") % {"why": offer.text}


def _offers(key: str, queues: Mapping[int, Queue], language: str, now: datetime) -> dict[int, Offer]:
    """Return what a channel offers by severity; each queue that has it is asked once."""
    having = {
        severity: queue
        for severity, queue in queues.items()
        if (queue.chats_about(severity) if key == CHAT else queue.calls_about(severity))
    }
    asked: dict[object, Offer | None] = {}
    for severity, queue in having.items():
        if queue.pk in asked:
            continue
        if key == CHAT:
            asked[queue.pk] = chat_offer(queue, severity=severity, language=language, now=now)
        else:
            asked[queue.pk] = call_offer(queue, severity=severity, now=now)
    offers = {severity: asked[queue.pk] for severity, queue in having.items()}
    return {severity: offer for severity, offer in offers.items() if offer is not None}


def _numbers(severities: Iterable[int]) -> str:
    return " ".join(str(int(one)) for one in severities)
