"""One letter, one person: headers nobody can break, rendered in the reader's language and time."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from pytest_django import Settings

from messagecenter.mail.deadlines import Clock
from messagecenter.mail.errors import Refused, TryAgain
from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import Letter, open_post, send
from tests.sink import Sink, free_port, wait_for

GOOD: dict[str, Any] = {
    "to": "anna@buyer.example",
    "subject": "Grüße",
    "text": "Guten Tag\n.\nund weiter\n..zwei\n",
    "html": "<p>Guten Tag</p>",
    "message_id": "<notice-1@localhost>",
}


@pytest.fixture
def smtp(settings: Settings) -> Any:
    """A mail server, and settings that send there."""
    with Sink() as sink:
        settings.EMAIL_BACKEND = "messagecenter.mail.smtp.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", sink.port, 5
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield sink


def test_a_letter_arrives_whole(smtp: Sink) -> None:
    send(Letter(**GOOD, headers={"List-Id": "<messages.localhost>"}))
    [mail] = smtp.mails
    assert mail.text.replace("\r\n", "\n") == GOOD["text"]
    assert mail.html.strip() == GOOD["html"]
    assert {name: str(mail.message[name]) for name in ("To", "Subject", "Message-ID", "List-Id", "Auto-Submitted")} == {
        "To": "anna@buyer.example",
        "Subject": "Grüße",
        "Message-ID": "<notice-1@localhost>",
        "List-Id": "<messages.localhost>",
        "Auto-Submitted": "auto-generated",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "anna@buyer.example, eve@evil.example"),
        ("to", "anna@buyer.example\nBcc: eve@evil.example"),
        ("to", ""),
        ("to", "no address"),
        ("subject", "Hello\nBcc: eve@evil.example"),
        ("message_id", "<1@localhost>\r\nBcc: eve@evil.example"),
        ("message_id", ""),
        ("headers", {"X-Note": "1\r\nBcc: eve@evil.example"}),
        ("headers", {"X-Note\nBcc": "eve@evil.example"}),
    ],
)
def test_a_letter_that_would_break_out_of_its_headers_is_refused(smtp: Sink, field: str, value: Any) -> None:
    with pytest.raises(Refused) as refused:
        send(Letter(**(GOOD | {field: value})))
    assert smtp.transmitted == []
    assert "evil" not in refused.value.reason


def test_a_domain_in_other_letters_is_sent_in_ascii(smtp: Sink) -> None:
    send(Letter(**(GOOD | {"to": "anna@käufer.example"})))
    assert smtp.mails[0].to == ("anna@xn--kufer-gra.example",)


def test_a_kept_connection_that_was_lost_is_replaced(smtp: Sink) -> None:
    with open_post() as post:
        send(Letter(**GOOD), connection=post)
        smtp.stop()
        smtp.__enter__()
        send(Letter(**GOOD), connection=post)
    assert len(smtp.mails) == 2


def test_no_server_means_try_again(smtp: Sink, settings: Settings) -> None:
    settings.EMAIL_PORT = free_port()
    with pytest.raises(TryAgain) as error:
        send(Letter(**GOOD))
    assert error.value.reason == "no connection at CONNECT (ConnectionRefusedError)"


def test_a_wrong_password_is_not_the_recipients_fault(smtp: Sink, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "user", "Sauerampfer"
    with pytest.raises(TryAgain) as error:
        send(Letter(**GOOD))
    assert error.value.reason.startswith("no connection at CONNECT (SMTP")
    assert "Sauerampfer" not in error.value.reason


def test_other_mail_of_django_goes_the_same_way(smtp: Sink) -> None:
    EmailMessage("Hi", "text", to=["anna@buyer.example", "otto@buyer.example"]).send()
    assert smtp.mails[0].to == ("anna@buyer.example", "otto@buyer.example")
    assert smtp.connections == 1


@pytest.fixture
def template(tmp_path: Path, settings: Settings) -> str:
    """A letter's three templates."""
    texts = {
        "subject.txt": "{% load i18n %}{% get_current_language as now %}{{ now }}:\n {{ name }} ",
        "txt": '{% extends "mail/_base.txt" %}{% block content %}{{ name }} {{ at|date:"H:i" }}{% endblock %}',
        "html": '{% extends "mail/_base.html" %}{% block content %}<p>{{ name }}</p>'
        '{% include "mail/_button.html" with url=link text="Go" %}{% endblock %}',
    }
    for ending, text in texts.items():
        (tmp_path / f"test_letter.{ending}").write_text(text)
    templates = dict(settings.TEMPLATES[0])
    settings.TEMPLATES = [templates | {"DIRS": [*templates["DIRS"], tmp_path]}]
    return "test_letter"


def rendered(template: str, language: str, time_zone: str) -> Letter:
    context = {"name": "Tom & <b>", "at": datetime(2026, 11, 22, 12, tzinfo=UTC), "link": absolute_url("/x/?a=1&b=2")}
    return render_letter(
        template, to="a@b.example", language=language, time_zone=time_zone, context=context, message_id="<1@localhost>"
    )


def test_a_letter_speaks_the_readers_language_and_time(template: str) -> None:
    with translation.override("en"), timezone.override("UTC"):
        letter = rendered(template, "de", "America/New_York")
        assert (translation.get_language(), timezone.get_current_timezone_name()) == ("en", "UTC")
    assert letter.subject == "de: Tom & <b>"
    assert letter.text.startswith("Tom & <b> 07:00\n")
    assert '<html lang="de">' in letter.html
    assert "<p>Tom &amp; &lt;b&gt;</p>" in letter.html
    assert "/x/?a=1&amp;b=2" in letter.html


@pytest.mark.parametrize(("language", "time_zone"), [("", ""), ("xx", "Nowhere/Land"), ("fr", "../../etc/passwd")])
def test_unknown_language_and_zone_mean_the_sites_own(template: str, language: str, time_zone: str) -> None:
    letter = rendered(template, language, time_zone)
    assert (letter.subject, letter.text.splitlines()[0]) == ("en: Tom & <b>", "Tom & <b> 13:00")


def test_each_mail_has_its_own_end_though_one_clock_watches_them() -> None:
    """The clock sleeps through what ended in time, also when the next has less time than the one before."""
    clock, others = Clock(), set(threading.enumerate())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with clock.deadline(30):
            pass
        with clock.deadline(0.2) as deadline:
            deadline.watch(ours)
            began = time.monotonic()
            assert ours.recv(1) == b""  # cut
            assert 0.1 < time.monotonic() - began < 5
        assert deadline.passed
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with clock.deadline(0.2) as deadline:
            deadline.watch(ours)
        time.sleep(0.4)
        theirs.send(b"x")
        assert ours.recv(1) == b"x"  # nobody cuts what is over
    assert not deadline.passed
    clock.stop()
    wait_for(lambda: set(threading.enumerate()) <= others, "the clock goes on")
