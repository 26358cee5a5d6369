"""An upload's life: quarantine, sending once, being checked again, and what sweeps away what nobody sent."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments import actions, content, store
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.models import UPLOAD, Attachment, AttachmentDisclosure
from messagecenter.attachments.shown import shown_file
from messagecenter.ids import new_id
from messagecenter.vault.errors import Unreadable
from messagecenter.vault.models import DataKey
from tests.attachments.conftest import photo

pytestmark = pytest.mark.django_db


def plain_of(row: Attachment, part: str = content.CONTENT) -> bytes:
    return b"".join(content.read(Attachment.objects.get(pk=row.pk), part))


def objects_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def upload(buyer: User, buyer_mailbox: Mailbox) -> Attachment:
    return actions.upload(by=buyer, mailbox=buyer_mailbox, name="Lampe kaputt.JPG", plain=photo())


def test_photo_is_kept_sealed_and_without_its_place(upload: Attachment, store_folder: Path) -> None:
    assert (upload.state, upload.details.name, upload.details.kind) == ("ready", "Lampe kaputt.JPG", "jpg")
    kept = plain_of(upload)
    assert not Image.open(BytesIO(kept)).getexif()
    assert Image.open(BytesIO(plain_of(upload, content.SMALL))).format == "WEBP"
    assert "Kamerawerk Jena" in content.extracted_text(upload)  # the screen still sees what was taken out
    [path] = objects_in(store_folder)
    sealed = path.read_bytes()
    assert path.name == upload.object_name
    for trace in (b"JFIF", b"RIFF", b"Lampe", b"jpg", kept[200:260]):
        assert trace not in sealed
    assert b"Lampe" not in bytes(Attachment.objects.get().details_ciphertext)


def test_refused_file_leaves_its_reason_and_no_bytes(buyer: User, buyer_mailbox: Mailbox, store_folder: Path) -> None:
    row = actions.upload(by=buyer, mailbox=buyer_mailbox, name="rechnung.pdf", plain=photo())
    assert (row.state, row.details.name) == ("refused", "rechnung.pdf")
    assert row.reason in ("mismatch", "polyglot")
    assert objects_in(store_folder) == []
    assert not Attachment.objects.sendable().exists()


def test_only_a_writer_of_the_mailbox_may_upload(
    viewer: User, shop: Mailbox, other_buyer: User, buyer_mailbox: Mailbox
) -> None:
    for person, mailbox in ((viewer, shop), (other_buyer, buyer_mailbox)):
        with pytest.raises(PermissionDenied):
            actions.upload(by=person, mailbox=mailbox, name="a.txt", plain=b"hello")
    assert not Attachment.objects.exists()


def test_upload_is_sent_once_and_only_by_its_uploader_for_its_mailbox(
    upload: Attachment,
    buyer: User,
    buyer_mailbox: Mailbox,
    other_buyer: User,
    seller: User,
    shop: Mailbox,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """osTicket #2615: whoever guessed a draft's file id could read the file."""
    thread_id = new_id()
    for person, mailbox in ((other_buyer, buyer_mailbox), (seller, shop), (buyer, shop), (seller, buyer_mailbox)):
        with pytest.raises(Refusal, match="gone"):
            actions.send(by=person, mailbox=mailbox, ids=[upload.pk], thread_id=thread_id)
    with pytest.raises(Refusal, match="gone"):
        actions.send(by=buyer, mailbox=buyer_mailbox, ids=[upload.pk, uuid.uuid4()], thread_id=thread_id)
    assert Attachment.objects.get().sent_at is None
    before = plain_of(upload)
    with django_capture_on_commit_callbacks(execute=True):
        [sent] = actions.send(by=buyer, mailbox=buyer_mailbox, ids=[upload.pk], thread_id=thread_id)
        # Keys may lie in a database of their own, which would not roll back with the message.
        assert DataKey.objects.filter(purpose=UPLOAD).exists()
    assert (plain_of(sent), sent.thread_id) == (before, thread_id)
    assert not DataKey.objects.filter(purpose=UPLOAD).exists()
    with pytest.raises(Refusal, match="gone"):
        actions.send(by=buyer, mailbox=buyer_mailbox, ids=[upload.pk], thread_id=thread_id)


