"""A private PostgreSQL: own folder, own port, a password made up for the run, nothing kept."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.services.processes import Server, as_user, free_port


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL server on this machine, or None."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    found.sort(key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    if found:
        return found[-1]
    postgres = shutil.which("postgres")
    return Path(postgres).resolve().parent if postgres and shutil.which("initdb") else None


def start() -> tuple[Server, dict[str, str]]:
    """Start a server; return it and what tests are told: its URL, its programs and its data files.

    As root it runs as the user postgres, because PostgreSQL refuses root. Raises RuntimeError when it does not start.
    """
    programs = binaries()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="messagecenter-postgres-"))
    try:
        password, port, data = secrets.token_urlsafe(24), free_port(), folder / "data"
        (folder / "password").write_text(password)
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, user, user)
        _make(programs, folder, data, user)
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 200,
            "shared_buffers": "256MB",
        }
        command = [str(programs / "postgres"), "-D", str(data)]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        server = Server("postgres", command, folder, signal.SIGQUIT, user)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    url = f"postgres://tests:{password}@127.0.0.1:{port}/messagecenter"
    ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    server.wait_until(lambda: subprocess.run(ready).returncode == 0)
    createdb = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "tests", "messagecenter"]
    subprocess.run(createdb, env=os.environ | {"PGPASSWORD": password}, check=True)
    return server, {
        "TEST_POSTGRES_URL": url,
        "TEST_POSTGRES_BIN": str(programs),
        "TEST_POSTGRES_DATA": str(data),
    }


def _make(programs: Path, folder: Path, data: Path, user: str | None) -> None:
    """Make the data folder; the password's file is deleted at once."""
    command = [
        *(str(programs / "initdb"), "-D", str(data), "-U", "tests", "--auth=scram-sha-256", "--no-sync"),
        *("--encoding=UTF8", "--locale=C.UTF-8", f"--pwfile={folder / 'password'}"),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **as_user(user))
    (folder / "password").unlink()
    if done.returncode:
        raise RuntimeError(f"initdb failed:\n{done.stdout}\n{done.stderr}")
