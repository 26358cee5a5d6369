"""What stands around a list: views with counters, folders as a tree, labels, the filter in words, whose they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.filing.models import Folder, Label, SavedFilter
from messagecenter.ids import new_id
from messagecenter.threads.context import Navigation, labels_of, navigation_of, shown
from messagecenter.threads.models import Entry, EntryLabel, Tally, Thread
from tests.threads.test_queries import questions

SignIn = Callable[[User], Client]


def nav_of(person: User) -> Navigation:
    return navigation_of(Membership.objects.of(person).get())


@pytest.fixture
def folders(shop: Mailbox) -> dict[str, Folder]:
    """Three levels, and a second folder at the top whose name comes first."""
    returns = Folder.objects.create(mailbox=shop, name="Returns")
    damaged = Folder.objects.create(mailbox=shop, name="dented lamps", parent=returns)
    broken = Folder.objects.create(mailbox=shop, name="Broken glass", parent=damaged)
    invoices = Folder.objects.create(mailbox=shop, name="Invoices")
    return {"returns": returns, "damaged": damaged, "broken": broken, "invoices": invoices}


@pytest.mark.parametrize(("number", "text"), [(-1, ""), (0, ""), (1, "1"), (99, "99"), (100, "99+"), (12000, "99+")])
def test_counters_are_shown_up_to_99(number: int, text: str) -> None:
    assert shown(number) == text


def test_seller_has_all_views_and_a_buyer_the_simple_ones(thread: Thread, seller: User, buyer: User) -> None:
    at_shop, at_home = nav_of(seller), nav_of(buyer)
    assert [view.key for view in at_shop.views] == [
        *("inbox", "unread", "needs_reply", "waiting", "mine", "starred", "sent", "archive", "trash")
    ]
    assert [view.key for view in at_shop.more] == ["received", "held", "all"]
    assert [view.key for view in at_home.views] == [
        *("inbox", "unread", "needs_reply", "starred", "sent", "archive", "trash")
    ]
    assert (at_home.more, at_home.members, at_home.rules_url) == ([], [], "")


def test_counters_come_from_the_tally(thread: Thread, seller: User, shop: Mailbox, folders: dict[str, Folder]) -> None:
    """The numbers are what the tally says, even where that is not what there is: nothing is counted."""
    counts = {
        "inbox": [100, 7, 300],
        "current": [101, 0, 400],
        "all": [0, 12, 500],
        f"mine:{seller.pk.hex}": [0, 0, 3],
        f"folder:{folders['damaged'].pk.hex}": [5, 0, 9],
        "held": [0, 0, 2],
    }
    Tally.objects.filter(pk=shop.pk).update(counts=counts)
    nav = nav_of(seller)
    found = {link.key: link.count for link in nav.counted if link.count}
    assert found == {
        "inbox": "99+",
        "unread": "99+",
        "needs_reply": "12",
        "mine": "3",
        "held": "2",
        f"folder:{folders['damaged'].pk}": "5",
    }
    assert nav.views[-1].key == "held"  # what needs a look is not hidden among the rare views
    assert "held" not in [link.key for link in nav.more]


def test_folders_are_a_tree_by_name(seller: User, folders: dict[str, Folder]) -> None:
    found = [(link.label, link.level, link.url, link.drop) for link in nav_of(seller).folders]
    assert found == [
        (one.name, level, f"/messages/?folder={one.pk}", f"move:{one.pk}")
        for one, level in [
            *((folders["invoices"], 0), (folders["returns"], 0)),
            *((folders["damaged"], 1), (folders["broken"], 2)),
        ]
    ]


def test_nothing_of_another_mailbox_is_shown(
    signed_in: SignIn, thread: Thread, seller: User, other_seller: User, buyer: User, shop: Mailbox
) -> None:
    """Folders, labels, saved filters and members are one side's own: neither the buyer nor another shop sees them."""
    Folder.objects.create(mailbox=shop, name="Zwetschge folder")
    label = Label.objects.create(mailbox=shop, name="Zwetschge label")
    EntryLabel.objects.create(entry=Entry.objects.get(thread=thread, mailbox=shop), label=label)
    SavedFilter.objects.create(mailbox=shop, name="Zwetschge filter", query="priority=urgent", is_pinned=True)
    url = reverse("threads:detail", args=[thread.pk])
    assert signed_in(seller).get("/messages/").content.decode().count("Zwetschge filter") == 1
    for page in ("/messages/", url):
        assert "Zwetschge label" in signed_in(seller).get(page).content.decode()
        assert "Zwetschge" not in signed_in(buyer).get(page).content.decode()
    assert "Zwetschge" not in signed_in(other_seller).get("/messages/").content.decode()
    assert seller.get_full_name() not in [link.label for link in nav_of(other_seller).members]


def test_only_pinned_filters_stand_in_the_menu(seller: User, shop: Mailbox) -> None:
    for name, pinned in (("Urgent", True), ("Rare", False)):
        SavedFilter.objects.create(mailbox=shop, name=name, query=f"q={name}", is_pinned=pinned)
    assert [(link.label, link.url) for link in nav_of(seller).saved] == [("Urgent", "/messages/?q=Urgent")]


