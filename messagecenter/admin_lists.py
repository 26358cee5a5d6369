"""Admin lists that never count or load a whole table, and lists nobody can change."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

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


class ReadOnlyAdmin(UncountedAdmin):
    """A model staff may look at and never change here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False
