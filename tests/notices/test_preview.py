"""Operators see how each mail looks, with values that are nobody's."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from messagecenter.accounts.models import User
from messagecenter.notices import kinds, mail_examples

SignIn = Callable[[User], Client]
URL = "/admin/notices/notice/mails/"
EXAMPLES = {one.name: one for one in mail_examples.every()}


def test_every_kind_of_notice_has_an_example() -> None:
    of_tests = {"test", "test-unwanted", "test-poison", "test-blind", "test-news"}
    assert {one.name for one in kinds.every()} - of_tests - set(EXAMPLES) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_asks_no_database_and_leaves_no_gap(name: str, language: str) -> None:
    with CaptureQueriesContext(connection) as queries, translation.override("en" if language == "de" else "de"):
        letter = mail_examples.letter_of(EXAMPLES[name], language)
    assert [query["sql"] for query in queries] == []
    assert letter.to == "someone@example.com"
    for text in (letter.subject, letter.text, letter.html):
        assert text
        assert not re.search(r"None|\{[{%]|\(\)|  of  ", text)
        assert not re.search(r"(?<!\.)\.\.(?!\.)", re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL))
        assert "localhost" not in re.sub(r"http://localhost\S*", "", text)
    assert f'<html lang="{language}">' in letter.html


def test_two_examples_cannot_have_one_name() -> None:
    one = EXAMPLES["trial"]
    mail_examples.register(one)
    with pytest.raises(ValueError, match="trial"):
        mail_examples.register(mail_examples.MailExample("trial", "notices/email/digest", one.values))


def test_the_page_shows_what_was_chosen(admin: User, signed_in: SignIn) -> None:
    page = signed_in(admin).get(URL, {"mail": "reply_due", "language": "de"})
    text = page.content.decode()
    assert "Eine Antwort zur Bestellung EXAMPLE-0001 ist bald fällig" in text
    assert '<option value="reply_due" selected>' in text
    assert text.count("<iframe") == 4
    assert text.count(' sandbox title="') == 4
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_page_shows_something_for_whatever_is_asked(admin: User, signed_in: SignIn) -> None:
    browser = signed_in(admin)
    for asked in ({}, {"mail": "no_such", "language": "xx"}):
        page = browser.get(URL, asked)
        assert (page.status_code, page.context["example"]) == (200, mail_examples.every()[0])


def test_a_frame_holds_the_mail_light_or_dark_and_nothing_that_acts(admin: User, signed_in: SignIn) -> None:
    browser = signed_in(admin)
    light, dark = (browser.get(f"{URL}new_message/en/{look}/") for look in ("light", "dark"))
    assert "@media not all {" in light.content.decode()
    assert ":root { color-scheme: light; }" in light.content.decode()
    assert "@media all {" in dark.content.decode()
    assert ":root { color-scheme: dark; }" in dark.content.decode()
    assert dark.headers["X-Frame-Options"] == "SAMEORIGIN"
    told = set(dark.headers["Content-Security-Policy"].split("; "))
    assert {"sandbox", "default-src 'none'", "form-action 'none'", "frame-ancestors 'self'"} <= told


@pytest.mark.parametrize("path", ["no_such/en/dark/", "trial/xx/dark/", "trial/en/pink/"])
def test_what_there_is_not_is_not_found(path: str, admin: User, signed_in: SignIn) -> None:
    assert signed_in(admin).get(URL + path).status_code == 404


@pytest.mark.parametrize("path", ["", "trial/en/dark/"])
def test_it_is_for_who_may_see_notices(path: str, supporter: User, buyer: User, signed_in: SignIn) -> None:
    assert signed_in(supporter).get(URL + path).status_code == 403
    assert signed_in(buyer).get(URL + path).status_code in (302, 403)
