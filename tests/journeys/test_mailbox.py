"""A seller's day in the mailbox: by keyboard alone, on a phone, by dragging, without JavaScript, and in two windows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from tests.journeys.conftest import Person
from tests.journeys.shelf import Shelf, set_shelf
from tests.processes import Stack

pytestmark = pytest.mark.services
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "reduced_motion": "reduce"}
PHONE: dict[str, Any] = WIDE | {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def seller_at(browser: Browser, stack: Stack, shelf: Shelf, **options: Any) -> Person:
    """Let the shop's owner look at the inbox."""
    person = Person(browser, stack, **options)
    person.sign_in(shelf.seller)
    person.page.goto("/messages/")
    expect(person.page.locator(".row")).to_have_count(len(shelf.threads))
    return person


def expect_subjects(page: Page, *numbers: int) -> None:
    """Wait until the list shows these questions and no others, in this order."""
    subjects = page.locator(".row:not(.row-leaving) .row-subject")
    expect(subjects).to_have_text([f"Question {number}" for number in numbers])


def mark(page: Page) -> None:
    """Leave something in the page that a full load would wipe out."""
    page.evaluate("window.staysHere = true")


def is_same_page(page: Page) -> bool:
    return bool(page.evaluate("window.staysHere === true"))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus; a keyboard has no other way."""
    for _press in range(40):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def faults(page: Page) -> list[str]:
    """Return what is wrong with the page as it is: against the rules of accessibility, or wider than the window."""
    found = [f"{one['id']} {one['nodes'][0]['target']}" for one in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("wider than the window")
    return found


def test_by_keyboard_alone(browser: Browser, stack: Stack) -> None:
    """Walk, open, star, label, archive and take it back, filter, read the help: no mouse, and no page loaded anew."""
    shelf = set_shelf(stack)
    person = seller_at(browser, stack, shelf, **WIDE)
    page = person.page
    mark(page)
    page.keyboard.press("j")
    expect(page.locator(".row-link").nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    heading = page.locator("#thread-heading")
    expect(heading).to_have_text("Question 2")
    expect(heading).to_be_focused()
    expect(page).to_have_url(re.compile(shelf.threads[1]))

    page.keyboard.press("s")
    expect(page.locator(f"#row-{shelf.threads[1]} .row-star")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".thread-star")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="Refund", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Warehouse", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".thread-meta")).to_contain_text("Warehouse")
    expect(page.locator(f"#row-{shelf.threads[1]} .row-meta")).to_contain_text("Warehouse")

    page.keyboard.press("e")
    expect(heading).to_have_text("Question 3")  # the next one
    expect(page.locator("#toast")).to_contain_text("Undo")
    expect_subjects(page, 1, 3, 4, 5, 6)
    page.keyboard.press("z")
    expect(page.locator(f"#row-{shelf.threads[1]}")).to_be_visible()
    expect_subjects(page, 1, 2, 3, 4, 5, 6)

    page.keyboard.press("r")
    page.keyboard.type("je?")  # letters are letters in a text
    expect(page.locator("#composer-body")).to_have_value("je?")
    expect(heading).to_have_text("Question 3")
    page.locator("#composer-body").fill("")
    page.evaluate("document.activeElement.blur()")

    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    tab_to(page, ".finder-more > summary")
    page.keyboard.press("Enter")
    tab_to(page, "#find-priority")
    page.keyboard.type("Urg")
    tab_to(page, ".finder-buttons button")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    expect_subjects(page, 4)
    expect(page.locator(".parts")).to_contain_text("Urgent")
    expect(page).to_have_url(re.compile(r"\?priority=urgent$"))
    assert faults(page) == []

    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_dialog).to_be_visible()
    assert faults(page) == []
    tab_to(page, "#keys-on")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    page.keyboard.press("?")  # switched off
    expect(help_dialog).to_be_hidden()
    assert is_same_page(page)
    assert person.complaints == []


def test_late_answer_takes_nothing_away_that_is_back(browser: Browser, stack: Stack) -> None:
    """A conversation is archived and brought back before the list has heard that it was gone."""
    shelf = set_shelf(stack)
    person = seller_at(browser, stack, shelf, **WIDE)
    page = person.page
    late: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        answer = route.fetch()
        if answer.status == 204:  # it is in this list no more
            late.append((route, answer))
        else:
            route.fulfill(response=answer)

    page.route(f"**/messages/{shelf.threads[1]}/row/**", hold)
    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#thread-heading")).to_have_text("Question 2")
    with page.expect_response("**/messages/file/"):  # before that the row is still there, and says so
        page.keyboard.press("e")
    expect(page.locator("#toast")).to_contain_text("Undo")
    expect_subjects(page, 1, 3, 4, 5, 6)
    look = "id => document.dispatchEvent(new CustomEvent('mailbox:change', {detail: {list: false, threads: [id]}}))"
    page.evaluate(look, shelf.threads[1])
    for _moment in range(300):
        if late:
            break
        page.wait_for_timeout(50)
    assert late
    page.keyboard.press("z")
    expect_subjects(page, 1, 2, 3, 4, 5, 6)
    for route, answer in late:
        route.fulfill(response=answer)
    page.wait_for_timeout(500)
    expect_subjects(page, 1, 2, 3, 4, 5, 6)
    assert person.complaints == []


def test_late_list_brings_nothing_back_that_is_gone(browser: Browser, stack: Stack) -> None:
    """The list was asked for before a conversation is archived, and answers while that is under way, or after it."""
    shelf = set_shelf(stack)
    person = seller_at(browser, stack, shelf, **WIDE)
    page = person.page
    lists: list[tuple[Route, APIResponse]] = []
    filings: list[Route] = []

    def hold_list(route: Route) -> None:
        if route.request.resource_type == "fetch":
            lists.append((route, route.fetch()))
        else:
            route.continue_()

    def hold_filing(route: Route) -> None:
        filings.append(route)

    def ask_for_list() -> None:
        before = len(lists)
        detail = "{detail: {list: true, threads: []}}"
        page.evaluate(f"() => {{ document.dispatchEvent(new CustomEvent('mailbox:change', {detail})); }}")
        until(lambda: len(lists) > before)

    def until(is_so: Callable[[], bool]) -> None:
        for _moment in range(300):
            if is_so():
                return
            page.wait_for_timeout(50)
        raise AssertionError("nothing was asked for")

    page.wait_for_timeout(1000)  # what the page looks up once, after it was loaded
    page.route(re.compile(r"/messages/(\?.*)?$"), hold_list)
    page.route("**/messages/file/", hold_filing)
    ask_for_list()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect_subjects(page, 1, 3, 4, 5, 6)
    until(lambda: bool(filings))
    lists[0][0].fulfill(response=lists[0][1])
    page.wait_for_timeout(500)
    expect_subjects(page, 1, 3, 4, 5, 6)
    ask_for_list()
    filings[0].continue_()
    expect(page.locator("#toast")).to_contain_text("Undo")
    page.unroute(re.compile(r"/messages/(\?.*)?$"))
    for route, answer in lists[1:]:
        route.fulfill(response=answer)
    page.wait_for_timeout(500)
    expect_subjects(page, 1, 3, 4, 5, 6)
    assert person.complaints == []


def test_back_and_forward_keep_the_list_where_it_was(browser: Browser, stack: Stack) -> None:
    """The list is scrolled, a thread opened, then the next, a view chosen; back leads through all of it in order."""
    shelf = set_shelf(stack, 14)
    person = seller_at(browser, stack, shelf, **WIDE)
    page = person.page
    mark(page)
    page.locator(".list-scroll").evaluate("list => { list.scrollTop = 500; }")
    page.locator(".row-link").nth(9).click()
    heading = page.locator("#thread-heading")
    expect(heading).to_have_text("Question 10")
    page.get_by_role("link", name="Next conversation").click()
    expect(heading).to_have_text("Question 11")
    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Starred").click()
    expect(page.get_by_role("heading", level=1, name="Starred")).to_be_focused()
    expect(page.locator("#thread .message")).to_have_count(0)
    page.go_back()
    expect(heading).to_have_text("Question 11")
    page.go_back()
    expect(heading).to_have_text("Question 10")
    page.go_back()
    expect(page.locator("#thread .message")).to_have_count(0)
    expect(page.get_by_role("heading", level=1, name="Inbox")).to_have_count(1)
    assert is_same_page(page)
    assert person.complaints == []


def test_several_at_once_and_by_dragging(browser: Browser, stack: Stack) -> None:
    """Ticked rows are filed together and taken back; a row dragged onto a folder lies in it."""
    shelf = set_shelf(stack)
    person = seller_at(browser, stack, shelf, **WIDE)
    page = person.page
    page.locator(".row-pick").nth(0).check()
    page.locator(".row-pick").nth(2).click(modifiers=["Shift"])
    expect(page.locator("#selection-count")).to_have_text("3 selected")
    assert faults(page) == []
    page.locator("#selection").get_by_role("button", name="More actions").click()
    expect(page.locator("#pick-more")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.locator("#selection").get_by_role("button", name="Archive").click()
    expect(page.locator(".row")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".row")).to_have_count(6)

    menu = page.get_by_role("navigation", name="Menu")
    page.locator(f"#row-{shelf.threads[4]}").hover()
    page.locator(f"#row-{shelf.threads[4]}").drag_to(menu.get_by_role("link", name="Damaged"))
    expect(page.locator(".row")).to_have_count(5)
    expect(menu.get_by_role("link", name="Damaged")).to_contain_text("1")
    menu.get_by_role("link", name="Damaged").click()
    expect(page.locator(".row-subject")).to_have_text(["Question 5"])
    assert person.complaints == []


def too_small_for_a_thumb(page: Page, selector: str) -> list[str]:
    """Return what is visible and under 40 pixels; found and measured in one go: a live row may be replaced between."""
    return page.evaluate(
        """selector => [...document.querySelectorAll(selector)]
            .filter(one => one.checkVisibility({visibilityProperty: true}))
            .map(one => [one, one.getBoundingClientRect()])
            .filter(([one, box]) => box.width < 40 || box.height < 40)
            .map(([one, box]) => `${one.outerHTML.slice(0, 120)} ${box.width} x ${box.height}`)""",
        selector,
    )


def test_on_a_phone(browser: Browser, stack: Stack) -> None:
    """Menu, a view, the filter, a thread, archived with a way back: one pane at a time and targets for thumbs."""
    shelf = set_shelf(stack)
    person = seller_at(browser, stack, shelf, **PHONE)
    page = person.page
    page.get_by_role("button", name="Menu", exact=True).tap()
    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Needs reply").tap()
    expect(page.get_by_role("heading", level=1, name="Needs reply")).to_be_visible()
    expect(page.get_by_role("navigation", name="Menu")).to_be_hidden()
    mark(page)
    page.locator(".finder-more > summary").tap()
    assert faults(page) == []
    page.select_option("#find-priority", "urgent")
    page.locator(".finder-buttons").get_by_role("button", name="Show").tap()
    expect(page.locator(".row")).to_have_count(1)
    page.locator(".parts").get_by_role("link", name="Urgent").tap()
    expect(page.locator(".row")).to_have_count(6)

    page.locator(".tabs").get_by_role("link", name="Inbox").tap()
    expect(page.get_by_role("heading", level=1, name="Inbox")).to_be_visible()
    page.locator(".row-link").nth(1).tap()
    expect(page.locator("#thread-heading")).to_have_text("Question 2")
    expect(page.locator("#list")).to_be_hidden()
    assert faults(page) == []
    page.locator(".thread-tools").get_by_role("button", name="Archive").tap()
    expect(page.locator("#thread-heading")).to_have_text("Question 3")
    page.get_by_role("link", name="Back to the list").tap()
    expect(page.locator("#list")).to_be_visible()
    expect_subjects(page, 1, 3, 4, 5, 6)

    page.get_by_role("button", name="Select conversations").tap()
    page.locator(".row-link").nth(0).tap()
    expect(page.locator("#selection-count")).to_have_text("1 selected")
    assert too_small_for_a_thumb(page, "#selection button, .row-star") == []
    page.locator("#selection").get_by_role("button", name="Move to a folder").tap()
    page.locator("#pick-move").get_by_role("button", name="Returns").tap()
    expect(page.locator(".row")).to_have_count(4)
    assert is_same_page(page)
    assert person.complaints == []


def test_without_javascript(browser: Browser, stack: Stack) -> None:
    """Everything is a form: tick and archive, star, filter, move from the thread's own page."""
    shelf = set_shelf(stack)
    person = seller_at(browser, stack, shelf, java_script_enabled=False, **WIDE)
    page = person.page
    page.locator(".row-pick").nth(0).check()
    page.locator(".row-pick").nth(1).check()
    page.locator("#selection").get_by_role("button", name="Archive").click()
    expect(page.locator(".row")).to_have_count(4)
    page.locator(".row-star").nth(0).click()
    expect(page.locator(".row-star").nth(0)).to_have_attribute("aria-pressed", "true")
    page.locator(".finder-more > summary").click()
    page.locator("#find-priority").select_option("urgent")
    page.locator(".finder-buttons").get_by_role("button", name="Show").click()
    expect(page.locator(".row-subject")).to_have_text(["Question 4"])
    page.locator(".row-link").click()
    expect(page.locator("#thread-heading")).to_have_text("Question 4")
    page.locator(".thread-tools").get_by_role("button", name="Move to a folder").click()
    page.locator("#pick-move").get_by_role("button", name="Damaged").click()
    expect(page).to_have_url(re.compile(r"/messages/$"))
    expect_subjects(page, 3, 5, 6)
    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Damaged").click()
    expect_subjects(page, 4)


def test_what_a_colleague_files_goes_from_the_other_window(browser: Browser, stack: Stack) -> None:
    """Two people in one shop: the row goes and the counter falls in both windows, the ticks stay."""
    shelf = set_shelf(stack)
    seller = seller_at(browser, stack, shelf, **WIDE)
    agent = Person(browser, stack, **WIDE)
    agent.sign_in(shelf.agent)
    agent.page.goto("/messages/")
    unread = agent.page.get_by_role("navigation", name="Menu").locator("[data-counter=unread]")
    expect(unread).to_have_text("6")
    agent.page.locator(".row-pick").nth(2).check()
    seller.page.locator(".row").nth(0).hover()
    seller.page.locator(".row-tools").get_by_role("button", name="Archive").click()
    expect(agent.page.locator(".row")).to_have_count(5)
    expect(unread).to_have_text("5")
    expect(agent.page).to_have_title(re.compile(r"^\(5\) Inbox"))
    expect(agent.page.locator(f"#row-{shelf.threads[2]} .row-pick")).to_be_checked()
    assert seller.complaints == agent.complaints == []
