"""Lists in the admin look one row ahead instead of counting the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db import connection
from django.db.models import Model
from django.forms import ModelChoiceField, Select
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messagecenter.accounts.models import Invitation, Mailbox, User
from messagecenter.admin_lists import MAX_PAGES, ReadOnlyAdmin, UncountedPaginator
from messagecenter.attachments.actions import disclose, upload
from messagecenter.ids import new_id
from messagecenter.inbound.models import MailDisclosure, RawMail
from messagecenter.mail.actions import suppress
from messagecenter.moderation.actions import caution, make_appeal, make_report
from messagecenter.policy import versions
from messagecenter.policy.actions import block_sender, restrict
from messagecenter.policy.models import Decision
from messagecenter.push.models import Device
from messagecenter.threads.actions import disclose_thread
from messagecenter.threads.models import Disclosure, Message, ReplyClock, Thread
from messagecenter.vault.models import Alarm, DataKey
from messagecenter.webhooks.models import Endpoint
from orders.models import Order
from support.actions import read_case
from support.models import Attendance, Route
from tests.factories import OrderFactory, ProductFactory
from tests.support.cases import make_queue, make_seller, make_staff, open_one

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


REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)


def admin_of(shop: Mailbox) -> User:
    """Return who owns the shop."""
    return shop.memberships.get(role="owner").user


@pytest.fixture
def rows(thread: Thread, answer: Message, shop: Mailbox, admin: User) -> None:
    """At least one row of every model in the admin."""
    make_alarms(1)
    Group.objects.create(name="Support")
    ReplyClock.objects.create(marketplace="Beispielmarkt.de")
    Invitation.objects.create(
        mailbox=shop, email="new@shop.example", token_hash=b"h" * 32, expires_at="2030-01-01T00:00Z"
    )
    ProductFactory(shop=shop)
    disclose_thread(by=admin, thread=thread, reason="For the test of admin lists")
    note = upload(by=admin_of(shop), mailbox=shop, name="note.txt", plain=b"For the test of admin lists")
    disclose(by=admin, attachment=note, reason="For the test of admin lists")
    suppress("gone@buyer.example", reason="bounce", detail="5.1.1")
    queue = make_queue()
    Route.objects.create(queue=queue, topic="payments")
    helper = make_staff(queue)
    Attendance.objects.create(staff=helper)
    read_case(by=helper, case=open_one(make_seller()))
    mail = RawMail.objects.create(dedupe_key=b"m" * 32, size_bytes=1, state="quarantined")
    MailDisclosure.objects.create(mail_id=mail.pk, staff=admin, reason="For the test of admin lists")
    Decision.objects.create(
        message_id=answer.pk,
        thread_id=thread.pk,
        mailbox=shop,
        author=admin_of(shop),
        version=versions.current()[0],
        measure=Decision.Measure.HELD,
    )
    stopped = Decision.objects.create(
        message_id=answer.pk,
        thread_id=thread.pk,
        mailbox=shop,
        author=admin_of(shop),
        version=versions.current()[0],
        measure=Decision.Measure.BLOCKED,
    )
    make_appeal(by=admin_of(shop), decision=stopped)
    anna = thread.opened_by.members.get()
    make_report(by=anna, mailbox=thread.opened_by, message=answer, reason="spam", good_faith=True)
    caution(by=admin, mailbox=shop, rule="marketing.coupon", message_id=answer.pk)
    restrict(by=admin, mailbox=shop, days=7, rule="marketing.coupon", explanation="For the test of admin lists")
    block_sender(by=admin_of(shop), mailbox=shop, sender=thread.opened_by)
    Device.objects.create(person=admin, endpoint_hash=b"h" * 32, subscription_ciphertext=b"c", label="Firefox")
    Endpoint.objects.create(mailbox=shop, url_ciphertext=b"c", secret_ciphertext=b"c")


def shown_by(client: Client, address: str, query: dict[str, str] | str = "") -> Any:
    """Return the list that a page shows; no query may count, nor compare in a way that no index answers."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address + query) if isinstance(query, str) else client.get(address, query)
    assert response.status_code == 200
    asked = [entry["sql"].upper() for entry in queries]
    assert [sql for sql in asked if "COUNT(" in sql or "UPPER(" in sql or " LIKE " in sql] == []
    return response.context["cl"]


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_no_list_counts_however_it_is_searched_and_filtered(rows, staff, model: type[Model]):
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    listed = shown_by(staff, address)
    assert len(listed.result_list) > 0
    for word in ("nothing", "Support", str(new_id()), "a" * 500, "{", "\x00"):
        shown_by(staff, address, {"q": word})
    for choice in (choice for spec in listed.filter_specs for choice in spec.choices(listed)):
        shown_by(staff, address, choice["query_string"])
        shown_by(staff, address, choice["query_string"] + "&q=nothing")


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_no_form_offers_a_whole_table_to_choose_from(rows, staff, model: type[Model]):
    """Permissions are offered: they are as many as the program has."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.order_by("pk")[0]
    offered = []
    for address in (reverse(f"{name}_change", args=[row.pk]), reverse(f"{name}_add")):
        response = staff.get(address)
        if response.status_code == 403 and address.endswith("/add/"):
            continue
        assert response.status_code == 200
        forms = [response.context["adminform"].form]
        forms += [form for inline in response.context["inline_admin_formsets"] for form in inline.formset.forms]
        offered += [
            field.queryset.model
            for form in forms
            for field in form.fields.values()
            if isinstance(field, ModelChoiceField) and isinstance(getattr(field.widget, "widget", field.widget), Select)
        ]
    assert [chosen for chosen in offered if chosen is not Permission] == []


def test_thread_is_found_by_its_id_and_its_order_number_only(staff, thread: Thread, order: Order):
    OrderFactory(number="302-0000000-0000000")
    address, found = "/admin/threads/thread/", []
    for word in (str(thread.pk), f" {thread.pk.hex} ", order.number, order.number[:-1], str(thread.pk)[:-1], "{", ""):
        found.append(len(shown_by(staff, address, {"q": word}).result_list))
    assert found == [1, 1, 1, 0, 0, 0, 1]


def test_disclosure_is_found_by_the_thread_and_by_who_read(rows, staff, thread: Thread, admin: User, seller: User):
    assert Disclosure.objects.count() == 1
    address, found = "/admin/threads/disclosure/", []
    for word in (str(thread.pk), admin.email.title(), seller.email, str(new_id()), str(thread.pk)[:-1], "ada"):
        found.append(len(shown_by(staff, address, {"q": word}).result_list))
    assert found == [1, 1, 0, 0, 0, 0]
