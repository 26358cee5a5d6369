"""What is looked for, and whether a document has it: the one meaning of a search, with an index or without. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from messagecenter.search import words
from messagecenter.search.words import PREFIX_LETTERS, Reading, Run, Word


@dataclass(frozen=True, slots=True)
class Clause:
    """Index keys of which a thread must have one: a ``certain`` one says the term is there, a ``possible`` one may."""

    certain: frozenset[str]
    possible: frozenset[str]

    @property
    def keys(self) -> frozenset[str]:
        """All of them."""
        return self.certain | self.possible


@dataclass(frozen=True, slots=True)
class Term:
    """One thing looked for.

    ``parts``: its folded words, which count when they stand one after the other (a word typed without quotes and
    without joiners does not need them). ``key``: what it is found by as a whole, "" for a quoted phrase or a stop word.
    ``beginning``: what longer words may begin with, or "".
    """

    parts: tuple[str, ...]
    key: str = ""
    beginning: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether only its very words count, as in a phrase."""
        return not self.key

    @property
    def is_word_alone(self) -> bool:
        """Whether a single word decides, whatever stands beside it."""
        return bool(self.key) and len(self.parts) == 1

    @property
    def clauses(self) -> list[Clause]:
        """What the index must have of it; nothing for stop words alone."""
        certain = frozenset({self.key} - {""})
        beginning = {words.beginning_key(self.beginning)} if self.beginning else set()
        if certain and len(self.parts) == 1:
            return [Clause(certain, frozenset(beginning))]
        keys = dict.fromkeys(key for part in self.parts if (key := words.key_of(part)))
        return [Clause(certain, frozenset({key} | beginning)) for key in keys]

    @property
    def needle(self) -> bytes | None:
        """What ``skim`` of every text that has it must hold; None when that cannot be said."""
        if self.is_exact:
            pieces = list(self.parts)
        elif len(self.parts) == 1:
            pieces = [self.key]
        else:
            # A text may have the parts apart, or the whole by its stem: what both have is the parts up to the stem.
            left, pieces = len(self.key) - self.key.isalpha(), []
            for part in self.parts:
                pieces.append(part[: max(left, 0)])
                left -= len(part)
        return max((words.needle_of(piece) or b"" for piece in pieces), key=len) or None

    def is_in(self, reading: Reading) -> bool:
        """Whether a document has it."""
        if self.key and self.key in reading.keys:
            return True
        if self.beginning and reading.begins(self.beginning):
            return True
        if self.key and len(self.parts) == 1:
            return False
        return any(True for text in reading.texts for _ in places(text, self.parts))

    def is_word(self, word: Word) -> bool:
        """Whether a single word is it."""
        if self.key and word.key == self.key:
            return True
        return bool(self.beginning and word.begins_with(self.beginning))


