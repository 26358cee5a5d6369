"""What staff enter at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messagecenter.accounts.models import Role, User
from messagecenter.ids import new_id
from messagecenter.replies.languages import choices as languages
from messagecenter.threads.forms import ReplyForm
from messagecenter.threads.models import Note
from support.actions import MOST_CHATS
from support.catalogue import CATALOGUE
from support.lifecycle import Actor, Status, moves_of
from support.models import Case, Queue
from support.models.case import STATUS_LABELS
from support.numbers import NotACaseNumber, read
from support.severities import Severity

from .door import Work

MOST_REASON = 1000
MOST_DAYS = 366  # until a case comes back to its people
NOBODY = "nobody"
#: Where an answer may take a case; what else there is has a form of its own.
WITH_AN_ANSWER = (Status.ANSWERED, Status.WAITING, Status.RESOLVED, Status.OPEN)


def _reason_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,  # the action asks for it, and says why
        max_length=MOST_REASON,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )


class AttendanceForm(forms.Form):
    """Who is there, what they speak, and how many chats they take."""

    is_present = forms.BooleanField(label=_("I am here, give me cases"), required=False)
    languages = forms.MultipleChoiceField(label=_("I speak"), widget=forms.CheckboxSelectMultiple())
    topics = forms.MultipleChoiceField(
        label=_("I know best"),
        required=False,
        widget=forms.CheckboxSelectMultiple(),
        choices=[(one.key, one.label) for one in CATALOGUE],
    )
    chats_at_once = forms.IntegerField(label=_("Chats at once"), min_value=1, max_value=MOST_CHATS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["languages"].choices = languages()  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why somebody who does not work in the queue reads a case."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Please say why: it is written down with your name.")},
    )


class AnswerForm(ReplyForm):
    """An answer, and where the case goes with it."""

    there = forms.ChoiceField(label=pgettext_lazy("case", "Then the case is"))

    def __init__(self, *args: Any, work: Work, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.work = work
        self.fields["there"].choices = status_choices(  # type: ignore[attr-defined]
            _with_an_answer(work.actor, work.case.state)
        )

    def renewed(self) -> AnswerForm:
        """Return an unbound form with the same text and choice, and a new client id."""
        kept = {name: self.data.get(name, "") for name in ("body", "signature", "there")}
        return AnswerForm(work=self.work, initial=kept | {"client_id": new_id()})


class NoteForm(forms.Form):
    """An internal note."""

    note = forms.CharField(
        label=_("Internal note"),
        strip=False,
        required=False,  # the action counts and refuses
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": Note.MOST_CHARACTERS, "autocomplete": "off"}),
    )


class AssignForm(forms.Form):
    """Who gets the case."""

    to = forms.ChoiceField(label=_("Assign to"))

    def __init__(self, *args: Any, work: Work, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(one.pk): one for one in people}
        named = [(key, one.get_full_name()) for key, one in self.people.items()]
        self.fields["to"].choices = [(NOBODY, _("nobody")), *named]  # type: ignore[attr-defined]
        self.initial.setdefault("to", str(work.case.assignee_id or NOBODY))

    @property
    def chosen(self) -> User | None:
        """Who was chosen."""
        return self.people.get(self.cleaned_data["to"])


class TransferForm(forms.Form):
    """To which queue a case goes, and why: the seller reads it."""

    to = forms.ChoiceField(label=_("To the queue"), error_messages={"required": _("Please choose a queue.")})
    reason = _reason_field(_("Reason"), _("The seller reads it."))

    def __init__(self, *args: Any, queues: Iterable[Queue], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queues = {str(one.pk): one for one in queues}
        named = [(key, one.mailbox.shown_name) for key, one in self.queues.items()]
        self.fields["to"].choices = [("", _("Please choose")), *named]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Queue:
        """Which queue was chosen."""
        return self.queues[self.cleaned_data["to"]]


class EscalateForm(forms.Form):
    """Why a case is brought before the leads."""

    reason = _reason_field(
        _("Reason"), _("Only support reads it. From the second time on, who oversees all queues is told, too.")
    )


class SeverityForm(forms.Form):
    """How bad a case is."""

    severity = forms.TypedChoiceField(label=_("Severity"), choices=Severity.choices, coerce=int)


class FollowUpForm(forms.Form):
    """When a case comes back; empty for never."""

    at = forms.DateTimeField(
        label=_("Back to its people on"),
        required=False,
        help_text=_("Leave it empty to take the date away."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )

    def clean_at(self) -> Any:
        """Refuse a moment that is over."""
        at = self.cleaned_data["at"]
        if at is not None and at <= timezone.now():
            raise ValidationError(_("Please choose a moment to come."), code="over")
        if at is not None and at > timezone.now() + timedelta(days=MOST_DAYS):
            raise ValidationError(_("Please choose a day within a year."), code="far")
        return at


class NumberForm(forms.Form):
    """The number of another case, in whatever spelling; ``found`` is that case once the form is valid."""

    number = forms.CharField(
        label=_("Case number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 12}),
        error_messages={"required": _("Please type the number of a case.")},
    )

    def __init__(self, *args: Any, work: Work, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.work = work

    def clean_number(self) -> str:
        """Find the case among those the person works on."""
        typed = self.cleaned_data["number"]
        try:
            number = read(typed)
        except NotACaseNumber:
            raise ValidationError(
                _("“%(typed)s” is no case number. Please check it for a slip."), code="slip", params={"typed": typed}
            ) from None
        case = Case.objects.worked_by(self.work.person).filter(number=number).first()
        if case is None or case.pk == self.work.case.pk:
            raise ValidationError(_("There is no other case with this number that you work on."), code="missing")
        self.found = case
        return number


class StatusForm(forms.Form):
    """Where a case goes without an answer."""

    there = forms.ChoiceField(label=pgettext_lazy("case", "Status"))

    def __init__(self, *args: Any, work: Work, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["there"].choices = status_choices(  # type: ignore[attr-defined]
            _without_an_answer(work.actor, work.case.state)
        )

    @property
    def has_choice(self) -> bool:
        """Whether there is anywhere to go."""
        return bool(self.fields["there"].choices)  # type: ignore[attr-defined]


def status_choices(statuses: Iterable[Status]) -> list[tuple[str, Any]]:
    """Return states as choices, by their names."""
    return [(one.value, STATUS_LABELS[one]) for one in statuses]


def writing_members(queue: Queue) -> list[User]:
    """Return who of staff can have a queue's cases, by name: one query."""
    people = User.objects.filter(
        memberships__mailbox=queue.mailbox_id,
        memberships__role__in=[Role.OWNER, Role.AGENT],
        is_staff=True,
        is_active=True,
    )
    return list(people.order_by("name", "email"))


def _with_an_answer(actor: Actor | None, here: Status) -> list[Status]:
    if actor is None:
        return []
    there = {*moves_of(actor, here), here}
    return [one for one in WITH_AN_ANSWER if one in there] or [here]


def _without_an_answer(actor: Actor | None, here: Status) -> list[Status]:
    """A transfer and a merge have forms of their own; closing is for what was resolved."""
    if actor is None:
        return []
    own = {Status.TRANSFERRED} | ({Status.CLOSED} if here != Status.RESOLVED else set())
    return [one for one in moves_of(actor, here) if one not in own]
