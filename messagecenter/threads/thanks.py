"""Knows a message that only says thank you, goodbye or ok, and so needs no answer.

A text is one only when all of it is made of known phrases, and one of them says so by itself. There are no words that
make it none: a text with anything else in it (a question, a wish, a number, a word nobody thought of) is none because
nothing here matches it. So a miss costs a person one click, and a request is not taken for a thank-you. What the
answer is used for is a proposal, never an action.

The phrases are data in ``thanks.toml``. A line there is a phrase, an expression for RE2 over the folded text: lower
case, ä ö ü ß as ae oe ue ss, other accents gone, letters typed three times and more typed once, apostrophes and hyphens
inside words gone, what parts sentences as " . " and what parts their parts as " , ". In a line ä and ü match a and u
too (people without the key), ö only oe: "schon" is no "schön". ``<name>`` stands for the part of that name.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import re2

LONGEST, MOST_WORDS = 400, 60  # characters, words; a longer text says more than thank you

_LANGUAGES = ("german", "english", "others", "every_language")
_WORDS = tomllib.loads(Path(__file__).with_name("thanks.toml").read_text("utf-8"))
_PARTS: Mapping[str, str] = _WORDS["parts"]
_FIRST_NAMES = frozenset(_WORDS["names"]["first"].split())
_NO_NAMES = frozenset(_WORDS["names"]["never"].split())
_FINE = frozenset("👍👌✅🆗☑✔")  # say by themselves what the phrases say
_FRIENDLY = frozenset("🙏😊🙂😀😃😄😁☺❤💪🎉👋🤝🥰😍🤗💯⭐😉🫶💐🌞☀🌻🌸💙💚💛🧡💜♥🥳🎄✨🌟🤩😘🍀")
_UNSEEN = frozenset('`´"“”„\u200d\ufe0f\u200b\ufeff🏻🏼🏽🏾🏿')
_SPELLED = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ı": "i", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d"}
_SMILEY = re2.compile(r"[:;=]-?[)D*pP]+|<3+|\^\^|\bxD\b")
_HYPHEN = re2.compile(r"(\pL)-(\pL)")
_THOUSAND = re2.compile(r"\b1000 ([Dd]ank)")


def is_thanks(text: str) -> bool:
    """Return whether ``text`` says nothing but thank you, goodbye or ok. When in doubt it does not.

    German and English are known well; of French, Spanish, Italian, Polish, Dutch and Turkish what is said most. What
    else a message carries (files) its caller judges.
    """
    if len(text) > LONGEST:
        return False
    # A line may have been broken by a mail program, in the middle of a phrase.
    return any(_ONLY_THANKS.fullmatch(_fold(reading)) for reading in {text, text.replace("\n", " ")})


def _fold(text: str) -> str:
    """Return a text as the phrases expect it; nothing when it holds anything they could not."""
    text = unicodedata.normalize("NFC", text.strip())
    text = _THOUSAND.sub(r"tausend \1", _SMILEY.sub(" ", text))
    text = _HYPHEN.sub(r"\1'\2", text)
    typed = "".join(_typed(sign) for sign in text)
    if "\0" in typed:
        return ""
    words = list(_words(typed))
    return "".join(f"{word} " for word in words) if len(words) <= MOST_WORDS else ""


def _typed(sign: str) -> str:
    """Return what one character counts as: itself, nothing, a blank, an end, or NUL when it belongs to no phrase."""
    if sign.isalpha():
        return sign
    if sign in "'’":
        return "’"  # kept until the shape of a name has been seen
    if sign in _UNSEEN or unicodedata.combining(sign):
        return ""
    if sign == "\n" or sign in ".…!;–—":
        return " . "
    if sign in ",:":
        return " , "
    if sign.isspace() or sign in _FRIENDLY or sign == "-":
        return " "
    if sign in _FINE:
        return " # "
    return " und " if sign == "&" else "\0"


def _words(typed: str) -> Iterator[str]:
    """Yield the words folded, those that may be names marked, and of the marks between them one."""
    last = ""
    for typed_word in typed.split():
        word = typed_word if typed_word in ",.#" else _folded_word(typed_word)
        if word and not (word in ",." and last in (",", ".", "")):
            yield word
            last = word


def _folded_word(word: str) -> str:
    parts = word.split("’")
    folded = "".join(_SPELLED.get(sign, sign) for sign in "".join(parts).lower())
    folded = "".join(sign for sign in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(sign))
    folded = _unstretched(folded)
    if folded in _FIRST_NAMES:
        return folded + "~"
    is_name = all(part[:1].isupper() and (part[1:].islower() or len(part) == 1) for part in parts if part)
    return folded + "^" if is_name and folded not in _NO_NAMES else folded


def _unstretched(word: str) -> str:
    """Return a word with letters typed three times and more typed once: dankeee is danke."""
    runs = ((sign, len(list(run))) for sign, run in groupby(word))
    return "".join(sign if times > 2 else sign * times for sign, times in runs)


def _whole() -> str:
    """Return the one expression for a folded text."""
    kinds = ("endings", "beside", "greetings", "closings", "last_lines")
    endings, beside, greetings, closings, last_lines = (_any_of(kind) for kind in kinds)
    ends = "(?:[,.] )*"
    also = "(?:(?:und|and|et|y|e|i|en|ve|dann|also|so|then) )?"
    more = f"(?:{also}(?:{endings}|{beside}|{closings}){ends})*"
    signature = f"(?:{also}{closings}{ends}(?:{_expression('<signed>')} ?{ends})?)?"
    return f"{ends}(?:{greetings}{ends})?{more}{also}{endings}{ends}{more}{signature}(?:{last_lines}{ends})?"


def _any_of(kind: str) -> str:
    lines = [line for language in _LANGUAGES for line in _WORDS[language].get(kind, "").splitlines()]
    return "(?:" + "|".join(f"{_expression(line)} " for line in lines) + ")"


def _expression(line: str) -> str:
    """Return the expression a phrase stands for; every word in it may carry the mark of a name."""
    while "<" in line:
        before, _, rest = line.partition("<")
        name, _, after = rest.partition(">")
        line = f"{before}{_PARTS[name]}{after}"
    line = line.replace("ä", "(ae|a)").replace("ü", "(ue|u)").replace("ö", "oe")
    return "(?:" + line.replace(" ", "[\\^~]? ") + ")[\\^~]?"


def _compiled() -> re2._Regexp:
    options = re2.Options()
    options.max_mem = 64 << 20
    options.never_capture = True
    return re2.compile(_whole(), options)


_ONLY_THANKS = _compiled()
