"""The editor of the policy: one form with rows, lists and patterns; each mistake is named with its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from . import samples
from .detection.finding import Category
from .detection.operator import check_pattern
from .detection.surroundings import Lists, Term
from .differences import ACTIONS, AFTER_HOLD, CONTEXTS, ROLES, what_label
from .rulebook import ENTRIES, category_title, learned
from .rules import AREAS, CATEGORIES, MOST_PATTERNS, MOST_ROWS, Action, Problem, Rules, RulesError

# The languages terms can be limited to.
LANGUAGES = ("de", "en", "fr", "es", "it", "pl", "nl", "tr")
MORE_ROWS = 3
COUNTS = (100, 300, 1000)
WRONG: dict[str, str | Promise] = {
    "missing": _("This is missing."),
    "unknown_rule": _("“%(value)s” is no rule or category."),
    "row_twice": _("Row %(other)s says the same about the same findings. Change or remove one of the two."),
    "no_domain": _("“%(value)s” is not the name of a site. Example: tracking.example.com."),
    "too_short": _("“%(value)s” is too short: it needs at least two letters or digits."),
    "too_long": _("This is longer than %(most)s characters."),
    "too_many": _("There are more than %(most)s."),
    "name_twice": _("There is another pattern called “%(value)s”."),
    "name_taken": _("“%(value)s” is what words and phrases are called. Choose another name."),
    "no_name": _("“%(value)s” is no name. Use small letters, digits and underscores, beginning with a letter."),
    "no_number": _("A whole number from %(least)s to %(most)s is needed."),
    "no_confidence": _("A number from 0 to 1 is needed."),
    "unknown_choice": _("“%(value)s” cannot be chosen here."),
}
PATTERN_TROUBLES = (
    gettext_noop("The expression is empty."),
    gettext_noop("The expression is too large: repeat fewer things fewer times."),
    gettext_noop("The expression matches an empty text, so it would match everywhere."),
)
PLACES: dict[str, tuple[str, ...]] = {  # fields of the first form, by where they stand in the content
    "hold_hours": ("hold_hours",),
    "after_hold": ("after_hold",),
    "appeal_days": ("appeal_days",),
    "days_after_completion": ("proactive", "days_after_completion"),
    "per_day_floor": ("proactive", "per_day_floor"),
    "per_day_factor": ("proactive", "per_day_factor"),
    "allowed_domains": ("lists", "allowed_domains"),
    "exceptions": ("lists", "exceptions"),
    "switched_off": ("lists", "switched_off"),
}


def sentence(problem: Problem) -> str:
    """Return what is wrong, in the reader's language."""
    told = WRONG.get(problem.code)
    return str(told) % problem.values if told else str(problem)


def pattern_sentence(trouble: str) -> str:
    """Return in the reader's language what the detectors, which know no languages, say about a pattern."""
    if trouble in PATTERN_TROUBLES:
        return gettext(trouble)
    _told, _colon, why = trouble.partition(": ")
    return gettext("The expression is not valid: %(why)s") % {"why": why or trouble}


def confidence_field(**more: Any) -> forms.FloatField:
    """Return a field for a confidence from 0 to 1."""
    number = forms.NumberInput(attrs={"step": "0.01", "min": "0", "max": "1"})
    return forms.FloatField(label=_("confidence"), min_value=0, max_value=1, widget=number, **more)


def category_choices() -> list[tuple[str, str]]:
    """Return the categories by name."""
    return [(one, category_title(one)) for one in CATEGORIES]


def _option(option: Mapping[str, Any]) -> SafeString:
    """Return one choice of a drop-down."""
    chosen = mark_safe(" selected") if option["selected"] else ""
    return format_html('<option value="{}"{}>{}</option>', option["value"], chosen, option["label"])


