"""What happens to a text when something comes between, and how news arrive when the stream cannot."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PASSWORD, Person
from tests.journeys.scene import answer, make_viewer, set_scene
from tests.processes import Stack

pytestmark = pytest.mark.services
NO_WRITER = "You can read here but not write. Ask an owner of the mailbox for the role of agent."
WIDE = {"width": 1280, "height": 800}


def sign_in_in_another_tab(person: Person, email: str) -> None:
    """Sign in again while the page with the text stays open."""
    other = person.context.new_page()
    other.goto("/accounts/login/")
    other.fill("input[name=login]", email)
    other.fill("input[name=password]", PASSWORD)
    other.locator("form:has(input[name=password]) button[type=submit]").first.click()
    expect(other).not_to_have_url(re.compile("/accounts/login/"))
    other.close()


def threads_with(stack: Stack, subject: str) -> str:
    """Return the bodies of all threads with this subject."""
    return stack.python(
        "from messagecenter.threads.models import *; from messagecenter.threads.words import *; "
        f"threads = [thread for thread in Thread.objects.all() if read_subject(thread) == {subject!r}]; "
        "print([[read_body(message) for message in thread.messages.order_by('pk')] for thread in threads])"
    )


def drafts(page: Page) -> object:
    """Return what the tab still keeps of texts."""
    return page.evaluate("Object.keys(sessionStorage).filter((key) => /draft/.test(key))")


def test_reply_survives_a_lost_session(browser: Browser, stack: Stack) -> None:
    """Signed out in another tab while writing: the text stays, and is sent after signing in again."""
    scene = set_scene(stack)
    person = Person(browser, stack, viewport=WIDE)
    person.sign_in(scene.buyer)
    page = person.page
    page.goto(f"/messages/{scene.thread}/")
    page.fill("textarea[name=body]", "One more question about the bulb.")
    person.context.clear_cookies(name="session")
    page.click(".composer-send")
    expect(page.locator("#composer-errors")).to_contain_text("You were signed out while writing.")
    expect(page.locator("textarea[name=body]")).to_have_value("One more question about the bulb.")
    sign_in_in_another_tab(person, scene.buyer)
    page.click(".composer-send")  # the page sends by itself once more with the fresh token
    expect(page.locator(".message").last).to_contain_text("One more question about the bulb.")
    expect(page.locator("textarea[name=body]")).to_have_value("")
    assert threads_with(stack, f"Question {scene.tag}") == str(
        [[f"First question {scene.tag}", "One more question about the bulb."]]
    )
    assert drafts(page) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_new_thread_survives_a_lost_session(browser: Browser, stack: Stack, scripts: bool) -> None:
    """The first message, too: kept, sent again after signing in in another tab, and there is one thread."""
    scene = set_scene(stack)
    subject, text = f"Second {scene.tag}", "Does it come\nwith a bulb? <b>&amp;</b>"
    person = Person(browser, stack, viewport=WIDE, java_script_enabled=scripts)
    person.sign_in(scene.buyer)
    page = person.page
    page.goto(f"/messages/new/?order={scene.order}")
    page.select_option("select[name=topic]", "product_question")
    page.fill("[name=subject]", subject)
    page.fill("textarea[name=body]", text)
    person.context.clear_cookies(name="session")
    page.locator("form:has(textarea[name=body]) button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not sent, but nothing is lost")
    expect(page.locator("textarea[name=body]")).to_have_value(text)
    assert threads_with(stack, subject) == "[]"
    sign_in_in_another_tab(person, scene.buyer)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".lead").first).to_contain_text("The form had expired. Nothing is lost")
    expect(page.locator("textarea[name=body]")).to_have_value(text)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#thread-heading")).to_have_text(subject)
    expect(page.locator(".message")).to_have_count(1)
    assert threads_with(stack, subject) == str([[text]])
    if scripts:
        page.goto(f"/messages/new/?order={scene.order}")
        expect(page.locator("textarea[name=body]")).to_have_value("")
        assert drafts(page) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_text_comes_back_to_a_member_who_became_a_viewer(browser: Browser, stack: Stack, scripts: bool) -> None:
    """Demoted while writing: nothing is sent, the text and a sentence come back, and so it is once more an agent's."""
    scene = set_scene(stack)
    person = Person(browser, stack, viewport=WIDE, java_script_enabled=scripts)
    person.sign_in(scene.agent)
    page = person.page
    page.goto(f"/messages/{scene.thread}/")
    page.fill("textarea[name=body]", "It left on Monday.")
    make_viewer(stack, scene.agent)
    with page.expect_response("**/reply/") as answered:
        page.click(".composer-send")
    assert answered.value.status == 403
    expect(page.get_by_text(NO_WRITER)).to_be_visible()
    expect(page.locator("textarea[name=body]")).to_have_value("It left on Monday.")
    assert threads_with(stack, f"Question {scene.tag}") == str([[f"First question {scene.tag}"]])
    assert person.complaints == []


