"""Internal notes: a team reads and removes them among the messages; the other side finds them nowhere at all."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from messagecenter.notices.models import Notice
from messagecenter.threads.actions import post_message, remove_note, write_internal_note
from messagecenter.threads.models import Entry, Message, Note, Thread
from messagecenter.threads.words import read_note
from messagecenter.vault import keyring

SignIn = Callable[[User], Client]
SECRET = "Holunderblüte"
FRAGMENT = {"HX-Request": "true", "HX-Target": "messages"}


def note(by: User, mailbox: Mailbox, thread: Thread, body: str = SECRET) -> Note:
    return write_internal_note(by=by, mailbox=mailbox, thread=thread, body=body)


def page_of(client: Client, thread: Thread, query: str = "") -> Any:
    return client.get(reverse("threads:detail", args=[thread.pk]) + query)


def shown(page: Any) -> list[bool]:
    """Return what the thread's page lists in its order, True for a note."""
    return [one.is_note for one in page.context["messages_list"]]


@pytest.fixture
def team(seller: User, agent: User, viewer: User) -> list[User]:
    return [seller, agent, viewer]


def test_note_stands_between_the_messages_marked_for_the_whole_team(
    signed_in: SignIn, thread: Thread, shop: Mailbox, team: list[User], seller: User, agent: User
) -> None:
    answer = signed_in(agent).post(reverse("threads:note_new", args=[thread.pk]), {"note": f" {SECRET}\r\nx "})
    [written] = Note.objects.all()
    assert answer.url == f"{reverse('threads:detail', args=[thread.pk])}#note-{written.pk}"
    post_message(by=seller, mailbox=shop, thread=thread, body="Answer", client_id=new_id())
    for person in team:
        page = page_of(signed_in(person), thread)
        text = page.content.decode()
        assert shown(page) == [False, True, False]
        assert [one.day for one in page.context["messages_list"]] == ["Today", "", ""]
        assert f'id="note-{written.pk}"' in text
        assert "Internal note" in text
        assert "Arno Helfer" in text
        assert SECRET in text
    assert read_note(written) == f"{SECRET}\nx"


