"""The answers to filing and the pages of folders, labels, rules and saved filters: each role, and every wrong id."""

from __future__ import annotations

import re

import pytest

from messagecenter.filing.actions import create_folder, create_label, create_rule
from messagecenter.filing.models import FilingRule, Folder, Label, SavedFilter
from messagecenter.filing.rules import Conditions
from messagecenter.ids import new_id
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.models import Entry, FilingRun, Place
from messagecenter.threads.periodic import file_waiting
from tests.factories import ProductFactory
from tests.threads.shelves import drifted, shelve

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def browser(seller, signed_in):
    """The shop owner's browser."""
    return signed_in(seller)


@pytest.fixture
def theirs(other_seller):
    """What another shop has: a folder, a label, a rule, a filter and a run."""
    mailbox = other_seller.mailboxes.get()
    return {
        "folder": create_folder(by=other_seller, mailbox=mailbox, name="Secret"),
        "label": create_label(by=other_seller, mailbox=mailbox, name="Secret"),
        "rule": FilingRule.objects.create(mailbox=mailbox, name="Secret", conditions={"topic": "invoice"}),
        "saved": SavedFilter.objects.create(mailbox=mailbox, name="Secret"),
        "run": FilingRun.objects.create(mailbox=mailbox, by=other_seller, state="done", done=1),
    }


def place_of(thread, mailbox):
    return Entry.objects.get(thread=thread, mailbox=mailbox).place


def test_a_form_files_goes_back_and_offers_an_undo(browser, thread, shop):
    data = {"verb": "archive", "thread": [thread.pk], "next": "/messages/?box=unread"}
    answer = browser.post("/messages/file/", data, follow=True)
    assert answer.redirect_chain == [("/messages/?box=unread", 302)]
    page = answer.content.decode()
    assert "1 conversation archived." in page
    [undo] = re.findall(r'action="(/messages/file/[-0-9a-f]+/undo/)"', page)
    assert place_of(thread, shop) == Place.ARCHIVE
    answer = browser.post(undo, {"next": "https://elsewhere.example/"}, follow=True)
    assert answer.redirect_chain == [("/messages/", 302)]
    assert "Undone: 1 conversation is as it was." in answer.content.decode()
    assert place_of(thread, shop) == Place.INBOX


def test_a_button_without_a_script_says_verb_and_value_in_one(browser, thread, shop, seller):
    folder = create_folder(by=seller, mailbox=shop, name="Tomorrow")
    for said in (f"move:{folder.pk}", f"assign:{seller.pk}", "priority:1"):
        browser.post("/messages/file/", {"verb": said, "value": "2", "thread": [thread.pk]})
    entry = Entry.objects.get(thread=thread, mailbox=shop)
    assert (entry.folder, entry.assignee, entry.priority) == (folder, seller, 1)
    browser.post("/messages/file/", {"verb": "assign:", "value": seller.pk, "thread": [thread.pk]})
    assert Entry.objects.get(pk=entry.pk).assignee is None
    assert browser.post("/messages/file/", {"verb": "move:elsewhere", "thread": [thread.pk]}).status_code == 404


def test_who_has_ticked_nothing_is_told_so_on_the_page(browser, thread, shop):
    answer = browser.post("/messages/file/", {"verb": "archive", "next": "/messages/?box=unread"}, follow=True)
    assert answer.redirect_chain == [("/messages/?box=unread", 302)]
    assert "Choose at least one conversation first." in answer.content.decode()
    refused = browser.post("/messages/file/", {"verb": "archive"}, **JSON)
    assert (refused.status_code, refused.json()) == (422, {"sentence": "Choose at least one conversation first."})
    assert place_of(thread, shop) == Place.INBOX
    assert not FilingRun.objects.exists()


