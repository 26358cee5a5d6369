"""Unique words sent through every way in are found nowhere at rest: no file, dump, log, mail, queue or Redis."""

from __future__ import annotations

import base64
import contextlib
import quopri
import secrets
import subprocess
import uuid
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import redis
from django.core.signing import b64_decode
from playwright.sync_api import APIResponse, Browser, Page, expect

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
            yield from _file(str(path.relative_to(stack.folder)), path)
    for number, mail in enumerate(stack.sink.transmitted):
        headers = "\n".join(map(str, mail.message.values()))
        yield f"mail {number}", mail.raw + (headers + mail.text + mail.html).encode()
    yield from _tables(stack)
    yield from _sessions(stack)
    if stack.engine == "postgres":
        dump = subprocess.run(["pg_dump", stack.database_url], capture_output=True, check=True).stdout
        assert b"threads_message" in dump
        yield "pg_dump", dump
        yield from _postgres_files(stack)
    if "REDIS_URL" in stack.environment:
        yield from _redis(stack.environment["REDIS_URL"])


def _file(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """Give a file, unless the site has just removed it, as a worker does with a task it takes."""
    with contextlib.suppress(FileNotFoundError):
        yield name, path.read_bytes()


def _tables(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Give each table as a query reads it: in the files a long value may be cut in pieces or compressed."""
    names = {
        # A virtual table gives nothing of its own: what it keeps lies in tables beside it.
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'",
        "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    }[stack.engine]
    tables = {str(name) for (name,) in stack.sql(names)}
    assert tables >= {"threads_message", "django_session"}
    for table in sorted(tables):
        yield f"table {table}", _joined(stack.sql(f'SELECT * FROM "{table}"'))


def _sessions(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Give what is in the sessions: Django keeps them compressed and signed."""
    sessions = stack.sql("SELECT session_key, session_data FROM django_session")
    contents = {}
    for key, data in sessions:
        packed = str(data).partition(":")[0]
        content = b64_decode(packed.lstrip(".").encode())
        contents[key] = zlib.decompress(content) if packed.startswith(".") else content
    assert any(b"_auth_user_id" in content for content in contents.values())
    for key, content in contents.items():
        yield f"session {key}", content


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
                yield from _file(f"{part.name}/{path.name}", path)


def _redis(url: str) -> Iterator[tuple[str, bytes]]:
    """Give every key of every database, read by its type: a DUMP would be compressed."""
    for name in redis.Redis.from_url(url).info("keyspace"):
        client = redis.Redis.from_url(url, db=int(name.removeprefix("db")))
        read: dict[bytes, Callable[[bytes], Any]] = {
            b"string": client.get,
            b"list": lambda key, of=client: of.lrange(key, 0, -1),
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"zset": lambda key, of=client: of.zrange(key, 0, -1),
            b"stream": client.xrange,
        }
        for key in client.scan_iter():
            kind = _joined(client.type(key))
            if kind != b"none":  # gone since
                yield f"redis {key.decode()}", key + b"\n" + _joined(read[kind](key))


def _joined(value: Any) -> bytes:
    """Return all texts and bytes in a value of a database, one a line."""
    if isinstance(value, dict):
        return _joined(list(value.items()))
    if isinstance(value, (list, tuple, set)):
        return b"\n".join(_joined(one) for one in value)
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def places_of(stack: Stack, words: dict[str, str]) -> list[str]:
    """Return where any of the words lies, in any disguise."""
    found = []
    for name, content in everything_at_rest(stack):
        for place, canary in words.items():
            if any(disguise in content for disguise in disguises(canary)):
                found.append(f"{place} in {name}")
    return found


# Else the second mail about a thread waits for two minutes.
TELL_OF_EACH = """
from messagecenter.accounts.models import User
from messagecenter.notices.actions import choose
choose(by=User.objects.get(email="selma@shop.example"), timings={("message", "email"): "at_once"})
"""


def talk(browser: Browser, stack: Stack, order_file: Path) -> dict[str, str]:
    """Send a word through each way in, until mails are out and the site has settled; return the words."""
    stack.manage("import_orders", str(order_file))
    stack.python(TELL_OF_EACH)
    places = (
        "subject",
        "text",
        "reply",
        "draft",
        "toolong",
        "topic",
        "crash",
        "filter",
        "file",
        "name",
        "refused",
        "note",
    )
    words = {place: word(place) for place in places}
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
    send_file(page, stack, words, token or "")
    assert page.request.get("/messages/", params={"order": words["filter"]}).status == 200
    wait_for(lambda: len(stack.sink.to("selma@shop.example")) >= 2, "mails about both messages", 40)
    return words


def send_file(page: Page, stack: Stack, words: dict[str, str], token: str) -> None:
    """Send a file too large to be received in memory, and one that is refused."""

    def send_up(name: str, content: bytes) -> APIResponse:
        return page.request.post(
            "/attachments/",
            multipart={
                "csrfmiddlewaretoken": token,
                "file": {"name": name, "mimeType": "text/plain", "buffer": content},
            },
            headers={"Referer": stack.base_url},
        )

    assert send_up(f"{words['refused']}.exe", words["refused"].encode()).status == 422
    taken = send_up(f"{words['name']}.txt", f"{words['file']} ".encode() * 40_000)
    assert taken.status == 201
    sent = page.request.post(
        f"{page.url.partition('#')[0].partition('?')[0]}reply/",
        form={
            "csrfmiddlewaretoken": token,
            "body": words["note"],
            "client_id": str(uuid.uuid4()),
            "attachments": taken.json()["id"],
        },
        headers={"Referer": stack.base_url},
    )
    assert sent.ok
    assert words["name"] in sent.text()


@pytest.mark.parametrize("engine", engines())
def test_no_word_lies_anywhere_at_rest(browser: Browser, tmp_path: Path, order_file: Path, engine: Engine) -> None:
    with Stack(engine, tmp_path, settings=SETTINGS) as stack:
        words = talk(browser, stack, order_file)
        assert places_of(stack, words) == []
        readable = stack.python(
            "from messagecenter.threads.models import *; from messagecenter.threads.words import *; "
            "print([read_body(m) for m in Message.objects.order_by('pk')])"
        )
        assert readable == str([words["text"], words["reply"], words["note"]])
        opened = stack.python(
            "from messagecenter.attachments import content\n"
            "from messagecenter.attachments.models import Attachment\n"
            "for row in Attachment.objects.filter(state='ready'):\n"
            "    print(row.details.name, b''.join(content.read(row))[:40].decode())"
        )
        assert words["name"] in opened
        assert words["file"] in opened


@pytest.mark.parametrize("engine", engines())
def test_the_hunt_finds_each_leak_made_on_purpose(
    browser: Browser, tmp_path: Path, order_file: Path, engine: Engine
) -> None:
    queue = {"sqlite": "queue/messages/", "postgres": "redis careless"}[engine]
    spots = ["logs/web", "session ", "table cache", "table careless", "mail ", queue]
    with Stack(engine, tmp_path, settings=SETTINGS, environment={"LEAK": "1"}) as stack:
        words = talk(browser, stack, order_file)
        found = places_of(stack, words)
    leaked = ("text", "reply", "toolong", "note")
    missed = [f"{place} in {spot}" for spot in spots for place in leaked if not _named(f"{place} in {spot}", found)]
    assert missed == []
    # The draft is posted as well, for the check while typing, unless this site was too slow to be asked.
    assert {place.partition(" ")[0] for place in found} - {"draft"} == {*leaked, "crash"}


def _named(beginning: str, found: list[str]) -> bool:
    return any(place.startswith(beginning) for place in found)
