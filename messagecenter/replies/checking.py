"""Brings a text of this room before the policy, as it would be sent, and says what would come of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils.text import Truncator

from messagecenter.accounts.models import Mailbox
from messagecenter.policy import versions
from messagecenter.policy.detection.finding import Finding
from messagecenter.policy.detection.screen import screen
from messagecenter.policy.detection.surroundings import Surroundings
from messagecenter.policy.rulebook import entry
from messagecenter.policy.rules import Action, judge
from orders.models import Order

from .filling import Matter

ROLES = {Mailbox.Kind.BUYER: "buyer", Mailbox.Kind.SHOP: "seller", Mailbox.Kind.SUPPORT: "support"}
QUOTE_LENGTH = 80
MOST_ITEMS = 50


@dataclass(frozen=True)
class Checked:
    """What the policy in force says to a text; ``found`` are the stretches it is about."""

    text: str
    action: Action
    found: tuple[tuple[Finding, Action], ...] = field(repr=False)

    @property
    def rules(self) -> list[str]:
        """The rules that found something, each once."""
        return sorted({finding.rule for finding, _action in self.found})

    @property
    def items(self) -> list[dict[str, str]]:
        """What was found, for a page: the words, the rule, what to do about it, as in the composer."""
        return [
            {
                "quote": Truncator(" ".join(self.text[finding.start : finding.end].split())).chars(QUOTE_LENGTH),
                "action": str(action),
                "title": str(entry(finding.rule).title),
                "advice": str(entry(finding.rule).advice),
                "url": f"{reverse('policy:page')}#{finding.rule}",
            }
            for finding, action in self.found[:MOST_ITEMS]
        ]

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether something was found in it."""
        pieces, at = [], 0
        for start, end in sorted((finding.start, finding.end) for finding, _action in self.found):
            if end <= at:
                continue
            begins = max(start, at)
            pieces += [(self.text[at:begins], False), (self.text[begins:end], True)]
            at = end
        return [piece for piece in [*pieces, (self.text[at:], False)] if piece[0]]


def check(text: str, matter: Matter, *, also_known: Collection[str] = ()) -> Checked:
    """Return what the policy says to ``text`` from a mailbox, about its matter. Two small queries; writes nothing.

    ``also_known`` are numbers that belong to the matter beside its order's own, such as those of an example.
    """
    _version, rules = versions.current()
    order = matter.order
    names = {matter.own.name, matter.other.name if matter.other else "", order.buyer_name if order else ""}
    around = Surroundings(
        sender_role=ROLES[Mailbox.Kind(matter.own.kind)],
        about="inquiry" if matter.product else "order",
        order_state=order.status if order else "",
        numbers=frozenset((_numbers(order) | set(also_known)) - {""}),
        names=frozenset(names - {""}),
        lists=rules.lists_with(settings.MARKETPLACE_DOMAINS),
    )
    verdict = judge(screen(text, around), rules, around)
    return Checked(text, verdict.action, verdict.counted)


def _numbers(order: Order | None) -> set[str]:
    """Return the numbers of an order that are no contact details."""
    if order is None:
        return set()
    articles = {number for item in order.items.all() for number in (item.sku, item.asin)}
    return {order.number, order.tracking_number} | articles
