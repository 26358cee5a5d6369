"""What a team enters here: saved replies, signatures, and when to answer by itself."""

from __future__ import annotations

from typing import Any

import re2
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.forms import time_zone_choices
from messagecenter.hours.errors import HoursError, Problem
from messagecenter.hours.written import WEEKDAYS, from_data

from .languages import choices, name_of
from .models import AutoReply
from .validators import MOST_AUTO, MOST_NAME, MOST_SIGNATURE, MOST_TEXT

DAY_LABELS = dict(
    zip(
        WEEKDAYS,
        (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")),
        strict=True,
    )
)
HOURS_TOLD = {
    "not_a_time": _("“%(value)s” is no time. Please write the hours like 09:00-12:30, 13:30-18:00."),
    "not_a_span": _("Please write the hours like 09:00-12:30, 13:30-18:00."),
    "closes_first": _("%(closes)s is not after the opening. For hours past midnight, write them on both days."),
    "overlap": _("These hours overlap with %(opens)s to %(closes)s."),
    "never_open": _("Please give the hours of at least one day."),
    "too_many": _("At most %(most)s times a day are possible."),
    "unknown_country": _("The holidays of “%(value)s” are not known. Please give a country’s two letters, like DE."),
    "unknown_time_zone": _("“%(value)s” is no time zone we know."),
}
NOT_HOURS = _("These opening hours cannot be read.")
_CLOCK = re2.compile(r"(\d{1,2})(?:[:.](\d{2}))?")


def _text_field(label: Any, most: int, rows: int, **more: Any) -> forms.CharField:
    # How long it may be is checked when it is saved: line ends count as one character there.
    widget = forms.Textarea(attrs={"rows": rows, "maxlength": most, "autocomplete": "off"})
    return forms.CharField(label=label, strip=False, widget=widget, **more)


class SavedReplyForm(forms.Form):
    """A saved reply: its name for the team, its language and its text."""

    name = forms.CharField(
        label=_("Name"),
        max_length=MOST_NAME,
        help_text=_("Only your team sees it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("Language"))
    text = _text_field(_("Text"), MOST_TEXT, 10)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = choices()  # type: ignore[attr-defined]


class SignatureForm(forms.Form):
    """A signature for a language, of the team or of who enters it."""

    whose = forms.ChoiceField(
        label=_("Whose"),
        choices=[("team", _("The team’s")), ("own", _("My own, instead of the team’s"))],
        widget=forms.RadioSelect(),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    text = _text_field(
        _("Signature"), MOST_SIGNATURE, 4, required=False, help_text=_("Leave it empty to take the signature away.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = [("", _("Every language without its own")), *choices()]
        self.fields["language"].choices = every  # type: ignore[attr-defined]


class AutoReplyForm(forms.Form):
    """When a mailbox answers by itself, and what. Cleaned, ``hours`` and ``texts`` are as the action takes them."""

    is_on = forms.BooleanField(label=_("Answer by itself"), required=False)
    when = forms.ChoiceField(label=_("When"), choices=AutoReply.When.choices, widget=forms.RadioSelect())
    away_from = forms.DateField(
        label=_("First day away"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    away_until = forms.DateField(
        label=_("Last day away"),
        required=False,
        help_text=_("Without days, as long as it is switched on."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    country = forms.CharField(
        label=_("Closed on the public holidays of"),
        required=False,
        max_length=2,
        help_text=_("A country’s two letters, for example DE."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [("UTC", "UTC"), *time_zone_choices()]
        kept = self.initial.get("time_zone", "")
        if kept and not any(kept == zone for _region, group in time_zone_choices() for zone, _place in group):
            zones.append((kept, kept))
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]
        for day, label in DAY_LABELS.items():
            widget = forms.TextInput(attrs={"autocomplete": "off", "placeholder": "09:00-12:30, 13:30-18:00"})
            self.fields[day] = forms.CharField(label=label, required=False, max_length=200, widget=widget)
        for code, _name in settings.LANGUAGES:
            told = _("Text in %(language)s") % {"language": name_of(code)}
            self.fields[f"text_{code}"] = _text_field(told, MOST_AUTO, 5, required=False)

    def clean(self) -> dict[str, Any]:
        """Read the opening hours, naming what is wrong beside its day."""
        cleaned = super().clean() or {}
        week = {day: spans for day in WEEKDAYS if (spans := read_spans(cleaned.get(day, "")))}
        hours: dict[str, Any] = {"time_zone": cleaned.get("time_zone", ""), "week": week}
        if country := cleaned.get("country", "").strip().upper():
            hours["holidays"] = {"country": country}
        cleaned["hours"] = hours if week else {}
        if cleaned.get("when") == AutoReply.When.CLOSED or week:
            try:
                from_data(hours)
            except HoursError as error:
                for problem in error.problems[:10]:
                    self.add_error(field_of(problem), told_problem(problem))
        cleaned["texts"] = {code: cleaned.get(f"text_{code}", "") for code, _name in settings.LANGUAGES}
        return cleaned


def written_hours(hours: dict[str, Any]) -> dict[str, str]:
    """Return opening hours as the form's fields show them."""
    week = {day: ", ".join("-".join(span) for span in spans) for day, spans in hours.get("week", {}).items()}
    return week | {"country": hours.get("holidays", {}).get("country", "")}


def read_spans(text: str) -> list[list[str]]:
    """Return "9-12:30, 13:30-18" as pairs of times; what is none stays as it is, for a sentence about it."""
    found = []
    for part in text.replace(";", ",").split(","):
        if part.strip():
            found.append([_clock(one) for one in part.replace("–", "-").split("-")])
    return found


def _clock(text: str) -> str:
    match = _CLOCK.fullmatch(text.strip())
    return f"{int(match.group(1)):02}:{match.group(2) or '00'}" if match else text.strip()


def field_of(problem: Problem) -> str:
    """Return the field a problem with the opening hours is shown at."""
    if problem.where[:1] == ("week",):
        return str(problem.where[1]) if len(problem.where) > 1 else "monday"
    return "country" if problem.where[:1] == ("holidays",) else "time_zone"


def told_problem(problem: Problem) -> str:
    """Return what is wrong with opening hours, in the reader's language."""
    return str(HOURS_TOLD.get(problem.code, NOT_HOURS)) % dict(problem.values)
