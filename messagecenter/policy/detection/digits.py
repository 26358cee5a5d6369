"""Runs of digits however they are written: in figures, in words, with letters for digits, apart or between words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Any

from .finding import Finding
from .folding import Reading
from .lists import words
from .spelled_numbers import HUNDREDS, JOINTS, SHY, TIMES, WORDS, run_together

_REACH, _NEAR = 400, 120  # characters: of a stretch that is read again, and how near in it a number must be
_MANY = 400  # words about numbers looked for in a piece: who writes more of them hides nothing
_GAP = 12  # signs that may stand between two digits of one run
_LETTERS = str.maketrans("oliszbq", "0115289")
_LETTER_DIGITS = frozenset("0123456789oliszbq")

#: Words people put between the parts of a number they hide.
FILLERS = words("fillers")

#: All other words of letters say nothing about numbers, wherever they stand.
_TELLING = frozenset({*WORDS, *HUNDREDS, *TIMES, *JOINTS, *"oil"})


@dataclass(slots=True)
class Part:
    """Digits written without a break. ``before`` is what stands between it and the part before it."""

    start: int
    end: int
    digits: str
    spelled: bool = False
    guessed: bool = False  # letters were taken for digits
    singles: int = 0  # how many single digits it was melted from
    before: str = ""
    words: int = 0  # words between it and the part before it
    fillers: bool = True  # all of those are fillers


class _Kinds(dict[int, str]):
    """d for a digit, a for a letter, a blank for all the rest; made when first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = kind = "d" if "0" <= character <= "9" else "a" if character.isalnum() else " "
        return kind


