"""A seller's matter from the order to the rating, and a call-back two sellers want: in browsers, by real processes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.attachments.conftest import photo
from tests.factories import PASSWORD
from tests.journeys.conftest import Person, link_in
from tests.journeys.scene import Scene, set_scene
from tests.processes import Stack, engines

pytestmark = pytest.mark.services

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}
SET_UP = (
    "from messagecenter.accounts.models import Role\n"
    "from tests.factories import UserFactory\n"
    "from tests.support.cases import make_queue, make_staff\n"
    "queue = make_queue(calls_at_once=1)\n"
    "make_staff(queue, email='sven@marketplace.example', name='Sven Hilfe')\n"
    "make_staff(queue, Role.OWNER, email='lea@marketplace.example', name='Lea Leitung')\n"
)
OPEN_ANOTHER = (
    "from messagecenter.ids import new_id\n"
    "from tests.factories import MembershipFactory, UserFactory\n"
    "from tests.support.cases import open_one\n"
    "seller = MembershipFactory(user=UserFactory(email=f'{new_id()}@shop.example'))\n"
    "print(seller.user.email, open_one(seller).number)\n"
)
#: Rules of the stock admin's own pages are its makers' to keep.
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(scope="module", params=engines())
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole site with a queue of support and two people in it."""
    folder = tmp_path_factory.mktemp("support")
    with Stack(request.param, folder, environment={"STAFF_SECOND_FACTOR": "off"}) as stack:
        stack.python(SET_UP)
        yield stack


def faults(page: Page) -> list[str]:
    """Return what the accessibility rules say about a page, and of what on it."""
    found = Axe().run(page, options=AXE).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def staff(browser: Browser, site: Stack, email: str = "sven@marketplace.example") -> Person:
    person = Person(browser, site, **DESK)
    person.sign_in(email, PASSWORD)
    return person


def open_from_the_order(person: Person, scene: Scene, picture: Path) -> str:
    """Get help with an order, with a screenshot; return the case's number."""
    page = person.page
    page.goto(f"/messages/{scene.thread}/")
    page.locator(".thread-more > summary").click()
    page.locator(".menu-panel a[href*='/support/new/']").click()
    page.get_by_role("link", name="A parcel is lost, late or damaged").click()
    expect(page.locator("input[value='" + scene.order + "']").first).to_be_visible()
    page.get_by_label("Subject").fill("The parcel is lost")
    page.get_by_label("Description").fill(f"No scan for twelve days, {scene.tag}.")
    page.locator("#new-files").set_input_files(str(picture))
    expect(page.locator(".upload").first).to_contain_text("scan.jpg")
    assert faults(page) == []
    page.get_by_role("button", name="Send to support").click()
    expect(page).to_have_url(re.compile(r"/support/[0-9A-Z]{8}/"))
    found = re.search(r"/support/([0-9A-Z]{8})/", page.url)
    assert found
    return found[1]


@pytest.mark.parametrize("look", [PHONE, DESK], ids=["phone", "wide"])
def test_from_the_order_to_the_rating(browser: Browser, site: Stack, tmp_path: Path, look: dict[str, object]) -> None:
    scene = set_scene(site)
    picture = tmp_path / "scan.jpg"
    picture.write_bytes(photo())
    seller = Person(browser, site, **look)
    seller.sign_in(scene.seller)
    number = open_from_the_order(seller, scene, picture)
    told = f"{number[:4]}-{number[4:]}"
    expect(seller.page.locator("main")).to_contain_text(told)
    seller.page.locator("#flash").get_by_role("button", name="Close").click()
    expect(seller.page.locator("#flash")).to_be_hidden()
    expect(seller.page.locator("#main")).to_be_focused()
    link_in(site, scene.seller, f"/support/{number}/")
    assert any(f"Subject: Case {told}" in mail.raw.decode() for mail in site.sink.to(scene.seller))
    assert not any("twelve days" in mail.raw.decode() for mail in site.sink.to(scene.seller))

    helper = staff(browser, site)
    helper.page.goto("/admin/support/desk/?list=unassigned")
    helper.page.goto(f"/admin/support/desk/{number}/")
    expect(helper.page.locator("#messages")).to_contain_text(f"No scan for twelve days, {scene.tag}.")
    helper.page.fill("#id_body", "We have asked the carrier. Please send us the proof of posting.")
    helper.page.select_option("#id_there", "waiting")
    helper.page.get_by_role("button", name="Answer and set status").click()
    # The seller sees it without doing anything.
    expect(seller.page.locator("#messages")).to_contain_text("Please send us the proof of posting.")
    seller.page.locator("textarea[name=body]").fill("Here it is.")
    seller.page.click(".composer-send")
    expect(helper.page.locator("#messages")).to_contain_text("Here it is.")
    helper.page.fill("#id_body", "Thank you, the refund is ours.")
    helper.page.select_option("#id_there", "answered")
    helper.page.get_by_role("button", name="Answer and set status").click()
    expect(seller.page.locator("#messages")).to_contain_text("the refund is ours")

    seller.page.goto(f"/support/{number}/")
    assert faults(seller.page) == []
    seller.page.get_by_role("button", name="It is settled").click()
    seller.page.get_by_label("Very good").check()
    seller.page.fill("textarea[name=comment]", "Quick.")
    seller.page.get_by_role("button", name="Send the rating").click()
    expect(seller.page.locator("body")).to_contain_text("Thank you for your rating.")
    seller.page.goto("/support/?show=resolved")
    expect(seller.page.locator("main")).to_contain_text(told)
    assert faults(seller.page) == []
    helper.page.reload()
    expect(helper.page.locator("body")).to_contain_text("Quick.")
    assert seller.complaints + helper.complaints == []


