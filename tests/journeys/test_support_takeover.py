"""A lead takes a colleague's live chat over, then hands the case on: nobody loses what they were typing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.scene import set_scene
from tests.journeys.test_support import PHONE, faults, staff
from tests.journeys.test_support_chat import ask_for_a_chat, be_here, said, signed_in_seller
from tests.processes import Stack, engines

pytestmark = pytest.mark.services

SET_UP = (
    "from tests.support.cases import make_queue, make_staff\n"
    "from tests.support.chatting import make_chatting_queue\n"
    "queue = make_chatting_queue()\n"
    "make_staff(queue, email='sven@marketplace.example', name='Sven Hilfe')\n"
    "make_staff(queue, 'owner', email='lena@marketplace.example', name='Lena Leiterin')\n"
    "make_queue('Payments team')\n"
)


@pytest.fixture(scope="module", params=engines())
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole site with a queue that chats, its agent and its lead, and another queue."""
    folder = tmp_path_factory.mktemp("takeover")
    with Stack(request.param, folder, environment={"STAFF_SECOND_FACTOR": "off"}) as stack:
        stack.python(SET_UP)
        yield stack


def test_a_lead_takes_a_chat_over_while_all_three_pages_are_open(browser: Browser, site: Stack) -> None:
    scene = set_scene(site)
    agent = staff(browser, site)
    desk = agent.page
    be_here(desk)
    seller = signed_in_seller(browser, site, scene, **PHONE)
    number = ask_for_a_chat(seller, f"Error 8541 when I save, {scene.tag}.")
    bar = seller.page.locator("[data-chat-said]")
    desk.locator("[data-live-chats] li").get_by_role("button", name=re.compile("Take the chat")).click()
    expect(bar).to_have_text("Support is here.")
    desk.locator("#id_body").press_sequentially("Half a sentence of")

    # The lead finds the chat on the list, and everybody hears who has it now.
    lead = staff(browser, site, "lena@marketplace.example")
    lead.page.goto("/admin/support/desk/")
    line = lead.page.locator("[data-live-chats] li").filter(has_text="Sven Hilfe")
    assert faults(lead.page) == []
    line.get_by_role("button", name=re.compile("Take the chat over")).click()
    expect(lead.page).to_have_url(re.compile(rf"/desk/{number}/"))
    expect(lead.page.locator("#chat")).to_contain_text("You chat with")
    expect(desk.locator("#chat")).to_contain_text("Lena Leiterin chats with")
    expect(desk.locator("ul.messagelist")).to_have_count(0)  # "You chat with …" is over
    expect(desk.locator("#id_body")).to_have_value("Half a sentence of")
    lead.page.locator("#id_body").press_sequentially("This is Lena.")
    expect(bar).to_have_text("Support is writing …")
    lead.page.keyboard.press("Control+Enter")
    said(seller.page, "This is Lena.")
    expect(bar).to_have_text("Support is here.")
    expect(seller.page.locator("[data-chat]")).to_have_attribute("data-state", "live")
    assert faults(desk) == faults(lead.page) == []

    # Then the case goes to another queue: the agent's page says so and keeps what was typed.
    lead.page.get_by_text("Hand to another queue").click()
    lead.page.get_by_label("To the queue").select_option(label="Payments team")
    lead.page.locator("#transfer-reason").fill("It is about a payout.")
    lead.page.get_by_role("button", name="Hand over").click()
    expect(lead.page).to_have_url(re.compile(r"/support/desk/$"))
    expect(bar).to_contain_text("Another team has your case now.")
    expect(desk.locator("[data-live-news]")).to_contain_text("You do not work on this case any more")
    expect(desk.locator("#id_body")).to_have_value("Half a sentence of")
    assert seller.complaints == []
