"""What the policy found, in words for the writer: which words, which rule, what to do about it."""

from __future__ import annotations

import uuid
from typing import Any

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from messagecenter.attachments.models import Attachment
from messagecenter.policy.detection.finding import Finding
from messagecenter.policy.models import Decision
from messagecenter.policy.rulebook import entry
from messagecenter.policy.rules import Action
from messagecenter.vault.errors import Unreadable

from .actions import Posted
from .actions.recording import MEASURES
from .screening import Part, Screened
from .words import read_body, read_subject

QUOTE_LENGTH = 80
MOST_ITEMS = 50


def as_context(screened: Screened, decision: Decision | None) -> dict[str, Any]:
    """Return what the composer shows: the findings with the writer's own words, and the way to the statement."""
    return {
        "action": str(screened.action),
        "items": [_item(part, finding, action) for part, finding, action in _found(screened)],
        "statement_url": reverse("moderation:decision", args=[decision.pk]) if decision else "",
        "mark": screened.mark if screened.action == Action.WARN else "",
    }


def shown_again(posted: Posted) -> dict[str, Any]:
    """Return the same for what was posted; for a repeated post from what was kept of it."""
    if posted.screened is not None or posted.decision is None:
        return as_context(posted.screened, posted.decision) if posted.screened else {}
    texts = {"body": read_body(posted.message), "subject": read_subject(posted.thread)}
    items = []
    for kept in [one for one in posted.decision.findings if one["rule"]][:MOST_ITEMS]:
        quote = texts.get(kept["part"], "")[kept["start"] : kept["end"]]
        items.append(
            {"quote": _quote(quote), "part": kept["part"], "part_label": _part_label(kept["part"])}
            | {"action": kept["action"]}
            | _told(kept["rule"])
        )
    statement_url = reverse("moderation:decision", args=[posted.decision.pk])
    action = {measure: action for action, measure in MEASURES.items()}[Decision.Measure(posted.decision.measure)]
    return {"action": str(action), "items": items, "statement_url": statement_url, "mark": ""}


def as_hints(screened: Screened) -> dict[str, Any]:
    """Return what the page's script marks while somebody types; positions count UTF-16 units, as JavaScript does."""
    return {
        "action": str(screened.action),
        "findings": [
            {
                "part": part.key,
                "start": _utf16(part.text, finding.start),
                "end": _utf16(part.text, finding.end),
                "rule": finding.rule,
                "category": str(finding.category),
                "action": str(action),
                **_told(finding.rule),
            }
            for part, finding, action in _found(screened)
        ],
    }


def _found(screened: Screened) -> list[tuple[Part, Finding, Action]]:
    """Return what counts of the findings, in the order of the texts, at most MOST_ITEMS."""
    found = [(part, finding, action) for part in screened.parts for finding, action in part.verdict.counted]
    return found[:MOST_ITEMS]


def _item(part: Part, finding: Finding, action: Action) -> dict[str, Any]:
    quote = _quote(part.text[finding.start : finding.end])
    where = {"part": part.key, "part_label": _part_label(part.key)}
    return {"quote": quote, "action": str(action)} | where | _told(finding.rule)


def _quote(words: str) -> str:
    """Return the writer's own words on one line, shortened."""
    return Truncator(" ".join(words.split())).chars(QUOTE_LENGTH)


def _told(rule: str) -> dict[str, str]:
    """Return a rule's title, what to do about it and where it is explained."""
    told = entry(rule)
    return {
        "title": str(told.title),
        "advice": str(told.advice),
        "url": f"{reverse('policy:page')}#{rule}",
    }


def _part_label(key: str) -> str:
    """Return where the words are, unless it is the text itself. Only the writer reads this."""
    kind, _colon, file_id = key.partition(":")
    if kind == "subject":
        return _("in the subject")
    if not file_id:
        return ""
    try:
        name = Attachment.objects.get(pk=uuid.UUID(file_id)).details.name
    except (Attachment.DoesNotExist, Unreadable):
        return _("in a file")
    if kind == "file_name":
        return _("in the name of the file %(name)s") % {"name": name}
    return _("in the file %(name)s") % {"name": name}


def _utf16(text: str, at: int) -> int:
    """Return how many UTF-16 code units the first ``at`` characters take."""
    return len(text[:at].encode("utf-16-le", errors="surrogatepass")) // 2
