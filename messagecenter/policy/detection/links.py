"""Links to other places: addresses with and without their scheme, and the ways people hide them."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Iterator
from itertools import islice

from .domains import (
    CARRIERS,
    ENDING_WORDS,
    MAIL,
    MESSENGERS,
    NO_DOMAINS,
    ONE_LETTER,
    SHORTENERS,
    SOCIAL,
    STRONG,
    TOP_LEVEL,
    ends_host,
    is_among,
    registrable,
)  # fmt: skip
from .finding import Category, Finding
from .folding import Folded, Reading, expression
from .surroundings import Surroundings

NAMED_BY_BUYER = 0.6  # a company's name with its ending, that a buyer mentions: a person looks
NAMED_ON_GOODS = 0.2  # as what is printed on something, or what something is called
_GOODS = expression(
    r"\b(?:print\w*|imprint\w*|engrav\w*|embroider\w*|logo\w*|brand\w*|sticker\w*|slogan\w*|lettering|says|reads"
    r"|named|called|titled|(?:be)?druck\w*|aufdruck\w*|bestick\w*|gravur\w*|gravier\w*|schriftzug\w*|aufschrift\w*"
    r"|werbe\w+|beschrift\w*|heisst|genannt|mugs?|cups?|(?:t-)?shirts?|hood(?:y|ies?)|jackets?|caps?|hats?|bags?"
    r"|backpacks?|totes?|posters?|figur\w*|figures?|games?|spiels?|books?|buch\w*|album\w*|tassen?|becher\w*|pullis?"
    r"|pullover\w*|jacken?|muetzen?|taschen?|rucks(?:ack|aecke)\w*|gift cards?|gutscheinkarte\w*|tasses?|tazas?"
    r"|kub(?:ek|ki)|bardak|impres\w*|stampa\w*|nadruk\w*|bask\w*)\b"
)

_MANY = 600  # addresses looked at in one piece: who writes more is found by these

_SCHEME = expression(
    r"\b(?:h ?(?:t ?t|x ?x|[*+] ?[*+]|t ?x|t) ?[pb] ?s?|s?ftps?|wss?|ssh|htps?|hptts?|ttps?)"
    r" ?(?:: ?/ ?/|; ?/ ?/|: ?\\ ?\\|//|:/|\[:\]//)"
    r" ?([^\s<>\"'\])}]+)"
)
# Hosts may hold letters of all scripts, which are ? in the flat text.
_HOST = expression(r"[a-z0-9?](?:[a-z0-9?_-]*[a-z0-9?])?(?:\.\.?[a-z0-9?_-]+)+")
_ADDRESS = expression(r"\b(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}\b(?::\d{2,5})?(?:/\S*)?")

_ENDS = (
    "com|net|org|de|eu|fr|nl|pl|at|ch|uk|co|info|biz|shop|store|online|site|io|it|es|be|tr|us|xyz|app|dev|me|tv|club"
    "|top"
    "|co ?[. ] ?uk|com ?[. ] ?tr"
)
_OPEN, _SHUT = r"[(\[{<*_\"'/|-]", r"[)\]}>*_\"'/|-]"
_WORD_DOT = expression(
    # firma (dot) com, firma[.]de, firma dot com, firma punkt de
    rf"\b((?:w ?w ?w ?(?:{_OPEN}? ?(?:dot|punkt|point|punto|kropka|nokta|punt|\.) ?{_SHUT}? ?)?)?"
    rf"[a-z0-9][a-z0-9?-]+(?: ?{_OPEN} ?(?:dot|d0t|punkt|pkt|point|punto|kropka|nokta|punt|\.|,) ?{_SHUT}"
    rf" ?[a-z0-9-]+)*?"
    rf" ?{_OPEN} ?(?:dot|d0t|punkt|pkt|point|punto|kropka|nokta|punt|\.|,) ?{_SHUT} ?(?:{_ENDS}))\b"
)
_PLAIN_DOT = expression(
    r"\b((?:w ?w ?w ?(?:dot|punkt|point|punto|kropka|nokta|punt|\.)? ?)?[a-z0-9][a-z0-9?-]+(?: (?:dot|punkt)"
    r" [a-z0-9-]+)?"
    r"(?: (?:dot|d0t) (?:com|net|org|de|eu|fr|nl|pl|at|ch|co dot uk|co|info|biz|shop|store|online|site|io|it|es|be"
    r"|uk|xyz)"
    r"| (?:punkt|pkt) (?:com|net|org|de|at|ch|eu|info|shop|store|online|io|biz)"
    r"| point (?:com|fr|net|org|eu|be|ch|info|shop)| punto (?:com|it|net|org|eu|info|shop)"
    r"| kropka (?:pl|com|eu|net|org)| nokta (?:com|net|org|tr)(?: nokta tr)?| punt (?:nl|com|be|eu|net)))\b"
)
# "el punto es que" is Spanish; a domain ends what is said.
_PUNTO_ES = expression(r"\b([a-z0-9][a-z0-9?-]{3,} punto es)(?: ?[.,;!?)]|$)")
_WWW = expression(
    r"\b(w ?w ?w ?[.,: ] ?[a-z0-9?-]{2,}(?: ?[.,] ?| )(?:[a-z0-9-]{2,}(?: ?[.,] ?| ))?(?:" + _ENDS + r"))\b"
)
_APART = expression(
    r"\b(?:w[ .-]w[ .-]w|h[ .-]t[ .-]t[ .-]p)\b[ .:/-]{0,8}[a-z0-9?]"
    r"(?:[^!?;]{0,50}?\. ?(?:c ?o ?m|n ?e ?t|o ?r ?g|s ?h ?o ?p|i ?n ?f ?o|[a-z] ?[a-z])\b)?"
)
_SPACED_DOT = expression(
    r"\b([a-z0-9][a-z0-9?-]+ ?\. (?:com|net|org|co ?\. ?uk)|[a-z0-9][a-z0-9?-]+ \. ?(?:com|net|org|de|eu|fr|nl|pl|at"
    r"|ch|info|shop|io|store|online|site|xyz|biz|club|app|dev|berlin|gmbh|fun|pro|live|world)"
    r"|[a-z0-9][a-z0-9?-]{2,}[,;:](?:com|net|org)|[a-z0-9]+-[a-z0-9?-]{2,},de"
    r"|[a-z0-9][a-z0-9?-]{2,} ?[?*|] ?(?:com|de|net|org))\b"
)
_RUN_TOGETHER = expression(  # firmadotcom
    r"\b([a-z0-9][a-z0-9?-]{2,}(?:dot(?:com|net|org|de|eu|shop|couk)|punkt(?:com|de|net|org|at|ch|shop)))\b"
)
# "firma,de (Komma durch Punkt ersetzen)"
_COMMA = expression(
    r"\b([a-z0-9][a-z0-9?-]{2,},(?:de|at|ch|com|net|org|fr|nl|pl|it|es|eu|info|shop))\W{1,3}(?:\w+ ){0,2}"
    r"(?:komma|comma|virgule|coma|virgola|przecinek)\b"
)
_SPELLED_OUT = expression(
    r"\b(?:[a-z0-9] ){2,}[a-z0-9]? ?\. ?(?:c ?o ?m|d ?e|n ?e ?t|o ?r ?g|e ?u|f ?r|i ?t|n ?l|p ?l|s ?h ?o ?p)\b"
)
_NET_WEIGHT = expression(r" ?(?:wt|weight|price|content|amount|carb|of|per|worth|profit|value)\b")
_POINTING = expression(
    r"\b(?:visit|website|webseite|firmenseite|shopseite|webshop|homepage|web ?site|web|site|url|link|klick[a-z]*"
    r"|click|check|www|https?"
    r"|besuch[a-z]*|shop"
    r"|online(?:shop)?|internetseite|domain|sito|visit[ae][a-z]*|pagina|página|strona|stron[eyę]|sklep|winkel"
    r"|magazin|mağaza"
    r"|adres[a-z]*|go to|buy (?:at|on|from)|order (?:at|on|from)|kauf[a-z]*(?: sie| es)? (?:bei|auf|unter)"
    r"|bestell[a-z]*(?: sie| es)? (?:bei"
    r"|auf|unter)"
    r"|unter|auf|rendez|vai su|kijk op|ga naar|zobacz na|wejdz na|mira en|schau bei"
    r"|allez sur|compre? en|acquista su|ziyaret)\W*$"
)
_VERSION = expression(
    r"\b(?:v|version|firmware|fw|release|build|update|rev|software|sw|ver|ip|router|gateway)\W{0,3}(?:ist|is)?\W*$"
)


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return the links in a text that lead anywhere but to allowed domains and carriers."""
    reading = folded.plain
    allowed = around.lists.allowed_domains
    found = _with_scheme(folded.typed, reading, allowed)
    if "." in reading.text:
        found += _bare(folded.typed, reading, allowed, around.sender_role)
        found += _numeric(reading)
    return found + _hidden(folded.typed, reading, allowed) + _letters_apart(reading)