def test_current_line_of_the_menu(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox, folders: dict[str, Folder]
) -> None:
    label = Label.objects.create(mailbox=shop, name="Refund")
    saved = SavedFilter.objects.create(mailbox=shop, name="Urgent", query="priority=urgent", is_pinned=True)
    client = signed_in(seller)
    expected = {
        "": "inbox",
        "?box=waiting": "waiting",
        "?order=12345": "inbox",
        "?priority=urgent": f"saved:{saved.pk}",
        f"?folder={folders['damaged'].pk}": f"folder:{folders['damaged'].pk}",
        f"?box=all&label={label.pk}": f"label:{label.pk}",
    }
    assert {query: client.get(f"/messages/{query}").context["nav_current"] for query in expected} == expected


def test_heading_says_which_folder(signed_in: SignIn, seller: User, folders: dict[str, Folder]) -> None:
    page = signed_in(seller).get(f"/messages/?folder={folders['damaged'].pk}")
    assert page.context["box_label"] == "dented lamps"


def test_name_of_a_foreign_folder_stays_unknown(
    signed_in: SignIn, thread: Thread, other_seller: User, folders: dict[str, Folder]
) -> None:
    page = signed_in(other_seller).get(f"/messages/?folder={folders['damaged'].pk}")
    assert (page.status_code, page.context["box_label"], page.context["rows"]) == (200, "Folder", [])
    assert "dented" not in page.content.decode()


def test_active_filter_is_told_in_words_and_each_part_can_be_removed(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox
) -> None:
    label = Label.objects.create(mailbox=shop, name="Refund <b>", color=Label.Color.RED)
    query = f"box=unread&order=302&priority=urgent&label={label.pk}&since=2026-11-01&files=1&sort=oldest"
    page = signed_in(seller).get(f"/messages/?{query}")
    parts = page.context["filter_parts"]
    assert [part.text for part in parts] == [
        *("Order 302", "From Nov. 1, 2026", "Refund <b>", "Urgent", "With files", "Oldest first")
    ]
    without_priority = next(part.url for part in parts if part.text == "Urgent")
    assert "priority" not in without_priority
    for kept in ("box=unread", "order=302", f"label={label.pk}", "since=2026-11-01", "files=1", "sort=oldest"):
        assert kept in without_priority
        assert escape(without_priority) in page.content.decode()
    assert "Refund &lt;b&gt;" in page.content.decode()
    assert "Refund <b>" not in page.content.decode()
    assert page.context["plain_url"] == "/messages/?box=unread"


def test_plain_list_has_no_filter(signed_in: SignIn, thread: Thread, seller: User) -> None:
    page = signed_in(seller).get("/messages/")
    assert page.context["filter_parts"] == []
    assert 'class="parts"' not in page.content.decode()


def test_viewer_has_nothing_to_file_with(signed_in: SignIn, thread: Thread, viewer: User, seller: User) -> None:
    """A member who may only read sees folders and labels but no form that files, on the list and on the thread."""
    controls = ('id="filing"', 'class="row-pick"', 'class="row-star"', "data-thread-verb", 'id="selection"')
    url = reverse("threads:detail", args=[thread.pk])
    for page in ("/messages/", url):
        assert [one for one in controls if one in signed_in(viewer).get(page).content.decode()] == []
    both = "".join(signed_in(seller).get(page).content.decode() for page in ("/messages/", url))
    assert [one for one in controls if one not in both] == []


def test_labels_of_a_thread_are_named_on_its_page_and_in_its_fragment(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox
) -> None:
    entry = Entry.objects.get(thread=thread, mailbox=shop)
    for name in ("Warehouse", "Refund"):
        EntryLabel.objects.create(entry=entry, label=Label.objects.create(mailbox=shop, name=name))
    Label.objects.create(mailbox=shop, name="Not on it")
    assert [label.label for label in labels_of(entry)] == ["Refund", "Warehouse"]
    client, url = signed_in(seller), reverse("threads:detail", args=[thread.pk])
    fragment = {"HX-Request": "true", "HX-Target": "section#thread"}
    for headers in ({}, fragment):
        page = client.get(url, headers=headers)
        assert [label.label for label in page.context["thread_labels"]] == ["Refund", "Warehouse"]


def test_many_folders_and_labels_cost_no_more_questions(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox
) -> None:
    client = signed_in(seller)
    client.get("/messages/")
    few = questions(client, "GET", "/messages/")
    for number in range(30):
        Folder.objects.create(mailbox=shop, name=f"Folder {number}")
        label = Label.objects.create(mailbox=shop, name=f"Label {number}")
        EntryLabel.objects.create(entry=Entry.objects.get(thread=thread, mailbox=shop), label=label)
        SavedFilter.objects.create(mailbox=shop, name=f"Filter {number}", query=f"q={new_id()}", is_pinned=True)
    assert len(questions(client, "GET", "/messages/")) == len(few)


def test_counters_fragment_names_every_counter(
    signed_in: SignIn, thread: Thread, seller: User, folders: dict[str, Folder]
) -> None:
    page = signed_in(seller).get("/messages/counters/").content.decode()
    for key, text in {"inbox": "1", "unread": "1", "needs_reply": "1", f"folder:{folders['damaged'].pk}": ""}.items():
        assert f'data-value="{key}">{text}</span>' in page
