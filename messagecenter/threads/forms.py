"""The two things people write: a reply, and the first message of a new thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id
from messagecenter.replies.variables import GAP_CLOSES, GAP_OPENS, gaps_in

from .topics import Topic
from .validators import MAX_BODY, MAX_SUBJECT, clean_body, clean_subject


def _body_field() -> forms.CharField:
    # The limit is checked by clean_body, which counts line ends as one character and names the length.
    return forms.CharField(
        label=_("Message"),
        strip=False,
        required=False,  # clean_body asks for a text or a file
        widget=forms.Textarea(attrs={"maxlength": MAX_BODY, "rows": 4, "autocomplete": "off"}),
    )


class ReplyForm(forms.Form):
    """A reply: its text, and the browser's own id for it, by which a repeat is recognised."""

    body = _body_field()
    client_id = forms.UUIDField(
        widget=forms.HiddenInput(),
        error_messages={
            "required": _("The form was incomplete. Please send it again."),
            "invalid": _("The form was incomplete. Please send it again."),
        },
    )

    # What stood in the box before anybody wrote: alone it is no message, and the next one begins with it again.
    signature = forms.CharField(required=False, max_length=1000, strip=False, widget=forms.HiddenInput())

    # The version of the saved draft in the box; it is deleted when the message is sent.
    draft_version = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput())

    # The mark of a warning that the writer has read: see policy.
    confirm = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput())

    def __init__(self, *args: Any, has_files: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_files = has_files

    def clean_body(self) -> str:
        """Return the text as it will be stored; a message with files may have none."""
        body = clean_body(self.cleaned_data["body"], may_be_empty=self.has_files)
        signature = self.data.get("signature", "").replace("\r\n", "\n").strip()
        if signature and body == signature and not self.has_files:
            raise ValidationError(_("There is nothing but your signature. Please write a message."), code="empty")
        if gaps := gaps_in(body):
            sentence = _("Please fill in what is missing, with its brackets: %(gaps)s")
            params = {"gaps": ", ".join(f"{GAP_OPENS}{gap}{GAP_CLOSES}" for gap in gaps[:5])}
            raise ValidationError(sentence, code="gap", params=params)
        return body

    def renewed(self) -> ReplyForm:
        """Return an unbound form with the same text and a new client id: what is sent next is another message."""
        kept = {name: self.data.get(name, "") for name in ("body", "signature", "draft_version")}
        return type(self)(initial=kept | {"client_id": new_id()})


class TopicSelect(forms.Select):
    """A list in which the topics that cannot be chosen now stand greyed out."""

    closed: frozenset[str] = frozenset()

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return one line of the list."""
        option = super().create_option(*args, **kwargs)
        if str(option["value"]) in self.closed:
            option["attrs"]["disabled"] = True
        return option


class NewThreadForm(ReplyForm):
    """The first message of a thread, with its topic and subject."""

    topic = forms.ChoiceField(
        label=_("What is it about?"),
        widget=TopicSelect(),
        error_messages={
            "required": _("Please choose what it is about."),
            "invalid_choice": _("This topic is not offered here. Please choose one of the list."),
        },
    )
    subject = forms.CharField(
        label=_("Subject"),
        error_messages={"required": _("Please give the message a subject.")},
        widget=forms.TextInput(attrs={"maxlength": MAX_SUBJECT, "autocomplete": "off"}),
    )
    field_order = ["topic", "subject", "body", "client_id", "confirm"]

    def __init__(self, *args: Any, topics: Sequence[Topic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topic = self.fields["topic"]
        assert isinstance(topic, forms.ChoiceField)  # noqa: S101 (for the type checker)
        self.offered = [("", _("Please choose")), *((offered.key, offered.label) for offered in topics)]
        topic.choices = self.offered

    def grey_out(self, closed: Sequence[Topic]) -> None:
        """Show these topics as ones that cannot be chosen now. Whether one can is decided when it is sent."""
        field = self.fields["topic"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        assert isinstance(field.widget, TopicSelect)  # noqa: S101 (for the type checker)
        if not closed:
            return
        known = {key for key, _label in self.offered}
        field.widget.closed = frozenset(topic.key for topic in closed)
        field.widget.choices = [*self.offered, *((one.key, one.label) for one in closed if one.key not in known)]
        field.help_text = gettext("What is greyed out cannot be chosen now; the reasons stand below the list.")

    def clean_subject(self) -> str:
        """Return the subject as it will be stored."""
        return clean_subject(self.cleaned_data["subject"])
