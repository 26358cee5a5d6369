"""The desk's door, its lists and its search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from messagecenter.ids import new_id
from support import actions
from support.lifecycle import Status
from support.models import Attendance, Case, Queue
from tests.factories import OrderFactory, UserFactory
from tests.support.cases import make_seller, open_one

from .conftest import DESK, with_factor

pytestmark = pytest.mark.django_db
SECRETS = ("Zimtstern", "Flügelhorn")


def html(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def numbers(browser: Client, query: str = "") -> list[str]:
    return [line.number for line in browser.get(f"{DESK}?{query}").context["lines"]]


# --- the door ------------------------------------------------------------------------------------------------------


def test_without_a_second_factor_nobody_comes_in(case: Case, helper: User, client: Client) -> None:
    client.force_login(helper)
    for url in (DESK, f"{DESK}{case.number}/", f"{DESK}figures/", f"{DESK}replies/"):
        answer = client.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/2fa/")


def test_staff_without_a_queue_are_turned_away(case: Case, signed_in: Callable[[User], Client]) -> None:
    nobody = signed_in(with_factor(UserFactory(is_staff=True)))
    assert nobody.get(DESK).status_code == 403
    assert nobody.get(f"{DESK}{case.number}/").status_code == 403
    assert nobody.get(f"{DESK}figures/").status_code == 403


def test_a_seller_is_turned_away(case: Case, asking: Membership, signed_in: Callable[[User], Client]) -> None:
    assert signed_in(asking.user).get(f"{DESK}{case.number}/").status_code == 403


def test_another_queues_case_is_not_there(case: Case, stranger: User, signed_in: Callable[[User], Client]) -> None:
    frida = signed_in(stranger)
    missing = frida.get(f"{DESK}23456789/")
    for path in ("", "read/", "answer/", "note/", "do/"):
        answer = (
            frida.post(f"{DESK}{case.number}/{path}", {"do": "watch"}) if path else frida.get(f"{DESK}{case.number}/")
        )
        assert answer.status_code == 404
        assert not any(word in answer.content.decode() for word in SECRETS)
    assert missing.status_code == 404
    assert case.shown_number not in html(frida, f"{DESK}?list=all")


# --- lists ---------------------------------------------------------------------------------------------------------


def test_each_list_holds_its_cases(desk: Client, helper: User, asking: Membership, queue: Queue) -> None:
    mine, free, late, answered, done = (open_one(asking) for _number in range(5))
    actions.assign_case(by=helper, case=mine, to=helper)
    Case.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=3))
    actions.answer_case(by=helper, case=answered, body="It was paid.", client_id=new_id())
    actions.assign_case(by=helper, case=answered, to=None)
    actions.set_status(by=helper, case=done, there=Status.RESOLVED)
    shown = {key: set(numbers(desk, f"list={key}")) for key in ("mine", "unassigned", "overdue", "waiting", "all")}
    told = {name: one.shown_number for name, one in (("m", mine), ("f", free), ("l", late), ("a", answered))}
    assert shown == {
        "mine": {told["m"]},
        "unassigned": {told["f"], told["l"], told["a"]},
        "overdue": {told["l"]},
        "waiting": {told["m"], told["f"], told["l"]},
        "all": set(told.values()),
    }
    assert numbers(desk, "list=waiting")[0] == told["l"]
    assert set(numbers(desk, f"queue={queue.pk}")) == set(told.values())


def test_late_is_said_in_words_and_subjects_are_not_shown(desk: Client, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(hours=3))
    page = html(desk, f"{DESK}?list=all")
    assert "late by 3 hours" in page
    assert case.shown_number in page
    assert not any(word in page for word in SECRETS)


def test_lists_cost_the_same_with_five_rows_and_with_fifty(desk: Client, asking: Membership, case: Case) -> None:
    desk.get(f"{DESK}?list=all")
    spent = []
    for more in (4, 45):
        for _number in range(more):
            open_one(asking)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(f"{DESK}?list=all").status_code == 200
        spent.append(len(queries))
        assert [q["sql"] for q in queries if "COUNT(" in q["sql"]] == []
    assert spent[0] == spent[1] <= 12


def test_pages_go_on_where_the_last_one_ended(desk: Client, asking: Membership, case: Case) -> None:
    for _number in range(54):
        open_one(asking)
    for key in ("all", "waiting"):
        answer = desk.get(f"{DESK}?list={key}")
        first = [line.number for line in answer.context["lines"]]
        second = [line.number for line in desk.get(DESK + answer.context["next_url"]).context["lines"]]
        assert (len(first), len(second), len({*first, *second})) == (50, 5, 55)
    assert desk.get(f"{DESK}?after=nonsense").status_code == 404


def test_a_queue_one_does_not_work_in_narrows_nothing(desk: Client, case: Case, other_queue: Queue) -> None:
    assert numbers(desk, f"list=all&queue={other_queue.pk}") == [case.shown_number]


def test_who_oversees_sees_every_queues_cases(case: Case, overseer: User, signed_in: Callable[[User], Client]) -> None:
    assert numbers(signed_in(overseer), "list=all") == [case.shown_number]


# --- search --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spell", ["{0}", "{0}-{1}", " {0} {1} ", "#{0}{1}"])
def test_a_number_in_any_spelling_leads_to_its_case(desk: Client, case: Case, spell: str) -> None:
    head, tail = case.number[:4].lower(), case.number[4:]
    typed = spell.format(head + tail if spell == "{0}" else head, tail)
    answer = desk.get(f"{DESK}search/", {"q": typed})
    assert (answer.status_code, answer["Location"]) == (302, f"{DESK}{case.number}/")
    assert desk.get(f"{DESK}{case.shown_number}/")["Location"] == f"{DESK}{case.number}/"


def test_an_orders_number_finds_its_cases(desk: Client, queue: Queue, stranger: User) -> None:
    order = OrderFactory(number="302-5555555-5555555")
    found = open_one(make_seller(shop=order.shop), order=order)
    page = html(desk, f"{DESK}search/?q=302-5555555-5555555")
    assert found.shown_number in page


def test_what_is_not_found_is_told_and_kept(
    desk: Client, case: Case, stranger: User, signed_in: Callable[[User], Client]
) -> None:
    for browser, typed in ((desk, "no-such"), (signed_in(stranger), case.number), (desk, "")):
        answer = browser.get(f"{DESK}search/", {"q": typed})
        assert answer.status_code == 404
        assert 'role="alert"' in answer.content.decode()
        assert f'value="{typed}"' in answer.content.decode()


# --- being there ---------------------------------------------------------------------------------------------------


def test_somebody_says_that_they_are_there(desk: Client, helper: User) -> None:
    answer = desk.post(
        f"{DESK}here/", {"is_present": "on", "languages": ["de", "fr"], "chats_at_once": "3"}, follow=True
    )
    row = Attendance.objects.get(staff=helper)
    assert (row.is_present, row.languages, row.chats_at_once) == (True, ["de", "fr"], 3)
    assert "You are marked as here." in answer.content.decode()
    Attendance.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    assert desk.post(f"{DESK}here/", {"beat": "1"}).status_code == 204
    assert Attendance.objects.get(staff=helper).seen_at > timezone.now() - timedelta(minutes=1)
    desk.post(f"{DESK}here/", {"languages": ["de"], "chats_at_once": "3"})
    assert not Attendance.objects.get(staff=helper).is_present


def test_a_form_without_languages_changes_nothing(desk: Client, helper: User) -> None:
    answer = desk.post(f"{DESK}here/", {"is_present": "on", "chats_at_once": "99"}, follow=True)
    assert "Nothing was changed" in answer.content.decode()
    assert not Attendance.objects.filter(staff=helper).exists()


def test_who_only_reads_takes_no_cases(onlooker: User, overseer: User, signed_in: Callable[[User], Client]) -> None:
    for person in (onlooker, overseer):
        browser = signed_in(person)
        assert browser.get(DESK).context["attendance"] is None
        data = {"is_present": "on", "languages": ["de"], "chats_at_once": "1"}
        assert browser.post(f"{DESK}here/", data).status_code == 403


def test_the_admins_first_page_leads_to_the_desk(
    desk: Client, overseer: User, supporter: User, signed_in: Callable[[User], Client]
) -> None:
    assert f'href="{DESK}"' in html(desk, "/admin/")
    assert f"{DESK}figures/" in html(signed_in(overseer), "/admin/")
    assert DESK not in html(signed_in(supporter), "/admin/")