def test_a_script_gets_what_was_done_as_json(browser, thread, shop, seller):
    folder = create_folder(by=seller, mailbox=shop, name="Invoices")
    answer = browser.post("/messages/file/", {"verb": "move", "value": folder.pk, "thread": [thread.pk]}, **JSON)
    run = FilingRun.objects.get()
    assert answer.json() == {
        "done": 1,
        "total": 1,
        "looked_at": 1,
        "state": "done",
        "sentence": "1 conversation moved to “Invoices”.",
        "undo": f"/messages/file/{run.pk}/undo/",
        "progress": "",
    }
    undone = browser.post(answer.json()["undo"], **JSON).json()
    assert (undone["state"], undone["undo"]) == ("undone", "")


def test_few_that_match_are_filed_at_once_and_many_in_the_background(browser, shop, seller, buyer_mailbox):
    shelve(shop, buyer_mailbox, ProductFactory(shop=shop), 250, unread=1)
    Entry.objects.filter(pk__in=Entry.objects.filter(mailbox=shop).values("pk")[:40]).update(priority=1)
    drifted(shop)
    few = browser.post("/messages/file/", {"verb": "star", "all": "1", "query": "priority=urgent"}, **JSON).json()
    assert (few["done"], few["state"], few["progress"]) == (40, "done", "")
    many = browser.post("/messages/file/", {"verb": "trash", "all": "1", "query": "box=unread"}, follow=True)
    run = FilingRun.objects.get(state="waiting")
    assert many.redirect_chain == [(f"/messages/file/{run.pk}/", 302)]
    page = many.content.decode()
    assert "<progress" in page
    assert "Stop and undo" not in page  # nothing is done yet
    file_waiting()
    progress = browser.get(f"/messages/file/{run.pk}/", **JSON).json()
    assert (progress["done"], progress["total"], progress["state"]) == (250, 250, "done")
    headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "run"}
    fragment = browser.get(f"/messages/file/{run.pk}/", **headers).content.decode()
    assert fragment.startswith('<div class="filing-run" id="run">')
    assert "250 conversations moved to the trash." in fragment
    answer = browser.post(f"/messages/file/{run.pk}/undo/", follow=True).content.decode()
    assert "Giving back" in answer
    file_waiting()
    assert Entry.objects.filter(mailbox=shop, place=Place.TRASH).count() == 0
    assert drifted(shop, buyer_mailbox) == []


@pytest.mark.parametrize("query", ["topic=nonsense", "since=yesterday"])
def test_all_that_match_is_never_more_than_was_meant(browser, thread, shop, query):
    answer = browser.post("/messages/file/", {"verb": "trash", "all": "1", "query": query}, **JSON)
    assert answer.status_code == 422
    assert answer.json()["sentence"]
    page = browser.post("/messages/file/", {"verb": "trash", "all": "1", "query": query}, follow=True)
    assert answer.json()["sentence"] in page.content.decode().replace("&quot;", '"').replace("&#x27;", "'")
    assert place_of(thread, shop) == Place.INBOX


