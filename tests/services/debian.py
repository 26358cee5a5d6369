"""Installs from Debian what the tests need and this machine lacks, when it may."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.services import clamav
from tests.services.postgres import binaries


def fonts_found() -> bool:
    """Return whether a browser could draw letters."""
    return any(Path("/usr/share/fonts").rglob("*.ttf")) or any(Path("/usr/share/fonts").rglob("*.otf"))


def german_letters_found() -> bool:
    """Return whether tesseract could read German."""
    return any(Path("/usr/share/tesseract-ocr").rglob("deu.traineddata"))


NEEDED: dict[str, tuple[str, Callable[[], object]]] = {
    "postgresql": ("PostgreSQL", binaries),
    "redis-server": ("Redis", lambda: shutil.which("redis-server") or shutil.which("valkey-server")),
    "chromium": ("the browser Chromium", lambda: shutil.which("chromium")),
    "gettext": ("gettext (translation catalogs)", lambda: shutil.which("msgfmt")),
    "clamav-daemon": ("the virus scanner ClamAV", clamav.program),
    "fonts-dejavu-core": ("fonts", fonts_found),
    "tesseract-ocr": ("the text reader tesseract", lambda: shutil.which("tesseract")),
    "tesseract-ocr-deu": ("tesseract's German", german_letters_found),
}


def install_missing(say: Callable[[str], None]) -> list[str]:
    """Install the missing packages as root; return in words what is still missing."""
    missing = [package for package, (_, found) in NEEDED.items() if not found()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"Installing from Debian: {', '.join(missing)} …")
        # RUNLEVEL=1 keeps Debian from starting the servers it installs: the tests bring their own. It also keeps
        # ClamAV's updater from fetching hundreds of megabytes of signatures.
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing]
        done = subprocess.run(install, env=env, capture_output=True, text=True)
        if done.returncode:
            subprocess.run(["apt-get", "update", "-qq"], env=env, capture_output=True)
            done = subprocess.run(install, env=env, capture_output=True, text=True)
        if done.returncode:
            say(done.stderr.strip()[-2000:])
    return [words for words, found in NEEDED.values() if not found()]
