"""What people can be told about, how soon, and what is so as long as they have not chosen otherwise."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

DIGEST_HOUR = 8  # in the person's own time zone


class Topic(models.TextChoices):
    """What a person can be told about; each kind of notice belongs to one."""

    MESSAGE = "message", _("New messages")
    REMINDER = "reminder", _("Answers that are due soon")
    CASE = "case", _("News on support cases")
    DECISION = "decision", _("Decisions about messages and reports")
    SECURITY = "security", _("Security of the account")


class Timing(models.TextChoices):
    """How soon somebody is told."""

    OFF = "off", _("not at all")
    AT_ONCE = "at_once", _("each at once")
    GATHERED = "gathered", _("gathered for two minutes")
    DAILY = "daily", _("once a day")


#: Topics nobody can switch off or put off: law and safety depend on them (DSA art. 17: statements of reasons).
ALWAYS = frozenset({Topic.DECISION, Topic.SECURITY})

_BY_EMAIL = {Topic.MESSAGE: Timing.GATHERED, Topic.CASE: Timing.GATHERED}
_BY_PUSH = {Topic.MESSAGE: Timing.AT_ONCE, Topic.REMINDER: Timing.AT_ONCE, Topic.CASE: Timing.AT_ONCE}


def default_timing(topic: str, channel: str) -> Timing:
    """Return how a topic comes on a channel to who has chosen nothing."""
    if channel == "email":
        return _BY_EMAIL.get(Topic(topic), Timing.AT_ONCE)
    if channel == "push":
        return _BY_PUSH.get(Topic(topic), Timing.OFF)
    return Timing.AT_ONCE


def timings(topic: str, channel: str) -> list[Timing]:
    """Return what can be chosen for a topic on a channel; a browser shows nothing later."""
    if topic in ALWAYS and channel == "email":
        return [Timing.AT_ONCE]
    if channel == "push":
        return [Timing.OFF, Timing.AT_ONCE]
    if topic == Topic.REMINDER:  # gathered or a day late it would be no reminder
        return [Timing.OFF, Timing.AT_ONCE]
    return [Timing.OFF, Timing.AT_ONCE, Timing.GATHERED, Timing.DAILY]
