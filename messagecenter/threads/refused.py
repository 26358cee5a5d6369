"""Why something cannot be written in a thread: each reason with the sentence that tells the person."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """A write that cannot be done; ``sentence`` tells the person why."""

    sentence: Promise | str


class ThreadClosed(Refused):
    """The thread was closed and nobody has reopened it."""

    sentence = _("This conversation is closed. Reopen it to write.")


class AlreadySent(Refused):
    """A message with this client id exists and says something else."""

    sentence = _("Your earlier text was sent already. To send the text below as another message, send it again.")


class NoBuyer(Refused):
    """The order file gave no address for the buyer."""

    sentence = _("This buyer cannot be written to: the order came without an e-mail address.")


class TopicNotOffered(Refused):
    """The topic does not fit who asks or the order's state."""

    sentence = _("This topic is not offered for this order. Please choose another one.")


class NothingToFileWith(Refused):
    """The folder, label, member or priority is not there (any more)."""

    sentence = _("That folder, label or member is not there any more. Please reload the page.")


class NothingChosen(Refused):
    """Filing was asked for and no thread was chosen."""

    sentence = _("Choose at least one conversation first.")


class TooManyAtOnce(Refused):
    """More threads were named than are filed in one go."""

    def __init__(self, most: int) -> None:
        self.sentence = gettext(
            "At most %(most)d conversations can be chosen one by one. Choose all that match instead."
        ) % {"most": most}
        super().__init__(type(self).__name__)


class CannotBeMeant(Refused):
    """A filter with a part that means nothing: without it, it would mean far more than somebody chose."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(type(self).__name__)


class SenderBlocked(Refused):
    """The other side does not want to hear from this mailbox; it is not told so in these words."""

    sentence = _("You cannot write to this mailbox at the moment.")


class WritesFirst(Refused):
    """A shop writes first, or goes on before the buyer has answered, where it may not."""


class WritingRestricted(WritesFirst):
    """Staff restricted the mailbox: until ``until`` it only answers. ``explanation`` is theirs."""

    def __init__(self, until: datetime, explanation: str = "") -> None:
        self.until, self.explanation = until, explanation
        self.sentence = gettext("You cannot write first until %(until)s. You can still answer messages.") % {
            "until": date_format(timezone.localtime(until), "DATETIME_FORMAT")
        }
        super().__init__(type(self).__name__)


class OptedOut(WritesFirst):
    """The buyer takes only messages their order needs, and the topic is none of these."""

    sentence = _("This buyer takes only messages that an order needs. This topic is not one of them.")


class TooLate(WritesFirst):
    """The order was complete too long ago to write first about it. ``ended_at`` is when that became so."""

    def __init__(self, days: int, ended_at: datetime) -> None:
        self.days, self.ended_at = days, ended_at
        self.sentence = ngettext(
            "You can write first about an order until %(days)d day after it is complete. "
            "For this order that was until %(end)s. You can still answer messages.",
            "You can write first about an order until %(days)d days after it is complete. "
            "For this order that was until %(end)s. You can still answer messages.",
            days,
        ) % {"days": days, "end": date_format(timezone.localtime(ended_at), "DATE_FORMAT")}
        super().__init__(type(self).__name__)


class QuotaReached(WritesFirst):
    """The shop started as many conversations in 24 hours as it may; from ``next_at`` on it may start another."""

    def __init__(self, limit: int, next_at: datetime | None) -> None:
        self.limit, self.next_at = limit, next_at
        if next_at is None:
            self.sentence = gettext("Sellers cannot write first at the moment. You can still answer messages.")
        else:
            self.sentence = ngettext(
                "You have started %(limit)d conversation in 24 hours, which is all you may start. "
                "The next one is possible from %(when)s. You can still answer messages.",
                "You have started %(limit)d conversations in 24 hours, which is all you may start. "
                "The next one is possible from %(when)s. You can still answer messages.",
                limit,
            ) % {"limit": limit, "when": date_format(timezone.localtime(next_at), "DATETIME_FORMAT")}
        super().__init__(type(self).__name__)


class RecipientBlocks(Refused):
    """Told to staff who would deliver a message late."""

    sentence = _("The other side has blocked this sender since, so the message cannot be delivered.")
