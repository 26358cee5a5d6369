"""The verdict: every honest file passes, every hostile one is refused with a reason that is true."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from messagecenter.attachments.checking import check, check_total, opinion
from messagecenter.attachments.inspection import judge, sniffing
from messagecenter.attachments.inspection.limits import MOST_BYTES, MOST_FILES
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.reasons import sentence_of
from tests.attachments import hostile
from tests.attachments.honest import PICTURES, TEXTS, jpeg_with_notes

HONEST = PICTURES | TEXTS


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_passes(name: str) -> None:
    checked = check(name, HONEST[name]())
    assert checked.name == name
    assert checked.inspected.content
    assert checked.sniffed_type


@pytest.mark.parametrize(("name", "reasons", "made"), hostile.FILES, ids=[ascii(case[0]) for case in hostile.FILES])
def test_a_hostile_file_is_refused_for_what_it_is(
    name: str, reasons: tuple[str, ...], made: Callable[[], bytes]
) -> None:
    with pytest.raises(Refusal) as refused:
        check(name, made())
    assert refused.value.code in reasons
    assert "%" not in sentence_of(refused.value, "x.txt")


def test_every_reason_of_texts_and_pictures_is_shown_at_least_twice() -> None:
    shown = Counter(case[1][0] for case in hostile.FILES)
    wanted = {"empty", "not_accepted", "no_name", "mismatch", "not_text", "damaged", "polyglot", "too_many_pixels"}
    assert {code for code in [*wanted, "too_many_frames"] if shown[code] < 2} == set()


def test_the_parsers_are_not_asked_about_lies() -> None:
    with pytest.raises(Refusal) as refused:
        judge.judge("png", jpeg_with_notes())
    assert refused.value.code == "mismatch"


def test_a_file_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    assert check("a.txt", b"x" * MOST_BYTES).inspected
    with pytest.raises(Refusal) as refused:
        check("a.txt", b"x" * (MOST_BYTES + 1))
    assert refused.value.code == "too_large"
    assert (
        sentence_of(refused.value, "a.txt")
        .replace("\xa0", " ")
        .endswith("At most 10.0 MB are possible: 1 byte too much.")
    )


def test_the_name_is_judged_first_then_the_size_then_the_content() -> None:
    for name, content, code in (("a.exe", b"", "not_accepted"), ("a.png", b"", "empty"), ("a.png", b"x", "mismatch")):
        with pytest.raises(Refusal) as refused:
            check(name, content)
        assert refused.value.code == code


def test_a_refused_file_still_has_a_type() -> None:
    assert opinion("a.exe", hostile.jpeg()).sniffed_type == "image/jpeg"
    assert opinion("a.png", hostile.jpeg()).sniffed_type == "image/jpeg"


def test_text_and_files_are_counted_together_to_the_byte() -> None:
    check_total(1, [MOST_BYTES - 1])
    check_total(0, [MOST_BYTES // MOST_FILES] * MOST_FILES)
    for text, sizes, code in (
        (1, [MOST_BYTES], "total_too_large"),
        (MOST_BYTES + 1, [], "total_too_large"),
        (0, [1] * (MOST_FILES + 1), "too_many"),
    ):
        with pytest.raises(Refusal) as refused:
            check_total(text, sizes)
        assert refused.value.code == code
        assert "%" not in sentence_of(refused.value, "")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (hostile.archive(), True),
        (hostile.archive(b"a comment"), True),
        (b"in front" + hostile.archive() + bytes(100_000), True),
        (b"PK\x05\x06" + bytes(18), False),
        (b"PK\x05\x06" * 5, False),
        (b"PK\x03\x04 is how a zip begins", False),
    ],
)
def test_a_zip_is_found_wherever_it_stands(content: bytes, found: bool) -> None:
    assert sniffing.holds_zip(content) is found


def test_a_word_file_must_end_where_its_zip_ends() -> None:
    sniffing.refuse_second_format("docx", hostile.archive())
    sniffing.refuse_second_format("docx", hostile.archive(b"made by hand"))
    for content in (hostile.archive() + hostile.PAGE, hostile.archive(hostile.PAGE), hostile.archive() + hostile.PDF):
        with pytest.raises(Refusal) as refused:
            sniffing.refuse_second_format("docx", content)
        assert refused.value.code == "polyglot"


@pytest.mark.parametrize("blank", [b"", b"\xef\xbb\xbf", b"\r\n", b"\n\n "])
def test_a_pdf_may_begin_with_a_blank(blank: bytes) -> None:
    sniffing.refuse_other_kind("pdf", blank + hostile.PDF, "application/octet-stream")
    sniffing.refuse_second_format("pdf", blank + hostile.PDF)


@pytest.mark.parametrize(
    "content",
    [
        hostile.PAGE + hostile.PDF,
        b"\x89PNG\r\n\x1a\n" + hostile.PDF,
        hostile.PDF + hostile.archive(),
        hostile.PDF + hostile.PAGE,
        hostile.PDF[:9] + b"%" + hostile.PAGE + b"\n" + hostile.PDF[9:],
        hostile.PDF + hostile.windows_program(),
        hostile.PDF + b"anything at all " * 100,
    ],
)
def test_a_pdf_that_is_something_else_too_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        judge.judge("pdf", content)
    assert refused.value.code in ("polyglot", "mismatch")


def test_on_a_machine_without_libmagic_the_one_that_comes_as_a_package_is_used(tmp_path: Path) -> None:
    # The machine's own is hidden by a finder that does not find it, as on a bare Debian.
    (tmp_path / "probe.py").write_text(
        "import sys, ctypes, ctypes.util\n"
        "load = ctypes.CDLL.__init__\n"
        "def without(self, name=None, *rest, **more):\n"
        "    if name and 'magic' in str(name) and 'pylibmagic' not in str(name): raise OSError('no such library')\n"
        "    load(self, name, *rest, **more)\n"
        "ctypes.CDLL.__init__ = without\n"
        "ctypes.util.find_library = lambda name: None\n"
        f"sys.path.insert(0, {str(settings.BASE_DIR / 'messagecenter/attachments')!r})\n"
        "from inspection import sniffing\n"
        "print(sniffing.sniff(b'%PDF-1.4 x'), 'pylibmagic' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-I", tmp_path / "probe.py"], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("application/pdf True", "")
