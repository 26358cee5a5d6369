"""What sellers fill in: a case with the questions of its sub-topic, until when to hold it open, how it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messagecenter.ids import new_id
from messagecenter.threads.access import order_number_in
from messagecenter.threads.forms import ReplyForm
from messagecenter.threads.validators import MAX_SUBJECT, clean_subject
from orders.models import Order, OrderQuerySet

from .actions import MOST_COMMENT, MOST_HOLD_DAYS
from .answers import (
    ALONG,
    BLOCKED,
    MOST_ARTICLES,
    MOST_OF_ONE,
    clean_amount,
    clean_articles,
    clean_day,
    clean_marketplace,
)
from .catalogue import Field, Kind
from .severities import Severity

PREFIX = "case_"  # of every field that a message has not: a lost session gives them back by it
MOST_OF_A_LINE = 200
MOST_OF_AN_ERROR = 2000
MOST_BLOCKED = 500
FEWEST_TO_GUESS = 5  # characters of an order's number
MOST_GUESSES = 3
#: An order that is missing here cannot be among the shop's.
MAY_BE_UNKNOWN = frozenset({"orders_missing"})
#: How a case is opened. Writing is always possible.
WRITE, CHAT, CALL = "write", "chat", "call"
CHANNELS = ((WRITE, _("In writing")), (CHAT, _("Live chat")), (CALL, _("Call-back")))
RATINGS = (
    (1, pgettext_lazy("rating", "Very bad")),
    (2, pgettext_lazy("rating", "Bad")),
    (3, pgettext_lazy("rating", "Fair")),
    (4, pgettext_lazy("rating", "Good")),
    (5, pgettext_lazy("rating", "Very good")),
)


class CaseForm(ReplyForm):
    """A new case: subject, description, how bad it is, and what its sub-topic asks."""

    subject = forms.CharField(
        label=_("Subject"),
        help_text=_("The matter in a few words."),
        error_messages={"required": _("Please give the case a subject.")},
        widget=forms.TextInput(attrs={"maxlength": MAX_SUBJECT, "autocomplete": "off"}),
    )
    case_severity = forms.TypedChoiceField(
        coerce=int, choices=Severity.choices, initial=int(Severity.NORMAL), label=_("How bad is it?")
    )
    case_blocked = forms.CharField(
        label=_("What is blocked, and since when?"),
        required=False,
        max_length=MOST_BLOCKED,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": MOST_BLOCKED}),
    )
    case_channel = forms.ChoiceField(choices=CHANNELS, required=False, label=_("How shall support help you?"))
    case_along = forms.BooleanField(required=False)
    case_other = forms.BooleanField(required=False)

    def __init__(
        self,
        *args: Any,
        topic: str,
        asked: Sequence[Field],
        orders: OrderQuerySet,
        has_files: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(*args, has_files=has_files, **more)
        self.topic, self.asked, self.orders = topic, asked, orders
        self.order: Order | None = None
        self.fields["body"].label = _("Description")
        self.fields["body"].widget.attrs["rows"] = 7
        self.fields["body"].widget.attrs["aria-describedby"] = "case-hints"
        for field in asked:
            self.fields[PREFIX + field.key] = _form_field(field)

    def clean_subject(self) -> str:
        """Return the subject on one line."""
        return clean_subject(self.cleaned_data["subject"])

    def clean_case_channel(self) -> str:
        """Return the channel, writing for who chose none."""
        return self.cleaned_data["case_channel"] or WRITE

    def clean(self) -> dict[str, Any]:
        """Check what the sub-topic asks, and that an urgent case says what is blocked."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field in self.asked:
            name = PREFIX + field.key
            if not cleaned.get(name):
                continue
            try:
                cleaned[name] = self._cleaned(field, cleaned[name])
            except ValidationError as error:
                self.add_error(name, error)
        if cleaned.get("case_severity") == Severity.URGENT and not cleaned.get("case_blocked"):
            sentence = _("Please say what is blocked: by it support sees what has to be done first.")
            self.add_error("case_blocked", ValidationError(sentence, code="required"))
        return cleaned

    def _cleaned(self, field: Field, value: Any) -> Any:
        if field.kind == Kind.ORDER:
            return self._cleaned_order(value)
        if field.kind == Kind.ARTICLE:
            return clean_articles(value)
        if field.kind == Kind.AMOUNT:
            return clean_amount(value)
        if field.kind == Kind.DATE:
            return clean_day(value, may_come=field.may_come)
        return clean_marketplace(value) if field.kind == Kind.MARKETPLACE else value

    def _cleaned_order(self, typed: str) -> str:
        """Return the number of an order of the shop's own, and keep that order."""
        number = order_number_in(typed).lstrip("#")
        self.order = self.orders.filter(number__in=[number, f"#{number}"]).order_by("-purchased_at").first()
        if self.order is not None:
            return self.order.number
        if self.topic in MAY_BE_UNKNOWN:
            return number
        near = self.orders.filter(number__icontains=number) if len(number) >= FEWEST_TO_GUESS else self.orders.none()
        guesses = list(near.values_list("number", flat=True).order_by("-purchased_at")[:MOST_GUESSES])
        if guesses:
            raise ValidationError(
                _("There is no order %(number)s in your shop. Do you mean %(guesses)s?"),
                code="unknown",
                params={"number": number, "guesses": ", ".join(guesses)},
            )
        raise ValidationError(
            _("There is no order %(number)s in your shop. Please copy the number from your orders."),
            code="unknown",
            params={"number": number},
        )

    @property
    def answers(self) -> dict[str, str]:
        """What is kept of a form that was checked, beside the message: each answer as a text."""
        found = {}
        for field in self.asked:
            value = self.cleaned_data.get(PREFIX + field.key)
            if value:
                found[field.key] = value.isoformat() if isinstance(value, date) else str(value)
        if self.cleaned_data["case_severity"] == Severity.URGENT:
            found[BLOCKED] = self.cleaned_data["case_blocked"]
        return found

    def answers_with(self, thread_id: str) -> dict[str, str]:
        """Return them with the conversation that goes along, "" for none."""
        return self.answers | ({ALONG: thread_id} if thread_id else {})

    @property
    def asked_fields(self) -> list[forms.BoundField]:
        """The fields of the sub-topic, in its order."""
        return [self[PREFIX + field.key] for field in self.asked]

    def renewed(self) -> CaseForm:
        """Return an unbound form with the same words and a new client id: what is sent next is another case."""
        kept = {name: self.data.get(name, "") for name in self.fields}
        return type(self)(
            topic=self.topic,
            asked=self.asked,
            orders=self.orders,
            initial=kept | {"client_id": new_id(), "confirm": ""},
        )


