"""The counters in every page's navigation: read from the tally, never counted, and only if the page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from messagecenter.accounts.models import Mailbox

from .models import Tally

MOST_SHOWN = 99


@dataclass(frozen=True)
class Counters:
    """What the navigation shows beside its boxes: a number, "99+" or nothing."""

    unread: str = ""
    needs_reply: str = ""


def _shown(number: int) -> str:
    if number <= 0:
        return ""
    return str(number) if number <= MOST_SHOWN else f"{MOST_SHOWN}+"


def counters_of(mailbox: Mailbox | None) -> Counters:
    """Return the counters of one mailbox: one query."""
    tally = Tally.objects.filter(pk=mailbox.pk).first() if mailbox else None
    return Counters(_shown(tally.unread), _shown(tally.needs_reply)) if tally else Counters()


def counters(request: HttpRequest) -> dict[str, Any]:
    """Give templates ``counters`` for the mailbox the person is acting for; nothing is read before it is used."""

    def read() -> Counters:
        membership = getattr(request, "membership", None)
        return counters_of(membership.mailbox if membership else None)

    return {"counters": SimpleLazyObject(read)}
