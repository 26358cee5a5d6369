"""The embedded default's outbox: files only their owner reads, shown to this machine only."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from messagecenter.mail import outbox
from messagecenter.mail.outbox import names, path_of
from messagecenter.mail.sending import Letter, send
from messagecenter.mail.views import BACKEND

LINK = "http://localhost:8000/messages/1/?message=2#message-2"


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """An outbox of its own, in use."""
    settings.EMAIL_BACKEND = BACKEND
    settings.MAIL_OUTBOX_DIR = tmp_path / "outbox"
    return tmp_path / "outbox"


def write(subject: str = "Grüße & <b>", html: str = "<p style='color:red'>Hallo</p><script>alert(1)</script>") -> str:
    text = f"Guten Tag <script>,\nlies hier: {LINK}.\n"
    send(Letter("anna@buyer.example", subject, text, html, "<1@localhost>"))
    return names()[0]


def test_a_mail_becomes_a_file_only_its_owner_reads(folder: Path) -> None:
    path = path_of(write())
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [entry.name for entry in folder.iterdir()] == [path.name]


def test_only_the_newest_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEPT", 3)
    written = [write(f"mail {number}") for number in range(5)]
    assert names() == sorted(written[2:], reverse=True)


@pytest.mark.django_db
def test_the_list_and_a_mail_are_shown(folder: Path, client: Client) -> None:
    name = write()
    page = client.get("/outbox/").content.decode()
    assert f'<a href="/outbox/{name}/">Grüße &amp; &lt;b&gt;</a>' in page
    assert "anna@buyer.example" in page

    answer = client.get(f"/outbox/{name}/")
    page = answer.content.decode()
    assert f'<a href="{LINK}">{LINK}</a>.' in page
    assert "Guten Tag &lt;script&gt;" in page
    assert f'src="/outbox/{name}/html/"' in page
    assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_html_part_is_locked_in(folder: Path, client: Client) -> None:
    answer = client.get(f"/outbox/{write()}/html/")
    assert answer.content.decode().strip().startswith("<p style='color:red'>")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "allow-scripts" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fkeys%2fsecret_key", "../../keys/secret_key", "%2e%2e", "nonsense", "20261122T010203000000-deadbeef"],
)
@pytest.mark.django_db
def test_a_name_that_is_none_of_ours_is_not_found(folder: Path, client: Client, name: str) -> None:
    secret = folder.parent / "keys"
    secret.mkdir()
    (secret / "secret_key").write_text("Sanddorn")
    write()
    assert client.get(f"/outbox/{name}/").status_code == 404
    assert client.get(f"/outbox/{name}/html/").status_code == 404
    with pytest.raises(ValueError, match="not the name"):
        path_of("../keys/secret_key")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/outbox/", "/outbox/{name}/", "/outbox/{name}/html/"])
def test_other_machines_and_other_backends_see_nothing(
    folder: Path, client: Client, settings: Settings, path: str
) -> None:
    path = path.format(name=write())
    assert client.get(path).status_code == 200
    assert client.get(path, REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get(path, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    assert client.post(path).status_code == 405
    settings.EMBEDDED = False
    assert client.get(path).status_code == 404
    settings.EMBEDDED = True
    settings.EMAIL_BACKEND = "messagecenter.mail.smtp.SmtpBackend"
    assert client.get(path).status_code == 404
