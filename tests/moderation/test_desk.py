"""The desk: queues without words, words after a logged reason, and decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from messagecenter.attachments.actions import upload
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.models import AttachmentDisclosure
from messagecenter.ids import new_id
from messagecenter.moderation.actions import make_appeal, make_report
from messagecenter.moderation.models import Caution
from messagecenter.policy.actions import block_sender
from messagecenter.policy.models import Decision, Restriction
from messagecenter.threads.actions import post_message
from messagecenter.threads.models import Disclosure, Message, Thread
from messagecenter.threads.words import read_body, read_shown_body

from .conftest import message_of

pytestmark = pytest.mark.django_db
DESK = "/admin/moderation/desk/"
REASON = {"reason": "Checking a held message"}
WORDS = ("Steinpilz", "holdword", "Flügelhorn", "Quittenbrot", "Zimtstern", "Trüffel", "Zwetschge")


def at(kind, row, tail=""):
    return f"{DESK}{kind}/{row.pk}/{tail}"


def shown(response):
    assert response.status_code == 200
    return response.content.decode()


def opened(desk, kind, row):
    """State a reason and return the page with the words, and the id that page's forms carry."""
    answer = desk.post(at(kind, row, "read/"), REASON)
    assert answer.status_code == 302
    return shown(desk.get(answer["Location"])), answer["Location"].partition("read=")[2]


def leaks(text):
    return [word for word in WORDS if word in text]


@pytest.fixture
def appeal(blocked, seller):
    return make_appeal(by=seller, decision=blocked, words="Zwetschge")


def test_desk_asks_for_the_right(held, appeal, report, signed_in, supporter, seller, admin, decider, moderator, client):
    addresses = ["", "held/", "appeals/", "reports/", "figures/"]
    addresses += [f"held/{held.pk}/", f"appeals/{appeal.pk}/", f"reports/{report.pk}/"]
    for person, status in ((supporter, 403), (seller, 403), (decider, 200), (moderator, 200), (admin, 200)):
        browser = signed_in(person)
        found = {where: browser.get(DESK + where) for where in addresses}
        assert {where: answer.status_code for where, answer in found.items()} == dict.fromkeys(addresses, status)
        assert [leaks(answer.content.decode()) for answer in found.values()] == [[]] * len(addresses)
    assert client.get(DESK).status_code == 302


def test_nothing_is_decided_without_the_right(held, appeal, report, signed_in, supporter, seller):
    for person in (supporter, seller):
        browser = signed_in(person)
        for where in (
            f"held/{held.pk}/decide/",
            f"held/{held.pk}/read/",
            f"held/{held.pk}/sender/",
            f"appeals/{appeal.pk}/decide/",
            f"reports/{report.pk}/decide/",
            "held/reject/",
        ):
            data = {"do": "approve", "chosen": str(held.pk), "answer": "No", **REASON}
            assert browser.post(DESK + where, data).status_code == 403
    assert message_of(held).state == Message.State.HELD
    assert not Disclosure.objects.exists()


def test_missing_things_are_404(desk, held, appeal):
    for where in (f"held/{new_id()}/", f"appeals/{held.pk}/", f"reports/{appeal.pk}/", f"held/{appeal.decision_id}/"):
        assert desk.get(DESK + where).status_code == 404
    assert desk.post(at("held", held, "decide/"), {"do": "explode"}).status_code == 404


def test_queue_is_oldest_first_with_late_ones_marked(post, desk):
    first, second_one, third = (post(f"holdword {number}") for number in range(3))
    now = timezone.now()
    for decision, hours in ((first, 3), (second_one, -1), (third, 2)):
        Decision.objects.filter(pk=decision.pk).update(hold_until=now + timedelta(hours=hours))
    lines = desk.get(DESK + "held/").context["lines"]
    assert [(line.id, line.is_late) for line in lines] == [
        (second_one.pk, True),
        (third.pk, False),
        (first.pk, False),
    ]
    assert shown(desk.get(DESK)).count("desk-late") == 1