class QuickSelect(forms.Select):
    """A drop-down written in one go: thousands of choices on one page are too many for a template each."""

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        widget = context["widget"]
        groups = [
            (name, format_html_join("", "{}", ((_option(one),) for one in rows)))
            for name, rows, _n in widget["optgroups"]
        ]
        inner = format_html_join(
            "",
            "{}",
            (
                (format_html('<optgroup label="{}">{}</optgroup>', name, rows) if name else rows,)
                for name, rows in groups
            ),
        )
        return format_html('<select name="{}"{}>{}</select>', widget["name"], flatatt(widget["attrs"]), inner)


class QuickSelectMultiple(QuickSelect, forms.SelectMultiple):
    """The same for many choices."""


class GeneralForm(forms.Form):
    """What is not a row: times, quotas, lists with one entry a line, and the note."""

    hold_hours = forms.IntegerField(label=_("Longest hold in hours"))
    after_hold = forms.ChoiceField(
        label=_("A message nobody looked at in time"), choices=[(str(key), label) for key, label in AFTER_HOLD.items()]
    )
    appeal_days = forms.IntegerField(
        label=_("Days to appeal"), help_text=_("At least 180: the Digital Services Act gives six months.")
    )
    days_after_completion = forms.IntegerField(
        label=_("Days after an order’s completion in which a seller may write first")
    )
    per_day_floor = forms.IntegerField(label=_("Messages a day that every seller may begin"))
    per_day_factor = forms.IntegerField(
        label=_("Messages a day that a seller may begin, times the average daily orders"),
        help_text=_("Averaged over 180 days. The greater of the two numbers counts."),
    )
    allowed_domains = forms.CharField(
        label=_("Allowed sites"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One a line, for example those of fulfilment partners. Your own sites are allowed anyway."),
    )
    exceptions = forms.CharField(
        label=_("Exceptions"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Words or phrases in which nothing is found, one a line."),
    )
    switched_off = forms.MultipleChoiceField(
        label=_("Rules switched off"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=_("What changed and why"),
        max_length=500,
        help_text=_("Everybody can read it on the policy page."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    count = forms.TypedChoiceField(
        label=_("Messages to try it on"), choices=[(one, one) for one in COUNTS], coerce=int, initial=COUNTS[0]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {one.rule: f"{one.title} ({one.rule})" for one in (*ENTRIES, *learned())}
        known |= {rule: rule for rule in (self.initial or {}).get("switched_off", ()) if rule not in known}
        switched_off = self.fields["switched_off"]
        assert isinstance(switched_off, forms.MultipleChoiceField)  # noqa: S101 - narrows the type
        switched_off.choices = list(known.items())


class RowForm(forms.Form):
    """One row of the mapping."""

    what = forms.ChoiceField(label=_("what is found"), required=False, widget=QuickSelect)
    min_confidence = confidence_field()
    action = forms.ChoiceField(
        label=_("what happens"),
        choices=[(str(action), label) for action, label in ACTIONS.items()],
        initial=str(Action.ALLOW),  # what a browser sends for a row left empty
        widget=QuickSelect,
    )
    sender_roles = forms.MultipleChoiceField(
        label=_("sender"), required=False, choices=list(ROLES.items()), widget=QuickSelectMultiple
    )
    contexts = forms.MultipleChoiceField(
        label=_("about"), required=False, choices=list(CONTEXTS.items()), widget=QuickSelectMultiple
    )
    topics = forms.MultipleChoiceField(label=_("topic"), required=False, widget=QuickSelectMultiple)
    order_states = forms.MultipleChoiceField(label=_("order"), required=False, widget=QuickSelectMultiple)
    why = forms.CharField(label=_("why"), required=False, max_length=300)

    def __init__(self, *args: Any, whats: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("what", whats)
        for name, known in (("topics", samples.topics()), ("order_states", samples.order_states())):
            # What an earlier version names and no room knows any more can still be kept.
            kept = {key: key for key in (self.initial or {}).get(name, ()) if key not in known}
            self._choices(name, [*known.items(), *kept.items()])
        for name in ("sender_roles", "contexts", "topics", "order_states"):
            self.fields[name].widget.attrs["size"] = 3

    def _choices(self, name: str, choices: list[Any]) -> None:
        chosen = self.fields[name]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101 - narrows the type
        chosen.choices = choices


class TermsForm(forms.Form):
    """Words and phrases of one language and category."""

    language = forms.ChoiceField(
        label=_("language"),
        required=False,
        choices=[("", pgettext_lazy("policy", "every language")), *((one, one) for one in LANGUAGES)],
    )
    category = forms.ChoiceField(label=_("category"), choices=category_choices, initial=CATEGORIES[0])
    confidence = confidence_field()
    words = forms.CharField(label=_("words and phrases, one a line"), widget=forms.Textarea(attrs={"rows": 4}))


class PatternForm(forms.Form):
    """One pattern in RE2 syntax."""

    name = forms.CharField(label=_("name"), max_length=40)
    expression = forms.CharField(label=_("expression"), max_length=500, strip=False)
    category = forms.ChoiceField(label=_("category"), choices=category_choices, initial=CATEGORIES[0])
    confidence = confidence_field()


RowSet = formset_factory(
    RowForm, extra=MORE_ROWS, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
)
TermsSet = formset_factory(TermsForm, extra=1, can_delete=True, max_num=40, absolute_max=40, validate_max=True)
PatternSet = formset_factory(
    PatternForm, extra=1, can_delete=True, max_num=MOST_PATTERNS, absolute_max=MOST_PATTERNS, validate_max=True
)


@dataclass
class Lines:
    """Where an entry of a list was typed: the form and field, and the line in it."""

    entries: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Lines:
        """Read one entry a line; empty lines count but are no entries."""
        told = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        return cls([line for _number, line in told], [number for number, _line in told])


class Editor:
    """The forms of one policy, filled with ``base`` or with what was posted."""

    def __init__(self, base: Rules, data: QueryDict | None = None) -> None:
        self.base = base
        content = base.to_content()
        initial: dict[str, Any] = {}
        for name, keys in PLACES.items():
            value = content
            for key in keys:
                value = value[key]
            initial[name] = "\n".join(value) if name in ("allowed_domains", "exceptions") else value
        self.general = GeneralForm(data, initial=initial)
        self.rows = RowSet(
            data, prefix="row", initial=content["mapping"], form_kwargs={"whats": what_choices(base.lists)}
        )
        self.terms = TermsSet(data, prefix="terms", initial=_grouped(base.lists.terms))
        self.patterns = PatternSet(data, prefix="pattern", initial=content["lists"]["patterns"])
        self.rules: Rules | None = None

    @property
    def formsets(self) -> tuple[BaseFormSet[Any], ...]:
        """The three lists of rows."""
        return self.rows, self.terms, self.patterns

    def is_valid(self) -> bool:
        """Return whether what was posted is a policy; then ``rules`` holds it, else the forms say what is wrong."""
        if not all([self.general.is_valid(), *(one.is_valid() for one in self.formsets)]):
            return False
        try:
            self.rules = Rules.from_content(self.content())
        except RulesError as error:
            for problem in error.problems:
                self._blame(problem)
        self._check_patterns()
        return self.general.is_valid() and all(one.is_valid() for one in self.formsets)

    def content(self) -> dict[str, Any]:
        """Return what was posted as a version's content, not yet checked."""
        told = self.general.cleaned_data
        return {
            "release": self.base.release,
            "mapping": [_without(form.cleaned_data) for form in self._given(self.rows)],
            **{name: told[name] for name in ("hold_hours", "after_hold", "appeal_days")},
            "proactive": {name: told[name] for name in ("days_after_completion", "per_day_floor", "per_day_factor")},
            "lists": {
                "allowed_domains": self._lines("allowed_domains").entries,
                "exceptions": self._lines("exceptions").entries,
                "switched_off": told["switched_off"],
                "terms": [term for _form, _line, term in self._terms],
                "patterns": [_without(form.cleaned_data) for form in self._given(self.patterns)],
            },
        }

    @cached_property
    def _terms(self) -> list[tuple[forms.Form, int, dict[str, Any]]]:
        """Every term with the form and line it was typed in."""
        found = []
        for form in self._given(self.terms):
            lines = Lines.of(form.cleaned_data["words"])
            same = {key: form.cleaned_data[key] for key in ("category", "confidence", "language")}
            found += [
                (form, number, {"text": text} | same) for number, text in zip(lines.numbers, lines.entries, strict=True)
            ]
        return found

    def _lines(self, name: str) -> Lines:
        return Lines.of(self.general.cleaned_data[name])

    @staticmethod
    def _given(formset: BaseFormSet[Any]) -> list[forms.Form]:
        """Return the forms that were filled in and not struck out."""
        return [
            form
            for number, form in enumerate(formset.forms)
            if not form.cleaned_data.get("DELETE") and (number < formset.initial_form_count() or form.has_changed())
        ]

    def _blame(self, problem: Problem) -> None:
        """Put a problem's sentence where it was typed."""
        where, told = problem.where, sentence(problem)
        if where[0] == "mapping" and len(where) > 1:
            self._given(self.rows)[_at(where, 1)].add_error(_field(where, 2), told)
        elif where[:2] == ("lists", "terms") and len(where) > 2:
            form, line, _term = self._terms[_at(where, 2)]
            form.add_error("words", _on_line(line, told))
        elif where[:2] == ("lists", "patterns") and len(where) > 2:
            self._given(self.patterns)[_at(where, 2)].add_error(_field(where, 3), told)
        elif where[0] == "lists" and len(where) > 2 and where[1] in ("allowed_domains", "exceptions"):
            name = str(where[1])
            self.general.add_error(name, _on_line(self._lines(name).numbers[_at(where, 2)], told))
        else:
            found = next((one for one, keys in PLACES.items() if keys == where[: len(keys)]), None)
            self.general.add_error(found, told)

    def _check_patterns(self) -> None:
        """Have each pattern checked as the detector would compile it."""
        for form in self._given(self.patterns):
            trouble = check_pattern(form.cleaned_data.get("expression", ""))
            if trouble and "expression" not in form.errors:
                form.add_error("expression", pattern_sentence(trouble))


def what_choices(lists: Lists) -> list[Any]:
    """Return what a row can speak about: everything, categories, areas, and each rule."""
    rules = [one.rule for one in (*ENTRIES, *learned())] + [f"operator.{one.name}" for one in lists.patterns]
    areas = [area for area in AREAS if area not in CATEGORIES]
    return [
        ("", what_label("")),
        (gettext("Categories"), category_choices()),
        (gettext("Groups of rules"), [(area, what_label(area)) for area in areas]),
        (gettext("Rules"), [(rule, what_label(rule)) for rule in rules]),
    ]


def with_more_rows(data: QueryDict) -> QueryDict:
    """Return what was posted with a few more empty rows in each list."""
    longer = data.copy()
    for prefix, more in (("row", MORE_ROWS), ("terms", 1), ("pattern", 1)):
        key = f"{prefix}-TOTAL_FORMS"
        total = str(longer.get(key, ""))
        if total.isdecimal() and len(total) < 6:
            longer[key] = str(int(total) + more)
    return longer


def _grouped(terms: Iterable[Term]) -> list[dict[str, Any]]:
    """Return the terms as the form shows them: those of one language, category and confidence together."""
    groups: dict[tuple[str, Category, float], list[str]] = {}
    for one in terms:
        groups.setdefault((one.language, one.category, one.confidence), []).append(one.text)
    return [
        {"language": language, "category": str(category), "confidence": confidence, "words": "\n".join(words)}
        for (language, category, confidence), words in groups.items()
    ]


def _without(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form's values without the tick that removes it."""
    return {key: value for key, value in cleaned.items() if key != "DELETE"}


def _at(where: tuple[str | int, ...], place: int) -> int:
    """Return the number at ``place`` of where a problem is."""
    return int(where[place])


def _field(where: tuple[str | int, ...], place: int) -> str | None:
    """Return the field named at ``place``, if one is."""
    return str(where[place]) if len(where) > place else None


def _on_line(line: int, told: str) -> str:
    return gettext("Line %(line)d: %(problem)s") % {"line": line, "problem": told}
