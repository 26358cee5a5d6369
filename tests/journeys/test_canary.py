"""Unique words sent through every way in are found nowhere at rest: no file, dump, log, mail, queue or Redis."""

from __future__ import annotations

import base64
import quopri
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import redis
from playwright.sync_api import Browser, expect

from tests.journeys.conftest import Person, set_first_password
from tests.processes import Engine, Stack, engines
from tests.sink import wait_for

pytestmark = pytest.mark.services
SETTINGS = "tests.journeys.leaky"


def word(place: str) -> str:
    """Return a word that occurs nowhere else."""
    return f"Kanarie{place}{secrets.token_hex(6)}"


def disguises(canary: str) -> Iterator[bytes]:
    """Give the forms in which a word may lie about: plain, as other encodings, and in three phases of base64."""
    plain = canary.encode()
    yield plain
    yield canary.encode("utf-16-le")
    yield plain.hex().encode()
    yield quote(canary).encode()
    yield quopri.encodestring(plain)
    yield "".join(f"\\u{ord(letter):04x}" for letter in canary).encode()
    for shift in range(3):
        yield base64.b64encode(b" " * shift + plain)[4 * bool(shift) : -4]


def everything_at_rest(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Give all that the site keeps or has sent, by name."""
    for path in sorted(stack.folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and "static" not in path.parts:
            yield str(path.relative_to(stack.folder)), path.read_bytes()
    for number, mail in enumerate(stack.sink.transmitted):
        yield f"mail {number}", mail.raw + mail.text.encode() + mail.html.encode()
    if stack.engine == "postgres":
        dump = subprocess.run(["pg_dump", stack.database_url], capture_output=True, check=True).stdout
        assert b"threads_message" in dump
        yield "pg_dump", dump
        yield from _postgres_files(stack)
    if "REDIS_URL" in stack.environment:
        yield from _redis(stack.environment["REDIS_URL"])


def _postgres_files(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Give the server's own files and its write-ahead log, where this machine lets us read them."""
    stack.sql("CHECKPOINT")
    folder = Path(stack.sql("SHOW data_directory")[0][0])
    number = str(
        stack.sql(f"SELECT oid FROM pg_database WHERE datname = '{urlsplit(stack.database_url).path[1:]}'")[0][0]
    )
    for part in (folder / "base" / number, folder / "pg_wal"):
        for path in part.iterdir():
            if path.is_file():
                yield f"{part.name}/{path.name}", path.read_bytes()


def _redis(url: str) -> Iterator[tuple[str, bytes]]:
    client = redis.Redis.from_url(url)
    for key in client.scan_iter():
        yield f"redis {key!r}", key + (client.dump(key) or b"")


def places_of(stack: Stack, words: dict[str, str]) -> list[str]:
    """Return where any of the words lies, in any disguise."""
    found = []
    for name, content in everything_at_rest(stack):
        for place, canary in words.items():
            if any(disguise in content for disguise in disguises(canary)):
                found.append(f"{place} in {name}")
    return found


def talk(browser: Browser, stack: Stack, order_file: Path) -> dict[str, str]:
    """Send a word through each way in, until mails are out and the site has settled; return the words."""
    stack.manage("import_orders", str(order_file))
    words = {
        place: word(place) for place in ("subject", "text", "reply", "draft", "toolong", "topic", "crash", "filter")
    }
    buyer = Person(browser, stack)
    set_first_password(buyer, "anna@buyer.example")
    page = buyer.page
    page.goto("/messages/new/?order=MC-1001")
    page.fill("[name=subject]", words["subject"])
    page.fill("textarea[name=body]", words["toolong"])
    page.evaluate(
        """([topic]) => {
            const field = document.querySelector("[name=topic]");
            const wrong = new Option("?", topic);
            (field.tagName === "SELECT" ? field : document.querySelector("form:has([name=topic])")).append(wrong);
            field.value = topic;
            document.querySelector("textarea[name=body]").removeAttribute("maxlength");
            document.querySelector("textarea[name=body]").value += " x".repeat(6000);
        }""",
        [words["topic"]],
    )
    page.locator("form:has(textarea[name=body]) button[type=submit]").click()
    expect(page.locator(".field-error").first).to_be_visible()
    page.fill("textarea[name=body]", words["text"])
    page.locator("select[name=topic]").select_option("where_is_it")
    page.locator("form:has(textarea[name=body]) button[type=submit]").click()
    expect(page.locator(".message")).to_have_count(1)
    page.fill("textarea[name=body]", words["reply"])
    page.click(".composer-send")
    expect(page.locator(".message")).to_have_count(2)
    page.fill("textarea[name=body]", words["draft"])
    page.wait_for_timeout(1200)
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    answer = page.request.post(
        "/crash/",
        form={"body": words["crash"], "csrfmiddlewaretoken": token or ""},
        headers={"Referer": stack.base_url},
    )
    assert answer.status == 500
    assert words["crash"] not in answer.text()
    assert page.request.get("/messages/", params={"order": words["filter"]}).status == 200
    wait_for(lambda: len(stack.sink.to("selma@shop.example")) >= 2, "mails about both messages", 40)
    return words


@pytest.mark.parametrize("engine", engines())
def test_no_word_lies_anywhere_at_rest(browser: Browser, tmp_path: Path, order_file: Path, engine: Engine) -> None:
    with Stack(engine, tmp_path, settings=SETTINGS) as stack:
        words = talk(browser, stack, order_file)
        assert places_of(stack, words) == []
        readable = stack.python(
            "from messagecenter.threads.models import *; from messagecenter.threads.words import *; "
            "print([read_body(m) for m in Message.objects.order_by('pk')])"
        )
        assert readable == str([words["text"], words["reply"]])


def test_the_hunt_finds_a_leak_made_on_purpose(browser: Browser, tmp_path: Path, order_file: Path) -> None:
    with Stack("sqlite", tmp_path, settings=SETTINGS, environment={"LEAK": "1"}) as stack:
        words = talk(browser, stack, order_file)
        found = places_of(stack, words)
        assert {place.partition(" ")[0] for place in found} >= {"text", "reply", "toolong", "crash"}
        assert all("logs/web" in place for place in found)
