"""Lists in the admin look one row ahead instead of counting the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from messagecenter.accounts.models import User
from messagecenter.admin_lists import MAX_PAGES, ReadOnlyAdmin, UncountedPaginator
from messagecenter.ids import new_id
from messagecenter.vault.models import Alarm, DataKey

pytestmark = pytest.mark.django_db
LIST = "/admin/vault/alarm/"


@pytest.fixture
def staff(admin: User, signed_in: Callable[[User], Client]) -> Client:
    """The administrator's browser."""
    return signed_in(admin)


def make_alarms(count: int) -> None:
    Alarm.objects.bulk_create(
        Alarm(reason="damaged", owner_id=new_id(), record_id=new_id(), field="body") for _ in range(count)
    )


def pages_of(client: Client, address: str) -> tuple[int, list[object], list[str]]:
    """Return the rows shown, the page numbers offered and the words below the list; no query may count."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    assert response.status_code == 200
    assert [query["sql"] for query in queries if "COUNT(" in query["sql"].upper()] == []
    listed = response.context["cl"]
    numbers = list(listed.paginator.get_elided_page_range(listed.page_num)) if listed.multi_page else []
    text = response.content.decode().split('class="paginator">')[1].split("</p>")[0]
    return len(listed.result_list), numbers, text.rsplit("\n", 1)[0].split()[-4:]


@pytest.mark.parametrize(
    ("rows", "address", "shown", "pages", "words"),
    [
        (0, LIST, 0, [], ["0", "alarms"]),
        (1, LIST, 1, [], ["1", "alarm"]),
        (100, LIST, 100, [], ["100", "alarms"]),
        (101, LIST, 100, [1, 2], ["more", "than", "100", "alarms"]),
        (250, LIST, 100, [1, 2], ["more", "than", "100", "alarms"]),
        (250, LIST + "?p=2", 100, [1, 2, 3], ["more", "than", "200", "alarms"]),
        (250, LIST + "?p=3", 50, [1, 2, 3], None),
        (250, LIST + "?all=", 100, [1, 2], ["more", "than", "100", "alarms"]),
        (250, LIST + "?_facets=True", 100, [1, 2], ["more", "than", "100", "alarms"]),
    ],
)
def test_list_shows_a_page_and_whether_another_follows(staff, rows, address, shown, pages, words):
    make_alarms(rows)
    found = pages_of(staff, address)
    assert found[:2] == (shown, pages)
    assert words is None or found[2][-len(words) :] == words


def test_last_page_names_the_exact_number(staff):
    make_alarms(250)
    assert pages_of(staff, LIST + "?p=3")[2][-2:] == ["250", "alarms"]


def test_list_asks_the_same_number_of_queries_for_one_row_and_many(staff):
    counts = []
    for rows in (1, 150):
        make_alarms(rows)
        with CaptureQueriesContext(connection) as queries:
            staff.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("number", ["0", "-1", "4", "999999999999999999999999", "x", "²"])
def test_page_that_does_not_exist_leads_back_to_the_list(staff, number):
    make_alarms(250)
    response = staff.get(LIST, {"p": number}, follow=True)
    assert response.status_code == 200


def test_search_finds_one_record_without_counting_or_guessing(staff):
    make_alarms(120)
    alarm = Alarm.objects.order_by("id")[5]
    assert pages_of(staff, f"{LIST}?q={alarm.record_id}")[0] == 1
    assert pages_of(staff, f"{LIST}?q=nothing")[0] == 0
    assert "1 result" not in staff.get(f"{LIST}?q={alarm.record_id}").content.decode()


def test_pages_end_where_walking_gets_dear():
    rows = range(MAX_PAGES * 2 + 10)
    paginator = UncountedPaginator(rows, 2, MAX_PAGES + 50)
    assert (paginator.num_pages, list(paginator.page(MAX_PAGES).object_list)) == (
        MAX_PAGES,
        [MAX_PAGES * 2 - 2, MAX_PAGES * 2 - 1],
    )
    assert not paginator.page(MAX_PAGES).has_next()


@pytest.mark.parametrize(("name", "row"), [("alarm", Alarm), ("datakey", DataKey)])
def test_vault_rows_can_be_looked_at_and_not_changed(staff, name, row):
    make_alarms(1)
    DataKey.objects.create(
        purpose="thread", owner_id=new_id(), wrapped=b"WRAPPED-BYTES", commitment=b"COMMITTED", root_version=1
    )
    found = row.objects.get()
    page = staff.get(f"/admin/vault/{name}/{found.pk}/change/")
    assert page.status_code == 200
    assert [word for word in ("WRAPPED", "COMMITTED", 'name="_save"') if word in page.content.decode()] == []
    assert [
        staff.post(f"/admin/vault/{name}/{path}").status_code
        for path in ("add/", f"{found.pk}/change/", f"{found.pk}/delete/")
    ] == [403, 403, 403]
    assert row.objects.get() == found


def test_read_only_means_everybody():
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    model_admin = ReadOnlyAdmin(Alarm, admin.site)
    allowed: Iterable[bool] = [
        model_admin.has_add_permission(request),
        model_admin.has_change_permission(request),
        model_admin.has_delete_permission(request),
    ]
    assert list(allowed) == [False, False, False]
