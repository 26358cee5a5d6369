"""What can be done with threads in a list, by hand, by a rule or to all that match: a verb and what it is done with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import pgettext_lazy


class Verb(models.TextChoices):
    """The verbs. Each belongs to one mailbox: the other side's view never changes."""

    INBOX = "inbox", pgettext_lazy("filing", "Move to the inbox")
    ARCHIVE = "archive", pgettext_lazy("filing", "Archive")
    TRASH = "trash", pgettext_lazy("filing", "Move to the trash")
    MOVE = "move", pgettext_lazy("filing", "Move to a folder")
    LABEL = "label", pgettext_lazy("filing", "Add a label")
    UNLABEL = "unlabel", pgettext_lazy("filing", "Remove a label")
    PRIORITY = "priority", pgettext_lazy("filing", "Set the priority")
    STAR = "star", pgettext_lazy("filing", "Star")
    UNSTAR = "unstar", pgettext_lazy("filing", "Remove the star")
    MUTE = "mute", pgettext_lazy("filing", "Mute")
    UNMUTE = "unmute", pgettext_lazy("filing", "Unmute")
    ASSIGN = "assign", pgettext_lazy("filing", "Assign")
    READ = "read", pgettext_lazy("filing", "Mark as read")
    UNREAD = "unread", pgettext_lazy("filing", "Mark as unread")
    NO_RESPONSE = "no_response", pgettext_lazy("filing", "No response needed")


@dataclass(frozen=True)
class Filing:
    """One thing to do. ``value`` is a folder's, label's or member's id (empty: none), or a priority's number."""

    verb: Verb
    value: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return it as it is kept in rules and background work."""
        return {"verb": str(self.verb), "value": self.value}
