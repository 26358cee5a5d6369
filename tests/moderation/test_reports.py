"""A report freezes its evidence, the reporter hears what came of it, and the other side never learns of it."""

from __future__ import annotations

import json

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db.models import ProtectedError

from messagecenter.attachments.actions import upload
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.moderation.actions import caution, decide_report, make_report, restrict
from messagecenter.moderation.models import Report
from messagecenter.moderation.refused import AlreadyDecided, AnswerNeeded, NotInGoodFaith, NotReportable
from messagecenter.moderation.words import read_report
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice
from messagecenter.policy.models import Restriction
from messagecenter.threads.actions import post_message
from messagecenter.threads.models import Enclosure, Message
from messagecenter.vault.actions import destroy_keys

from .conftest import message_of

pytestmark = pytest.mark.django_db
FORM = {"reason": "spam", "words": "Trüffel", "good_faith": "on"}


def address(message: Message) -> str:
    return f"/messages/{message.thread_id}/report/{message.pk}/"


def test_reporting_by_the_page(answer, buyer, signed_in):
    browser = signed_in(buyer)
    page = browser.get(address(answer))
    assert page.status_code == 200
    assert "Quittenbrot" in page.content.decode()
    assert page.content.decode().count('type="radio"') == 6
    receipt = browser.post(address(answer), FORM, follow=True)
    report = Report.objects.get()
    assert receipt.redirect_chain[-1][0] == f"/messages/reports/{report.pk}/"
    assert (report.reason, report.made_by, report.mailbox) == ("spam", buyer, buyer.mailboxes.get())
    assert read_report(report, "words") == "Trüffel"
    assert browser.get(address(answer)).status_code == 302
    browser.post(address(answer), FORM | {"words": "again"})
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    "changed", [{"good_faith": ""}, {"reason": ""}, {"reason": "boring"}, {"reason": "other", "words": ""}]
)
def test_incomplete_report_is_asked_again_with_its_words(answer, buyer, signed_in, changed):
    page = signed_in(buyer).post(address(answer), FORM | changed)
    assert page.status_code == 422
    assert not Report.objects.exists()
    assert (changed.get("words", "Trüffel") or "field-error") in page.content.decode()


def test_evidence_holds_all_that_was_there(watchwords, thread, seller, shop, buyer, buyer_mailbox, order):
    for number in range(12):
        post_message(by=seller, mailbox=shop, thread=thread, body=f"Zeile {number}", client_id=new_id())
    file = upload(by=seller, mailbox=shop, name="Rübe.txt", plain=b"Beet")
    sent = post_message(
        by=seller, mailbox=shop, thread=thread, body="A hideword", client_id=new_id(), attachment_ids=[file.pk]
    )
    report = make_report(by=buyer, mailbox=buyer_mailbox, message=sent.message, reason="scam", good_faith=True)
    kept = json.loads(read_report(report, "evidence"))
    assert kept["message"]["typed"] == "A hideword"
    assert "hideword" not in kept["message"]["shown"]
    assert kept["message"]["sender_name"] == shop.name
    assert (kept["subject"], kept["topic"], kept["order_number"]) == ("Zimtstern subject", "where_is_it", order.number)
    assert [one["typed"] for one in kept["before"]] == [f"Zeile {number}" for number in range(2, 12)]
    [told] = kept["files"]
    assert (told["name"], told["sha256"]) == ("Rübe.txt", Attachment.objects.get(pk=file.pk).details.sha256)
    [decision] = kept["decisions"]
    assert decision["version"] == watchwords.number
    assert decision["findings"] == sent.decision.findings


def test_evidence_outlives_the_thread_and_its_key(report, thread, answer):
    destroy_keys(owner_id=thread.pk, by="test")
    Message.objects.filter(pk=answer.pk).delete()
    assert "Quittenbrot" in read_report(Report.objects.get(), "evidence")
    assert b"Quittenbrot" not in bytes(Report.objects.get().evidence_ciphertext)
    assert b"Tr" not in bytes(Report.objects.get().words_ciphertext)


def test_reported_file_cannot_be_deleted(thread, seller, shop, buyer, buyer_mailbox):
    file = upload(by=seller, mailbox=shop, name="Beet.txt", plain=b"Beet")
    sent = post_message(
        by=seller, mailbox=shop, thread=thread, body="See", client_id=new_id(), attachment_ids=[file.pk]
    )
    report = make_report(by=buyer, mailbox=buyer_mailbox, message=sent.message, reason="spam", good_faith=True)
    assert list(report.files.all()) == [file]
    Enclosure.objects.filter(attachment=file).delete()
    with pytest.raises(ProtectedError):
        Attachment.objects.get(pk=file.pk).delete()


def test_second_report_is_the_first(report, answer, buyer, buyer_mailbox):
    again = make_report(by=buyer, mailbox=buyer_mailbox, message=answer, reason="scam", good_faith=True)
    assert (again, again.reason) == (report, "spam")