def _form_field(field: Field) -> forms.Field:
    """Return the form's field for a field of the catalogue."""
    common: dict[str, Any] = {
        "label": field.label,
        "help_text": field.help,
        "required": field.is_required,
        "error_messages": {"required": _("Please fill this in: without it support has to ask back.")},
    }
    attrs: dict[str, Any] = {"autocomplete": "off", "maxlength": MOST_OF_A_LINE}
    if field.kind == Kind.DATE:
        attrs = {"type": "date"} | ({} if field.may_come else {"max": timezone.localdate().isoformat()})
        widget = forms.DateInput(format="%Y-%m-%d", attrs=attrs)
        common["error_messages"]["invalid"] = _("Please give a date, for example 2026-11-30.")
        return forms.DateField(widget=widget, **common)
    if field.kind == Kind.ERROR_TEXT:
        area = forms.Textarea(attrs={"rows": 3, "maxlength": MOST_OF_AN_ERROR, "spellcheck": "false"})
        return forms.CharField(max_length=MOST_OF_AN_ERROR, widget=area, **common)
    if field.kind == Kind.ARTICLE:
        attrs["maxlength"] = MOST_ARTICLES * (MOST_OF_ONE + 2)
    if field.kind in (Kind.ORDER, Kind.ARTICLE, Kind.MARKETPLACE):
        attrs |= {"spellcheck": "false", "autocapitalize": "none"}
    return forms.CharField(max_length=attrs["maxlength"], widget=forms.TextInput(attrs=attrs), **common)


class HoldForm(forms.Form):
    """Until which day a case is to be held open."""

    until = forms.DateField(
        label=_("Hold open until"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": _("Please choose a day."), "invalid": _("Please choose a day.")},
    )

    def __init__(self, *args: Any, held_until: datetime | None = None, **kwargs: Any) -> None:
        """``held_until`` is when the case is held open now: what is offered is a week more than that."""
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        limits = {"min": today + timedelta(days=1), "max": today + timedelta(days=MOST_HOLD_DAYS)}
        begin = timezone.localdate(held_until) if held_until else today
        self.fields["until"].initial = min(begin + timedelta(days=7), limits["max"])
        self.fields["until"].widget.attrs |= {name: day.isoformat() for name, day in limits.items()}

    @property
    def moment(self) -> datetime:
        """The end of that day, by the seller's clock."""
        day: date = self.cleaned_data["until"]
        try:
            return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
        except (OverflowError, ValueError):
            return datetime.max.replace(tzinfo=timezone.get_current_timezone())


class RatingForm(forms.Form):
    """How content a seller is."""

    rating = forms.TypedChoiceField(
        label=_("How content are you with support’s help?"),
        coerce=int,
        choices=RATINGS,
        widget=forms.RadioSelect(),
        error_messages={"required": _("Please choose one of the five.")},
    )
    comment = forms.CharField(
        label=_("What was good, what should be better?"),
        required=False,
        max_length=MOST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": MOST_COMMENT}),
    )