def test_queue_is_paged_without_counting(post, desk, monkeypatch, django_assert_num_queries):
    made = {post(f"holdword {number}").pk for number in range(5)}
    monkeypatch.setattr("messagecenter.moderation.queues.Queue.page.__defaults__", ("", 2))
    seen, address = [], DESK + "held/"
    while address:
        context = desk.get(address).context
        seen += [line.id for line in context["lines"]]
        address = context["next_url"]
    assert (len(seen), set(seen)) == (5, made)
    assert desk.get(DESK + "held/?after=nonsense").status_code == 404


def test_item_shows_findings_and_no_words_until_a_reason_is_logged(held, desk, moderator, thread):
    before = shown(desk.get(at("held", held)))
    assert leaks(before) == []
    assert held.rules[0] in before
    assert desk.post(at("held", held, "read/"), {"reason": "short"}).status_code == 422
    assert not Disclosure.objects.exists()
    text, _key = opened(desk, "held", held)
    assert {"Steinpilz", "Flügelhorn", "Zimtstern"} <= set(leaks(text))
    assert ">holdword</mark>" in text
    logged = Disclosure.objects.get()
    assert (logged.staff, logged.thread, logged.reason) == (moderator, thread, REASON["reason"])


def test_logged_reading_serves_only_who_stated_it_that_thread_and_for_a_while(
    held, desk, second, decider, signed_in, thread
):
    _text, key = opened(desk, "held", held)
    where = at("held", held) + f"?read={key}"
    assert leaks(shown(signed_in(second).get(where))) == []
    assert leaks(shown(signed_in(decider).get(where))) == []
    assert leaks(shown(desk.get(at("held", held) + f"?read={new_id()}"))) == []
    assert leaks(shown(desk.get(at("held", held) + "?read=nonsense"))) == []
    Disclosure.objects.update(read_at=timezone.now() - timedelta(minutes=31))
    assert leaks(shown(desk.get(where))) == []


def test_who_may_not_read_can_decide_but_is_refused_the_words(held, decider, signed_in):
    browser = signed_in(decider)
    assert browser.post(at("held", held, "read/"), REASON).status_code == 403
    browser.post(at("held", held, "decide/"), {"do": "reject", "answer": "Advertising."})
    assert message_of(held).state == Message.State.BLOCKED


def test_approve(held, desk, moderator, buyer):
    answer = desk.post(at("held", held, "decide/"), {"do": "approve", "mistaken": "on"})
    assert answer["Location"] == DESK + "held/"
    settled = Decision.objects.get(pk=held.pk)
    assert (settled.outcome, settled.settled_by, settled.was_mistaken) == ("delivered", moderator, True)
    assert Message.objects.visible_to(buyer).filter(pk=held.message_id).exists()


def test_approve_without_blaming_the_rules(held, desk):
    desk.post(at("held", held, "decide/"), {"do": "approve"})
    assert not Decision.objects.get(pk=held.pk).was_mistaken


def test_reject_needs_a_reason(held, desk):
    refused = desk.post(at("held", held, "decide/"), {"do": "reject", "answer": " "})
    assert refused.status_code == 422
    assert message_of(held).state == Message.State.HELD
    desk.post(at("held", held, "decide/"), {"do": "reject", "answer": "Advertising."})
    assert message_of(held).state == Message.State.BLOCKED


def test_second_decision_changes_nothing_and_says_so(held, desk, second, signed_in):
    desk.post(at("held", held, "decide/"), {"do": "reject", "answer": "Advertising."})
    late = signed_in(second).post(at("held", held, "decide/"), {"do": "approve"}, follow=True)
    assert "decided already" in late.content.decode()
    assert message_of(held).state == Message.State.BLOCKED


def test_redact_what_was_found_and_what_was_marked(held, desk):
    body = read_body(message_of(held))
    [finding] = held.findings
    at_more = body.index("more")
    _text, key = opened(desk, "held", held)
    desk.post(
        at("held", held, "decide/"),
        {
            "do": "redact",
            "found": [f"{finding['start']}-{finding['end']}"],
            "ranges": f"{at_more}-{at_more + 4}",
            "words": "steinpilz",
            "answer": "Not these words.",
            "read": key,
        },
    )
    message = message_of(held)
    assert message.state == Message.State.DELIVERED
    assert [word for word in ("holdword", "more", "Steinpilz") if word in read_shown_body(message)] == []
    assert "Here is a" in read_shown_body(message)
    assert read_body(message) == body


