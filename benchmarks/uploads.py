"""Fifty uploads of 10 MB at once: what they do to the inbox page, and how much memory a download takes.

Run by ``.venv/bin/python -m benchmarks.uploads`` with ``DATABASE_URL`` naming a PostgreSQL server on which databases
may be made. The site runs as in production: gunicorn with two processes, worker, Redis. The senders are a process of
their own with lower priority, as they are other machines in real life.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pikepdf
from PIL import Image

from tests.processes import Stack, remove_templates

TOKEN = "a" * 32
BOUNDARY = "bench-uploads"
UPLOADERS = 10  # people; each may have 50 unsent files
AT_REST = 120  # requests for the p95 of the idle site
MOST_DOWNLOAD_KIB = 20 * 1024
FILL = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from messagecenter.accounts.models import User
from messagecenter.samples.loading import load
from messagecenter.threads.models import Entry
import json
people = load(threads={threads}, progress=False).people
sessions = []
buyers = User.objects.filter(email__startswith="buyer").order_by("pk")[:{uploaders}]
for user in [people["big"], *buyers]:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    sessions.append(store.session_key)
thread = Entry.objects.filter(mailbox__members=people["big"]).inbox()[0].thread_id
print(json.dumps([sessions, str(thread)]))
"""


def photo() -> bytes:
    """Return a noisy photo of 12 megapixels and a good 10 MB."""
    bands = [Image.effect_noise((4000, 3000), 45) for _ in "RGB"]
    picture = Image.merge("RGB", bands)
    for quality in range(95, 50, -1):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        if buffer.tell() < 10_400_000:
            return buffer.getvalue()
    raise AssertionError("no quality makes it small enough")


def scan() -> bytes:
    """Return a PDF with one scanned page."""
    side = 3200
    pdf = pikepdf.new()
    image = pdf.make_stream(
        random.Random(5).randbytes(side * side),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=side,
        Height=side,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=8,
    )
    page = pdf.add_blank_page(page_size=(595, 842))
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
    page.Contents = pdf.make_stream(b"q 500 0 0 500 40 200 cm /I Do Q")
    buffer = io.BytesIO()
    pdf.save(buffer, compress_streams=False)
    return buffer.getvalue()


def log() -> bytes:
    """Return a log file."""
    return b"2026-11-22 12:00:00 all is well here, the lamp shines\n" * 185_000


KINDS = {"jpg": photo, "pdf": scan, "txt": log}


class Visitor:
    """One signed-in person with one connection."""

    def __init__(self, port: int, session: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.headers = {"Cookie": f"session={session}; csrf={TOKEN}", "Host": f"localhost:{port}"}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Send one request and return status and content; headers are named with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, self.headers | named)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def upload(self, name: str, content: bytes) -> tuple[int, Any]:
        """Send one file up; return status and what the site says of it."""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{TOKEN}\r\n'
        head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        status, told = self.ask("POST", "/attachments/", body, Content_Type=f"multipart/form-data; boundary={BOUNDARY}")
        return status, json.loads(told)


def send(port: int, sessions: list[str], paths: list[str], count: int) -> None:
    """Be the senders: upload ``count`` files at once and print each one's status and seconds as JSON."""
    os.nice(10)
    contents = {path: Path(path).read_bytes() for path in paths}
    results: list[tuple[int, float]] = []
    gate = threading.Barrier(count)

    def one(number: int) -> None:
        visitor, path = Visitor(port, sessions[number % len(sessions)]), paths[number % len(paths)]
        gate.wait()
        began = time.perf_counter()
        status, _told = visitor.upload(Path(path).name, contents[path])
        results.append((status, time.perf_counter() - began))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(results))


def look(visitor: Visitor) -> float:
    """Open the inbox and return the milliseconds it took; between two looks a person pauses a little."""
    time.sleep(0.02)
    began = time.perf_counter()
    status, _page = visitor.ask("GET", "/messages/")
    assert status == 200, status
    return (time.perf_counter() - began) * 1000


def web_pids(site: Stack) -> list[int]:
    """Return gunicorn's processes that answer requests."""
    pid = site.processes["web"].pid
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kib(site: Stack, name: str) -> list[int]:
    """Return one line of each web process's memory in KiB: VmRSS (now) or VmHWM (the most so far)."""
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in web_pids(site)]
    return [int(text.partition(f"{name}:")[2].split()[0]) for text in texts]


