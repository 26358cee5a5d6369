"""Words as the search knows them: folded, stemmed, cut, whatever the writer's hand and language."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messagecenter.search import words
from tests.search.texts import texts

# Words of one family must be found by each other; on the right what German and English Snowball leave apart.
FAMILIES = """
    Lieferung Lieferungen
    Bestellung Bestellungen bestellen
    Rücksendung Ruecksendung Rücksendungen RÜCKSENDUNG
    Straße Strasse Straßen Strassen STRASSE
    Häuser Haus Hauses Haeuser
    Größe Größen Groesse Grösse
    Tür Türen Tuer Tueren
    Gerät Geräte Geraet Geraete Geräts
    Öffnung Oeffnung Öffnungen
    defekt defekte defektes defekten defekter
    erstattet erstatten Erstattung Erstattungen
    grün grüne grünen gruen
    neu neue neuer neues neuen
    Paket Pakete Paketen Pakets
    Müller Mueller Muller
    Café Cafes cafe
    delivery deliveries
    deliver delivers delivered delivering
    return returns returned returning
    refund refunds refunded refunding
    order orders ordered ordering
    value values valued
    issue issues
    shoe shoes
    blue blues
    tries tried trying
    replace replaced replacing replacement replacements
    cancel canceled cancelled cancelling cancellation
    arrive arrives arrived arriving arrival
"""
STRANGERS = [
    ("Rechnung", "Rechner"),
    ("Lampe", "Lager"),
    ("refund", "return"),
    ("neue", "nue"),
    ("order", "Ort"),
    ("quer", "qur"),
]


@pytest.mark.parametrize(
    "family", [line.split() for line in FAMILIES.strip().splitlines()], ids=lambda family: family[0]
)
def test_family_has_one_key(family):
    assert {words.keys_of([word]) - {"^" + words.fold(word)[:5]} for word in family} == {
        words.keys_of([family[0]]) - {"^" + words.fold(family[0])[:5]}
    }


@pytest.mark.parametrize(("one", "other"), STRANGERS)
def test_strangers_have_their_own(one, other):
    assert words.keys_of([one]).isdisjoint(words.keys_of([other]))


def test_stop_words_are_the_50_most_frequent_of_each_language():
    assert [len(set(text.split())) for text in (words.GERMAN_STOP_WORDS, words.ENGLISH_STOP_WORDS)] == [50, 50]
    assert words.keys_of(["Und das ist für Sie, the one of it"]) == set()
    assert {words.fold(word) for word in words.STOP_WORDS} == words.STOP_WORDS


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("302-1234567-7654321", {"302", "1234567", "7654321", "30212345677654321"}),
        ("302‑1234567‑7654321", {"302", "1234567", "7654321", "30212345677654321"}),
        ("1Z999AA10123456784", {"1z999aa10123456784"}),
        ("B07XJ8C8F5", {"b07xj8c8f5"}),
        ("E-Mail", {"e", "mail", "email"}),
        ("Größe_42", {"gross", "42", "grosse42"}),
        ("don't", {"don", "t", "dont"}),
        ("Schuh\u00adwerk", {"schuhwerk", "^schuh"}),
        ("U\u0308bung", {"ubung"}),
        ("退货", {"退", "货", "退货"}),
        ("½ ② ﬁt", {"12", "2", "fit"}),
        ("--- … ?! \u200b", set()),
    ],
)
def test_runs_are_found_whole_and_in_parts(text, keys):
    assert words.keys_of([text]) == keys


def test_mail_and_file_names_are_found_whole_and_in_parts():
    assert words.keys_of(["anna@buyer.example"]) >= words.keys_of(["anna", "buyer", "example", "annabuyerexample"])
    assert words.keys_of(["Rechnung_2026-03.pdf"]) >= {"rechnung", "2026", "03", "pdf", "rechnung202603pdf"}


def test_long_word_is_found_by_its_beginning():
    assert "^rucks" in words.keys_of(["Rücksendeetikett"])
    assert words.keys_of(["Rückruf"]) == {"ruckruf"}


def test_document_counts_with_its_first_thousand_keys():
    text = " ".join(f"wort{number}" for number in range(3000))
    keys = words.keys_of([text, "danach"])
    assert len(keys) == words.MOST_KEYS
    assert "wort999" in keys
    assert not {"wort1000", "danach"} & keys


def test_endless_word_counts_with_its_first_letters():
    assert words.keys_of(["x1" * 5000]) == {("x1" * 5000)[: words.MOST_LETTERS]}
    assert len(words.keys_of(["b-" * 5000])) == 1


@given(texts())
def test_places_are_those_of_the_words_read(text):
    runs = list(words.runs(text))
    assert [part.word.folded for run in runs for part in run.parts] == words.read([text]).texts[0]
    for run in runs:
        assert run.start <= run.parts[0].start < run.parts[-1].end == run.end
        for part in run.parts:
            assert words.word_of(text[part.start : part.end]) == part.word


@given(texts())
def test_folding_twice_changes_nothing_but_written_umlauts(text):
    for folded in words.read([text]).texts[0]:
        assert words.fold(folded).replace("e", "") == folded.replace("e", "")
        assert folded == folded.casefold()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=16))
@example("dying")
@example("skies")
def test_word_begins_with_its_stem_but_for_the_last_letter(folded):
    stem = words.stem(folded)
    assert folded.startswith(stem[:-1])
    assert len(stem) >= min(len(folded), words.SHORTEST_STEM)


@given(texts())
@example("½ liter")
@example("ⓐende")
@example("⒈a")
@example("coŀlecció")
def test_skimming_never_denies_a_word(text):
    skimmed = words.skim(text)
    for key in words.keys_of([text]):
        needle = words.needle_of(key) if not key.startswith("^") else None
        assert needle is None or needle in skimmed


def test_skimming_denies_words_that_are_not_there():
    skimmed = words.skim("Die Lieferung kam pünktlich an.")
    for word in ("Rücksendung", "30212345671234567"):
        needle = words.needle_of(words.key_of(words.fold(word)))
        assert needle
        assert needle not in skimmed


WESTERN = "".join(bytes([code]).decode("cp1252", "ignore") for code in range(256))


@given(st.text(alphabet=WESTERN, max_size=60))
@example(WESTERN)
@example("GRÜSSE – „Œuvre“ ½ ™ Straße’s Þing… \u00ad")
def test_skimming_western_texts_by_a_table_says_the_same(text):
    """A sign that no such text has takes the long way, and parts nothing that was together."""
    assert words.skim(text + " 漢") == words.skim(text + " ?")