def test_foreign_and_missing_ids_are_the_same_404(browser, theirs, thread, shop, other_seller, signed_in):
    missing = new_id()
    asked = {"verb": "move", "thread": [thread.pk]}
    for verb, value in (("move", theirs["folder"].pk), ("label", theirs["label"].pk), ("assign", other_seller.pk)):
        answers = [
            browser.post("/messages/file/", asked | {"verb": verb, "value": one}, **more)
            for one in (value, missing)
            for more in ({}, JSON)
        ]
        assert [answer.status_code for answer in answers] == [404] * 4
        assert answers[1].content == answers[3].content
    stranger = signed_in(other_seller)
    for one in (thread.pk, missing):
        assert stranger.post("/messages/file/", {"verb": "star", "thread": [one]}).status_code == 404
    assert browser.post("/messages/file/", {"verb": "explode", "thread": [thread.pk]}).status_code == 404
    for key in (theirs["run"].pk, missing):
        assert browser.get(f"/messages/file/{key}/").status_code == 404
        assert browser.post(f"/messages/file/{key}/undo/").status_code == 404
    for part, row in (("folders", "folder"), ("labels", "label"), ("rules", "rule"), ("saved", "saved")):
        for key in (theirs[row].pk, missing):
            does = {
                "folders": ("rename/", "move/", "delete/"),
                "labels": ("", "delete/"),
                "rules": ("", "move/", "switch/", "delete/", "apply/"),
                "saved": ("", "pin/", "move/", "delete/"),
            }[part]
            for what in does:
                answer = browser.post(f"/messages/{part}/{key}/{what}", {"name": "Mine", "goes_to": "inbox"})
                assert answer.status_code == 404, (part, what)
    for parent in (theirs["folder"].pk, missing, "x"):
        assert browser.post("/messages/folders/new/", {"name": "Child", "parent": parent}).status_code == 404
    assert {Folder.objects.get().name, Label.objects.get().name, FilingRule.objects.get().name} == {"Secret"}
    for path in ("folders", "rules", "saved", "rules/new"):
        assert "Secret" not in browser.get(f"/messages/{path}/").content.decode()


def test_who_only_reads_sees_the_pages_and_changes_nothing(viewer, signed_in, shop, seller, thread):
    folder = create_folder(by=seller, mailbox=shop, name="Invoices")
    label = create_label(by=seller, mailbox=shop, name="VIP")
    rule = create_rule(
        by=seller,
        mailbox=shop,
        name="Lamps",
        conditions=Conditions(words=("lamp",)),
        outcomes=[Filing(Verb.STAR).as_data()],
    )
    saved = SavedFilter.objects.create(mailbox=shop, name="Stars", query="box=starred")
    browser = signed_in(viewer)
    for path, name in (("folders", "Invoices"), ("rules", "Lamps"), ("saved", "Stars")):
        page = browser.get(f"/messages/{path}/").content.decode()
        assert name in page
        assert "<form" not in page.partition('<main id="main"')[2].partition("</main>")[0]
    posts = [
        ("file/", {"verb": "star", "thread": [thread.pk]}),
        ("file/", {"verb": "star", "all": "1"}),
        ("folders/new/", {"name": "x"}),
        (f"folders/{folder.pk}/rename/", {"name": "x"}),
        (f"folders/{folder.pk}/move/", {}),
        (f"folders/{folder.pk}/delete/", {"goes_to": "trash"}),
        ("labels/new/", {"name": "x"}),
        (f"labels/{label.pk}/", {"name": "x", "color": "red"}),
        (f"labels/{label.pk}/delete/", {}),
        ("rules/new/", {"name": "x"}),
        (f"rules/{rule.pk}/", {"name": "x"}),
        (f"rules/{rule.pk}/move/", {}),
        (f"rules/{rule.pk}/switch/", {}),
        (f"rules/{rule.pk}/delete/", {}),
        (f"rules/{rule.pk}/apply/", {}),
        ("saved/", {"name": "x", "query": ""}),
        (f"saved/{saved.pk}/", {"name": "x"}),
        (f"saved/{saved.pk}/pin/", {"pinned": "1"}),
        (f"saved/{saved.pk}/move/", {}),
        (f"saved/{saved.pk}/delete/", {}),
    ]
    assert {browser.post(f"/messages/{path}", data).status_code for path, data in posts} == {403}
    assert browser.post("/messages/file/", posts[0][1], **JSON).json()["sentence"].startswith("You can read here")
    assert [one.name for one in (*Folder.objects.all(), *Label.objects.all())] == ["Invoices", "VIP"]
    assert FilingRun.objects.count() == 0


