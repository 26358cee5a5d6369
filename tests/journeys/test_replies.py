"""Saved replies, a signature and an automatic reply: written once by a team, used by keyboard, seen by the buyer."""

from __future__ import annotations

import re

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Person
from tests.journeys.scene import Scene, set_scene
from tests.processes import Stack

pytestmark = pytest.mark.services

DESK = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}
PHONE = {"viewport": {"width": 390, "height": 844}, "locale": "en-GB"}
BOX = "textarea[name=body]"


def save_reply(page: Page, name: str, text: str, language: str = "de") -> None:
    """Save a reply on its page."""
    page.goto("/messages/replies/new/")
    page.fill("main [name=name]", name)
    page.select_option("main select[name=language]", language)
    page.fill("main [name=text]", text)
    page.click("button[value=save]")
    expect(page.get_by_role("link", name=name)).to_be_visible()


def at_thread(browser: Browser, stack: Stack, scene: Scene, email: str, **look: object) -> Person:
    """Sign in and open the scene's thread."""
    person = Person(browser, stack, **look)
    person.sign_in(email)
    person.page.goto(f"/messages/{scene.thread}/")
    expect(person.page.locator(".message").first).to_be_visible()
    return person


def assert_accessible(page: Page, what: str) -> None:
    """Look for what the accessibility rules forbid."""
    results = Axe().run(page)
    assert results.violations_count == 0, f"{what}: {results.generate_report()}"


def test_a_reply_is_saved_found_by_keyboard_and_its_gap_filled(browser: Browser, stack: Stack) -> None:
    scene = set_scene(stack)
    stack.python(
        "from messagecenter.accounts.models import Mailbox; "
        f"Mailbox.objects.filter(name='Buyer {scene.tag}').update(language='de')"
    )
    agent = at_thread(browser, stack, scene, scene.agent, **DESK)
    page = agent.page
    save_reply(page, "Unterwegs", "Guten Tag {buyer_name}, Ihre Bestellung {order_number} kommt am {latest_delivery}.")
    save_reply(page, "Thanks", "Thank you, {buyer_name}.", "en")
    assert_accessible(page, "list of replies")
    page.goto("/messages/replies/signature/")
    page.get_by_label("The team’s", exact=True).check()
    page.fill("main [name=text]", "{shop_name}")
    page.click("button[type=submit]:has-text('Save')")
    assert_accessible(page, "signature")

    page.goto(f"/messages/{scene.thread}/")
    options = page.locator("#replies-panel [role=option]")
    expect(page.locator(BOX)).to_have_value(f"\n\nShop {scene.tag}")
    expect(page.locator(".composer-language").first).to_have_text(f"Buyer {scene.tag} reads German")
    page.get_by_role("link", name="Saved replies", exact=True).last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Search saved replies")).to_be_focused()
    expect(options.first).to_contain_text("Unterwegs")  # in the buyer's language
    assert_accessible(page, "the panel")
    page.keyboard.press("Escape")
    expect(page.locator("#replies-panel")).to_be_hidden()
    expect(page.locator("a[data-replies]")).to_be_focused()

    page.reload()  # without what looking for faults has left on its elements
    page.get_by_role("link", name="Saved replies", exact=True).last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Search saved replies")).to_be_focused()
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#replies-panel [aria-selected=true]")).to_contain_text("Thanks")
    page.keyboard.type("unter best")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    begun = f"Guten Tag Buyer {scene.tag}, Ihre Bestellung MC-{scene.tag} kommt am "
    box = page.locator(BOX)
    expect(box).to_be_focused()
    expect(box).to_have_value(re.compile(re.escape(begun) + r"⟦.+⟧\.\n\nShop"))

    page.keyboard.press("Control+Enter")
    expect(page.locator("#composer-errors")).to_contain_text("Please fill in what is missing")
    box.focus()
    text = box.input_value()
    start, end = text.index("⟦"), text.index("⟧") + 1
    box.evaluate("(area, [start, end]) => area.setSelectionRange(start, end)", [start, end])
    page.keyboard.type("24.11.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message-mine").last).to_contain_text(f"{begun}24.11.")
    expect(box).to_have_value(f"\n\nShop {scene.tag}")
    assert agent.complaints == []


def test_without_javascript_one_is_chosen_on_a_page(browser: Browser, stack: Stack) -> None:
    scene = set_scene(stack)
    agent = Person(browser, stack, java_script_enabled=False, **PHONE)
    agent.sign_in(scene.agent)
    save_reply(agent.page, "Thanks", "Thank you, {buyer_name}.", "en")
    agent.page.goto(f"/messages/{scene.thread}/")
    agent.page.locator("a[data-replies]").click()
    agent.page.get_by_role("link", name="Use Thanks").click()
    expect(agent.page.locator(BOX)).to_have_value(f"Thank you, Buyer {scene.tag}.")
    agent.page.click(".composer-send")
    expect(agent.page.locator("#messages")).to_contain_text(f"Thank you, Buyer {scene.tag}.")


def test_who_writes_to_an_absent_shop_is_told_at_once_and_the_shop_still_has_to_answer(
    browser: Browser, stack: Stack
) -> None:
    scene = set_scene(stack)
    seller = at_thread(browser, stack, scene, scene.seller, **DESK)
    seller.page.goto("/messages/replies/automatic/")
    assert_accessible(seller.page, "automatic reply")
    seller.page.get_by_label("Answer by itself").check()
    seller.page.fill("[name=text_en]", "Thank you for your message, {buyer_name}. We are away and answer next week.")
    seller.page.click("button[type=submit]:has-text('Save')")
    expect(seller.page.locator("main")).to_contain_text("It is answering now.")

    buyer = at_thread(browser, stack, scene, scene.buyer, **PHONE)
    buyer.page.fill(BOX, "Is there news of my lamp?")
    buyer.page.click(".composer-send")
    told = buyer.page.locator(".message", has_text="We are away and answer next week.")
    expect(told).to_contain_text("Automatic reply")
    buyer.page.fill(BOX, "And today?")
    buyer.page.click(".composer-send")
    expect(buyer.page.locator(".message", has_text="And today?")).to_be_visible()
    expect(told).to_have_count(1)

    seller.page.goto("/messages/?box=needs_reply")
    expect(seller.page.locator("#rows")).to_contain_text(f"Question {scene.tag}")
    assert seller.complaints + buyer.complaints == []


def test_a_conversation_is_printed_and_taken_along(browser: Browser, stack: Stack) -> None:
    scene = set_scene(stack)
    buyer = at_thread(browser, stack, scene, scene.buyer, **PHONE)
    page = buyer.page
    page.goto(f"/messages/{scene.thread}/print/")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Question {scene.tag}")
    expect(page.locator("article")).to_contain_text(f"First question {scene.tag}")
    assert_accessible(page, "print view")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.emulate_media(media="screen")
    with page.expect_download() as loading:
        page.get_by_role("link", name="PDF").click()
    assert loading.value.suggested_filename == f"Conversation MC-{scene.tag}.pdf"
    text = pypdfium2.PdfDocument(loading.value.path())[0].get_textpage().get_text_bounded()
    assert f"First question {scene.tag}" in text
    assert buyer.complaints == []