def download(site: Stack, visitor: Visitor, thread: str, content: bytes) -> list[int]:
    """Send a message with a file of 10 MB, download it, and return by how many KiB each web process grew meanwhile."""
    status, told = visitor.upload("log.txt", content)
    assert status == 201, (status, told)
    form = {"body": "With a file.", "client_id": uuid4(), "csrfmiddlewaretoken": TOKEN, "attachments": told["id"]}
    form_type = "application/x-www-form-urlencoded"
    status, _page = visitor.ask("POST", f"/messages/{thread}/reply/", urlencode(form).encode(), Content_Type=form_type)
    assert status == 302, status
    path = f"/messages/{thread}/files/{told['id']}/"
    for _warm_up in range(6):
        assert visitor.ask("GET", path) == (200, content)
    before = kib(site, "VmRSS")
    for pid in web_pids(site):
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # forget the most so far
    assert visitor.ask("GET", path) == (200, content)
    return [most - rest for most, rest in zip(kib(site, "VmHWM"), before, strict=True)]


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[18]


def measure(site: Stack, folder: Path, options: Any) -> None:
    """Fill the site, measure it at rest and under uploads, and print a table."""
    sessions, thread = json.loads(
        site.python(FILL.format(threads=options.threads, uploaders=UPLOADERS)).split("\n")[-1]
    )
    paths = []
    for kind in options.kinds:
        paths.append(str(folder / f"file.{kind}"))
        Path(paths[-1]).write_bytes(KINDS[kind]())
        print(f"{paths[-1].rpartition('/')[2]}: {Path(paths[-1]).stat().st_size / 1e6:.1f} MB")
    visitor = Visitor(site.port, sessions[0])
    for _warm_up in range(20):
        look(visitor)
    idle_memory = kib(site, "VmRSS")
    idle = [look(visitor) for _ in range(AT_REST)]
    words = ["--send", json.dumps([site.port, sessions[1:], paths, options.uploads])]
    began = time.monotonic()
    senders = subprocess.Popen([sys.executable, "-m", "benchmarks.uploads", *words], stdout=subprocess.PIPE, text=True)
    busy: list[float] = []
    while senders.poll() is None:
        busy.append(look(visitor))
    took = time.monotonic() - began
    results = json.loads(senders.communicate()[0])
    most = [most - rest for most, rest in zip(kib(site, "VmHWM"), idle_memory, strict=True)]
    again = [look(visitor) for _ in range(AT_REST)]
    rest = p95([*idle, *again])
    grown = download(site, visitor, thread, log())
    print(
        "| inbox | looks | median ms | p95 ms | p95 : idle |\n|---|---|---|---|---|\n"
        f"| idle before | {len(idle)} | {statistics.median(idle):.0f} | {p95(idle):.0f} | |\n"
        f"| during {options.uploads} uploads | {len(busy)} | {statistics.median(busy):.0f} | {p95(busy):.0f} | "
        f"{p95(busy) / rest:.2f} |\n"
        f"| idle after | {len(again)} | {statistics.median(again):.0f} | {p95(again):.0f} | |\n"
    )
    statuses = ", ".join(f"{count} × {status}" for status, count in Counter(status for status, _ in results).items())
    slowest = max(seconds for _, seconds in results)
    print(f"Uploads: {statuses} in {took:.0f} s, the slowest {slowest:.0f} s.")
    print(f"Memory of each web process above idle: {', '.join(f'{one / 1024:.0f} MB' for one in most)} during uploads;")
    print(f"{', '.join(f'{one / 1024:.1f} MB' for one in grown)} during a download of 10 MB.")
    assert max(grown) <= MOST_DOWNLOAD_KIB, "a download took more memory than it may"


def main() -> None:
    """Start the site and measure, or be the senders."""
    options: Any = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--threads", type=int, default=5_000)
    options.add_argument("--uploads", type=int, default=50)
    options.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    options.add_argument("--send", help=argparse.SUPPRESS)
    options = options.parse_args()
    if options.send:
        send(*json.loads(options.send))
        return
    with tempfile.TemporaryDirectory(prefix="messagecenter-bench-") as folder:
        with Stack("postgres", Path(folder), start=("web", "worker"), environment={"LOG_LEVEL": "ERROR"}) as site:
            measure(site, Path(folder), options)
        remove_templates()


if __name__ == "__main__":
    main()
