"""How people are told: chosen by keyboard, shown by a browser, and answered by mail."""

from __future__ import annotations

import json
import re
import smtplib
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.inbound.listening import start
from tests.inbound.post import DOMAIN, SERVER, written
from tests.journeys.conftest import Person, link_in
from tests.journeys.scene import answer, set_scene, write
from tests.processes import Stack, engines
from tests.push.conftest import Browser
from tests.receiver import Receiver
from tests.sink import wait_for

pytestmark = pytest.mark.services

# Chromium subscribes at its maker's service only, and never in a window that forgets. This takes that service's place:
# a subscription as it would give one, at a push service of ours.
SERVICE = """
const fields = %s;
const subscription = {
    endpoint: fields.endpoint,
    toJSON: () => ({ endpoint: fields.endpoint, keys: { p256dh: fields.p256dh, auth: fields.auth } }),
    unsubscribe: async () => { sessionStorage.removeItem("subscribed"); return true; },
};
PushManager.prototype.getSubscription = async () => sessionStorage.getItem("subscribed") ? subscription : null;
PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly || options.applicationServerKey.length !== 65) throw new TypeError("no subscription");
    sessionStorage.setItem("subscribed", "yes");
    return subscription;
};
"""
SHOWN = "navigator.serviceWorker.ready.then((one) => one.getNotifications()).then((all) => all.map((one) => one.title))"
CLICK = """async () => {
    const [notification] = await self.registration.getNotifications();
    self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


@pytest.fixture(scope="module")
def service() -> Iterator[Receiver]:
    """A push service."""
    with Receiver(status=201) as server:
        yield server


@pytest.fixture(scope="module", params=engines())
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, service: Receiver
) -> Iterator[Stack]:
    """A site that may reach that push service, and takes mail in behind a server that says who sent it."""
    more = {"EGRESS_ALLOW": service.host_and_port, "INBOUND_DOMAIN": DOMAIN, "INBOUND_AUTHSERV_ID": SERVER}
    with Stack(request.param, tmp_path_factory.mktemp("site"), environment=more) as site:
        yield site


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the keyboard is where it is wanted."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"The Tab key does not lead to {selector}.")


def values_of(page: Page) -> dict[str, str | bool]:
    """Return what the form on the page says."""
    return {
        "message": page.input_value("[name=message_email]"),
        "reminder": page.input_value("[name=reminder_push]"),
        "hour": page.input_value("[name=digest_hour]"),
        "quiet": page.is_checked("[name=has_quiet_hours]"),
        "from": page.input_value("[name=quiet_from]"),
        "until": page.input_value("[name=quiet_until]"),
    }


def test_a_seller_chooses_by_keyboard_how_to_be_told(browser: Chromium, stack: Stack) -> None:
    """Choices, quiet hours and the hour of the summary are kept; a test mail arrives and is on the list."""
    scene = set_scene(stack)
    seller = Person(browser, stack, locale="en-GB", viewport={"width": 1280, "height": 800})
    seller.sign_in(scene.seller)
    page = seller.page
    link_in(stack, scene.seller, f"/messages/{scene.thread}/")
    page.goto("/notifications/")
    tab_to(page, "[name=message_email]")
    page.keyboard.type("once")  # the choices answer to their first letters, as in every program
    tab_to(page, "[name=reminder_push]")
    page.keyboard.press("ArrowUp")
    tab_to(page, "[name=digest_hour]")
    page.keyboard.type("18")
    tab_to(page, "[name=has_quiet_hours]")
    page.keyboard.press("Space")
    tab_to(page, "[name=quiet_from]")
    page.keyboard.type("0115AM")  # a clock of 24 hours leaves the letters out
    tab_to(page, "[name=quiet_until]")
    page.keyboard.type("0615AM")
    tab_to(page, "main form.form button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    chosen = {"message": "daily", "reminder": "off", "hour": "18", "quiet": True, "from": "01:15", "until": "06:15"}
    assert values_of(page) == chosen
    page.goto("/messages/")
    page.goto("/notifications/")
    assert values_of(page) == chosen

    tab_to(page, "form[action='/notifications/test/'] button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/notifications/sent/"))
    link_in(stack, scene.seller, "/notifications/sent/")
    row = page.locator(".told-row", has_text="Test mail")

    def is_sent() -> bool:
        page.reload()
        return row.locator(".chip").inner_text().lower() == "sent"

    wait_for(is_sent, "the list does not say that it was sent", every=0.5)
    write(stack, scene, scene.buyer, f"And the second one? {scene.tag}")
    page.reload()
    expect(page.locator(".told-row", has_text="New messages").first).to_contain_text("next at")  # the daily summary
    assert seller.complaints == []


def test_a_browser_shows_the_news_and_leads_to_it(browser: Chromium, stack: Stack, service: Receiver) -> None:
    """Turned on with a click, told by a real push only this browser can read, shown, and clicked."""
    scene = set_scene(stack)
    keys = Browser(f"http://{service.host_and_port}/send/{scene.tag}")
    buyer = Person(browser, stack, locale="en-GB", viewport={"width": 390, "height": 844})
    buyer.context.grant_permissions(["notifications"], origin=stack.base_url)
    buyer.context.add_init_script(SERVICE % json.dumps(keys.fields))
    buyer.sign_in(scene.buyer)
    page = buyer.page
    page.goto("/notifications/")
    expect(page.locator("[data-state]")).to_have_text("Notifications are off in this browser.")
    page.get_by_role("button", name="Turn on in this browser").click()
    expect(page.locator("[data-state]")).to_have_text("Notifications are on in this browser.")
    expect(page.locator("[data-device]")).to_have_count(1)
    expect(page.locator("[data-device]")).to_contain_text("(this browser)")

    page.goto("/messages/")
    answer(stack, scene, f"It comes tomorrow {scene.tag}")
    pushed = wait_for(lambda: [one for one in service.posted if scene.tag in one.path], "nothing was pushed", 60)
    told = keys.read(pushed[0].body)
    title = f"New message about order {scene.order}"
    assert (told["title"], told["body"]) == (title, f"From Shop {scene.tag}")
    assert urlsplit(told["path"]).path == f"/messages/{scene.thread}/"

    page.wait_for_function("navigator.serviceWorker.controller")
    # What a push service hands to a browser, the browser hands to our service worker.
    push_to(page, stack, told)
    wait_for(lambda: page.evaluate(SHOWN) == [title], "nothing is shown")
    push_to(page, stack, told)  # the same once more takes its place
    page.wait_for_timeout(300)
    assert page.evaluate(SHOWN) == [title]
    buyer.context.service_workers[0].evaluate(CLICK)
    expect(page).to_have_url(re.compile(f"/messages/{scene.thread}/"))
    expect(page.locator(".message").last).to_contain_text("It comes tomorrow")
    assert page.evaluate(SHOWN) == []

    page.goto("/notifications/")
    expect(page.locator("[data-device]")).to_contain_text("last told")
    page.locator("[data-device] button").click()
    expect(page.locator("[data-state]")).to_have_text("Notifications are off in this browser.")
    expect(page.locator("[data-device]")).to_have_count(0)
    assert buyer.complaints == []


def push_to(page: Page, stack: Stack, told: dict[str, str]) -> None:
    """Let the browser behave as if its push service had brought this, decrypted."""
    tools = page.context.new_cdp_session(page)
    known: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: known.extend(one["registrationId"] for one in event["registrations"]),
    )
    tools.send("ServiceWorker.enable")
    until(page, lambda: bool(known), "no service worker is registered")
    fields = {"origin": stack.base_url, "registrationId": known[-1], "data": json.dumps(told)}
    tools.send("ServiceWorker.deliverPushMessage", fields)


def until(page: Page, condition: Callable[[], bool], what: str) -> None:
    """Let the page go on until ``condition`` holds."""
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError(what)


def test_a_seller_answers_by_mail_and_the_buyer_reads_it(browser: Chromium, stack: Stack) -> None:
    """Question in the browser → mail → an ordinary answer from a mail program → the answer alone in the thread."""
    _listener, port = start(stack)
    scene = set_scene(stack)
    buyer = Person(browser, stack, viewport={"width": 390, "height": 844})
    buyer.sign_in(scene.buyer)
    page = buyer.page
    page.goto(f"/messages/new/?order={scene.order}")
    page.select_option("select[name=topic]", "where_is_it")
    page.fill("[name=subject]", f"The second lamp {scene.tag}")
    page.fill("textarea[name=body]", f"Does the second one come, too? {scene.tag}")
    page.locator("form:has(textarea[name=body]) button[type=submit]").click()
    expect(page.locator(".message")).to_have_count(1)
    link_in(stack, scene.seller, page.url.partition("#")[0].rpartition("/messages/")[2])

    mail = stack.sink.to(scene.seller)[-1]
    address = mail.message["Reply-To"].addresses[0].addr_spec
    assert address.endswith(f"@{DOMAIN}")
    quoted = "\n".join(f"> {line}" for line in mail.text.splitlines())
    said = f"Yes, both on Friday. {scene.tag}"
    text = f"{said}\n\nOn Mon, 23 Nov 2026 at 09:15, Message Center <no-reply@localhost> wrote:\n\n{quoted}\n"
    raw = written(scene.seller, address, text, In_Reply_To=mail.message_id).replace(b"\n", b"\r\n")
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail(scene.seller, [address], raw)

    reply = page.locator(".message").nth(1)
    expect(reply).to_contain_text(said, timeout=60_000)
    expect(reply.locator(".message-body")).to_have_text(said)
    # A passer-by who learnt the address does not get in with it.
    forged = written(scene.seller, address, "Pay me elsewhere.", verified="dmarc=fail")
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail("stranger@elsewhere.example", [address], forged)
    refused = "select count(*) from inbound_rawmail where state = 'refused'"
    wait_for(lambda: stack.sql(refused) == [(1,)], "the forged mail was not refused", 60)
    page.reload()
    expect(page.locator(".message")).to_have_count(2)
    assert buyer.complaints == []
