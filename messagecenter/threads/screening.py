"""Brings a message before the policy: its text, its subject, and the names and the words of its files."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from messagecenter.accounts.models import Mailbox
from messagecenter.attachments.content import UNREADABLE_NOW, extracted_text
from messagecenter.attachments.models import Attachment
from messagecenter.policy import versions
from messagecenter.policy.detection.screen import screen
from messagecenter.policy.detection.surroundings import Lists, Surroundings
from messagecenter.policy.models import PolicyVersion
from messagecenter.policy.rules import Action, Rules, Verdict, judge, severest
from messagecenter.vault.errors import Unreadable
from orders.models import Order, Product

log = logging.getLogger(__name__)

ROLES = {Mailbox.Kind.BUYER: "buyer", Mailbox.Kind.SHOP: "seller", Mailbox.Kind.SUPPORT: "support"}
MOST_FINDINGS = 200
HIDDEN = "█████"  # what stands where words were hidden from the reader


@dataclass(frozen=True)
class About:
    """What a message is about, as far as the policy asks."""

    sender: Mailbox
    other: Mailbox
    order: Order | None = None
    product: Product | None = None
    topic: str = ""


@dataclass(frozen=True)
class Part:
    """One text of a message: ``key`` is "body", "subject", "file:<id>" or "file_name:<id>"."""

    key: str
    text: str
    verdict: Verdict


@dataclass(frozen=True)
class Screened:
    """What the policy says to a message, and which version of it."""

    action: Action
    version: PolicyVersion
    rules: Rules
    parts: tuple[Part, ...]

    @property
    def mark(self) -> str:
        """A short name of exactly these words and findings: who confirms a warning confirms this one."""
        said = repr([(part.key, part.text, part.verdict.findings) for part in self.parts if part.verdict.findings])
        return hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()[:24]

    def hidden_spans(self) -> list[tuple[int, int]]:
        """Return the stretches of the text that the other side is not to read."""
        return [span for part in self.parts if part.key == "body" for span in part.verdict.spans_to_hide]


def findings_of(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return findings as a decision keeps them: no words, at most MOST_FINDINGS a text, the severest of them.

    One without a rule says that a text could not be read.
    """
    kept: list[dict[str, Any]] = []
    for part in parts:
        found = _kept(part)
        if not found and part.verdict.action != Action.ALLOW:
            nothing = {"rule": "", "category": "", "start": 0, "end": 0, "confidence": 0.0}
            found = [{"part": part.key, **nothing, "action": str(part.verdict.action)}]
        severest_first = sorted(found, key=lambda one: (-Action(one["action"]).severity, one["start"]))
        kept += sorted(severest_first[:MOST_FINDINGS], key=lambda one: (one["start"], one["end"], one["rule"]))
    return kept


def _kept(part: Part) -> list[dict[str, Any]]:
    """Return one text's findings that count, without words."""
    return [
        {
            "part": part.key,
            "rule": finding.rule,
            "category": str(finding.category),
            "start": finding.start,
            "end": finding.end,
            "confidence": finding.confidence,
            "action": str(action),
        }
        for finding, action in part.verdict.counted
    ]


def screen_message(
    about: About,
    *,
    body: str,
    subject: str = "",
    files: Sequence[Attachment] = (),
    policy: tuple[PolicyVersion, Rules] | None = None,
) -> Screened:
    """Return what the ``policy``, else the one in force, says to a message. Reads files from the store; writes nothing.

    A file that still waits for the virus scanner is not read: ``screen_file`` does it when its check has ended.
    """
    version, rules = policy or versions.current()
    # An order's article numbers matter where something is written that could be one.
    has_numbers = bool(files) or any(one.isdigit() for one in f"{body}{subject}")
    around = surroundings_of(about, lists_of(rules), with_items=has_numbers)
    parts = [Part("body", body, judge(screen(body, around), rules, around))]
    if subject:
        parts.append(Part("subject", subject, _strict("subject", subject, rules, around)))
    for one in files:
        parts += screen_file(one, rules, around)
    action = severest(part.verdict.action for part in parts)
    return Screened(action, version, rules, tuple(parts))


def screen_file(attachment: Attachment, rules: Rules, around: Surroundings) -> list[Part]:
    """Return the verdicts on a file's name and, once it was checked, on the words found in it."""
    try:
        texts = {f"file_name:{attachment.pk}": attachment.details.name}
        if attachment.is_ready:
            texts[f"file:{attachment.pk}"] = extracted_text(attachment)
    except (Unreadable, *UNREADABLE_NOW) as trouble:
        # Not read is not harmless: a person looks at it.
        log.warning("Attachment %s could not be read for screening: %s", attachment.pk, type(trouble).__name__)
        return [Part(f"file:{attachment.pk}", "", Verdict(Action.REVIEW, (), ()))]
    return [Part(key, text, _strict(key, text, rules, around)) for key, text in texts.items()]


def surroundings_of(about: About, lists: Lists, *, with_items: bool = True) -> Surroundings:
    """Return what the detectors may know beside the text. ``with_items``: one query for an order's article numbers."""
    order, product = about.order, about.product
    numbers = {product.sku, product.asin} if product else set[str]()
    if order is not None:
        numbers |= {order.number, order.tracking_number}
    if order is not None and with_items:
        for item in order.items.all():
            numbers |= {item.sku, item.asin}
    names = {about.sender.name, about.other.name, order.buyer_name if order else ""}
    return Surroundings(
        sender_role=ROLES[Mailbox.Kind(about.sender.kind)],
        about=_context_of(about),
        topic=about.topic,
        order_state=order.status if order else "",
        language=about.sender.language,
        numbers=frozenset(numbers - {""}),
        names=frozenset(names - {""}),
        lists=lists,
    )


def _context_of(about: About) -> str:
    """Return what the policy calls the matter."""
    if Mailbox.Kind.SUPPORT in (about.sender.kind, about.other.kind):
        return "case"
    return "order" if about.order else "inquiry"


def lists_of(rules: Rules) -> Lists:
    """Return a policy's lists with the marketplace's own domains."""
    return rules.lists_with(settings.MARKETPLACE_DOMAINS)


def masked(body: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return ``body`` with these stretches (characters of it) replaced by ``HIDDEN``."""
    kept, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            kept += [body[at:start], HIDDEN]
        at = max(at, end)
    return "".join([*kept, body[at:]])


def _strict(key: str, text: str, rules: Rules, around: Surroundings) -> Verdict:
    """Judge a text in which nothing can be hidden from the reader."""
    return judge(screen(text, around), rules, around, can_redact=False)
