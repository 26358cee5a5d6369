"""The pages on which people choose how they are told, see what was sent, and end mails from their mail program."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import translation

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.mail.actions import is_suppressed, suppress
from messagecenter.notices.actions import owe
from messagecenter.notices.confirming import confirm_path
from messagecenter.notices.dispatch import Delivered, deliver_due
from messagecenter.notices.meanings import ABANDONED, in_words
from messagecenter.notices.models import Notice, Preference, Schedule
from messagecenter.notices.stopping import stop_path
from tests.sink import Sink

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
CHOSEN = {
    "message_email": "daily",
    "message_push": "off",
    "decision_email": "at_once",
    "decision_push": "off",
    "security_email": "at_once",
    "security_push": "off",
    "digest_hour": "18",
    "has_quiet_hours": "on",
    "quiet_from": "22:00",
    "quiet_until": "07:30",
    "shows_excerpt": "on",
}


def test_what_is_chosen_is_kept_and_shown_again(signed_in: SignIn, buyer: User, other_buyer: User) -> None:
    browser = signed_in(buyer)
    assert browser.post("/notifications/", CHOSEN).headers["Location"] == "/notifications/"
    kept = {(one.topic, one.channel): one.timing for one in Preference.objects.filter(person=buyer)}
    assert kept["message", "email"] == "daily"
    schedule = Schedule.objects.get(person=buyer)
    assert (schedule.digest_hour, str(schedule.quiet_from), schedule.shows_excerpt) == (18, "22:00:00", True)
    page = browser.get("/notifications/").content.decode()
    assert re.search(r'value="daily"[^>]*selected', page)
    assert 'value="22:00"' in page
    assert not Preference.objects.filter(person=other_buyer).exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"decision_email": "off"}, "off is not one of the available choices"),
        ({"message_email": "hourly"}, "hourly is not one of the available choices"),
        ({"quiet_until": ""}, "Say a time, for example 22:00."),
        ({"quiet_until": "22:00"}, "Quiet hours that end when they begin would never end."),
        ({"digest_hour": "24"}, "24 is not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    signed_in: SignIn, buyer: User, wrong: dict[str, str], sentence: str
) -> None:
    response = signed_in(buyer).post("/notifications/", CHOSEN | wrong)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Preference.objects.exists()
    assert not Schedule.objects.exists()


def test_a_team_is_asked_more_than_a_buyer(signed_in: SignIn, buyer: User, seller: User, shop: Mailbox) -> None:
    asked = {who: signed_in(who).get("/notifications/").content.decode() for who in (buyer, seller)}
    for words in ("Answers that are due soon", "messages of a team"):
        assert words.lower() in asked[seller].lower()
        assert words.lower() not in asked[buyer].lower()


def test_each_sees_what_was_sent_to_them_and_why_not_and_nobody_elses(
    signed_in: SignIn, buyer: User, other_buyer: User
) -> None:
    for person, reason in ((buyer, "it was read meanwhile"), (other_buyer, "the sender was blocked meanwhile")):
        owe(kind="trial", subject_id=new_id(), recipients=[person])
        Notice.objects.filter(recipient=person).update(state="skipped", reason=reason)
    page = signed_in(buyer).get("/notifications/sent/").content.decode()
    assert "it was read meanwhile" in page
    assert "blocked" not in page
    assert other_buyer.email not in page
    buyer.language = "de"
    buyer.save()
    assert "sie wurde inzwischen gelesen" in signed_in(buyer).get("/notifications/sent/").content.decode()


@pytest.mark.parametrize(
    ("state", "reason", "words", "in_german", "code"),
    [
        (
            "failed",
            "RCPT was answered 550 5.1.1",
            "the address does not exist",
            "die Adresse gibt es nicht",
            "550 5.1.1",
        ),
        ("failed", "RCPT was answered 552 5.2.2", "the mailbox is full", "das Postfach ist voll", "552 5.2.2"),
        ("due", "RCPT was answered 452 4.2.2", "the mailbox is full", "das Postfach ist voll", "452 4.2.2"),
        (
            "due",
            "RCPT was answered 451 4.7.1",
            "the mail server asked us to try again later",
            "der Mailserver bat uns, es später noch einmal zu versuchen",
            "451 4.7.1",
        ),
        ("failed", "END was answered 554", "the mail server refused it", "der Mailserver hat es abgelehnt", "554"),
        (
            "due",
            "no connection at CONNECT (ConnectionRefusedError)",
            "the mail server did not answer",
            "der Mailserver hat nicht geantwortet",
            "",
        ),
        (
            "failed",
            "uncertain: no connection at END (SMTPServerDisconnected)",
            "the mail server did not say whether it took it",
            "der Mailserver hat nicht gesagt, ob er es angenommen hat",
            "",
        ),
        (
            "failed",
            "gave up: cannot be rendered (KeyError)",
            "something went wrong on our side",
            "bei uns ist etwas schiefgegangen",
            "",
        ),
    ],
)
def test_answers_of_mail_servers_are_told_in_words(
    signed_in: SignIn, buyer: User, state: str, reason: str, words: str, in_german: str, code: str
) -> None:
    owe(kind="trial", subject_id=new_id(), recipients=[buyer])
    Notice.objects.update(state=state, reason=reason, attempts=1)
    for language, expected in (("en", words), ("de", in_german)):
        buyer.language = language
        buyer.save()
        page = signed_in(buyer).get("/notifications/sent/").content.decode()
        assert f": {expected}." in page
        assert "RCPT" not in page
        assert "Error" not in page
        assert (f" {code})" in page) == bool(code)


def test_every_answer_has_its_words_in_german() -> None:
    """Whatever a server, a provider or a push service may answer."""
    reasons = {
        "CONNECT was answered 535 5.7.8": "unser Mailserver hat es nicht von uns angenommen",
        "MAIL was answered 550 5.7.1": "der Mailserver hat es nach seinen Regeln abgelehnt, wie Spam",
        "RCPT was answered 550": "der Mailserver nimmt für diese Adresse keine Mails an",
        "RCPT was answered 550 5.2.1": "das Postfach ist abgeschaltet",
        "END was answered 552 5.3.4": "die Mail ist zu groß für das Postfach",
        "MAIL was answered 553 5.1.8": "der Mailserver hat unsere Adresse nicht akzeptiert",
        "took longer than 30 s at RCPT": "der Mailserver hat nicht geantwortet",
        "the provider answered 429": "der Mailserver bat uns, es später noch einmal zu versuchen",
        "the provider answered 422": "der Mailserver hat es abgelehnt",
        "the provider called the address rejected": "der Mailserver nimmt für diese Adresse keine Mails an",
        "the address is not valid": "das ist keine E-Mail-Adresse",
        "the browser has unsubscribed": "der Browser möchte es nicht mehr",
        "the push service answered 503": "der Push-Dienst des Browsers bat uns, es später noch einmal zu versuchen",
        "the push service answered 400": "der Push-Dienst des Browsers hat es abgelehnt",
        "no connection within 10 s": "dort hat niemand geantwortet",
        ABANDONED: "es wurde unterbrochen",
    }
    with translation.override("de"):
        assert {reason: in_words(reason) for reason in reasons} == reasons


def test_sent_list_goes_on_by_keyset(signed_in: SignIn, buyer: User) -> None:
    for _ in range(60):
        owe(kind="trial", subject_id=new_id(), recipients=[buyer])
    browser = signed_in(buyer)
    first = browser.get("/notifications/sent/").content.decode()
    found = re.search(r'href="(\?before=[^"]+)"', first)
    assert found is not None
    second = browser.get(f"/notifications/sent/{found.group(1)}").content.decode()
    assert [first.count('class="told-row"'), second.count('class="told-row"')] == [50, 10]


def test_one_click_of_a_mail_program_ends_mails_and_looking_does_not(buyer: User) -> None:
    """RFC 8058: POST without login, cookies or token of a form; GET changes nothing, as scanners follow links."""
    stranger = Client(enforce_csrf_checks=True)
    path = stop_path(buyer.pk, "message")
    assert buyer.email not in path
    assert "You would get no more e-mails about: New messages" in stranger.get(path).content.decode()
    assert not Preference.objects.exists()
    answer = stranger.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "These e-mails have ended" in answer.content.decode()
    assert Preference.objects.get().timing == "off"
    assert stranger.post(path[:-2] + "/").status_code == 404


def test_decisions_cannot_be_ended(buyer: User) -> None:
    assert "have ended" not in Client().post(stop_path(buyer.pk, "decision")).content.decode()
    assert not Preference.objects.exists()


def test_letter_says_how_it_is_ended(sink: Sink, reader: User) -> None:
    owe(kind="test-news", subject_id=new_id(), recipients=[reader])
    assert deliver_due() == Delivered(sent=1)
    message = sink.mails[0].message
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = message["List-Unsubscribe"].strip("<>")
    assert Client().post(link.partition("localhost:8000")[2] or link).status_code in (200, 404)


def test_test_mail_arrives_once_a_minute(sink: Sink, signed_in: SignIn, buyer: User) -> None:
    browser = signed_in(buyer)
    for _ in range(3):
        assert browser.post("/notifications/test/").status_code == 302
    assert deliver_due() == Delivered(sent=1)
    assert sink.mails[0].message["Subject"] == "Your test mail"
    assert "less than a minute ago" in browser.get("/notifications/sent/").content.decode()


def test_suppressed_address_is_confirmed_by_a_mail_to_it(sink: Sink, signed_in: SignIn, buyer: User) -> None:
    suppress(buyer.email, reason="bounce", detail="5.2.2")
    browser = signed_in(buyer)
    assert f"E-mails to {buyer.email} came back" in browser.get("/notifications/").content.decode()
    browser.post("/notifications/confirm/")
    assert deliver_due() == Delivered(sent=1)
    found = re.search(r"https?://[^/]+(/notifications/confirm/\S+)", sink.mails[0].text)
    assert found is not None
    stranger = Client()
    stranger.get(found.group(1))
    assert is_suppressed(buyer.email)  # a scanner looked
    stranger.post(found.group(1))
    assert not is_suppressed(buyer.email)
    assert "came back" not in browser.get("/notifications/").content.decode()


def test_confirmation_is_only_good_for_the_address_it_was_sent_to(buyer: User) -> None:
    path = confirm_path(buyer)
    buyer.email = "anna.new@buyer.example"
    buyer.save()
    suppress(buyer.email, reason="complaint")
    assert Client().post(path).status_code == 404
    assert is_suppressed(buyer.email)
