"""Keys and alarms for staff: that they exist and how they fare, never a byte of a key."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from messagecenter.admin_lists import ReadOnlyAdmin
from messagecenter.vault.keyring import THREAD
from messagecenter.vault.models import Alarm, DataKey


def _as_id(term: str) -> UUID | None:
    """Return the id somebody typed, or None when it is not one."""
    try:
        return UUID(term.strip())
    except ValueError:
        return None


@admin.register(DataKey)
class DataKeyAdmin(ReadOnlyAdmin):
    """Which keys exist, under which root key, and which were destroyed."""

    list_display = ["owner_id", "purpose", "version", "root_version", "created_at", "destroyed_at"]
    fields = ["id", "owner_id", "purpose", "version", "root_version", "created_at", "destroyed_at"]
    ordering = ["-id"]
    sortable_by: ClassVar[list[str]] = []
    search_fields = ["owner_id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a thread's keys by the thread's id, which an index answers."""
        if not search_term.strip():
            return queryset, False
        owner_id = _as_id(search_term)
        return (queryset.filter(purpose=THREAD, owner_id=owner_id) if owner_id else queryset.none()), False


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    """What could not be opened, the latest first."""

    list_display = ["last_at", "reason", "field", "record_id", "owner_id", "count", "first_at"]
    fields = ["id", "reason", "field", "record_id", "owner_id", "count", "first_at", "last_at"]
    ordering = ["-last_at", "-id"]
    sortable_by: ClassVar[list[str]] = []
    search_fields = ["record_id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find the alarms of one record or one thread by its id."""
        if not search_term.strip():
            return queryset, False
        sought = _as_id(search_term)
        return (queryset.filter(Q(record_id=sought) | Q(owner_id=sought)) if sought else queryset.none()), False
