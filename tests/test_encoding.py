"""A request in a strange encoding is refused in a sentence, by every method, before anything reads it."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "base64", "rot13", "idna", "undefined", "latin-1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_foreign_charset_is_refused(method: str, charset: str) -> None:
    answer = Client().generic(method, "/accounts/login/", b"login=x", f"text/plain; charset={charset}")
    assert (answer.status_code, answer.content) == (400, b"Please send text in UTF-8.\n")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", 'text/plain; charset="UTF-8"', ""])
def test_utf8_is_taken(kind: str) -> None:
    assert Client().generic("POST", "/accounts/login/", b"login=x", kind).status_code == 200
