"""Whether a mail is from whom it says: the operator's server tells (RFC 8601), else its DKIM signature (RFC 6376).

Only what agrees with the domain in From counts ("aligned", RFC 7489 section 3.1: the same registrable domain): a
signature or an SPF result of any other domain says nothing about who is shown as the sender.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

import dkim
import dns.exception
import dns.name
import dns.resolver
from django.conf import settings

from messagecenter.policy.detection.domains import registrable

from .head import fields, head_of

logging.getLogger("dkimpy").setLevel(logging.CRITICAL)  # it would write domains and header lines of strangers

MOST_SIGNATURES = 5
DNS_SECONDS = 5.0
MOST_HEADER = 10_000  # characters of an Authentication-Results field
QUOTED = r'"(?:[^"\\]|\\.)*"'
TOKEN = re.compile(rf"\s*(?:({QUOTED})|([^\s;=\"]+)|([;=]))")
DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+")


class AskAgain(Exception):
    """The domain's name servers do not answer now: who sent the mail cannot be said yet."""


@dataclass(frozen=True)
class Result:
    """One result of an Authentication-Results field: the method, what came of it, and what it was asked about."""

    method: str
    outcome: str
    about: dict[str, str]  # "header.from" → "shop.example", in lower case


def is_authentic(raw: bytes, domain: str, *, by_server: bool = True) -> bool:
    """Return whether the mail is from ``domain``, that of its From.

    Asks name servers unless INBOUND_AUTHSERV_ID is set and the mail came ``by_server`` of that name. Raises AskAgain
    when they do not answer.
    """
    domain = domain.lower().rstrip(".")
    if not DOMAIN.fullmatch(domain):
        return False
    if settings.INBOUND_AUTHSERV_ID and by_server:
        return _server_says_so(raw, domain)
    return _is_signed_by(raw, domain)


def results_of(field: str) -> tuple[str, list[Result]]:
    """Return the server's name and the results in an Authentication-Results field; ("", []) for a malformed one."""
    words = _words(field)
    if words is None or not words:
        return "", []
    parts: list[list[str]] = [[]]
    for word in words:
        if word == ";":
            parts.append([])
        else:
            parts[-1].append(word)
    server = parts[0][0].lower() if parts[0] and parts[0][0] != "=" else ""
    results = [_result(part) for part in parts[1:] if part]
    return server, [result for result in results if result is not None]


def _server_says_so(raw: bytes, domain: str) -> bool:
    """Return what the operator's own server found out. It puts its field on top; any below may be the sender's own."""
    found = fields(head_of(raw), "Authentication-Results")
    server, results = results_of(found[0]) if found else ("", [])
    if server != settings.INBOUND_AUTHSERV_ID:
        return False
    by_policy = [result for result in results if result.method == "dmarc"]
    if any(_is_about(result, "header.from", domain, exactly=True) for result in by_policy if result.outcome == "pass"):
        return True
    if any(result.outcome not in ("none", "pass") for result in by_policy):
        return False
    for result in results:
        if result.outcome != "pass":
            continue
        if result.method == "dkim" and _is_about(result, "header.d", domain):
            return True
        if result.method == "spf" and _is_about(result, "smtp.mailfrom", domain):
            return True
    return False


def _is_about(result: Result, name: str, domain: str, *, exactly: bool = False) -> bool:
    """Return whether a result concerns the domain in From."""
    asked = result.about.get(name, "").rpartition("@")[2]
    return asked == domain if exactly else _are_aligned(asked, domain)


def _are_aligned(one: str, other: str) -> bool:
    """Return whether two domains have one owner: they share their registrable domain."""
    owner = registrable(other)
    return bool(owner) and registrable(one) == owner


def _words(field: str) -> list[str] | None:
    """Return a field's words, quotes and comments removed; None when it cannot be read."""
    if len(field) > MOST_HEADER:
        return None
    text = _without_comments(field)
    words, position = [], 0
    while text is not None and text[position:].strip():
        found = TOKEN.match(text, position)
        if found is None:
            return None
        quoted, plain, sign = found.groups()
        words.append(re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted is not None else plain or sign)
        position = found.end()
    return words if text is not None else None


def _without_comments(field: str) -> str | None:
    """Return a field without its (nested) comments; None when one does not end."""
    kept: list[str] = []
    depth, in_quotes, escaped = 0, False, False
    for character in field:
        if escaped:
            escaped = False
        elif character == "\\" and (depth or in_quotes):
            escaped = True
        elif depth:
            depth += {"(": 1, ")": -1}.get(character, 0)
            continue
        elif character == '"':
            in_quotes = not in_quotes
        elif character == "(" and not in_quotes:
            depth = 1
            kept.append(" ")
            continue
        if not depth:
            kept.append(character)
    return None if depth or in_quotes else "".join(kept)


def _result(words: list[str]) -> Result | None:
    """Return one result: ``method=outcome`` and then properties ``type.name=value``; None for anything else."""
    pairs: list[tuple[str, str]] = []
    position = 0
    while position < len(words):
        if words[position] == "=" or words[position + 1 : position + 2] != ["="] or position + 2 >= len(words):
            return None
        pairs.append((words[position].lower(), words[position + 2].lower()))
        position += 3
    (method, outcome), *about = pairs
    return Result(method.partition("/")[0], outcome, dict(reversed(about)))


def _is_signed_by(raw: bytes, domain: str) -> bool:
    """Return whether a signature of the mail holds whose domain is aligned with ``domain``."""
    try:
        signer = dkim.DKIM(raw, timeout=DNS_SECONDS)
    except (dkim.DKIMException, IndexError):
        return False
    if [name.lower() for name, _ in signer.headers].count(b"from") != 1:
        return False  # a second one could be shown to people although another was signed
    signatures = [value for name, value in signer.headers if name.lower() == b"dkim-signature"]
    waits = False
    for number, value in enumerate(signatures[:MOST_SIGNATURES]):
        if not _may_count(value, domain):
            continue
        try:
            if signer.verify(idx=number, dnsfunc=_published):
                return True
        except (dkim.DnsTimeoutError, AskAgain):
            waits = True
        except (dkim.DKIMException, ValueError, TypeError, KeyError, IndexError):
            continue  # a malformed signature is none
    if waits:
        raise AskAgain
    return False


def _may_count(value: bytes, domain: str) -> bool:
    """Return whether a signature is one of ``domain``'s and covers the whole text: with l= anything may be added."""
    try:
        tags = dkim.util.parse_tag_value(value)
        signed_by = tags[b"d"].decode("ascii").lower()
    except (dkim.util.InvalidTagValueList, KeyError, UnicodeDecodeError):
        return False
    return b"l" not in tags and _are_aligned(signed_by, domain)


def _published(name: bytes, timeout: float = DNS_SECONDS) -> bytes | None:
    """Return the text a domain publishes under a name, or None. Raises AskAgain when nobody answers."""
    try:
        answer = _resolver().resolve(name.decode("ascii"), "TXT", lifetime=timeout, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, UnicodeDecodeError, dns.exception.SyntaxError):
        return None
    except dns.name.LabelTooLong:
        return None
    except dns.exception.DNSException:
        raise AskAgain from None
    return next((b"".join(row.strings) for row in answer), None)


def _resolver() -> dns.resolver.Resolver:
    """Return who is asked: the operator's choice (INBOUND_DNS), else as the machine does."""
    if not settings.INBOUND_DNS:
        return dns.resolver.get_default_resolver()
    host, port = settings.INBOUND_DNS
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [host], port
    return resolver
