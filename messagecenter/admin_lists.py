"""Admin lists that never count or load a whole table, lists nobody can change, and actions that ask for a reason."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import EmailField, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
else:
    _ModelAdmin = admin.ModelAdmin
    _Paginator = Paginator

MAX_PAGES = 200


class UncountedPaginator(_Paginator):
    """Knows only whether the page asked for has rows and whether one more follows it.

    ``number`` is the page about to be shown. Pages end at MAX_PAGES, because a database walks over every row before
    the page; older rows are found by searching.
    """

    def __init__(self, object_list: Any, per_page: int, number: int = 1) -> None:
        super().__init__(object_list, per_page)
        self.asked = min(max(number, 1), MAX_PAGES)

    @cached_property
    def known(self) -> int:
        """How many rows are known to exist: those before the page, on it, and one beyond."""
        start = (self.asked - 1) * self.per_page
        rows: Any = self.object_list
        if isinstance(rows, QuerySet):
            rows = rows.values_list("pk", flat=True)
        return start + len(list(rows[start : start + self.per_page + 1]))

    @cached_property
    def count(self) -> int:
        """What the rest of the admin takes for the number of rows, at most the last reachable one."""
        return min(self.known, MAX_PAGES * self.per_page)

    @property
    def more(self) -> int:
        """How many rows there are at least when more follow this page; 0 when this is the last one."""
        last = self.asked * self.per_page
        return last if self.known > last else 0


class UncountedChangeList(ChangeList):
    """The stock list without the line "101 results", which would be a guess."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, then call the number of hits unknown."""
        super().get_results(request)
        self.full_result_count = self.result_count


class UncountedAdmin(_ModelAdmin):
    """A model in the admin whose list costs the same in a table of a million rows as in one of a hundred.

    Whoever inherits orders by an index and offers only filters and searches that an index answers.
    """

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 0

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> UncountedPaginator:
        """Return a paginator that looks one row beyond the page named in the address."""
        number = request.GET.get(PAGE_VAR, "")
        return UncountedPaginator(queryset, per_page, int(number) if number.isdecimal() and len(number) < 9 else 1)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that does not guess how many rows there are."""
        return UncountedChangeList


class ExactSearchAdmin(UncountedAdmin):
    """A list that finds whole values only, through an index: half a number would walk over the whole table.

    ``search_fields`` are plain paths to indexed fields, without lookups or prefixes.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows of the first search field that is what was typed; everything when nothing was typed.

        One field after the other: an OR across two tables is a query no index answers.
        """
        term = search_term.strip()
        if not term:
            return queryset, False
        for path in self.get_search_fields(request):
            value = _value_of(self.model, path, term)
            if value is None:
                continue
            found = queryset.filter(**{path: value})
            if found.exists():
                return found, False
        return queryset.none(), False


def _value_of(model: type[Model], path: str, term: str) -> Any:
    """Return what was typed as a value of the field at ``path``, an address in lower case; None when it is none."""
    field = get_fields_from_path(model, path)[-1]
    try:
        return field.to_python(term.lower() if isinstance(field, EmailField) else term)
    except ValidationError:
        return None


class ReadOnlyAdmin(UncountedAdmin):
    """A model staff may look at and never change here. What they may not look at themselves is named, not linked."""

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return the fields, those that would lead to a page with 403 as plain text."""
        return [
            (title, {**options, "fields": [self._unlinked(request, name) for name in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def _unlinked(self, request: HttpRequest, name: Any) -> Any:
        """Return a field's name, or what shows its value where the admin would make a link that is of no use."""
        field = next((one for one in self.opts.fields if one.name == name), None)
        related = field.related_model if field is not None else None
        if not isinstance(related, type) or not self.admin_site.is_registered(related):
            return name
        if self.admin_site.get_model_admin(related).has_view_permission(request):
            return name

        @admin.display(description=field.verbose_name)  # type: ignore[union-attr]
        def shown(row: Model) -> str:
            return str(getattr(row, name) or self.get_empty_value_display())

        return shown

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False


class ReasonForm(ActionForm):
    """What is done with chosen rows, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class ReasonedActions(_ModelAdmin):
    """A list whose actions are done only for a stated reason."""

    action_form = ReasonForm

    class Media:
        css = {"all": ["css/admin_lists.css"]}

    def note_reason(self, request: HttpRequest, rows: Iterable[Model]) -> bool:
        """Write the reason into the admin's log beside each row; without one say so and return False."""
        reason = request.POST.get("reason", "").strip()[:200]
        if not reason:
            self.message_user(request, _("Nothing was done: please state a reason."), messages.ERROR)
            return False
        for row in rows:
            self.log_change(request, row, f"{request.POST.get('action', '')}: {reason}")
        return True
