"""What is forbidden is not delivered, what is honest is, and everybody is told why: in a browser, by real processes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import PASSWORD
from tests.journeys.conftest import Person, link_in
from tests.journeys.scene import Scene, answer, set_scene
from tests.processes import Stack, engines

pytestmark = pytest.mark.services

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}
MAKE_MODERATOR = (
    "from tests.factories import UserFactory; "
    "UserFactory(email='mo@marketplace.example', name='Mo Derator', is_staff=True, is_superuser=True)"
)
# A made-up word that the operator wants a person to look at: what follows needs no detector to be unsure.
WATCH_A_WORD = """
from messagecenter.policy import versions
from messagecenter.policy.models import PolicyVersion
version, rules = versions.current()
content = rules.to_content()
content["lists"]["terms"] = [{"text": "holdword", "category": "marketing", "confidence": 0.6, "language": ""}]
PolicyVersion.objects.create(number=version.number + 1, content=content, note="Watch a word.")
"""


@pytest.fixture(scope="module", params=engines())
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole site with a moderator."""
    folder = tmp_path_factory.mktemp("policy")
    with Stack(request.param, folder, environment={"STAFF_SECOND_FACTOR": "off"}) as stack:
        stack.python(MAKE_MODERATOR)
        stack.python(WATCH_A_WORD)
        yield stack


def at_thread(browser: Browser, site: Stack, scene: Scene, email: str, **look: object) -> Person:
    """Sign in and open the scene's thread."""
    person = Person(browser, site, **(PHONE | look))
    person.sign_in(email)
    person.page.goto(f"/messages/{scene.thread}/")
    expect(person.page.locator(".message").first).to_be_visible()
    return person


def moderator(browser: Browser, site: Stack) -> Person:
    """Sign in as the moderator."""
    staff = Person(browser, site, **DESK)
    staff.sign_in("mo@marketplace.example", PASSWORD)
    return staff


def write(page: Page, text: str) -> None:
    """Write a reply and send it."""
    page.fill("textarea[name=body]", text)
    page.click(".composer-send")


def read_at_the_desk(page: Page, queue: str, thread: str) -> None:
    """Open the queue's newest item of the thread and read it for a reason."""
    page.goto("/admin/moderation/desk/")
    page.locator(f"a[href*='/desk/{queue}/']").filter(has_text=re.compile(".")).first.wait_for()
    for link in page.locator(f"a[href*='/desk/{queue}/']").evaluate_all("all => all.map(one => one.href)"):
        if not re.search(r"/[0-9a-f-]{36}/$", link):
            continue
        page.goto(link)
        if thread in page.content():
            break
    page.fill("textarea[name=reason]", "Looking at what waits in the queue.")
    page.locator("form:has(textarea[name=reason]) button[type=submit]").click()


