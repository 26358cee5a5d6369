"""Words whose letters were typed apart (w h a t s a p p, n.u.d.e), put together again and told from one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from .lists import words

FEWEST = 3  # letters that stand alone beside each other are a word
_LONGEST_KNOWN = 20
_ENDS = frozenset(',;:!?()"')  # where only blanks stand between the letters, these end a word


def together(text: str, places: Sequence[int], wide: Sequence[bool]) -> Iterator[list[int]]:
    """Yield the words that single characters at these places of ``text`` spell, each as the places it uses.

    ``wide`` says of each gap whether it was typed wider than the others may be.
    """
    gaps = [text[before + 1 : after] for before, after in pairwise(places)]
    if all(" " in gap for gap in gaps):
        # w h a t s  a p p: words are where the gap is wider, or where there is more than a blank.
        usual = Counter(gaps).most_common(1)[0][0] if gaps else ""
        apart = [not _ENDS.isdisjoint(gap) and usual == " " for gap in gaps]
        if not all(wide):
            apart = [one or other for one, other in zip(apart, wide, strict=True)]
    else:
        apart = [" " in gap for gap in gaps]
    word = [places[0]]
    for place, new in zip(places[1:], apart, strict=True):
        if new:
            yield from _told_apart(text, word)
            word = []
        word.append(place)
    yield from _told_apart(text, word)


def _told_apart(text: str, word: list[int]) -> Iterator[list[int]]:
    """Yield the words in a run of letters: without the numbers around it, and divided where it is several words."""
    letters = [text[place].isalpha() for place in word]
    if sum(letters) < FEWEST or sum(letters) * 2 < len(word):
        return
    while word and text[word[-1]].isdigit() and text[word[-1]] not in "013":
        word = word[:-1]
    start = 0
    for size in _divided("".join(text[place] for place in word)):
        yield word[start : start + size]
        start += size


@lru_cache(maxsize=512)
def _divided(run: str) -> tuple[int, ...]:
    """Return the sizes of the fewest known words that ``run`` consists of; its own size if it does not."""
    known = _known()
    if len(run) < 6 or len(run) > 80 or run in known:
        return (len(run),)
    best: list[tuple[int, ...] | None] = [()] + [None] * len(run)
    for end in range(1, len(run) + 1):
        for start in range(max(0, end - _LONGEST_KNOWN), end):
            before = best[start]
            if before is None or run[start:end] not in known:
                continue
            now = best[end]
            if now is None or len(before) + 1 < len(now):
                best[end] = (*before, end - start)
    return best[-1] or (len(run),)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return words("spaced_words")
