"""A long file with thousands of findings is explained in no time, and a file nobody could read is said so."""

from __future__ import annotations

import pytest
from django.core import mail

from messagecenter.moderation.items import _findings
from messagecenter.moderation.reading import (
    LINE_WIDTH,
    MOST_SHOWN,
    disclose_words,
    files_found,
    numbered,
    words_about,
)
from messagecenter.moderation.statements import MOST_QUOTES, explain
from messagecenter.notices.dispatch import deliver_due
from messagecenter.policy.models import Decision

from .conftest import message_of

pytestmark = pytest.mark.django_db
MANY = 9_000


@pytest.fixture
def crowded(post):
    """A message whose file holds one word after the other, each found, half of them twice."""
    plain = " ".join(f"w{number:05d}" for number in range(MANY))
    decision = post("See the file and the holdword.", file=("list.txt", plain.encode()))
    [file] = files_found(decision, message_of(decision)) or message_of(decision).enclosures.all()
    part = f"file:{getattr(file, 'attachment_id', file.pk)}"
    [made] = decision.findings
    found = [made | {"part": part, "start": 7 * at, "end": 7 * at + 6} for at in range(MANY)]
    Decision.objects.filter(pk=decision.pk).update(findings=found + found[: MANY // 2])
    return Decision.objects.get(pk=decision.pk)


def test_statement_reads_a_file_once_and_shows_the_first_words(crowded, seller, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        told = explain(crowded, seller)
    assert [quote.words for quote in told.quotes] == [f"w{number:05d}" for number in range(MOST_QUOTES)]
    assert told.more_quotes == MANY - MOST_QUOTES


def test_desk_reads_a_file_once_and_shows_the_first_words(crowded, moderator, desk, django_assert_max_num_queries):
    message = message_of(crowded)
    files = files_found(crowded, message)
    made = disclose_words(by=moderator, thread=message.thread, files=files, reason="Checking a held message")
    with django_assert_max_num_queries(30):
        words = words_about(crowded, message, moderator)
    assert len(words.files) == MOST_SHOWN
    assert words.more_files == MANY - MOST_SHOWN
    page = desk.get(f"/admin/moderation/desk/held/{crowded.pk}/?read={made.pk}")
    assert len(page.context["findings"]) == MOST_SHOWN
    assert f"and {MANY - MOST_SHOWN} more" in page.content.decode()


@pytest.fixture
def unread(held):
    """A held message with a file that could not be read, beside the word that was found."""
    lost = {
        "part": f"file:{held.pk}",
        "rule": "",
        "category": "",
        "start": 0,
        "end": 0,
        "confidence": 0.0,
        "action": "review",
    }
    Decision.objects.filter(pk=held.pk).update(findings=[*held.findings, lost])
    return Decision.objects.get(pk=held.pk)


@pytest.mark.parametrize("alone", [False, True])
def test_file_that_could_not_be_read_is_said_so(unread, alone, seller, signed_in, desk):
    if alone:
        Decision.objects.filter(pk=unread.pk).update(findings=unread.findings[1:])
        unread.refresh_from_db()
    sentence = "A file could not be read, so a person has to look at it."
    told = explain(unread, seller)
    assert [quote.words for quote in told.quotes] == ([] if alone else ["holdword"])
    assert [rule.id for rule in told.rules] == unread.rules
    assert "" not in unread.rules
    assert len(_findings(unread)) == (0 if alone else 1)
    browser = signed_in(seller)
    for page in (
        browser.get(f"/messages/decisions/{unread.pk}/"),
        browser.get("/messages/decisions/"),
        desk.get(f"/admin/moderation/desk/held/{unread.pk}/"),
    ):
        assert sentence in page.content.decode()
        assert "<code></code>" not in page.content.decode()
    deliver_due()
    [letter] = [one for one in mail.outbox if f"/messages/decisions/{unread.pk}/" in one.body]
    assert sentence in letter.body


def test_lines_end_behind_words_and_lose_nothing():
    text = "Das tut uns leid! " * 9 + "\n\n" + "x" * 170 + "\nEnde"
    lines = numbered(text, [])
    written = ["".join(piece.text for piece in line.pieces) for line in lines]
    assert max(map(len, written)) <= LINE_WIDTH
    assert [line.start for line in lines] == [0, 80, 156, 163, 164, 244, 324, 335]
    assert [text[line.start : line.start + len(one)] for line, one in zip(lines, written, strict=True)] == written
    assert "".join(written) == text.replace("\n", "")
