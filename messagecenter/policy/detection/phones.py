"""Telephone numbers: in every region's way of writing, and in the ways people hide them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

import phonenumbers

from .digits import Part, find_hidden, lines
from .finding import Category, Finding
from .folding import Folded, Reading, expression
from .surroundings import Surroundings, is_number_of_the_matter

RULE = "contact.phone"
_MANY = 400  # words of one kind looked for in a piece: who writes more of them hides nothing

#: Countries whose numbers start with a zero at home, those without, and what counts as a number there (libphonenumber).
_WITH_ZERO = ("DE", "AT", "CH", "GB", "FR", "NL", "TR", "BE", "IE", "SE", "AU")
_WITHOUT_ZERO = ("IT", "ES", "PL", "US", "PT", "DK", "NO", "CZ", "GR", "LU")


def _patterns(regions: tuple[str, ...], kinds: tuple[str, ...]) -> str:
    found = []
    for region in regions:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if metadata is None:  # never: these regions all exist
            continue
        for kind in kinds:
            pattern = getattr(metadata, kind)
            if pattern is not None and pattern.national_number_pattern:
                found.append(f"(?:{pattern.national_number_pattern})")
    return "|".join(found)


_MOBILE_ZERO = expression(f"0(?:{_patterns(_WITH_ZERO, ('mobile',))})")
_FIXED_ZERO = expression(f"0(?:{_patterns(_WITH_ZERO, ('fixed_line', 'toll_free', 'premium_rate', 'shared_cost'))})")
_HOME = expression(_patterns(_WITHOUT_ZERO, ("mobile", "fixed_line")))
_HOME_MOBILE = expression(_patterns(("IT", "ES", "PL", "PT"), ("mobile",)))
_AMERICAN = expression(r"1?[2-9]\d\d[2-9]\d{6}")

_NUMBER = r"(?:\W{0,2}(?:nummer|nr|number|numero|numéro|número|num|no|numer|numara[a-z]*))?"
_CALLING = expression(
    r"\b(?:"
    rf"(?:tele?fo(?:on|n|no)?|tel|fon|ph(?:one)?|mobil[a-z]*|handy|móvil|movil|portable|cellulare|cell|cel|celular|komórk[a-z]*"
    rf"|komork[a-z]*|gsm|cep|hotline|rückruf|rueckruf|fax|festnetz|landline|durchwahl){_NUMBER}"
    r"|telefon[a-z]*|tele(?:ph|f)on[a-z]*|phone[a-z]*|handynr|handynummer|rufnummer|mobilnummer|teléfono|téléphone|telefoon[a-z]*"
    r"|call|calling|ring|text|sms|whats?\s?app|whatsap+|watsap+|wapp|telegram|signal|viber|threema|imo|wechat"
    r"|ruf[a-z]*|anruf[a-z]*|angerufen|anrufen|erreich[a-z]*|reach|contact|kontakt[a-z]*|simse[a-z]*|melde[a-z]*|durchklingel[a-z]*"
    r"|klingel[a-z]*|dial|appel[a-z]*|joindre|joignable|rappel[a-z]*|contact[a-z]*|llam[a-z]*|llám[a-z]*|chiam[a-z]*|telefon[a-z]*"
    r"|zadzwo[a-z]*|dzwo[a-z]*|bel|bellen|belt|bereik[a-z]*|ara|arayın|arayin|arayabilir[a-z]*|ulaş[a-z]*|ulas[a-z]*|numaram"
    r"|(?:my|our) (?:new|old|other|second|private|personal|own|work|home|office|business|direct|current|real|local"
    r"|international|us|uk|american|british|german|french|italian|spanish|polish|dutch|turkish|austrian|swiss|israeli"
    r"|indian|chinese|japanese) number"
    r"|(?:meine|unsere) (?:neue|alte|andere|zweite|private|persönliche|eigene|direkte|aktuelle|echte|richtige|deutsche"
    r"|österreichische|schweizer) nummer"
    r"|my number|our number|meine nummer|unsere nummer|mon numéro|mon numero|mi número|mi numero|mio numero"
    r"|mój numer|moj numer|mijn nummer|numaram[a-z]*|numaramız"
    r")\b"
)
_NAMING = expression(
    r"\b(?:"
    r"(?:[a-z]*bestell|auftrags?|kunden|rechnungs?|sendungs?|trackings?|paket|serien|artikel|modell?|teile?|liefer(?:schein)?"
    r"|vorgangs?|referenz|ticket|fall|geräte|geraete|material|produkt|charge[a-z]*|lot|steuer|ust|mwst|bar|ersatzteil"
    r"|vertrags?|mitglieds?|kassen|beleg|transaktions?|retouren?|rma|sendungsverfolgungs)\W?(?:nummern?|nr|no|id|code)"
    r"|bestellung(?:en)?|auftrag|rechnung|sendung(?:en)?|artikel|modell|order(?:s|ed)?|invoice|tracking|shipment|parcel"
    r"|package|din|iso|iec|vde|astm|rfc|norm[a-z]*|serial|model|article|item|sku|asin|isbn|ean|gtin|upc|imei|mpn|oem|part|batch|vat|tax|reference|ref|case"
    r"|ticket|customer|return|rma|transaction|consignment|waybill|awb|s/?n|p/?n|lot|lote|lotto|partia"
    r"|ust-?id[a-z]*|ustid[a-z]*|handelsregister|hrb|hra|wee{2}|barcode|strichcode|sendungsverfolgung"
    r"|commande|colis|suivi|facture|article|référence|reference|série|siret|siren|rcs|tva"
    r"|pedido|envío|envio|seguimiento|factura|artículo|articulo|referencia|serie|paquete"
    r"|ordine|spedizione|tracciamento|fattura|articolo|riferimento|seriale|pacco|p\.? ?iva|partita iva"
    r"|zamówieni[a-z]*|zamowieni[a-z]*|przesyłk[a-z]*|przesylk[a-z]*|faktur[a-z]*|paczk[a-z]*|seryjny|artykuł[a-z]*|nip|regon|krs"
    r"|bestelling|bestelnummer|zending|pakket|factuur|factuurnummer|artikelnummer|serienummer|kvk|btw"
    r"|sipariş[a-z]*|siparis[a-z]*|kargo|takip|fatura|ürün|urun|seri|vergi|dhl|dpd|gls|hermes|ups|fedex|usps|evri"
    r")(?:\W|$)"
)


_EXTENSIONS = ("ext ", "ext.", "ext:", "extension", "int.", "durchwahl", "poste ")


@dataclass(slots=True)
class _Words:
    """Where in a text calling is spoken of, and where a number that is none to call is named."""

    calling: list[tuple[int, int]]
    naming: list[tuple[int, int]]
    patience: int = 100  # how many numbers are held against the rules of all countries, which takes long
    looks: int = 500  # how many ways of reading numbers are weighed in one text

    def named(self, start: int) -> int:
        """Return how far before ``start`` a number is named as something else, at most 99."""
        return _before(self.naming, start)

    def called(self, start: int) -> int:
        """Return how far before ``start`` calling is spoken of, at most 99."""
        return _before(self.calling, start)

    def called_after(self, end: int) -> int:
        """Return how far after ``end`` calling is spoken of, at most 99."""
        after = bisect_left(self.calling, (end - 1, 0))
        return min(max(self.calling[after][0] - end, 0), 99) if after < len(self.calling) else 99

    def international(self, digits: str) -> bool:
        """Return whether this is a number of any country, without its plus."""
        if not 8 <= len(digits) <= 15:
            return False
        self.patience -= 1
        return _international(digits) if self.patience > 0 else digits[0] != "0"


def _before(places: list[tuple[int, int]], start: int) -> int:
    index = bisect_left(places, (start, start)) - 1
    return min(max(start - places[index][1], 0), 99) if index >= 0 else 99


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return the telephone numbers in a text. Sure are those that are valid somewhere and written as numbers to call;
    bare digits need a word about calling near them, and a word that names them as another number clears them."""
    hidden = find_hidden(folded.bare, _CALLING, lambda stretch: _find(stretch, around))
    return _find(folded.plain, around) + hidden


