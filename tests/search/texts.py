"""Texts as people and machines type them, for property tests: real words, odd joins, any character."""

from __future__ import annotations

from hypothesis import strategies as st

VOCABULARY = """
    Rücksendung Ruecksendung Rücksendeetikett Rücksende-Etikett Lieferung Lieferungen geliefert Straße Strasse Größe
    delivery deliveries delivered refund refunded order orders return E-Mail Email email don't dont und the of ist
    302-1234567-1234567 302 1234567 12345671234567 anna@buyer.example buyer.example Rechnung_2026-03.pdf Lampe lamps
    Lampenschirm Schuh Schuhe 退货 na-ende aende Foto neue Quelle values 19,99 12:30 B07XJ8C8F5
""".split()  # noqa: SIM905 (a text to read)


def typed_words() -> st.SearchStrategy[str]:
    """Words of the vocabulary, made up ones with joiners and umlauts, and anything."""
    made_up = st.text(alphabet="aeoubnstr-.·ßäüœé'", min_size=1, max_size=10)
    return st.one_of(st.sampled_from(VOCABULARY), made_up, st.text(min_size=1, max_size=5))


def texts() -> st.SearchStrategy[str]:
    """A few such words with blanks between."""
    return st.lists(typed_words(), max_size=10).map(" ".join)
