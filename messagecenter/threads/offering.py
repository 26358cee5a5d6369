"""What can be written now, what cannot and why: told on the page before anybody types a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messagecenter.accounts.models import Mailbox
from orders.models import Order, Product

from .access import Standing
from .permission import Quota, may_be_blocked, outlook_for, post_refusal
from .refused import WritingRestricted
from .topics import Topic, other_topics_for_order, topics_for_inquiry, topics_for_order


@dataclass(frozen=True)
class Reason:
    """Why some topics cannot be chosen now."""

    sentence: str
    labels: list[str]


@dataclass(frozen=True)
class Offer:
    """What the page for a new message says about its topics.

    ``closed`` are shown greyed out, each named in one of ``reasons`` or, when the order is in another state, in one of
    ``other_states``. ``notice`` holds whatever the topic, and is set whenever none is left; ``explanation`` is what
    staff wrote to it. ``quota_text`` is empty for who has no quota.
    """

    open: list[Topic]
    closed: list[Topic]
    reasons: list[Reason]
    other_states: list[Reason]
    notice: str = ""
    explanation: str = ""
    quota_text: str = ""


def offer_to(mailbox: Mailbox, other: Mailbox, *, order: Order | None, product: Product | None) -> Offer:
    """Return what ``mailbox`` may write to ``other`` about now: five queries for a shop, two for others.

    A shop is also shown the topics of other states of the order, so that it knows what it can write about, and when.
    """
    outlook = outlook_for(mailbox=mailbox, other=other, order=order, product=product)
    fitting = topics_for_order(mailbox, order) if order else topics_for_inquiry(mailbox)
    refusals = {topic.key: outlook.refusal(topic) for topic in fitting}
    usable = [topic for topic in fitting if refusals[topic.key] is None]
    closed = [topic for topic in fitting if refusals[topic.key] is not None]
    quota_text = _told(outlook.quota) if outlook.quota else ""
    general = outlook.for_all or (outlook.refusal(closed[0]) if closed else None)
    if general is not None and not usable:
        explanation = general.explanation if isinstance(general, WritingRestricted) else ""
        return Offer([], closed, [], [], str(general.sentence), explanation, quota_text)
    others = other_topics_for_order(mailbox, order) if order and mailbox.kind == Mailbox.Kind.SHOP else []
    return Offer(
        usable,
        closed + others,
        _grouped([(str(refused.sentence), topic) for topic in closed if (refused := refusals[topic.key])]),
        _grouped([(_states(topic), topic) for topic in others]),
        quota_text=quota_text,
    )


def writing_in(standing: Standing) -> dict[str, Any]:
    """Return what a thread's page says about writing to the other side.

    No query, and at most three in one's own thread that nobody answered.
    """
    entry, blocks, may_write = standing.entry, standing.blocks, standing.membership.may_write
    refusal = None
    if may_write and not entry.thread.is_closed:
        refusal = post_refusal(mailbox=entry.mailbox, other=entry.other, thread=entry.thread, is_blocked=blocks.by_them)
    return {
        "may_block": may_write and may_be_blocked(entry.other),
        "blocked": blocks.by_us,
        "shut_text": str(refusal.sentence) if refusal else "",
    }


def _grouped(found: Sequence[tuple[str, Topic]]) -> list[Reason]:
    """Return each sentence once, with the topics it is about."""
    labels: dict[str, list[str]] = {}
    for sentence, topic in found:
        labels.setdefault(sentence, []).append(str(topic.label))
    return [Reason(sentence, each) for sentence, each in labels.items()]


def _states(topic: Topic) -> str:
    """Return the sentence for a topic of other states of an order."""
    names = [str(state.label) for state in Order.Status if state in topic.states]
    return _("Only for orders in this state: %(states)s.") % {"states": ", ".join(names)}


def _told(quota: Quota) -> str:
    """Return the sentence with a shop's quota."""
    return ngettext(
        "You have started %(started)d of the %(limit)d conversation that you may start in 24 hours.",
        "You have started %(started)d of the %(limit)d conversations that you may start in 24 hours.",
        quota.limit,
    ) % {"started": quota.started, "limit": quota.limit}
