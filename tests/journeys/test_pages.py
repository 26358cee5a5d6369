"""Every page in both languages, both themes and three widths: no accessibility fault, no overflow, no complaint."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import Person
from tests.processes import Stack

pytestmark = pytest.mark.services
PICTURES = Path(__file__).with_name("screenshots")
THREAD = "/messages/ (the first row)"
LOOKS: dict[str, dict[str, Any]] = {
    "wide-light-en": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en-GB"},
    "phone-dark-de": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "de-DE"},
    "narrow-light-de": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light", "locale": "de-DE"},
}
PAGES = {
    "": [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/privacy/who-can-read/",
        "/offline/",
        "/no-such-page/",
        "/outbox/",
    ],
    "buyer@example.com": [
        "/messages/",
        THREAD,
        "/messages/new/",
        "/messages/new/?order=MC-2026-10231",
        "/accounts/",
        "/accounts/profile/",
        "/accounts/2fa/",
        "/accounts/email/",
        "/accounts/password/change/",
    ],
    "seller@example.com": [
        "/messages/",
        "/messages/?box=unread",
        "/messages/?box=needs_reply",
        "/messages/?box=sent",
        "/messages/?order=nothing",
        THREAD,
        "/accounts/members/",
    ],
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, str]]:
    """The demo site and its people's password."""
    environment = {"STAFF_SECOND_FACTOR": "off"}
    with Stack("sqlite", tmp_path_factory.mktemp("demo"), start=("web",), environment=environment) as stack:
        printed = stack.manage("demo")
        password = re.search(r"buyer@example.com\s+(\S+)", printed)
        assert password is not None
        assert stack.manage("demo") == stack.manage("demo", "--logins")  # a second run changes nothing
        yield stack, password[1]


def open_page(page: Page, path: str) -> None:
    """Open a page and wait until it stands still."""
    page.goto("/messages/" if path == THREAD else path)
    if path == THREAD:
        page.locator(".row a").first.click()
        page.locator("#thread .message").first.wait_for()
    page.wait_for_load_state("networkidle") if not page.locator("#line").count() else page.wait_for_timeout(300)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("who", PAGES, ids=["anonymous", "buyer", "seller"])
def test_pages_are_accessible_and_fit(browser: Browser, demo: tuple[Stack, str], who: str, look: str) -> None:
    stack, password = demo
    person = Person(browser, stack, reduced_motion="reduce", **LOOKS[look])
    if who:
        person.sign_in(who, password)
    faults = []
    for path in PAGES[who]:
        open_page(person.page, path)
        found = Axe().run(person.page).response["violations"]
        faults += [f"{path}: {one['id']} at {[node['target'] for node in one['nodes']][:3]}" for one in found]
        if person.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{path}: wider than the window")
    assert faults == []
    assert [text for text in person.complaints if "404" not in text] == []


def test_admin_shows_metadata_and_words_only_for_a_reason(browser: Browser, demo: tuple[Stack, str]) -> None:
    """Staff find a thread without reading it; a stated reason shows it and is logged."""
    stack, password = demo
    staff = Person(browser, stack, viewport={"width": 1280, "height": 800}, locale="en-GB")
    staff.sign_in("admin@example.com", password)
    page = staff.page
    page.goto("/admin/threads/thread/")
    page.locator("#result_list th a").first.click()
    words = re.compile("Guten Tag|Hello|Hallo|parcel|Lampe|Invoice for")
    assert words.search(page.locator("#content").inner_text()) is None
    page.get_by_role("link", name=re.compile("Read the messages")).click()
    page.fill("textarea[name=reason]", "too short")
    page.get_by_role("button", name="Read the messages").click()
    assert page.locator(".errorlist").count() == 1
    page.fill("textarea[name=reason]", "Case 4711: the buyer says the answer was rude.")
    page.get_by_role("button", name="Read the messages").click()
    page.locator("#content .module").first.wait_for()
    page.goto("/admin/threads/disclosure/")
    assert "Case 4711" in page.locator("#result_list").inner_text()
    assert staff.complaints == []


@pytest.mark.parametrize(
    ("name", "who", "look", "path"),
    [
        ("inbox-desktop", "seller@example.com", "wide-light-en", THREAD),
        ("inbox-phone", "seller@example.com", "phone-dark-de", "/messages/"),
        ("thread-phone", "buyer@example.com", "phone-dark-de", THREAD),
        ("new-desktop", "buyer@example.com", "wide-light-en", "/messages/new/?order=MC-2026-10231"),
    ],
)
def test_screenshots_for_the_readme(
    browser: Browser, demo: tuple[Stack, str], tmp_path: Path, name: str, who: str, look: str, path: str
) -> None:
    """The README's pictures can be made anew: WRITE_SCREENSHOTS=1 puts them into the project."""
    stack, password = demo
    person = Person(browser, stack, reduced_motion="reduce", **LOOKS[look])
    person.sign_in(who, password)
    open_page(person.page, path)
    folder = PICTURES if os.environ.get("WRITE_SCREENSHOTS") else tmp_path
    folder.mkdir(exist_ok=True)
    person.page.screenshot(path=folder / f"{name}.png", caret="initial")
    assert (PICTURES / f"{name}.png").stat().st_size > 20_000
