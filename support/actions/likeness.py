"""Which open cases of a shop a new one may double: the same order, the same topic lately, or much the same words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from messagecenter.accounts.models import Mailbox
from messagecenter.search.words import keys_of
from messagecenter.threads.models import Message
from messagecenter.threads.words import read_body, read_subject
from messagecenter.vault.cipher import preload
from messagecenter.vault.errors import Unreadable
from orders.models import Order
from support.models import Case, CaseQuerySet

MOST_SHOWN = 5
TOPIC_LASTS = timedelta(days=14)
#: The words of so many cases are compared, those with the last word first.
MOST_COMPARED = 40
#: Two texts are alike that share so much of the shorter one, and not just a word or a few.
SHARED, FEWEST_IN_SUBJECTS, FEWEST_IN_ALL = 0.6, 2, 6


def similar_cases(
    *, shop: Mailbox, order: Order | None, topic: str, now: datetime, words: Sequence[str] = ()
) -> list[Case]:
    """Return up to five active cases of a shop that a new one about ``order`` and ``topic`` may double.

    Those about the same order, else those of the last 14 days about the same topic and those that say much the same as
    ``words``, the new one's subject and text. What is about another order is another matter. Three queries without
    words, five with them.
    """
    active = Case.objects.filter(shop=shop).active().select_related("thread").order_by("-last_word_at")
    if order is not None:
        same = list(active.filter(thread__order=order)[:MOST_SHOWN])
        if same:
            return same
        active = active.filter(thread__order=None)
    found = _saying(active, words) if any(words) else []
    if topic != "other":
        known = {one.pk for one in found}
        recent = active.filter(topic=topic, opened_at__gt=now - TOPIC_LASTS)
        found += [one for one in recent[:MOST_SHOWN] if one.pk not in known]
    return found[:MOST_SHOWN]


def _saying(cases: CaseQuerySet, words: Sequence[str]) -> list[Case]:
    """Return the newest of these cases whose subject, or whose subject and first message, are like the new one's."""
    opening = Message.objects.filter(thread=OuterRef("pk")).order_by("pk").values("pk")
    compared = list(cases.annotate(first_id=Subquery(opening[:1]))[:MOST_COMPARED])
    preload([one.pk for one in compared])
    messages = Message.objects.in_bulk([one.first_id for one in compared])
    subject, whole = _keys(words[:1]), _keys(words)
    found: list[Case] = []
    for case in compared:
        own_subject, own_words = _said(case, messages.get(case.first_id))
        if _alike(subject, _keys([own_subject]), FEWEST_IN_SUBJECTS) or _alike(
            whole, _keys([own_subject, own_words]), FEWEST_IN_ALL
        ):
            found.append(case)
    return found


def _said(case: Case, message: Message | None) -> tuple[str, str]:
    try:
        return read_subject(case.thread), read_body(message) if message else ""
    except Unreadable:
        return "", ""


def _keys(texts: Sequence[str]) -> frozenset[str]:
    """Return what texts are found by, but for the beginnings of long words."""
    return frozenset(one for one in keys_of(texts) if not one.startswith("^"))


def _alike(one: frozenset[str], other: frozenset[str], fewest: int) -> bool:
    shared = len(one & other)
    return shared >= fewest and shared >= SHARED * min(len(one), len(other))
