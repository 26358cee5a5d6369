"""How a case's status is told to the seller: in words, and in which tone."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from .lifecycle import WITH_SUPPORT, Status
from .models.case import STATUS_LABELS

#: Where the seller reads something else than support does.
FOR_SELLERS = {Status.WAITING: pgettext_lazy("case", "Waiting for you")}
TONES = {Status.WAITING: "wait", Status.ANSWERED: "good", Status.RESOLVED: "done", Status.CLOSED: "done"}


def shown_status(status: Status) -> str:
    """Return a status in the seller's words."""
    return str(FOR_SELLERS.get(status) or STATUS_LABELS[status])


def tone_of(status: Status) -> str:
    """Return what a status looks like: it wants the seller, is good news, over, or in work."""
    return TONES.get(status, "work" if status in WITH_SUPPORT else "rest")


#: What a step of a chat says, by what it keeps: an ending is kept by its own name.
CHAT_STEPS = {
    "asked": pgettext_lazy("chat", "Live chat asked for"),
    "taken": pgettext_lazy("chat", "Live chat began"),
    "taken_over": pgettext_lazy("chat", "Live chat taken over by a colleague"),
    "back": pgettext_lazy("chat", "Support was cut off from the live chat"),
    "seller": pgettext_lazy("chat", "Live chat ended by the seller"),
    "staff": pgettext_lazy("chat", "Live chat ended by support"),
    "left": pgettext_lazy("chat", "Live chat ended: the seller was gone"),
    "moved": pgettext_lazy("chat", "Live chat ended: another team has the case"),
    "written": pgettext_lazy("chat", "Nobody was free for the live chat: it goes on in writing"),
}