def test_what_is_being_written_outlives_the_news_that_it_cannot_be_sent(browser: Browser, stack: Stack) -> None:
    """The page looked again, showed "You may read here" in the place of the text, and the text was gone."""
    scene = set_scene(stack)
    person = Person(browser, stack, viewport=WIDE)
    person.sign_in(scene.agent)
    page = person.page
    page.goto(f"/messages/{scene.thread}/")
    page.fill("textarea[name=body]", "It left on Monday.")
    make_viewer(stack, scene.agent)
    page.locator(".thread-head").evaluate("head => { head.dataset.old = 'yes'; }")
    changed = "id => document.dispatchEvent(new CustomEvent('mailbox:change', {detail: {threads: [id]}}))"
    page.evaluate(changed, scene.thread)
    expect(page.locator(".thread-head[data-old]")).to_have_count(0)
    expect(page.locator("textarea[name=body]")).to_have_value("It left on Monday.")
    page.click(".composer-send")
    expect(page.get_by_text(NO_WRITER)).to_be_visible()
    expect(page.locator("textarea[name=body]")).to_have_value("It left on Monday.")

    page.reload()
    expect(page.locator(".composer-shut")).to_be_visible()
    assert person.complaints == []


def without_stream(person: Person) -> Page:
    """Open the inbox in a browser whose streams break, as behind a proxy that allows none, and wait for the polls."""
    person.context.route("**/live/stream/**", lambda route: route.abort())
    person.page.goto("/messages/")
    person.page.locator("#line").evaluate("line => { line.dataset.pollSeconds = '1'; }")
    with person.page.expect_response(re.compile("/live/changes/"), timeout=40_000):
        pass
    return person.page


def test_news_from_before_the_first_poll_are_shown(browser: Browser, stack: Stack) -> None:
    """What happens between loading the tab's first page and its first look at what changed is not lost."""
    scene = set_scene(stack)
    person = Person(browser, stack, viewport=WIDE, service_workers="block")
    person.sign_in(scene.buyer)
    person.context.route("**/live/**", lambda route: route.abort())
    inbox = person.context.new_page()  # a tab with no place in the stream yet
    inbox.goto("/messages/")
    answer(stack, scene, "It comes tomorrow.")
    person.context.unroute("**/live/**")
    expect(inbox.locator(".row").first).to_contain_text("It comes tomorrow.", timeout=60_000)
    expect(inbox.locator("[data-counter=unread]").first).to_have_text("1")


def test_news_arrive_by_polling_without_a_stream(browser: Browser, stack: Stack) -> None:
    """A proxy that allows no stream: the list's row and counters arrive, and the message of an open thread."""
    scene = set_scene(stack)
    person = Person(browser, stack, viewport=WIDE, service_workers="block")
    person.sign_in(scene.buyer)
    inbox = without_stream(person)
    expect(inbox.locator("[data-counter=unread]").first).to_have_text("")
    answer(stack, scene, "It comes tomorrow.")
    expect(inbox.locator(".row").first).to_contain_text("It comes tomorrow.")
    expect(inbox.locator("[data-counter=unread]").first).to_have_text("1")
    expect(inbox.locator("[data-counter=needs_reply]").first).to_have_text("1")

    inbox.locator(".row a").first.click()  # opens beside the list: the same page goes on polling
    expect(inbox.locator("#thread .message")).to_have_count(2)
    answer(stack, scene, "Or the day after.")
    expect(inbox.locator("#thread .message").last).to_contain_text("Or the day after.")
    expect(inbox.locator("#line")).to_have_text("")
    assert [text for text in person.complaints if "ERR_FAILED" not in text] == []
