"""Promises about the files themselves: what the browser's policy would block, what the locks hold, what stays small."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
OURS = ("messagecenter", "orders", "support", "tests", "benchmarks")
NOT_OURS = re.compile(r"^(\.git|\.tools|\.venv.*|var|node_modules|__pycache__|\.\w+_cache|\.hypothesis|test-results)$")
MAX_LINES = 500
# Written apart, so that this file does not hold them itself.
HOSTS = [
    *("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "un" + "pkg.com"),
    *("js" + "delivr.net", "cdn" + "js.com", "deb.de" + "bian.org", "google" + "apis.com", "astral" + ".sh"),
]
BLOCKED_BY_POLICY = {
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on\b", re.IGNORECASE),
    "an evaluated hx attribute": re.compile(r"[\"']\s*(?:js|javascript)\s*:", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
}
IN_MAIL = {"an inline script", "an event attribute", "a javascript: address"}
COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?endcomment %\}|<!--.*?-->", re.DOTALL)


def files() -> list[Path]:
    """Return the project's files, without what tools make."""
    found: list[Path] = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not NOT_OURS.match(name)]
        found += [Path(folder) / name for name in names if not name.endswith((".pyc", ".sqlite3")) and name != ".env"]
    return sorted(found)


FILES = files()
MODULES = [path for path in FILES if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in (*OURS, "manage.py")]
TEMPLATES = [path for path in FILES if path.suffix == ".html" and "templates" in path.relative_to(ROOT).parts]


def blocked(text: str, *, mail: bool = False) -> list[str]:
    """Return what a template holds that the content security policy would block; mail may have styles."""
    text = COMMENT.sub("", text)
    found = [what for what, pattern in BLOCKED_BY_POLICY.items() if pattern.search(text)]
    return [what for what in found if not mail or what in IN_MAIL]


def name(path: Path) -> str:
    """Return a path from the project's root."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<script src="a.js" defer></script><p id="on">one = two</p>', []),
        ("<script>alert(1)</script>", ["an inline script"]),
        ('<script type="application/json">{"a": 1}</script>', []),
        ('<p class="a" style="color:red">', ["a style attribute"]),
        ("<style>p{}</style>", ["a style element"]),
        ('<a\n onclick="x()">', ["an event attribute"]),
        ('<a hx-on:click="x()">', ["hx-on"]),
        ("<a hx-vals='js:{a: 1}'>", ["an evaluated hx attribute"]),
        ('<a href="javascript:x()">', ["an evaluated hx attribute", "a javascript: address"]),
        ("{# <style> #}<p>", []),
    ],
)
def test_template_lint_finds_what_the_policy_blocks(text: str, found: list[str]) -> None:
    assert blocked(text) == found


def test_templates_hold_nothing_the_policy_blocks() -> None:
    assert len(TEMPLATES) > 10
    is_mail = {path: "email" in path.parts or "mail" in path.parts for path in TEMPLATES}
    wrong = {name(path): blocked(path.read_text(), mail=is_mail[path]) for path in TEMPLATES}
    assert {path: found for path, found in wrong.items() if found} == {}


def test_templates_extend_before_anything_else() -> None:
    late = [
        name(path)
        for path in TEMPLATES
        if "{% extends" in (text := COMMENT.sub("", path.read_text())) and not text.lstrip().startswith("{% extends")
    ]
    assert late == []


def test_no_file_names_a_package_host() -> None:
    naming = [
        (name(path), host)
        for path in FILES
        if path.stat().st_size < 5_000_000
        for host in HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert naming == []


def test_vendored_files_are_those_of_the_manifest() -> None:
    manifest = json.loads((ROOT / "static/vendor/manifest.json").read_text())["files"]
    for entry in manifest:
        digest = hashlib.sha384((ROOT / "static" / entry["file"]).read_bytes()).digest()
        assert entry["sha384"] == "sha384-" + base64.b64encode(digest).decode(), entry["file"]
        assert entry["licence"]
        assert entry["version"]
    present = {str(path.relative_to(ROOT / "static")) for path in FILES if path.parent == ROOT / "static/vendor"}
    assert present - {entry["file"] for entry in manifest} == {"vendor/manifest.json"}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_exact_versions_with_hashes_and_no_address(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    packages = [entry for entry in entries if not entry.startswith("#")]
    line = re.compile(
        r"[a-z0-9][a-z0-9._\-]*(\[[a-z0-9,\-]+\])?==[^ ]+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+"
    )
    assert len(packages) > 20
    assert [entry.partition("\n")[0] for entry in packages if not line.fullmatch(entry.strip())] == []
    assert "://" not in "\n".join(packages)


def test_development_lock_holds_everything_the_site_needs() -> None:
    def pinned(lock: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^ ]+==[^ ]+", (ROOT / lock).read_text(), re.MULTILINE))

    assert pinned("requirements.lock") - pinned("requirements-dev.lock") == set()


def test_modules_say_in_a_docstring_what_lives_there() -> None:
    silent = [
        name(path)
        for path in MODULES
        if path.read_text().strip()
        and "migrations" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils.py", "util.py", "common.py", "misc.py"}
    assert [name(path) for path in MODULES if path.name in drawers] == []


def test_no_source_file_is_too_long() -> None:
    source = [path for path in FILES if path.suffix in (".py", ".html", ".js", ".css") and "vendor" not in path.parts]
    source += [ROOT / "dev"]
    lengths = {name(path): len(path.read_text().splitlines()) for path in source if "migrations" not in path.parts}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_commands_are_plain_shell_that_can_be_run() -> None:
    for path in (ROOT / "dev", ROOT / ".ci/run"):
        assert os.access(path, os.X_OK), path
    assert subprocess.run(["sh", "-n", str(ROOT / "dev")], capture_output=True).stderr == b""
