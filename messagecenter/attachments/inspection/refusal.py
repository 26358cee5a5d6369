"""Why a file was not accepted: a code and the facts its sentence names."""

from __future__ import annotations


class Refusal(Exception):
    """A file that is not accepted. ``code`` is one of ``reasons.SENTENCES``; ``facts`` fill the sentence."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts
