"""Says in which of the eight languages a text probably is. Only for reporting: no rule depends on it."""

from __future__ import annotations

import re2

from .grammar import level

# Short words that are frequent in one language and rare in the others.
_WORDS = {
    "de": "ich und der die das nicht ist sie wir mit ein eine den dem auf für von zu auch wie wann bitte haben habe"
    " wurde wird kann bei nach noch mein meine ihre ihr uns aber oder wenn dass guten hallo danke vielen bestellung",
    "en": "the and is you i to of my it for that have was with this are not your can when please would could what we"
    " has been but on will do did order hello thanks thank",
    "fr": "je le la les et est vous pas pour des un une que de du ma mon votre avec mais dans sur ne ce bonjour merci"
    " commande quand nous au avez suis qui",
    "es": "el la los las y es no para un una que de por mi su con pero en se cuando hola gracias pedido usted ha"
    " está lo al del muy cómo puedo",
    "it": "il la lo gli e è non per un una che di mio con ma nel si quando ciao grazie ordine sono ho del della mi"
    " vorrei buongiorno come questo può posso avete",
    "pl": "i nie jest w na z do się że czy proszę dzień dobry mam jak ale kiedy zamówienie paczka dziękuję dla po"
    " za od moje mój przez był była został",
    "nl": "de het een ik en is niet van voor met dat mijn u uw je op te aan maar wanneer bestelling bedankt hallo kan"
    " kunt heb heeft er bij naar wordt ook",
    "tr": "ve bir bu ne için değil mi var yok ama çok siparişim sipariş merhaba teşekkürler ürün ile daha ben lütfen"
    " zaman kargo nasıl olarak geldi mı iade kadar",
}
_LETTERS = {"de": "äöüß", "fr": "êèàçùœ", "es": "ñ¿¡", "pl": "łśżźćńę", "tr": "ığş", "it": "ìò", "nl": "", "en": ""}
_KNOWN: dict[str, list[tuple[str, float]]] = {}
for _language, _words in _WORDS.items():
    for _word in _words.split():
        _KNOWN.setdefault(level(_word.casefold()).decode("ascii"), []).append((_language, 1.0))
_TOKEN = re2.compile(r"[\pL]+")
MOST_CHARACTERS = 2000


def detect(text: str) -> str:
    """Return ``de``, ``en``, ``fr``, ``es``, ``it``, ``pl``, ``nl`` or ``tr``, or nothing when that is not clear."""
    text = text[:MOST_CHARACTERS].casefold()
    points = dict.fromkeys(_WORDS, 0.0)
    for token in _TOKEN.findall(text):
        languages = _KNOWN.get(level(token).decode("ascii"), ())
        for language, weight in languages:
            points[language] += weight / len(languages)
    for language, letters in _LETTERS.items():
        points[language] += min(2.0, 0.7 * sum(text.count(letter) for letter in letters))
    (second, _), (best, name) = sorted((value, name) for name, value in points.items())[-2:]
    return name if best >= 1.5 and best >= 1.3 * second else ""
