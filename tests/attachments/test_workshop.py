"""The workshop: whatever a file does to its parser, it is refused, and the next one is looked at as if nothing was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from messagecenter.attachments import workshop
from messagecenter.attachments.inspection.limits import CHILD_MEMORY, CHILD_SECONDS, MEGABYTE
from messagecenter.attachments.inspection.refusal import Refusal
from tests.attachments import honest

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _bench_of_its_own() -> Iterator[None]:
    yield
    workshop.close()


def faulty(monkeypatch: pytest.MonkeyPatch, seconds: int = 1) -> None:
    """Start the next bench with a parser that does what the file says, with less patience than usual."""
    workshop.close()
    script = str(HERE / "faulty_bench.py")
    program = f"import sys, runpy; sys.argv.append({str(seconds)!r}); runpy.run_path({script!r}, run_name='__main__')"
    monkeypatch.setattr(workshop, "PROGRAM", program)


def refused(content: bytes) -> str:
    """Return why a text is refused."""
    with pytest.raises(Refusal) as refusal:
        workshop.inspect_safely("txt", content)
    return refusal.value.code


def bench_pid() -> int:
    process = workshop._state.bench.process
    assert process is not None
    return process.pid


def gone(pid: int) -> bool:
    """Say whether a process that is not ours to wait for has ended, within a few seconds."""
    for _ in range(100):
        try:
            if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_text_comes_back_and_the_process_stays_warm() -> None:
    assert workshop.inspect_safely("txt", b"hello").text == "hello"
    pid = bench_pid()
    begun = time.monotonic()
    for number in range(20):
        assert workshop.inspect_safely("txt", b"%d" % number).text == str(number)
    assert bench_pid() == pid
    assert (time.monotonic() - begun) / 20 < 0.5


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("eat", "too_hard"),
        ("spin", "too_hard"),
        ("sleep", "too_hard"),
        ("sleep through the alarm", "too_hard"),
        ("crash", "too_hard"),
        ("eat hidden", "too_hard"),
        ("abort", "too_hard"),
        ("leave", "too_hard"),
        ("kill", "too_hard"),
        ("kill the bench", "too_hard"),
        ("garbage", "too_hard"),
        ("long garbage", "too_hard"),
        ("lie", "too_hard"),
        ("lie without facts", "too_hard"),
        ("lie about facts", "too_hard"),
        ("another kind", "too_hard"),
        ("no picture", "too_hard"),
        ("missing", "too_hard"),
        ("numbers", "too_hard"),
        ("recurse", "too_hard"),
        ("raise", "damaged"),
        ("write", "damaged"),
        ("open", "damaged"),
    ],
)
def test_whatever_a_file_does_it_is_refused_and_the_next_one_is_fine(
    deed: str, code: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faulty(monkeypatch)
    assert workshop.inspect_safely("txt", b"before").text == "before"
    begun = time.monotonic()
    assert refused(deed.encode()) == code
    assert time.monotonic() - begun < 15
    assert workshop.inspect_safely("txt", b"after").text == "after"
    assert "secret words" not in caplog.text


def test_a_child_has_the_limits_that_were_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty(monkeypatch, seconds=0)
    limits = json.loads(workshop.inspect_safely("txt", b"limits").text)
    # Above what a file may take comes what the parsers' libraries reserve without using it.
    assert CHILD_MEMORY <= limits.pop("RLIMIT_AS") < CHILD_MEMORY + 80 * MEGABYTE
    assert limits.pop("nice") >= 10
    assert limits.pop("RLIMIT_NOFILE") < 64
    assert limits == {"RLIMIT_CPU": CHILD_SECONDS, "RLIMIT_FSIZE": 0, "RLIMIT_CORE": 0, "RLIMIT_NPROC": 0}


def test_a_child_knows_no_secret_and_nothing_of_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESSAGE_KEYS", "1:canary-of-the-keys")
    monkeypatch.setenv("DATABASE_URL", "postgres://canary-of-the-database")
    faulty(monkeypatch)
    known = workshop.inspect_safely("txt", b"environment").text
    environment, own, parents, folder, modules = json.loads(known)
    assert "canary" not in known
    assert set(environment) <= {*workshop.ENVIRONMENT, "LC_CTYPE", "MAGIC", "LD_LIBRARY_PATH", "LIBRARY_PATH"}
    assert len(own.split("\0")) == len(parents.split("\0")) == len(workshop.ENVIRONMENT) + 1
    assert folder == "/"
    assert not [name for name in modules if name.partition(".")[0] in ("django", "messagecenter", "celery", "psycopg")]


def test_the_bench_killed_in_between_is_started_again() -> None:
    workshop.inspect_safely("txt", b"hello")
    first = bench_pid()
    os.kill(first, signal.SIGKILL)
    assert workshop.inspect_safely("txt", b"hello").text == "hello"
    assert bench_pid() != first


def test_the_bench_killed_in_the_middle_costs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    big = honest.saved(honest.photo(3000, 2000), "JPEG")
    workshop.inspect_safely("txt", b"hello")
    timer = threading.Timer(0.1, os.kill, (bench_pid(), signal.SIGKILL))
    timer.start()
    assert workshop.inspect_safely("jpg", big).width == 3000
    timer.join()


def test_a_bench_that_no_longer_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.inspect_safely("txt", b"hello")
    first = bench_pid()
    os.kill(first, signal.SIGSTOP)
    monkeypatch.setattr(workshop, "PATIENCE", 1.0)
    assert refused(b"hello") == "too_hard"
    assert gone(first)
    monkeypatch.setattr(workshop, "PATIENCE", 20.0)
    assert workshop.inspect_safely("txt", b"hello").text == "hello"


def test_a_bench_that_cannot_start_refuses_files_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.close()
    monkeypatch.setattr(workshop, "PROGRAM", "raise SystemExit(1)")
    assert refused(b"hello") == "too_hard"


def test_a_process_that_forks_after_using_it_gets_a_bench_of_its_own() -> None:
    workshop.inspect_safely("txt", b"hello")
    first = bench_pid()
    pid = os.fork()
    if not pid:  # what gunicorn and Celery do
        status = 1
        try:
            found = workshop.inspect_safely("txt", b"child").text == "child" and bench_pid() != first
            workshop.close()
            status = 0 if found else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert workshop.inspect_safely("txt", b"parent").text == "parent"
    assert bench_pid() == first


def test_the_bench_ends_with_the_process_that_started_it() -> None:
    script = (
        "import os, signal, sys\n"
        "from messagecenter.attachments import workshop\n"
        "workshop.inspect_safely('txt', b'x')\n"
        "print(workshop._state.bench.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "messagecenter.settings", "VAR_DIR": str(settings.VAR_DIR)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))


def test_no_more_than_two_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty(monkeypatch, seconds=1)
    workshop.inspect_safely("txt", b"hello")
    begun = time.monotonic()
    codes: list[str] = []
    threads = [threading.Thread(target=lambda: codes.append(refused(b"sleep"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ["too_hard"] * 4
    assert time.monotonic() - begun > 3.5  # two rounds of two seconds each


LARGEST = (7300, 5479)  # 39,996,700 pixels


@pytest.mark.parametrize(
    ("kind", "mode", "saving"),
    [
        ("jpg", "RGB", {"exif": honest.exif(6)}),
        ("jpg", "CMYK", {"exif": honest.exif(8)}),
        ("jpg", "RGB", {"progressive": True}),
        ("jpg", "L", {"exif": honest.exif(5)}),
        ("png", "RGB", {}),
        ("png", "RGBA", {}),
        ("png", "P", {}),
        ("gif", "P", {}),
    ],
)
def test_the_largest_pictures_fit_into_the_limits(kind: str, mode: str, saving: dict[str, object]) -> None:
    slope = Image.linear_gradient("L").resize(LARGEST)
    count = len(Image.new(mode, (1, 1)).getbands())
    image = Image.merge(mode, [slope] * count) if count > 1 else slope if mode == "L" else slope.convert("P")
    content = honest.saved(image, {"jpg": "JPEG"}.get(kind, kind.upper()), **saving)
    del image, slope
    found = workshop.inspect_safely(kind, content)
    turned = "exif" in saving
    width, height = reversed(LARGEST) if turned else LARGEST
    if "reduced" in found.notes:
        assert "progressive" in saving
        width, height = width // 2, -(-height // 2)
    assert (found.width, found.height) == (width, height)
    assert found.small
    assert found.large


def test_memory_stays_below_what_was_promised(tmp_path: Path) -> None:
    image = Image.linear_gradient("L").resize(LARGEST)
    (tmp_path / "a.jpg").write_bytes(honest.saved(Image.merge("CMYK", [image] * 4), "JPEG", exif=honest.exif(6)))
    (tmp_path / "a.png").write_bytes(honest.saved(Image.merge("RGBA", [image] * 4), "PNG", compress_level=1))
    script = (
        "import pathlib, resource, sys, time\n"
        "from messagecenter.attachments import workshop\n"
        "for path in pathlib.Path(sys.argv[1]).glob('a.*'):\n"
        "    workshop.inspect_safely(path.suffix[1:], path.read_bytes())\n"
        "time.sleep(1)\n"  # the bench has counted its children
        "workshop.close()\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "messagecenter.settings", "VAR_DIR": str(settings.VAR_DIR)}
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 150 * 1024 < int(done.stdout) < CHILD_MEMORY // 1024
