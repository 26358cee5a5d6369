"""Each mail of the corpus is read as a person would read it: words, files, verdict."""

from __future__ import annotations

from collections import Counter

import pytest

from messagecenter.inbound.reading import Kind, kind_of, read
from tests.inbound.corpus import CASES
from tests.inbound.corpus.mail import Case


@pytest.mark.parametrize("case", CASES, ids=[one.name for one in CASES])
def test_a_mail_is_read_as_a_person_would(case: Case) -> None:
    letter = read(case.raw)
    verdict = kind_of(letter, own_domains=["shop.example.org"], loop_marks=["message-center"])

    if case.text != "…":  # nobody reads a machine's words
        assert letter.text == case.text
    assert verdict.kind == case.kind
    assert [(one.name, len(one.content)) for one in letter.files] == list(case.files)
    if case.reason:
        assert verdict.reason == case.reason
    assert [(one.address, one.status, one.permanent) for one in verdict.recipients] == list(case.recipients)
    assert verdict.original_message_id == case.original
    for name, value in case.more.items():
        assert getattr(letter, name) == value, name


def test_the_corpus_is_large_and_has_every_kind() -> None:
    kinds = Counter(one.kind for one in CASES)

    assert len(CASES) >= 200
    assert len({one.name for one in CASES}) == len(CASES)
    assert set(kinds) == set(Kind)
