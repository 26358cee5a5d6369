"""The form in which a person says how they want to be told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from messagecenter.notices import kinds
from messagecenter.notices.models import Notice, Preference, Schedule
from messagecenter.notices.topics import Topic, default_timing, timings

if TYPE_CHECKING:
    _ScheduleForm = forms.ModelForm[Schedule]
else:
    _ScheduleForm = forms.ModelForm

CHANNELS = (Notice.Channel.EMAIL, Notice.Channel.PUSH)


class PreferencesForm(_ScheduleForm):
    """How one person is told: a choice for each topic on each channel, quiet hours, the hour of the summary."""

    digest_hour = forms.TypedChoiceField(
        label=_("Daily summary at"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
    has_quiet_hours = forms.BooleanField(
        label=_("Quiet hours"),
        help_text=_("Nothing comes in them; it comes when they end. Decisions and security mails come at any hour."),
        required=False,
    )
    quiet_from = forms.TimeField(
        label=_("from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    class Meta:
        model = Schedule
        fields = ["digest_hour", "quiet_from", "quiet_until", "team_messages", "shows_excerpt"]

    def __init__(
        self, *args: Any, topics: Iterable[Topic], chosen: dict[tuple[str, str], str], is_team: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.topics = list(topics)
        in_a_line = kinds.topics(in_a_line=True)
        self.choices = [
            (topic, channel)
            for topic in self.topics
            for channel in CHANNELS
            if channel == Notice.Channel.EMAIL or topic in in_a_line
        ]
        for topic, channel in self.choices:
            self.fields[f"{topic}_{channel}"] = forms.ChoiceField(
                label=capfirst(channel.label),
                choices=[(timing.value, timing.label) for timing in timings(topic, channel)],
                initial=chosen.get((topic.value, channel.value), default_timing(topic, channel)),
            )
        self.fields["shows_excerpt"].help_text = _(
            "E-mail is not encrypted on its way: with this, its first lines can be read by mail providers."
        )
        if Topic.CASE in self.topics:
            self.fields["shows_excerpt"].help_text += " " + _("What support answers in your cases is quoted whole.")
        if not is_team:
            del self.fields["team_messages"]
        self.fields["has_quiet_hours"].initial = self.instance.quiet_from is not None

    def clean(self) -> dict[str, Any]:
        """Refuse quiet hours that have no beginning or no end, or never end."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("has_quiet_hours"):
            cleaned["quiet_from"] = cleaned["quiet_until"] = None
            return cleaned
        begins, ends = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        for name, value in (("quiet_from", begins), ("quiet_until", ends)):
            if value is None and name not in self.errors:
                self.add_error(name, _("Say a time, for example 22:00."))
        if begins is not None and begins == ends:
            self.add_error("quiet_until", _("Quiet hours that end when they begin would never end. Say another time."))
        return cleaned

    def sections(self) -> list[dict[str, Any]]:
        """Return the topics with their choices, for the page."""
        return [
            {
                "topic": topic,
                "label": topic.label,
                "fields": [self[f"{one}_{channel}"] for one, channel in self.choices if one == topic],
            }
            for topic in self.topics
        ]

    def timings(self) -> dict[tuple[str, str], str]:
        """Return what was chosen."""
        return {
            (topic.value, channel.value): self.cleaned_data[f"{topic}_{channel}"] for topic, channel in self.choices
        }

    def schedule(self) -> dict[str, Any]:
        """Return the fields of the schedule that the form had."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.fields}


def chosen_by(person_id: Any) -> dict[tuple[str, str], str]:
    """Return what a person has chosen. One query."""
    rows = Preference.objects.filter(person=person_id).values_list("topic", "channel", "timing")
    return {(topic, channel): timing for topic, channel, timing in rows}
