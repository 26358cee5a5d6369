"""Every page in both languages, both themes and four widths: no accessibility fault, no overflow, no complaint."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from support.demo_cases import MATTERS
from support.demo_script import INQUIRIES, SCENES
from tests.journeys.conftest import Person
from tests.processes import Stack

pytestmark = pytest.mark.services
PICTURES = Path(__file__).with_name("screenshots")
THREAD = "/messages/ (the first row)"
LOOKS: dict[str, dict[str, Any]] = {
    "wide-light-en": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en-GB"},
    "huge-dark-en": {"viewport": {"width": 1920, "height": 1080}, "color_scheme": "dark", "locale": "en-GB"},
    "phone-light-en": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "locale": "en-GB"},
    "phone-dark-de": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "de-DE"},
    "narrow-light-de": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light", "locale": "de-DE"},
}
PAGES = {
    "": [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/privacy/who-can-read/",
        "/policy/",
        "/offline/",
        "/no-such-page/",
        "/outbox/",
    ],
    "buyer@example.com": [
        "/messages/",
        THREAD,
        "/messages/new/",
        "/messages/new/?order=MC-2026-10231",
        "/accounts/",
        "/accounts/profile/",
        "/accounts/2fa/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/messages/decisions/",
        "/messages/reports/",
        "/messages/blocked/",
        "/notifications/",
        "/notifications/sent/",
    ],
    "seller@example.com": [
        "/messages/",
        "/messages/?box=unread",
        "/messages/?box=needs_reply",
        "/messages/?box=sent",
        "/messages/?order=nothing",
        "/messages/?box=trash",
        "/messages/?priority=urgent&since=2026-11-01&sort=waiting",
        "/messages/new/?order=MC-2026-10231",
        "/messages/decisions/",
        THREAD,
        "/accounts/members/",
        "/notifications/",
        "/settings/webhooks/",
        "/settings/webhooks/new/",
        "/support/",
        "/support/?q=parcel&show=all",
        "/support/?show=closed",
        "/support/new/",
        "/support/new/?topic=orders_buyer&order=MC-2026-10231",
    ],
}
# Seen less often: with the look that is narrowest and longest in words, and with its opposite. The words in braces are
# ids of the demo; the number says how the page answers.
RARE_LOOKS = ("narrow-light-de", "huge-dark-en")
RARE_PAGES = {
    "buyer@example.com": {
        "/admin/": 403,
        "/crash/": 500,
        "/accounts/invitations/no-such-invitation/": 404,
        "/messages/new/?order=MC-2026-10552": 200,  # a basket from two shops: the shop is chosen first
        "/messages/new/?product={product}": 200,
        "/messages/{closed}/": 200,
        "/messages/{closed}/block/": 200,
        "/messages/decisions/{decision}/": 200,
        "/messages/reports/{report}/": 200,
        "/messages/{told_thread}/report/{told}/": 200,
    },
    "seller@example.com": {
        "/support/new/?topic=payments_fee": 200,
        "/support/new/?topic=policy_message&thread={shop_thread}": 200,
        "/support/{answered}/": 200,
        "/support/{resolved}/": 200,
    },
    "viewer@example.com": {
        "/support/{answered}/": 200,
        "/messages/": 200,
        "/messages/{shop_thread}/": 200,
        "/messages/{shop_closed}/": 200,
        "/messages/{shop_thread}/files/": 200,
    },
}


BAR_IS_NARROW = """() => {
    const bar = document.querySelector("body > .bar");
    return Boolean(bar?.getClientRects().length) && bar.offsetWidth < document.documentElement.clientWidth;
}"""


@dataclass(frozen=True)
class Demo:
    """The demo site, its people's password, and ids for the pages that need one."""

    stack: Stack
    password: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo site, with a viewer in its shop."""
    environment = {"STAFF_SECOND_FACTOR": "off"}
    settings = "tests.journeys.leaky"  # has a page that crashes
    folder = tmp_path_factory.mktemp("demo")
    with Stack("sqlite", folder, start=("web",), environment=environment, settings=settings) as stack:
        printed = stack.manage("demo")
        password = re.search(r"buyer@example.com\s+(\S+)", printed)
        assert password is not None
        assert stack.manage("demo") == stack.manage("demo", "--logins")  # a second run changes nothing
        yield Demo(stack, password[1], json.loads(stack.python(ADD_A_VIEWER.format(password=password[1]))))


ADD_A_VIEWER = """
import json
from messagecenter.accounts.models import *
from messagecenter.moderation.models import Report
from messagecenter.policy.models import Decision
from messagecenter.threads.models import *
from orders.models import Product
from support.models import Case
from tests.factories import MembershipFactory, UserFactory
shop = User.objects.get(email="seller@example.com").mailboxes.get()
viewer = UserFactory(email="viewer@example.com", name="Vera Leserin", language="", password="{password}")
MembershipFactory(user=viewer, mailbox=shop, role=Role.VIEWER)
bought = Entry.objects.filter(mailbox__memberships__user__email="buyer@example.com")
sold = Entry.objects.filter(mailbox=shop)
closed, open = {{"thread__state": "closed"}}, {{"thread__state": "open"}}
report = Report.objects.get(mailbox__memberships__user__email="buyer@example.com")
stopped = Decision.objects.filter(mailbox__memberships__user__email="buyer@example.com").order_by("pk")[0]
told = Message.objects.filter(thread__in=bought.values("thread"), sender=shop, state="delivered").exclude(
    pk=report.message_id).order_by("pk")[0]