def _letters_apart(reading: Reading) -> list[Finding]:
    """Find what begins with a w w w or h t t p whose letters stand apart: nobody honest writes it so."""
    flat = reading.flat
    if not any(sign in flat for sign in (b"w w w", b"w.w.w", b"w-w-w", b"h t t p", b"h.t.t.p", b"h-t-t-p")):
        return []
    return [_finding(reading, one.start(), one.end(), "link.url", 0.85) for one in islice(_APART.finditer(flat), _MANY)]


def _finding(reading: Reading, start: int, end: int, rule: str, confidence: float) -> Finding:
    return Finding(*reading.span(start, end), rule, Category.EXTERNAL_LINK, confidence)


def _rule(host: str) -> str:
    if is_among(host, SHORTENERS):
        return "link.shortener"
    return "link.domain"


def is_allowed(host: str, allowed: frozenset[str]) -> bool:
    """Return whether anybody may name this host: the operator's domains and carriers'."""
    return is_among(host, allowed) or is_among(host, CARRIERS)


def is_disguised(typed: str, reading: Reading, start: int, end: int) -> bool:
    """Return whether a host was typed with letters of another script than it reads in: no carrier writes itself so."""
    first, last = reading.span(start, end)
    written = unicodedata.normalize("NFKC", typed[first:last]).casefold()
    if written.isascii():
        return False
    return "".join(one for one in written if unicodedata.category(one) not in ("Cf", "Mn")) != reading.text[start:end]


