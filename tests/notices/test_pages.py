"""The pages on which people choose how they are told, see what was sent, and end mails from their mail program."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.mail.actions import is_suppressed, suppress
from messagecenter.notices.actions import owe
from messagecenter.notices.confirming import confirm_path
from messagecenter.notices.dispatch import Delivered, deliver_due
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
