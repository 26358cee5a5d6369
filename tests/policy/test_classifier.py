"""The classifier raises doubtful sentences for a person, never surely; its weights come from the repository."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from messagecenter.policy.detection import classifier
from messagecenter.policy.detection.finding import Category
from messagecenter.policy.detection.folding import fold
from messagecenter.policy.detection.surroundings import Surroundings
from messagecenter.policy.training.learning import Sentence, read_sentences, train

SENTENCES = read_sentences()


def test_the_sentences_are_many_and_about_half_of_them_honest() -> None:
    languages = Counter(one.language for one in SENTENCES)

    assert len(SENTENCES) >= 900
    assert len({one.text for one in SENTENCES}) == len(SENTENCES)
    assert sum(one.category is None for one in SENTENCES) / len(SENTENCES) >= 0.45
    assert set(languages) == {"de", "en", "fr", "es", "it", "pl", "nl", "tr"}
    assert languages["de"] > languages["en"]


def test_it_speaks_up_for_most_of_what_it_learnt_and_for_few_honest_ones() -> None:
    false = found = forbidden = 0
    for one in SENTENCES:
        categories = {hit.category for hit in classifier.find(fold(one.text), Surroundings())}
        if one.category is None:
            false += bool(categories)
        else:
            forbidden += 1
            found += one.category in categories

    assert false / sum(one.category is None for one in SENTENCES) <= 0.01
    assert found / forbidden >= 0.7


def test_it_never_blocks_by_itself_and_names_the_sentence() -> None:
    text = "Hallo Frau Berger! Besuchen Sie unseren Shop und sparen Sie 20 % mit unserem Rabattcode. Viele Grüße"
    hits = classifier.find(fold(text), Surroundings())

    assert [one.rule for one in hits] == ["classifier.marketing"]
    assert 0.5 <= hits[0].confidence <= 0.75
    # A very short sentence is guessed about together with the next one.
    assert text[hits[0].start : hits[0].end].endswith("unserem Rabattcode.")


def test_a_buyer_is_not_suspected_of_advertising() -> None:
    text = "Besuchen Sie unseren Shop und sparen Sie 20 % mit unserem Rabattcode."

    assert classifier.find(fold(text), Surroundings(sender_role="seller"))
    assert classifier.find(fold(text), Surroundings(sender_role="buyer")) == []


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    few = SENTENCES[::25]
    weights = train(few)
    classifier.write_weights(weights, tmp_path / "w")
    again = classifier.read_weights(tmp_path / "w")

    assert dict(again.rows) == dict(weights.rows)
    for one in few:
        assert again.guess(one.places) == pytest.approx(weights.guess(one.places), abs=1e-3)


def test_training_is_the_same_every_time() -> None:
    few = SENTENCES[::40]

    assert train(few) == train(few)


def test_the_file_is_small() -> None:
    assert classifier.WEIGHTS.stat().st_size < 400_000


def test_training_learns() -> None:
    sentences = [
        Sentence(category, "en", text, tuple(sorted(classifier.features(text.encode()))))
        for category, text in (
            (Category.ABUSE, "you utter fool"),
            (None, "thank you very much"),
            (Category.MARKETING, "visit our shop"),
            (None, "where is my parcel"),
        )
    ]
    weights = train(sentences)

    for one in sentences:
        guess = weights.guess(one.places)
        assert (max(guess, key=lambda category: guess[category]) == one.category) == (one.category is not None)


def test_it_is_quick_and_looks_at_the_beginning_only() -> None:
    folded = fold("Wann kommt meine Bestellung an und wo finde ich die Sendungsnummer? " * 7)
    long = fold("Wann kommt meine Bestellung? " * 15_000)
    classifier.find(folded, Surroundings())
    start = time.process_time()
    for _ in range(20):
        classifier.find(folded, Surroundings())
    each = (time.process_time() - start) / 20
    start = time.process_time()
    classifier.find(long, Surroundings())

    assert each < 0.02  # measured: 0.002; this machine may be busy
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("text", ["", ".", "?!?!", "   ", "\n\n", "a" * 5000, "🎉" * 100, "." * 5000])
def test_odd_texts_are_fine(text: str) -> None:
    for one in classifier.find(fold(text), Surroundings()):
        assert 0 <= one.start < one.end <= len(text)
