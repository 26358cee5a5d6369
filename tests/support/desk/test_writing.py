"""Writing at the desk: answers with files and the policy's word, internal notes that never get out, saved replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from messagecenter.accounts.models import Membership, User
from messagecenter.attachments.actions import upload
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from messagecenter.policy.models import PolicyVersion
from messagecenter.replies.actions import save_reply
from messagecenter.replies.models import SavedReply
from messagecenter.threads.actions import post_message
from messagecenter.threads.models import Message, Note
from messagecenter.threads.words import read_body
from support import actions
from support.models import Case, Queue, Step
from tests.attachments.conftest import photo
from tests.support.cases import fresh, open_one

from .conftest import DESK

pytestmark = pytest.mark.django_db
NOTE = "Pfifferling: this seller complains, Steinpilz."


def answer(browser: Client, case: Case, body: str = "It was paid today.", **more: Any) -> Any:
    data = {"body": body, "client_id": str(new_id()), "there": "answered"} | more
    return browser.post(f"{DESK}{case.number}/answer/", data)


@pytest.fixture
def strict(watchwords: PolicyVersion) -> PolicyVersion:
    """A policy that treats support like everybody else, with the made-up words."""
    mapping = [
        one
        for one in watchwords.content["mapping"]
        if "case" not in one["contexts"] and "support" not in one["sender_roles"]
    ]
    content = watchwords.content | {"mapping": mapping}
    return PolicyVersion.objects.create(number=watchwords.number + 1, content=content, note="strict")


def last(case: Case) -> Message:
    return Message.objects.filter(thread=case.pk).order_by("-pk")[0]


# --- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", ["answered", "waiting", "resolved", "open"])
def test_an_answer_takes_the_case_along(
    desk: Client, helper: User, asking: Membership, case: Case, there: str, signed_in: Callable[[User], Client]
) -> None:
    sent = answer(desk, case, there=there)
    assert (sent.status_code, sent["Location"]) == (302, f"{DESK}{case.number}/#message-{last(case).pk}")
    assert (fresh(case).status, fresh(case).assignee) == (there, helper)
    assert read_body(last(case)) == "It was paid today."
    assert "It was paid today." in desk.get(f"{DESK}{case.number}/").content.decode()


def test_an_answer_sent_twice_is_there_once(desk: Client, case: Case) -> None:
    key = str(new_id())
    answer(desk, case, client_id=key)
    answer(desk, case, client_id=key)
    assert Message.objects.filter(thread=case.pk).count() == 2
    other = answer(desk, case, body="Something else.", client_id=key)
    assert other.status_code == 409
    assert "Something else." in other.content.decode()


def test_an_empty_answer_and_an_unfilled_gap_come_back(desk: Client, case: Case) -> None:
    assert answer(desk, case, body="  ").status_code == 422
    gap = answer(desk, case, body="Order ⟦order number⟧ is paid.")
    assert gap.status_code == 422
    assert "Order ⟦order number⟧ is paid." in gap.content.decode()
    assert Message.objects.filter(thread=case.pk).count() == 1


def test_a_status_the_case_cannot_take_comes_back_with_the_text(desk: Client, case: Case) -> None:
    for there in ("closed", "transferred", "nonsense"):
        refused = answer(desk, case, there=there)
        assert refused.status_code == 422
        assert "It was paid today." in refused.content.decode()
    assert fresh(case).status == "new"


def test_a_closed_case_cannot_be_answered(desk: Client, asking: Membership, case: Case) -> None:
    actions.merge_case(by=User.objects.get(email="hanna@marketplace.example"), case=case, into=open_one(asking))
    assert "/answer/" not in desk.get(f"{DESK}{case.number}/").content.decode()
    assert answer(desk, case, there="closed").status_code in (409, 422)
    assert Message.objects.filter(thread=case.pk).count() == 1


def test_a_warning_is_shown_and_can_be_confirmed(desk: Client, watchwords: PolicyVersion, case: Case) -> None:
    asked = answer(desk, case, body="Here is a warnword for you.")
    text = asked.content.decode()
    assert asked.status_code == 422
    assert "Please check before you send" in text
    assert "warnword" in text
    mark = asked.context["screened"]["mark"]
    sent = answer(desk, case, body="Here is a warnword for you.", confirm=mark)
    assert sent.status_code == 302
    assert fresh(case).status == "answered"


def test_a_blocked_answer_says_why_and_keeps_the_text(desk: Client, strict: PolicyVersion, case: Case) -> None:
    stopped = answer(desk, case, body="Here is a blockword for you.")
    text = stopped.content.decode()
    assert stopped.status_code == 422
    assert "Not sent: please change this" in text
    assert "Here is a blockword for you." in text
    assert fresh(case).status == "new"
    assert answer(desk, case, body="Here is a better word.").status_code == 302


def test_a_held_answer_moves_nothing_yet(desk: Client, strict: PolicyVersion, case: Case) -> None:
    held = desk.post(
        f"{DESK}{case.number}/answer/",
        {"body": "Here is a holdword for you.", "client_id": str(new_id()), "there": "answered"},
        follow=True,
    )
    assert "A person checks your answer" in held.content.decode()
    assert (last(case).state, fresh(case).status) == (Message.State.HELD, "new")


# --- files ---------------------------------------------------------------------------------------------------------


def test_a_file_goes_with_an_answer_and_is_opened_here(
    desk: Client, asking: Membership, case: Case, signed_in: Callable[[User], Client]
) -> None:
    answer(desk, case, attachments=SimpleUploadedFile("proof.jpg", photo()))
    [file] = last(case).enclosures.all()
    text = desk.get(f"{DESK}{case.number}/").content.decode()
    url = f"{DESK}{case.number}/files/{file.attachment_id}/"
    assert url in text
    assert f"/messages/{case.pk}/" not in text  # the sellers' addresses are not for staff
    given = desk.get(url)
    assert given["Content-Disposition"].startswith("attachment")
    assert given["Content-Security-Policy"].startswith("sandbox")
    assert desk.get(f"{url}small/")["Content-Type"] == "image/webp"
    assert desk.get(f"{url}content/").status_code == 404
    assert [step.after for step in Step.objects.filter(kind="downloaded")] == [str(file.attachment_id)]
    assert signed_in(asking.user).get(url).status_code == 403


def test_a_bad_file_comes_back_with_the_text_and_the_good_one(desk: Client, case: Case) -> None:
    files = [SimpleUploadedFile("proof.jpg", photo()), SimpleUploadedFile("evil.html", b"<script>x</script>")]
    refused = answer(desk, case, attachments=files)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "It was paid today." in text
    assert "evil.html" in text
    [kept] = refused.context["uploads"]
    sent = answer(desk, case, attachments=[str(kept["id"])])
    assert sent.status_code == 302
    assert last(case).enclosures.get().attachment_id == kept["id"]


def test_files_of_other_cases_and_readers_without_a_reason_get_nothing(
    desk: Client, asking: Membership, case: Case, overseer: User, stranger: User, signed_in: Callable[[User], Client]
) -> None:
    sent = upload(by=asking.user, mailbox=asking.mailbox, name="mine.jpg", plain=photo())
    other = open_one(asking, attachment_ids=[sent.pk])
    path = f"files/{sent.pk}/"
    assert desk.get(f"{DESK}{other.number}/{path}").status_code == 200
    assert desk.get(f"{DESK}{case.number}/{path}").status_code == 404
    assert signed_in(stranger).get(f"{DESK}{other.number}/{path}").status_code == 404
    olga = signed_in(overseer)
    assert olga.get(f"{DESK}{other.number}/{path}").status_code == 302
    assert olga.get(f"{DESK}{other.number}/{path}small/").status_code == 404
    olga.post(f"{DESK}{other.number}/read/", {"reason": "Complaint"})
    assert olga.get(f"{DESK}{other.number}/{path}").status_code == 200


# --- internal notes ------------------------------------------------------------------------------------------------


def test_a_note_stands_between_the_messages(desk: Client, helper: User, asking: Membership, case: Case) -> None:
    kept = desk.post(f"{DESK}{case.number}/note/", {"note": NOTE}, follow=True)
    post_message(by=asking.user, mailbox=asking.mailbox, thread=case.thread, body="Any news?", client_id=new_id())
    text = desk.get(f"{DESK}{case.number}/").content.decode()
    assert "Only support reads it." in kept.content.decode()
    assert text.index("Flügelhorn money") < text.index(NOTE) < text.index("Any news?")
    note = Note.objects.get(thread=case.pk)
    desk.post(f"{DESK}{case.number}/do/", {"do": "remove_note", "note": str(note.pk)})
    assert NOTE not in desk.get(f"{DESK}{case.number}/").content.decode()
    assert desk.post(f"{DESK}{case.number}/do/", {"do": "remove_note", "note": "x"}).status_code == 404


def test_an_empty_or_endless_note_comes_back(desk: Client, case: Case) -> None:
    assert desk.post(f"{DESK}{case.number}/note/", {"note": " "}).status_code == 422
    long = desk.post(f"{DESK}{case.number}/note/", {"note": "x" * 4001})
    assert long.status_code == 422
    assert "x" * 4001 in long.content.decode()


def test_notes_never_reach_the_seller(
    desk: Client,
    asking: Membership,
    case: Case,
    other_queue: Queue,
    signed_in: Callable[[User], Client],
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Not in any page, search, export, mail or event of the seller's, before and after a transfer and an answer."""
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"{DESK}{case.number}/note/", {"note": NOTE})
        answer(desk, case)
        desk.post(
            f"{DESK}{case.number}/do/", {"do": "transfer", "to": str(other_queue.pk), "reason": "It is about money."}
        )
    seller = signed_in(asking.user)
    base = f"/messages/{case.pk}/"
    pages = [
        f"/support/{case.number}/",
        "/support/",
        "/support/?q=Pfifferling",
        base,
        f"{base}since/",
        f"{base}print/",
        f"{base}export.json",
        f"{base}export.pdf",
        "/messages/?q=Pfifferling",
        "/messages/",
    ]
    for url in pages:
        given = seller.get(url, follow=True)
        body = b"".join(given) if given.streaming else given.content
        assert b"Steinpilz" not in body, url  # the word sought is told again
    assert [one for one in mailoutbox if "Steinpilz" in str(one.message())] == []
    assert [one.kind for one in Event.objects.filter(mailbox_id=asking.mailbox_id, kind="note")] == []
    assert Note.objects.get(thread=case.pk).mailbox_id == other_queue.pk


