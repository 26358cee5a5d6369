"""Measures the product's pages beside bare pages that run the same SQL and template, in one run, taking turns.

Run by ``./dev bench [--sizes 10000,100000]``: on a throw-away PostgreSQL, each size in a database of its own, the
server a process of its own. ``--use bench_1000000`` takes a database that is loaded already; the one DATABASE_URL names
is only where the others are made, and VAR_DIR must be the one they were loaded with: it holds the root key. Prints
Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Collection, Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from benchmarks import report
from benchmarks.measuring import POSTGRES, Ask, Taken, at_once, measure, same_page
from benchmarks.pages import Owner, Page, owners, pages_of, posting_threads, reply
from benchmarks.serving import Browser, postmaster, server
from benchmarks.storage import inserts, storage
from messagecenter.samples.loading import load

AT_ONCE = 16
FRAGMENT = {"HX-Request": "true", "HX-Target": "composer"}


class Loaded:
    """A loaded database, the server in front of it, and the pages to ask."""

    def __init__(self, name: str, port: int, pid: int, mailboxes: Collection[str]) -> None:
        self.name, self.port, self.pid = name, port, pid
        with using(name):
            self.threads = _threads()
            self.owners = {key: owner for key, owner in owners().items() if not mailboxes or key in mailboxes}
            self.browsers = {key: Browser(port, owner.person) for key, owner in self.owners.items()}
            self.pages = {key: pages_of(owner, everything=key == self.main) for key, owner in self.owners.items()}
            self.posting = {key: posting_threads(owner) for key, owner in self.owners.items() if key == self.main}
        self.posted = count()

    @property
    def main(self) -> str:
        """The mailbox in which everything is measured: the one of constant size if there is one."""
        return "constant" if "constant" in self.owners else "big"

    def get(self, key: str, address: str) -> Ask:
        """Return a request for a page."""
        browser = self.browsers[key]
        return lambda: browser.ask("GET", address)

    def post(self, *, raw: bool, fragment: bool) -> Ask:
        """Return a request that posts a reply, each time in the next thread."""
        browser, threads = self.browsers[self.main], self.posting[self.main]

        def ask() -> None:
            address = f"/messages/{threads[next(self.posted) % len(threads)].pk}/reply/"
            where = f"/bench/insert/?of={quote(address, safe='')}" if raw else address
            headers = FRAGMENT if fragment else {}
            browser.ask("POST", where, reply(browser.token), accept=(200,) if fragment else (302,), **headers)

        return ask


@contextlib.contextmanager
def using(name: str) -> Iterator[None]:
    """Have this process speak to a database of the server."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _threads() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM threads_thread")
        return int(cursor.fetchone()[0])


def url_of(name: str) -> str:
    """Return the address of a database beside the one of DATABASE_URL."""
    return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"


def fill(size: int, mailbox_threads: int) -> str:
    """Return the database of a size; made and loaded unless it is there."""
    name = f"bench_{size}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone():
            return name
        cursor.execute(f'CREATE DATABASE "{name}"')
    with using(name):
        call_command("migrate", verbosity=0)
        loaded = load(threads=size, mailbox_threads=mailbox_threads)
        print(f"{size:,} threads, {loaded.messages:,} messages loaded in {loaded.seconds:.0f} s", flush=True)
    return name


def main_pages(places: list[Loaded]) -> dict[str, tuple[Ask, int]]:
    """Return the main pages of all sizes with their yardsticks, so that they take turns with each other."""
    asks: dict[str, tuple[Ask, int]] = {}
    for place in places:
        at = f"{place.name} | "
        asks[at + "empty page"] = place.get(place.main, "/bench/empty/"), place.pid
        for key, pages in place.pages.items():
            for page in pages:
                if page.main:
                    _check(place, key, page)
                    asks[at + page.name] = place.get(key, page.address), place.pid
                    asks[at + page.name + report.BARE] = place.get(key, page.bare()), place.pid
                    asks[at + page.name + report.SQL] = place.get(key, page.bare(sql=True)), place.pid
    return asks


def replies(places: list[Loaded]) -> dict[str, tuple[Ask, int]]:
    """Return posting a reply with the raw insert page beside it, by a form and by the page's script."""
    asks: dict[str, tuple[Ask, int]] = {}
    for place in places:
        for name, fragment in (("post, form", False), ("post, fragment", True)):
            raw = place.post(raw=True, fragment=fragment)
            for _thread in place.posting[place.main]:
                raw()  # the first one in each thread is the product's, written down
            at = f"{place.name} | {place.main}: {name}"
            asks[at] = place.post(raw=False, fragment=fragment), place.pid
            asks[at + report.BARE] = raw, place.pid
    return asks