found = dict(decision=stopped.pk, report=report.pk, told=told.pk, told_thread=told.thread_id,
    product=Product.objects.order_by("title")[0].pk, closed=bought.filter(**closed)[0].thread_id,
    answered=Case.objects.filter(status="answered")[0].number,
    resolved=Case.objects.filter(status="resolved")[0].number,
    shop_thread=sold.filter(**open).exclude(topic="case")[0].thread_id, shop_closed=sold.filter(**closed)[0].thread_id)
print(json.dumps(found, default=str))
"""


def open_page(page: Page, path: str) -> None:
    """Open a page and wait until it stands still."""
    page.goto("/messages/" if path == THREAD else path)
    if path == THREAD:
        page.locator(".row a").first.click()
        page.locator("#thread .message").first.wait_for()
    page.wait_for_load_state("networkidle") if not page.locator("#line").count() else page.wait_for_timeout(300)


def faults_of(page: Page, path: str) -> list[str]:
    """Return what is wrong with the open page: against the rules of accessibility, or wider than the window."""
    found = Axe().run(page).response["violations"]
    faults = [f"{path}: {one['id']} at {[node['target'] for node in one['nodes']][:3]}" for one in found]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        faults.append(f"{path}: wider than the window")
    if page.evaluate(BAR_IS_NARROW):
        faults.append(f"{path}: the bar above the page does not go across it")
    return faults


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("who", PAGES, ids=["anonymous", "buyer", "seller"])
def test_pages_are_accessible_and_fit(browser: Browser, demo: Demo, who: str, look: str) -> None:
    person = Person(browser, demo.stack, reduced_motion="reduce", **LOOKS[look])
    if who:
        person.sign_in(who, demo.password)
    faults = []
    for path in PAGES[who]:
        open_page(person.page, path)
        faults += faults_of(person.page, path)
    assert faults == []
    assert person.complaints == []


@pytest.mark.parametrize("look", RARE_LOOKS)
@pytest.mark.parametrize("who", RARE_PAGES, ids=["buyer", "seller", "viewer"])
def test_rare_pages_are_accessible_and_fit(browser: Browser, demo: Demo, who: str, look: str) -> None:
    person = Person(browser, demo.stack, reduced_motion="reduce", **LOOKS[look])
    person.sign_in(who, demo.password)
    faults, statuses = [], {}
    for path in RARE_PAGES[who]:
        address = path.format(**demo.ids)
        answer = person.page.goto(address)
        statuses[path] = answer.status if answer else 0
        faults += faults_of(person.page, path)
    assert statuses == RARE_PAGES[who]
    assert faults == []
    assert [text for text in person.complaints if "status of 500" not in text] == []


FURNISH = """
import json
from messagecenter.accounts.models import *
from messagecenter.filing.models import *
from messagecenter.replies.actions import save_reply
seller = User.objects.get(email="seller@example.com")
shop = seller.mailboxes.get()
outer = Folder.objects.create(mailbox=shop, name="Returns and everything that came back in " + "w" * 18)
inner = Folder.objects.create(mailbox=shop, name="Damaged", parent=outer)
empty = Folder.objects.create(mailbox=shop, name="Broken glass", parent=inner)
Label.objects.create(mailbox=shop, name="Refund that was promised by phone", color="red")
rule = FilingRule.objects.create(mailbox=shop, name="Returns", conditions={"topic": "where_is_it"},
    outcomes=[{"verb": "move", "value": str(inner.pk)}, {"verb": "priority", "value": "1"}])
