"""From an order file to an answered question: two people, two browsers, real mail, real processes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import Person, link_in, set_first_password
from tests.processes import Stack

pytestmark = pytest.mark.services

QUESTION = "Guten Tag,\nwo bleibt meine Lampe? Mehr dazu: https://example.org/hilfe"
ANSWER = "Sie ist unterwegs und kommt morgen. <b>Versprochen!</b>"


def test_buyer_and_seller_talk_about_an_order(browser: Browser, stack: Stack, order_file: Path) -> None:
    """Order file → question → mail → answer → live arrival and counter → mail."""
    stack.manage("import_orders", str(order_file))
    buyer = Person(browser, stack, locale="de-DE", viewport={"width": 390, "height": 844})
    set_first_password(buyer, "anna@buyer.example")

    buyer.page.goto("/messages/new/?order=MC-1001")
    buyer.page.select_option("select[name=topic]", "where_is_it") if buyer.page.locator(
        "select[name=topic]"
    ).count() else buyer.page.check("input[name=topic][value=where_is_it]")
    buyer.page.fill("[name=subject]", "Wo ist meine Lampe?")
    buyer.page.fill("textarea[name=body]", QUESTION)
    buyer.page.locator("form:has(textarea[name=body]) button[type=submit]").click()
    expect(buyer.page).to_have_url(re.compile(r"/messages/[0-9a-f-]{36}/"))
    expect(buyer.page.locator(".message")).to_have_count(1)
    thread_url = buyer.page.url.partition("#")[0]

    link = link_in(stack.sink, "selma@shop.example", "/messages/")
    mail = stack.sink.to("selma@shop.example")[-1]
    everything = mail.raw.decode() + mail.text + mail.html
    assert "MC-1001" in mail.message["Subject"]
    for word in ("wo bleibt", "Wo ist meine Lampe", "anna@buyer.example"):
        assert word not in everything
    assert (mail.message["Auto-Submitted"], mail.to) == ("auto-generated", ("selma@shop.example",))

    seller = Person(browser, stack, locale="en-GB", viewport={"width": 1280, "height": 800})
    set_first_password(seller, "selma@shop.example")
    seller.context.clear_cookies()
    seller.page.goto(link)
    seller.sign_in("selma@shop.example")
    expect(seller.page).to_have_url(re.compile(re.escape(thread_url.rpartition(":")[2].partition("/")[2])))
    question = seller.page.locator(".message").first
    expect(question).to_contain_text("wo bleibt meine Lampe?")
    expect(question.locator("a")).to_have_attribute("href", "https://example.org/hilfe")

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
    link_in(stack.sink, "anna@buyer.example", "/messages/")
    told = stack.sink.to("anna@buyer.example")[-1]
    assert "MC-1001" in told.message["Subject"]
    assert "unterwegs" not in told.raw.decode() + told.text
    assert buyer.complaints + seller.complaints == []


def test_reply_sent_without_javascript(browser: Browser, stack: Stack) -> None:
    """A page without scripts can read, answer, close and reopen."""
    person = Person(browser, stack, java_script_enabled=False, viewport={"width": 390, "height": 844})
    person.sign_in("anna@buyer.example")
    person.page.goto("/messages/")
    person.page.locator(".row a").first.click()
    expect(person.page.locator(".message")).to_have_count(2)
    person.page.fill("textarea[name=body]", "Danke, sie ist da.")
    person.page.click(".composer-send")
    expect(person.page.locator(".message").last).to_contain_text("sie ist da")
    person.page.locator("form[action$='/close/'] button").first.click()
    expect(person.page.locator("textarea[name=body]")).to_have_count(0)
    person.page.locator("form[action$='/reopen/'] button").first.click()
    expect(person.page.locator("textarea[name=body]")).to_have_count(1)


def test_text_survives_a_lost_session(browser: Browser, stack: Stack) -> None:
    """Signed out in another tab while writing: the text stays, and is sent after signing in again."""
    person = Person(browser, stack, viewport={"width": 1280, "height": 800})
    person.sign_in("anna@buyer.example")
    person.page.goto("/messages/")
    person.page.locator(".row a").first.click()
    person.page.fill("textarea[name=body]", "Noch eine Frage zur Birne.")
    person.context.clear_cookies(name="session")
    person.page.click(".composer-send")
    expect(person.page.locator("textarea[name=body]")).to_have_value("Noch eine Frage zur Birne.")
    other = person.context.new_page()
    other.goto("/accounts/login/")
    other.fill("input[name=login]", "anna@buyer.example")
    other.fill("input[name=password]", "correct horse battery staple")
    other.locator("form:has(input[name=password]) button[type=submit]").first.click()
    expect(other).not_to_have_url(re.compile("/accounts/login/"))
    for _try in range(2):  # the first answer may bring a fresh form token
        if person.page.locator("textarea[name=body]").input_value():
            person.page.click(".composer-send")
            person.page.wait_for_timeout(1500)
    expect(person.page.locator(".message").last).to_contain_text("Noch eine Frage zur Birne.")


def test_twenty_parallel_repeats_are_one_message(stack: Stack) -> None:
    """A lost response makes the browser ask again; twenty at once are still one message with twenty equal answers."""
    code = """
import concurrent.futures, os, urllib.request, urllib.parse, uuid
from django.conf import settings
from django.test import Client
from messagecenter.accounts.models import User
from messagecenter.threads.models import Thread
user = User.objects.get(email="selma@shop.example")
client = Client()
client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
thread = Thread.objects.get()
token = "a" * 32
fields = urllib.parse.urlencode({"body": "Only once.", "client_id": str(uuid.uuid4()), "csrfmiddlewaretoken": token})
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None
def send(_number):
    cookies = f"session={client.cookies['session'].value}; csrf={token}"
    request = urllib.request.Request(
        f"http://localhost:{os.environ['PORT']}/messages/{thread.pk}/reply/", fields.encode(), {"Cookie": cookies})
    try:
        return urllib.request.build_opener(Stay).open(request, timeout=30).headers.get("Location")
    except urllib.error.HTTPError as error:
        return error.headers.get("Location") or error.code
with concurrent.futures.ThreadPoolExecutor(20) as pool:
    answers = set(pool.map(send, range(20)))
print(len(answers), str(answers).count("#message-"), thread.messages.filter(sender__name="Nordlicht Lampen").count())
"""
    before = stack.python(
        "from messagecenter.threads.models import *; "
        "print(Message.objects.filter(sender__name='Nordlicht Lampen').count())"
    )
    assert stack.python(code) == f"1 1 {int(before) + 1}"