def _with_scheme(typed: str, reading: Reading, allowed: frozenset[str]) -> list[Finding]:
    found = []
    for one in islice(_SCHEME.finditer(reading.flat), _MANY):
        start, end = one.span()
        rest_start, rest_end = one.span(1)
        end = rest_end = rest_start + len(reading.text[rest_start:rest_end].rstrip(".,;:!?*_)"))
        rest = reading.text[rest_start:rest_end]
        authority = rest.replace("\\", "/").split("/")[0].split("?")[0].split("#")[0]
        host = authority.rsplit("@", 1)[-1].split(":")[0].strip(".")
        if not host or end <= start or not any(map(str.isalnum, host)):
            continue
        if not ("." in host or host.isdigit()):
            continue
        host_start = rest_start + rest.index(host)
        trick = "@" in authority or is_disguised(typed, reading, host_start, host_start + len(host))
        if not trick and is_allowed(host, allowed):
            continue
        if _private(host):
            continue
        found.append(_finding(reading, start, end, _rule(host) if is_among(host, SHORTENERS) else "link.url", 0.95))
    return found


#: RFC 1918, RFC 1122 and RFC 3927.
_HOME_NETWORKS = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"))
)


def _private(host: str) -> bool:
    """Return whether this is an address inside a home's own network, as manuals of routers name it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _HOME_NETWORKS)


def _bare(typed: str, reading: Reading, allowed: frozenset[str], sender_role: str) -> list[Finding]:
    text, found = reading.text, []
    for start, stop in _hosts(reading):
        host = text[start:stop].rstrip("-_")
        labels = host.split(".")
        while len(labels) > 1 and labels[-1] not in TOP_LEVEL and not labels[-1].startswith("xn--"):
            if top := _before_other_script(labels[-1]) or _before_hyphen(labels[-1]):
                labels[-1] = top
                break
            labels.pop()  # firma.de.danke
        end = start + len(".".join(labels))
        if labels.count("") == 1 and (labels[0] == "www" or labels[-1] in ("com", "net", "org")):
            labels.remove("")  # firma..com
        if len(labels) < 2 or not all(labels):
            continue
        host = ".".join(labels)
        before = text[start - 1 : start]
        # Part of an address with a scheme, an e-mail address, a path or a longer word.
        if before and (before == "@" or before.isalnum()):
            continue
        if before and before in "\\&=%~" and _within_address(text, start):
            continue
        if before == "/" and (text[start - 2 : start - 1].isalnum() or _has_scheme(reading, start, end)):
            continue
        if text[end : end + 1] == "@":
            continue
        confidence = _sureness(typed, reading, start, end, labels)
        trick = is_disguised(typed, reading, start, end)
        if not confidence or (not trick and is_allowed(host, allowed)):
            continue
        if is_among(host, MESSENGERS) or is_among(host, SOCIAL) or trick or host.startswith("xn--") or ".xn--" in host:
            confidence = max(confidence, 0.95)
        elif confidence < 0.95 and _is_brand(typed, reading, start, end, labels):
            # Companies are called so, and their names stand on mugs and jackets. A shop may mean its own place.
            confidence = NAMED_BY_BUYER if sender_role == "buyer" else min(confidence, 0.75)
            confidence = NAMED_ON_GOODS if _GOODS.search(reading.flat[max(0, start - 60) : end + 40]) else confidence
        found.append(_finding(reading, start, end + _path(text, end), _rule(host), confidence))
    return found


def _is_brand(typed: str, reading: Reading, start: int, end: int, labels: list[str]) -> bool:
    """Return whether words joined by a dot are written like a company's name ("Booking.com"), pointing nowhere."""
    if len(labels) != 2 or _path(reading.text, end):
        return False
    first = reading.span(start, end)[0]
    name = typed[first : first + len(labels[0])]
    if not (name[:1].isupper() and name[1:].islower() and name.isalpha()):
        return False
    return not _POINTING.search(reading.flat[max(0, start - 40) : start])


