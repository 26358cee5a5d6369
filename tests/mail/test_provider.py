"""A provider's interface over real HTTP, spoken as one of them does: what each of its answers means for a mail."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.mail.actions import is_suppressed
from messagecenter.mail.errors import NotSent, Refused, TryAgain, Uncertain
from messagecenter.mail.sending import Letter, open_post, send
from messagecenter.notices.actions import owe
from messagecenter.notices.dispatch import Delivered, deliver_due
from messagecenter.notices.models import Notice
from tests.notices.site.kinds import register_all
from tests.receiver import Receiver
from tests.sink import free_port

TOKEN = "Sauerampfer-server-token"
ANNA = "anna@buyer.example"
LETTER = Letter(ANNA, "Grüße", "Guten Tag", "<p>Guten Tag</p>", "<notice-1@localhost>", {"List-Id": "<m.localhost>"})
ACCEPTED = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a", "To": ANNA}
INACTIVE = {
    "ErrorCode": 406,
    "Message": (
        "You tried to send to a recipient that has been marked as inactive.\n"
        f"Found inactive addresses: {ANNA}.\n"
        "Inactive recipients are ones that have generated a hard bounce or a spam complaint. "
    ),
}
register_all()


@pytest.fixture
def provider(settings: Settings) -> Iterator[Receiver]:
    """A server that answers as Postmark does, and settings that send there; an answer may take 0.3 seconds."""
    with Receiver() as server:
        server.answer = json.dumps(ACCEPTED).encode()
        settings.EMAIL_BACKEND = "messagecenter.mail.provider.ProviderBackend"
        settings.EMAIL_PROVIDER = "postmark"
        settings.ANYMAIL = {
            "POSTMARK_SERVER_TOKEN": TOKEN,
            "POSTMARK_API_URL": f"http://{server.host_and_port}/",
            "REQUESTS_TIMEOUT": (0.3, 0.3),
        }
        yield server


def test_a_letter_arrives_whole_over_one_connection(provider: Receiver) -> None:
    with open_post() as post:
        send(LETTER, connection=post)
        send(LETTER, connection=post)
    assert len(provider.posted) == 2
    taken = json.loads(provider.posted[0].body)
    assert (taken["To"], taken["Subject"], taken["TextBody"]) == (ANNA, "Grüße", "Guten Tag")
    assert taken["HtmlBody"] == "<p>Guten Tag</p>"
    headers = {one["Name"].lower(): one["Value"] for one in taken["Headers"]}
    assert headers["message-id"] == "<notice-1@localhost>"
    assert headers["auto-submitted"] == "auto-generated"
    assert headers["list-id"] == "<m.localhost>"


@pytest.mark.parametrize(
    ("status", "answer", "problem", "is_about_address"),
    [
        (422, INACTIVE, Refused, True),
        (422, {"ErrorCode": 300, "Message": f"Invalid 'To' address: '{ANNA}'."}, Refused, True),
        (422, {"ErrorCode": 300, "Message": "Invalid 'From' address: 'no-reply@localhost'."}, Refused, False),
        (422, {"ErrorCode": 405, "Message": "Your account has run out of credits."}, Refused, False),
        (413, {}, Refused, False),
        (401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."}, TryAgain, False),
        (429, {}, TryAgain, False),
        (500, {"ErrorCode": 100, "Message": "Maintenance"}, TryAgain, False),
        (503, {}, TryAgain, False),
        (502, {}, Uncertain, False),
        (504, {}, Uncertain, False),
        (200, b"<html>taken, perhaps</html>", Uncertain, False),
    ],
)
def test_each_answer_means_something(
    provider: Receiver, status: int, answer: dict[str, object] | bytes, problem: type[NotSent], is_about_address: bool
) -> None:
    provider.status = status
    provider.answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    with pytest.raises(NotSent) as error:
        send(LETTER)
    assert type(error.value) is problem
    assert getattr(error.value, "is_about_address", False) is is_about_address
    assert ANNA not in error.value.reason
    assert TOKEN not in error.value.reason


def test_no_answer_is_uncertain_and_no_connection_is_not(provider: Receiver, settings: Settings) -> None:
    provider.instead = provider.drip([b""] * 8)
    with pytest.raises(Uncertain):
        send(LETTER)
    settings.ANYMAIL["POSTMARK_API_URL"] = f"http://127.0.0.1:{free_port()}/"
    with pytest.raises(TryAgain, match="no connection"):
        send(LETTER)


@pytest.mark.django_db
def test_the_outbox_sends_through_the_provider(provider: Receiver) -> None:
    """One address is closed for good, the other mail goes out; a provider that is ill changes nothing for good."""
    person = User.objects.create_user(ANNA)

    def told() -> Delivered:
        owe(kind="test-news", subject_id=new_id(), recipients=[person])
        return deliver_due()

    assert told() == Delivered(sent=1)
    provider.status = 503
    assert told() == Delivered(retried=1)
    provider.status, provider.answer = 422, json.dumps(INACTIVE).encode()
    assert told() == Delivered(failed=1)
    assert is_suppressed(ANNA)
    assert Notice.objects.filter(state="failed").get().reason == "the provider refused the address"
