"""Number words of the eight languages, as the digits they stand for."""

from __future__ import annotations

from functools import lru_cache

#: 0 to 9, 10 to 19, then the tens from 20 on; other spellings after a stroke.
_LANGUAGES = {
    "en": (
        "zero/oh/nought/naught/nil one two/too three four/fore five six seven eight/ate nine",
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
        "twenty thirty forty/fourty fifty sixty seventy eighty ninety",
    ),
    "de": (
        "null eins/ein zwei/zwo drei vier fünf/fuenf sechs sieben acht neun",
        "zehn elf zwölf/zwoelf dreizehn vierzehn fünfzehn/fuenfzehn sechzehn siebzehn achtzehn neunzehn",
        "zwanzig dreissig/dreizig vierzig fünfzig/fuenfzig sechzig siebzig achtzig neunzig",
    ),
    "fr": (
        "zéro un/une deux trois quatre cinq six sept huit neuf",
        "dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
        "vingt trente quarante cinquante soixante septante huitante/octante nonante",
    ),
    "es": (
        "cero uno/una dos tres cuatro cinco seis siete ocho nueve",
        "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
        "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    ),
    "it": (
        "zero uno/una due tre quattro cinque sei sette otto nove",
        "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
        "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    ),
    "pl": (
        "zero jeden/jedynka dwa/dwójka trzy/trójka cztery/czwórka pięć/piątka sześć/szóstka siedem/siódemka"
        " osiem/ósemka dziewięć/dziewiątka",
        "dziesięć jedenaście dwanaście trzynaście czternaście piętnaście szesnaście siedemnaście osiemnaście"
        " dziewiętnaście",
        "dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt dziewięćdziesiąt",
    ),
    "nl": (
        "nul een/één twee drie vier vijf zes zeven acht negen",
        "tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien",
        "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    ),
    "tr": (
        "sıfır bir iki üç dört beş altı yedi sekiz dokuz",
        "on onbir oniki onüç ondört onbeş onaltı onyedi onsekiz ondokuz",
        "yirmi otuz kırk elli altmış yetmiş seksen doksan",
    ),
}
_UNACCENTED = str.maketrans("äöüéèìíóúąćęłńśźżçğışñ", "aoueeiiouacelnszzcgisn")

#: "double five" and its like: how often the next digit counts.
TIMES = {
    "double": 2, "dbl": 2, "twice": 2, "triple": 3, "treble": 3, "quadruple": 4, "doppel": 2, "doppelte": 2,
    "zweimal": 2, "dreimal": 3, "viermal": 4, "doble": 2, "doppio": 2, "doppia": 2, "triplo": 3, "podwójne": 2,
    "podwojne": 2, "dubbel": 2, "dubbele": 2, "çift": 2, "cift": 2,
}  # fmt: skip

#: What follows a digit for two zeros.
HUNDREDS = frozenset({"hundred", "hundert", "cent", "cientos", "cento", "sto", "honderd", "yüz", "yuz"})

#: What may stand between tens and units written as words of their own.
JOINTS = frozenset({"y", "et", "and", "e", "und", "en"})


def _made() -> dict[str, str]:
    words: dict[str, str] = {}
    for language, (units, teens, tens) in _LANGUAGES.items():
        unit_words = [one.split("/") for one in units.split()]
        for value, spellings in enumerate(unit_words):
            words |= dict.fromkeys(spellings, str(value))
        for value, spellings in enumerate(one.split("/") for one in teens.split()):
            words |= dict.fromkeys(spellings, str(10 + value))
        for ten, tens_spellings in enumerate((one.split("/") for one in tens.split()), start=2):
            for spelling in tens_spellings:
                words[spelling] = str(ten * 10)
                for value, spellings in enumerate(unit_words[1:], start=1):
                    for unit in spellings:
                        words |= dict.fromkeys(_compounds(language, spelling, unit), str(ten * 10 + value))
    for ten, word in ((60, "soixante"), (80, "quatrevingt")):
        for value, teen in enumerate(_LANGUAGES["fr"][1].replace("-", "").split()):
            words[word + teen] = str(ten + 10 + value)
    for value, unit in enumerate(_LANGUAGES["fr"][0].split()):
        words["quatrevingt" + unit.split("/")[0]] = str(80 + value)
    words |= {"quatrevingt": "80", "quatrevingts": "80", "vingtetun": "21", "soixanteetonze": "71"}
    words |= {"veintiséis": "26", "veintidós": "22", "veintitrés": "23"}
    return words | {word.translate(_UNACCENTED): digits for word, digits in words.items()}


def _compounds(language: str, ten: str, unit: str) -> list[str]:
    """Return how tens and units are written in one word, without hyphens."""
    if language == "de":
        return [f"{unit}und{ten}"]
    if language == "nl":
        return [f"{unit}en{ten}", f"{unit}ën{ten}"]
    if language == "it":
        return [ten + unit, ten[:-1] + unit]
    if language == "es" and ten == "veinte":
        return [f"veinti{unit}"]
    return [ten + unit]


WORDS = _made()

#: Words that mean something else much more often: they count only among other number words.
SHY = frozenset(
    {"oh", "too", "fore", "ate", "on", "un", "une", "una", "een", "ein", "nil", "elf", "elli", "once", "bir"}
)
SHY |= frozenset({"six", "acht", "sei", "seis", "dos", "tres", "due", "tre", "bes", "uno", "uc"} & {"sei", "bes", "uc"})
_STARTS = frozenset(word[:2] for word in WORDS)
_LONGEST = max(map(len, WORDS))


@lru_cache(maxsize=2048)
def run_together(word: str) -> str:
    """Return the digits of number words written as one ("nulleinssieben"), or nothing when it is not only those."""
    if not 8 <= len(word) <= 120 or word[:2] not in _STARTS:
        return ""
    # The digits of the first characters of the word that are number words only, fewest words first.
    ways: list[str | None] = [""] + [None] * len(word)
    for start in range(len(word)):
        if (before := ways[start]) is None or word[start : start + 2] not in _STARTS:
            continue
        for end in range(start + 2, min(start + _LONGEST, len(word)) + 1):
            digits = WORDS.get(word[start:end])
            if digits is not None and word[start:end] not in SHY:
                ways[end] = before + digits
    found = ways[len(word)] or ""
    return found if len(found) >= 3 else ""
