"""The form of a filing rule: its conditions and what it does."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.filing.models import FilingRule, Label
from messagecenter.filing.rules import Conditions, words_in

from ..filing_verbs import Filing, Verb
from ..models import Priority
from ..topics import LABELS
from .folders import tree_of


class RuleForm(forms.Form):
    """A rule as its page shows it: all conditions given must hold, everything chosen below is done."""

    name = forms.CharField(label=_("Name"), max_length=FilingRule.LONGEST_NAME)
    topic = forms.ChoiceField(label=_("The topic is"), required=False)
    marketplace = forms.CharField(
        label=_("The order’s marketplace is"),
        required=False,
        max_length=64,
        help_text=_("As it stands in the order, for example amazon.de."),
    )
    words = forms.CharField(
        label=_("The subject or the text has one of these words"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Separate words and phrases with commas. Capitals do not matter, and “invoice” also finds “invoices”."
        ),
    )
    sender = forms.CharField(
        label=_("The other side’s name contains"),
        required=False,
        max_length=100,
    )
    has_files = forms.BooleanField(label=_("A file was sent in the conversation"), required=False)
    goes_to = forms.ChoiceField(label=_("Move the conversation"), required=False)
    labels = forms.MultipleChoiceField(label=_("Add labels"), required=False, widget=forms.CheckboxSelectMultiple())
    priority = forms.ChoiceField(label=_("Set the priority"), required=False)
    assign = forms.ChoiceField(label=_("Assign it to"), required=False)
    star = forms.BooleanField(label=_("Star it"), required=False)
    is_active = forms.BooleanField(label=_("The rule is switched on"), required=False, initial=True)

    CONDITIONS = ("topic", "marketplace", "words", "sender", "has_files")
    OUTCOMES = ("goes_to", "labels", "priority", "assign", "star")

    def __init__(self, *args: Any, mailbox: Mailbox, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        no_matter, stays = ("", pgettext_lazy("rule", "Any")), ("", pgettext_lazy("rule", "Do not change"))
        members = Membership.objects.filter(mailbox=mailbox).select_related("user").order_by("created_at", "pk")
        choices: dict[str, list[tuple[str, Any]]] = {
            "topic": [no_matter, *LABELS.items()],
            "goes_to": [
                ("", _("Leave it in the inbox")),
                ("archive", _("Into the archive")),
                *((str(branch.folder.pk), branch.path) for branch in tree_of(mailbox)),
            ],
            "labels": [(str(label.pk), label.name) for label in Label.objects.of_mailbox(mailbox)],
            "priority": [stays, *((str(int(one)), one.label) for one in Priority if one != Priority.NORMAL)],
            "assign": [stays, *((str(one.user_id), one.user.get_full_name()) for one in members)],
        }
        for name, offered in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
            field.choices = offered
        if not choices["labels"]:
            del self.fields["labels"]
        if mailbox.kind == Mailbox.Kind.BUYER:
            del self.fields["assign"]  # a team of one

    def parts(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        """Return the fields with these names, as far as they are there."""
        return [self[name] for name in names if name in self.fields]

    @property
    def condition_fields(self) -> list[forms.BoundField]:
        """The fields of the conditions."""
        return self.parts(self.CONDITIONS)

    @property
    def outcome_fields(self) -> list[forms.BoundField]:
        """The fields of what the rule does."""
        return self.parts(self.OUTCOMES)

    @property
    def conditions(self) -> Conditions:
        """What is asked, of a valid form."""
        data = self.cleaned_data
        return Conditions(
            topic=data["topic"],
            marketplace=data["marketplace"].strip(),
            words=words_in(data["words"]),
            sender=data["sender"].strip(),
            has_files=data["has_files"],
        )

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """What is done, of a valid form."""
        data, done = self.cleaned_data, []
        if data["goes_to"] == "archive":
            done.append(Filing(Verb.ARCHIVE))
        elif data["goes_to"]:
            done.append(Filing(Verb.MOVE, data["goes_to"]))
        done += [Filing(Verb.LABEL, label) for label in data.get("labels", [])]
        done += [Filing(Verb.PRIORITY, data["priority"])] if data["priority"] else []
        done += [Filing(Verb.ASSIGN, data["assign"])] if data.get("assign") else []
        done += [Filing(Verb.STAR)] if data["star"] else []
        return [one.as_data() for one in done]


def initial_of(rule: FilingRule) -> dict[str, Any]:
    """Return what the form of a rule shows at first."""
    asked = Conditions.from_data(rule.conditions)
    values: dict[str, list[str]] = {}
    for one in rule.outcomes:
        values.setdefault(one["verb"], []).append(one["value"])
    return {
        "name": rule.name,
        "is_active": rule.is_active,
        "topic": asked.topic,
        "marketplace": asked.marketplace,
        "words": ", ".join(asked.words),
        "sender": asked.sender,
        "has_files": asked.has_files,
        "goes_to": "archive" if Verb.ARCHIVE in values else values.get(Verb.MOVE, [""])[0],
        "labels": values.get(Verb.LABEL, []),
        "priority": values.get(Verb.PRIORITY, [""])[0],
        "assign": values.get(Verb.ASSIGN, [""])[0],
        "star": Verb.STAR in values,
    }
