"""Files are screened like words: by name, by content, also when they could be read only later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments import actions as attachments
from messagecenter.attachments import store
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.models import Attachment
from messagecenter.live.models import Event
from messagecenter.policy.models import Decision
from messagecenter.threads import actions
from messagecenter.threads.models import Enclosure, Thread
from messagecenter.threads.screening import MOST_FINDINGS
from tests.threads.writing import reply, uploaded

pytestmark = pytest.mark.usefixtures("watchwords")


@pytest.mark.parametrize(("name", "words"), [("notes.txt", "a blockword inside"), ("blockword.txt", "harmless")])
def test_words_and_names_of_files_are_screened(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, name: str, words: str
) -> None:
    file = uploaded(seller, shop, name, words)
    posted = reply(seller, shop, thread, "see the file", attachment_ids=[file.pk])
    assert posted.message.state == "blocked"
    assert posted.decision is not None
    assert str(file.pk) in posted.decision.findings[0]["part"]
    assert not Enclosure.objects.visible_to(buyer).exists()


def test_files_of_a_blocked_message_go_with_the_corrected_one(
    thread: Thread, seller: User, shop: Mailbox, buyer: User
) -> None:
    file = uploaded(seller, shop, "plan.txt", "harmless")
    blocked = reply(seller, shop, thread, "a blockword", attachment_ids=[file.pk])
    file.refresh_from_db()
    assert file.expires_at > timezone.now() + timedelta(days=170)
    posted = reply(seller, shop, thread, "corrected", attachment_ids=[file.pk])
    assert posted.message.state == "delivered"
    assert Enclosure.objects.visible_to(buyer).get().message == posted.message
    # An appeal can still be granted; the file is where it is.
    released = actions.release_message(by=None, decision=blocked.decision)  # type: ignore[arg-type]
    assert released.enclosures.count() == 0


def test_files_of_a_blocked_message_are_delivered_with_it_on_reversal(
    thread: Thread, seller: User, shop: Mailbox, buyer: User
) -> None:
    file = uploaded(seller, shop, "plan.txt", "harmless")
    blocked = reply(seller, shop, thread, "a blockword", attachment_ids=[file.pk])
    assert not Enclosure.objects.visible_to(buyer).exists()
    actions.release_message(by=None, decision=blocked.decision)  # type: ignore[arg-type]
    assert Enclosure.objects.visible_to(buyer).get().attachment == file


def test_held_files_are_the_senders_alone(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, client: Client
) -> None:
    file = uploaded(seller, shop, "Flussplan.txt", "harmless")
    posted = reply(seller, shop, thread, "a holdword", attachment_ids=[file.pk])
    assert Thread.objects.get(pk=thread.pk).files == 0
    for person, expected in ((buyer, 404), (seller, 200)):
        client.force_login(person)
        assert client.get(f"/messages/{thread.pk}/files/{file.pk}/").status_code == expected
        assert ("Flussplan" in client.get(f"/messages/{thread.pk}/").content.decode()) is (person == seller)
        assert ("Flussplan" in client.get(f"/messages/{thread.pk}/files/").content.decode()) is (person == seller)
    actions.release_message(by=None, decision=posted.decision)  # type: ignore[arg-type]
    assert Thread.objects.get(pk=thread.pk).files == 1
    client.force_login(buyer)
    assert client.get(f"/messages/{thread.pk}/files/{file.pk}/").status_code == 200


def test_file_that_was_checked_late_is_withheld_when_its_words_are_forbidden(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, client: Client
) -> None:
    file = uploaded(seller, shop, "Flussplan.txt", "a blockword inside")
    Attachment.objects.filter(pk=file.pk).update(state=Attachment.State.CHECKING)
    posted = reply(seller, shop, thread, "see the file", attachment_ids=[file.pk])
    assert posted.message.state == "delivered"
    Attachment.objects.filter(pk=file.pk).update(state=Attachment.State.READY)
    actions.announce_settled(attachments=[Attachment.objects.get(pk=file.pk)])
    actions.announce_settled(attachments=[Attachment.objects.get(pk=file.pk)])
    decision = Decision.objects.get()
    assert (decision.measure, decision.mailbox) == ("withheld", shop)
    client.force_login(buyer)
    assert client.get(f"/messages/{thread.pk}/files/{file.pk}/").status_code == 404
    assert "Flussplan" not in client.get(f"/messages/{thread.pk}/").content.decode()
    actions.release_message(by=None, decision=decision)
    assert client.get(f"/messages/{thread.pk}/files/{file.pk}/").status_code == 200


def test_file_that_was_never_screened_is_found_by_the_sweep_and_nobody_has_it_before(
    thread: Thread, seller: User, shop: Mailbox, buyer: User
) -> None:
    files = [uploaded(seller, shop, f"plan{n}.txt", words) for n, words in enumerate(("harmless", "a blockword"))]
    keys = [file.pk for file in files]
    Attachment.objects.filter(pk__in=keys).update(state=Attachment.State.CHECKING)
    reply(seller, shop, thread, "see the files", attachment_ids=keys)
    Attachment.objects.filter(pk__in=keys).update(state=Attachment.State.READY)  # by staff, or just before a crash
    assert not Enclosure.objects.visible_to(buyer).exists()
    assert actions.screen_late() == 2
    assert [one.attachment_id for one in Enclosure.objects.visible_to(buyer)] == keys[:1]
    assert actions.screen_late() == 0
    assert Decision.objects.get().measure == "withheld"


def test_checked_file_of_a_held_message_is_announced_to_its_own_side_only(
    thread: Thread, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    file = uploaded(seller, shop, "plan.txt", "harmless")
    Attachment.objects.filter(pk=file.pk).update(state=Attachment.State.CHECKING)
    reply(seller, shop, thread, "a holdword", attachment_ids=[file.pk])
    Attachment.objects.filter(pk=file.pk).update(state=Attachment.State.READY)
    before = Event.objects.filter(mailbox_id=buyer_mailbox.pk).count()
    actions.screen_late()
    assert Event.objects.filter(mailbox_id=buyer_mailbox.pk).count() == before
    assert Event.objects.filter(mailbox_id=shop.pk, kind="files").count() == 1


def test_foreign_uploads_are_not_kept_with_a_blocked_message(
    thread: Thread, seller: User, shop: Mailbox, buyer: User, buyer_mailbox: Mailbox
) -> None:
    private = uploaded(buyer, buyer_mailbox, "private.txt", "Bergkristall")
    posted = reply(seller, shop, thread, "a blockword", attachment_ids=[private.pk])
    assert posted.message.unsent_files == []


def test_unreadable_file_is_held_back_and_can_be_released(
    thread: Thread, seller: User, shop: Mailbox, buyer: User
) -> None:
    file = uploaded(seller, shop, "plan.txt", "harmless")
    store.delete(file.object_name)
    posted = reply(seller, shop, thread, "see the file", attachment_ids=[file.pk])
    assert posted.message.state == "held"
    assert posted.decision is not None
    assert [(one["rule"], one["part"]) for one in posted.decision.findings] == [("", f"file:{file.pk}")]
    assert posted.decision.rules == []
    actions.release_message(by=None, decision=posted.decision)
    assert Enclosure.objects.visible_to(buyer).get().attachment == file


def test_decision_keeps_a_bounded_number_of_findings(thread: Thread, seller: User, shop: Mailbox) -> None:
    file = uploaded(seller, shop, "list.txt", "blockword\n" * 3_000)
    posted = reply(seller, shop, thread, "see the file", attachment_ids=[file.pk])
    assert posted.decision is not None
    assert len(posted.decision.findings) == MOST_FINDINGS


def test_blocked_messages_do_not_use_up_the_uploads(
    thread: Thread, seller: User, shop: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_UNSENT", 1)
    for _ in range(2):
        file = uploaded(seller, shop, "plan.txt", "harmless")
        assert reply(seller, shop, thread, "a blockword", attachment_ids=[file.pk]).message.state == "blocked"
    uploaded(seller, shop, "plan.txt", "harmless")
    with pytest.raises(Refusal):
        uploaded(seller, shop, "plan.txt", "harmless")
