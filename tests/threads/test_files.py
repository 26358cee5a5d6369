"""Files in a conversation: sent up, sent along, opened by both sides and by nobody else."""

from __future__ import annotations

import io
import json
import socketserver
import threading
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.attachments import scanner, store
from messagecenter.attachments.inspection.limits import MOST_BYTES
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from messagecenter.threads.models import Enclosure, Message, Thread
from messagecenter.threads.periodic import check_attachments
from messagecenter.vault.actions import destroy_keys
from tests.attachments.conftest import photo

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def send_up(
    client: Client, name: str = "quittung.txt", plain: bytes = b"Zwetschgenkuchen", **more: object
) -> HttpResponse:
    return client.post("/attachments/", {"file": SimpleUploadedFile(name, plain), **more})


def uploaded(client: Client, name: str = "quittung.txt", plain: bytes = b"Zwetschgenkuchen") -> str:
    answer = send_up(client, name, plain)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def reply(client: Client, thread: Thread, body: str = "", **more: object) -> HttpResponse:
    values = {"body": body, "client_id": str(new_id()), **more}
    return client.post(reverse("threads:reply", args=[thread.pk]), values)


def file_url(thread: Thread, key: object) -> str:
    return reverse("threads:file", args=[thread.pk, key])


def content_of(answer: HttpResponse) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_file_goes_from_one_side_to_the_other(signed_in: SignIn, thread: Thread, buyer: User, seller: User) -> None:
    mine, theirs = signed_in(buyer), signed_in(seller)
    key = uploaded(mine, "Bild der Lampe.jpg", photo())
    assert reply(mine, thread, "So kam sie an.", attachments=[key]).status_code == 302
    page = theirs.get(f"/messages/{thread.pk}/")
    [shown] = page.context["messages_list"][-1].files
    assert (shown["name"], shown["state"]) == ("Bild der Lampe.jpg", "ready")
    assert shown["url"] in page.content.decode()
    assert shown["small_url"] in page.content.decode()
    answer = theirs.get(shown["url"])
    assert content_of(answer)[:2] == b"\xff\xd8"
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith('attachment; filename="Bild der Lampe.jpg"')
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")
    assert theirs.get(shown["url"], headers={"Range": "bytes=0-1"}).status_code == 206
    for part in ("small", "large"):
        preview = theirs.get(shown[f"{part}_url"])
        assert content_of(preview)[8:12] == b"WEBP"
    assert theirs.get("/messages/").context["rows"][0].files == 1


def test_nobody_else_opens_it(
    signed_in: SignIn,
    thread: Thread,
    buyer: User,
    seller: User,
    viewer: User,
    other_buyer: User,
    other_seller: User,
    admin: User,
) -> None:
    """A foreign file and one that does not exist are the same 404; so is a file under another thread's address."""
    mine = signed_in(buyer)
    key = uploaded(mine, "Bild.jpg", photo())
    for person in (seller, viewer, other_buyer, other_seller, admin):
        client = signed_in(person)
        assert client.get(f"/attachments/{key}/small/").status_code == 404, "before it was sent"
        assert client.get(f"/attachments/?id={key}").json() == {"files": []}
        assert client.post(f"/attachments/{key}/remove/").status_code == 204
    assert mine.get(f"/attachments/?id={key}").json()["files"][0]["name"] == "Bild.jpg"
    reply(mine, thread, "Siehe Bild.", attachments=[key])
    missing = uuid.uuid4()
    for path in ("", "small/", "large/"):
        assert signed_in(viewer).get(file_url(thread, key) + path).status_code == 200
        for person in (other_buyer, other_seller, admin):
            client = signed_in(person)
            foreign, nothing = client.get(file_url(thread, key) + path), client.get(file_url(thread, missing) + path)
            assert (foreign.status_code, nothing.status_code) == (404, 404)
    for path in ("files/", "files/all/"):
        assert signed_in(other_buyer).get(f"/messages/{thread.pk}/{path}").status_code == 404
    assert signed_in(seller).get(file_url(Thread(pk=missing), key)).status_code == 404
    assert mine.get(f"/attachments/{key}/small/").status_code == 404, "sent: reached through its thread only"


def test_rights_end_with_the_membership(signed_in: SignIn, thread: Thread, buyer: User, agent: User) -> None:
    client = signed_in(agent)
    key = uploaded(signed_in(buyer))
    reply(signed_in(buyer), thread, attachments=[key])
    assert client.get(file_url(thread, key)).status_code == 200
    Membership.objects.filter(user=agent).delete()
    assert client.get(file_url(thread, key)).status_code == 404


