"""The public page that says what may be written, what happens otherwise, and how that changed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from . import versions
from .detection.finding import Finding
from .detection.surroundings import Surroundings
from .differences import ACTIONS, AFTER_HOLD, differences
from .models import PolicyVersion
from .rulebook import CHAPTERS, Chapter, Entry, entry
from .rules import TERM_NAME, Action, Rules, judge

MOST_LISTED = 100
CLEAR = 0.95  # how sure a finding is that nobody doubts
CHIPS = {
    Action.ALLOW: "chip-good",
    Action.WARN: "chip-wait",
    Action.REDACT: "chip-wait",
    Action.REVIEW: "chip-wait",
    Action.BLOCK: "chip-late",
}


@login_not_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the policy in force, or with ``?version=N`` that one and what it changed. An unknown version is a 404."""
    current, rules = versions.current()
    shown = current
    asked = request.GET.get("version")
    if asked is not None:
        shown = _version_or_404(asked)
        rules = versions.of(shown)
    before = PolicyVersion.objects.filter(number__lt=shown.number).order_by("-number").first() if asked else None
    history = PolicyVersion.objects.defer("content").order_by("-number")
    context = {
        "version": shown,
        "is_current": shown.pk == current.pk,
        "current": current,
        "before": before,
        "differences": differences(versions.of(before), rules, in_full=False) if before else [],
        "chapters": [_chapter(chapter, rules) for chapter in CHAPTERS],
        "own_rules": _own(rules),
        "rules": rules,
        "after_hold": AFTER_HOLD[rules.after_hold],
        "history": history[:MOST_LISTED],
    }
    return render(request, "policy/page.html", context)


def _version_or_404(number: str) -> PolicyVersion:
    """Return the version with this number. Raises Http404."""
    if not number.isascii() or not number.isdecimal() or len(number) > 9:
        raise Http404
    version = PolicyVersion.objects.filter(number=int(number)).first()
    if version is None:
        raise Http404
    return version


def _chapter(chapter: Chapter, rules: Rules) -> dict[str, Any]:
    """Return what the page says about a category."""
    learned = entry(f"classifier.{chapter.category}")
    return {
        "key": str(chapter.category),
        "title": chapter.title,
        "covers": chapter.covers,
        "allowed": chapter.allowed,
        "rules": [_rule(one, rules) for one in (*chapter.entries, learned)],
    }


def _own(rules: Rules) -> list[dict[str, Any]]:
    """Return what the page says about an operator's patterns and words: what happens, not what they are."""
    shown = [_rule(entry(f"operator.{one.name}", one.category), rules) for one in rules.lists.patterns]
    told = [entry(f"operator.{TERM_NAME}", one) for one in sorted({one.category for one in rules.lists.terms})]
    if told:
        shown.append(_rule(max(told, key=lambda one: _action(one, rules, "seller").severity), rules))
    return shown


def _rule(one: Entry, rules: Rules) -> dict[str, Any]:
    """Return what the page says about a rule, with what these rules do in a clear case, by who writes."""
    by_seller, by_buyer = (_action(one, rules, role) for role in ("seller", "buyer"))
    return {
        "id": one.rule,
        "title": one.title,
        "covers": one.covers,
        "advice": one.advice,
        "forbidden": one.forbidden,
        "is_off": one.rule in rules.lists.switched_off,
        "by_seller": {"text": ACTIONS[by_seller], "chip": CHIPS[by_seller]},
        "by_buyer": {"text": ACTIONS[by_buyer], "chip": CHIPS[by_buyer]},
        "is_same": by_seller is by_buyer,
    }


def _action(one: Entry, rules: Rules, role: str) -> Action:
    """Return what happens to a clear case of a rule in a message about an order."""
    if one.category is None:
        return Action.ALLOW
    finding = Finding(0, 1, one.rule, one.category, CLEAR)
    return judge([finding], rules, Surroundings(sender_role=role, about="order")).action
