"""The language of a text is named when it is clear, and not guessed when it is not."""

from __future__ import annotations

import pytest

from messagecenter.policy.detection.language import detect


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Guten Tag, wann wird meine Bestellung verschickt? Ich brauche sie bis Freitag."),
        ("en", "Hello, when will you ship my order? I need it before Friday."),
        ("fr", "Bonjour, quand ma commande sera-t-elle expédiée ? Je ne peux pas attendre."),
        ("es", "Hola, ¿cuándo se enviará mi pedido? Lo necesito para el viernes."),
        ("it", "Buongiorno, quando verrà spedito il mio ordine? Non posso aspettare."),
        ("pl", "Dzień dobry, kiedy zostanie wysłane moje zamówienie? Proszę o odpowiedź."),
        ("nl", "Hallo, wanneer wordt mijn bestelling verzonden? Ik heb het niet ontvangen."),
        ("tr", "Merhaba, siparişim ne zaman kargoya verilecek? Lütfen bilgi verin."),
    ],
)
def test_a_clear_text(language: str, text: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "OK", "302-1234567-1234567", "😀😀", "你好", "Anna"])
def test_an_unclear_text(text: str) -> None:
    assert detect(text) == ""