def other_pages(place: Loaded) -> dict[str, tuple[Ask, int]]:
    """Return every view, order and filter of the main mailbox with their yardsticks."""
    asks: dict[str, tuple[Ask, int]] = {}
    for page in place.pages[place.main]:
        if not page.main:
            _check(place, place.main, page)
            at = f"{place.name} | {page.name}"
            asks[at] = place.get(place.main, page.address), place.pid
            asks[at + report.BARE] = place.get(place.main, page.bare()), place.pid
    return asks


def _check(place: Loaded, key: str, page: Page) -> None:
    """Raise AssertionError when the bare page does not give what the product gives."""
    browser = place.browsers[key]
    if not any(same_page(browser, page.address, page.bare()) for _try in range(3)):
        raise AssertionError(f"The bare page of {page.name} differs from {page.address}")


def crowds(place: Loaded, number: int) -> dict[str, Taken]:
    """Return what 16 requests at once took, page by page; the server as in production, with two processes."""
    found = {}
    with server(url_of(place.name), workers=2) as (port, _pid), using(place.name):
        owner = place.owners[place.main]
        browsers = [Browser(port, owner.person) for _one in range(AT_ONCE)]
        addresses = {page.name: page.address for page in place.pages[place.main] if page.main}
        threads = place.posting[place.main]
        for name, address in addresses.items():
            asks: list[Ask] = [_getting(browser, address) for browser in browsers]
            at_once(asks, 4)
            found[name] = at_once(asks, number)
        posts: list[Ask] = [
            _posting(browser, f"/messages/{threads[place_of % len(threads)].pk}/reply/")
            for place_of, browser in enumerate(browsers)
        ]
        at_once(posts, 2)
        found[f"{place.main}: post, form"] = at_once(posts, number)
    return found


def _getting(browser: Browser, address: str) -> Ask:
    return lambda: browser.ask("GET", address)


def _posting(browser: Browser, address: str) -> Ask:
    return lambda: browser.ask("POST", address, reply(browser.token), accept=(302,))


def main() -> None:
    """Load, serve, measure, print."""
    options: Any = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="10000,100000", help="threads of each database, with commas")
    options.add_argument("--use", default="", help="databases of the same server that are loaded already, with commas")
    options.add_argument("--mailbox-threads", type=int, default=6000, help="of the mailbox that is the same in all")
    options.add_argument("--mailboxes", default="", help="only these of constant, big and small, with commas")
    options.add_argument("--requests", type=int, default=100, help="of each main page")
    options.add_argument("--filter-requests", type=int, default=30, help="of each view and filter; 0: leave them out")
    options.add_argument("--inserts", type=int, default=10_000, help="0: leave them out")
    options.add_argument("--crowd", type=int, default=20, help="requests of each of 16 at once; 0: leave them out")
    options = options.parse_args()
    if connection.vendor != "postgresql":
        raise SystemExit("DATABASE_URL must name a PostgreSQL server on which databases may be made. Run ./dev bench.")
    call_command("collectstatic", interactive=False, verbosity=0)
    POSTGRES[0] = postmaster()
    sizes = [int(one) for one in options.sizes.split(",") if one]
    names = [name for name in options.use.split(",") if name] + [fill(one, options.mailbox_threads) for one in sizes]
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        places = []
        for name in names:
            port, pid = stack.enter_context(server(url_of(name)))
            places.append(Loaded(name, port, pid, options.mailboxes.split(",") if options.mailboxes else ()))
        taken = measure(main_pages(places), options.requests)
        taken |= measure(replies(places), options.requests)
        for place in places:
            place.browsers[place.main].ask("GET", "/bench/forget/")
        print("\n".join(report.pages(places, taken)), flush=True)
        print("\n".join(report.growth(places, taken)), flush=True)
        for place in places if options.filter_requests else ():
            print("\n".join(report.filters(place, measure(other_pages(place), options.filter_requests))), flush=True)
    for place in places:
        if options.crowd:
            print("\n".join(report.crowd(place, crowds(place, options.crowd))), flush=True)
        with using(place.name):
            owner: Owner = place.owners[place.main]
            found = storage()
            print("\n".join(report.storage(place, found)), flush=True)
            if options.inserts:
                print("\n".join(report.inserts(place, inserts(owner, options.inserts))), flush=True)
    print(f"\nMeasured in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
