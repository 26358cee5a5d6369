"""E-mail addresses, as they are and in the ways people hide them."""

from __future__ import annotations

from itertools import islice

from .domains import CARRIERS, MAIL, TOP_LEVEL, ends_host, is_among
from .finding import Category, Finding
from .folding import Folded, Reading, expression
from .lists import words
from .surroundings import Surroundings

RULE = "contact.email"
_MANY = 300  # addresses and signs of them looked at in one piece
_REACH = 90  # characters an address may take on either side of its at

# "anna"@firma.de too: what stands in quotes or brackets before the at is an address all the same.
_DIRECT = expression(r"[a-z0-9?][a-z0-9?._%+'-]*[\"')\]}>*|!$=~]{0,2}@@?[a-z0-9?-]+(?:\.\.?[a-z0-9?-]+)+")
_DOMAIN = expression(r"[a-z0-9?-]+(?:\.[a-z0-9?-]+)+")
_OPEN, _SHUT = r"[(\[{<*_\"'/|~-]", r"[)\]}>*_\"'/|~-]"
_AT = expression(
    # (at) [ät] <a> {@} -at- *at*, &#64; %40
    rf"(?: ?{_OPEN} ?(?:at|aet|ad|a|@|arroba|arobase|chiocciola|malpa|apenstaartje|et|klammeraffe|bei|chez) ?{_SHUT} ?"
    r"| ?(?:%40|&#64;|&#x40;|&commat;|\\u0040) ?| ?@ ?"
    # the sign's names
    r"| (?:klammeraffe|affenschwanz|at-zeichen|at zeichen|at sign|at-sign|arroba|arobase|chiocciola|malpa|apenstaartje"
    r"|apestaartje|kuyruklu a|et isareti|strudel) )"
)
_AT_WORD = expression(r" (?:at|aet|ad|et|bei|chez) ")
_DOT = (
    rf"(?: ?{_OPEN} ?(?:dot|d0t|punkt|pkt|point|punto|kropka|nokta|punt|\.|,) ?{_SHUT} ?"
    r"| (?:dot|d0t|punkt|pkt|point|punto|kropka|nokta|punt) | ?\. ?|,)"
)
_ENDS = (
    r"(?:co ?\. ?uk|com ?\. ?tr|com|net|org|de|eu|fr|nl|pl|at|ch|uk|co|info|biz|shop|store|online|site|io|it|es|be"
    r"|tr|us|xyz|me"
    r"|li|lu|dk|se|cz|ru|app|dev|email|con|cm|edu|gov|ac|ie|fi|pt|hu|ro|gr|cn|jp|br|nz|kr|hk|sg|ua|sk|hr|bg|lt|lv|ee"
    r"|rs|cc|mobi|berlin|cloud)"
)
_RIGHT = expression(rf"[a-z0-9?][a-z0-9?-]*(?:{_DOT}[a-z0-9?-]+)*?{_DOT}{_ENDS}\b")
_LEFT = expression(
    r"[a-z0-9?](?:[a-z0-9?._%+-]|(?: (?:dot|punkt|point|punto|kropka|nokta|punt|underscore|unterstrich) ))*$"
)

