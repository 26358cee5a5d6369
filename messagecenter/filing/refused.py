"""Why a folder, label, rule or filter cannot be as somebody wants it: each reason with the sentence that tells it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _


class NotFiled(Exception):
    """A change that cannot be made; ``sentence`` tells the person why."""

    sentence: Promise | str


class NameMissing(NotFiled):
    """No name was given."""

    sentence = _("Please give it a name.")


class NameTooLong(NotFiled):
    """The name is longer than fits."""

    def __init__(self, name: str, most: int) -> None:
        self.sentence = ngettext(
            "“%(name)s …” is too long: a name has at most %(most)d character.",
            "“%(name)s …” is too long: a name has at most %(most)d characters.",
            most,
        ) % {"name": name[:20], "most": most}
        super().__init__(type(self).__name__)


class NameTaken(NotFiled):
    """Another one has the name already, whatever its capitals."""

    def __init__(self, name: str) -> None:
        self.sentence = gettext("“%(name)s” is there already. Please choose another name.") % {"name": name}
        super().__init__(type(self).__name__)


class TooDeep(NotFiled):
    """The folder, or what lies in it, would lie too deep."""

    def __init__(self, name: str, most: int) -> None:
        self.sentence = gettext(
            "“%(name)s” cannot go there: folders are at most %(most)d levels deep, counting what lies in them."
        ) % {"name": name, "most": most}
        super().__init__(type(self).__name__)


class IntoItself(NotFiled):
    """The folder would lie in itself, or its threads would go into what is deleted with it."""

    def __init__(self, name: str) -> None:
        self.sentence = gettext("“%(name)s” cannot go into itself or one of its own folders.") % {"name": name}
        super().__init__(type(self).__name__)


class TooManyFolders(NotFiled):
    """The mailbox has all the folders it may have."""

    def __init__(self, most: int) -> None:
        self.sentence = gettext("A mailbox has at most %(most)d folders. Delete one to make another.") % {"most": most}
        super().__init__(type(self).__name__)


class TooManyLabels(NotFiled):
    """The mailbox has all the labels it may have."""

    def __init__(self, most: int) -> None:
        self.sentence = gettext("A mailbox has at most %(most)d labels. Delete one to make another.") % {"most": most}
        super().__init__(type(self).__name__)


class TooManyRules(NotFiled):
    """The mailbox has all the rules it may have."""

    def __init__(self, most: int) -> None:
        self.sentence = gettext("A mailbox has at most %(most)d rules. Delete one to make another.") % {"most": most}
        super().__init__(type(self).__name__)


class TooManyFilters(NotFiled):
    """The mailbox has all the saved filters it may have."""

    def __init__(self, most: int) -> None:
        self.sentence = gettext("A mailbox has at most %(most)d saved filters. Delete one to save another.") % {
            "most": most
        }
        super().__init__(type(self).__name__)


class NoSuchColor(NotFiled):
    """The colour is none of the list."""

    sentence = _("Please choose one of the colours.")


class NothingAsked(NotFiled):
    """A rule without a condition, which would be for everything."""

    sentence = _("Please give at least one condition: without one the rule would be for everything.")


class NothingDone(NotFiled):
    """A rule without an outcome."""

    sentence = _("Please choose at least one thing the rule does.")
