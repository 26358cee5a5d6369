"""Reads settings from the environment and refuses a wrong one by name, with what is allowed."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import re
import secrets
import tempfile
import zoneinfo
from collections.abc import Sequence
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

LABEL = r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?"
HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)({LABEL}\.)*{LABEL}")
FOLDER = "a folder this user may make and write to"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-5, curve P-256
PREFIX = re.compile(r"([A-Za-z0-9_-]{1,60}/){0,5}([A-Za-z0-9_-]{1,60})?")


def refuse(name: str, problem: str, allowed: str) -> ImproperlyConfigured:
    """Return the error that names a variable, what is wrong with it and what it may be."""
    return ImproperlyConfigured(f"{name} {problem}. Allowed: {allowed}. See README, Settings.")


def text(name: str, default: str = "") -> str:
    """Return a variable without surrounding blanks; an empty one counts as not set."""
    return os.environ.get(name, "").strip() or default


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """Return a variable that must be one of ``allowed``."""
    value = text(name, default)
    if value not in allowed:
        raise refuse(name, f"is {value!r}", ", ".join(allowed))
    return value


def integer(name: str, default: int, low: int, high: int) -> int:
    """Return a whole number from ``low`` to ``high``."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise refuse(name, f"is {value!r}", f"a whole number from {low} to {high}")
    return number


def flag(name: str, default: bool) -> bool:
    """Return a variable that says yes or no."""
    value = text(name, "yes" if default else "no").lower()
    if value not in ("yes", "no", "true", "false", "on", "off", "1", "0"):
        raise refuse(name, f"is {value!r}", "yes or no")
    return value in ("yes", "true", "on", "1")


def needed(name: str, allowed: str) -> str:
    """Return a variable that must be set. It may be a secret, so that no error quotes it."""
    value = text(name)
    if not value:
        raise refuse(name, "is not set", allowed)
    return value


def matching(name: str, default: str, pattern: re.Pattern[str], allowed: str) -> str:
    """Return a variable that matches a pattern as a whole."""
    value = text(name, default)
    if not pattern.fullmatch(value):
        raise refuse(name, f"is {value!r}" if value else "is not set", allowed)
    return value


def words(name: str) -> list[str]:
    """Return a comma separated list without empty entries."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def hosts(name: str, *, patterns: bool = False) -> list[str]:
    """Return a comma separated list of host names in lower case, ASCII only, without scheme, port or path.

    With ``patterns``, as Django's ALLOWED_HOSTS, also ``.shop.example`` for all names below, and IP addresses.
    """
    examples = (
        "like shop.example or .shop.example, IP addresses like 10.0.0.7 or [::1]" if patterns else "like shop.example"
    )
    found = [word.lower() for word in words(name)]
    for word, host in zip(words(name), found, strict=True):
        if not (_is_host_name(host.removeprefix(".")) or _is_ip(host)) if patterns else not _is_host_name(host):
            raise refuse(name, f"names {word!r}", f"host names {examples}, comma separated")
    return found


def host(name: str) -> str:
    """Return one host name in lower case, "" when the variable is not set."""
    found = hosts(name)
    if len(found) > 1:
        raise refuse(name, f"names {len(found)} hosts", "one host name like shop.example")
    return found[0] if found else ""


def prefixed(prefix: str) -> dict[str, str]:
    """Return all variables that begin with ``prefix``, by the rest of their names; empty ones count as not set."""
    found = {name.removeprefix(prefix): text(name) for name in sorted(os.environ) if name.startswith(prefix)}
    return {name: value for name, value in found.items() if name and value}


def _is_host_name(host: str) -> bool:
    """Return whether this is a name: its last part is no number, as it is in an address."""
    return bool(HOST_NAME.fullmatch(host)) and not host.rpartition(".")[2].isdecimal()


def _is_ip(host: str, *, bare: bool = False) -> bool:
    """Return whether this is an IP address; one of version 6 stands in brackets unless ``bare``."""
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        ip = ipaddress.ip_address(host[1:-1] if bracketed and not bare else host)
    except ValueError:
        return False
    return bare or bracketed == (ip.version == 6)


def ip_address(name: str, default: str) -> str:
    """Return the IP address to listen on; ``localhost`` also counts."""
    value = text(name, default)
    if value != "localhost" and not _is_ip(value, bare=True):
        raise refuse(name, f"is {value!r}", "an IP address like 127.0.0.1, 0.0.0.0 or ::1, or localhost")
    return value


def host_and_port(name: str) -> tuple[str, int] | None:
    """Return where another program listens, or None when the variable is not set."""
    value = text(name)
    return _host_and_port(name, value) if value else None


def hosts_and_ports(name: str) -> list[str]:
    """Return a comma separated list of ``host:port`` in lower case, addresses of version 6 without their brackets."""
    pairs = [_host_and_port(name, word.lower()) for word in words(name)]
    return [f"{host}:{port}" for host, port in pairs]


def _host_and_port(name: str, value: str) -> tuple[str, int]:
    """Return a host and its port. Raises ImproperlyConfigured."""
    host, _, port = value.rpartition(":")
    is_host = _is_host_name(host.lower()) or _is_ip(host)
    if not is_host or not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise refuse(name, f"is {value!r}", "host:port, for example clamav:3310, 127.0.0.1:3310 or [::1]:3310")
    return host.strip("[]"), int(port)


def socket_file(name: str) -> str:
    """Return the absolute path of another program's socket, or "". It need not be there yet."""
    value = text(name)
    # Linux takes no longer one.
    if value and (not value.startswith("/") or len(value.encode()) > 107):
        raise refuse(name, f"is {value!r}", "the absolute path of a socket, for example /run/clamav/clamd.ctl")
    return value


