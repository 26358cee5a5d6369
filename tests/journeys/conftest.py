"""A real Chromium in front of real processes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.factories import PASSWORD
from tests.processes import Stack, engines
from tests.sink import wait_for

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the system's Chromium, and keep it from looking for its maker's servers."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    return browser_type_launch_args | {"executable_path": shutil.which("chromium"), "args": quiet}


@pytest.fixture(autouse=True)
def _pages_are_closed(browser: Browser) -> Iterator[None]:
    """Leave no page behind that goes on asking a site for news."""
    yield
    for context in list(browser.contexts):
        context.close()


@pytest.fixture(scope="module", params=engines())
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole site: once as ``./dev run`` starts it, once as production does."""
    with Stack(request.param, tmp_path_factory.mktemp("site")) as site:
        yield site


class Person:
    """Someone at a browser of their own."""

    def __init__(self, browser: Browser, stack: Stack, **options: Any) -> None:
        self.context: BrowserContext = browser.new_context(base_url=stack.base_url, **options)
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.stack = stack

    def _listen(self, message: Any) -> None:
        # A refused form (422, 409) is an answer, not a fault of the page.
        if message.type == "error" and not re.search(r"status of (4\d\d)|ERR_INTERNET_DISCONNECTED", message.text):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Fill the form on the page that asks for it."""
        if "/accounts/login/" not in self.page.url:
            self.page.goto("/accounts/login/")
        self.page.fill("input[name=login]", email)
        self.page.fill("input[name=password]", password)
        self.page.locator("form:has(input[name=password]) button[type=submit]").first.click()
        expect(self.page).not_to_have_url(re.compile("/accounts/login/"))


def link_in(stack: Stack, address: str, pattern: str) -> str:
    """Return the newest link to ``pattern`` mailed to an address, waiting for it; fails with what the site knows."""

    def newest() -> str | None:
        found = [re.findall(rf"https?://\S*{pattern}\S*", mail.text) for mail in stack.sink.to(address)]
        links = [link for links in found for link in links]
        return links[-1] if links else None

    try:
        # Longer than a lease: a worker that lost its notice in the middle of it is allowed to be replaced.
        return str(wait_for(newest, f"no mail to {address} with a link to {pattern}", 90))
    except AssertionError as error:
        owed = stack.sql("select id, kind, state, reason, attempts, next_at, lease_until from notices_notice")
        ends = {
            name: process.output()[-3000:] if process.runs else f"ENDED\n{process.output()[-3000:]}"
            for name, process in stack.processes.items()
        }
        said = "\n".join(f"--- {name}\n{text}" for name, text in ends.items())
        raise AssertionError(f"{error}\nnotices: {owed}\n{said}") from None


def set_first_password(person: Person, address: str) -> None:
    """Walk the way of someone whom an order file made known: ask for a password by mail and choose one."""
    page = person.page
    page.goto("/accounts/password/reset/")
    page.fill("input[name=email]", address)
    page.locator("form:has(input[name=email]) button[type=submit]").first.click()
    page.goto(link_in(person.stack, address, "/password/reset/key/"))
    page.fill("input[name=password1]", PASSWORD)
    if page.locator("input[name=password2]").count():
        page.fill("input[name=password2]", PASSWORD)
    page.locator("form:has(input[name=password1]) button[type=submit]").first.click()
    expect(page).not_to_have_url(re.compile("/password/"))


@pytest.fixture
def order_file(tmp_path: Path) -> Path:
    """An order of one buyer from one shop, in our own format."""
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_number,seller,seller_email,buyer_email,buyer_name,status,language,purchased_at,line,title,sku,"
        "quantity,price,currency\n"
        "MC-1001,Nordlicht Lampen,selma@shop.example,anna@buyer.example,Anna Müller,shipped,de,"
        '2026-11-10T09:30:00+01:00,1,"Schreibtischlampe, Eiche",LAMP-OAK,1,49.90,EUR\n'
    )
    return path