def test_foreign_used_and_missing_uploads_are_refused_alike(
    signed_in: SignIn, thread: Thread, buyer: User, seller: User, other_buyer: User
) -> None:
    mine = signed_in(buyer)
    foreign, used = uploaded(signed_in(other_buyer)), uploaded(mine)
    reply(mine, thread, "einmal", attachments=[used])
    for key in (foreign, used, str(uuid.uuid4())):
        answer = reply(mine, thread, "Mein langer Text.", attachments=[key])
        assert answer.status_code == 422
        assert "Mein langer Text." in answer.content.decode()
        assert "has expired or was sent already" in answer.content.decode()
    assert Message.objects.filter(thread=thread).count() == 2
    assert Enclosure.objects.count() == 1


def test_form_without_javascript_keeps_text_and_good_files(signed_in: SignIn, thread: Thread, buyer: User) -> None:
    mine = signed_in(buyer)
    files = [
        SimpleUploadedFile("gut.txt", b"gut"),
        SimpleUploadedFile("photo.heic", b"\x00\x00\x00\x18ftypheic"),
    ]
    answer = reply(mine, thread, "Beides anbei.", attachments=files)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "photo.heic is not a file we accept. Allowed:" in page
    assert "Beides anbei." in page
    [kept] = answer.context["uploads"]
    assert (kept["name"], str(kept["id"]) in page) == ("gut.txt", True)
    assert reply(mine, thread, "Beides anbei.", attachments=[str(kept["id"])]).status_code == 302
    assert [one.attachment.details.name for one in Enclosure.objects.all()] == ["gut.txt"]


def test_file_can_be_dropped_without_javascript(signed_in: SignIn, thread: Thread, buyer: User) -> None:
    mine = signed_in(buyer)
    keys = [uploaded(mine, "a.txt"), uploaded(mine, "b.txt")]
    reply(mine, thread, "nur eine", attachments=keys, drop=[keys[0]])
    assert [str(one.attachment_id) for one in Enclosure.objects.all()] == [keys[1]]


def test_message_may_be_files_only_but_not_nothing(
    signed_in: SignIn, thread: Thread, buyer: User, seller: User
) -> None:
    mine = signed_in(buyer)
    assert reply(mine, thread, "  ").status_code == 422
    assert reply(mine, thread, "", attachments=[uploaded(mine)]).status_code == 302
    assert signed_in(seller).get("/messages/").context["rows"][0].snippet == "Files, without text"