@pytest.mark.parametrize(
    "changed",
    [
        {"ranges": "5-900"},
        {"ranges": "9-5"},
        {"ranges": "x"},
        {"words": "Not in it"},
        {"found": ["0-9"]},
        {"answer": ""},
        {"found": []},
    ],
)
def test_redact_says_what_is_wrong_and_keeps_the_words_on_the_page(held, desk, changed):
    _text, key = opened(desk, "held", held)
    [finding] = held.findings
    data = {"do": "redact", "found": [f"{finding['start']}-{finding['end']}"], "answer": "No.", "read": key}
    answer = desk.post(at("held", held, "decide/"), data | changed)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert "Steinpilz" in answer.content.decode()
    assert message_of(held).state == Message.State.HELD


def test_words_are_not_guessed_without_a_logged_reading(held, desk, second, decider, signed_in):
    _text, foreign = opened(signed_in(second), "held", held)
    [finding] = held.findings
    choices = [{"words": "Steinpilz"}, {"words": "Not in it"}, {"ranges": "0-4"}, {"ranges": "0-90000"}]
    told = set()
    for browser, key in ((desk, ""), (desk, foreign), (signed_in(decider), foreign)):
        for choice in choices:
            data = {"do": "redact", "answer": "No.", "read": key} | choice
            answer = browser.post(at("held", held, "decide/"), data)
            text = answer.content.decode()
            told.add((answer.status_code, "read the message first" in text, "Not all of" in text, "shorter" in text))
            assert [word for word in leaks(text) if word != choice.get("words")] == []
    assert told == {(422, True, False, False)}
    assert message_of(held).state == Message.State.HELD
    found = {"do": "redact", "found": [f"{finding['start']}-{finding['end']}"], "answer": "No."}
    signed_in(decider).post(at("held", held, "decide/"), found)
    assert "holdword" not in read_shown_body(message_of(held))
    assert "Steinpilz" in read_shown_body(message_of(held))


def test_wrong_form_shows_no_words_to_who_has_not_read(held, desk):
    answer = desk.post(at("held", held, "decide/"), {"do": "redact", "words": "Not in it"})
    assert answer.status_code == 422
    assert leaks(answer.content.decode()) == []


def test_desk_says_why_a_message_cannot_be_delivered(held, desk, buyer, buyer_mailbox, shop):
    Thread.objects.filter(pk=held.thread_id).update(topic="buyer_other")  # nothing the order needs
    block_sender(by=buyer, mailbox=buyer_mailbox, sender=shop)
    answer = desk.post(at("held", held, "decide/"), {"do": "approve"}, follow=True)
    assert "has blocked this sender since" in shown(answer)
    assert message_of(held).state == Message.State.HELD


def test_desk_says_what_is_wrong_with_a_file(held, appeal, desk, monkeypatch):
    # Releasing leaves out files that are gone, so that nothing real is refused here; the desk must not break if it is.
    def refuse(**_told):
        raise Refusal("gone")

    monkeypatch.setattr("messagecenter.moderation.actions.release_message", refuse)
    for kind, row, choice in (("held", held, "approve"), ("appeals", appeal, "reverse")):
        answer = desk.post(at(kind, row, "decide/"), {"do": choice}, follow=True)
        assert "A file was removed" in shown(answer)


def test_many_are_rejected_at_once(post, desk, moderator):
    spam = [post(f"holdword {number}") for number in range(3)]
    chosen = [str(one.pk) for one in spam[:2]]
    assert desk.post(DESK + "held/reject/", {"chosen": chosen, "answer": ""}).status_code == 422
    desk.post(DESK + "held/reject/", {"chosen": [*chosen, "nonsense", str(new_id())], "answer": "Obvious spam."})
    assert [message_of(one).state for one in spam] == ["blocked", "blocked", "held"]
    assert not Disclosure.objects.exists()
    assert Decision.objects.filter(settled_by=moderator).count() == 2