def test_other_side_finds_a_note_nowhere(
    signed_in: SignIn,
    thread: Thread,
    answer: Message,
    shop: Mailbox,
    buyer: User,
    buyer_mailbox: Mailbox,
    team: list[User],
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Not in a page, a fragment, an export, an event, a notice, a mail, a log, nor in the row itself."""
    caplog.set_level(logging.DEBUG)
    before = list(Entry.objects.filter(mailbox=buyer_mailbox).values())
    notices, mails = Notice.objects.count(), len(mail.outbox)
    events = Event.objects.filter(mailbox_id=buyer_mailbox.pk).count()
    with django_capture_on_commit_callbacks(execute=True):
        written = note(team[1], shop, thread)
    assert Event.objects.filter(mailbox_id=buyer_mailbox.pk).count() == events
    assert list(Entry.objects.filter(mailbox=buyer_mailbox).values()) == before
    assert (Notice.objects.count(), len(mail.outbox)) == (notices, mails)
    client = signed_in(buyer)
    paths = ("", "since/", f"since/?after={thread.messages.order_by('pk')[0].pk}", "row/", "print/", "export.json")
    for path in paths:
        text = client.get(f"/messages/{thread.pk}/{path}").getvalue().decode()
        assert [word for word in (SECRET, str(written.pk), "Internal note", "note-form") if word in text] == []
    assert SECRET.encode() not in client.get(f"/messages/{thread.pk}/export.pdf").getvalue()
    for query in ("", "?box=all", "?box=unread"):
        assert SECRET not in client.get(f"/messages/{query}").content.decode()
    assert client.get(f"/messages/?box=all&q={SECRET}").context["rows"] == []
    assert client.get(f"/live/changes/?after={Event.objects.order_by('pk')[0].pk - 1}").content.count(b'"note"') == 0
    assert SECRET not in caplog.text
    assert SECRET.encode() not in bytes(Note.objects.get().body_ciphertext)


def test_note_is_in_no_export_print_or_search_of_its_own_side_either(
    signed_in: SignIn, thread: Thread, shop: Mailbox, team: list[User]
) -> None:
    """What is taken along or printed goes to others: notes stay on the page."""
    note(team[0], shop, thread)
    client = signed_in(team[0])
    for path in ("print/", "export.json"):
        assert SECRET not in client.get(f"/messages/{thread.pk}/{path}").getvalue().decode()
    assert client.get("/messages/?box=all&q=Holunderblüte").context["rows"] == []


def test_note_is_announced_to_its_own_mailbox_by_ids_only(
    thread: Thread, shop: Mailbox, buyer_mailbox: Mailbox, team: list[User]
) -> None:
    written = note(team[1], shop, thread)
    remove_note(by=team[1], note=written)
    events = Event.objects.filter(kind="note")
    assert [(one.mailbox_id, one.thread_id, one.message_id) for one in events] == [(shop.pk, thread.pk, None)] * 2


def test_note_changes_neither_clock_nor_place_nor_counters(thread: Thread, shop: Mailbox, team: list[User]) -> None:
    before = Entry.objects.filter(mailbox=shop).values().get()
    note(team[1], shop, thread)
    assert Entry.objects.filter(mailbox=shop).values().get() == before


def test_author_and_owner_may_remove_a_note_and_its_text_is_gone(
    signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User, agent: User, viewer: User
) -> None:
    mine, theirs = note(agent, shop, thread), note(seller, shop, thread, "The owner's own")
    for written, allowed in ((mine, (seller, agent)), (theirs, (seller,))):
        url = reverse("threads:note_remove", args=[thread.pk, written.pk])
        for person in (viewer, agent, seller):
            offered = url in page_of(signed_in(person), thread).content.decode()
            assert offered == (person in allowed)
        with pytest.raises(PermissionDenied):
            remove_note(by=viewer, note=written)
        assert signed_in(allowed[-1]).post(url).status_code == 302
        written.refresh_from_db()
        assert (bytes(written.body_ciphertext), written.removed_at is None) == (b"", False)
    assert signed_in(agent).post(reverse("threads:note_remove", args=[thread.pk, theirs.pk])).status_code == 403
    assert shown(page_of(signed_in(seller), thread)) == [False]


def test_stranger_other_side_and_viewer_cannot_write_or_remove(
    signed_in: SignIn, thread: Thread, shop: Mailbox, agent: User, viewer: User, buyer: User, other_seller: User
) -> None:
    written = note(agent, shop, thread)
    new, remove = (
        reverse("threads:note_new", args=[thread.pk]),
        reverse("threads:note_remove", args=[thread.pk, written.pk]),
    )
    statuses = {
        person.name: [signed_in(person).post(url, {"note": "x"}).status_code for url in (new, remove)]
        for person in (viewer, buyer, other_seller)
    }
    assert statuses == {"Vera Leserin": [403, 403], "Anna Müller": [403, 404], "Berta Berg": [404, 404]}
    assert [read_note(one) for one in Note.objects.all()] == [SECRET]


def test_mailbox_of_one_person_has_no_notes(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox, buyer: User
) -> None:
    for person in (buyer, seller):
        text = page_of(signed_in(person), thread).content.decode()
        assert "note-form" not in text
        assert signed_in(person).post(reverse("threads:note_new", args=[thread.pk]), {"note": "x"}).status_code == 403
    with pytest.raises(PermissionDenied):
        note(seller, shop, thread)
    assert Note.objects.count() == 0


def test_notes_stay_readable_when_the_team_has_shrunk(
    signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User, agent: User
) -> None:
    note(agent, shop, thread)
    Membership.objects.filter(user=agent).delete()
    assert shown(page_of(signed_in(seller), thread)) == [False, True]
    assert signed_in(agent).get(reverse("threads:detail", args=[thread.pk])).status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_note_that_cannot_be_kept_is_given_back(
    signed_in: SignIn, thread: Thread, seller: User, agent: User, text: str
) -> None:
    url = reverse("threads:note_new", args=[thread.pk])
    page = signed_in(seller).post(url, {"note": text})
    assert page.status_code == 422
    assert page.context["note_text"] == text
    assert page.context["note_error"] in page.content.decode()
    assert signed_in(seller).post(url, {"note": text}, headers=FRAGMENT).status_code == 422
    assert Note.objects.count() == 0


def test_notes_belong_to_the_stretch_they_were_written_in(
    signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messagecenter.threads.conversation.PAGE_MESSAGES", 2)
    for number in range(4):
        note(agent, shop, thread, f"Note {number}")
        post_message(by=seller, mailbox=shop, thread=thread, body=f"Answer {number}", client_id=new_id())
    client = signed_in(seller)
    newest = page_of(client, thread)
    earlier = page_of(client, thread, newest.context["earlier_url"])
    first = page_of(client, thread, earlier.context["earlier_url"])
    pages = [first, earlier, newest]
    assert [shown(page) for page in pages] == [[False, True], [False, True, False, True], [False, True, False]]
    ids = [one.id for page in pages for one in page.context["messages_list"]]
    assert ids == sorted(set(ids))
    assert len(ids) == 9


def test_since_gives_the_notes_that_came_after(
    signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User, agent: User
) -> None:
    last = thread.messages.get()
    note(agent, shop, thread)
    url = reverse("threads:since", args=[thread.pk])
    page = signed_in(seller).get(url, {"after": last.pk})
    assert shown(page) == [True]
    assert [one.day for one in page.context["messages_list"]] == [""]


def test_notes_from_before_the_trash_was_emptied_are_gone(
    signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User, agent: User
) -> None:
    note(agent, shop, thread, "Old")
    Entry.objects.filter(mailbox=shop).update(cleared_up_to=new_id())
    note(agent, shop, thread, "New")
    assert [str(one.html) for one in page_of(signed_in(seller), thread).context["messages_list"]] == ["New"]


def test_thread_page_asks_once_more_when_there_are_notes_and_never_without(
    signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User, agent: User
) -> None:
    client = signed_in(seller)
    page_of(client, thread)

    def asked() -> list[str]:
        keyring.forget_everything()
        with CaptureQueriesContext(connection) as captured:
            page_of(client, thread)
        return [query["sql"] for query in captured if query["sql"].startswith("SELECT")]

    without = asked()
    for _number in range(3):
        note(agent, shop, thread)
    with_three = asked()
    assert len(with_three) == len(without) + 1
    assert not [sql for sql in without if 'FROM "threads_note"' in sql and "EXISTS" not in sql]
