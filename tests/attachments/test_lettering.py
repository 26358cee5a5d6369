"""Text in pictures: read by the real program, and every way in which it gives none."""

from __future__ import annotations

import io
import os
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from messagecenter.attachments.checking import check
from messagecenter.attachments.inspection import lettering
from messagecenter.attachments.inspection.inspected import Inspected
from tests.services.debian import german_letters_found

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
LINES = ["Schreiben Sie uns für Grüße auf WhatsApp:", "0176 04069012", "info@holzwerk-maier.example"]
MISSING = not (shutil.which("tesseract") and german_letters_found() and FONT.exists())


def real(test):
    """Mark a test that needs the program itself. Where nothing may be skipped, this fails the run."""
    needs = "Debian packages: tesseract-ocr, tesseract-ocr-deu, fonts-dejavu-core"
    return pytest.mark.services(pytest.mark.skipif(MISSING, reason=needs)(test))


def drawn(kind: str, lines: list[str], size: tuple[int, int] = (900, 400)) -> bytes:
    """Return a picture with these lines, also as a PDF as a scanner makes it."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        pen.text((20, 20 + 60 * number), line, fill="black", font=ImageFont.truetype(FONT, 32))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


@real
@pytest.mark.parametrize("name", ["flyer.png", "flyer.jpg", "flyer.gif", "scan.pdf"])
def test_what_is_written_in_a_picture_is_read(name: str) -> None:
    kind = {"jpg": "JPEG"}.get(name[-3:], name[-3:].upper())
    text = check(name, drawn(kind, LINES)).inspected.text
    assert [line for line in text.splitlines() if line in LINES] == LINES


@real
def test_no_words_are_seen_in_noise_patterns_and_small_pictures() -> None:
    noise, stripes = io.BytesIO(), io.BytesIO()
    Image.effect_noise((800, 600), 90).save(noise, "PNG")
    Image.radial_gradient("L").resize((800, 600)).save(stripes, "PNG")
    for picture in (noise, stripes):
        assert check("a.png", picture.getvalue()).inspected.text == ""
    assert check("icon.png", drawn("PNG", ["x"], (70, 60))).inspected.text == ""


@real
def test_a_document_with_much_text_of_its_own_is_no_scan() -> None:
    inspected = Inspected("pdf", b"", "Wort " * 300, large=drawn("WEBP", LINES), width=900, height=400)
    lettering.add_letters(inspected)
    assert "0176" not in inspected.text
    inspected.text = "Rechnung"
    lettering.add_letters(inspected)
    assert inspected.text.splitlines() == ["Rechnung", *LINES]


@real
def test_what_is_no_picture_gives_no_text() -> None:
    for content in (b"", b"RIFF\0\0\0\0WEBPVP8 ", b"no picture", drawn("WEBP", LINES)[:300]):
        assert lettering.read(content) == ""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first where programs are looked for."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    return tmp_path


def behaving(folder: Path, script: str) -> None:
    """Put a program of that name there that knows German and does this instead of reading."""
    program = folder / "tesseract"
    program.write_text(f'#!/bin/sh\ncase "$1" in --list-langs) echo deu; echo eng; exit;; esac\n{script}\n')
    program.chmod(0o755)


TABLE = r"5\t1\t1\t1\t1\t1\t9\t9\t9\t9\t"


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (rf"printf 'head\n{TABLE}96.5\tRuf\n{TABLE}96.5\tan\n'", "Ruf an"),
        (rf"printf 'head\n{TABLE}12.5\tRauschen\n{TABLE}nan\tx\n{TABLE}\tx\n{TABLE}96\t\377\376\n'", "\ufffd\ufffd"),
        (rf"printf 'head\n{TABLE}96.5\tRuf\n'; exit 1", ""),
        ("printf 'head\n1\t2\t3\n\n'", ""),
        ("kill -9 $$", ""),
        ("exit 0", ""),
    ],
)
def test_what_a_program_says_is_taken_only_when_it_makes_sense(folder: Path, script: str, text: str) -> None:
    behaving(folder, script)
    assert lettering.read(b"picture") == text


def test_a_program_that_takes_too_long_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "SECONDS", 0.3)
    behaving(folder, "exec sleep 60")
    begun = time.monotonic()
    assert lettering.read(b"picture") == ""
    assert time.monotonic() - begun < 10


def test_a_program_gets_no_secrets_and_no_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESSAGE_KEYS", "1:secret")
    said = folder / "said"
    said.touch()
    # It may not write files: what it says comes back as if it were read.
    facts = '"$(env | grep -c MESSAGE_KEYS)" "$(ulimit -t)" "$(ulimit -v)" "$(ulimit -f)"'
    rows = rf"""printf 'head\n'; for word in {facts}
do printf '{TABLE}99\t%s\n' "$word"; done; echo much > {said}"""
    behaving(folder, f"trap '' XFSZ; {rows}; exit 0")
    assert lettering.read(b"picture") == f"0 {lettering.SECONDS} {lettering.MEMORY} 0"
    assert said.read_text() == ""


@pytest.mark.parametrize("script", ["", "#!/bin/sh\nexit 1", "#!/bin/sh\necho osd", "#!/no/such/shell\n"])
def test_without_a_program_or_its_languages_there_is_no_text(
    folder: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    if script:
        (folder / "tesseract").write_text(script)
        (folder / "tesseract").chmod(0o755)
    assert lettering.read(b"picture") == ""


def test_only_known_languages_are_asked_for(folder: Path) -> None:
    behaving(folder, "")
    assert lettering.installed_languages(str(folder / "tesseract")) == "deu+eng"
