"""Mails in HTML: quotes and signatures taken out of the tree by the marks programs set, then rendered as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import re2
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree, html

from messagecenter.inbound.reading.phrases import FORWARDED_START
from messagecenter.inbound.reading.quotes import MARKS, PICTURE, QUOTE, REST

MAX_PAGE = 500_000  # characters; a page with more is mostly not words
MAX_ELEMENTS = 8_000  # what stands behind them is not read
_MAX_NESTING = 200  # the renderer recurses

_QUOTE_CLASSES = {
    "gmail_attr", "yahoo_quoted", "yahoo-quoted-begin", "moz-cite-prefix", "protonmail_quote",
    "proton-quote", "tutanota_quote", "zmail_extra", "outlookmessageheader", "gmx_quote", "wm_quote", "mailquote",
        "x_moz-cite-prefix",
    "reply-quote", "cite-prefix", "gmail_extra_quote", "freemail_quote", "tmail-quote",
}  # fmt: skip
_QUOTE_IDS = {"yahoo_quoted", "isforwardcontent", "replysplit", "quoted_header", "orimsghtmlseperator"}
# From here on everything is the other mail.
_REST_IDS = {
    "divrplyfwdmsg", "appendonsend", "x_divrplyfwdmsg", "stopspelling", "ms-outlook-mobile-body-separator-line",
    "mail-editor-reference-message-container", "reply-intro", "oldmessageheader", "replyforwardheader",
}  # fmt: skip
_REST_CLASSES = {"outlookmessageheader", "hmquote", "reply_container"}
_SIGNATURE_CLASSES = {
    "gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block", "proton-signature",
    "ms-outlook-mobile-signature", "applemailsignature", "tutanota_signature", "email-signature", "mail-signature",
}  # fmt: skip
_SIGNATURE_IDS = {
    "signature", "ms-outlook-mobile-signature", "applemailsignature", "composer_signature", "mobile_signature",
    "ymail_android_signature", "gmx_signature", "x_signature", "divtagdefaultwrapper_signature",
}  # fmt: skip
_HIDDEN = re2.compile(
    r"(?i)display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt)?\s*(?:;|$)"
)
_OUTLOOK_RULE = re2.compile(
    r"(?i)border(?:-top)?\s*:\s*(?:none\s*;\s*border-top\s*:\s*)?solid #?(?:e1e1e1|b5c4df|windowtext|ccc|"
    r"[a-f0-9]{3,6}) (?:1\.0pt|1pt|1px)"
)
_INDENT = re2.compile(r"(?i)border(?:-width|-style)?\s*:\s*(?:none|0)")
_NO_MARGIN = re2.compile(r"(?i)margin(?:-top)?\s*:\s*0")
_BARE = re2.compile(r"(?s)<!--.*?-->|<[^>]*>")
_BLOCKS = {"table", "tbody", "thead", "tfoot", "tr"}
_DROPPED = {
    "script",
    "style",
    "head",
    "title",
    "meta",
    "link",
    "noscript",
    "template",
    "object",
    "iframe",
    "svg",
    "math",
}


@dataclass(frozen=True)
class Page:
    """A page's whole text, and its text with marks where quotes and pictures stood (see ``quotes``)."""

    whole: str
    marked: str
    pictures: tuple[str, ...] = ()  # the Content-IDs behind the numbers of the picture marks


def read_page(source: str) -> Page:
    """Return a page of HTML as text; never raises, what cannot be parsed loses its tags only."""
    for mark in MARKS:
        source = source.replace(mark, "")
    source = source[:MAX_PAGE]
    try:
        root = _parsed(source)
        if root is None:
            return Page("", "")
        _prepare(root)
        whole = _rendered(root)
        pictures = _mark_pictures(root)
        _mark_quotes(root)
        return Page(whole, _rendered(root), tuple(pictures))
    # Third-party parsers on strangers' bytes: what they cannot take is read without them.
    except (
        etree.LxmlError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        AssertionError,
        RecursionError,
    ):
        bare = str(_BARE.sub(" ", source))
        return Page(bare, bare)


def _parsed(source: str) -> html.HtmlElement | None:
    if not source.strip():
        return None
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    return html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)


def _prepare(root: html.HtmlElement) -> None:
    """Drop what is not shown, and make plain blocks of tables: mails use them for layout, and columns are no words."""
    for count, element in enumerate(list(root.iter())):
        if count > MAX_ELEMENTS:
            if (parent := element.getparent()) is not None:
                parent.remove(element)
            continue
        if not isinstance(element.tag, str):
            continue
        tag = element.tag.rpartition(":")[2]
        if tag in _DROPPED or (tag != "body" and _HIDDEN.search(element.get("style") or "")):
            _take_out(element)
        elif tag in _BLOCKS:
            element.tag = "div"
        elif tag in ("td", "th"):
            element.tag = "span"
            element.tail = f" {element.tail or ''}"
        elif ":" in element.tag:
            element.tag = "span"
        elif tag == "p" and (
            "msonormal" in (element.get("class") or "").lower() or _NO_MARGIN.search(element.get("style") or "")
        ):
            element.tag = "div"  # Outlook's lines: no gap between them but an empty one
        if element.tag == "div" and not "".join(element.itertext()).strip() and "\xa0" in "".join(element.itertext()):
            element.insert(0, element.makeelement("br"))
    _flatten(root)


