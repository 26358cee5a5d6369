"""The command for operators and for measuring: JSON lines in, JSON lines out, no database."""

from __future__ import annotations

import io
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from messagecenter.policy.management.commands import screen_messages

MAIL = "Bitte schreiben Sie an service@holzwerk-maier.de, danke."
COMMAND = [sys.executable, "manage.py", "screen_messages"]


def said(content: str | bytes, tmp_path: Path, **options: object) -> list[dict[str, Any]]:
    """Return what the command says about a file with this content, each line read."""
    out = io.StringIO()
    call_command("screen_messages", str(written(content, tmp_path)), stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def failing(content: str | bytes, tmp_path: Path) -> tuple[list[dict[str, Any]], list[str], CommandError]:
    """Return what the command says, what it complains about, and why it fails at the end."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("screen_messages", str(written(content, tmp_path)), stdout=out, stderr=err)
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue().splitlines(), failed.value


def written(content: str | bytes, folder: Path) -> Path:
    file = folder / "messages.jsonl"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def line(text: str, **fields: object) -> str:
    return json.dumps({"id": "1", "text": text} | fields) + "\n"


def started(tmp_path: Path, *arguments: str, **fields: Any) -> subprocess.Popen[bytes]:
    """Start the command as a process of its own, with a database that cannot be reached."""
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "MARKETPLACE_DOMAINS")}
    env |= {"VAR_DIR": str(tmp_path / "var"), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | fields
    return subprocess.Popen([*COMMAND, *arguments], cwd=settings.BASE_DIR, env=env, **pipes)


def test_a_message_comes_back_with_what_would_be_done_about_it(tmp_path: Path) -> None:
    forbidden, honest = said(line(MAIL, id="a", sender_role="seller") + line("Danke, alles gut.", id=7), tmp_path)
    assert forbidden["id"] == "a"
    assert forbidden["action"] == "block"
    assert forbidden["categories"] == ["contact_details"]
    (found,) = forbidden["findings"]
    assert list(found) == ["rule", "category", "start", "end", "confidence", "action"]
    assert (found["rule"], found["category"]) == ("contact.email", "contact_details")
    assert MAIL[found["start"] : found["end"]] == "service@holzwerk-maier.de"
    assert honest == {"id": 7, "action": "allow", "categories": [], "findings": [], "lang": honest["lang"]}


def test_what_is_known_about_a_message_counts(tmp_path: Path) -> None:
    rude = "Du dummes Arschloch, wo ist mein Paket?"
    lines = [line(rude, sender_role=role, context="order", lang="de") for role in ("buyer", "SELLER")]
    assert [one["action"] for one in said("".join(lines), tmp_path)] == ["review", "block"]
    number = "0176 04069012"
    assert said(line(f"Es geht um {number}."), tmp_path)[0]["categories"] == ["contact_details"]
    assert said(line(f"Es geht um {number}.", order_number=number), tmp_path)[0]["action"] == "allow"


def test_own_domains_may_be_named(tmp_path: Path) -> None:
    text = line("https://shop.beispiel-markt.de/orders/5 und https://www.andere-seite.de/")
    (both,) = said(text, tmp_path)
    assert len(both["findings"]) == 2
    (one,) = said(text, tmp_path, domains="Beispiel-Markt.de, dritte.de")
    assert len(one["findings"]) == 1
    assert said(text, tmp_path, domains="beispiel-markt.de,andere-seite.de")[0]["action"] == "allow"


def test_a_bad_line_stops_nothing(tmp_path: Path) -> None:
    bad = [
        ('{"id": "1", "text": "x"', "not JSON: Expecting ',' delimiter at character 25."),
        ('["1", "x"]', 'not a JSON object like {"id": "1", "text": "Hello"}.'),
        ('{"text": "x"}', '"id" is missing.'),
        ('{"id": "1"}', '"text" is missing.'),
        ('{"id": null, "text": "x"}', '"id" is neither text nor a number.'),
        ('{"id": "1", "text": 5}', '"text" is not text.'),
        ('{"id": "1", "text": "x", "lang": ["de"]}', '"lang" is not text.'),
        ('{"id": "1", "text": "x", "order_number": true}', '"order_number" is not text.'),
        ("[" * 100_000, "not JSON that can be read."),
        ('{"id": ' + "9" * 5000 + "}", "not JSON that can be read."),
    ]
    content = "\n".join([line("gut").strip(), *(words for words, _why in bad), "", line("auch gut", id="2").strip()])
    lines, errors, failed = failing(content, tmp_path)
    assert [one["id"] for one in lines] == ["1", "2"]
    assert errors == [f"Line {number}: {why}" for number, (_words, why) in enumerate(bad, 2)]
    assert failed.returncode == 1
    assert str(failed) == f"{len(bad)} lines could not be screened."


def test_only_utf8_is_read_with_or_without_its_mark(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + line("mit Marke").encode() + b'{"id": "2", "text": "M\xfcll"}\r\n\r\n' + b'{"id": "3", '
    lines, errors, _failed = failing(content + b'"text": "ohne Ende"}', tmp_path)
    assert [one["id"] for one in lines] == ["1", "3"]
    assert errors == ["Line 2: not UTF-8 from byte 23 on."]


def test_half_characters_and_odd_ones_are_screened_like_others(tmp_path: Path) -> None:
    content = r'{"id": "\ud800", "text": "\udfff \u0000 \u2028 😀 an service@holzwerk-maier.de \ud83d"}' + "\n"
    (found,) = said(content, tmp_path)
    assert found["id"] == "\ud800"
    text = "\udfff \0 \u2028 😀 an service@holzwerk-maier.de \ud83d"
    assert [text[one["start"] : one["end"]] for one in found["findings"]] == ["service@holzwerk-maier.de"]


def test_an_unknown_role_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    err, out = io.StringIO(), io.StringIO()
    content = line("gut", sender_role="customer") * 3 + line("gut", context=None, sender_role="")
    call_command("screen_messages", str(written(content, tmp_path)), stdout=out, stderr=err)
    assert len(out.getvalue().splitlines()) == 4
    assert err.getvalue() == (
        'Line 1: "sender_role" is "customer", which is taken as not known; known are buyer, seller, support.\n'
    )


def test_texts_over_the_limit_are_refused_by_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_messages, "MOST_BYTES", 2 * 1024 * 1024)
    monkeypatch.setattr(screen_messages, "MOST_LINE", 3 * 1024 * 1024)
    most = 2 * 1024 * 1024
    content = [line("ü" * (most // 2 + 1)), line("x" * (4 * most)), line("noch einer")]
    lines, errors, _failed = failing("".join(content).replace("\\u00fc", "ü"), tmp_path)
    assert [one["action"] for one in lines] == ["allow"]
    assert errors == [
        'Line 1: "text" has 2097154 bytes; the limit is 2097152 (2 MB).',
        "Line 2: the line is longer than 3 MB.",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name in (str(tmp_path / "none.jsonl"), str(tmp_path), "nul\0l"):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("screen_messages", name)


@pytest.mark.services
def test_it_streams_without_a_database(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for number in range(3):
            process.stdin.write(line(MAIL, id=number).encode())
            process.stdin.flush()
            # The answer comes although the input goes on.
            assert select.select([process.stdout], [], [], 60)[0]
            assert json.loads(process.stdout.readline())["id"] == number
        out, err = process.communicate(b"nonsense\n" + line("gut", id="last").encode())
    assert json.loads(out)["id"] == "last"
    assert err.decode().splitlines() == [
        "Line 4: not JSON: Expecting value at character 1.",
        "CommandError: 1 line could not be screened.",
    ]
    assert process.returncode == 1


@pytest.mark.services
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    file = written(line("gut") * 5000, tmp_path)
    process = started(tmp_path, str(file))
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
