"""A mail becomes a message with its files, once; what may not be posted is not, and who may be told is told."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.core import mail as sent
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.inbound.actions import take_in
from messagecenter.inbound.models import RawMail
from messagecenter.inbound.tasks import work_off_due
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice
from messagecenter.policy.models import BlockedSender, Decision, PolicyVersion
from messagecenter.threads.actions import DraftFor, save_draft
from messagecenter.threads.models import Draft, Message, Thread
from messagecenter.threads.reply_addresses import reply_address
from messagecenter.threads.words import read_body, read_draft
from tests.attachments.conftest import photo
from tests.inbound.post import DOMAIN, brought, pass_time, written

ANNA, SELMA = "anna@buyer.example", "selma@shop.example"
State = RawMail.State


def newest(thread: Thread) -> Message:
    return thread.messages.order_by("-pk")[0]


def answers_to(person: User) -> list[Notice]:
    return list(Notice.objects.filter(kind="mail_refused", recipient=person))


def test_an_answer_by_mail_is_a_message_with_its_file(annas_address: str, thread: Thread, buyer: User) -> None:
    raw = written(ANNA, annas_address, "Danke, hier ist das Bild.", files=[("lampe.jpg", photo(), "image/jpeg")])
    row = brought(raw, annas_address)

    assert (row.state, row.reason) == (State.POSTED, "")
    message = newest(thread)
    assert row.message_id == message.pk
    assert read_body(message) == "Danke, hier ist das Bild."
    assert (message.author, message.state) == (buyer, Message.State.DELIVERED)
    assert [one.attachment.details.name for one in message.enclosures.all()] == ["lampe.jpg"]
    assert answers_to(buyer) == []


def test_the_same_mail_again_is_counted_and_posted_once(annas_address: str, thread: Thread) -> None:
    raw = written(ANNA, annas_address, "Only once, please.")
    before = thread.messages.count()
    rows = [brought(raw, annas_address) for _ in range(5)]

    assert thread.messages.count() == before + 1
    assert {row.pk for row in rows} == {rows[0].pk}
    assert rows[-1].copies == 5


def test_a_worker_that_dies_after_posting_does_not_post_twice(annas_address: str, thread: Thread) -> None:
    row = brought(written(ANNA, annas_address, "Only once."), annas_address)
    count = thread.messages.count()
    # As if the worker had been killed between the message and its own note of it.
    RawMail.objects.filter(pk=row.pk).update(state=State.RECEIVED, message_id=None, next_at=timezone.now())
    work_off_due()

    row.refresh_from_db()
    assert thread.messages.count() == count
    assert (row.state, row.message_id) == (State.POSTED, newest(thread).pk)


@pytest.mark.parametrize(
    ("sender", "verified", "reason"),
    [
        ("mallory@evil.example", "dmarc=pass", "other_sender"),
        (ANNA, "dmarc=fail", "not_authentic"),
        (ANNA, None, "not_authentic"),
        (SELMA, "dmarc=pass", "other_sender"),  # an account, but not the one this address was made for
    ],
)
def test_who_is_not_known_to_have_written_is_not_posted_and_not_answered(
    annas_address: str, thread: Thread, buyer: User, sender: str, verified: str | None, reason: str
) -> None:
    count = thread.messages.count()
    row = brought(written(sender, annas_address, "Let me in", verified=verified), annas_address)

    assert (row.state, row.reason) == (State.REFUSED, reason)
    assert thread.messages.count() == count
    assert Notice.objects.filter(kind="mail_refused").count() == 0


def test_two_senders_in_one_mail_are_none(annas_address: str, thread: Thread) -> None:
    raw = written(ANNA, annas_address, "Two faces")
    row = brought(raw.replace(b"From: ", b"From: mallory@evil.example\nFrom: ", 1), annas_address)
    assert (row.state, row.reason) == (State.REFUSED, "other_sender")


def test_an_unknown_address_is_counted_and_nothing_of_it_kept(annas_address: str) -> None:
    nobody = f"reply+{'a' * 26}@{DOMAIN}"
    row = brought(written(ANNA, nobody, "Quittenbrot"), nobody)

    assert (row.state, row.reason) == (State.IGNORED, "unknown_address")
    assert (bytes(row.raw_ciphertext), bytes(row.details_ciphertext)) == (b"", b"")
    assert Notice.objects.filter(kind="mail_refused").count() == 0


def refused(row: RawMail, person: User, reason: str, words: str) -> None:
    assert (row.state, row.reason) == (State.ANSWERED, reason)
    assert words in row.details.answer
    assert [notice.subject_id for notice in answers_to(person)] == [row.pk]


def test_an_old_address_is_answered_with_the_way_to_the_site(annas_address: str, thread: Thread, buyer: User) -> None:
    pass_time(timedelta(days=91))
    row = brought(written(ANNA, annas_address, "Schlehdorn"), annas_address)
    refused(row, buyer, "expired", "too old")

    deliver_due()
    [letter] = [one for one in sent.outbox if one.to == [ANNA] and "not sent" in one.subject]
    assert "302-1234567-7654321" in letter.subject
    assert "too old" in str(letter.body)
    assert f"/messages/{thread.pk}/" in str(letter.body)
    assert "Schlehdorn" not in letter.message().as_string()
    assert "Reply-To" not in letter.message()
    assert letter.message()["Auto-Submitted"] == "auto-generated"


def test_the_answer_is_in_the_persons_language(annas_address: str, buyer: User) -> None:
    User.objects.filter(pk=buyer.pk).update(language="", time_zone="")  # then it is the mailbox's: German
    pass_time(timedelta(days=91))
    row = brought(written(ANNA, annas_address, "Spät"), annas_address)
    assert row.state == State.ANSWERED
    assert row.details.answer


def test_who_was_removed_from_the_team_can_write_no_more(
    door: None, thread: Thread, answer: Message, agent: User, shop: Mailbox
) -> None:
    address = reply_address(thread_id=thread.pk, person=agent, mailbox_id=shop.pk)
    Membership.objects.filter(user=agent).delete()
    row = brought(written("arno@shop.example", address, "Still here"), address, envelope_from="arno@shop.example")
    refused(row, agent, "no_access", "no longer have access")
    deliver_due()
    [letter] = [one for one in sent.outbox if one.to == ["arno@shop.example"]]
    assert "302-1234567-7654321" not in letter.message().as_string()  # it is no longer theirs to know


def test_who_only_reads_cannot_write_by_mail(
    door: None, thread: Thread, answer: Message, viewer: User, shop: Mailbox
) -> None:
    address = reply_address(thread_id=thread.pk, person=viewer, mailbox_id=shop.pk)
    count = thread.messages.count()
    row = brought(written("vera@shop.example", address, "Hello"), address)
    refused(row, viewer, "PermissionDenied", "not write")
    assert thread.messages.count() == count


def test_a_blocked_seller_cannot_write_by_mail(
    shops_address: str, thread: Thread, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    Thread.objects.filter(pk=thread.pk).update(topic="buyer_other")  # one that no order needs
    BlockedSender.objects.create(mailbox=buyer_mailbox, sender=shop)
    count = thread.messages.count()
    row = brought(written(SELMA, shops_address, "Buy more"), shops_address)
    refused(row, seller, "SenderBlocked", "cannot write to this mailbox")
    assert thread.messages.count() == count


def test_too_big_a_file_is_answered_once_a_day(annas_address: str, thread: Thread, buyer: User) -> None:
    count = thread.messages.count()
    big = [("big.pdf", b"%PDF-1.7" + bytes(10 * 1024 * 1024), "application/pdf")]
    rows = [brought(written(ANNA, annas_address, f"Try {number}", files=big), annas_address) for number in range(3)]

    assert [row.state for row in rows] == [State.ANSWERED, State.REFUSED, State.REFUSED]
    refused(rows[0], buyer, "too_much", "too much")
    assert thread.messages.count() == count
    pass_time(timedelta(days=1, minutes=1))
    again = brought(written(ANNA, annas_address, "Try tomorrow", files=big), annas_address)
    assert again.state == State.ANSWERED
    assert len(answers_to(buyer)) == 2


def test_a_refused_file_keeps_the_message_and_names_no_file(annas_address: str, thread: Thread, buyer: User) -> None:
    count = thread.messages.count()
    files = [("fine.txt", b"fine", "text/plain"), ("Zwetschge.exe", b"MZ\x90", "application/octet-stream")]
    row = brought(written(ANNA, annas_address, "With a program", files=files), annas_address)
    refused(row, buyer, "file", "is not a file we accept")
    assert "Zwetschge" not in row.details.answer
    assert thread.messages.count() == count


def test_what_the_policy_blocks_is_decided_as_in_the_browser(
    watchwords: PolicyVersion, annas_address: str, buyer: User, thread: Thread
) -> None:
    row = brought(written(ANNA, annas_address, "this is a blockword"), annas_address)
    message = Message.objects.get(pk=row.message_id)
    assert (row.state, message.state) == (State.POSTED, Message.State.BLOCKED)
    assert Decision.objects.get(message_id=message.pk).measure == Decision.Measure.BLOCKED
    assert Notice.objects.filter(kind="decision", recipient=buyer).count() == 1
    held = brought(written(ANNA, annas_address, "this is a holdword"), annas_address)
    assert Message.objects.get(pk=held.message_id).state == Message.State.HELD


def test_a_warning_cannot_be_confirmed_by_mail_and_waits_as_a_draft(
    watchwords: PolicyVersion, annas_address: str, thread: Thread, buyer: User, buyer_mailbox: Mailbox
) -> None:
    count = thread.messages.count()
    save_draft(by=buyer, mailbox=buyer_mailbox, matter=DraftFor(thread=thread), version=0, body="Typed before.")
    files = [("fine.txt", b"fine", "text/plain")]
    row = brought(written(ANNA, annas_address, "this is a warnword", files=files), annas_address)

    refused(row, buyer, "warned", "waits as a draft")
    draft = Draft.objects.get(user=buyer, thread=thread)
    assert read_draft(draft) == "Typed before.\n\nthis is a warnword"
    assert len(draft.uploads) == 1
    assert thread.messages.count() == count


def test_an_empty_mail_is_answered(annas_address: str, buyer: User) -> None:
    refused(brought(written(ANNA, annas_address, "\n"), annas_address), buyer, "empty", "neither a text")


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"subject": "Automatische Antwort: Abwesenheit"},
    ],
)
def test_an_auto_reply_is_ignored(annas_address: str, thread: Thread, headers: dict[str, str]) -> None:
    count = thread.messages.count()
    raw = written(ANNA, annas_address, "Ich bin im Urlaub und nicht erreichbar.", **headers)
    row = brought(raw, annas_address)
    assert (row.state, row.reason) == (State.IGNORED, "auto_reply")
    assert thread.messages.count() == count
    assert Notice.objects.filter(kind="mail_refused").count() == 0


def test_a_mail_without_a_return_path_is_nobodys(annas_address: str) -> None:
    row = brought(written(ANNA, annas_address, "Hello"), annas_address, envelope_from="")
    assert (row.state, row.reason) == (State.IGNORED, "no_return_path")


def test_our_own_mail_that_comes_back_is_ignored(annas_address: str, settings: Settings) -> None:
    own = f"<notice-01890a5d-ac96-774b-bcce-b302099a8057@{settings.SITE_HOST}>"
    row = brought(written(ANNA, annas_address, "Round and round", message_id=own), annas_address)
    assert (row.state, row.reason) == (State.IGNORED, "own")


def test_more_than_twenty_an_hour_are_not_posted(annas_address: str, thread: Thread, buyer: User) -> None:
    count = thread.messages.count()
    rows = [brought(written(ANNA, annas_address, f"Number {number}"), annas_address) for number in range(22)]
    assert [row.state for row in rows] == [State.POSTED] * 20 + [State.ANSWERED, State.REFUSED]
    assert thread.messages.count() == count + 20
    assert len(answers_to(buyer)) == 1


def test_no_word_of_a_mail_is_in_the_database_or_a_log(
    annas_address: str, thread: Thread, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    files = [("Mirabelle.txt", b"Pflaumenmus", "text/plain")]
    brought(written(ANNA, annas_address, "Holunderbeere", files=files, subject="Schlehdorn"), annas_address)
    bad = [("Mirabelle.exe", b"MZ Pflaumenmus", "application/octet-stream")]
    brought(written(ANNA, annas_address, "Holunderbeere zwei", files=bad, subject="Schlehdorn"), annas_address)
    take_in(written(ANNA, annas_address, "Holunderbeere drei"), envelope_from=ANNA, envelope_to=annas_address)  # waits

    assert read_body(newest(thread)) == "Holunderbeere"
    token = annas_address.removeprefix("reply+").partition("@")[0]
    words = [word.encode() for word in ("Holunderbeere", "Pflaumenmus", "Mirabelle", "Schlehdorn", token)]
    assert [word for word in words if word.decode() in caplog.text] == []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("search_token"):
                continue  # SQLite's index of blind tokens keeps nothing that could be read
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for value in (value for row in cursor.fetchall() for value in row):
                content = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                assert [word for word in words if word in content] == [], table
