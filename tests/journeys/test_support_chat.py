"""A live chat between a seller on the move and support in the admin: the network drops, nothing is lost or doubled."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.attachments.conftest import photo
from tests.factories import PASSWORD
from tests.journeys.conftest import Person
from tests.journeys.scene import Scene, set_scene
from tests.journeys.test_support import DESK, PHONE, faults, staff
from tests.processes import Stack, engines
from tests.sink import wait_for

pytestmark = pytest.mark.services

TEXT = "#composer textarea[name=body]"
SET_UP = (
    "from tests.support.cases import make_staff\n"
    "from tests.support.chatting import make_chatting_queue\n"
    "queue = make_chatting_queue()\n"
    "make_staff(queue, email='sven@marketplace.example', name='Sven Hilfe')\n"
)
PASTE = """(area, base64) => {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "image.jpg", { type: "image/jpeg" }));
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module", params=engines())
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole site with a queue of support that chats, and one person in it."""
    folder = tmp_path_factory.mktemp("chat")
    with Stack(request.param, folder, environment={"STAFF_SECOND_FACTOR": "off"}) as stack:
        stack.python(SET_UP)
        yield stack


def be_here(page: Page) -> None:
    """Say at the desk that one takes cases and chats."""
    page.goto("/admin/support/desk/")
    page.locator("[name=is_present]").check()
    page.locator(".support-here button[type=submit]").first.click()
    expect(page.locator(".support-here")).to_contain_text("You are marked as here.")


def ask_for_a_chat(person: Person, words: str) -> str:
    """Open a case by live chat; return its number."""
    page = person.page
    page.goto("/support/new/?topic=technical_search")
    page.get_by_label("Subject").fill("The page shows an error")
    page.get_by_label("Description").fill(words)
    page.get_by_label("Live chat").check()
    page.get_by_role("heading", level=1).scroll_into_view_if_needed()  # what is half under the bar at the bottom counts
    assert faults(page) == []
    page.get_by_role("button", name="Send to support").click()
    expect(page).to_have_url(re.compile(r"/support/[0-9A-Z]{8}/"))
    return page.url.rstrip("/").rpartition("/")[2]


def said(page: Page, words: str) -> None:
    """Expect that a message stands once in the conversation."""
    expect(page.locator("#messages > li").filter(has_text=words)).to_have_count(1)


def kept(site: Stack, number: str) -> list[str]:
    """Return the words of a case as the site keeps them, in order."""
    printed = site.python(
        "import json\n"
        "from messagecenter.threads.words import read_body\n"
        "from support.models import Case\n"
        f"case = Case.objects.get(number={number!r})\n"
        "print(json.dumps([read_body(one) for one in case.thread.messages.order_by('pk')]))\n"
    )
    found: list[str] = json.loads(printed.splitlines()[-1])
    return found


def signed_in_seller(browser: Browser, site: Stack, scene: Scene, **look: object) -> Person:
    person = Person(browser, site, **look)
    person.sign_in(scene.seller, PASSWORD)
    return person


def test_a_chat_over_a_network_that_drops(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    helper = staff(browser, site)
    desk = helper.page
    be_here(desk)
    seller = signed_in_seller(browser, site, scene, **PHONE)
    page = seller.page
    number = ask_for_a_chat(seller, f"Error 8541 when I save, {scene.tag}.")
    expect(page.locator("[data-chat-said]")).to_contain_text("You are next.")
    assert faults(page) == []

    # Support hears of it without doing anything, and goes in.
    line = desk.locator("[data-live-chats] li").filter(has_text=f"Shop {scene.tag}")
    expect(line).to_be_visible()
    line.get_by_role("button", name=re.compile("Take the chat")).click()
    expect(desk).to_have_url(re.compile(rf"/desk/{number}/"))
    expect(page.locator("[data-chat-said]")).to_have_text("Support is here.")
    assert faults(desk) == []

    # Each sees that the other writes; what is written comes at once.
    desk.locator("#id_body").press_sequentially("Good morning. Which browser is it?")
    expect(page.locator("[data-chat-said]")).to_have_text("Support is writing …")
    desk.keyboard.press("Control+Enter")
    said(page, "Which browser is it?")
    page.locator(TEXT).press_sequentially("Firefox on Windows.")
    expect(desk.locator("[data-chat-said]")).to_contain_text("The seller is writing …")
    page.click(".composer-send")
    said(desk, "Firefox on Windows.")
    expect(page.locator("#messages .message").filter(has_text="Firefox on Windows.")).to_contain_text("Read")

    # The seller's network is gone: support writes on, and what the seller sends stays where it was typed.
    seller.context.set_offline(True)
    desk.fill("#id_body", "Please press Ctrl and F5 once.")
    desk.keyboard.press("Control+Enter")
    said(desk, "Please press Ctrl and F5 once.")
    page.fill(TEXT, "Wait, my train is in a tunnel.")
    page.click(".composer-send")
    expect(page.locator(".composer-left[data-failed]")).to_be_visible()
    expect(page.locator(TEXT)).to_have_value("Wait, my train is in a tunnel.")
    seller.context.set_offline(False)
    said(page, "Please press Ctrl and F5 once.")
    expect(page.locator("[data-chat-said]")).to_have_text("Support is here.")

    # It is sent again, and this time the answer is lost on the way: it still stands there once.
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort("internetdisconnected")

    page.route("**/reply/", lose_the_answer, times=1)
    page.click(".composer-send")
    said(desk, "my train is in a tunnel.")
    said(page, "my train is in a tunnel.")
    if page.locator(TEXT).input_value():
        page.click(".composer-send")
    expect(page.locator(TEXT)).to_have_value("")
    said(page, "my train is in a tunnel.")

    # A screenshot is pasted, the page is loaded anew, and the matter moves on to another device.
    page.locator(TEXT).evaluate(PASTE, base64.b64encode(photo()).decode())
    expect(page.locator(".upload").first).to_contain_text(".jpg")
    page.fill(TEXT, "That is what I see.")
    page.click(".composer-send")
    said(desk, "That is what I see.")
    expect(desk.locator("#messages > li").filter(has_text="That is what I see.")).to_contain_text(".jpg")
    page.reload()
    expect(page.locator("[data-chat-said]")).to_have_text("Support is here.")
    computer = signed_in_seller(browser, site, scene, **DESK)
    computer.page.goto(f"/support/{number}/")
    expect(computer.page.locator("[data-chat-said]")).to_have_text("Support is here.")
    computer.page.fill(TEXT, "Now it works, thank you.")
    computer.page.click(".composer-send")
    for one in (desk, page):
        said(one, "Now it works, thank you.")
    desk.fill("#id_body", "You are welcome.")
    desk.keyboard.press("Control+Enter")
    said(page, "You are welcome.")
    desk.get_by_role("button", name="End the chat").click()
    for one in (page, computer.page):
        expect(one.locator("[data-chat-said]")).to_contain_text("Support has ended the chat.")
    expect(page.locator("main")).to_contain_text("Support has answered.")

    assert kept(site, number) == [
        f"Error 8541 when I save, {scene.tag}.",
        "Good morning. Which browser is it?",
        "Firefox on Windows.",
        "Please press Ctrl and F5 once.",
        "Wait, my train is in a tunnel.",
        "That is what I see.",
        "Now it works, thank you.",
        "You are welcome.",
    ]
    dropped = re.compile("Failed to fetch|ERR_INTERNET_DISCONNECTED|ERR_FAILED|NetworkError")
    complaints = seller.complaints + computer.complaints + helper.complaints
    assert [line for line in complaints if not dropped.search(line)] == []


def test_when_nobody_is_free_it_becomes_a_case_without_losing_a_word(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    helper = staff(browser, site)
    be_here(helper.page)
    seller = signed_in_seller(browser, site, scene, **PHONE)
    page = seller.page
    number = ask_for_a_chat(seller, f"Nobody can pay, {scene.tag}.")
    expect(page.locator("[data-chat-said]")).to_contain_text("You are next.")
    page.fill(TEXT, "It began at nine.")
    page.click(".composer-send")
    said(page, "It began at nine.")
    page.fill(TEXT, "And half a sentence that")
    helper.page.locator("[name=is_present]").uncheck()
    helper.page.locator(".support-here button[type=submit]").first.click()
    # The page's next beat tells it; without one, the clock of the site does.
    expect(page.locator("[data-chat-said]")).to_contain_text(
        "Nobody was free. Your case goes on in writing.", timeout=40_000
    )
    expect(page.locator("[data-chat-said]")).to_contain_text("Expected answer:")
    expect(page.locator(TEXT)).to_have_value("And half a sentence that")
    assert kept(site, number) == [f"Nobody can pay, {scene.tag}.", "It began at nine."]
    page.locator(TEXT).press_sequentially(" is whole now.")
    page.click(".composer-send")
    wait_for(lambda: len(kept(site, number)) == 3, "the third message")
    # There is no chat to be had just now, and the form says so before anything is typed.
    page.goto("/support/new/?topic=technical_search")
    expect(page.locator("form.case-form")).to_contain_text("Nobody is free for a chat just now.")
    assert seller.complaints + helper.complaints == []
