"""Why something cannot be asked for or decided: each reason with the sentence that tells the person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from messagecenter.threads.refused import Refused


class NothingToAppeal(Refused):
    """There is no decision one could appeal against, or not now, or not any more."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class NotReportable(Refused):
    """A report is about a message that somebody else wrote and that was delivered."""

    sentence = _("Only messages that the other side sent you can be reported.")


class NotInGoodFaith(Refused):
    """Who reports has not said that what they say is true."""

    sentence = _("Please confirm that what you report is true as far as you know.")


class AlreadyDecided(Refused):
    """Somebody else was faster."""

    sentence = _("This was decided already. Nothing was changed.")


class SamePerson(Refused):
    """Nobody decides on an appeal against their own decision, or on their own message."""

    sentence = _("You took part in this decision. Somebody else has to look at the appeal.")


class OwnMessage(SamePerson):
    """Nobody decides on what they or their own mailbox wrote."""

    sentence = _("This message was sent from your own mailbox. Somebody else has to look at it.")


class AnswerNeeded(Refused):
    """A decision against the sender needs a reason that the sender can read."""

    sentence = _("Please give the reason. The sender reads it.")