def test_internal_notes_and_a_transfer(browser: Browser, site: Stack, tmp_path: Path) -> None:
    scene = set_scene(site)
    picture = tmp_path / "scan.jpg"
    picture.write_bytes(photo())
    seller = Person(browser, site, **DESK)
    seller.sign_in(scene.seller)
    number = open_from_the_order(seller, scene, picture)
    other = f"Carriers {scene.tag}"
    site.python(
        "from tests.support.cases import make_queue, make_staff\n"
        f"queue = make_queue('{other}')\n"
        f"make_staff(queue, email='carriers-{scene.tag}@marketplace.example')\n"
    )
    helper = staff(browser, site)
    page = helper.page
    page.goto(f"/admin/support/desk/{number}/")
    page.locator("form[action$='/note/'] textarea").fill(f"Kardamom {scene.tag}: looks like fraud.")
    page.locator("form[action$='/note/'] button[type=submit]").click()
    expect(page.locator("#messages")).to_contain_text(f"Kardamom {scene.tag}")
    page.get_by_text("Hand to another queue", exact=True).click()
    form = page.locator("form:has([name=do][value=transfer]), form:has(button[value=transfer])").first
    form.locator("select").select_option(label=other)
    form.locator("textarea, input[type=text]").first.fill("They talk to the carriers every day.")
    form.locator("button[type=submit]").click()
    expect(page.locator("body")).to_contain_text(other)

    taker = staff(browser, site, f"carriers-{scene.tag}@marketplace.example")
    taker.page.goto(f"/admin/support/desk/{number}/")
    expect(taker.page.locator("#messages")).to_contain_text(f"No scan for twelve days, {scene.tag}.")
    expect(taker.page.locator("#messages")).to_contain_text(f"Kardamom {scene.tag}")
    assert page.goto(f"/admin/support/desk/{number}/").status == 404  # type: ignore[union-attr]
    seller.page.goto(f"/support/{number}/")
    expect(seller.page.locator("main")).to_contain_text("They talk to the carriers every day.")
    assert "Kardamom" not in seller.page.content()
    assert not any("Kardamom" in mail.raw.decode() + mail.text for mail in site.sink.to(scene.seller))
    assert seller.complaints + taker.complaints == []


def test_one_of_two_who_want_the_same_call_is_offered_the_next(browser: Browser, site: Stack) -> None:
    pages = []
    for _one in range(2):
        email, number = site.python(OPEN_ANOTHER).splitlines()[-1].split()
        person = Person(browser, site, **PHONE)
        person.sign_in(email)
        person.page.goto(f"/support/{number}/call/")
        pages.append((person, number))
    tomorrow = pages[0][0].page.locator(".slots-day").nth(1).locator("input")
    wanted, following = tomorrow.evaluate_all("all => all.slice(0, 2).map(one => one.value)")
    assert faults(pages[0][0].page) == []
    for person, _number in pages:
        person.page.locator(".slots-day > summary").nth(1).click()
        person.page.locator(f"#slot-{wanted}").check()
        person.page.fill("input[name=number]", "+49 176 55501234")
    first, second = pages[0][0].page, pages[1][0].page
    first.get_by_role("button", name="Book the call-back").click()
    expect(first).to_have_url(re.compile(r"/support/[0-9A-Z]{8}/$"))
    second.get_by_role("button", name="Book the call-back").click()
    expect(second.locator("#slots-error")).to_contain_text("has just been taken")
    assert second.locator("input[name=number]").input_value() == "+49 176 55501234"
    expect(second.locator("input[name=at]:checked")).to_have_attribute("value", following)
    expect(second.locator("input[name=at]:checked")).to_be_visible()
    second.get_by_role("button", name="Book the call-back").click()
    expect(second).to_have_url(re.compile(r"/support/[0-9A-Z]{8}/$"))
    assert pages[0][0].complaints + pages[1][0].complaints == []

    helper = staff(browser, site, "lea@marketplace.example")
    helper.page.goto("/admin/support/desk/calls/")
    for _person, number in pages:
        expect(helper.page.locator("body")).to_contain_text(f"{number[:4]}-{number[4:]}")
    helper.page.goto(f"/admin/support/desk/{pages[0][1]}/")
    helper.page.get_by_role("button", name="Not reached: offer another time").click()
    first.reload()
    expect(first.locator("main")).to_contain_text("Please choose another time")
    assert helper.complaints == []
