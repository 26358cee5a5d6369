"""A thread on paper, as PDF and as JSON: everything its reader may read, nothing else, however long it is."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pypdfium2
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.policy.models import PolicyVersion
from messagecenter.replies.actions import save_auto_reply
from messagecenter.threads import exporting, transcript
from messagecenter.threads.actions import close_thread
from messagecenter.threads.models import Entry, Message, Note, Place, Thread
from messagecenter.threads.paper import Block, write_paper
from messagecenter.threads.typesetting import MARGIN, printable
from messagecenter.threads.words import write_body, write_note
from tests.threads.writing import reply, uploaded

SignIn = Callable[[User], Client]
WAYS = ["print/", "export.json", "export.pdf"]


def words_in(pdf: bytes) -> str:
    """Return what can be selected in a PDF, without line breaks."""
    pages = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())


def export(client: Client, thread: Thread, way: str) -> str:
    """Return the words of an export."""
    answer = client.get(f"/messages/{thread.pk}/{way}")
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return words_in(content) if way.startswith("export.pdf") else content.decode()


@pytest.mark.parametrize("way", WAYS)
def test_everything_is_there_for_both_sides(
    signed_in: SignIn, thread: Thread, answer: Message, buyer: User, seller: User, way: str
) -> None:
    for person in (buyer, seller):
        words = export(signed_in(person), thread, way)
        for part in ("Zimtstern subject", "Where is my Flügelhorn lamp?", "It is on its way, Quittenbrot."):
            assert part in words
        for part in ("302-1234567-7654321", "Anna M.", "Nordlicht Lampen", "Desk lamp, oak", "00340434161094000000"):
            assert part in words
    assert ("Selma Lampe" in words) is True
    assert "Selma Lampe" not in export(signed_in(buyer), thread, way)


@pytest.mark.parametrize("way", WAYS)
def test_strangers_and_staff_get_the_404_of_a_missing_thread(
    signed_in: SignIn, thread: Thread, other_seller: User, other_buyer: User, admin: User, way: str
) -> None:
    for person in (other_seller, other_buyer, admin):
        client = signed_in(person)
        found, missing = (client.get(f"/messages/{pk}/{way}") for pk in (thread.pk, new_id()))
        assert (found.status_code, missing.status_code) == (404, 404)
        assert b"Zimtstern" not in found.content
    assert Client().get(f"/messages/{thread.pk}/{way}").status_code == 302


@pytest.mark.parametrize("way", WAYS)
def test_what_is_held_or_stopped_is_only_in_its_senders_copy_and_hidden_words_in_nobodys_else(
    signed_in: SignIn,
    thread: Thread,
    buyer: User,
    seller: User,
    shop: Mailbox,
    watchwords: PolicyVersion,
    way: str,
) -> None:
    reply(seller, shop, thread, "Quittenbrot holdword")
    reply(seller, shop, thread, "Apfelmus blockword")
    reply(seller, shop, thread, "Pfannkuchen hideword")
    own, others = (export(signed_in(person), thread, way) for person in (seller, buyer))
    for word in ("Quittenbrot", "Apfelmus", "hideword"):
        assert word in own
        assert word not in others
    assert "Pfannkuchen" in others
    told = ("held", "blocked") if way == "export.json" else ("Being checked by a person", "Not delivered.")
    assert all(part in own for part in told)
    assert not any(part in others for part in told)


@pytest.mark.parametrize("way", WAYS)
def test_files_are_named_to_who_may_see_them(
    signed_in: SignIn, thread: Thread, buyer: User, seller: User, shop: Mailbox, way: str
) -> None:
    files = [uploaded(seller, shop, f"{name}.txt", "words") for name in ("Rechnung", "Geheim")]
    reply(seller, shop, thread, "Here they are", attachment_ids=[one.pk for one in files])
    Attachment.objects.filter(pk=files[1].pk).update(state=Attachment.State.CHECKING)
    own, others = (export(signed_in(person), thread, way) for person in (seller, buyer))
    assert ("Rechnung.txt" in own, "Geheim.txt" in own) == (True, True)
    assert ("Rechnung.txt" in others, "Geheim" in others) == (True, False)
    assert "1 file is still being checked" in others


@pytest.mark.parametrize("way", WAYS)
def test_what_a_side_threw_away_for_good_is_not_in_its_copy(
    signed_in: SignIn, thread: Thread, answer: Message, buyer: User, seller: User, shop: Mailbox, way: str
) -> None:
    Entry.objects.filter(thread=thread, mailbox=shop).update(place=Place.GONE, cleared_up_to=answer.pk)
    reply(buyer, buyer.mailboxes.get(), thread, "Still here?")
    words = export(signed_in(seller), thread, way)
    assert "Still here?" in words
    assert "Flügelhorn" not in words
    assert "Flügelhorn" in export(signed_in(buyer), thread, way)


@pytest.mark.parametrize("way", WAYS)
def test_internal_notes_are_in_no_copy(
    signed_in: SignIn, thread: Thread, answer: Message, buyer: User, seller: User, shop: Mailbox, way: str
) -> None:
    note = Note(thread=thread, mailbox=shop, author=seller)
    write_note(note, "Apfelmus, for the team only")
    note.save()
    for person in (buyer, seller):
        words = export(signed_in(person), thread, way)
        assert "Quittenbrot" in words
        assert "Apfelmus" not in words


def test_json_is_data(
    signed_in: SignIn, thread: Thread, buyer: User, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    texts = {"de": "Wir sind nicht da."}
    times: dict[str, Any] = {"away_from": None, "away_until": None, "time_zone": "UTC", "hours": {}}
    save_auto_reply(by=seller, mailbox=shop, is_on=True, when="absent", texts=texts, **times)
    reply(buyer, buyer_mailbox, thread, 'Line one\n"quoted" </script> 😀')
    answer = signed_in(buyer).get(f"/messages/{thread.pk}/export.json")
    data = json.loads(b"".join(answer.streaming_content))
    assert (data["own"], data["other"], data["order"]["number"]) == ("Anna M.", "Nordlicht Lampen", thread.order.number)
    assert [(one["from"], one["text"], one["is_automatic"]) for one in data["messages"]] == [
        ("own", "Where is my Flügelhorn lamp?", False),
        ("own", 'Line one\n"quoted" </script> 😀', False),
        ("other", "Wir sind nicht da.", True),
    ]
    assert answer["Cache-Control"] == "private, no-store"
    name = 'attachment; filename="Conversation 302-1234567-7654321.json"'
    assert answer["Content-Disposition"].startswith(name)
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_times_are_the_readers(signed_in: SignIn, thread: Thread, buyer: User, seller: User) -> None:
    Message.objects.update(sent_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    User.objects.filter(pk=buyer.pk).update(language="de", time_zone="Asia/Tokyo")
    for way in ("print/", "export.pdf"):
        assert "2. Juli 2026 07:30" in export(signed_in(buyer), thread, way)
        assert "July 2, 2026" in export(signed_in(seller), thread, way)
        assert "12:30 AM" in export(signed_in(seller), thread, way)


def test_pdf_is_tagged_numbered_and_says_its_language(signed_in: SignIn, thread: Thread, buyer: User) -> None:
    User.objects.filter(pk=buyer.pk).update(language="de")
    for number in range(60):
        reply(buyer, buyer.mailboxes.get(), thread, f"Frage {number}: Grüße, Straße, 5 €")
    content = signed_in(buyer).get(f"/messages/{thread.pk}/export.pdf").content
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) > 2
        assert str(pdf.Root.Lang) == "de"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.docinfo.Title) == "Zimtstern subject"
        elements = pdf.Root.StructTreeRoot.K[0].K
        assert [str(one.S) for one in elements].count("/H2") == 61
        assert str(elements[0].S) == "/H1"
        numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
        for page, (number, tagged) in zip(pdf.pages, zip(numbers[::2], numbers[1::2], strict=True), strict=True):
            assert page.obj.StructParents == number
            assert page.Contents.read_bytes().count(b"/MCID") == len(tagged)
    words = words_in(content)
    assert "Frage 59: Grüße, Straße, 5 €" in words
    assert "Page 3" in words or "Seite 3" in words


@pytest.mark.parametrize(
    ("text", "printed", "is_complete"),
    [
        ("Grüße, Straße – 5 € łódź Привет Ελλάδα", "Grüße, Straße – 5 € łódź Привет Ελλάδα", True),
        ("a\u0308", "ä", True),
        ("Danke 😀", "Danke 😀", True),
        ("ab 🚀!", "ab [rocket]!", True),
        ("👍🏽 \u2764\ufe0f", "[thumbs up sign] ❤", True),
        ("你好", "\ufffd\ufffd", False),
        ("שלום", "שלום", False),
        ("a\u202eb\u200bc\x07", "abc", True),
    ],
)
def test_what_the_font_lacks_is_named_or_marked_never_lost_silently(text: str, printed: str, is_complete: bool) -> None:
    assert printable(text) == (printed, is_complete)


def test_long_words_and_long_messages_go_on_on_the_next_line_and_page() -> None:
    content = write_paper(
        [Block("x" * 3000), Block("word " * 3000), Block("你")],
        title="t" * 300,
        language="en",
        page_label="P",
        note="NOTE",
    )
    pages = pypdfium2.PdfDocument(content)
    words = words_in(content)
    assert len(pages) > 3
    assert (words.count("x"), words.count("word"), "NOTE" in words) == (3000, 3000, True)
    for page in pages:
        text = page.get_textpage()
        edges = [text.get_charbox(number)[2] for number in range(text.count_chars())]
        assert max(edges) <= page.get_width() - MARGIN + 2


def test_a_long_thread_asks_little_and_comes_whole(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox, buyer_mailbox: Mailbox
) -> None:
    client = signed_in(seller)

    def asked(way: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            export(client, thread, way)
        return len(captured)

    few = {way: asked(way) for way in WAYS}
    rows = [
        Message(thread=thread, sender=sender, client_id=new_id(), sent_at=timezone.now())
        for _number in range(510)
        for sender in (shop, buyer_mailbox)
    ]
    for number, row in enumerate(rows):
        write_body(row, f"Message {number}.")
    Message.objects.bulk_create(rows)
    for way in WAYS:
        assert asked(way) <= few[way] + 2
        words = export(client, thread, way)
        assert [f"Message {number}." in words for number in (0, 499, 500, 1019)] == [True] * 4


def test_a_very_long_thread_comes_in_parts_that_say_so(
    signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paper holds so many messages; the others are on earlier parts, and none is missing."""
    for module in (transcript, exporting):
        monkeypatch.setattr(module, "MOST_ON_PAPER", 4)
    rows = [Message(thread=thread, sender=shop, client_id=new_id(), sent_at=timezone.now()) for _ in range(9)]
    for number, row in enumerate(rows):
        write_body(row, f"Zimtstern{number}.")
    Message.objects.bulk_create(rows)
    client, way, parts = signed_in(seller), "print/", []
    while way:
        page = export(client, thread, way)
        printed = export(client, thread, way.replace("print/", "export.pdf"))
        numbers = [number for number in range(9) if f"Zimtstern{number}." in page]
        assert [number for number in range(9) if f"Zimtstern{number}." in printed] == numbers
        told = re.search(r"Messages \d+ to \d+ of 10\.", page)
        assert told
        assert told[0] in printed
        parts.append((told[0], numbers))
        earlier = re.search(r'href="(\?before=[-0-9a-f]+)">Earlier messages', page)
        way = f"print/{earlier[1]}" if earlier else ""
    assert parts == [
        ("Messages 7 to 10 of 10.", [5, 6, 7, 8]),
        ("Messages 3 to 6 of 10.", [1, 2, 3, 4]),
        ("Messages 1 to 2 of 10.", [0]),
    ]
    monkeypatch.setattr(transcript, "MOST_ON_PAPER", 10)
    monkeypatch.setattr(exporting, "MOST_ON_PAPER", 10)
    assert "of 10." not in export(client, thread, "print/")


def test_a_closed_thread_and_an_unreadable_message_are_exported_too(
    signed_in: SignIn, thread: Thread, answer: Message, seller: User, shop: Mailbox
) -> None:
    close_thread(by=seller, mailbox=shop, thread=thread)
    Message.objects.filter(pk=answer.pk).update(body_ciphertext=b"broken")
    for way in WAYS:
        words = export(signed_in(seller), thread, way)
        assert "This message is damaged and cannot be shown." in words
        assert "Flügelhorn" in words