def test_phone_number_is_marked_while_typing_refused_and_corrected(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    buyer = at_thread(browser, site, scene, scene.buyer)
    text = "Danke! Rufen Sie mich bitte an: 0176 5550 1234"
    buyer.page.locator("textarea[name=body]").press_sequentially(text, delay=5)
    expect(buyer.page.locator("mark").first).to_have_text(re.compile("0176 5550 1234"))
    buyer.page.click(".composer-send")
    told = buyer.page.locator("#screened")
    expect(told).to_contain_text("0176 5550 1234")
    expect(buyer.page.locator("textarea[name=body]")).to_have_value(text)
    statement = told.locator("a[href^='/messages/decisions/']").get_attribute("href")
    assert statement

    buyer.page.fill("textarea[name=body]", "Danke! Bitte antworten Sie hier.")
    buyer.page.click(".composer-send")
    expect(buyer.page.locator("textarea[name=body]")).to_have_value("")
    seller = at_thread(browser, site, scene, scene.seller)
    expect(seller.page.locator("#messages")).to_contain_text("Bitte antworten Sie hier.")
    assert "5550" not in seller.page.content()

    buyer.page.goto(statement)
    expect(buyer.page.locator("main")).to_contain_text("0176 5550 1234")
    link_in(site, scene.buyer, "/messages/decisions/")
    mails = [mail for mail in site.sink.to(scene.buyer) if "/messages/decisions/" in mail.text]
    assert all("5550" not in mail.raw.decode() + mail.text + mail.html for mail in mails)
    assert not any("5550" in mail.raw.decode() + mail.text for mail in site.sink.to(scene.seller))
    assert buyer.complaints + seller.complaints == []


def test_refused_and_corrected_without_javascript(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    buyer = at_thread(browser, site, scene, scene.buyer, java_script_enabled=False)
    write(buyer.page, "Schreiben Sie mir: anna.mueller@mail.example")
    expect(buyer.page.locator("#screened")).to_contain_text("anna.mueller@mail.example")
    expect(buyer.page.locator("textarea[name=body]")).to_have_value("Schreiben Sie mir: anna.mueller@mail.example")
    write(buyer.page, "Schreiben Sie mir hier.")
    expect(buyer.page.locator("#messages")).to_contain_text("Schreiben Sie mir hier.")


def test_held_message_is_approved_at_the_desk_and_arrives(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    buyer = at_thread(browser, site, scene, scene.buyer)
    seller = at_thread(browser, site, scene, scene.seller)
    write(seller.page, f"Our holdword for you, {scene.tag}.")
    held = seller.page.locator(".message").last
    expect(held).to_contain_text("holdword")
    expect(held).to_have_attribute("data-state", "held")
    buyer.page.reload()
    assert "holdword" not in buyer.page.content()
    before = len([mail for mail in site.sink.to(scene.buyer) if scene.thread in mail.text])

    staff = moderator(browser, site)
    staff.page.goto("/admin/moderation/desk/")
    assert "holdword" not in staff.page.content()
    read_at_the_desk(staff.page, "held", scene.thread)
    expect(staff.page.locator("mark").first).to_contain_text("holdword")
    staff.page.locator("button[name=do][value=approve]").click()
    expect(buyer.page.locator("#messages")).to_contain_text(f"Our holdword for you, {scene.tag}.")
    # Anna has the thread open: by now she may have read it.
    expect(seller.page.locator(".message").last).to_have_attribute("data-state", re.compile(r"^delivered( read)?$"))
    link_in(site, scene.buyer, scene.thread)
    told = [mail for mail in site.sink.to(scene.buyer) if scene.thread in mail.text]
    assert len(told) == before + 1
    assert buyer.complaints + seller.complaints + staff.complaints == []


def test_appeal_is_granted_and_the_message_delivered(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    seller = at_thread(browser, site, scene, scene.seller)
    words = "The ticket printed on the box says support@lampmaker.example, is that yours?"
    write(seller.page, words)
    seller.page.locator("#screened a[href^='/messages/decisions/']").first.wait_for()
    seller.page.goto(str(seller.page.locator("#screened a[href^='/messages/decisions/']").get_attribute("href")))
    seller.page.fill("textarea[name=words]", "I quote what is printed on the box.")
    seller.page.locator("form[action$='/appeal/'] button[type=submit]").click()
    staff = moderator(browser, site)
    read_at_the_desk(staff.page, "appeals", scene.thread)
    expect(staff.page.locator("#content")).to_contain_text("I quote what is printed on the box.")
    staff.page.locator("form:has([value=reverse]) textarea").first.fill("You are right. It is delivered now.")
    staff.page.locator("[value=reverse]").last.click()
    buyer = at_thread(browser, site, scene, scene.buyer)
    expect(buyer.page.locator("#messages")).to_contain_text("support@lampmaker.example")
    link_in(site, scene.seller, "/messages/decisions/")
    assert buyer.complaints + seller.complaints + staff.complaints == []


def test_report_is_decided_and_the_reporter_told(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    answer(site, scene, f"Please be quiet now. {scene.tag}")
    buyer = at_thread(browser, site, scene, scene.buyer)
    buyer.page.goto(str(buyer.page.locator("a[href*='/report/']").last.get_attribute("href")))
    buyer.page.check("input[name=reason][value=offensive]")
    buyer.page.fill("textarea[name=words]", "This is rude.")
    buyer.page.check("input[name=good_faith]")
    buyer.page.locator("form:has([name=good_faith]) button[type=submit]").click()
    expect(buyer.page).to_have_url(re.compile(r"/messages/reports/[0-9a-f-]{36}/"))
    staff = moderator(browser, site)
    read_at_the_desk(staff.page, "reports", scene.thread)
    expect(staff.page.locator("#content")).to_contain_text(f"Please be quiet now. {scene.tag}")
    staff.page.locator("form:has([value=dismissed]) textarea").first.fill("We see no insult in it.")
    staff.page.locator("[value=dismissed]").last.click()
    buyer.page.reload()
    expect(buyer.page.locator("main")).to_contain_text("We see no insult in it.")
    link_in(site, scene.buyer, "/messages/reports/")
    assert not any("/messages/reports/" in mail.text for mail in site.sink.to(scene.seller))
    assert buyer.complaints + staff.complaints == []


def test_blocked_sender_is_told_neutrally_until_unblocked(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    seller = at_thread(browser, site, scene, scene.seller, **DESK)
    write(seller.page, f"Hello {scene.tag}")
    buyer = at_thread(browser, site, scene, scene.buyer)
    buyer.page.goto(f"/messages/{scene.thread}/block/")
    buyer.page.locator("form[action$='/block/'] button[type=submit]").last.click()
    buyer.page.goto("/messages/blocked/")
    expect(buyer.page.locator("main")).to_contain_text(f"Shop {scene.tag}")
    seller.page.goto(f"/messages/new/?product={scene.product}")
    assert "block" not in seller.page.locator("main").inner_text().lower()
    buyer.page.locator("form[action*='/undo/'] button").first.click()
    expect(buyer.page.locator("main")).not_to_contain_text(f"Shop {scene.tag}")
    assert buyer.complaints == []