def test_text_and_files_together_hold_ten_megabytes_to_the_byte(signed_in: SignIn, thread: Thread, buyer: User) -> None:
    """Counted in bytes of UTF-8: the umlaut counts twice."""
    mine = signed_in(buyer)
    halves = [uploaded(mine, f"{n}.txt", b"a" * size) for n, size in enumerate((MOST_BYTES // 2, MOST_BYTES // 2 - 6))]
    answer = reply(mine, thread, "Grüße!", attachments=halves)
    assert answer.status_code == 422
    told = " ".join(answer.context["file_errors"])
    assert "At most 10.0 MB are possible: 2 bytes too much." in told.replace("\xa0", " ")
    assert "Grüße!" in answer.content.decode()
    assert reply(mine, thread, "  Grüß\r\n", attachments=halves).status_code == 302, "counted as it is sent"


def test_eleven_files_are_too_many(signed_in: SignIn, thread: Thread, buyer: User) -> None:
    mine = signed_in(buyer)
    keys = [uploaded(mine, f"{n}.txt", b"x") for n in range(11)]
    answer = reply(mine, thread, "viele", attachments=keys)
    assert answer.status_code == 422
    assert "11 files are too many. At most 10" in answer.content.decode()
    assert reply(mine, thread, "viele", attachments=keys[:10]).status_code == 302


def test_sending_twice_gives_the_first_message(signed_in: SignIn, thread: Thread, buyer: User) -> None:
    """By ids, and by a form that brings the same file again; another file under the same client id is no repeat."""
    mine = signed_in(buyer)
    client_id, key = str(new_id()), uploaded(mine, "a.txt", b"dieselbe")
    for files in ([key], [key], [SimpleUploadedFile("a.txt", b"dieselbe")]):
        assert reply(mine, thread, "einmal", client_id=client_id, attachments=files).status_code == 302
    other = reply(mine, thread, "einmal", client_id=client_id, attachments=[SimpleUploadedFile("a.txt", b"andere")])
    assert other.status_code == 409
    assert (Enclosure.objects.count(), Message.objects.filter(thread=thread).count()) == (1, 2)
    thread.refresh_from_db()
    assert thread.files == 1


def test_first_message_of_a_thread_takes_files_along(
    signed_in: SignIn, order: object, buyer: User, seller: User
) -> None:
    mine = signed_in(buyer)
    values = {
        "topic": "where_is_it",
        "subject": "Wo bleibt sie?",
        "body": "",
        "client_id": str(new_id()),
        "attachments": [SimpleUploadedFile("beleg.txt", b"Beleg"), SimpleUploadedFile("x.exe", b"MZ")],
    }
    refused = mine.post("/messages/new/?order=302-1234567-7654321", values)
    assert refused.status_code == 422
    assert "x.exe is not a file we accept" in refused.content.decode()
    values["attachments"] = [str(refused.context["uploads"][0]["id"])]
    assert mine.post("/messages/new/?order=302-1234567-7654321", values).status_code == 302
    assert signed_in(seller).get("/messages/").context["rows"][0].files == 1


def test_viewer_cannot_send_files_up(signed_in: SignIn, viewer: User, seller: User, shop: Mailbox) -> None:
    assert send_up(signed_in(viewer)).status_code == 403
    assert send_up(signed_in(seller), mailbox=str(uuid.uuid4())).status_code == 403
    assert send_up(Client()).status_code == 401
    assert not Attachment.objects.exists()


def test_refused_upload_names_file_and_reason(signed_in: SignIn, buyer: User) -> None:
    answer = send_up(signed_in(buyer), "leer.txt", b"")
    assert (answer.status_code, answer.json()["code"]) == (422, "empty")
    assert answer.json()["message"] == "leer.txt is empty."


def test_unscanned_file_is_seen_by_its_sender_only(
    signed_in: SignIn, thread: Thread, buyer: User, seller: User, settings: Settings, tmp_path: Path
) -> None:
    """With a scanner configured nothing is delivered unscanned, and nobody is told a name."""
    settings.CLAMAV_SOCKET = str(tmp_path / "no-daemon-here")
    mine, theirs = signed_in(buyer), signed_in(seller)
    answer = send_up(mine, "Geheimname.txt", b"Zwetschgenkuchen")
    assert (answer.status_code, answer.json()["state"]) == (201, "checking")
    key = answer.json()["id"]
    assert reply(mine, thread, "Anbei.", attachments=[key]).status_code == 302
    assert "Geheimname.txt" in mine.get(f"/messages/{thread.pk}/").content.decode()
    page = theirs.get(f"/messages/{thread.pk}/").content.decode()
    assert "Anbei." in page
    assert "Geheimname" not in page
    assert "1 file is still being checked" in page
    assert theirs.get(file_url(thread, key)).status_code == 404
    assert theirs.get(f"/messages/{thread.pk}/files/all/").status_code == 404
    assert "Geheimname" not in theirs.get(f"/messages/{thread.pk}/files/").content.decode()
    assert check_attachments() == 0, "not yet due, and the scanner is still down"

    settings.CLAMAV_SOCKET = ""
    scanner_is_back(settings, key)
    assert theirs.get(file_url(thread, key)).status_code == 200
    assert Event.objects.filter(kind="files").count() == 2, "both sides' open pages are told"


def scanner_is_back(settings: Settings, key: str) -> None:
    """Let a clean answer arrive for what waits: from a daemon of our own that calls everything clean."""

    class Clean(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            while size := int.from_bytes(self.rfile.read(4), "big"):
                self.rfile.read(size)
            self.wfile.write(b"stream: OK\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clean) as daemon:
        threading.Thread(target=daemon.serve_forever, daemon=True).start()
        settings.CLAMAV_ADDRESS = daemon.server_address
        Attachment.objects.filter(pk=key).update(next_check_at="2026-01-01T00:00:00Z")
        assert scanner.is_configured()
        assert check_attachments() == 1
        daemon.shutdown()


def test_files_cost_no_statement(signed_in: SignIn, thread: Thread, buyer: User, seller: User) -> None:
    mine, theirs = signed_in(buyer), signed_in(seller)

    def statements() -> int:
        theirs.get(f"/messages/{thread.pk}/")
        with CaptureQueriesContext(connection) as queries:
            theirs.get(f"/messages/{thread.pk}/")
        return len(queries)

    without = statements()
    reply(mine, thread, "eins", attachments=[uploaded(mine, "a.txt")])
    one = statements()
    for n in range(3):
        reply(mine, thread, str(n), attachments=[uploaded(mine, f"{n}{m}.txt") for m in range(3)])
    assert (one, statements()) == (without, without)


def test_all_files_come_as_one_zip_and_a_gallery(signed_in: SignIn, thread: Thread, buyer: User, seller: User) -> None:
    mine, theirs = signed_in(buyer), signed_in(seller)
    reply(mine, thread, "zwei", attachments=[uploaded(mine, "a.txt", b"erste"), uploaded(mine, "a.txt", b"zweite")])
    reply(theirs, thread, "eine", attachments=[uploaded(theirs, "ä.txt", b"dritte")])
    page = theirs.get(f"/messages/{thread.pk}/files/")
    assert [one["name"] for one in page.context["files"]] == ["ä.txt", "a.txt", "a.txt"]
    archive = zipfile.ZipFile(io.BytesIO(content_of(theirs.get(f"/messages/{thread.pk}/files/all/"))))
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "ä.txt": b"dritte",
        "a.txt": b"zweite",
        "a (2).txt": b"erste",
    }


def test_files_of_one_message_come_as_one_zip(signed_in: SignIn, thread: Thread, buyer: User, seller: User) -> None:
    mine, theirs = signed_in(buyer), signed_in(seller)
    reply(mine, thread, "zwei", attachments=[uploaded(mine, "a.txt", b"erste"), uploaded(mine, "b.txt", b"zweite")])
    reply(mine, thread, "eine", attachments=[uploaded(mine, "c.txt", b"dritte")])
    two, one = theirs.get(f"/messages/{thread.pk}/").context["messages_list"][-2:]
    assert one.zip_url == ""
    archive = zipfile.ZipFile(io.BytesIO(content_of(theirs.get(two.zip_url))))
    assert sorted(archive.namelist()) == ["a.txt", "b.txt"]
    assert theirs.get(f"/messages/{thread.pk}/files/all/?message=nonsense").status_code == 404


def test_erased_thread_takes_its_files_along(signed_in: SignIn, thread: Thread, buyer: User, admin: User) -> None:
    mine = signed_in(buyer)
    key = uploaded(mine, "Geheimname.txt")
    reply(mine, thread, "weg damit", attachments=[key])
    destroy_keys(owner_id=thread.pk, by=admin)
    for path in (f"/messages/{thread.pk}/", f"/messages/{thread.pk}/files/"):
        page = mine.get(path)
        assert page.status_code == 200
        assert "Geheimname" not in page.content.decode()
    assert mine.get(file_url(thread, key)).status_code == 404
    assert mine.get(f"/messages/{thread.pk}/files/all/").status_code == 404


def test_file_lost_by_the_store_is_said_not_a_500(signed_in: SignIn, thread: Thread, buyer: User, seller: User) -> None:
    mine = signed_in(buyer)
    key = uploaded(mine)
    reply(mine, thread, "da", attachments=[key])
    store.delete(Attachment.objects.get(pk=key).object_name)
    answer = signed_in(seller).get(file_url(thread, key))
    assert answer.status_code == 503
    assert "cannot be read just now" in answer.content.decode()


def test_lost_file_does_not_keep_the_others_out_of_the_zip(signed_in: SignIn, thread: Thread, buyer: User) -> None:
    mine = signed_in(buyer)
    keys = [uploaded(mine, f"{name}.txt", name.encode()) for name in ("eins", "zwei")]
    reply(mine, thread, "zwei", attachments=keys)
    store.delete(Attachment.objects.get(pk=keys[1]).object_name)
    archive = zipfile.ZipFile(io.BytesIO(content_of(mine.get(f"/messages/{thread.pk}/files/all/"))))
    assert (archive.namelist(), archive.read("eins.txt")) == (["eins.txt", "Not included.txt"], b"eins")
    assert b"zwei.txt" in archive.read("Not included.txt")


def test_preview_of_a_lost_upload_is_no_500(signed_in: SignIn, buyer: User) -> None:
    mine = signed_in(buyer)
    key = uploaded(mine, "Bild.jpg", photo())
    store.delete(Attachment.objects.get(pk=key).object_name)
    assert mine.get(f"/attachments/{key}/small/").status_code == 404


def test_upload_answer_tells_no_more_than_its_owner_may_know(signed_in: SignIn, buyer: User) -> None:
    told = json.loads(send_up(signed_in(buyer)).content)
    assert set(told) == {"id", "name", "kind", "size", "size_text", "state", "small_url", "note"}