def test_folders_and_labels_are_kept_with_plain_forms(browser, shop):
    browser.post("/messages/folders/new/", {"name": "Invoices"})
    invoices = Folder.objects.get()
    answer = browser.post("/messages/folders/new/", {"name": "2026", "parent": invoices.pk}, follow=True)
    assert "Invoices / 2026" in answer.content.decode()
    year = Folder.objects.get(name="2026")
    answer = browser.post(f"/messages/folders/{invoices.pk}/move/", {"parent": year.pk})
    assert answer.status_code == 422
    assert "“Invoices” cannot go into itself" in answer.content.decode()
    browser.post(f"/messages/folders/{year.pk}/rename/", {"name": "Year <b>2026</b>"})
    browser.post(f"/messages/folders/{year.pk}/move/", {"parent": ""})
    page = browser.get("/messages/folders/").content.decode()
    assert "Year &lt;b&gt;2026" in page
    browser.post("/messages/labels/new/", {"name": "VIP", "color": "purple"})
    label = Label.objects.get()
    browser.post(f"/messages/labels/{label.pk}/", {"name": "V.I.P.", "color": "pink"})
    assert "filing-pink" in browser.get("/messages/folders/").content.decode()
    browser.post(f"/messages/labels/{label.pk}/delete/")
    assert "V.I.P." not in browser.get("/messages/folders/").content.decode().partition('<main id="main"')[2]


def test_deleting_a_folder_asks_where_its_threads_go(browser, shop, seller, thread):
    invoices = create_folder(by=seller, mailbox=shop, name="Invoices")
    create_folder(by=seller, mailbox=shop, name="2026", parent=invoices)
    done = create_folder(by=seller, mailbox=shop, name="Done")
    browser.post("/messages/file/", {"verb": "move", "value": invoices.pk, "thread": [thread.pk]})
    page = browser.get(f"/messages/folders/{invoices.pk}/delete/").content.decode()
    offered = re.findall(r'<option value="([^"]+)"', page.partition('id="goes-to"')[2].partition("</select>")[0])
    assert offered == ["inbox", "archive", "trash", str(done.pk)]
    assert "Invoices / 2026" in page
    assert browser.post(f"/messages/folders/{invoices.pk}/delete/", {"goes_to": "away"}).status_code == 404
    browser.post(f"/messages/folders/{invoices.pk}/delete/", {"goes_to": done.pk})
    assert [one.name for one in Folder.objects.of_mailbox(shop)] == ["Done"]
    assert Entry.objects.get(thread=thread, mailbox=shop).folder == done


def test_a_rule_is_made_changed_ordered_and_applied(browser, shop, seller, thread):
    folder = create_folder(by=seller, mailbox=shop, name="Delivery")
    label = create_label(by=seller, mailbox=shop, name="Late")
    asked = {"name": "Where", "topic": "where_is_it", "words": "lamp, parcel", "is_active": "on"}
    answer = browser.post("/messages/rules/new/", asked)
    assert answer.status_code == 422
    assert "at least one thing the rule does" in answer.content.decode()
    answer = browser.post("/messages/rules/new/", {"name": "Empty", "star": "on"})
    assert "at least one condition" in answer.content.decode()
    wanted = asked | {"goes_to": folder.pk, "labels": [label.pk], "priority": "2", "assign": seller.pk, "star": "on"}
    page = browser.post("/messages/rules/new/", wanted, follow=True).content.decode()
    for words in ("lamp, parcel", "Where is my order?", "Delivery", "Late", "high", "Selma Lampe"):
        assert words in page
    rule = FilingRule.objects.get()
    form = browser.get(f"/messages/rules/{rule.pk}/").content.decode()
    assert 'value="Where"' in form
    [ticked] = re.findall(rf'<input[^>]*value="{label.pk}"[^>]*>', form)
    assert "checked" in ticked
    answer = browser.post(f"/messages/rules/{rule.pk}/apply/", follow=True)
    assert "conversations looked at so far" in answer.content.decode()
    file_waiting()
    entry = Entry.objects.get(thread=thread, mailbox=shop)
    assert (entry.folder, entry.assignee, list(entry.labels.all())) == (folder, seller, [label])
    run = FilingRun.objects.get()
    assert "The rule filed 1 conversation." in browser.get(f"/messages/file/{run.pk}/").content.decode()
    browser.post(f"/messages/rules/{rule.pk}/", wanted | {"name": "Changed", "is_active": ""})
    browser.post("/messages/rules/new/", wanted | {"name": "Second", "goes_to": "archive"})
    second = FilingRule.objects.get(name="Second")
    browser.post(f"/messages/rules/{second.pk}/move/", {"up": "1"})
    assert [one.name for one in FilingRule.objects.of_mailbox(shop)] == ["Second", "Changed"]
    assert "switched off" in browser.get("/messages/rules/").content.decode()
    browser.post(f"/messages/rules/{rule.pk}/switch/", {"is_active": "1"})
    browser.post(f"/messages/rules/{second.pk}/delete/")
    assert list(FilingRule.objects.values_list("name", "is_active")) == [("Changed", True)]