FilingRule.objects.create(mailbox=shop, name="Gone", position=1, is_broken=True, conditions={"topic": "where_is_it"},
    outcomes=[{"verb": "move", "value": str(shop.pk)}])
for name, query in (("Lamp", "q=lamp"), ("Urgent ones with a rather long name", "priority=urgent")):
    saved = SavedFilter.objects.create(mailbox=shop, name=name, query=query, is_pinned=True)
    FilterCount.objects.create(saved=saved, number=7, counted_at="2026-11-22T10:00Z")
text = "Guten Tag {buyer_name}, Ihre Bestellung {order_number} ist unterwegs."
made = save_reply(by=seller, mailbox=shop, name="On its way", language="de", text=text)
print(json.dumps(dict(folder=outer.pk, empty=empty.pk, rule=rule.pk, reply=made.pk), default=str))
"""


@pytest.fixture(scope="module")
def furnished(demo: Demo) -> Iterator[dict[str, str]]:
    """Give the demo's shop folders, rules, replies and pinned filters, and lists of four rows; return their ids."""
    stack = demo.stack
    stack.environment["PAGE_THREADS"] = "4"
    stack.start("web")
    yield json.loads(stack.python(FURNISH).splitlines()[-1])
    del stack.environment["PAGE_THREADS"]
    stack.start("web")