def test_expired_and_refused_uploads_cannot_be_sent(upload: Attachment, buyer: User, buyer_mailbox: Mailbox) -> None:
    for change in ({"expires_at": timezone.now()}, {"state": "refused"}, {"stored_at": None}):
        row = Attachment.objects.get(pk=upload.pk)
        Attachment.objects.filter(pk=upload.pk).update(**change)
        with pytest.raises(Refusal, match="gone"):
            actions.send(by=buyer, mailbox=buyer_mailbox, ids=[upload.pk], thread_id=new_id())
        row.save()
    assert actions.send(by=buyer, mailbox=buyer_mailbox, ids=[upload.pk], thread_id=new_id())


def test_files_keep_the_order_they_were_given(buyer: User, buyer_mailbox: Mailbox) -> None:
    rows = [
        actions.upload(by=buyer, mailbox=buyer_mailbox, name=f"{n}.txt", plain=f"Seite {n}".encode()) for n in range(4)
    ]
    ids = [rows[n].pk for n in (2, 0, 3, 1)]
    sent = actions.send(by=buyer, mailbox=buyer_mailbox, ids=ids, thread_id=new_id())
    assert [row.details.name for row in sent] == ["2.txt", "0.txt", "3.txt", "1.txt"]


def test_details_moved_to_another_row_do_not_open(upload: Attachment, buyer: User, buyer_mailbox: Mailbox) -> None:
    other = actions.upload(by=buyer, mailbox=buyer_mailbox, name="b.txt", plain=b"anderes")
    Attachment.objects.filter(pk=other.pk).update(details_ciphertext=upload.details_ciphertext)
    with pytest.raises(Unreadable):
        plain_of(other)


