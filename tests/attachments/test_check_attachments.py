"""The command for operators: one line a file, one a message, no database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from messagecenter.attachments.inspection.limits import MOST_BYTES
from tests.attachments import hostile
from tests.attachments.honest import LETTER, PICTURES


def lines(*arguments: object) -> list[dict[str, Any]]:
    """Return what the command says, each line read."""
    out = StringIO()
    call_command("check_attachments", *map(str, arguments), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def failing(*arguments: object) -> tuple[list[dict[str, Any]], CommandError]:
    """Return what the command says and why it fails at the end."""
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("check_attachments", *map(str, arguments), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()], failed.value


def manifest(folder: Path, **content: object) -> Path:
    file = folder / "manifest.json"
    file.write_text(json.dumps(content))
    return file


def test_a_folder_is_gone_through_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/lies.png").write_bytes(PICTURES["photo.jpg"]())
    (tmp_path / "a.txt").write_text(LETTER)
    (tmp_path / "c.exe").write_bytes(hostile.windows_program())
    found = lines(tmp_path)
    assert [(line["path"], line["verdict"], line["reason"]) for line in found] == [
        (f"{tmp_path}/a.txt", "accept", ""),
        (f"{tmp_path}/c.exe", "refuse", "not_accepted"),
        (f"{tmp_path}/b/lies.png", "refuse", "mismatch"),
    ]
    for line in found:
        assert list(line) == ["path", "verdict", "reason", "message", "sniffed_type", "size_bytes", "seconds"]
        assert bool(line["message"]) is (line["verdict"] == "refuse")
        assert 0 < line["seconds"] < 30
    assert [line["sniffed_type"] for line in found][::2] == ["text/plain", "image/jpeg"]
    assert found[0]["size_bytes"] == len(LETTER.encode())
    assert found[2]["message"] == "lies.png is not what its name says: it looks like another kind of file."


def test_a_file_is_judged_under_the_name_it_is_said_to_have(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(PICTURES["photo.jpg"]())
    names = [
        "../x/photo.jpg",
        "photo.jpg\0.exe",
        "line\nbreak.JPG",
        "photo\u202egpj.exe",
        "\0\u200b",
        "a" * 500 + ".jpeg",
    ]
    entries = [{"path": "1", "upload_name": name} for name in names]
    found = lines("--manifest", manifest(tmp_path, files=entries))
    assert [line["path"] for line in found] == ["1"] * 6
    assert [line["reason"] for line in found] == ["", "not_accepted", "", "not_accepted", "no_name", ""]


def test_a_message_is_judged_for_its_total(tmp_path: Path) -> None:
    (tmp_path / "half.txt").write_bytes(b"x" * (MOST_BYTES // 2))
    (tmp_path / "one.txt").write_bytes(b"x")
    messages = [["half.txt", "half.txt"], ["half.txt", "half.txt", "one.txt"], ["one.txt"] * 10, ["one.txt"] * 11, []]
    found = lines("--manifest", manifest(tmp_path, messages=[{"files": files} for files in messages]))
    assert [(line["message_index"], line["files"]) for line in found] == list(enumerate(messages))
    assert [line["reason"] for line in found] == ["", "total_too_large", "", "too_many", ""]
    assert [line["verdict"] for line in found] == ["accept", "refuse", "accept", "refuse", "accept"]
    assert found[1]["size_bytes"] == MOST_BYTES + 1
    assert found[1]["message"].replace("\xa0", " ").endswith("1 byte too much.")


def test_the_limit_is_exact_and_larger_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "exact.txt").write_bytes(b"x" * MOST_BYTES)
    with open(tmp_path / "huge.txt", "wb") as file:
        file.truncate(3 * 1024**4)  # more than memory
    exact, huge = lines(tmp_path)
    assert exact["verdict"] == "accept"
    assert (huge["reason"], huge["size_bytes"]) == ("too_large", 3 * 1024**4)
    assert huge["sniffed_type"]


def test_what_cannot_be_read_is_told_and_fails_at_the_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to("nowhere")
    (tmp_path / "ok.txt").write_text("ok")
    found, failed = failing(tmp_path)
    assert [line["verdict"] for line in found] == ["error", "accept", "error"]
    assert [line["reason"] for line in found] == ["unreadable", "", "unreadable"]
    assert failed.returncode == 1
    file = manifest(
        tmp_path,
        files=[{"path": "no.txt", "upload_name": "a.txt"}, {"path": "n\0o", "upload_name": "a.txt"}],
        messages=[{"files": ["ok.txt", "no.txt"]}],
    )
    found, failed = failing("--manifest", file)
    assert [line["verdict"] for line in found] == ["error"] * 3
    assert "3 could not be judged" in str(failed)


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"files": [{}]}', '{"files": 1}', '{"messages": [[]]}'])
def test_a_manifest_that_is_none_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    found, failed = failing("--manifest", tmp_path / "manifest.json")
    assert found == []
    assert "manifest" in str(failed)


def test_without_anything_to_do_it_says_so() -> None:
    assert "Name files" in str(failing()[1])


def test_no_database_is_needed_and_no_bar_is_drawn_into_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "ü\udcff.txt").write_text("a name that is not UTF-8")
    environment = os.environ | {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "VAR_DIR": str(tmp_path / "var"),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check_attachments", tmp_path / "ü\udcff.txt"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["verdict"] == "accept"
