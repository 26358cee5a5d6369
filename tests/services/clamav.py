"""Finds the ClamAV daemon: only its program is needed, never the signatures that its updater would fetch."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def program() -> Path | None:
    """Return the daemon's program, or None. Debian puts it where only root's PATH leads."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"))
    found = shutil.which("clamd", path=path)
    return Path(found) if found else None
