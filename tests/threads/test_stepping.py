"""To the next and the previous conversation without scripts: in the list a thread lies in, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.actions import create_folder
from messagecenter.threads.models import Entry, Place, Thread
from tests.factories import ProductFactory
from tests.threads.shelves import shelve

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def shelf(shop: Mailbox, buyer_mailbox: Mailbox) -> list[Thread]:
    """Four threads, the newest first; the third lies in a folder, where it is alone."""
    threads = shelve(shop, buyer_mailbox, ProductFactory(shop=shop), 4)
    for number, thread in enumerate(threads):
        moment = timezone.now() - timedelta(hours=number)
        Entry.objects.filter(mailbox=shop, thread=thread).update(last_message_at=moment)
    return threads


@pytest.fixture
def client(signed_in: SignIn, seller: User) -> Client:
    return signed_in(seller)


def step(client: Client, thread: Thread, way: str) -> str:
    """Return where a step leads."""
    answer = client.get(f"/messages/{thread.pk}/{way}/")
    assert answer.status_code == 302
    return str(answer["Location"])


def test_steps_go_through_the_list_a_thread_lies_in(
    client: Client, shelf: list[Thread], seller: User, shop: Mailbox
) -> None:
    first, second, filed, last = shelf
    folder = create_folder(by=seller, mailbox=shop, name="Returns")
    Entry.objects.filter(mailbox=shop, thread=filed).update(folder=folder)
    assert step(client, first, "next") == f"/messages/{second.pk}/"
    assert step(client, second, "next") == f"/messages/{last.pk}/"
    assert step(client, last, "previous") == f"/messages/{second.pk}/"
    assert [step(client, last, "next"), step(client, first, "previous")] == ["/messages/", "/messages/"]
    assert step(client, filed, "next") == step(client, filed, "previous") == f"/messages/?folder={folder.pk}"


def test_archive_and_trash_are_lists_of_their_own(client: Client, shelf: list[Thread], shop: Mailbox) -> None:
    archived = Entry.objects.filter(mailbox=shop, thread__in=[shelf[0], shelf[2]])
    archived.update(place=Place.ARCHIVE)
    Entry.objects.filter(mailbox=shop, thread=shelf[1]).update(place=Place.TRASH)
    assert step(client, shelf[0], "next") == f"/messages/{shelf[2].pk}/"
    assert step(client, shelf[2], "next") == "/messages/?box=archive"
    assert step(client, shelf[1], "next") == "/messages/?box=trash"


def test_page_has_links_and_strangers_get_nowhere(
    client: Client, signed_in: SignIn, shelf: list[Thread], other_seller: User
) -> None:
    page = client.get(f"/messages/{shelf[1].pk}/").content.decode()
    assert [f'href="/messages/{shelf[1].pk}/{way}/"' in page for way in ("next", "previous")] == [True, True]
    assert signed_in(other_seller).get(f"/messages/{shelf[1].pk}/next/").status_code == 404