def _hosts(reading: Reading) -> Iterator[tuple[int, int]]:
    """Yield where words joined by dots stand: a question mark and an emoji end one, a letter of any script does not."""
    text = reading.text
    for one in islice(_HOST.finditer(reading.flat), _MANY):
        start, end = one.span()
        if b"?" in one.group():
            for place in range(start, end):
                if ends_host(text[place]):
                    if "." in text[start:place]:
                        yield start, place
                    start = place + 1
        if "." in text[start:end]:
            yield start, end


def _before_other_script(label: str) -> str:
    """Return the ending to which words of a script that writes no blanks were run on (com谢谢), or nothing."""
    for place, letter in enumerate(label):
        if letter >= "\u0370":
            return label[:place] if label[:place] in TOP_LEVEL else ""
    return ""


def _before_hyphen(label: str) -> str:
    """Return the ending to which words were tied with a hyphen (firma.de-Gutschein), or nothing."""
    top, _, rest = label.replace("_", "-").partition("-")
    return top if top in STRONG and not rest.startswith(("facto", "jure", "luxe")) else ""


def _has_scheme(reading: Reading, start: int, end: int) -> bool:
    """Return whether the host is part of an address ``_with_scheme`` judges."""
    first = max(0, start - 80)
    return "://" in reading.text[first:start] and _SCHEME.search(reading.flat[first:end]) is not None


