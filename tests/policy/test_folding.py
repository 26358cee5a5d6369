"""Folding: tricks with letters are undone, and every character knows where it was typed."""

from __future__ import annotations

import pytest

from messagecenter.policy.detection.folding import fold

PLAIN = {
    "ＡＢ　Ｃ": "ab c",
    "1️⃣7️⃣6️⃣": "176",
    "⓪①❷ ٠١٢ 𝟘𝟙": "012 012 01",
    "рауpаl": "paypal",
    "wha\u200bts\u00adapp\u2060": "whatsapp",
    "z̵a̷l̶g̸o": "zalgo",
    "u\u0308ber": "über",
    "𝓌𝒽𝒶𝓉𝓈 🅦🅗": "whats wh",
    "İstanbul IĞDIR ılık": "istanbul iğdir ilik",
    "Straße Œuvre": "strasse oeuvre",
    "“quoted” – ‚dash‘": "\"quoted\" - 'dash'",
    "line\r\n\n  break": "line break",
    "moc \u202emoc.liamg@anna\u202c ok": "moc anna@gmail.com ok",
    "\ud800x": "\ufffdx",
    "Привет, как дела": "привет, как дела",
    "Καλημέρα κόσμε": "καλημέρα κόσμε",
    "Zażółć gęślą jaźń": "zażółć gęślą jaźń",
    "10 µg": "10 ug",
}

BARE = {
    "w h a t s a p p  m e": "whatsapp m e",
    "W.h.a.t.s.A.p.p": "whatsapp",
    "p4yp@l te1egram 1nstagram paypa1 $kype": "paypal telegram instagram paypal skype",
    "Größe zażółć ığdır": "grosse zazolc igdir",
    "iphone14 4 gb 1st 50€ x1000 hello!": "iphone14 4 gb 1st 50€ x1000 hello!",
    "z. B. und d. h.": "z. b. und d. h.",
    "302-1234567": "302-1234567",
}


@pytest.mark.parametrize(("typed", "read"), PLAIN.items())
def test_the_plain_reading(typed: str, read: str) -> None:
    assert fold(typed).plain.text == read


@pytest.mark.parametrize(("typed", "read"), BARE.items())
def test_the_bare_reading(typed: str, read: str) -> None:
    assert fold(typed).bare.text == read


def test_every_character_knows_where_it_was_typed() -> None:
    typed = "x  ﬁ\u200bn  s.p.i.e.l"
    folded = fold(typed)
    start = folded.plain.text.index("fin")
    assert typed[slice(*folded.plain.span(start, start + 3))] == "ﬁ\u200bn"
    start = folded.bare.text.index("spiel")
    assert typed[slice(*folded.bare.span(start, start + 5))] == "s.p.i.e.l"


def test_a_span_read_backwards_covers_what_was_typed() -> None:
    typed = "a \u202emoc.liamg@anna\u202c z"
    plain = fold(typed).plain
    start = plain.text.index("anna@gmail.com")
    assert typed[slice(*plain.span(start, start + 14))] == "moc.liamg@anna"


def test_the_flat_reading_has_one_byte_a_character() -> None:
    reading = fold("Größe привет €").plain
    assert reading.flat == b"grosse ?????? ?"
    assert len(reading.flat) == len(reading.text)


def test_characters_that_unfold_to_much_do_not_make_a_text_long() -> None:
    assert fold("a\ufdfab").plain.text == "a b"
    assert fold("\u2121 030").plain.text == "tel 030"
    much = fold("\u2121" * 20_000)
    assert len(much.plain.text) < 25_000
    assert much.plain.span(len(much.plain.text) - 1, len(much.plain.text)) == (19_999, 20_000)


def test_pieces_of_a_text_read_as_the_whole_does() -> None:
    text = ("Größe  M\u200b, Ü\u0308bergang \n\n" + "x" * 93) * 4
    plain = fold(text).plain
    assert "  " not in plain.text
    assert [text[start:end] for start, end in zip(plain.starts, plain.ends, strict=True)][:2] == ["G", "r"]
    assert list(plain.starts) == sorted(plain.starts)


def test_words_whose_disguise_is_off_are_named_where_they_stand():
    bare = fold("v13r w h a t s a p p, dann p4ypal und n u l l s13b3n fünf").bare
    assert [bare.text[start:end] for start, end in bare.undone] == ["vier", "whatsapp", "paypal", "null", "sieben"]


def test_stretches_keep_whole_words_and_where_they_were_typed():
    typed = "eins zwei drei vier fünf w h a t s a p p sechs sieben acht neun zehn"
    bare = fold(typed).bare
    (stretch,) = bare.stretches(bare.undone, 8)
    assert stretch.text == "vier funf whatsapp sechs sieben"
    start = stretch.text.index("whatsapp")
    assert typed[slice(*stretch.span(start, start + 8))] == "w h a t s a p p"
    both = [(0, 4), (10, 14)]
    assert [one.text for one in bare.stretches(both, 20)] == ["eins zwei drei vier funf whatsapp sechs"]
