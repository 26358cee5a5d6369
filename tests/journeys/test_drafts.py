"""A text begun on one device goes on on another; two texts that compete are both shown; a team sees who writes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Person
from tests.journeys.scene import set_scene
from tests.processes import Stack

pytestmark = pytest.mark.services
WIDE = {"width": 1280, "height": 800}
TEXT = "textarea[name=body]"


def at_thread(browser: Browser, stack: Stack, email: str, thread: str, **options: object) -> Person:
    person = Person(browser, stack, **{"viewport": WIDE} | options)
    person.sign_in(email)
    person.page.goto(f"/messages/{thread}/")
    return person


def typed(page: Page, text: str) -> None:
    """Type a text and wait until the page says that the server has it."""
    with page.expect_response("**/draft/") as saved:
        page.fill(TEXT, text)
    assert saved.value.status == 200
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft saved at")


def test_draft_begun_at_the_desk_is_sent_from_the_phone(browser: Browser, stack: Stack) -> None:
    scene = set_scene(stack)
    desk = at_thread(browser, stack, scene.seller, scene.thread)
    typed(desk.page, "It left on Monday")
    phone = at_thread(browser, stack, scene.seller, scene.thread, viewport={"width": 390, "height": 844})
    expect(phone.page.locator(TEXT)).to_have_value("It left on Monday")
    phone.page.goto("/messages/drafts/")
    phone.page.get_by_role("link", name=f"Question {scene.tag}").click()
    expect(phone.page.locator(TEXT)).to_have_value("It left on Monday")
    phone.page.locator(TEXT).press("Control+End")
    phone.page.locator(TEXT).press_sequentially(" by parcel.")
    phone.page.click(".composer-send")
    expect(phone.page.locator(".message").last).to_contain_text("It left on Monday by parcel.")
    expect(phone.page.locator(TEXT)).to_have_value("")
    phone.page.goto("/messages/drafts/")
    expect(phone.page.get_by_text("There are no drafts.")).to_be_visible()
    # The desk was out of sight: its text was sent elsewhere, so its box is empty again, after a reload as well.
    desk.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(desk.page.locator(TEXT)).to_have_value("")
    desk.page.reload()
    expect(desk.page.locator(TEXT)).to_have_value("")
    assert desk.complaints == phone.complaints == []


def test_texts_of_two_devices_are_both_shown_and_one_is_chosen(browser: Browser, stack: Stack) -> None:
    scene = set_scene(stack)
    desk = at_thread(browser, stack, scene.seller, scene.thread)
    phone = at_thread(browser, stack, scene.seller, scene.thread)
    typed(phone.page, "From the phone")
    panel = desk.page.get_by_role("alert").filter(has_text="This draft was changed on another device")

    desk.page.fill(TEXT, "From the desk")
    expect(panel.locator(".draft-conflict-other")).to_have_text("From the phone")
    expect(desk.page.locator(TEXT)).to_have_value("From the desk")
    panel.get_by_role("button", name="Keep mine").click()
    expect(panel).to_have_count(0)
    expect(desk.page.locator("[data-draft-state]")).to_contain_text("Draft saved at")
    phone.page.reload()
    expect(phone.page.locator(TEXT)).to_have_value("From the desk")

    typed(phone.page, "From the phone again")
    desk.page.fill(TEXT, "From the desk, longer")
    expect(panel.locator(".draft-conflict-other")).to_have_text("From the phone again")
    expect(desk.page.locator(TEXT)).to_have_value("From the desk, longer")
    panel.get_by_role("button", name="Take the other").click()
    expect(desk.page.locator(TEXT)).to_have_value("From the phone again")
    expect(panel).to_have_count(0)
    assert desk.complaints == phone.complaints == []


def test_text_typed_just_before_leaving_is_not_lost(browser: Browser, stack: Stack) -> None:
    """No pause to save in: the page says it while it is left."""
    scene = set_scene(stack)
    desk = at_thread(browser, stack, scene.seller, scene.thread)
    desk.page.fill(TEXT, "Typed in a hurry")
    desk.page.goto("/messages/")
    phone = at_thread(browser, stack, scene.seller, scene.thread)
    expect(phone.page.locator(TEXT)).to_have_value("Typed in a hurry")
    phone.page.goto("/messages/drafts/")
    expect(phone.page.get_by_text("Typed in a hurry")).to_be_visible()
    assert desk.complaints == []


def test_page_made_while_the_text_was_saved_takes_nothing_away(browser: Browser, stack: Stack) -> None:
    """A reload can be answered before the saving it met on its way; what was thrown away meanwhile stays away."""
    scene = set_scene(stack)
    desk = at_thread(browser, stack, scene.seller, scene.thread, service_workers="block")
    page, url = desk.page, f"/messages/{scene.thread}/"
    early = page.context.request.get(url)
    page.route(f"**{url}", lambda route: route.fulfill(response=early))
    typed(page, "Saved a moment ago")
    with page.expect_response("**/draft/") as asked:
        page.reload()
    assert asked.value.request.method == "GET"
    expect(page.locator(TEXT)).to_have_value("Saved a moment ago")
    other = at_thread(browser, stack, scene.seller, scene.thread).page
    other.goto("/messages/drafts/")
    other.get_by_role("button", name="Throw").first.click()
    page.reload()
    expect(page.locator(TEXT)).to_have_value("")
    assert desk.complaints == []


def test_draft_is_saved_and_sent_without_scripts(browser: Browser, stack: Stack) -> None:
    scene = set_scene(stack)
    desk = at_thread(browser, stack, scene.seller, scene.thread, java_script_enabled=False)
    desk.page.fill(TEXT, "Without scripts")
    desk.page.get_by_role("button", name="Save draft").click()
    expect(desk.page.get_by_text("Draft saved at").first).to_be_visible()
    expect(desk.page.locator(TEXT)).to_have_value("Without scripts")
    desk.page.click(".composer-send")
    expect(desk.page.locator(".message").last).to_contain_text("Without scripts")
    expect(desk.page.locator(TEXT)).to_have_value("")


def test_team_sees_who_writes_and_its_notes_and_the_buyer_neither(browser: Browser, stack: Stack) -> None:
    scene = set_scene(stack)
    owner = at_thread(browser, stack, scene.seller, scene.thread)
    agent = at_thread(browser, stack, scene.agent, scene.thread)
    buyer = at_thread(browser, stack, scene.buyer, scene.thread)
    expect(owner.page.locator("#here-viewing")).to_have_text(f"Agent {scene.tag} is here, too.")
    agent.page.locator(TEXT).press_sequentially("I look it up")
    expect(owner.page.locator("#here-writing")).to_have_text(f"Agent {scene.tag} is writing an answer.")
    agent.page.locator("#note-form summary").click()
    agent.page.fill("#note-text", "Ask the warehouse first")
    agent.page.get_by_role("button", name="Add note").click()
    for page in (agent.page, owner.page):
        expect(page.locator(".note")).to_contain_text("Internal note")
        expect(page.locator(".note .note-body")).to_have_text("Ask the warehouse first")
    expect(agent.page.locator(TEXT)).to_have_value("I look it up")
    # Who pauses does not write any more; who goes is gone, each time: a page on its way out is easily not heard.
    expect(owner.page.locator("#here-writing")).to_be_hidden(timeout=10_000)
    expect(owner.page.locator("#here-viewing")).to_have_text(f"Agent {scene.tag} is here, too.")
    for _ in range(3):
        agent.page.locator(TEXT).press_sequentially(" again")
        expect(owner.page.locator("#here-writing")).to_have_text(f"Agent {scene.tag} is writing an answer.")
        agent.page.goto("/messages/drafts/")
        expect(owner.page.locator("#here-writing")).to_be_hidden(timeout=4_000)
        expect(owner.page.locator("#here-viewing")).to_be_hidden()
        agent.page.go_back()
    owner.page.locator(".note").get_by_role("button", name="Remove").click()
    expect(owner.page.locator(".note")).to_have_count(0)
    assert buyer.page.locator("#here-viewing, #here-writing, .note, #note-form").count() == 0
    assert owner.complaints == agent.complaints == buyer.complaints == []
