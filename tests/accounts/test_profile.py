"""The profile: what a person says of themselves, in effect at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory

from messagecenter.accounts.models import Mailbox, User
from messagecenter.accounts.views import language

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def test_profile_saves_what_was_entered(signed_in: SignIn, buyer: User) -> None:
    """Name, language, zone."""
    browser = signed_in(buyer)
    entered = {"name": "Anna Schmidt", "language": "de", "time_zone": "Asia/Tokyo"}
    assert browser.post("/accounts/profile/", entered).headers["Location"] == "/accounts/profile/"
    buyer.refresh_from_db()
    kept = (buyer.name, buyer.language, buyer.time_zone)
    assert kept == ("Anna Schmidt", "de", "Asia/Tokyo")
    assert browser.get("/accounts/profile/").headers["Content-Language"] == "de"


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"language": "xx"}, {"name": "x" * 121}])
def test_wrong_profile_is_refused(signed_in: SignIn, buyer: User, wrong: dict[str, str]) -> None:
    """422, nothing saved, the page still shows the old name."""
    entered = {"name": "New", "language": "en", "time_zone": "", **wrong}
    response = signed_in(buyer).post("/accounts/profile/", entered)
    buyer.refresh_from_db()
    assert (response.status_code, buyer.name) == (422, "Anna Müller")


def test_buyer_chooses_what_sellers_may_write_first(signed_in: SignIn, buyer: User, other_buyer: User) -> None:
    """At first everything that is allowed; a form without the choice changes nothing, and other buyers keep theirs."""
    browser, mailbox = signed_in(buyer), buyer.memberships.get().mailbox
    page = browser.get("/accounts/profile/").content.decode()
    assert "Messages from sellers who write first" in page
    assert "Advertising is never allowed." in page
    assert re.search(r'value="all"[^>]*checked', page)
    entered = {"name": "Anna Müller", "language": "", "time_zone": ""}
    for chosen, kept in (("needed", False), ("", False), (None, False), ("all", True)):
        data = entered if chosen is None else entered | {"takes_proactive": chosen}
        assert browser.post("/accounts/profile/", data).status_code == 302
        mailbox.refresh_from_db()
        assert mailbox.takes_proactive is kept
    browser.post("/accounts/profile/", entered | {"takes_proactive": "needed"})
    assert re.search(r'value="needed"[^>]*checked', browser.get("/accounts/profile/").content.decode())
    assert other_buyer.memberships.get().mailbox.takes_proactive is True
    assert browser.post("/accounts/profile/", entered | {"takes_proactive": "whatever"}).status_code == 422


def test_seller_is_not_asked_and_cannot_set_it(signed_in: SignIn, seller: User, shop: Mailbox) -> None:
    """The choice belongs to buyers; for a shop the field is not there and not read."""
    browser = signed_in(seller)
    assert "sellers who write first" not in browser.get("/accounts/profile/").content.decode()
    entered = {"name": "Selma Lampe", "language": "", "time_zone": "", "takes_proactive": "needed"}
    assert browser.post("/accounts/profile/", entered).status_code == 302
    shop.refresh_from_db()
    assert shop.takes_proactive is True


def test_profile_cannot_change_rights_or_address(signed_in: SignIn, buyer: User) -> None:
    """Fields that are not on the page are not read."""
    entered = {
        "name": "A",
        "language": "",
        "time_zone": "",
        "is_staff": "1",
        "is_superuser": "1",
        "email": "x@y.example",
    }
    signed_in(buyer).post("/accounts/profile/", entered)
    buyer.refresh_from_db()
    assert (buyer.is_staff, buyer.is_superuser, buyer.email) == (False, False, "anna@buyer.example")


def test_old_time_zone_name_stays_selectable(signed_in: SignIn, buyer: User) -> None:
    """A zone outside the offered regions is kept when the form is saved."""
    User.objects.update(time_zone="CET")
    browser = signed_in(buyer)
    assert 'value="CET" selected' in browser.get("/accounts/profile/").content.decode()
    browser.post("/accounts/profile/", {"name": "A", "language": "", "time_zone": "CET"})
    buyer.refresh_from_db()
    assert buyer.time_zone == "CET"


def test_overview_leads_to_the_messages(signed_in: SignIn, buyer: User) -> None:
    """Account → "Your messages"."""
    page = signed_in(buyer).get("/accounts/").content.decode()
    assert page.count('href="/messages/"><strong>') == 1


@pytest.mark.parametrize("path", ["/accounts/", "/accounts/profile/", "/accounts/members/"])
def test_strangers_are_led_to_sign_in(client: Client, db: None, path: str) -> None:
    """Closed by default."""
    assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"


def test_person_without_mailbox_opens_their_own(signed_in: SignIn, other_buyer: User) -> None:
    """Once; who has one gets no second."""
    other_buyer.memberships.all().delete()
    browser = signed_in(other_buyer)
    browser.post("/accounts/mailbox/open/")
    browser.post("/accounts/mailbox/open/")
    assert [one.mailbox.name for one in other_buyer.memberships.all()] == ["Otto F."]


@pytest.mark.parametrize(
    ("chosen", "kept"), [("de", "de"), ("xx", "en"), ("", "en"), ("fr", "en"), ("de@" + "a" * 40, "en")]
)
def test_language_switch_changes_the_profile(buyer: User, chosen: str, kept: str) -> None:
    """The switch in the menu works for signed-in people too, whose profile wins over the cookie."""
    request = RequestFactory().post("/language/", {"language": chosen, "next": "/accounts/"})
    request.user = buyer
    response = language(request)
    buyer.refresh_from_db()
    assert (response.status_code, response.headers["Location"], buyer.language) == (302, "/accounts/", kept)
