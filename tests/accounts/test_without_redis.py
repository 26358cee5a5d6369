"""Signing in needs no Redis: tries are counted in the database."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.factories import PASSWORD
from tests.processes import Stack
from tests.sink import free_port


def sign_in(port: int, password: str) -> tuple[int, str]:
    """Try to sign in; return the status and where that leads."""
    fields = {"login": "anna@buyer.example", "password": password, "csrfmiddlewaretoken": "a" * 32}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrf={'a' * 32}"}
    connection = HTTPConnection("localhost", port, timeout=30)
    connection.request("POST", "/accounts/login/", urlencode(fields), headers)
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.headers.get("Location", "")


@pytest.mark.services
def test_signing_in_works_and_counts_tries_while_redis_is_dead(tmp_path: Path) -> None:
    environment = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    with Stack("sqlite", tmp_path, start=("web",), environment=environment) as stack:
        stack.add_person("anna@buyer.example", PASSWORD)
        assert sign_in(stack.port, PASSWORD) == (302, "/messages/")
        assert [sign_in(stack.port, "wrong")[0] for _ in range(5)] == [200] * 5
        assert sign_in(stack.port, PASSWORD) == (200, "")
        assert "Traceback" not in stack.processes["web"].output()
        keys = [key for (key,) in stack.sql("select cache_key from cache")]
        assert any(re.search("login_failed", key) for key in keys), keys
