"""What each group of staff meets when it works: every page it is led to opens, and says something."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils.html import escape

from messagecenter.accounts.models import Membership, Role, User
from messagecenter.ids import new_id
from support import actions
from support.models import Case, Queue, Step
from tests.factories import UserFactory
from tests.support.cases import make_staff
from tests.support.test_groups import _groups  # noqa: F401 (a test that emptied the tables may have come before)

from .conftest import DESK, with_factor

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
HOURS = {
    "time_zone": "Europe/Berlin",
    "week": {"monday": [["09:00", "12:30"], ["13:30", "18:00"]]},
    "holidays": {"country": "DE", "subdivision": "BY"},
    "closed": ["2026-12-24"],
}


def of_group(user: User, name: str) -> User:
    user.groups.add(Group.objects.get(name=name))
    return User.objects.get(pk=with_factor(user).pk)


def links_of(browser: Client, url: str) -> set[str]:
    page = browser.get(url)
    assert page.status_code == 200, url
    return {one for one in re.findall(r'href="(/admin/[^"#?]*)"', page.content.decode()) if "logout" not in one}


@pytest.mark.parametrize("name", ["Support agent", "Support lead", "Auditor", "Administrator"])
def test_no_page_of_support_leads_to_one_that_is_refused(
    name: str, queue: Queue, case: Case, helper: User, signed_in: SignedIn
) -> None:
    actions.answer_case(by=helper, case=case, body="It is on its way.", client_id=new_id())
    actions.read_case(by=helper, case=case)
    works = name in ("Support agent", "Support lead")
    role = Role.OWNER if name == "Support lead" else Role.AGENT
    browser = signed_in(of_group(make_staff(queue, role) if works else UserFactory(is_staff=True), name))
    pages = {one for one in links_of(browser, "/admin/") if one.startswith("/admin/support/")}
    rows = {link for page in pages if page != DESK for link in links_of(browser, page)}
    found = {link for page in {*pages, *rows} if page.startswith("/admin/support/") for link in links_of(browser, page)}
    refused = [link for link in sorted(found) if browser.get(link).status_code != 200]
    assert refused == []
    assert len(found) > 8


@pytest.mark.parametrize("name", ["Auditor", "Administrator"])
def test_the_figures_lead_who_has_no_place_at_the_desk_nowhere_else(name: str, signed_in: SignedIn) -> None:
    page = signed_in(of_group(UserFactory(is_staff=True), name)).get(f"{DESK}figures/").content.decode()
    assert "Download as a table (CSV)" in page
    for place in (f'href="{DESK}"', "support-search", "data-here-url"):
        assert place not in page


def test_who_only_looks_at_a_queue_reads_its_hours_and_its_people(
    queue: Queue, helper: User, lead: User, signed_in: SignedIn
) -> None:
    queue.opening_hours = HOURS
    queue.save()
    helper.groups.add(Group.objects.get(name="Support agent"))
    page = signed_in(helper).get(f"/admin/support/queue/{queue.pk}/change/").content.decode()
    for told in (
        "Marketplace support",
        "Europe/Berlin",
        "Monday: 09:00-12:30, 13:30-18:00",
        "Tuesday: closed",
        "DE-BY",
        "2026-12-24",
        "Hanna Helferin: agent",
        "Lena Leiterin: owner",
        "First answer, urgent (hours)",
        "German, English",
    ):
        assert escape(told) in page, told
    assert "None" not in page
    assert "/admin/accounts/mailbox/" not in page


def test_a_lead_sets_a_queue_up_and_reads_who_works_in_it(queue: Queue, lead: User, signed_in: SignedIn) -> None:
    lead.groups.add(Group.objects.get(name="Support lead"))
    page = signed_in(lead).get(f"/admin/support/queue/{queue.pk}/change/").content.decode()
    assert 'name="monday"' in page
    assert "Lena Leiterin: owner" in page
    assert "/admin/accounts/mailbox/" not in page


def test_who_may_not_see_people_is_told_their_names_without_a_link(
    queue: Queue, case: Case, asking: Membership, lead: User, signed_in: SignedIn
) -> None:
    lead.groups.add(Group.objects.get(name="Support lead"))
    step = Step.objects.filter(case=case, by=asking.user)[0]
    page = signed_in(lead).get(f"/admin/support/step/{step.pk}/change/").content.decode()
    assert str(asking.user) in page
    assert "/admin/accounts/user/" not in page