def test_what_cannot_be_reported(answer, blocked, held, buyer, buyer_mailbox, seller, shop, other_buyer, thread):
    own = thread.messages.order_by("pk")[0]
    with pytest.raises(NotReportable):
        make_report(by=buyer, mailbox=buyer_mailbox, message=own, reason="spam", good_faith=True)
    with pytest.raises(NotInGoodFaith):
        make_report(by=buyer, mailbox=buyer_mailbox, message=answer, reason="spam", good_faith=False)
    for decision in (blocked, held):
        with pytest.raises(PermissionDenied):
            make_report(by=buyer, mailbox=buyer_mailbox, message=message_of(decision), reason="spam", good_faith=True)
    with pytest.raises(PermissionDenied):
        make_report(by=other_buyer, mailbox=other_buyer.mailboxes.get(), message=answer, reason="spam", good_faith=True)
    with pytest.raises(PermissionDenied):
        make_report(by=other_buyer, mailbox=buyer_mailbox, message=answer, reason="spam", good_faith=True)
    assert not Report.objects.exists()


def test_foreign_missing_own_and_undelivered_messages_are_the_same_404(
    answer, blocked, held, buyer, other_buyer, seller, thread, signed_in
):
    own = thread.messages.order_by("pk")[0]
    browser = signed_in(buyer)
    addresses = [
        f"/messages/{thread.pk}/report/{key}/" for key in (own.pk, blocked.message_id, held.message_id, thread.pk)
    ]
    assert [browser.get(one).status_code for one in addresses] == [404] * 4
    foreign = signed_in(other_buyer).get(address(answer))
    assert foreign.status_code == 404
    assert "Quittenbrot" not in foreign.content.decode()


def test_only_the_reporters_mailbox_sees_the_report(report, buyer, seller, viewer, other_buyer, supporter, signed_in):
    where = f"/messages/reports/{report.pk}/"
    shown = signed_in(buyer).get(where).content.decode()
    assert "Trüffel" in shown
    for person in (seller, viewer, other_buyer, supporter):
        answer = signed_in(person).get(where)
        assert answer.status_code == 404
        assert "Trüffel" not in answer.content.decode()
    assert str(report.pk) in signed_in(buyer).get("/messages/reports/").content.decode()
    assert str(report.pk) not in signed_in(seller).get("/messages/reports/").content.decode()


def test_reporter_gets_a_receipt_and_the_decision(report, buyer, seller, moderator, signed_in):
    deliver_due()
    assert [one.to for one in mail.outbox if "report" in one.subject.lower()] == [[buyer.email]]
    decide_report(by=moderator, report=report, acted=True, answer="Thank you, Bohne.")
    deliver_due()
    letters = [one for one in mail.outbox if "report" in one.subject.lower()]
    assert [one.to for one in letters] == [[buyer.email]] * 2
    text = "".join(f"{one.body}{one.alternatives[0][0]}" for one in letters)
    assert [word for word in ("Quittenbrot", "Trüffel", "Bohne") if word in text] == []
    assert "Bohne" in signed_in(buyer).get(f"/messages/reports/{report.pk}/").content.decode()


def test_dismissal_needs_a_reason_and_a_decision_is_made_once(report, moderator, second, supporter):
    with pytest.raises(PermissionDenied):
        decide_report(by=supporter, report=report, acted=True)
    with pytest.raises(AnswerNeeded):
        decide_report(by=moderator, report=report, acted=False)
    decide_report(by=moderator, report=report, acted=False, answer="It is about the order.")
    with pytest.raises(AlreadyDecided):
        decide_report(by=second, report=report, acted=True)
    assert Report.objects.get().state == "dismissed"


def test_sender_is_reminded_and_restricted_without_learning_who_reported(
    report, seller, agent, viewer, buyer, shop, order, moderator, thread
):
    caution(by=moderator, mailbox=shop, rule="marketing.promotion", message_id=report.message_id)
    caution(by=moderator, mailbox=shop, rule="marketing.promotion", message_id=report.message_id)
    restrict(by=moderator, mailbox=shop, days=7, rule="marketing.promotion", explanation="Advertising again.")
    assert Restriction.objects.in_force().get().mailbox == shop
    deliver_due()
    letters = [one for one in mail.outbox if "#marketing.promotion" in one.body]
    assert sorted(one.to[0] for one in letters) == sorted([seller.email, agent.email] * 2)
    secrets = ("Anna", "Trüffel", "Quittenbrot", order.number, str(report.pk), str(thread.pk), buyer.email, "report")
    text = "".join(f"{one.subject}{one.body}{one.alternatives[0][0]}" for one in letters)
    assert [word for word in secrets if word in text] == []
    assert not Notice.objects.filter(recipient=viewer).exclude(kind="new_message").exists()