def test_appeal_is_read_and_reversed(appeal, desk, blocked):
    assert leaks(shown(desk.get(at("appeals", appeal)))) == []
    text, key = opened(desk, "appeals", appeal)
    assert {"Zwetschge", "Flügelhorn"} <= set(leaks(text))
    assert ">blockword</mark>" in text
    empty = desk.post(at("appeals", appeal, "decide/"), {"do": "uphold", "answer": "", "read": key})
    assert empty.status_code == 422
    desk.post(at("appeals", appeal, "decide/"), {"do": "reverse", "answer": "You are right."})
    assert message_of(blocked).state == Message.State.DELIVERED


def test_appeal_against_ones_own_decision_is_left_to_somebody_else(held, desk, seller):
    desk.post(at("held", held, "decide/"), {"do": "reject", "answer": "Advertising."})
    appeal = make_appeal(by=seller, decision=Decision.objects.get(pk=held.pk))
    assert "Somebody else" in shown(desk.get(at("appeals", appeal)))
    desk.post(at("appeals", appeal, "decide/"), {"do": "reverse"})
    assert message_of(held).state == Message.State.BLOCKED


def test_report_is_read_from_its_evidence(report, desk, answer, seller, shop, thread):
    assert leaks(shown(desk.get(at("reports", report)))) == []
    Message.objects.filter(pk=answer.pk).delete()
    text, _key = opened(desk, "reports", report)
    assert {"Quittenbrot", "Trüffel", "Zimtstern", "Flügelhorn"} <= set(leaks(text))
    assert Disclosure.objects.get().thread == thread
    desk.post(at("reports", report, "decide/"), {"do": "dismissed", "answer": "Nothing in it."})
    report.refresh_from_db()
    assert report.state == "dismissed"


def test_sender_is_reminded_or_restricted(report, desk, shop):
    desk.post(at("reports", report, "sender/"), {"do": "caution", "rule": "marketing.promotion"})
    assert Caution.objects.get().mailbox == shop
    wrong = desk.post(at("reports", report, "sender/"), {"do": "restrict", "rule": "marketing.promotion", "days": "0"})
    assert wrong.status_code == 422
    data = {"do": "restrict", "rule": "marketing.promotion", "days": "14", "explanation": "Again advertising."}
    desk.post(at("reports", report, "sender/"), data)
    made = Restriction.objects.get()
    assert (made.mailbox, (made.until - made.made_at).days) == (shop, 14)
    assert desk.post(at("reports", report, "sender/"), {"do": "caution", "rule": "no.rule"}).status_code == 422


def test_words_in_a_file_are_shown_once_its_opening_is_logged_too(post, desk, second, moderator, signed_in):
    decision = post("See the file.", file=("Kürbis.txt", b"Kohlrabi and a holdword"))
    before = shown(desk.get(at("held", decision)))
    assert [word for word in ("Kürbis", "Kohlrabi") if word in before] == []
    text, _key = opened(desk, "held", decision)
    assert "Kohlrabi" in text
    assert AttachmentDisclosure.objects.get().staff == moderator
    second.user_permissions.remove(*second.user_permissions.filter(codename="disclose_attachment"))
    cache.clear()
    text, _key = opened(signed_in(second), "held", decision)
    assert "Kohlrabi" not in text
    assert "See the file." in text
    assert AttachmentDisclosure.objects.count() == 1


def test_evidence_names_files_only_to_who_may_open_them(thread, seller, shop, buyer, buyer_mailbox, second, signed_in):
    file = upload(by=seller, mailbox=shop, name="Kürbis.txt", plain=b"Beet")
    sent = post_message(
        by=seller, mailbox=shop, thread=thread, body="See", client_id=new_id(), attachment_ids=[file.pk]
    )
    report = make_report(by=buyer, mailbox=buyer_mailbox, message=sent.message, reason="spam", good_faith=True)
    second.user_permissions.remove(*second.user_permissions.filter(codename="disclose_attachment"))
    text, _key = opened(signed_in(second), "reports", report)
    assert "Kürbis" not in text
    assert file.details.sha256 in text


def test_message_that_cannot_be_opened_is_said_so(held, desk, thread):
    from messagecenter.vault.actions import destroy_keys

    destroy_keys(owner_id=thread.pk, by="test")
    text, _key = opened(desk, "held", held)
    assert "erased" in text


def test_desk_is_found_from_the_admin(desk, signed_in, supporter):
    assert DESK in shown(desk.get("/admin/"))
    assert DESK not in shown(signed_in(supporter).get("/admin/"))