def folder(name: str, default: Path, mode: int = 0o777) -> Path:
    """Return the folder a variable names; made with ``mode`` when missing, and something can be written to it."""
    path = Path(text(name, str(default)))
    if problem := _unwritable(path, mode):
        raise refuse(name, f"is {str(path)!r}, where nothing can be written ({problem})", FOLDER)
    return path


def check_sqlite_file(name: str, file: str) -> None:
    """Make the folder of a SQLite database. Raises ImproperlyConfigured when the database cannot be written there."""
    path = Path(file)
    if file == ":memory:":
        return
    if path.is_dir():
        raise refuse(name, f"names {file!r}, which is a folder", "sqlite:////absolute/path/of/a/file")
    if problem := _unwritable(path.parent):
        raise refuse(name, f"names a file in {str(path.parent)!r}, where nothing can be written ({problem})", FOLDER)
    if path.exists() and not os.access(path, os.W_OK):
        raise refuse(name, f"names {file!r}, which cannot be written", "a file this user may write to")


def _unwritable(path: Path, mode: int = 0o777) -> str:
    """Return why a folder cannot be made or written to, or "". It is tried: root has every right, and yet may fail."""
    try:
        path.mkdir(mode, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__


def address(name: str, default: str, schemes: Sequence[str]) -> str:
    """Return a URL with one of ``schemes``. The value itself may hold a password, so errors name only its scheme."""
    value = text(name, default)
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in schemes:
        known = parts is not None and parts.scheme and "://" in value
        problem = f"starts with {value.partition('://')[0] + '://'!r}" if known else "is not a URL"
        raise refuse(name, problem if value else "is not set", ", ".join(f"{scheme}://…" for scheme in schemes))
    return value


def endpoint(name: str) -> str:
    """Return the URL of a service that must be set: http or https, without a path, query or password."""
    value = address(name, "", ["http", "https"]).rstrip("/")
    parts = urlsplit(value)
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        # Not quoted: somebody may have put a password into it.
        raise refuse(name, "is more than a host and a port", "https://host or http://host:port")
    return value


def site_url(name: str, default: str) -> str:
    """Return where people reach the site: https, or plain http on this machine only; no path."""
    value = address(name, default, ["http", "https"]).rstrip("/")
    parts = urlsplit(value)
    if not parts.hostname or parts.path or parts.query or parts.fragment:
        raise refuse(name, f"is {value!r}", "https://host or http://localhost:port, without a path")
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise refuse(name, f"is {value!r}", "https://host, or http:// only with localhost, 127.0.0.1 or [::1]")
    return value


def files_url(name: str, site: str) -> str:
    """Return where files are opened, "" when at the site itself: as ``site_url``, at another host than ``site``.

    Another host, not only another port: cookies do not tell ports apart. With the site at https:// it is https too.
    """
    if not text(name):
        return ""
    value = site_url(name, "").lower()
    if urlsplit(value).hostname == urlsplit(site).hostname:
        raise refuse(name, "has the host of SITE_URL", "another host, or nothing")
    if site.startswith("https:") and not value.startswith("https:"):
        raise refuse(name, f"is {value!r} in production", "https://host")
    return value


def host_of(url: str) -> str:
    """Return a URL's host as ALLOWED_HOSTS has it: in lower case, an address of version 6 in brackets."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def time_zone(name: str, default: str) -> str:
    """Return a time zone of the IANA database."""
    value = text(name, default)
    if value not in zoneinfo.available_timezones():
        raise refuse(name, f"is {value!r}", "a name like Europe/Berlin, America/New_York or UTC")
    return value


def sender(name: str, default: str) -> str:
    """Return a mail address, with a name before it or without."""
    value = text(name, default)
    address_part = parseaddr(value)[1]
    if "@" not in address_part.strip("@") or any(character < " " for character in value):
        raise refuse(name, f"is {value!r}", "one address like Shop <no-reply@shop.example>")
    return value


def parse_keys(name: str, value: str) -> dict[int, bytes]:
    """Return the root keys in ``version:base64`` notation, comma separated, the current one first.

    Each key is 32 random bytes. Raises ImproperlyConfigured that names the entry's position, never its value.
    """
    allowed = "version:base64-of-32-bytes, comma separated, the newest first, for example 2:…=,1:…="
    keys: dict[int, bytes] = {}
    for position, entry in enumerate(value.split(","), start=1):
        version, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not version.isascii() or not version.isdecimal() or not 1 <= int(version) <= 65535 or len(key) != 32:
            raise refuse(name, f"has a malformed entry at position {position}", allowed)
        if int(version) in keys:
            raise refuse(name, f"names version {int(version)} twice", allowed)
        keys[int(version)] = key
    return keys


def check_push_key(name: str, value: str) -> str:
    """Return a private key of pushes: a number of the curve P-256, 32 bytes as base64url without padding.

    Raises ImproperlyConfigured, which never quotes it.
    """
    try:
        key = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32 or not 0 < int.from_bytes(key, "big") < P256_ORDER:
        raise refuse(name, "is no key of pushes", "a P-256 private key, 32 bytes as base64url")
    return value.rstrip("=")


def new_push_key() -> str:
    """Return a new private key of pushes."""
    number = 1 + secrets.randbelow(P256_ORDER - 1)
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")


def private_file(path: Path, make: str) -> str:
    """Return the text of a file only its owner may read, written with ``make`` when it is missing.

    Two processes starting at once agree: the first to link its file into place wins, the other reads it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def new_root_key() -> str:
    """Return a first root key in the notation of MESSAGE_KEYS."""
    return "1:" + base64.b64encode(secrets.token_bytes(32)).decode()
