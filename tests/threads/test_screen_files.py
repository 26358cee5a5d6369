"""The command that screens files on this disk: their names, the text in them, and what could not be read."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from PIL import Image

from messagecenter.attachments.inspection.limits import MOST_BYTES
from tests.attachments import hostile
from tests.attachments.conftest import photo
from tests.attachments.honest import LETTER
from tests.attachments.test_lettering import LINES, MISSING, drawn

MAIL = "Bitte schreiben Sie an service@holzwerk-maier.de, danke."
CARD = "Meine Karte: 4111 1111 1111 1111"


def lines(*arguments: object) -> list[dict[str, Any]]:
    """Return what the command says, each line read."""
    out = io.StringIO()
    call_command("screen_files", *map(str, arguments), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_folder_is_gone_through_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/photo.jpg").write_bytes(photo())
    (tmp_path / "a.txt").write_text(MAIL)
    (tmp_path / "c.exe").write_bytes(hostile.windows_program())
    (tmp_path / "d.png").write_bytes(photo())
    (tmp_path / "e.txt").write_bytes(b"")
    found = lines(tmp_path)
    assert [(line["path"], line["action"], line["reason"]) for line in found] == [
        (f"{tmp_path}/a.txt", "block", ""),
        (f"{tmp_path}/c.exe", "refuse", "not_accepted"),
        (f"{tmp_path}/d.png", "refuse", "mismatch"),
        (f"{tmp_path}/e.txt", "refuse", "empty"),
        (f"{tmp_path}/b/photo.jpg", "allow", ""),
    ]
    for line in found:
        assert list(line) == ["path", "action", "categories", "findings", "reason", "message", "characters"]
        assert bool(line["message"]) is (line["action"] == "refuse")
    assert found[0]["categories"] == ["contact_details"]
    (finding,) = found[0]["findings"]
    assert list(finding) == ["part", "rule", "category", "start", "end", "confidence", "action"]
    assert MAIL[finding["start"] : finding["end"]] == "service@holzwerk-maier.de"
    assert finding["part"] == "file"
    assert found[0]["characters"] == len(MAIL)
    assert found[2]["message"] == "d.png is not what its name says: it looks like another kind of file."


def test_names_and_notes_in_a_picture_are_screened_too(tmp_path: Path) -> None:
    (tmp_path / "service@holzwerk-maier.de.txt").write_text(LETTER)
    exif = Image.Exif()
    exif[0x010E] = MAIL
    Image.new("RGB", (40, 40)).save(tmp_path / "note.jpg", exif=exif)
    named, noted = (lines(tmp_path / name)[0] for name in ("service@holzwerk-maier.de.txt", "note.jpg"))
    assert {finding["part"] for finding in named["findings"]} == {"file_name"}
    assert {finding["part"] for finding in noted["findings"]} == {"file"}
    assert named["action"] == noted["action"] == "block"


@pytest.mark.services
@pytest.mark.skipif(MISSING, reason="Debian packages: tesseract-ocr, tesseract-ocr-deu, fonts-dejavu-core")
def test_what_is_written_in_a_picture_is_screened(tmp_path: Path) -> None:
    (tmp_path / "flyer.png").write_bytes(drawn("PNG", LINES))
    (line,) = lines(tmp_path)
    assert line["action"] == "block"
    assert line["categories"] == ["contact_details"]


def test_words_that_would_be_hidden_are_held_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "card.txt").write_text(CARD)
    (line,) = lines(tmp_path, "--sender-role", "buyer", "--context", "order")
    assert (line["action"], line["categories"]) == ("review", ["payment_data"])


def test_own_domains_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Siehe https://www.beispiel-markt.de/hilfe")
    assert lines(tmp_path)[0]["categories"] == ["external_link"]
    assert lines(tmp_path, "--domains", "beispiel-markt.de")[0]["action"] == "allow"


def test_what_cannot_be_read_is_said_and_fails_at_the_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "good.txt").write_text(LETTER)
    out = io.StringIO()
    paths = [str(tmp_path / name) for name in ("none.txt", "pipe.txt", "good.txt")]
    with pytest.raises(CommandError) as failed:
        call_command("screen_files", *paths, stdout=out)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(line["action"], line["reason"], line["message"]) for line in found] == [
        ("error", "unreadable", "No such file or directory"),
        ("error", "unreadable", "not a regular file"),
        ("allow", "", ""),
    ]
    assert (failed.value.returncode, str(failed.value)) == (1, "2 could not be read.")


def test_a_file_that_is_too_large_is_refused_with_its_real_size(tmp_path: Path) -> None:
    with (tmp_path / "large.txt").open("wb") as file:
        file.truncate(3 * MOST_BYTES)
    (line,) = lines(tmp_path)
    assert (line["action"], line["reason"]) == ("refuse", "too_large")
    assert "30" in line["message"]


@pytest.mark.services
def test_it_needs_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(MAIL)
    env = os.environ | {"VAR_DIR": str(tmp_path / "var"), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "screen_files", str(tmp_path / "a.txt")]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["action"] == "block"