def _find(reading: Reading, around: Surroundings) -> list[Finding]:
    text = reading.text
    runs = lines(reading)
    if sum(len(part.digits) for run in runs for part in run) < 6:
        return []
    words = _Words(
        [one.span() for one in islice(_CALLING.finditer(reading.flat), _MANY)],
        [one.span() for one in islice(_NAMING.finditer(reading.flat), _MANY)],
    )
    found = []
    for line in runs:
        place = 0
        while place < len(line):
            best = _best(text, line, place, words)
            if best is None:
                place += 1
                continue
            confidence, last = best
            start, end = _edges(text, line[place].start, line[last].end)
            if not is_number_of_the_matter(text[start:end], around):
                found.append(Finding(*reading.span(start, end), RULE, Category.CONTACT_DETAILS, confidence))
            place = last + 1
    return found + _between_words(reading, runs, words, around)


def _edges(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span with its plus and brackets."""
    while start and text[start - 1] in "+(":
        start -= 1
    if end < len(text) and text[end] == ")" and "(" in text[start:end] and ")" not in text[start:end]:
        end += 1
    return start, end


def _best(text: str, line: list[Part], first: int, words: _Words) -> tuple[float, int] | None:
    """Return how sure it is that a number to call begins with this part of a run, and its last part."""
    if words.looks <= 0:
        return None
    part = line[first]
    start = part.start
    plus = text[max(0, start - 3) : start].replace("(", "").replace(" ", "").endswith("+")
    if not plus and first and not _may_begin(part.before):
        return None
    called = words.called(start)
    calling = called <= 40 or words.called_after(line[min(first + 5, len(line) - 1)].end) <= 60
    if not (plus or calling or part.singles or part.spelled or part.digits[0] == "0" or len(part.digits) in (1, 3, 10)):
        return None
    if not plus and not first and start > 1 and text[start - 1] in "-_#/." and text[start - 2].isalnum() and called > 2:
        return None  # the tail of a code such as AB-0176-123456
    named = words.named(start)
    digits = ""
    ways: list[tuple[str, int]] = []
    for last in range(first, len(line)):
        digits += line[last].digits
        if len(digits) > 17:
            break
        if len(digits) < 6 or (last + 1 < len(line) and not _may_begin(line[last + 1].before)):
            continue
        end = line[last].end
        if text[end : end + 1] not in ("-", "_", "/") or not text[end + 1 : end + 2].isalpha():
            ways.append((digits, last))
    best: tuple[float, int] | None = None
    for digits, last in reversed(ways):
        words.looks -= 1
        if words.looks < 0:
            break
        near = Nearness(called, named, words.called_after(line[last].end))
        confidence = _confidence(text, line[first : last + 1], digits, plus, near, words)
        if confidence and (best is None or confidence > best[0]):
            best = confidence, last
        if confidence >= 0.85:
            break
    return best


class Nearness(NamedTuple):
    """How far from a number the words about it are, in characters."""

    called: int
    named: int
    called_after: int

    @property
    def calling(self) -> bool:
        """Whether calling is spoken of near enough, and not another number nearer."""
        if self.named <= 30 and self.named <= self.called:
            return False
        return self.called <= 40 or self.called_after <= 25


def _may_begin(before: str) -> bool:
    """Return whether a number of its own can begin after these signs: not inside 302-1234567-1234567 or 12.05.2024."""
    return " " in before or "," in before or ";" in before or len(before) > 2


def _confidence(text: str, pieces: list[Part], digits: str, plus: bool, near: Nearness, words: _Words) -> float:
    spelled = sum(max(piece.singles, 1) for piece in pieces if piece.spelled)
    if spelled >= 4 or (spelled >= 2 and len(digits) >= 9):
        return _spelled(digits, near.calling)
    if plus:
        digits = "".join(piece.digits for piece in pieces if not (piece.digits == "0" and "(" in piece.before))
        if len(digits) < 8 or _is_other_number(text, pieces, digits):
            return 0.0
        return 0.95 if _begins_with_country(digits) else 0.0
    if near.named <= 30 and near.named <= near.called:
        return 0.0
    singles = max(piece.singles for piece in pieces)
    if singles and _counts_up(digits):
        return 0.0
    guessed = any(piece.guessed for piece in pieces)
    sure = _by_form(digits, pieces, guessed, words)
    listed = not singles and any("," in piece.before or ";" in piece.before for piece in pieces[1:])
    after = text[pieces[-1].end : pieces[-1].end + 14].lstrip(" ,")
    if 0.4 <= sure < 0.85 and after.startswith(_EXTENSIONS):
        sure = 0.85
    if near.calling and not guessed and not listed:
        valid = _HOME.fullmatch(digits.encode()) or _FIXED_ZERO.fullmatch(digits.encode())
        if sure or (valid and len(digits) >= (7 if near.called <= 40 else 9)):
            sure = 0.95
        elif (near.called <= 18 or near.called_after <= 6) and len(digits) <= 15:
            sure = 0.85 if len(digits) >= 7 else 0.6 if near.called <= 3 else 0.0
    elif sure and _is_ean(digits) and len(pieces) == 1:
        sure = min(sure, 0.45)
    return 0.0 if sure and _is_other_number(text, pieces, digits) else sure


def _by_form(digits: str, pieces: list[Part], guessed: bool, words: _Words) -> float:
    """Return how sure the way of writing alone makes it."""
    shape = [len(piece.digits) for piece in pieces]
    singles = max(piece.singles for piece in pieces)
    joints = [piece.before for piece in pieces[1:]]
    if not singles and any("," in joint or ";" in joint for joint in joints):
        return 0.0  # sizes, amounts
    apart = len(shape) > 1 or singles > 0
    if digits[0] == "0":
        if shape[0] == 1 and len(shape) > 2 and joints[0].startswith(")"):
            shape = [1 + shape[1], *shape[2:]]  # (0)30 1234567
        if digits[1] == "0":
            valid = len(digits) >= 10 and words.international(digits[2:])
            return 0.0 if not valid else 0.9 if apart else 0.8
        written = digits.encode()
        if _MOBILE_ZERO.fullmatch(written):
            return 0.9 if apart else 0.85
        if guessed or len(digits) < 9:
            return 0.0
        area = 3 <= shape[0] <= 6 and 1 < len(shape) <= 4
        if _FIXED_ZERO.fullmatch(written):
            bracketed = bool(joints) and joints[0].startswith(")")
            return 0.85 if singles or area or bracketed or shape == [2, 2, 2, 2, 2] else 0.45 if shape[0] > 1 else 0.0
        return 0.6 if len(digits) <= 13 and (singles >= 9 or area) else 0.0
    if guessed:
        return 0.0
    if shape[-3:] == [3, 3, 4] and len(digits) <= 11 and (len(shape) == 3 or digits[0] == "1"):
        if joints[-1] in ("-", ".") or ")" in joints[-2]:
            return 0.85 if _AMERICAN.fullmatch(digits.encode()) else 0.6
        return 0.45
    if singles >= 9 and len(digits) <= 13:
        return 0.6
    if shape == [3, 7] and joints[0].startswith(")") and _AMERICAN.fullmatch(digits.encode()):
        return 0.6
    if shape in ([3, 3, 3], [3, 7], [3, 2, 2, 2], [3, 6]) and _HOME_MOBILE.fullmatch(digits.encode()):
        return 0.4
    return 0.0


def _begins_with_country(digits: str) -> bool:
    """Return whether digits after a plus begin with a country's code and are about as long as its numbers.

    Not whether they are given out: made-up numbers (+44 7700 900123) are contact details all the same.
    """
    if digits[0] in "17":
        return 10 <= len(digits) <= 12
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return len(digits) <= 15 and (int(digits[:2]) in codes or int(digits[:3]) in codes)


def _spelled(digits: str, calling: bool) -> float:
    """Nobody writes seven digits in words but to hide them; counting up is the exception."""
    if len(digits) < 6 or len(digits) > 17 or _counts_up(digits):
        return 0.0
    if len(digits) < 7:
        return 0.6 if calling else 0.0
    return 0.95 if calling or len(digits) >= 9 else 0.8


def _counts_up(digits: str) -> bool:
    """Return whether these digits only count: 1 2 3 4 5, 10 9 8 7, 7 7 7 7."""
    figures = [int(one) for one in digits[:9]]
    return len({right - left for left, right in pairwise(figures)}) == 1


@lru_cache(maxsize=8192)
def _international(digits: str) -> bool:
    if not 7 <= len(digits) <= 17:
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse("+" + digits, None))
    except phonenumbers.NumberParseException:
        return False


def _is_other_number(text: str, pieces: list[Part], digits: str) -> bool:
    """Return whether the number is written as a date, a time, an amount, a measure, an EAN or part of an address."""
    start, end = pieces[0].start, pieces[-1].end
    shape = [len(piece.digits) for piece in pieces]
    joints = [piece.before for piece in pieces[1:]]
    if shape[:2] in ([2, 2], [1, 2]) and joints[:1] == [":"]:
        return True  # 08:00-12:00
    if any(":" in piece.before and piece.digits[:2] in ("19", "20") and len(piece.digits) == 4 for piece in pieces[1:]):
        return True  # the year of a norm: EN 60598-1:2015
    if len(shape) >= 3 and joints[0] == joints[1] and joints[0] in ("-", "/", "."):
        day, month, year = (int(piece.digits) for piece in pieces[:3])
        if shape[:3] == [4, 2, 2] and month <= 12 and year <= 31:
            return True
        if shape[0] <= 2 and shape[1] <= 2 and shape[2] == 4 and max(day, month) <= 31 and 1900 <= year <= 2100:
            return True
        if len(shape) != 5 and shape[:3] == [2, 2, 2] and 1 <= day <= 31 and 1 <= month <= 12 and joints[0] != "-":
            return True
    if len(shape) >= 2 and all(size == 3 for size in shape[1:]) and set(joints) <= {".", ",", "'"}:
        return True  # 1.234.567
    if text[end : end + 2].strip()[:1] in ("€", "$", "£", "%", "°") or text[max(0, start - 2) : start].strip()[-1:] in (
        "€", "$", "£", "#", "=",
    ):  # fmt: skip
        return True
    chunk_start = max(text.rfind(" ", max(0, start - 200), start) + 1, start - 200, 0)
    chunk = text[chunk_start:start]
    asked = "?" in chunk and any(sign in chunk for sign in "=/&")  # ?nr=123, not "Soon?(212) 555-0123"
    return "://" in chunk or "www." in chunk or asked or "@" in chunk


def _is_ean(digits: str) -> bool:
    if not 12 <= len(digits) <= 14:
        return False
    total = sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(reversed(digits)))
    return total % 10 == 0


def _between_words(reading: Reading, runs: list[list[Part]], words: _Words, around: Surroundings) -> list[Finding]:
    """Find numbers whose parts stand apart between words: 0176 and then 123 and then 4567."""
    found = []
    for first, line in enumerate(runs):
        plus = reading.text[max(0, line[0].start - 1)] == "+"
        if len(line) > 3 or not (line[0].digits[0] == "0" or plus):
            continue
        digits = "".join(part.digits for part in line)
        if not 2 + (not plus) <= len(digits) <= 8:
            continue
        only_fillers = True
        for last in range(first + 1, min(first + 7, len(runs))):
            following = runs[last]
            if following[0].words > 4 or following[0].start - runs[last - 1][-1].end > 40:
                break
            only_fillers = only_fillers and following[0].fillers
            digits += "".join(part.digits for part in following)
            if len(digits) > 15:
                break
            if len(digits) < 10 or words.named(line[0].start) <= 20:
                continue
            if words.international(digits) if plus else _MOBILE_ZERO.fullmatch(digits.encode()):
                start, end = _edges(reading.text, line[0].start, following[-1].end)
                calling = words.called(start) <= 40 or words.called_after(end) <= 25
                confidence = 0.9 if only_fillers else 0.8 if calling and last > first + 1 else 0.5
                if not is_number_of_the_matter(digits, around):
                    found.append(Finding(*reading.span(start, end), RULE, Category.CONTACT_DETAILS, confidence))
                break
    return found
