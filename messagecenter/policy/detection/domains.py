"""What is a domain: top-level domains, whose domains they are, and which ones anybody may name."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import tldextract

from .lists import words

#: Never online: the list of suffixes that came with the package.
_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
#: Endings no registry gives out and people name pages with all the same: in examples, and inside Tor (RFC 2606, 7686).
UNREGISTERED = frozenset({"example", "onion"})
TOP_LEVEL = frozenset(suffix.rsplit(".", 1)[-1] for suffix in _EXTRACT.tlds) | UNREGISTERED

#: Where one looks a parcel up: carriers of the world, and the pages that follow parcels of many of them.
CARRIERS = words("carriers")

#: Top-level domains that are no word one begins a sentence with, nor a common end of a file's name.
STRONG = words("strong_endings")

#: Free mailboxes; naming one is no link, and a name beside one is an address.
MAIL = words("mailboxes")

SHORTENERS = words("shorteners")

#: Pages of messengers and social networks: who links there offers another way to talk.
MESSENGERS = words("messengers")
SOCIAL = words("networks")

#: One-letter names in front of a top-level domain that are real; all others are abbreviations.
ONE_LETTER = frozenset(
    {"x.com", "t.me", "t.co", "m.me", "g.co", "a.co", "x.co", "s.id", "t.ly", "u.nu", "j.mp", "v.gd"}
)

#: Names that look like domains and are programs, brands of goods or legal forms.
NO_DOMAINS = words("no_domains")


#: Words a sentence may end with before the blank after its full stop is forgotten ("niemand.de bote war weg").
ENDING_WORDS = words("sentence_ends")


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """Return the registrable domain of a host in lower case ("firma.co.uk" of "www.firma.co.uk"), or nothing."""
    labels = host.split(".")
    if labels[-1] in UNREGISTERED:
        return ".".join(labels[-2:]) if len(labels) > 1 else ""
    found = _EXTRACT.extract_str(host, include_psl_private_domains=False)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else ""


def ends_host(letter: str) -> bool:
    """Return whether a host ends before ``letter``: a question mark or an emoji, but no letter of any script."""
    return letter not in "._-" and unicodedata.category(letter)[0] in "PSC"


def is_among(host: str, domains: frozenset[str]) -> bool:
    """Return whether ``host`` is one of ``domains`` or lies below one: dhl.de.evil.com does not lie below dhl.de."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))
