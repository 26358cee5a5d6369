"""A wrong setting stops the start with one sentence that names it, its value and what is allowed; never a secret."""

from __future__ import annotations

import ast
import base64
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
KEY = base64.b64encode(bytes(range(32))).decode()
PRODUCTION = {
    "SITE_URL": "https://messages.shop.example",
    "SECRET_KEY": "s3cr3t-" * 9,
    "MESSAGE_KEYS": f"2:{KEY},1:{base64.b64encode(bytes(32)).decode()}",
    "EMAIL_URL": "smtp+tls://user:password@mail.shop.example:587",
    "DATABASE_URL": "postgres://user:password@db.shop.example/messages",
    "REDIS_URL": "redis://cache.shop.example:6379/0",
}
EMBEDDED: dict[str, str] = {}
S3 = {
    "ATTACHMENTS_STORAGE": "s3",
    "S3_ENDPOINT_URL": "https://s3.shop.example:9000/",
    "S3_BUCKET": "shop-files",
    "S3_ACCESS_KEY_ID": "hunter1",
    "S3_SECRET_ACCESS_KEY": "hunter2",
}

# What is set beside a good environment, which one, and what the sentence must say; last, what it must never quote.
WRONG = [
    (
        EMBEDDED,
        {"SITE_URL": "http://shop.example.com"},
        "SITE_URL is 'http://shop.example.com'. Allowed: https://host",
        "",
    ),
    (EMBEDDED, {"SITE_URL": "https://shop.example.com/mail"}, "SITE_URL is 'https://shop.example.com/mail'.", ""),
    (EMBEDDED, {"SITE_URL": "shop.example.com"}, "SITE_URL is not a URL. Allowed: http://…, https://…", ""),
    (EMBEDDED, {"PORT": "80000"}, "PORT is '80000'. Allowed: a whole number from 1 to 65535", ""),
    (EMBEDDED, {"PORT": "http"}, "PORT is 'http'. Allowed: a whole number", ""),
    (EMBEDDED, {"WEB_WORKERS": "0"}, "WEB_WORKERS is '0'. Allowed: a whole number from 1 to 64", ""),
    (EMBEDDED, {"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'loud'. Allowed: DEBUG, INFO, WARNING, ERROR", ""),
    (
        EMBEDDED,
        {"DEFAULT_TIME_ZONE": "Berlin"},
        "DEFAULT_TIME_ZONE is 'Berlin'. Allowed: a name like Europe/Berlin",
        "",
    ),
    (EMBEDDED, {"MAIL_FROM": "nobody"}, "MAIL_FROM is 'nobody'. Allowed: one address", ""),
    (EMBEDDED, {"DEBUG": "1"}, "DEBUG is not a setting", ""),
    (
        EMBEDDED,
        {"VAR_DIR": "/proc/nope"},
        "VAR_DIR is '/proc/nope', where nothing can be written (No such file or directory). Allowed: a folder this"
        " user may make and write to.",
        "",
    ),
    (
        EMBEDDED,
        {"VAR_DIR": "/etc/hostname"},
        "VAR_DIR is '/etc/hostname', where nothing can be written (File exist",
        "",
    ),
    (EMBEDDED, {"VAR_DIR": "/proc"}, "VAR_DIR is '/proc', where nothing can be written (", ""),
    (
        EMBEDDED,
        {"DATABASE_URL": "sqlite:////proc/nope/x.db"},
        "DATABASE_URL names a file in '/proc/nope', where nothing can be written (No such file or directory). Allowed:"
        " a folder this user may make and write to.",
        "",
    ),
    (EMBEDDED, {"DATABASE_URL": "sqlite:////tmp"}, "DATABASE_URL names '/tmp', which is a folder. Allowed: sqlite", ""),
    (EMBEDDED, {"VAULT_DATABASE_URL": "sqlite:////proc/nope/x.db"}, "VAULT_DATABASE_URL names a file in '/proc/no", ""),
    (EMBEDDED, {"HOST": "localhost:8000"}, "HOST is 'localhost:8000'. Allowed: an IP address like 127.0.0.1", ""),
    (EMBEDDED, {"HOST": "shop.example"}, "HOST is 'shop.example'. Allowed: an IP address like 127.0.0.1", ""),
    (EMBEDDED, {"HOST": "[::1]"}, "HOST is '[::1]'. Allowed: an IP address like 127.0.0.1", ""),
    (EMBEDDED, {"HOST": "300.0.0.1"}, "HOST is '300.0.0.1'. Allowed: an IP address like 127.0.0.1", ""),
    (
        EMBEDDED,
        {"ALLOWED_HOSTS": "shop.example, https://shop.example"},
        "ALLOWED_HOSTS names 'https://shop.example'. Allowed: host names like shop.example or .shop.example, IP"
        " addresses like 10.0.0.7 or [::1], comma separated",
        "",
    ),
    (EMBEDDED, {"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS names '*'. Allowed: host names like", ""),
    (EMBEDDED, {"ALLOWED_HOSTS": "shop.example:8000"}, "ALLOWED_HOSTS names 'shop.example:8000'.", ""),
    (EMBEDDED, {"ALLOWED_HOSTS": "[::g]"}, "ALLOWED_HOSTS names '[::g]'.", ""),
    (EMBEDDED, {"ALLOWED_HOSTS": "..shop.example"}, "ALLOWED_HOSTS names '..shop.example'.", ""),
    (
        EMBEDDED,
        {"PICTURE_HOSTS": "img.example; script-src *"},
        "PICTURE_HOSTS names 'img.example; script-src *'. Allowed: host names like shop.example, comma separated",
        "",
    ),
    (EMBEDDED, {"PICTURE_HOSTS": "img.example/lamps"}, "PICTURE_HOSTS names 'img.example/lamps'.", ""),
    (EMBEDDED, {"PICTURE_HOSTS": ".img.example"}, "PICTURE_HOSTS names '.img.example'.", ""),
    (EMBEDDED, {"PICTURE_HOSTS": "*.img.example"}, "PICTURE_HOSTS names '*.img.example'.", ""),
    (EMBEDDED, {"PICTURE_HOSTS": "10.0.0.7"}, "PICTURE_HOSTS names '10.0.0.7'.", ""),
    (
        EMBEDDED,
        {"MARKETPLACE_DOMAINS": "shop.example,bücher.example"},
        "MARKETPLACE_DOMAINS names 'bücher.example'. Allowed: host names like shop.example, comma separated",
        "",
    ),
    (EMBEDDED, {"MARKETPLACE_DOMAINS": "@shop.example"}, "MARKETPLACE_DOMAINS names '@shop.example'.", ""),
    (EMBEDDED, {"MARKETPLACE_DOMAINS": "-shop.example"}, "MARKETPLACE_DOMAINS names '-shop.example'.", ""),
    (EMBEDDED, {"INBOUND_DOMAIN": "a.example,b.example"}, "INBOUND_DOMAIN names 2 hosts. Allowed: one host name", ""),
    (EMBEDDED, {"INBOUND_PORT": "8025"}, "INBOUND_DOMAIN is not set, but INBOUND_PORT is. Allowed: the domain", ""),
    (EMBEDDED, {"INBOUND_PROTOCOL": "uucp"}, "INBOUND_PROTOCOL is 'uucp'. Allowed: smtp, lmtp", ""),
    (
        EMBEDDED,
        {"MAIL_HOOKS": "postmark", "ANYMAIL_WEBHOOK_SECRET": "hunter2"},
        "ANYMAIL_WEBHOOK_SECRET is no name and secret, but MAIL_HOOKS is set. Allowed: name:secret",
        "hunter2",
    ),
    (EMBEDDED, {"SECRET_KEY": "hunter2hunter2"}, "SECRET_KEY has only 14 characters. Allowed: at least 50", "hunter2"),
    (
        EMBEDDED,
        {"DATABASE_URL": "mysql://u:hunter2@db/x"},
        "DATABASE_URL starts with 'mysql://'. Allowed: sqlite",
        "hunter2",
    ),
    (EMBEDDED, {"DATABASE_URL": "hunter2"}, "DATABASE_URL is not a URL. Allowed: sqlite", "hunter2"),
    (EMBEDDED, {"DATABASE_URL": "postgres://u:hunter2@db/"}, "DATABASE_URL names no database.", "hunter2"),
    (EMBEDDED, {"DATABASE_URL": "postgres://u:hunter2@db:port/x"}, "DATABASE_URL is not a URL.", "hunter2"),
    (
        EMBEDDED,
        {"REDIS_URL": "http://:hunter2@cache"},
        "REDIS_URL starts with 'http://'. Allowed: redis://…",
        "hunter2",
    ),
    (EMBEDDED, {"EMAIL_URL": "imap://u:hunter2@mail"}, "EMAIL_URL starts with 'imap://'. Allowed: smtp://…", "hunter2"),
    (EMBEDDED, {"MESSAGE_KEYS": "hunter2"}, "MESSAGE_KEYS has a malformed entry at position 1. Allowed: ", "hunter2"),
    (
        EMBEDDED,
        {"MESSAGE_KEYS": f"1:{KEY},2:{KEY[:20]}"},
        "MESSAGE_KEYS has a malformed entry at position 2.",
        KEY[:20],
    ),
    (EMBEDDED, {"MESSAGE_KEYS": f"1:{KEY},1:{KEY}"}, "MESSAGE_KEYS names version 1 twice.", KEY),
    (EMBEDDED, {"ATTACHMENTS_STORAGE": "ftp"}, "ATTACHMENTS_STORAGE is 'ftp'. Allowed: local, s3", ""),
    (
        EMBEDDED,
        {"ATTACHMENTS_DIR": "/proc/nope"},
        "ATTACHMENTS_DIR is '/proc/nope', where nothing can be written (No such file or directory). Allowed: a folder",
        "",
    ),
    (S3, {"S3_ENDPOINT_URL": ""}, "S3_ENDPOINT_URL is not set. Allowed: http://…, https://…", "hunter"),
    (S3, {"S3_ENDPOINT_URL": "s3.shop.example"}, "S3_ENDPOINT_URL is not a URL. Allowed: http://…", "hunter"),
    (S3, {"S3_ENDPOINT_URL": "ftp://s3"}, "S3_ENDPOINT_URL starts with 'ftp://'. Allowed: http://…", "hunter"),
    (S3, {"S3_ENDPOINT_URL": "https://u:hunter2@s3"}, "S3_ENDPOINT_URL is more than a host and a port.", "hunter"),
    (S3, {"S3_ENDPOINT_URL": "https://s3/bucket"}, "S3_ENDPOINT_URL is more than a host and a port.", "hunter"),
    (S3, {"S3_BUCKET": ""}, "S3_BUCKET is not set. Allowed: a bucket's name: lower case letters", "hunter"),
    (S3, {"S3_BUCKET": "Shop Files"}, "S3_BUCKET is 'Shop Files'. Allowed: a bucket's name", "hunter"),
    (S3, {"S3_REGION": "eu central"}, "S3_REGION is 'eu central'. Allowed: a region's name like", "hunter"),
    (S3, {"S3_ACCESS_KEY_ID": ""}, "S3_ACCESS_KEY_ID is not set. Allowed: the id of an access key", "hunter"),
    (S3, {"S3_SECRET_ACCESS_KEY": ""}, "S3_SECRET_ACCESS_KEY is not set. Allowed: the secret of", "hunter"),
    (S3, {"S3_PATH_STYLE": "auto"}, "S3_PATH_STYLE is 'auto'. Allowed: yes or no", "hunter"),
    (S3, {"S3_PREFIX": "../x"}, "S3_PREFIX is '../x'. Allowed: letters, digits, - and _, with / between", "hunter"),
    (S3, {"S3_PREFIX": "/x"}, "S3_PREFIX is '/x'. Allowed: letters", "hunter"),
    (EMBEDDED, {"CLAMAV_SOCKET": "clamd.ctl"}, "CLAMAV_SOCKET is 'clamd.ctl'. Allowed: the absolute path of", ""),
    (EMBEDDED, {"CLAMAV_SOCKET": "/" + "x" * 107}, "CLAMAV_SOCKET is '/xxx", ""),
    (EMBEDDED, {"CLAMAV_HOST": "clamav"}, "CLAMAV_HOST is 'clamav'. Allowed: host:port, for example", ""),
    (EMBEDDED, {"CLAMAV_HOST": "clamav:0"}, "CLAMAV_HOST is 'clamav:0'. Allowed: host:port", ""),
    (EMBEDDED, {"CLAMAV_HOST": "tcp://clamav:3310"}, "CLAMAV_HOST is 'tcp://clamav:3310'. Allowed: host:port", ""),
    (EMBEDDED, {"CLAMAV_HOST": "::1:3310"}, "CLAMAV_HOST is '::1:3310'. Allowed: host:port", ""),
    (
        EMBEDDED,
        {"CLAMAV_HOST": "clamav:3310", "CLAMAV_SOCKET": "/run/clamd"},
        "CLAMAV_HOST is set beside CLAMAV_SOCKET. Allowed: only one of them",
        "",
    ),
    (EMBEDDED, {"FILES_URL": "files.shop.example"}, "FILES_URL is not a URL. Allowed: http://…, https://…", ""),
    (EMBEDDED, {"FILES_URL": "http://localhost:9000"}, "FILES_URL has the host of SITE_URL. Allowed: another host", ""),
    (EMBEDDED, {"FILES_URL": "http://files.example"}, "FILES_URL is 'http://files.example'. Allowed: https://host", ""),
    (EMBEDDED, {"FILES_URL": "https://f.example/x"}, "FILES_URL is 'https://f.example/x'. Allowed: https://host", ""),
    (
        PRODUCTION,
        {"FILES_URL": "https://Messages.shop.example:444"},
        "FILES_URL has the host of SITE_URL. Allowed: another host, or nothing",
        "s3cr3t",
    ),
    (
        PRODUCTION,
        {"FILES_URL": "http://localhost:9000"},
        "FILES_URL is 'http://localhost:9000' in production. Allowed: https://host",
        "s3cr3t",
    ),
    (PRODUCTION, {"SECRET_KEY": ""}, "SECRET_KEY is not set. Allowed: a secret of your own", KEY),
    (PRODUCTION, {"MESSAGE_KEYS": ""}, "MESSAGE_KEYS is not set. Allowed: a secret of your own", "s3cr3t"),
    (PRODUCTION, {"EMAIL_URL": ""}, "EMAIL_URL is not set. Allowed: smtp://…", "s3cr3t"),
    (PRODUCTION, {"EMAIL_URL": "outbox://"}, "EMAIL_URL is 'outbox://' in production. Allowed: smtp://", "s3cr3t"),
    (
        PRODUCTION,
        {"STAFF_SECOND_FACTOR": "off"},
        "STAFF_SECOND_FACTOR is 'off' in production. Allowed: required",
        "s3cr3t",
    ),
]


def run(folder: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with these settings only."""
    given = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, env=given | {"VAR_DIR": str(folder)} | env, cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def test_wrong_setting_is_refused_in_one_sentence_that_names_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda row: run(tmp_path, row[0] | row[1], "check"), WRONG))
    for (_, wrong, sentence, secret), outcome in zip(WRONG, outcomes, strict=True):
        assert outcome.returncode == 1, wrong
        assert outcome.stdout == "", wrong
        assert outcome.stderr.startswith(f"Wrong setting: {sentence}"), (wrong, outcome.stderr)
        assert outcome.stderr.count("\n") == 1, (wrong, outcome.stderr)
        assert not secret or secret not in outcome.stderr, wrong


GOOD_HOSTS = {
    "HOST": "::",
    "ALLOWED_HOSTS": "[::1],10.0.0.7, .Shop.example ,xn--bcher-kva.example",
    "PICTURE_HOSTS": "IMG.shop.example",
    "MARKETPLACE_DOMAINS": "shop.example,Shop.de",
}


def test_hosts_are_read_in_lower_case(tmp_path: Path) -> None:
    code = (
        "from django.conf import settings as s; print(s.HOST, s.ALLOWED_HOSTS[3:], s.PICTURE_HOSTS, "
        "s.MARKETPLACE_DOMAINS)"
    )
    outcome = run(tmp_path, GOOD_HOSTS, "shell", "--no-imports", "-c", code)
    assert outcome.stdout == (
        ":: ['[::1]', '10.0.0.7', '.shop.example', 'xn--bcher-kva.example'] ['img.shop.example'] "
        "['shop.example', 'shop.de']\n"
    )


def printed(folder: Path, env: dict[str, str], *expressions: str) -> list[str]:
    """Return what the settings ``s`` hold, one expression a line."""
    code = "\n".join(["from django.conf import settings as s", *(f"print({word})" for word in expressions)])
    outcome = run(folder, env, "shell", "--no-imports", "-c", code)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.splitlines()


def test_files_lie_in_a_private_folder_unless_a_bucket_is_named(tmp_path: Path) -> None:
    kept = "s.STORAGES['attachments']"
    local = printed(tmp_path, EMBEDDED, f"{kept}['BACKEND']", f"{kept}['OPTIONS']['location']", "s.FILES_URL == ''")
    assert local == ["messagecenter.attachments.disk.Disk", str(tmp_path / "attachments"), "True"]
    assert oct((tmp_path / "attachments").stat().st_mode & 0o777) == "0o700"
    more = {"S3_PATH_STYLE": "No", "S3_PREFIX": "shop/files/"}
    backend, options = printed(tmp_path / "s3", S3 | more, f"{kept}['BACKEND']", f"{kept}['OPTIONS']")
    assert backend == "messagecenter.attachments.bucket.Bucket"
    assert ast.literal_eval(options) == {
        "endpoint_url": "https://s3.shop.example:9000",
        "bucket_name": "shop-files",
        "region_name": "us-east-1",
        "access_key": "hunter1",
        "secret_key": "hunter2",
        "path_style": False,
        "prefix": "shop/files",
    }
    assert not (tmp_path / "s3" / "attachments").exists()


def test_a_host_of_its_own_for_files_is_answered_to(tmp_path: Path) -> None:
    given = {"FILES_URL": "https://Files.shop.example/", "CLAMAV_HOST": "[::1]:3310"}
    lines = printed(tmp_path, PRODUCTION | given, "s.FILES_URL, s.ALLOWED_HOSTS", "s.CLAMAV_ADDRESS, s.CLAMAV_SOCKET")
    assert lines == [
        "https://files.shop.example ['messages.shop.example', 'files.shop.example']",
        "('::1', 3310) ",
    ]


def test_good_production_settings_pass_the_deployment_check(tmp_path: Path) -> None:
    outcome = run(tmp_path, PRODUCTION, "check", "--deploy", "--fail-level", "WARNING")
    assert (outcome.returncode, outcome.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_production_never_makes_up_a_secret(tmp_path: Path) -> None:
    run(tmp_path, PRODUCTION, "check")
    assert list(tmp_path.rglob("keys/*")) == []


def test_embedded_default_makes_secrets_only_its_owner_may_read(tmp_path: Path) -> None:
    outcome = run(tmp_path, EMBEDDED, "check")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "keys").iterdir()}
    assert outcome.returncode == 0
    assert modes == {"secret_key": "0o600", "message_keys": "0o600", "push_key": "0o600"}


@pytest.mark.parametrize("word", ["serve", "web", "worker", "beat", "run"])
def test_process_refuses_wrong_settings_in_one_sentence(tmp_path: Path, word: str) -> None:
    command = [sys.executable, "-m", "messagecenter.processes", word]
    env = {"VAR_DIR": str(tmp_path), "PORT": "none", "PATH": os.environ["PATH"]}
    outcome = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("Wrong setting: PORT is 'none'. Allowed: a whole number from 1 to 65535")
    assert outcome.stderr.count("\n") == 1


def names_read() -> set[str]:
    """Return the variables settings.py reads; DEBUG is read only to be refused."""
    reads = r'(?:env\.(?!refuse|new|private)\w+|_secret|_database)\(\s*"([A-Z][A-Z0-9_]*)"'
    found = set(re.findall(reads, (ROOT / "messagecenter/settings.py").read_text())) - {"DEBUG"}
    return {name for name in found if not name.endswith("_")}  # what ends so begins names of a library's own


def test_example_file_lists_every_setting() -> None:
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE)) == names_read()


def test_readme_has_a_table_row_for_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    assert set(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", readme, re.MULTILINE)) == names_read()
