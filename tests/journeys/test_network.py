"""The network fails while a message is sent: the text stays, it says so, and sending again makes one message."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.journeys.conftest import Person
from tests.journeys.scene import set_scene
from tests.processes import Stack

TEXT = "#composer textarea[name=body]"


@pytest.mark.parametrize("arrived", [True, False], ids=["the answer is lost", "the request is lost"])
def test_message_is_sent_once_over_a_network_that_drops(browser: Browser, stack: Stack, arrived: bool) -> None:
    scene = set_scene(stack)
    person = Person(browser, stack)
    person.sign_in(scene.seller)
    page = person.page
    # The line is bad for everything: otherwise the stream may tell that the message arrived, and the text is gone.
    page.route("**/live/**", lambda route: route.abort("internetdisconnected"))
    page.goto(f"/messages/{scene.thread}/")

    def drop(route: Route) -> None:
        if arrived:
            route.fetch()
        route.abort("internetdisconnected")

    page.route("**/reply/", drop, times=1)
    page.fill(TEXT, "Sent over a bad line")
    page.locator(".composer-send").click()
    expect(page.locator(".composer-left[data-failed]")).to_be_visible()
    expect(page.locator(TEXT)).to_have_value("Sent over a bad line")

    page.locator(".composer-send").click()
    expect(page.locator(TEXT)).to_have_value("")
    expect(page.locator(".message").filter(has_text="Sent over a bad line")).to_have_count(1)
    page.unroute("**/live/**")
    page.reload()
    expect(page.locator(".message").filter(has_text="Sent over a bad line")).to_have_count(1)
    expect(page.locator(TEXT)).to_have_value("")
    assert [line for line in person.complaints if "Failed to fetch" not in line] == []  # what htmx says of it
