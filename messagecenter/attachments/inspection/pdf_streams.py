"""How far a PDF's streams unpack: counted piece by piece, so that a bomb is noticed before it is in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import pikepdf

from . import limits
from .refusal import Refusal

PIECE = 64 * 1024
MOST_PICTURES = 4 * limits.MOST_UNPACKED  # pixels that unpack to just what their width and height say
RATIO_COUNTS_FROM = 20 * limits.MEGABYTE  # a blank page packs a thousand times smaller and is no bomb
MOST_FILTERS = 4
MOST_WHOLE = 32 * limits.MEGABYTE  # bytes unpacked at once, by the filters qpdf unpacks for us

SHORT_NAMES = {
    "/Fl": "/FlateDecode",
    "/LZW": "/LZWDecode",
    "/A85": "/ASCII85Decode",
    "/AHx": "/ASCIIHexDecode",
    "/RL": "/RunLengthDecode",
}


class Broken(Exception):
    """A stream that does not unpack."""


def name_of(value: object) -> str:
    """Return a name with its slash; nothing for what is no name, or has bytes in it that are no text."""
    try:
        return str(value) if isinstance(value, pikepdf.Name) else ""
    except UnicodeDecodeError:
        return ""


class Meter:
    """Counts what all streams of one file of ``packed`` bytes unpack to."""

    def __init__(self, packed: int) -> None:
        self.packed = packed
        self.pictures = self.others = 0

    def drain(self, stream: pikepdf.Stream) -> None:
        """Unpack and count a stream, keeping nothing. Raises Refusal, or Broken when it does not unpack."""
        for _piece in self.unpack(stream):
            pass

    def unpack(self, stream: pikepdf.Stream) -> Iterator[bytes]:
        """Give a stream's bytes in pieces, up to a filter that makes pixels. Raises Refusal, or Broken."""
        filters = _filters(stream)
        if len(filters) > MOST_FILTERS:
            raise Refusal("unpacks_too_large")
        room = pixel_bytes(stream.stream_dict) + 2 * PIECE
        if stream.stream_dict.get("/Subtype") != "/Image" or room > 4 * limits.MOST_PIXELS:
            room = 0
        pieces: Iterable[bytes] = [stream.read_raw_bytes()]
        for name, early in filters:
            if name == "/FlateDecode":
                pieces = self._count(_inflate(pieces), room)
            elif name == "/LZWDecode":
                pieces = self._count(_lzw(pieces, early), room)
            elif name in ("/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode"):
                pieces = self._count(_by_qpdf(pieces, name), room)
            elif name != "/Crypt":
                break
        return iter(pieces)

    def _count(self, pieces: Iterator[bytes], room: int) -> Iterator[bytes]:
        unpacked = 0
        for piece in pieces:
            unpacked += len(piece)
            if unpacked <= room:
                self.pictures += len(piece)
            else:
                self.others += len(piece)
            self._judge()
            yield piece

    def _judge(self) -> None:
        unpacked = self.pictures + self.others
        bounds = self.packed * limits.MOST_RATIO
        if (
            self.others > limits.MOST_UNPACKED
            or self.pictures > MOST_PICTURES
            or (self.others > RATIO_COUNTS_FROM and self.others > bounds)
            or (unpacked > limits.MOST_UNPACKED and unpacked > bounds)
        ):
            raise Refusal("unpacks_too_large")


def _filters(stream: pikepdf.Stream) -> list[tuple[str, bool]]:
    """Return the names of a stream's filters, and for LZW whether its codes grow one code early."""
    about = stream.stream_dict
    given, settings = about.get("/Filter"), about.get("/DecodeParms", about.get("/DP"))
    if given is None and isinstance(about.get("/F"), pikepdf.Name | pikepdf.Array):
        given = about.get("/F")
    names = list(given) if isinstance(given, pikepdf.Array) else [] if given is None else [given]
    found = []
    for place, name in enumerate(names):
        own = settings
        if isinstance(settings, pikepdf.Array):
            own = settings[place] if place < len(settings) else None
        early = own.get("/EarlyChange", 1) != 0 if isinstance(own, pikepdf.Dictionary) else True
        found.append((SHORT_NAMES.get(name_of(name), name_of(name)), early))
    return found


def pixel_bytes(about: pikepdf.Object) -> int:
    """Return how many bytes the pixels of a picture take at most by its own words, 0 for other streams."""
    numbers: list[object] = [about.get(key) for key in ("/Width", "/Height", "/BitsPerComponent", "/ImageMask")]
    width, height, bits, is_mask = numbers
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        return 0
    bits = bits if isinstance(bits, int) and 0 < bits <= 16 else 8
    one_colour = is_mask is True or about.get("/ColorSpace") in ("/DeviceGray", "/CalGray")
    row = 1 + (width * (1 if one_colour else 4) * bits + 7) // 8  # a predictor adds a byte a row
    return row * height


def _inflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    machine = zlib.decompressobj()
    taken = given = 0
    try:
        for packed in pieces:
            waiting = packed
            taken += len(packed)
            while waiting and not machine.eof:
                piece = machine.decompress(waiting, PIECE)
                given += len(piece)
                yield piece
                waiting = machine.unconsumed_tail
        piece = machine.flush()
    except zlib.error as error:
        if "data check" in str(error):
            return  # only the checksum is wrong: every viewer shows such a stream
        raise Broken from error
    if taken and not (machine.eof or given or piece):
        raise Broken
    yield piece


def _lzw(pieces: Iterable[bytes], early: bool) -> Iterator[bytes]:
    """Unpack LZW as PDF has it (ISO 32000, 7.4.4): codes of 9 to 12 bits, 256 clears the table, 257 ends."""
    single = [bytes([number]) for number in range(256)] + [b"", b""]
    table, width, before = list(single), 9, b""
    held = bits = 0
    out = bytearray()
    for byte in (byte for piece in pieces for byte in piece):
        held, bits = held << 8 | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code, held = held >> bits, held & ((1 << bits) - 1)
        if code == 256:
            table, width, before = list(single), 9, b""
            continue
        if code == 257:
            break
        if code < len(table):
            entry = table[code]
        elif before and code == len(table):
            entry = before + before[:1]
        else:
            raise Broken
        out += entry
        if len(out) >= PIECE:
            yield bytes(out)
            out.clear()
        if before and len(table) < 4096:
            table.append(before + entry[:1])
            width = min(12, max(9, (len(table) + early).bit_length()))
        before = entry
    yield bytes(out)


def _by_qpdf(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Unpack with qpdf the filters that cannot grow without bounds. ``pdf`` sets how far it may."""
    packed = bytearray()
    for piece in pieces:
        packed += piece
        if len(packed) > MOST_WHOLE:
            raise Refusal("unpacks_too_large")
    with pikepdf.new() as scratch:
        try:
            stream = pikepdf.Stream(scratch, bytes(packed), Filter=pikepdf.Name(name))
            unpacked = stream.read_bytes(pikepdf.StreamDecodeLevel.specialized)
        except pikepdf.QpdfRuntimeError as error:
            raise Refusal("unpacks_too_large") from error
        except pikepdf.PdfError as error:
            raise Broken from error
    yield unpacked
