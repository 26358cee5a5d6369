"""From an order file to an answered question: two people, two browsers, real mail, real processes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import Person, link_in, set_first_password
from tests.journeys.scene import make_viewer, set_scene
from tests.processes import Stack

pytestmark = pytest.mark.services

QUESTION = "Guten Tag,\nwo bleibt meine Lampe? Mehr dazu: https://www.dhl.de/hilfe"
WRITING = ("textarea[name=body]", "form[action$='/close/']", "form[action$='-needed/']", "a[href^='/messages/new/']")
ANSWER = "Sie ist unterwegs und kommt morgen. <b>Versprochen!</b>"


def test_buyer_and_seller_talk_about_an_order(browser: Browser, stack: Stack, order_file: Path) -> None:
    """Order file → question → mail → answer → live arrival and counter → mail."""
    stack.manage("import_orders", str(order_file))
    buyer = Person(browser, stack, locale="de-DE", viewport={"width": 390, "height": 844})
    set_first_password(buyer, "anna@buyer.example")

    buyer.page.goto("/messages/new/?order=MC-1001")
    buyer.page.select_option("select[name=topic]", "where_is_it")
    buyer.page.fill("[name=subject]", "Wo ist meine Lampe?")
    buyer.page.fill("textarea[name=body]", QUESTION)
    buyer.page.locator("form:has(textarea[name=body]) button[type=submit]").click()
    expect(buyer.page).to_have_url(re.compile(r"/messages/[0-9a-f-]{36}/"))
    expect(buyer.page.locator(".message")).to_have_count(1)
    thread_url = buyer.page.url.partition("#")[0]

    link = link_in(stack, "selma@shop.example", "/messages/")
    mail = stack.sink.to("selma@shop.example")[-1]
    everything = mail.raw.decode() + mail.text + mail.html
    assert "MC-1001" in mail.message["Subject"]
    for word in ("wo bleibt", "Wo ist meine Lampe", "anna@buyer.example"):
        assert word not in everything
    assert (mail.message["Auto-Submitted"], mail.to) == ("auto-generated", ("selma@shop.example",))

    seller = Person(browser, stack, locale="en-GB", viewport={"width": 1280, "height": 800})
    set_first_password(seller, "selma@shop.example")
    seller.page.goto("about:blank")  # a page left open would ask for news with a session that is gone
    seller.context.clear_cookies()
    seller.page.goto(link)
    seller.sign_in("selma@shop.example")
    expect(seller.page).to_have_url(re.compile(re.escape(thread_url.rpartition(":")[2].partition("/")[2])))
    question = seller.page.locator(".message").first
    expect(question).to_contain_text("wo bleibt meine Lampe?")
    expect(question.locator(".message-body a")).to_have_attribute("href", "https://www.dhl.de/hilfe")

    inbox = buyer.context.new_page()
    inbox.goto("/messages/")
    expect(inbox.locator("[data-counter=unread]").first).to_have_text("")
    seller.page.fill("textarea[name=body]", ANSWER)
    seller.page.click(".composer-send")
    expect(seller.page.locator(".message")).to_have_count(2)
    expect(seller.page.locator("textarea[name=body]")).to_have_value("")
    expect(seller.page.locator(".message b")).to_have_count(2)  # the names; the answer's <b> is text

    expect(inbox.locator("[data-counter=needs_reply]").first).to_have_text("1")
    expect(inbox.locator(".row").first).to_contain_text("Sie ist unterwegs")
    expect(buyer.page.locator(".message")).to_have_count(2)
    expect(buyer.page.locator(".message").last).to_contain_text("kommt morgen. <b>Versprochen!</b>")
    link_in(stack, "anna@buyer.example", "/messages/")
    told = stack.sink.to("anna@buyer.example")[-1]
    assert "MC-1001" in told.message["Subject"]
    assert "unterwegs" not in told.raw.decode() + told.text
    assert buyer.complaints + seller.complaints == []


def test_reply_sent_without_javascript(browser: Browser, stack: Stack) -> None:
    """A page without scripts can read, answer, close and reopen."""
    scene = set_scene(stack)
    person = Person(browser, stack, java_script_enabled=False, viewport={"width": 390, "height": 844})
    person.sign_in(scene.buyer)
    person.page.goto("/messages/")
    person.page.locator(".row a").first.click()
    expect(person.page.locator(".message")).to_have_count(1)
    person.page.fill("textarea[name=body]", "Danke, sie ist da.")
    person.page.click(".composer-send")
    expect(person.page.locator(".message").last).to_contain_text("sie ist da")
    person.page.locator("details:has(form[action$='/close/']) > summary").first.click()
    person.page.locator("form[action$='/close/'] button").first.click()
    expect(person.page.locator("textarea[name=body]")).to_have_count(0)
    person.page.locator("form[action$='/reopen/'] button >> visible=true").first.click()
    expect(person.page.locator("textarea[name=body]")).to_have_count(1)


def test_buyer_asks_about_a_product(browser: Browser, stack: Stack) -> None:
    """Before buying: a question about a product reaches its shop, which answers it."""
    scene = set_scene(stack)
    buyer = Person(browser, stack, viewport={"width": 1280, "height": 800})
    buyer.sign_in(scene.buyer)
    buyer.page.goto(f"/messages/new/?product={scene.product}")
    expect(buyer.page.locator(".about")).to_contain_text(f"Oak lamp {scene.tag}")
    buyer.page.select_option("select[name=topic]", "details")
    buyer.page.fill("[name=subject]", "Can it be dimmed?")
    buyer.page.fill("textarea[name=body]", "Does it work with a dimmer on the wall?")
    buyer.page.locator("form:has(textarea[name=body]) button[type=submit]").click()
    expect(buyer.page.locator(".message")).to_have_count(1)
    expect(buyer.page.locator("#thread .about")).to_contain_text(f"Oak lamp {scene.tag}")

    link_in(stack, scene.seller, buyer.page.url.partition("#")[0].rpartition("/messages/")[2])
    seller = Person(browser, stack, viewport={"width": 1280, "height": 800})
    seller.sign_in(scene.seller)
    seller.page.goto("/messages/?box=needs_reply")
    seller.page.locator(".row", has_text="Can it be dimmed?").locator("a").first.click()
    expect(seller.page.locator("#thread .about")).to_contain_text(f"Oak lamp {scene.tag}")
    expect(seller.page.locator(".message")).to_contain_text("with a dimmer on the wall?")
    seller.page.fill("textarea[name=body]", "Yes, with any.")
    seller.page.click(".composer-send")
    expect(buyer.page.locator(".message").last).to_contain_text("Yes, with any.")
    assert buyer.complaints + seller.complaints == []


def test_viewer_reads_and_cannot_write(browser: Browser, stack: Stack) -> None:
    scene = set_scene(stack)
    make_viewer(stack, scene.agent)
    viewer = Person(browser, stack, viewport={"width": 1280, "height": 800})
    viewer.sign_in(scene.agent)
    viewer.page.goto(f"/messages/{scene.thread}/")
    expect(viewer.page.locator(".message")).to_contain_text(f"First question {scene.tag}")
    expect(viewer.page.locator(".composer-shut")).to_contain_text("You may read here, but not write.")
    expect(viewer.page.locator(".row")).to_have_count(1)  # the list beside it has come, too
    for control in WRITING:
        expect(viewer.page.locator(control)).to_have_count(0)
    seller = Person(browser, stack, viewport={"width": 1280, "height": 800})
    seller.sign_in(scene.seller)
    seller.page.goto(f"/messages/{scene.thread}/")
    expect(seller.page.locator(".row")).to_have_count(1)
    for control in WRITING:
        expect(seller.page.locator(control)).not_to_have_count(0)
    assert viewer.complaints == []


def test_phone_menu_leads_to_the_messages(browser: Browser, stack: Stack) -> None:
    """Three lines, then "Messages": the inbox is two touches away from every page."""
    scene = set_scene(stack)
    person = Person(browser, stack, viewport={"width": 390, "height": 844}, has_touch=True, locale="en-GB")
    person.sign_in(scene.buyer)
    page = person.page
    page.goto("/accounts/profile/")
    link = page.get_by_role("navigation", name="Menu").get_by_role("link", name="Messages", exact=True)
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).tap()
    expect(link).to_be_visible()
    assert [fault["id"] for fault in Axe().run(page).response["violations"]] == []
    link.tap()
    expect(page).to_have_url(re.compile(r"/messages/$"))
    expect(page.get_by_role("heading", level=1, name="Inbox")).to_be_visible()
    expect(page.locator(".row")).to_contain_text(f"Question {scene.tag}")
    assert person.complaints == []


def test_twenty_parallel_repeats_are_one_message(stack: Stack) -> None:
    """A lost response makes the browser ask again; twenty at once are still one message with twenty equal answers."""
    scene = set_scene(stack)
    code = f"""
import concurrent.futures, os, urllib.request, urllib.parse, uuid
from django.conf import settings
from django.test import Client
from messagecenter.accounts.models import User
from messagecenter.threads.models import Thread
user = User.objects.get(email="{scene.seller}")
client = Client()
client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
thread = Thread.objects.get(pk="{scene.thread}")
token = "a" * 32
fields = urllib.parse.urlencode({{"body": "Only once.", "client_id": str(uuid.uuid4()), "csrfmiddlewaretoken": token}})
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None
def send(_number):
    cookies = f"session={{client.cookies['session'].value}}; csrf={{token}}"
    url = f"http://localhost:{{os.environ['PORT']}}/messages/{{thread.pk}}/reply/"
    request = urllib.request.Request(url, fields.encode(), {{"Cookie": cookies}})
    try:
        return urllib.request.build_opener(Stay).open(request, timeout=30).headers.get("Location")
    except urllib.error.HTTPError as error:
        return error.headers.get("Location") or error.code
with concurrent.futures.ThreadPoolExecutor(20) as pool:
    answers = set(pool.map(send, range(20)))
print(len(answers), str(answers).count("#message-"), thread.messages.filter(sender__name="Shop {scene.tag}").count())
"""
    assert stack.python(code) == "1 1 1"
