"""Setting up a queue: its mailbox, languages, opening hours day by day, and what it promises; every mistake named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.forms import time_zone_choices
from messagecenter.accounts.models import Mailbox
from messagecenter.hours.errors import HoursError
from messagecenter.hours.written import WEEKDAYS, from_data
from messagecenter.replies.forms import DAY_LABELS, field_of, read_spans, told_problem, written_hours
from messagecenter.replies.languages import choices as languages
from support.catalogue import CATALOGUE
from support.models import Queue, Route
from support.severities import Severity

if TYPE_CHECKING:
    _QueueModelForm = forms.ModelForm[Queue]
    _RouteModelForm = forms.ModelForm[Route]
else:
    _QueueModelForm = forms.ModelForm
    _RouteModelForm = forms.ModelForm

PROMISES = {
    "first_urgent": _("First answer, urgent (hours)"),
    "first_high": _("First answer, high (hours)"),
    "first_normal": _("First answer, normal (hours)"),
    "first_low": _("First answer, low (hours)"),
    "next_urgent": _("Later answers, urgent (hours)"),
    "next_high": _("Later answers, high (hours)"),
    "next_normal": _("Later answers, normal (hours)"),
    "next_low": _("Later answers, low (hours)"),
}
#: What is offered beside writing, and for which cases.
CHANNELS = ("offers_chat", "chat_from", "calls_at_once", "calls_from")
FROM = ("chat_from", "calls_from")


def _day_field(day: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "placeholder": "09:00-12:30, 13:30-18:00", "size": 40})
    return forms.CharField(label=DAY_LABELS[day], required=False, max_length=200, widget=widget)


class QueueForm(_QueueModelForm):
    """A queue with the name of its mailbox. No hours on any day: it is open around the clock."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Sellers see it."))
    languages = forms.MultipleChoiceField(label=_("Languages"), widget=forms.CheckboxSelectMultiple())
    time_zone = forms.ChoiceField(label=_("Time zone"))
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = map(_day_field, WEEKDAYS)
    country = forms.CharField(
        label=_("Closed on the public holidays of"),
        required=False,
        max_length=2,
        help_text=_("A country’s two letters, for example DE."),
    )
    subdivision = forms.CharField(
        label=_("Region"), required=False, max_length=6, help_text=_("With holidays of its own, for example BY.")
    )
    closed = forms.CharField(
        label=_("Closed on"),
        required=False,
        help_text=_("Single days like 2026-12-24, separated by blanks."),
        widget=forms.Textarea(attrs={"rows": 2, "cols": 40}),
    )

    class Meta:
        model = Queue
        fields = ["languages", "counts_open_hours", "handing", "is_active", *CHANNELS, *PROMISES]
        labels = PROMISES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        queue = self.instance
        hours = queue.opening_hours or {}
        kept = hours.get("time_zone", "UTC")
        zones = [("UTC", "UTC"), *time_zone_choices()]
        if not any(kept == zone for _region, group in time_zone_choices() for zone, _place in group):
            zones.append((kept, kept))
        for name, field in self.fields.items():
            if name == "time_zone":
                field.choices = zones  # type: ignore[attr-defined]
            elif name == "languages":
                field.choices = languages()  # type: ignore[attr-defined]
            elif name in FROM:
                field.choices = [("", _("every severity")), *Severity.choices]  # type: ignore[attr-defined]
        holidays = hours.get("holidays", {})
        shown = {"time_zone": kept, **written_hours(hours), "subdivision": holidays.get("subdivision", "")}
        self.initial.update(shown, closed=" ".join(hours.get("closed", [])))
        if queue.mailbox_id:
            self.initial["name"] = queue.mailbox.name

    def clean(self) -> dict[str, Any]:
        """Read the opening hours, naming what is wrong beside its field."""
        cleaned = super().clean() or self.cleaned_data
        week = {day: spans for day in WEEKDAYS if (spans := read_spans(cleaned.get(day, "")))}
        hours: dict[str, Any] = {"time_zone": cleaned.get("time_zone", ""), "week": week}
        if country := cleaned.get("country", "").strip().upper():
            hours["holidays"] = {"country": country}
        if region := cleaned.get("subdivision", "").strip().upper():
            hours["holidays"] = hours.get("holidays", {}) | {"subdivision": region}
        if closed := cleaned.get("closed", "").replace(",", " ").split():
            hours["closed"] = closed
        if week:
            try:
                from_data(hours)
            except HoursError as error:
                for problem in error.problems[:10]:
                    name = "closed" if problem.where[:1] == ("closed",) else field_of(problem)
                    self.add_error(name, told_problem(problem))
        elif cleaned.get("country") or closed:
            self.add_error("monday", ValidationError(_("Please give the hours of at least one day."), code="never"))
        self.instance.opening_hours = hours if week else {}
        return cleaned

    @transaction.atomic
    def save(self, commit: bool = True) -> Queue:
        """Save the queue; a new one gets a support mailbox of its name."""
        name = self.cleaned_data["name"]
        if not self.instance.mailbox_id:
            self.instance.mailbox = Mailbox.objects.create(kind=Mailbox.Kind.SUPPORT, name=name)
        elif self.instance.mailbox.name != name:
            self.instance.mailbox.name = name
            self.instance.mailbox.save(update_fields=["name"])
        saved: Queue = super().save(commit)
        return saved


class RouteForm(_RouteModelForm):
    """A routing rule, its topic chosen from the catalogue."""

    topic = forms.ChoiceField(label=_("Topic"), required=False)

    class Meta:
        model = Route
        fields = ["position", "topic", "severity", "country", "language", "queue"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = [
            (str(topic.label), [(topic.key, _("%(topic)s: all") % {"topic": topic.label}), *_sub(topic)])
            for topic in CATALOGUE
        ]
        if "topic" in self.fields:
            self.fields["topic"].choices = [("", _("every topic")), *groups]  # type: ignore[attr-defined]
        if "language" in self.fields:
            self.fields["language"].help_text = _("Two letters, for example de; empty for every language.")

    def clean_country(self) -> str:
        """Return the country in capitals, as cases have it."""
        return str(self.cleaned_data["country"]).upper()

    def clean_language(self) -> str:
        """Return the language in lower case, as cases have it."""
        return str(self.cleaned_data["language"]).lower()


def _sub(topic: Any) -> list[tuple[str, str]]:
    return [(one.key, str(one.label)) for one in topic.subtopics if one.key != topic.key]
