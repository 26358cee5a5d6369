"""How bad it is for the seller, in plain words, and how soon support answers by default (hours)."""

from __future__ import annotations

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Severity(models.IntegerChoices):
    """How bad it is, the worst first, as lists sort by it."""

    URGENT = 1, pgettext_lazy("severity", "Urgent")
    HIGH = 2, pgettext_lazy("severity", "High")
    NORMAL = 3, pgettext_lazy("severity", "Normal")
    LOW = 4, pgettext_lazy("severity", "Low")


MEANINGS: dict[int, Promise] = {
    Severity.LOW: _("A question or a wish; nothing is wrong."),
    Severity.NORMAL: _("Something does not work as it should, but business goes on."),
    Severity.HIGH: _("An important part of my business is held up."),
    Severity.URGENT: _("I cannot sell, ship or be paid."),
}

FIRST_HOURS = {Severity.URGENT: 4, Severity.HIGH: 12, Severity.NORMAL: 24, Severity.LOW: 24}
NEXT_HOURS = {Severity.URGENT: 8, Severity.HIGH: 24, Severity.NORMAL: 48, Severity.LOW: 48}
