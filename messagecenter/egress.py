"""The one door to addresses that people name (webhooks, push services): public hosts over https, and nothing else.

The host is looked up once, every address found is checked, and the connection goes to a checked address: a name that
changes between the check and the use leads nowhere. Proxies named in the environment are not used.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings

from messagecenter.mail.errors import Refused, TryAgain, Uncertain

MOST_URL = 2000
MOST_ANSWER = 64 * 1024
MOST_ADDRESSES = 8
AGENT = "MessageCenter/1"
SECONDS = 10.0
# Names that mean something in our own network only (RFC 6761, 6762, 8375, and what clouds call their metadata).
PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "arpa", "test")
# Beside what ``is_global`` knows in every Python: relays and translations that may lead back to private addresses.
REFUSED_4 = [ipaddress.IPv4Network(one) for one in ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4")]
GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
REFUSED_6 = [ipaddress.IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
_PRINTABLE = re.compile(r"[!-\[\]-~]+")  # ASCII without blanks and the backslash, which browsers read as a slash
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_HEADER = re.compile(r"[!-~][ -~]*")

Sockaddr = tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """What came back: the status code, and the milliseconds until it did."""

    status: int
    milliseconds: int


@dataclass(frozen=True)
class Target:
    """Where a URL leads; ``is_allowed`` when the operator listed this host and port in EGRESS_ALLOW."""

    scheme: str
    host: str
    port: int
    path: str
    is_allowed: bool

    @property
    def origin(self) -> str:
        """Scheme, host and, unless it is the scheme's own, port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """The host as a Host header names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"


class _Deadline:
    """The moment at which one request is over, whatever it is doing."""

    def __init__(self, seconds: float) -> None:
        self._began = time.monotonic()
        self._ends = self._began + seconds

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def spent(self) -> int:
        """Return the milliseconds gone by."""
        return round((time.monotonic() - self._began) * 1000)


class _Reader(io.RawIOBase):
    """Reads a socket so that all reads together end at the deadline: a timeout of the socket counts for each alone."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is."""
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return what http.client reads an answer from."""
        return io.BufferedReader(self)


def target_of(url: str) -> Target:
    """Return where ``url`` leads, without asking the network. Raises Refused for one that is never posted to."""
    if len(url) > MOST_URL or not _PRINTABLE.fullmatch(url):
        raise Refused("the address is not a valid URL")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("the address is not a valid URL") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise Refused("the address is not a valid URL")
    if "@" in parts.netloc:
        raise Refused("the address holds a user name or password")
    host = host.lower().removesuffix(".")
    port = port or (443 if parts.scheme == "https" else 80)
    is_allowed = f"{host}:{port}" in settings.EGRESS_ALLOW
    if not is_allowed:
        if parts.scheme != "https" and not settings.DEBUG:
            raise Refused("the address is not https")
        _check_name(host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, is_allowed)


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS) -> Answer:
    """Post ``body`` and return the answer, whatever its status; redirects are not followed, the answer is thrown away.

    All of it, the look-up of the name included, takes ``seconds`` at most. Raises Refused for an address that is never
    posted to, TryAgain when the request was not handed over whole, Uncertain when it was and no clear answer came.
    Reasons name no address.
    """
    target = target_of(url)
    request = _request(target, body, headers)
    deadline = _Deadline(seconds)
    try:
        sock = _connect(target, _addresses(target, deadline), deadline)
    except TimeoutError:
        raise TryAgain(f"no connection within {seconds:g} s") from None
    with sock:
        try:
            _send(sock, request, deadline)
        except OSError as error:
            raise TryAgain(f"the connection broke ({type(error).__name__})") from None
        return _answer(sock, deadline, seconds)


# --- Where it leads --------------------------------------------------------------------------------------------------


def _check_name(host: str) -> None:
    """Raise Refused for a name or literal address that is not public."""
    address = _literal(host)
    if address is not None:
        _check_address(address)
        return
    labels = host.split(".")
    # 2130706433, 0x7f.1 and 0177.0.0.1 are addresses to the resolver: a public name's last label is never a number.
    is_number = labels[-1].isdecimal() or labels[-1].startswith("0x")
    if len(host) > 253 or is_number or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("the address is not a valid URL")
    if len(labels) == 1 or any(host == name or host.endswith(f".{name}") for name in PRIVATE_NAMES):
        raise Refused("the address is not public")


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Raise Refused unless an address is reachable from everywhere and stands for itself.

    Source: IANA's special-purpose registries (RFC 6890). Of IPv6 only 2000::/3 is in use for that, so that mapped
    (::ffff:0:0/96), translated (64:ff9b::/96, 64:ff9b:1::/48), link-local and local addresses are out.
    """
    if isinstance(address, ipaddress.IPv4Address):
        is_public = address.is_global and not any(address in network for network in REFUSED_4)
    else:
        is_public = address.is_global and address in GLOBAL_6 and not any(address in each for each in REFUSED_6)
    if not is_public or address.is_multicast or address.is_reserved:
        raise Refused("the address is not public")