@dataclass(frozen=True)
class Terms:
    """All that is looked for: every wanted term must be in the thread, no unwanted one may be."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is looked for."""
        return bool(self.wanted or self.unwanted)

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """What the index must have of a thread, clause by clause. Empty: an index cannot find it, only rule it out."""
        return tuple(dict.fromkeys(chain.from_iterable(term.clauses for term in self.wanted)))

    @cached_property
    def without(self) -> frozenset[str]:
        """Index keys that rule a thread out."""
        return frozenset(term.key for term in self.unwanted if term.key)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Index keys of the messages that decide: all others neither have nor rule out anything."""
        unwanted = chain.from_iterable(term.clauses for term in self.unwanted)
        return frozenset(chain.from_iterable(clause.keys for clause in (*self.clauses, *unwanted)))

    @cached_property
    def needs_text(self) -> bool:
        """Whether the index cannot say it of any thread for certain: a phrase, a stop word, an unwanted run."""
        wanted = any(term.is_exact for term in self.wanted)
        return wanted or any(term.is_exact or len(term.parts) > 1 for term in self.unwanted)

    @cached_property
    def _needles(self) -> tuple[bytes, ...]:
        """One search in ``skim`` for each term; empty when a text must be read to know."""
        needles = [term.needle for term in (*self.wanted, *self.unwanted)]
        return () if None in needles else tuple(needle for needle in needles if needle)

    @cached_property
    def known(self) -> dict[str, bool]:
        """Words as typed, and whether they are wanted: what a search has looked at so far."""
        return {}

    def may_concern(self, texts: Sequence[str]) -> bool:
        """Return False only when a document of these texts has none of the terms; quick."""
        if not self._needles:
            return True
        skimmed = words.skim("\n".join(texts))
        return any(needle in skimmed for needle in self._needles)


def matches(documents: Iterable[Sequence[str]], terms: Terms) -> bool:
    """Return whether a thread has what is looked for. A document is what belongs to one message: a list of texts.

    Each wanted term may stand in another document; a phrase must stand within one text. Documents are taken one by
    one, and no more than needed, so they may be decrypted on the way. With the messages that ``index.newest_with``
    names the answer is the same as with all of the thread's.
    """
    missing = list(terms.wanted)
    is_one_word = not terms.unwanted and [term.is_word_alone for term in missing] == [True]
    for texts in documents:
        if not terms.may_concern(texts):
            continue
        if is_one_word and sum(map(len, texts)) <= words.ALL_COUNTS:
            if any(True for text in texts for _ in _word_spans(text, terms)):
                return True
            continue
        reading = words.read(texts)
        if any(term.is_in(reading) for term in terms.unwanted):
            return False
        missing = [term for term in missing if not term.is_in(reading)]
        if not missing and not terms.unwanted:
            return True
    return not missing


def spans(text: str, terms: Terms) -> list[tuple[int, int]]:
    """Return where the wanted terms stand in a text as typed: half-open, in order, none touching another."""
    if not terms.wanted or not terms.may_concern([text]):
        return []
    if all(term.is_word_alone for term in terms.wanted):
        return _merged(list(_word_spans(text, terms)))
    runs = list(words.runs(text))
    parts = [part for run in runs for part in run.parts]
    found = [(run.start, run.end) for run in runs if run.whole and _has(terms.wanted, run.whole)]
    hits = {word for word in {part.word for part in parts} if _has(terms.wanted, word)}
    found += [(part.start, part.end) for part in parts if part.word in hits]
    folded_parts = [part.word.folded for part in parts]
    for term in terms.wanted:
        if term.is_exact or len(term.parts) > 1:
            for first in places(folded_parts, term.parts):
                found.append((parts[first].start, parts[first + len(term.parts) - 1].end))
    return _merged(found)


def _word_spans(text: str, terms: Terms) -> Iterator[tuple[int, int]]:
    """Yield where single words that are wanted stand; each word is looked at once for all texts of a search."""
    known = terms.known
    for typed in words.runs_typed(text):
        word = typed.group()
        if word not in known and words.is_one_word(word):
            known[word] = _has(terms.wanted, words.word_of(word))
        if word in known:
            if known[word]:
                yield typed.span()
            continue
        for run in words.runs(word):
            if run.whole and _has(terms.wanted, run.whole):
                yield typed.start() + run.start, typed.start() + run.end
            for part in run.parts:
                if _has(terms.wanted, part.word):
                    yield typed.start() + part.start, typed.start() + part.end


def places(text: Sequence[str], parts: Sequence[str]) -> Iterable[int]:
    """Yield where in a list of words others stand one after the other."""
    length, first = len(parts), parts[0]
    return (
        start
        for start, word in enumerate(text[: len(text) - length + 1] if len(text) >= length else ())
        if word == first and tuple(text[start : start + length]) == tuple(parts)
    )


def word_terms(runs: Iterable[Run]) -> list[Term]:
    """Return what typed runs look for, one term a run; stop words among them, which ``without_stop_words`` drops."""
    terms = []
    for run in runs:
        parts = tuple(part.word.folded for part in run.parts)
        whole = run.whole if len(parts) > 1 else run.parts[0].word
        if whole is None or not whole.key:
            terms.append(Term(parts))
        else:
            is_beginning = len(whole.folded) >= PREFIX_LETTERS and whole.folded.isalpha()
            terms.append(Term(parts, whole.key, whole.folded if is_beginning else ""))
    return terms


def phrase_term(runs: Iterable[Run]) -> Term | None:
    """Return the phrase that typed runs make, None when there is no word in them."""
    parts = tuple(part.word.folded for run in runs for part in run.parts)
    return Term(parts) if parts else None


def without_stop_words(wanted: Collection[Term], unwanted: Collection[Term]) -> Terms:
    """Return terms without those that only stop words make up: dropped unless no other wanted one is left."""
    telling = [term for term in wanted if term.clauses]
    return Terms(
        tuple(dict.fromkeys(telling or wanted)), tuple(dict.fromkeys(term for term in unwanted if term.clauses))
    )


def _has(wanted: Iterable[Term], word: Word) -> bool:
    return any(term.is_word(word) for term in wanted)


def _merged(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