class Looker:
    """Collects what is wrong with each state of a page, in both themes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []

    def look(self, state: str) -> None:
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.faults += [f"{scheme} {fault}" for fault in faults_of(self.page, state)]

    def open(self, address: str, state: str = "") -> None:
        self.page.goto(address)
        self.look(state or address)

    def send(self, form: str) -> None:
        """Send a form as it is, past what the browser itself would stop."""
        self.page.eval_on_selector(form, "form => { form.noValidate = true; }")
        self.page.locator(f"{form} [type=submit]").first.click()


@pytest.mark.parametrize("look", ["wide-light-en", "phone-dark-de"])
def test_states_of_keeping_order(browser: Browser, demo: Demo, furnished: dict[str, str], look: str) -> None:
    """Rules, folders, filters and replies: listed, edited, refused, at work, asked about."""
    person = Person(browser, demo.stack, **LOOKS[look])
    person.sign_in("seller@example.com", demo.password)
    page, at = person.page, Looker(person.page)
    at.open("/messages/rules/")
    page.locator(f"form[action$='{furnished['rule']}/apply/'] button").click()
    at.look("a rule being applied")
    at.open(f"/messages/rules/{furnished['rule']}/")
    page.goto("/messages/rules/new/")
    at.send("main form.form")
    at.look("a rule refused")
    page.goto("/messages/folders/")
    for summary in page.locator("main details > summary").all():
        summary.click()
    at.look("folders and labels with their forms open")
    at.open(f"/messages/folders/{furnished['folder']}/delete/")
    page.goto("/messages/saved/")
    page.locator("main details > summary").first.click()
    at.look("saved filters")
    at.open("/messages/replies/")
    page.goto(f"/messages/replies/{furnished['reply']}/")
    page.locator("button[value=preview]").click()
    at.look("a reply with its preview")
    at.open("/messages/replies/automatic/")
    for name in ("", "waits/", "rules/"):
        at.open(f"/messages/figures/{name}")
    assert at.faults == []
    assert person.complaints == []


@pytest.mark.parametrize("look", ["wide-light-en", "phone-dark-de"])
def test_states_of_lists_and_writing(browser: Browser, demo: Demo, furnished: dict[str, str], look: str) -> None:
    """Filter and help open, nothing found, more to load, a toast with undo, keys, replies at hand, two drafts."""
    person = Person(browser, demo.stack, **LOOKS[look])
    person.sign_in("seller@example.com", demo.password)
    page, at = person.page, Looker(person.page)
    is_phone = look.startswith("phone")
    page.goto("/messages/?box=all")
    page.locator(".row-more").wait_for()
    at.look("more to load")
    page.locator(".finder-more > summary").click()
    at.look("the filter open")
    page.locator(".finder-help > summary").click()
    at.look("the filter and its help open")
    if is_phone:
        page.goto("/messages/")
        page.locator("[popovertarget]").first.click()
        at.look("the menu with folders and pinned filters")
    for address in (
        f"?folder={furnished['empty']}",
        "?q=Zwetschgendatschi",
        "?box=mine",
        "?since=2026-13-01",
        "drafts/",
    ):
        at.open(f"/messages/{address}")
    page.goto("/messages/?box=all")
    page.locator(".row a").first.click()
    page.locator("#thread .message").first.wait_for()
    page.locator(".thread-tools").get_by_role("button", name=re.compile("Archive|Archivieren")).click()
    page.locator("#toast button").first.wait_for()
    at.look("a toast with undo")
    page.locator("#toast button").first.click()
    if not is_phone:
        page.goto("/messages/")
        page.keyboard.press("?")
        page.get_by_role("dialog").wait_for()
        at.look("the keyboard's help")
    page.goto("/messages/new/?order=MC-2026-10231")
    page.locator("a[data-replies]").first.click()
    page.locator("#replies-panel [role=option]").first.wait_for()
    at.look("saved replies beside a new message")
    page.goto(f"/messages/{demo.ids['shop_thread']}/")
    other = Person(browser, demo.stack, **LOOKS[look])
    other.sign_in("seller@example.com", demo.password)
    other.page.goto(page.url)
    with other.page.expect_response(lambda answer: "draft" in answer.url and answer.request.method == "POST"):
        other.page.fill("#composer-body", f"From another device, {look}")  # the other look's is there already
    page.fill("#composer-body", f"From this one, {look}")
    page.locator(".draft-conflict-other").wait_for()
    at.look("two drafts")
    assert at.faults == []
    assert person.complaints == []


def test_admin_shows_metadata_and_words_only_for_a_reason(browser: Browser, demo: Demo) -> None:
    """Staff find a thread without reading it; a stated reason shows it and is logged."""
    staff = Person(browser, demo.stack, viewport={"width": 1280, "height": 800}, locale="en-GB")
    staff.sign_in("admin@example.com", demo.password)
    page = staff.page
    scenes = [*itertools.chain(*SCENES.values()), *INQUIRIES]
    lines = {line for scene in scenes for _side, text in scene.lines for line in text.splitlines() if len(line) > 20}
    lines |= {line for matter in MATTERS for line in matter.body.splitlines() if len(line) > 20}
    subjects = {scene.subject for scene in scenes} | {matter.subject for matter in MATTERS}
    words = subjects | lines

    def read() -> set[str]:
        """Return the subjects and lines of messages that are on the page."""
        return {word for word in words if word in page.content() or word in page.locator("#content").inner_text()}

    page.goto("/admin/threads/thread/")
    assert page.locator("#result_list th a").count() > 5
    assert read() == set()
    page.locator("#result_list th a").first.click()
    page.get_by_role("link", name=re.compile("Read the messages")).wait_for()
    assert read() == set()
    page.get_by_role("link", name=re.compile("Read the messages")).click()
    page.fill("textarea[name=reason]", "too short")
    page.get_by_role("button", name="Read the messages").click()
    assert page.locator(".errorlist").count() == 1
    assert read() == set()
    page.fill("textarea[name=reason]", "Case 4711: the buyer says the answer was rude.")
    page.get_by_role("button", name="Read the messages").click()
    page.locator("#content .module").first.wait_for()
    shown = read()
    assert len(shown & subjects) == 1
    assert shown & lines
    page.goto("/admin/threads/disclosure/")
    assert "Case 4711" in page.locator("#result_list").inner_text()
    assert read() == set()
    assert staff.complaints == []


@pytest.mark.parametrize(
    ("name", "who", "look", "path"),
    [
        ("inbox-desktop", "seller@example.com", "wide-light-en", THREAD),
        ("inbox-phone", "seller@example.com", "phone-dark-de", "/messages/"),
        ("thread-phone", "buyer@example.com", "phone-dark-de", THREAD),
        ("new-desktop", "buyer@example.com", "wide-light-en", "/messages/new/?order=MC-2026-10231"),
    ],
)
def test_screenshots_for_the_readme(
    browser: Browser, demo: Demo, tmp_path: Path, name: str, who: str, look: str, path: str
) -> None:
    """The README's pictures can be made anew: WRITE_SCREENSHOTS=1 puts them into the project."""
    person = Person(browser, demo.stack, reduced_motion="reduce", **LOOKS[look])
    person.sign_in(who, demo.password)
    open_page(person.page, path)
    folder = PICTURES if os.environ.get("WRITE_SCREENSHOTS") else tmp_path
    folder.mkdir(exist_ok=True)
    person.page.screenshot(path=folder / f"{name}.png", caret="initial")
    assert (PICTURES / f"{name}.png").stat().st_size > 20_000