@pytest.mark.parametrize("field", ["goes_to", "labels", "assign", "topic", "priority"])
def test_a_rule_cannot_name_what_is_not_offered(browser, theirs, other_seller, field):
    value = {"goes_to": theirs["folder"].pk, "labels": theirs["label"].pk, "assign": other_seller.pk}
    data = {"name": "Mine", "words": "x", "star": "on", field: value.get(field, "nonsense")}
    answer = browser.post("/messages/rules/new/", data)
    if field == "labels":  # this shop has no labels: the field is not there
        assert FilingRule.objects.get(name="Mine").outcomes == [{"verb": "star", "value": ""}]
    else:
        assert answer.status_code == 422
        assert not FilingRule.objects.filter(name="Mine").exists()


def test_a_filter_is_saved_pinned_and_opened(browser, shop, thread):
    answer = browser.post("/messages/saved/", {"name": "Urgent", "query": "box=all&priority=urgent&sort=newest"})
    assert (answer.status_code, answer.url) == (302, "/messages/?box=all&priority=urgent")
    saved = SavedFilter.objects.get()
    assert browser.post("/messages/saved/", {"name": "urgent", "query": ""}).status_code == 422
    assert browser.post("/messages/saved/", {"name": "Odd", "query": "topic=nonsense"}).status_code == 422
    browser.post(f"/messages/saved/{saved.pk}/pin/", {"pinned": "1"})
    browser.post("/messages/file/", {"verb": "priority", "value": "1", "thread": [thread.pk]})
    assert shop.tally.counts[saved.counter] == [1, 1, 1]
    browser.post(f"/messages/saved/{saved.pk}/", {"name": "Very urgent"})
    browser.post("/messages/saved/", {"name": "Stars", "query": "box=starred", "pinned": "1"})
    stars = SavedFilter.objects.get(name="Stars")
    browser.post(f"/messages/saved/{stars.pk}/move/", {"up": "1"})
    page = browser.get("/messages/saved/").content.decode().partition('<main id="main"')[2]
    assert page.index("Stars") < page.index("Very urgent")
    browser.post(f"/messages/saved/{stars.pk}/delete/")
    assert list(SavedFilter.objects.values_list("name", "is_pinned")) == [("Very urgent", True)]
    assert drifted(shop) == []


@pytest.mark.parametrize("path", ["folders", "rules", "saved"])
def test_pages_cost_the_same_for_one_row_and_for_many(browser, shop, path, django_assert_max_num_queries):
    for number in range(20):
        Folder.objects.create(mailbox=shop, name=f"{number}")
        Label.objects.create(mailbox=shop, name=f"{number}")
        SavedFilter.objects.create(mailbox=shop, name=f"{number}", query="box=all")
        FilingRule.objects.create(mailbox=shop, name=f"{number}", conditions={"topic": "invoice"})
    browser.get(f"/messages/{path}/")
    with django_assert_max_num_queries(9):
        browser.get(f"/messages/{path}/")