def _flatten(root: html.HtmlElement) -> None:
    """Take the nesting out below a depth the renderer can follow."""
    level, depth = [root], 0
    while level and depth < _MAX_NESTING:
        level = [child for element in level for child in element]
        depth += 1
    for element in level:
        words = "".join(element.itertext())
        tail = element.tail
        element.clear()
        element.text, element.tail = words, tail


def _mark_pictures(root: html.HtmlElement) -> list[str]:
    """Set a numbered mark where a picture of the mail itself stands; return their Content-IDs."""
    found: list[str] = []
    for image in list(root.iter("img")):
        source = (image.get("src") or "").strip()
        if source.lower().startswith("cid:"):
            image.tail = f"{PICTURE}{len(found)}{PICTURE}{image.tail or ''}"
            found.append(source[4:])
    return found


def _mark_quotes(root: html.HtmlElement) -> None:
    """Put a mark in place of each quote, and one where the other mail begins; take signatures out."""
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or (element.getparent() is None and element is not root):
            continue
        classes = set((element.get("class") or "").lower().split())
        name = (element.get("id") or "").lower()
        if element.tag == "body" or element is root:
            continue
        if name in _REST_IDS or classes & _REST_CLASSES or _outlook_head(element) or _is_rest_rule(element):
            _put_mark_before(element, REST)
            return  # all behind it is the other mail
        elif _is_quote(element, classes, name):
            # What was passed on stays: the text's own rules find it.
            if not _is_forward(element):
                _replace(element, QUOTE)
        elif (
            classes & _SIGNATURE_CLASSES
            or name in _SIGNATURE_IDS
            or element.get("data-smartmail") == "gmail_signature"
            or element.get("name") == "messageSignatureSection"  # Spark
        ):
            _take_out(element)


def _outlook_head(element: html.HtmlElement) -> bool:
    """Whether this is the ruled box with "From:" in bold that desktop Outlook sets above the mail it answers."""
    if element.tag != "div" or not _OUTLOOK_RULE.search(element.get("style") or ""):
        return False
    bold = next(element.iter("b", "strong"), None)
    return bold is not None and (bold.text_content() or "").strip().endswith(":")


def _is_rest_rule(element: html.HtmlElement) -> bool:
    """Whether this is the rule Outlook on the web and on phones sets above the mail it answers."""
    return element.tag == "hr" and "98%" in f"{element.get('style') or ''}{element.get('width') or ''}"


def _is_quote(element: html.HtmlElement, classes: set[str], name: str) -> bool:
    if element.tag == "blockquote":
        return not _is_indent(element, classes)
    return bool(classes & _QUOTE_CLASSES) or name in _QUOTE_IDS or (element.get("name") or "").lower() == "quote"


def _is_forward(element: html.HtmlElement) -> bool:
    """Whether a container starts with the line that says a mail was passed on."""
    start = ""
    for words in element.itertext():
        start += words
        if len(start.strip()) > 60 or "\n" in start.strip():
            break
    return FORWARDED_START.match(start.strip()) is not None


def _is_indent(element: html.HtmlElement, classes: set[str]) -> bool:
    """Whether a blockquote is only indented text, as Gmail's indent button makes it."""
    if element.get("type") == "cite" or any("quote" in one or "cite" in one for one in classes):
        return False
    return _INDENT.search(element.get("style") or "") is not None and "border-left" not in (element.get("style") or "")


def _put_mark_before(element: html.HtmlElement, mark: str) -> None:
    parent = element.getparent()
    paragraph = element.makeelement("p")
    paragraph.text = mark
    if parent is not None:
        parent.insert(parent.index(element), paragraph)


def _replace(element: html.HtmlElement, mark: str) -> None:
    tail = element.tail
    element.clear()
    element.tag, element.text, element.tail = "p", mark, tail


def _take_out(element: html.HtmlElement) -> None:
    """Empty an element; its tail stays."""
    tail = element.tail
    element.clear()
    element.tag, element.tail = "span", tail


@cache
def _config() -> ParserConfig:
    return ParserConfig(css=STRICT_CSS_PROFILE.copy(), display_images=False, display_links=False)


def _rendered(root: html.HtmlElement) -> str:
    """Return the text, each line without the renderer's indents."""
    text = Inscriptis(root, _config()).get_text()
    return "\n".join(line.strip(" \t\xa0") for line in text.split("\n")).strip("\n")
