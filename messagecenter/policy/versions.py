"""The policy in force, read once per version and process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from messagecenter.prepared import prepared

from .models import PolicyVersion
from .rules import Rules

# What the software brings, following the rules Amazon published for messages between buyers and sellers. A later
# release that changes the file raises its "release".
SHIPPED_CONTENT: dict[str, Any] = json.loads((Path(__file__).parent / "shipped.json").read_text(encoding="utf-8"))
SHIPPED = Rules.from_content(SHIPPED_CONTENT)
FIRST = 1
MOST_KEPT = 8

_read: dict[UUID, Rules] = {}


def current() -> tuple[PolicyVersion, Rules]:
    """Return the version in force and its rules: one small query. ``version.content`` is fetched only when asked for.

    The first call ever makes version 1 of what came with the software. While nobody has published a version, the
    shipped policy of a later release becomes the next one by itself; an operator's version is never overtaken.
    """
    version = next(iter(_newest()), None)
    if version is None or (version.pk not in _read and _is_outdated(version)):
        version = _follow_shipped(version)
    return version, of(version)


@prepared
def _newest() -> QuerySet[PolicyVersion]:
    return PolicyVersion.objects.defer("content").order_by("-number")[:1]


def of(version: PolicyVersion) -> Rules:
    """Return the rules of one version."""
    if version.pk not in _read:
        rules = Rules.from_content(version.content)
        while len(_read) >= MOST_KEPT:
            _read.pop(next(iter(_read)), None)
        _read[version.pk] = rules
    return _read[version.pk]


def _is_outdated(version: PolicyVersion) -> bool:
    """Return whether an untouched shipped version is older than what the software brings now."""
    return version.published_by_id is None and int(version.content.get("release", 0)) < SHIPPED.release


def _follow_shipped(before: PolicyVersion | None) -> PolicyVersion:
    """Make the shipped policy the version after ``before``; whoever else does it at the same time gets the same row."""
    number = before.number + 1 if before else FIRST
    with transaction.atomic():
        return PolicyVersion.objects.get_or_create(number=number, defaults={"content": SHIPPED_CONTENT})[0]
