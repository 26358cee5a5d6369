"""What an owner enters about a webhook."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from messagecenter.egress import MOST_URL
from messagecenter.notices import kinds
from messagecenter.webhooks.models import TOPICS


class EndpointForm(forms.Form):
    """Where a webhook is and what it is told; one that exists can also be switched off."""

    # Made when the form is drawn: sent twice, it adds one webhook.
    endpoint_id = forms.UUIDField(required=False, widget=forms.HiddenInput())
    url = forms.CharField(
        label=_("Address"),
        max_length=MOST_URL,
        help_text=_("It starts with https:// and is reachable from the internet."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    topics = forms.MultipleChoiceField(
        label=_("What it is told"),
        widget=forms.CheckboxSelectMultiple(),
    )
    is_active = forms.BooleanField(label=_("On"), required=False)

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_a_line = kinds.topics(in_a_line=True)
        choices = [(topic.value, topic.label) for topic in TOPICS if topic in in_a_line]
        cast(forms.MultipleChoiceField, self.fields["topics"]).choices = choices
        del self.fields["is_active" if is_new else "endpoint_id"]