_PROVIDER = (
    r"(?:g ?[o0]{0,2} ?mail|googlemail|gmx|web ?[.,]? ?de|hotmail|outlook|yahoo|ya?hoo|icloud|aol|proton(?:mail)?"
    r"|tutanota"
    r"|t-online|freenet|posteo|mailbox|yandex|laposte|orange|libero|wanadoo|interia|onet|ziggo|bluewin|gmial|gmal)"
)
_AT_PROVIDER = expression(
    rf"([a-z0-9?][a-z0-9?._-]{{2,40}}) ?(?:@|\(at\)|\[at\]|\bat\b|\baet\b|\bbei\b|\bchez\b|\bsu\b|\bna\b|\bpresso\b"
    rf"|\bbij\b"
    rf"|\ben\b|\ba\b|arroba|arobase|chiocciola|malpa) ?{_PROVIDER}(?:{_DOT}{_ENDS})?\b"
)
# A picture for the at and one for the dot; in the flat text they are question marks.
_PICTURES = expression(rf"([a-z0-9][a-z0-9._-]{{2,40}}) ?[?]{{1,2}} ?{_PROVIDER} ?(?:[?]{{1,2}}|{_DOT}) ?{_ENDS}\b")
_PROVIDER_COLON = expression(
    rf"\b{_PROVIDER}(?: ?[:=]| (?:is|ist|name|id|address|adresse|lautet|account)\b)+ ?([a-z0-9?][a-z0-9?._-]{{3,40}})"
)
# "anna.mueller gmail com": a mailbox without its at.
_NO_AT = expression(rf"\b[a-z][a-z0-9]*(?:[._][a-z0-9._-]+|[0-9]{{2,}}) {_PROVIDER} (?:com|de|net|at|ch|fr|pl|it|es)\b")
# "max@firma de": the dot left out.
_NO_DOT = expression(
    r"\b[a-z0-9?][a-z0-9?._%+-]+@ ?[a-z?][a-z0-9?-]+(?: [a-z0-9?-]{2,})?"
    r" (?:com|net|org|de|at|ch|fr|nl|pl|es|it|eu|edu|info|shop|co uk)\b"
)
_ASKING = expression(
    r"\b(?:schreib[a-z]*|mail[a-z]*|write|email|e-mail|contact[a-z]*|kontakt[a-z]*|erreich[a-z]*|reach|adress[a-z]*"
    r"|address"
    r"|direccion|indirizzo|adres[a-z]*|correo|ecri[a-z]*|escri[a-z]*|scriv[a-z]*|napisz|pisz[a-z]*|schrijf|mailen"
    r"|yaz[a-z]*)\b"
)
_COMMON = words("beside_mailboxes")
# Endings that people write though no registry gives them out: slips of the pen, and those kept free (RFC 2606, 6762).
_NO_REGISTRY = ("con", "cmo", "example", "test", "invalid", "localhost", "local", "internal", "lan", "home", "corp")


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return the e-mail addresses in a text but those of allowed domains and carriers."""
    reading = folded.plain
    found = _direct(reading, around)
    found += _hidden(reading, around)
    if len(folded.bare.text) != len(reading.text):
        found += _hidden(folded.bare, around)  # j o h n at g m a i l dot c o m
    found += _at_providers(reading)
    return found


def _finding(reading: Reading, place: tuple[int, int], confidence: float) -> Finding:
    return Finding(*reading.span(*place), RULE, Category.CONTACT_DETAILS, confidence)


def _is_allowed(domain: str, around: Surroundings) -> bool:
    return is_among(domain, around.lists.allowed_domains) or is_among(domain, CARRIERS)


def _direct(reading: Reading, around: Surroundings) -> list[Finding]:
    if "@" not in reading.text:
        return []
    found = []
    for one in islice(_DIRECT.finditer(reading.flat), _MANY * 2):
        start, end = one.span()
        written = reading.text[start:end].rstrip(".-_")
        local, _, domain = written.rpartition("@")
        domain = _before_signs(domain)
        labels = domain.split(".")
        while len(labels) > 1 and not _is_ending(labels[-1]):
            labels.pop()
        sure = 0.6 if labels[-1] == "local" else 0.95
        if len(labels) < 2:
            # No registry knows this ending, but it is written as an address.
            labels, sure = domain.split(".")[:2], 0.6
            if not (len(labels[-1]) > 1 and labels[-1].isalpha()):
                continue
        domain = ".".join(labels)
        if labels.count("") == 1 and len(labels) > 2:
            labels.remove("")  # anna@firma..de
        if not all(labels) or labels[-1].isdigit() or _is_allowed(domain, around):
            continue
        if "//" in reading.text[max(0, start - 40) : start].rsplit(" ", 1)[-1]:
            continue  # https://dhl.de@evil.com is a link
        found.append(_finding(reading, (start, start + len(local) + 1 + len(domain)), sure))
    found += [_finding(reading, one.span(), 0.85) for one in islice(_NO_DOT.finditer(reading.flat), _MANY)]
    return found


def _is_ending(label: str) -> bool:
    return label in TOP_LEVEL or label in _NO_REGISTRY or label.startswith("xn--")


def _before_signs(domain: str) -> str:
    """Return ``domain`` up to the first sign no domain has; in the flat text it looked like a letter."""
    if domain.isascii() and "?" not in domain:
        return domain
    end = next((place for place, letter in enumerate(domain) if ends_host(letter)), len(domain))
    return domain[:end].rstrip(".-_")


def _hidden(reading: Reading, around: Surroundings) -> list[Finding]:
    """Find addresses with a word or other signs for the at and the dots, or with their letters apart."""
    found = []
    flat = reading.flat
    last = 0
    for sign, sure in ((_AT, True), (_AT_WORD, False)):
        last = 0
        for one in islice(sign.finditer(flat), _MANY):
            at, after = one.span()
            if at < last:
                continue
            hit = _around(flat, at, after, sure)
            if hit is None and sure and b"@" in one.group():
                hit = _blanks_around(flat, at, after) or _letters_apart(flat, at, after)
            if hit is None:
                continue
            start, end, confidence = hit
            domain = clear_domain(reading.text[after:end])
            if not _is_allowed(domain, around):
                found.append(_finding(reading, (start, end), confidence))
            last = end
    return found


def _around(flat: bytes, at: int, after: int, sure: bool) -> tuple[int, int, float] | None:
    left = _LEFT.search(flat[max(0, at - _REACH) : at])
    right = _RIGHT.match(flat[after : after + _REACH])
    if left is None or right is None:
        return None
    start = max(0, at - _REACH) + left.start()
    end = after + right.end()
    local = flat[start:at].decode()
    written = right.group().decode()
    provider = is_among(clear_domain(written), MAIL)
    hidden_dot = (
        not any("." in part and part[-1:] != "." for part in written.split()) or "(" in written or "[" in written
    )
    telling = any(one in "._0123456789" for one in local.strip("."))
    if not sure:
        # "look at firma.de" is a link; "anna.m at firma.de" and "anna at firma dot de" are addresses.
        if local in _COMMON or not (provider or telling or hidden_dot):
            return None
        if hidden_dot and not provider and ". " in written:
            return None  # a sentence ended
        return start, end, 0.9 if provider or (telling and not local.isdigit()) or hidden_dot else 0.6
    return start, end, 0.95


def _blanks_around(flat: bytes, at: int, after: int) -> tuple[int, int, float] | None:
    """Read "name @ firma.anything": the sign alone makes it an address, whatever the ending."""
    left = _LEFT.search(flat[max(0, at - _REACH) : at])
    right = _DOMAIN.match(flat[after : after + _REACH])
    if left is None or right is None:
        return None
    end = len(right.group().rstrip(b".-?"))
    ending = right.group()[:end].rpartition(b".")[2].decode()
    return (max(0, at - _REACH) + left.start(), after + end, 0.95) if ending in TOP_LEVEL else None


_APART = b" -_*"  # what stands between letters that stand alone


def _letters_apart(flat: bytes, at: int, after: int) -> tuple[int, int, float] | None:
    """Read n a m e @ f i r m a . d e, or with hyphens: letters that stand alone are put together and read again."""
    start = max(0, at - _REACH)
    window = flat[start : after + _REACH]
    kept: list[int] = []
    for place in range(len(window)):
        if window[place] in _APART and 0 < place < len(window) - 1:
            alone_before = place < 2 or window[place - 2] in _APART or not chr(window[place - 1]).isalnum()
            alone_after = place > len(window) - 3 or window[place + 2] in _APART or not chr(window[place + 1]).isalnum()
            if alone_before and alone_after:
                continue
        kept.append(place)
    tight = bytes(window[place] for place in kept)
    for one in _DIRECT.finditer(tight):
        first, last = one.span()
        domain = tight[first:last].decode().rpartition("@")[2].rstrip(".-")
        top = domain.rsplit(".", 1)[-1]
        if "." in domain and top in TOP_LEVEL and kept[first] + start < at < kept[last - 1] + start:
            return start + kept[first], start + kept[last - 1] + 1, 0.95
    return None


def _at_providers(reading: Reading) -> list[Finding]:
    """Find names beside a free mailbox without its ending: meinname bei gmail, gmail: meinname."""
    found = []
    for one in islice(_AT_PROVIDER.finditer(reading.flat), _MANY):
        start, end = one.span()
        name = reading.text[slice(*one.span(1))].strip("._-")
        if name in _COMMON or not name:
            continue
        sign = b"@" in one.group() or b"at)" in one.group() or b"at]" in one.group()
        telling = any(letter in "._0123456789" for letter in name)
        asked = _ASKING.search(reading.flat[max(0, start - 40) : start])
        found.append(_finding(reading, (start, end), 0.9 if sign or telling else 0.8 if asked else 0.55))
    found += [_finding(reading, one.span(), 0.85) for one in islice(_NO_AT.finditer(reading.flat), _MANY)]
    for one in islice(_PICTURES.finditer(reading.flat), _MANY):
        signs = reading.text[one.end(1) : one.end()]
        if signs.count("?") < 2:  # pictures, not questions
            found.append(_finding(reading, one.span(), 0.85))
    for one in islice(_PROVIDER_COLON.finditer(reading.flat), _MANY):
        name = reading.text[slice(*one.span(1))].strip("._-")
        telling = any(letter in "._0123456789" for letter in name[:-1])
        colon = b":" in one.group() or b"=" in one.group()
        if telling or (colon and name not in _COMMON):
            found.append(_finding(reading, one.span(), 0.85 if telling else 0.5))
    return found


_DOT_WORDS = frozenset({"dot", "d0t", "punkt", "pkt", "point", "punto", "kropka", "nokta", "punt"})


def clear_domain(written: str) -> str:
    """Return the domain that ``written`` with words or other signs for its dots stands for."""
    for sign in "()[]{}<>*_\"'|/~,":
        written = written.replace(sign, " . " if sign == "," else " ")
    words = ["." if word in _DOT_WORDS else word for word in written.replace(".", " . ").split()]
    return "".join(words).replace("..", ".").strip(".-")