class _Alone(dict[int, str]):
    """A letter or digit as it is, a blank for all the rest; made when first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = kept = character if character.isalnum() else " "
        return kept


_KINDS = _Kinds()
_ALONE = _Alone()


def lines(reading: Reading) -> list[list[Part]]:
    """Return the runs of a reading, worked out once for all who ask. Nobody changes them."""
    if "runs" not in reading.notes:
        reading.notes["runs"] = runs(parts(reading))
    found: list[list[Part]] = reading.notes["runs"]
    return found


def find_hidden(reading: Reading, about: Any, find: Callable[[Reading], list[Finding]]) -> list[Finding]:
    """Return what ``find`` finds near digits, or words ``about`` numbers, that were disguised in the text.

    ``reading`` is the one with the disguises off. Elsewhere it says what the plain one says, and is not read again.
    """
    places = list(_hidden(reading, about)) if reading.undone else []
    typed = [reading.span(*place) for place in places]
    ends = [end + _NEAR for _, end in typed]

    def is_near(one: Finding) -> bool:
        first = bisect_right(ends, one.start)  # places follow each other: the first that does not end long before
        return first < len(typed) and typed[first][0] - _NEAR < one.end

    # A number cut off at the end of a stretch is none.
    return [one for stretch in reading.stretches(places, _REACH) for one in find(stretch) if is_near(one)]


def _hidden(reading: Reading, about: Any) -> Iterator[tuple[int, int]]:
    spans_about = [one.span() for one in islice(about.finditer(reading.flat), _MANY)]
    for start, end in reading.undone:
        said = bisect_left(spans_about, (end, 0)) - 1  # the last one that begins before the word's end
        if tells_digits(reading.text[start:end]) or (said >= 0 and spans_about[said][1] > start):
            yield start, end


def tells_digits(word: str) -> bool:
    """Return whether a word says, or may help to say, a number."""
    return bool(word and (word in _TELLING or not word.isalpha() or (len(word) >= 8 and run_together(word))))


def parts(reading: Reading) -> list[Part]:
    """Return every number in a plain reading in order, number words of all languages included."""
    text = reading.text
    found: list[Part] = []
    words, fillers, times, last_word = 0, True, 0, ""
    every = reading.letters.swapped(_ALONE).split(" ")
    ends = list(accumulate(map(len, every)))
    # Most words of most texts say nothing about numbers.
    telling_words = set(filter(tells_digits, set(every)))
    telling = [at for at, word in enumerate(every) if word in telling_words]
    counted = 0  # the words up to here
    for at in telling:
        between = [word for word in every[counted:at] if word]
        words += len(between)
        fillers = fillers and FILLERS.issuperset(between)
        counted = at + 1
        word, end = every[at], ends[at] + at
        start = end - len(word)
        kinds = word.translate(_KINDS)
        digits, spelled, guessed, together, head = "", False, False, 0, ""
        if "a" not in kinds:
            digits = word
        elif "d" not in kinds:
            digits = WORDS.get(word, "")
            if word in HUNDREDS and found and found[-1].spelled and not words:
                digits = "00"
            if digits and word in SHY and not (found and found[-1].spelled and not words):
                digits = ""
            if not digits and len(word) >= 8:
                digits = run_together(word)
                together = len(digits)
            if not digits and len(word) == 1 and word in "oil" and found and not words and found[-1].end + 3 > start:
                digits, guessed = word.translate(_LETTERS), True
            spelled = bool(digits) and not guessed
            if not digits:
                if word in TIMES:
                    times = TIMES[word]
                elif not (word in JOINTS and found and found[-1].spelled):
                    words += 1
                    fillers = fillers and word in FILLERS
        else:
            letters = set(word) - set("0123456789")
            if head := _before_extension(word, letters, text[found[-1].end : start] if found and not words else ""):
                digits = head
            elif digits := _mixed(word):
                spelled, together = True, len(digits)
            # O176 and l2345, but S21 and 4l are a model and a measure.
            elif letters <= _LETTER_DIGITS and kinds.count("a") * 2 <= len(kinds) + 1 and len(kinds) > 2:
                digits, guessed = word.translate(_LETTERS), True
            elif len(letters) == 1 and kinds.count("d") >= 7 and "aa" not in kinds:
                digits, guessed = "".join(one for one in word if one.isdigit()), True
        if digits:
            before = text[found[-1].end : start] if found and not words else ""
            last = found[-1] if found else None
            whole = (
                _added(last, last_word, digits)
                if last is not None and spelled and not words and len(before) <= 5
                else ""
            )
            if last is not None and whole:
                last.digits, last.end = whole, end
            else:
                found.append(
                    Part(
                        start,
                        start + len(head) if head else end,
                        digits * (times or 1),
                        spelled,
                        guessed,
                        together,
                        before,
                        words,
                        fillers,
                    )
                )
            words, fillers, times, last_word = 0, True, 0, word
        elif "d" in kinds:
            words, fillers = words + 1, False
    return found


def _before_extension(word: str, letters: set[str], before: str) -> str:
    """Return the digits of a number whose extension is run on (8888x623, 8888ext12), or nothing: 1920x1080 is a size.

    ``before`` is what stands between it and the digits before it.
    """
    sign = "x" if letters == {"x"} else "ext" if letters == {"e", "x", "t"} else ""
    if not sign:
        return ""
    head, _, extension = word.partition(sign)
    within = 4 <= len(head) <= 7 and before in ("-", ".", "/", ")", ") ", ")-")
    fits = within or 9 <= len(head) <= 12
    return head if fits and head.isdigit() and extension.isdigit() and len(extension) <= 6 else ""


def _mixed(word: str) -> str:
    """Return the digits of number words and figures run together (null172, zwei5), or nothing."""
    digits, letters = "", ""
    for one in word + "0":
        if not one.isdigit():
            letters += one
            continue
        if letters:
            value = (WORDS.get(letters) if len(letters) > 2 else None) or run_together(letters)
            if not value:
                return ""
            digits, letters = digits + value, ""
        digits += one
    return digits[:-1]


def _added(last: Part, last_word: str, digits: str) -> str:
    """Return the one number that two number words make (twenty seven, treinta y cuatro, soixante-dix), or nothing."""
    if not last.spelled or len(digits) > 2:
        return ""
    head, value, new = last.digits[:-2], last.digits[-2:], int(digits)
    if last_word in ("quatre", "dix") and last.digits[-1:] in "40":
        if last_word == "quatre" and new == 20:
            return last.digits[:-1] + "80"
        if last_word == "dix" and 7 <= new <= 9:
            return str(int(last.digits) + new)
        return ""
    if len(value) == 2 and value[1] == "0" and value not in ("00", "10") and (1 <= new <= 9):
        return head + value[0] + digits
    if value in ("60", "80") and 10 <= new <= 19 and last_word in ("soixante", "vingt", "vingts"):
        return head + str(int(value) + new)
    return ""


def runs(found: list[Part]) -> list[list[Part]]:
    """Return the parts in runs with nothing but a few signs between them; single digits in a row are one part."""
    lines: list[list[Part]] = []
    for part in found:
        if lines and not part.words and len(part.before) <= _GAP and not _apart(lines[-1][-1], part):
            lines[-1].append(part)
        else:
            lines.append([part])
    return [_melted(line) for line in lines]


def _apart(left: Part, right: Part) -> bool:
    """Return whether a sign of money, measure or sum between two numbers keeps them two."""
    if len(left.digits) == len(right.digits) == 1:
        return False
    return any(sign in right.before for sign in "€$£%°=+") and "(" not in right.before


def _melted(line: list[Part]) -> list[Part]:
    melted: list[Part] = []
    for part in line:
        last = melted[-1] if melted else None
        if last is not None and (last.singles or len(last.digits) == 1) and len(part.digits) == 1:
            last.singles = (last.singles or 1) + 1
            last.digits += part.digits
            last.end = part.end
            last.spelled = last.spelled or part.spelled
            last.guessed = last.guessed or part.guessed
        elif last is not None and (last.spelled or part.spelled) and len(part.digits) <= 4:
            last.singles = (last.singles or 1) + 1
            last.digits += part.digits
            last.end = part.end
            last.spelled = True
        else:
            melted.append(part)
    return melted
