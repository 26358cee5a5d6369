"""Whether a rule's conditions hold for a message: pure matching of folded words, without patterns."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MOST_WORDS = 20
LONGEST_WORD = 60


@dataclass(frozen=True)
class Arrived:
    """What a rule may ask about. ``texts`` gives what the receiver reads, its subject too; it is called when needed."""

    topic: str
    marketplace: str
    sender: str
    has_files: bool
    texts: Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Conditions:
    """What must hold, all of it; empty means no matter. Of ``words`` one is enough, at the beginning of a word."""

    topic: str = ""
    marketplace: str = ""
    words: tuple[str, ...] = ()
    sender: str = ""
    has_files: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return self == Conditions()

    def as_data(self) -> dict[str, Any]:
        """Return what is asked, as a rule keeps it."""
        data = {
            "topic": self.topic,
            "marketplace": self.marketplace,
            "words": list(self.words),
            "sender": self.sender,
            "has_files": self.has_files,
        }
        return {name: value for name, value in data.items() if value}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Conditions:
        """Read what ``as_data`` wrote."""
        return cls(
            topic=data.get("topic", ""),
            marketplace=data.get("marketplace", ""),
            words=tuple(data.get("words", ())),
            sender=data.get("sender", ""),
            has_files=bool(data.get("has_files")),
        )

    def hold(self, arrived: Arrived) -> bool:
        """Return whether all of it holds. The texts are read last, and only if everything else holds."""
        if self.topic and self.topic != arrived.topic:
            return False
        if self.marketplace and folded(self.marketplace) != folded(arrived.marketplace):
            return False
        if self.has_files and not arrived.has_files:
            return False
        if self.sender and folded(self.sender) not in folded(arrived.sender):
            return False
        if not self.words:
            return True
        wanted = [folded(word) for word in self.words]
        return any(has_word(folded(text), word) for text in arrived.texts() for word in wanted)


def words_in(typed: str) -> tuple[str, ...]:
    """Return the words and phrases somebody typed, separated by commas or lines: at most 20, each once."""
    parts = (" ".join(part.split())[:LONGEST_WORD] for part in typed.replace("\n", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if folded(part)))[:MOST_WORDS]


def folded(text: str) -> str:
    """Return a text as it is compared: without capitals, accents and doubled spaces; ß is ss."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).split())


def has_word(text: str, word: str) -> bool:
    """Return whether a word or phrase stands at the beginning of a word of a text, both folded."""
    at = text.find(word)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum() or not word[0].isalnum():
            return True
        at = text.find(word, at + 1)
    return False