def test_too_many_waiting_uploads_are_refused(
    buyer: User, buyer_mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_UNSENT", 1)
    actions.upload(by=buyer, mailbox=buyer_mailbox, name="a.txt", plain=b"eins")
    with pytest.raises(Refusal, match="too_many_unsent"):
        actions.upload(by=buyer, mailbox=buyer_mailbox, name="b.txt", plain=b"zwei")


@pytest.mark.django_db(transaction=True)
def test_removed_upload_is_gone_from_table_and_store(
    upload: Attachment, buyer: User, other_buyer: User, store_folder: Path
) -> None:
    with pytest.raises(PermissionDenied):
        actions.remove(by=other_buyer, attachment=upload)
    assert objects_in(store_folder)
    actions.remove(by=buyer, attachment=upload)
    assert (Attachment.objects.count(), objects_in(store_folder)) == (0, [])
    actions.remove(by=buyer, attachment=upload)


@pytest.mark.django_db(transaction=True)
def test_sweep_finds_what_nobody_sent_and_both_halves_of_a_crash(
    upload: Attachment, buyer: User, buyer_mailbox: Mailbox, store_folder: Path
) -> None:
    sent = actions.upload(by=buyer, mailbox=buyer_mailbox, name="kept.txt", plain=b"bleibt")
    actions.send(by=buyer, mailbox=buyer_mailbox, ids=[sent.pk], thread_id=new_id())
    fresh = actions.upload(by=buyer, mailbox=buyer_mailbox, name="fresh.txt", plain=b"eben erst")
    half = actions.upload(by=buyer, mailbox=buyer_mailbox, name="half.txt", plain=b"nie ganz")
    old = timezone.now() - timedelta(hours=2)
    Attachment.objects.filter(pk=half.pk).update(stored_at=None, state="checking", uploaded_at=old)
    Attachment.objects.filter(pk=upload.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    orphan = store.new_name()
    store.write(orphan, [b"nobody knows me"])
    for path in objects_in(store_folder):
        os.utime(path, (old.timestamp(), old.timestamp()))
    counts = actions.sweep()
    assert counts == {"expired": 1, "forgotten": 0, "unfinished": 1, "orphans": 1, "keys": 0}
    assert {path.name for path in objects_in(store_folder)} == {sent.object_name, fresh.object_name}
    expired = Attachment.objects.get(pk=upload.pk)
    assert (expired.state, bytes(expired.details_ciphertext), expired.details.name) == ("expired", b"", "")
    assert set(actions.sweep().values()) == {0}
    Attachment.objects.filter(pk=upload.pk).update(uploaded_at=timezone.now() - timedelta(days=31))
    assert actions.sweep()["forgotten"] == 1


@pytest.mark.django_db(transaction=True)
def test_full_disk_leaves_nothing_behind(
    buyer: User, buyer_mailbox: Mailbox, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messagecenter.attachments import disk

    def full(*args: object) -> Iterator[None]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk.os, "fsync", full)
    with pytest.raises(store.StoreDown):
        actions.upload(by=buyer, mailbox=buyer_mailbox, name="a.txt", plain=b"hello")
    monkeypatch.undo()
    assert (Attachment.objects.count(), DataKey.objects.filter(purpose=UPLOAD).count()) == (0, 0)


def test_staff_checks_again_only_with_the_right(upload: Attachment, supporter: User, admin: User) -> None:
    with pytest.raises(PermissionDenied):
        actions.rescan(by=supporter, attachment=upload)
    assert actions.rescan(by=admin, attachment=upload).state == "ready"


def test_opening_needs_right_and_reason_and_is_logged(upload: Attachment, supporter: User, admin: User) -> None:
    with pytest.raises(PermissionDenied):
        actions.disclose(by=supporter, attachment=upload, reason="neugierig")
    with pytest.raises(ValueError, match="reason"):
        actions.disclose(by=admin, attachment=upload, reason="  ")
    row = actions.disclose(by=admin, attachment=upload, reason="Beschwerde 7")
    assert (row.staff, row.attachment, row.reason) == (admin, upload, "Beschwerde 7")


def test_file_that_nobody_could_scan_for_three_days_is_told_to_its_sender(
    upload: Attachment, buyer: User, buyer_mailbox: Mailbox, settings: Settings, tmp_path: Path
) -> None:
    settings.CLAMAV_SOCKET = str(tmp_path / "no-daemon-here")
    waiting = actions.upload(by=buyer, mailbox=buyer_mailbox, name="b.txt", plain=b"wartet")
    assert waiting.state == "checking"
    actions.send(by=buyer, mailbox=buyer_mailbox, ids=[waiting.pk], thread_id=new_id())
    due = timezone.now() - timedelta(seconds=1)
    Attachment.objects.filter(pk=waiting.pk).update(next_check_at=due)
    assert actions.check_waiting() == []
    Attachment.objects.filter(pk=waiting.pk).update(next_check_at=due, uploaded_at=due - timedelta(hours=72))
    [given_up] = actions.check_waiting()
    assert (given_up.state, given_up.reason) == ("expired", "not_scanned")
    assert shown_file(given_up)["reason"].startswith("b.txt could not be checked for viruses in time.")


def test_file_that_cannot_be_read_stays_as_it_was_when_checked_again(upload: Attachment, admin: User) -> None:
    store.delete(upload.object_name)
    with pytest.raises(store.ObjectMissing):
        actions.rescan(by=admin, attachment=upload)
    upload.refresh_from_db()
    assert upload.state == "ready"


@pytest.mark.parametrize("change", [{"state": "expired"}, {"sent_at": timezone.now()}])
def test_check_decides_nothing_about_what_changed_meanwhile(upload: Attachment, change: dict[str, object]) -> None:
    """A check takes seconds: the sweep or the sender may be faster."""
    Attachment.objects.filter(pk=upload.pk).update(**change)
    assert actions._decide(upload, Attachment.State.REFUSED, "virus") is actions.Outcome.CHANGED
    assert Attachment.objects.get(pk=upload.pk).reason == ""


def test_file_sent_during_a_check_is_checked_once_more(
    upload: Attachment, buyer: User, buyer_mailbox: Mailbox, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict on the upload must not be lost because it became part of a message in the same second."""
    looked: list[str] = []

    def look(name: str, plain: bytes) -> None:
        looked.append(name)
        if len(looked) == 1:
            actions.send(by=buyer, mailbox=buyer_mailbox, ids=[upload.pk], thread_id=new_id())
        raise Refusal("macros")

    monkeypatch.setattr(actions, "check", look)
    row = actions.rescan(by=admin, attachment=upload)
    assert (row.state, row.reason, len(looked)) == ("refused", "macros", 2)


@pytest.mark.django_db(transaction=True)
def test_old_file_checked_again_while_the_scanner_is_down_waits_and_is_kept(
    upload: Attachment, buyer: User, buyer_mailbox: Mailbox, admin: User, settings: Settings, tmp_path: Path
) -> None:
    actions.send(by=buyer, mailbox=buyer_mailbox, ids=[upload.pk], thread_id=new_id())
    old = timezone.now() - timedelta(days=10)
    Attachment.objects.update(uploaded_at=old, expires_at=old + timedelta(days=2), stored_at=old)
    before = plain_of(upload)
    settings.CLAMAV_SOCKET = str(tmp_path / "no-daemon-here")
    assert actions.rescan(by=admin, attachment=upload).state == "checking"
    due = timezone.now() - timedelta(seconds=1)
    Attachment.objects.update(next_check_at=due)
    assert actions.check_waiting() == []
    Attachment.objects.update(next_check_at=due, waiting_since=due - timedelta(hours=72))
    assert [row.state for row in actions.check_waiting()] == ["expired"]
    for path in objects_in(tmp_path / "attachments"):
        os.utime(path, (old.timestamp(), old.timestamp()))
    assert set(actions.sweep().values()) == {0}
    assert plain_of(upload) == before
    settings.CLAMAV_SOCKET = ""
    assert actions.rescan(by=admin, attachment=upload).state == "ready"


@pytest.mark.django_db(transaction=True)
def test_record_of_an_opening_outlives_the_file(
    upload: Attachment, buyer: User, admin: User, store_folder: Path
) -> None:
    actions.disclose(by=admin, attachment=upload, reason="Beschwerde 7")
    actions.remove(by=buyer, attachment=upload)
    row = Attachment.objects.get()
    assert (row.state, bytes(row.details_ciphertext), objects_in(store_folder)) == ("expired", b"", [])
    Attachment.objects.update(uploaded_at=timezone.now() - timedelta(days=31))
    assert actions.sweep()["forgotten"] == 0
    assert AttachmentDisclosure.objects.get().attachment == row


def test_refused_uploads_beyond_those_remembered_leave_nothing(
    buyer: User, buyer_mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_REFUSED", 1)
    for _ in range(3):
        row = actions.upload(by=buyer, mailbox=buyer_mailbox, name="x.exe", plain=b"MZ")
        assert (row.state, row.details.name) == ("refused", "x.exe")
    assert (Attachment.objects.count(), DataKey.objects.filter(purpose=UPLOAD).count()) == (1, 1)


def test_sweep_finds_keys_whose_rows_were_never_written(upload: Attachment) -> None:
    Attachment(pk=new_id(), mailbox=upload.mailbox).seal_details(upload.details)
    DataKey.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert actions.sweep()["keys"] == 1
    assert [key.owner_id for key in DataKey.objects.filter(purpose=UPLOAD)] == [upload.pk]
