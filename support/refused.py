"""Why something cannot be done with a case: each reason with the sentence that tells the person."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messagecenter.threads.clock import told_fully
from messagecenter.threads.refused import Refused

REOPEN_DAYS = 30


class NoQueue(Refused):
    """The operator has set up no queue that takes cases."""

    sentence = _("Support takes no cases yet. Please try again later.")


class CannotMove(Refused):
    """The case's state does not allow it, or does not allow it to this person."""

    def __init__(self, status: str) -> None:
        super().__init__()
        self.sentence = gettext("That is not possible any more: the case is now “%(status)s”.") % {"status": status}


class CaseClosed(Refused):
    """The case is closed for good."""

    sentence = _("This case is closed. Open a follow-up case: it links back to this one.")


class NotAStaffMember(Refused):
    """The person does not work in the queue."""

    sentence = _("This person does not work in the queue of the case.")


class ReasonNeeded(Refused):
    """A transfer without a reason: the seller reads it."""

    sentence = _("Please say why: the seller reads it.")


class SameQueue(Refused):
    """The case is in that queue already."""

    sentence = _("The case is in this queue already.")


class NotADuplicate(Refused):
    """A case is to be merged into itself, or into one of another shop."""

    sentence = _("Only open cases of the same shop can be merged, and none into itself.")


class NotYours(Refused):
    """Only what is resolved or closed can be rated."""

    sentence = _("You can rate a case once it is resolved.")


class NoSuchSlot(Refused):
    """No appointment begins then: outside the hours, too soon, or too far ahead."""

    sentence = _("No appointment begins at that time. Please choose one of those offered.")


class SlotTaken(Refused):
    """Somebody else was faster; ``next_at`` is the next one that is free, None without any."""

    def __init__(self, next_at: datetime | None) -> None:
        super().__init__()
        self.next_at = next_at
        if next_at is None:
            self.sentence = gettext("This appointment has just been taken, and no other is free. Please write to us.")
        else:
            when = told_fully(next_at)
            self.sentence = gettext("This appointment has just been taken. The next free one: %(when)s.") % {
                "when": when
            }


class NotToBeCalled(Refused):
    """What was typed is no telephone number."""

    sentence = _("This is not a telephone number we can call. Please give it with its country code, like +49 …")


class CallSettled(Refused):
    """The call was made or cancelled already."""

    sentence = _("This call-back is over: it was made or cancelled already.")


class NoCallNow(Refused):
    """The case is at its end, support cannot read it yet, or its queue offers no call-backs."""

    sentence = _("No call-back can be booked for this case.")


class AnswerFirst(Refused):
    """The seller waits for an answer, and would be told that there was one."""

    sentence = _("The seller is waiting: write an answer, and choose the state with it.")


class BadHold(Refused):
    """The day until which the case is to be held open is over, or too far away."""

    def __init__(self, most_days: int) -> None:
        super().__init__()
        self.sentence = gettext("Please choose a day between tomorrow and in %(days)d days.") % {"days": most_days}


class NoChatNow(Refused):
    """The queue does not chat, or not now; the sentence says when it does."""

    def __init__(self, when: str = "") -> None:
        super().__init__()
        sentence = gettext("Live chat is not possible for this case now.")
        self.sentence = f"{sentence} {when}".rstrip()


class NoChat(Refused):
    """The seller waits in no chat any more."""

    sentence = _("There is no chat any more: the case goes on in writing.")


class ChatBegan(Refused):
    """Who no longer wanted to wait does not wait any more."""

    sentence = _("Support has just come into the chat.")


class ChatTaken(Refused):
    """A colleague went into the chat before."""

    sentence = _("A colleague is in this chat already.")