# --- saved replies -------------------------------------------------------------------------------------------------


def test_a_saved_reply_is_kept_and_put_in_with_its_values(desk: Client, queue: Queue, case: Case) -> None:
    data = {"name": "Paid", "language": "en", "text": "Dear {buyer_name}, it is paid. {agent_name}, {shop_name}"}
    assert desk.post(f"{DESK}replies/new/?queue={queue.pk}", data).status_code == 302
    row = SavedReply.objects.get(mailbox=queue.mailbox)
    assert "Paid" in desk.get(f"{DESK}replies/").content.decode()
    chosen = desk.get(f"{DESK}{case.number}/?reply={row.pk}")
    filled = f"Dear {case.shop.name}, it is paid. Hanna Helferin, {queue.mailbox.name}"
    assert filled in chosen.context["answer"]["body"].value()
    assert filled in desk.get(f"{DESK}{case.number}/").content.decode()
    desk.post(f"{DESK}replies/{row.pk}/", data | {"name": "Paid out"})
    assert SavedReply.objects.get().name == "Paid out"
    desk.post(f"{DESK}replies/{row.pk}/delete/")
    assert not SavedReply.objects.exists()


def test_a_saved_reply_that_cannot_be_kept_says_why(
    desk: Client, helper: User, queue: Queue, strict: PolicyVersion
) -> None:
    url = f"{DESK}replies/new/?queue={queue.pk}"
    save_reply(by=helper, mailbox=queue.mailbox, name="Paid", language="en", text="Paid.")
    for data, told in (
        ({"name": "Paid", "language": "en", "text": "Again."}, "There is a saved reply with this name"),
        ({"name": "New", "language": "en", "text": "Dear {byer_name}"}, "{buyer_name}"),
        ({"name": "New", "language": "en", "text": "A blockword."}, "This text breaks the rules"),
        ({"name": "", "language": "en", "text": "x"}, "This field is required"),
    ):
        refused = desk.post(url, data)
        assert refused.status_code == 422
        assert told in refused.content.decode()
        assert data["text"] in refused.content.decode()
    assert SavedReply.objects.count() == 1


def test_other_queues_replies_are_not_there(
    desk: Client, helper: User, queue: Queue, stranger: User, onlooker: User, signed_in: Callable[[User], Client]
) -> None:
    row = save_reply(by=helper, mailbox=queue.mailbox, name="Zimtstern", language="en", text="Flügelhorn.")
    frida, vito = signed_in(stranger), signed_in(onlooker)
    assert frida.get(f"{DESK}replies/{row.pk}/").status_code == 404
    assert frida.post(f"{DESK}replies/{row.pk}/delete/").status_code == 404
    assert frida.get(f"{DESK}replies/new/?queue={queue.pk}").status_code == 404
    assert "Zimtstern" not in frida.get(f"{DESK}replies/?queue={queue.pk}").content.decode()
    assert "Zimtstern" in vito.get(f"{DESK}replies/").content.decode()
    assert vito.post(f"{DESK}replies/{row.pk}/", {"name": "x"}).status_code == 403
    assert vito.post(f"{DESK}replies/{row.pk}/delete/").status_code == 403
