"""What people fill in: an appeal, a report; and what the desk fills in to read and to decide."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .models import Report

MOST_WORDS = 1000
MOST_ANSWER = 2000
_RANGE = re.compile(r"(\d{1,6})\s*[-–]\s*(\d{1,6})", re.ASCII)


class AppealForm(forms.Form):
    """Why the sender thinks the decision is wrong; may stay empty."""

    words = forms.CharField(
        label=_("Why is it wrong?"),
        required=False,
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": MOST_WORDS}),
        help_text=_("One sentence helps, but it is not needed."),
    )


class ReportForm(forms.Form):
    """What is wrong with somebody else's message."""

    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose what is wrong with the message."),
            "invalid_choice": _("Please choose one of the reasons in the list."),
        },
    )
    words = forms.CharField(
        label=_("What should we know?"),
        required=False,
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": MOST_WORDS}),
        help_text=_("The message itself, its files and the messages before it are added by themselves."),
    )
    good_faith = forms.BooleanField(
        label=_("What I report is true and complete as far as I know."),
        error_messages={"required": _("Please confirm that what you report is true as far as you know.")},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for words when none of the reasons says what is wrong."""
        values = super().clean() or {}
        if values.get("reason") == Report.Reason.OTHER and not values.get("words"):
            self.add_error("words", _("Please say what is wrong with the message."))
        return values


class ReadingForm(forms.Form):
    """Why someone at the desk needs to read."""

    reason = forms.CharField(
        label=_("Reason for reading"),
        min_length=10,
        max_length=500,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: checking a held message. It is logged with your name."),
    )


def _answer(label: Any, *, required: bool, rows: int = 2) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=MOST_ANSWER,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("Please give the reason. The sender reads it.")},
    )


class ApproveForm(forms.Form):
    """Deliver a held message; with words in it that the rules hide, without them unless the rules were wrong."""

    mistaken = forms.BooleanField(label=_("The rules were wrong: count it against them"), required=False, initial=True)

    def __init__(self, *args: Any, hides: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if hides:
            field = self.fields["mistaken"]
            field.initial = False  # nobody shows a card number by not looking at a tick
            field.label = _("The rules were wrong: count it against them, and show the words that they hide")


class RejectForm(forms.Form):
    """Do not deliver a held message."""

    answer = _answer(_("Reason the sender reads"), required=True)


class RedactForm(forms.Form):
    """Deliver a held message with words hidden: what was found, and what the desk marks itself."""

    found = forms.MultipleChoiceField(
        label=_("Hide what was found"), required=False, widget=forms.CheckboxSelectMultiple
    )
    ranges = forms.CharField(
        label=_("Hide characters"),
        required=False,
        max_length=500,
        help_text=_("From–to, as numbered beside the text, for example: 12-40, 55-60"),
    )
    words = forms.CharField(
        label=_("Hide these words"),
        required=False,
        max_length=MOST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One phrase a line, exactly as in the text. Every place where it stands is hidden."),
    )
    answer = _answer(_("Reason the sender reads"), required=True)

    def __init__(self, *args: Any, found: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["found"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 (for the type checker)
        field.choices = found
        field.initial = [value for value, _label in found]

    def clean_ranges(self) -> list[tuple[int, int]]:
        """Return the stretches as (first, after the last) character."""
        typed = self.cleaned_data["ranges"]
        pieces = [piece.strip() for piece in typed.replace(";", ",").split(",") if piece.strip()]
        matches = [_RANGE.fullmatch(piece) for piece in pieces]
        spans = [(int(match[1]), int(match[2])) for match in matches if match]
        if len(spans) != len(pieces) or any(start >= end for start, end in spans):
            raise forms.ValidationError(_("Please write numbers like 12-40, the smaller one first."))
        return spans

    def spans_in(self, body: str) -> list[tuple[int, int]]:
        """Return all that is to be hidden in ``body``; adds an error and returns [] when there is nothing or no place.

        The form is valid already.
        """
        chosen = [self._span(value) for value in self.cleaned_data["found"]]
        spans = [*chosen, *self.cleaned_data["ranges"]]
        if any(end > len(body) for _start, end in spans):
            self.add_error("ranges", _("The text is shorter than that."))
            return []
        lowered = body.lower() if len(body.lower()) == len(body) else body
        for phrase in self.cleaned_data["words"].splitlines():
            wanted = phrase.strip()
            wanted = wanted.lower() if lowered is not body else wanted
            places = _places(lowered, wanted) if wanted else []
            if wanted and not places:
                self.add_error("words", _("Not all of these words stand in the text."))
                return []
            spans += places
        if not spans:
            self.add_error(None, _("Please choose or mark what is to be hidden."))
        return sorted(set(spans))

    @staticmethod
    def _span(value: str) -> tuple[int, int]:
        start, _dash, end = value.partition("-")
        return int(start), int(end)


def _places(text: str, wanted: str) -> list[tuple[int, int]]:
    """Return every stretch of ``text`` that is ``wanted``."""
    places, at = [], text.find(wanted)
    while at >= 0:
        places.append((at, at + len(wanted)))
        at = text.find(wanted, at + len(wanted))
    return places


class RejectManyForm(forms.Form):
    """One reason for several obvious cases."""

    answer = _answer(_("Reason the senders read"), required=True, rows=1)


class AppealDecisionForm(forms.Form):
    """What is decided on an appeal; ``show`` matters when the message holds words that other rules hide."""

    answer = _answer(_("Answer the sender reads"), required=False, rows=3)
    show = forms.BooleanField(label=_("Show the words that other rules hide, too"), required=False)


class ReportDecisionForm(forms.Form):
    """What is decided on a report."""

    answer = _answer(_("Answer the reporter reads"), required=False, rows=3)


class CautionForm(forms.Form):
    """Which rule a sender is reminded of."""

    rule = forms.ChoiceField(label=pgettext_lazy("policy", "Rule"))

    def __init__(self, *args: Any, rules: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["rule"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = rules


class RestrictForm(CautionForm):
    """For how long and why a sender may not write first."""

    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=365, initial=7)
    explanation = forms.CharField(
        label=_("Explanation the mailbox’s people read"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500}),
        help_text=_("Quote nothing from a message."),
    )