def _within_address(text: str, start: int) -> bool:
    """Return whether what stands before ``start`` without a blank is a path or the address of another page."""
    chunk = text[max(text.rfind(" ", max(0, start - 80), start) + 1, start - 80, 0) : start - 1]
    return any(sign in chunk for sign in "/?\\:")


def _path(text: str, end: int) -> int:
    """Return how long the path behind a host is."""
    if text[end : end + 1] not in ("/", ":", "?", "#"):
        return 0
    stop = text.find(" ", end, end + 300)
    return len(text[end : stop if stop >= 0 else end + 300].rstrip(".,;:!?*_)'\""))


def _sureness(typed: str, reading: Reading, start: int, end: int, labels: list[str]) -> float:
    """Return how sure it is that words joined by dots are a domain and not sentences, a file or an abbreviation."""
    host, name, top = ".".join(labels), labels[-2], labels[-1]
    text = reading.text
    if host in NO_DOMAINS or (len(name) == 1 and len(labels) == 2 and host not in ONE_LETTER):
        return 0.0
    if len(labels) > 2 and all(len(label) == 1 for label in labels[:-1]):
        return 0.0
    if is_among(host, SHORTENERS) or host in ONE_LETTER:
        return 0.95
    following = text[end : end + 2]
    path = following[:1] in ("/", ":", "?") and following[1:].isalnum()
    if labels[0] in ("www", "ww", "wwww", "www2", "m") and len(labels) > 2:
        return 0.95
    if host in MAIL:
        return 0.9 if path else 0.0
    if not registrable(host):
        return 0.0
    if all(label.isdigit() for label in labels[:-1]) and (top not in ("com", "de", "net") or len(labels) > 2):
        return 0.0
    first, last = reading.span(end - len(top), end)
    written = typed[first:last]
    written_name = typed[reading.span(start, end)[0] : first]
    begins_sentence = written[:1].isupper() and written[1:].islower() and len(labels) == 2
    pointing = _POINTING.search(reading.flat[max(0, start - 40) : start])
    if path and following[:1] == "/":
        return 0.9
    goes_on = text[end : end + 1] == " " and text[end + 1 : end + 2].isalpha()
    # RTL8812.au, BME280.de: what a part is called.
    model = not pointing and len(labels) == 2 and sum(map(str.isdigit, name)) >= 3 and written_name[:2].isupper()
    if model:
        return 0.45
    if top in STRONG or top.startswith("xn--"):
        if (
            not pointing
            and len(labels) == 2
            and (begins_sentence or (goes_on and top == "de" and name in ENDING_WORDS))
        ):
            return 0.45 if name not in ENDING_WORDS else 0.0
        return 0.9
    if len(labels) > 2 and labels[-2] in ("co", "com", "org", "net", "gov", "edu", "ac"):
        return 0.9
    if pointing:
        return 0.85
    if begins_sentence:
        return 0.0
    if top in ("zip", "mov", "md", "py", "sh", "rs", "ps", "ai", "cab", "so", "bar", "do", "vi", "in"):
        return 0.0
    if top in ("it", "at", "es", "be", "me", "tv", "ai", "la"):
        if goes_on and name.isalpha():
            return 0.0  # "broken.it was"
        return 0.55 if "-" in name or len(name) > 12 or any(map(str.isdigit, name)) else 0.45
    return 0.35


def _goes_on(text: str, end: int) -> bool:
    return text[end : end + 1] == "." and text[end + 1 : end + 2].isdigit()


