"""The one file a PDF may hold: the XML of an e-invoice, which German sellers must send."""

from __future__ import annotations

from . import limits, safe_xml
from .refusal import Refusal

MOST_XML = 2 * limits.MEGABYTE
MOST_WORDS = 200_000  # characters

# Factur-X 1.07 / ZUGFeRD 2.3 (FeRD), section 6: the name of the embedded file says the kind. ZUGFeRD 1 and 2.0,
# XRechnung as hybrid and Order-X have their own.
NAMES = {"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml"}
ROOTS = {
    "CrossIndustryInvoice",  # Factur-X, ZUGFeRD 2, XRechnung as CII
    "CrossIndustryDocument",  # ZUGFeRD 1
    "SCRDMCCBDACIOMessageStructure",  # Order-X
    "Invoice",  # XRechnung as UBL
    "CreditNote",
}
# EN 16931 lets an invoice carry whole files as base64 (BG-24): that would be a second embedded file.
FILE_ELEMENTS = {"AttachmentBinaryObject", "EmbeddedDocumentBinaryObject"}


class Words:
    """Follows XML and keeps what it says: ``root`` and ``elements`` without namespace, ``text`` with attributes."""

    def __init__(self) -> None:
        self.root = ""
        self.elements: set[str] = set()
        self._words: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Keep the name and the values of the attributes."""
        self.root = self.root or safe_xml.local(name)
        self.elements.add(safe_xml.local(name))
        self._words += [*attributes.values(), ""]

    def end(self, name: str) -> None:
        """Nothing ends here."""

    def characters(self, text: str) -> None:
        """Keep the text."""
        self._words.append(text)

    @property
    def text(self) -> str:
        """All words, at most MOST_WORDS characters."""
        return " ".join(" ".join(self._words).split())[:MOST_WORDS]


def read_words(content: bytes) -> Words:
    """Return what an XML document says. Raises Refusal when it is not plain XML, declares entities or is too large."""
    words = Words()
    if len(content) > MOST_XML:
        raise Refusal("damaged")
    safe_xml.read(content, words)
    return words


def words_of_invoice(names: set[str], content: bytes) -> str | None:
    """Return the words of an e-invoice's XML, or None when this file in a PDF is not one.

    ``names`` are all the names the PDF gives the embedded file, ``content`` its bytes.
    """
    if not names or not {name.lower() for name in names} <= NAMES:
        return None
    try:
        words = read_words(content)
    except Refusal:
        return None
    return words.text if words.root in ROOTS and not words.elements & FILE_ELEMENTS else None
