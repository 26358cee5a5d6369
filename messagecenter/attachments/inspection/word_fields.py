"""Fields of Word documents, followed through both formats: which start programs or load something from elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .refusal import Refusal
from .targets import judge_link

DEEPEST = 100  # fields inside one another; Word stops at 20
LONGEST = 100_000  # characters of one instruction that are looked at
NAME = re.compile(r"[^A-Za-z]{0,1000}([A-Za-z]+)")
ARGUMENT = re.compile(r'"((?:[^"\\]|\\.)*)"?|(\\?[^\s"]+)', re.DOTALL)
QUOTES = str.maketrans("“”„«»", '"""""')
DDE = {"DDE", "DDEAUTO"}
# They fetch a file when the document is opened, printed or brought up to date (ECMA-376-1, 17.16.5).
LOADING = {"INCLUDEPICTURE", "INCLUDETEXT", "INCLUDE", "IMPORT", "LINK", "RD", "DATABASE", "SUBSCRIBER", "HTMLCONTROL"}
FORMATTING = {"\\*", "\\@", "\\#"}  # switches of every field that take a word
WITH_VALUE = {"l", "o", "t"}  # switches of HYPERLINK that do
MOST_ARGUMENTS = 1_000


@dataclass
class _Field:
    instruction: list[str] = field(default_factory=list)
    is_result: bool = False  # after the separator


class Fields:
    """Follows the fields of one stretch of text; judges each as soon as its instruction is complete.

    A field inside another's instruction gives its result to it, so that a name put together from pieces is still seen.
    Every method raises ``Refusal`` as ``judge`` does.
    """

    def __init__(self) -> None:
        self.open: list[_Field] = []
        self.loose: list[str] = []  # instruction text outside any field
        self.instructions: list[str] = []

    def begin(self) -> None:
        """A field begins."""
        if len(self.open) >= DEEPEST:
            raise Refusal("damaged")
        self.open.append(_Field())

    def separate(self) -> None:
        """The innermost field's instruction is complete, its result follows."""
        if self.open and not self.open[-1].is_result:
            self._judge(self.open[-1])
            self.open[-1].is_result = True

    def end(self) -> None:
        """The innermost field ends."""
        if self.open:
            done = self.open.pop()
            if not done.is_result:
                self._judge(done)

    def text(self, text: str, *, is_code: bool = False) -> bool:
        """Take text; return whether it became part of an instruction. ``is_code``: it is marked as instruction."""
        for outer in reversed(self.open):
            if not outer.is_result:
                outer.instruction.append(text)
                return True
        if is_code:
            (self.open[-1].instruction if self.open else self.loose).append(text)
        return is_code

    def finish(self) -> None:
        """The text ends: judge what was left open, and instructions that stood outside any field."""
        while self.open:
            self.end()
        if self.loose:
            self._judge(_Field(self.loose))
            self.loose = []

    def _judge(self, done: _Field) -> None:
        instruction = "".join(done.instruction)
        quoted = judge(instruction)
        self.instructions.append(instruction)
        if quoted:
            self.text(quoted)


def judge(instruction: str) -> str:
    """Judge one field's instruction; return the text a QUOTE field of character codes stands for, else nothing.

    Raises ``Refusal``: ``dde`` for DDE and DDEAUTO, ``external_target`` for fields that load a file and for links that
    leave for a disk, a server or another program, ``macros`` for controls.
    """
    instruction = instruction[:LONGEST].translate(QUOTES)
    name = NAME.match(instruction)
    if name is None:
        return ""
    word = name[1].upper()
    if word in DDE:
        raise Refusal("dde")
    if word not in LOADING and word not in {"HYPERLINK", "QUOTE", "CONTROL", "HTMLACTIVEX"}:
        return ""
    arguments = _arguments(instruction[name.end() :])
    if word in {"CONTROL", "HTMLACTIVEX"}:
        raise Refusal("macros")
    if word in LOADING:
        # A picture pasted from a mail is held by the document itself.
        if any(not is_switch and not value.lower().startswith("cid:") for value, is_switch in arguments):
            raise Refusal("external_target")
    elif word == "HYPERLINK":
        _judge_hyperlink(arguments)
    else:
        said = "".join(_character(value) for value, is_switch in arguments if not is_switch)
        if any(judge_name in said.upper() for judge_name in DDE):
            raise Refusal("dde")
        return said
    return ""


def _arguments(text: str) -> list[tuple[str, bool]]:
    """Return an instruction's words as (word, is it a switch), quotes and doubled backslashes resolved.

    Words that only format the result are left out.
    """
    found: list[tuple[str, bool]] = []
    for match in ARGUMENT.finditer(text):
        quoted, bare = match[1], match[2]
        word = (quoted if quoted is not None else bare).replace("\\\\", "\\")
        is_switch = bare is not None and re.fullmatch(r"\\[@*#!A-Za-z]", bare) is not None
        if found and found[-1] in {(switch, True) for switch in FORMATTING} and not is_switch:
            found.pop()
            continue
        found.append((word, is_switch))
        if len(found) >= MOST_ARGUMENTS:
            break
    return found


def _judge_hyperlink(arguments: list[tuple[str, bool]]) -> None:
    takes_value = False
    for value, is_switch in arguments:
        if is_switch:
            takes_value = value[1:].lower() in WITH_VALUE
        elif takes_value:
            takes_value = False
        elif value:
            judge_link(value)


def _character(value: str) -> str:
    """Return what QUOTE makes of a word: a number is a character's code."""
    if re.fullmatch(r"\d{1,6}", value):
        return chr(int(value)) if int(value) < 0xD800 else ""
    if re.fullmatch(r"0x[0-9A-Fa-f]{1,4}", value):
        return chr(int(value, 16))
    return value