def _addresses(target: Target, deadline: _Deadline) -> list[tuple[int, Sockaddr]]:
    """Look the host up once and return its addresses. Raises Refused when any of them is not public, or TryAgain."""
    found: list[Any] = []

    def look_up() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(target.host, target.port, 0, socket.SOCK_STREAM))

    # On a thread: the resolver has timeouts of its own and none that could be set.
    thread = threading.Thread(target=look_up, daemon=True, name="egress look-up")
    thread.start()
    thread.join(deadline.left())
    deadline.left()
    addresses = [(int(family), cast(Sockaddr, sockaddr)) for family, _, _, _, sockaddr in found[:MOST_ADDRESSES]]
    if not addresses:
        raise TryAgain("the host’s name was not found")
    if not target.is_allowed:
        for _family, sockaddr in addresses:
            _check_address(ipaddress.ip_address(sockaddr[0]))
    return addresses


# --- The request -----------------------------------------------------------------------------------------------------


def _request(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the request's bytes. Raises ValueError for a header that would end the line it stands in."""
    told = {
        "Host": target.authority,
        "User-Agent": AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        **headers,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = [f"POST {target.path} HTTP/1.1"]
    for name, value in told.items():
        if not _HEADER.fullmatch(f"{name}: {value}"):
            raise ValueError(f"The header {name!r} cannot be sent.")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _connect(target: Target, addresses: list[tuple[int, Sockaddr]], deadline: _Deadline) -> socket.socket:
    """Return a connection to the first address that answers, with the host's name verified. Raises TryAgain."""
    reason = ""
    for number, (family, sockaddr) in enumerate(addresses):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            # One silent address of several must leave time for the others.
            sock.settimeout(deadline.left() / (len(addresses) - number))
            sock.connect(sockaddr)
            if target.scheme == "http":
                return sock
            sock.settimeout(deadline.left())
            return _context().wrap_socket(sock, server_hostname=target.host)
        except ssl.SSLCertVerificationError as error:
            reason = f"the certificate is not valid ({error.verify_code})"
        except OSError as error:
            reason = f"no connection ({type(error).__name__})"
        sock.close()
    deadline.left()
    raise TryAgain(reason)


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _send(sock: socket.socket, request: bytes, deadline: _Deadline) -> None:
    """Hand over all bytes before the deadline, which ``sendall`` over TLS would count anew for each part."""
    rest = memoryview(request)
    while rest:
        sock.settimeout(deadline.left())
        rest = rest[sock.send(rest) :]


def _answer(sock: socket.socket, deadline: _Deadline, seconds: float) -> Answer:
    """Read the answer's head, and of the rest as much as is polite. Raises Uncertain without a clear status."""
    response = HTTPResponse(cast(socket.socket, _Reader(sock, deadline)), method="POST")
    try:
        response.begin()
    except TimeoutError:
        raise Uncertain(f"no answer within {seconds:g} s") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Uncertain(f"no answer ({type(error).__name__})") from None
    if not 200 <= response.status < 600:
        raise Uncertain("no final answer")
    answer = Answer(response.status, deadline.spent())
    # The status is what counts: a body that is slow, endless or broken changes nothing.
    with contextlib.suppress(OSError, HTTPException, ValueError):
        response.read(MOST_ANSWER)
    return answer