def _numeric(reading: Reading) -> list[Finding]:
    found = []
    for one in islice(_ADDRESS.finditer(reading.flat), 200):
        start, end = one.span()
        written = reading.text[start:end]
        host = written.split("/")[0].split(":")[0]
        if reading.text[start - 1 : start] in ("/", "@", ".") or _goes_on(reading.text, end):
            continue  # part of an address with a scheme, or of a longer number
        if _private(host) or _VERSION.search(reading.flat[max(0, start - 30) : start]):
            continue
        found.append(_finding(reading, start, end, "link.url", 0.9 if len(written) > len(host) else 0.4))
    return found


_AS_IT_IS = expression(r"[a-z0-9?.-]*\.[a-z0-9?-]+")


def _hidden(typed: str, reading: Reading, allowed: frozenset[str]) -> list[Finding]:
    """Find domains whose dots are words, stand apart, or whose letters stand apart."""
    found = []
    flat = reading.flat
    for hidden, confidence in (
        (_WORD_DOT, 0.9),
        (_PLAIN_DOT, 0.85),
        (_PUNTO_ES, 0.8),
        (_WWW, 0.9),
        (_SPACED_DOT, 0.6),
        (_SPELLED_OUT, 0.85),
        (_COMMA, 0.85),
        (_RUN_TOGETHER, 0.8),
    ):
        for one in islice(hidden.finditer(flat), 200):
            start, end = one.span(1) if hidden.groups else one.span()
            if is_mailbox_domain(reading.text, start):
                continue
            if _AS_IT_IS.fullmatch(flat[start:end]):
                continue  # an ordinary host, judged already
            host = _cleared(reading.text[start:end])
            name = host.split(".")[0] if not host.startswith("www.") else host.split(".")[1]
            if len(name) < 2 or host in MAIL or is_allowed(host, allowed) or name in _NOT_NAMES:
                continue
            sure = confidence
            if hidden is _SPACED_DOT:
                first, last = reading.span(end - len(host.rsplit(".", 1)[-1]), end)
                if typed[first:last].istitle() or (host.endswith(".net") and " .net" in reading.text[start:end]):
                    continue  # a sentence ends and another begins, or Microsoft's .NET
                if host.endswith(".net") and _NET_WEIGHT.match(flat, end):
                    continue  # "5 oz. net wt."
                if _POINTING.search(flat[max(0, start - 40) : start]):
                    sure = 0.85
            found.append(_finding(reading, start, end, _rule(host), sure))
    return found


_NOT_NAMES = frozenset(
    [
        "the",
        "this",
        "that",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "ein",
        "eine",
        "a",
        "le",
        "la",
        "el",
        "il",
        "un",
        "une",
        "una",
        "het",
        "de",
        "at",
        "in",
        "to",
        "on",
        "co",
        "at",
    ]
)
_DOT_WORDS = frozenset({"dot", "d0t", "punkt", "pkt", "point", "punto", "kropka", "nokta", "punt"})


def is_mailbox_domain(text: str, start: int) -> bool:
    """Return whether what stands before ``start`` makes it the domain of an e-mail address."""
    before = text[max(0, start - 6) : start].rstrip(" )]}>-_*")
    return before.endswith(("@", "(at", "[at", "{at", "<at", " at", "(ät", "[ät", " ät", "(a"))


def _cleared(written: str) -> str:
    """Return the host a disguised one stands for."""
    for word in _DOT_WORDS:
        for sign in "-_/|":
            written = written.replace(f"{sign}{word}{sign}", ".")
    for sign in "()[]{}<>*_\"'|/,?":
        written = written.replace(sign, " . " if sign in ",?*|" else " ")
    words = ["." if word in _DOT_WORDS else word for word in written.replace(".", " . ").split()]
    if words and all(len(word) == 1 for word in words):
        return "".join(words)
    if "." not in words:
        return ".".join(words)
    host = "".join(words)
    if host.startswith("www") and not host.startswith("www."):
        host = "www." + host[3:].lstrip(".")
    return host
