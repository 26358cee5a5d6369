"""Sets blocks of text as a PDF with the fonts we bring, and tags them. The libraries for it are heavy: see paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

import pikepdf
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from .paper import Block

FONTS = Path(__file__).with_name("fonts")
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
WIDTH, HEIGHT = A4
MARGIN = 56.0  # points, about 2 cm
LEADING = 1.4
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


class Sheet:
    """A document being set. Each piece of a block gets a number on its page, which the tags name afterwards."""

    def __init__(self, title: str, language: str, page_label: str) -> None:
        _fonts()
        self.out = BytesIO()
        self.canvas = Canvas(self.out, pagesize=A4, lang=language, pageCompression=1)
        self.canvas.setTitle(title)
        self.title, self.page_label = title, page_label
        self.page = 0
        self.y = HEIGHT - MARGIN
        self.marks = 0  # on this page
        self.blocks: list[tuple[str, list[tuple[int, int]]]] = []  # tag, and each piece's page and number
        self.is_complete = True  # every character could be printed as it should

    def add(self, block: Block) -> None:
        """Set one block, over as many pages as it takes."""
        font, leading = BOLD if block.is_bold else PLAIN, block.size * LEADING
        text, is_complete = printable(block.text)
        self.is_complete &= is_complete
        lines = [line for part in text.split("\n") for line in wrapped(part, font, block.size)]
        pieces: list[tuple[int, int]] = []
        self.y -= block.space
        # A heading alone at the end of a page helps nobody.
        if block.tag != "P" and self.y - 3 * leading < MARGIN:
            self._next_page()
        while lines:
            room = int((self.y - MARGIN) / leading)
            if room < 1:
                self._next_page()
                continue
            now, lines = lines[:room], lines[room:]
            pieces.append((self.page, self.marks))
            self._mark(f"/{block.tag} <</MCID {self.marks}>> BDC")
            self.marks += 1
            words = self.canvas.beginText(MARGIN, self.y - block.size)
            words.setFont(font, block.size, leading)
            words.setFillGray(0.35 if block.is_grey else 0)
            for line in now:
                words.textLine(line)
            self.canvas.drawText(words)
            self._mark("EMC")
            self.y -= len(now) * leading
        self.blocks.append((block.tag, pieces))

    def finish(self, enclosed: Mapping[str, bytes]) -> bytes:
        """Return the document, tagged, with texts enclosed in it as files by name."""
        self._next_page()
        self.canvas.save()
        self.out.seek(0)
        with pikepdf.open(self.out) as pdf:
            _tag(pdf, self.blocks)
            for name, content in enclosed.items():
                pdf.attachments[name] = content
            done = BytesIO()
            pdf.save(done, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return done.getvalue()

    def _next_page(self) -> None:
        number, _complete = printable(self.page_label % {"number": self.page + 1})
        self._mark("/Artifact <</Type /Pagination>> BDC")
        self.canvas.setFont(PLAIN, 8)
        self.canvas.setFillGray(0.35)
        self.canvas.drawString(MARGIN, MARGIN / 2, wrapped(printable(self.title)[0], PLAIN, 8, 400)[0])
        self.canvas.drawRightString(WIDTH - MARGIN, MARGIN / 2, number)
        self._mark("EMC")
        self.canvas.showPage()
        self.page, self.marks, self.y = self.page + 1, 0, HEIGHT - MARGIN

    def _mark(self, operator: str) -> None:
        self.canvas._code.append(operator)  # the library has no call for marked content


@cache
def _fonts() -> frozenset[int]:
    """Register the fonts once a process, and return the characters they have."""
    faces = [TTFont(name, FONTS / f"{name}.ttf") for name in (PLAIN, BOLD)]
    for face in faces:
        registerFont(face)
    plain, bold = (frozenset(face.face.charToGlyph) for face in faces)
    return plain & bold


def printable(text: str) -> tuple[str, bool]:
    """Return what of a text the fonts can print, and whether that is all of it."""
    if text.isascii():
        return text.replace("\t", "    "), True
    kept, is_complete, known = [], True, _fonts()
    for one in unicodedata.normalize("NFC", text).replace("\t", "    "):
        category = unicodedata.category(one)
        if "\ufe00" <= one <= "\ufe0f":
            continue  # says which of two pictures is meant
        if one == "\n" or (ord(one) in known and category not in ("Cf", "Cc")):
            kept.append(one)
            is_complete &= unicodedata.bidirectional(one) not in ("R", "AL")
        elif category in ("So", "Sk") and not 0x1F3FB <= ord(one) <= 0x1F3FF:
            kept.append(f"[{unicodedata.name(one, 'symbol').lower()}]")
        elif category not in ("Cf", "Cc", "Mn", "Me", "Sk"):
            kept.append(UNKNOWN)
            is_complete = False
    return "".join(kept), is_complete


def wrapped(line: str, font: str, size: float, width: float = WIDTH - 2 * MARGIN) -> list[str]:
    """Return a line of text cut to ``width`` points: between words, inside a word only when it is longer than that."""
    if stringWidth(line, font, size) <= width:
        return [line]
    lines, now, used = [], "", 0.0
    for word in _words(line, font, size, width):
        needed = stringWidth(word, font, size)
        if now and used + stringWidth(word.rstrip(), font, size) > width:
            lines.append(now.rstrip())
            now, used = "", 0.0
        now, used = now + word, used + needed
    return [*lines, now.rstrip()]


def _words(line: str, font: str, size: float, width: float) -> Iterator[str]:
    """Yield the words of a line, each with the blank behind it; one that is too long in pieces."""
    for word in line.split(" "):
        piece, used = "", 0.0
        if stringWidth(word, font, size) <= width:
            yield f"{word} "
            continue
        for one in word:
            needed = stringWidth(one, font, size)
            if used + needed > width:
                yield piece
                piece, used = "", 0.0
            piece, used = piece + one, used + needed
        yield f"{piece} "


def _tag(pdf: pikepdf.Pdf, blocks: list[tuple[str, list[tuple[int, int]]]]) -> None:
    """Add the tree that says what each piece of text is, so that it is read in order and headings are headings."""
    name, array, make = pikepdf.Name, pikepdf.Array, pdf.make_indirect
    root = make(pikepdf.Dictionary(Type=name.StructTreeRoot))
    document = make(pikepdf.Dictionary(Type=name.StructElem, S=name.Document, P=root))
    pages = [page.obj for page in pdf.pages]
    on_page: list[list[pikepdf.Object]] = [[] for _page in pages]
    kids = []
    for tag, pieces in blocks:
        element = make(pikepdf.Dictionary(Type=name.StructElem, S=pikepdf.Name(f"/{tag}"), P=document))
        element.K = array([pikepdf.Dictionary(Type=name.MCR, Pg=pages[page], MCID=number) for page, number in pieces])
        for page, _number in pieces:
            on_page[page].append(element)
        kids.append(element)
    document.K = array(kids)
    numbers: list[object] = []
    for number, (sheet, elements) in enumerate(zip(pages, on_page, strict=True)):
        sheet.StructParents = number
        sheet.Tabs = name.S
        numbers += [number, make(array(elements))]
    root.K = array([document])
    root.ParentTree = make(pikepdf.Dictionary(Nums=array(numbers)))
    root.ParentTreeNextKey = len(pages)
    pdf.Root.StructTreeRoot = root
    pdf.Root.MarkInfo = pikepdf.Dictionary(Marked=True)
    pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
