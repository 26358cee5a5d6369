"""Drafts: kept for one person on all devices, never overwritten unseen, gone with the message, seen by nobody else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.live.models import Event
from messagecenter.threads.actions import DraftChanged, DraftFor, save_draft
from messagecenter.threads.drafted import MOST_LISTED
from messagecenter.threads.models import Draft, Message, Thread
from messagecenter.threads.periodic import forget_drafts
from messagecenter.threads.words import read_body, read_draft, read_draft_subject
from orders.models import Order
from tests.factories import ProductFactory
from tests.threads.writing import uploaded

SignIn = Callable[[User], Client]
HTML = {"Accept": "text/html"}
SECRET = "Zwiebelkuchen"


def url_of(thread: Thread) -> str:
    return reverse("threads:draft", args=[thread.pk])


def page_of(client: Client, thread: Thread) -> Any:
    return client.get(reverse("threads:detail", args=[thread.pk]))


def saved(client: Client, thread: Thread, body: str, version: int = 0, **more: Any) -> Any:
    return client.post(url_of(thread), {"body": body, "version": version, **more})


def test_draft_typed_on_one_device_opens_the_composer_on_another(
    signed_in: SignIn, thread: Thread, seller: User
) -> None:
    desk, phone = signed_in(seller), signed_in(seller)
    answer = saved(desk, thread, "It left on ").json()
    later = saved(desk, thread, "It left on Monday.", answer["version"]).json()
    assert later["version"] > answer["version"]
    page = page_of(phone, thread)
    assert page.context["form"]["body"].value() == "It left on Monday."
    assert page.context["form"]["draft_version"].value() == later["version"]
    assert "Draft saved at" in page.content.decode()
    assert phone.get(url_of(thread)).json()["body"] == "It left on Monday."
    assert Draft.objects.count() == 1


def test_version_that_is_behind_gets_the_other_text_and_overwrites_nothing(
    signed_in: SignIn, thread: Thread, seller: User
) -> None:
    desk, phone = signed_in(seller), signed_in(seller)
    first = saved(desk, thread, "From the desk").json()
    second = saved(phone, thread, "From the phone", first["version"]).json()
    refused = saved(desk, thread, "From the desk, longer", first["version"])
    assert refused.status_code == 409
    data = refused.json()
    assert (data["version"], data["body"]) == (second["version"], "From the phone")
    assert "From the phone" in data["panel"]
    assert read_draft(Draft.objects.get()) == "From the phone"
    kept = desk.post(url_of(thread), {"body": "From the desk, longer", "over": second["version"]})
    assert (kept.status_code, read_draft(Draft.objects.get())) == (200, "From the desk, longer")


def test_same_text_is_no_conflict_and_is_not_written_again(signed_in: SignIn, thread: Thread, seller: User) -> None:
    client = signed_in(seller)
    first = saved(client, thread, "The same").json()
    again = saved(client, thread, "The same", 0)
    assert (again.status_code, again.json()["version"]) == (200, first["version"])


def test_version_of_a_deleted_draft_never_fits_a_later_one(thread: Thread, seller: User, shop: Mailbox) -> None:
    whose: dict[str, Any] = {"by": seller, "mailbox": shop, "matter": DraftFor(thread=thread)}
    first = save_draft(**whose, version=0, body="One")
    assert first is not None
    assert save_draft(**whose, version=first.version, body="  ") is None
    second = save_draft(**whose, version=0, body="Two")
    assert second is not None
    with pytest.raises(DraftChanged) as changed:
        save_draft(**whose, version=first.version, body="One, longer")
    assert changed.value.other.version == second.version > first.version


def test_conflict_without_scripts_shows_both_texts_to_choose_from(
    signed_in: SignIn, thread: Thread, seller: User
) -> None:
    client = signed_in(seller)
    other = saved(client, thread, "From the phone").json()
    page = client.post(url_of(thread), {"body": "From the <desk>", "draft_version": "1"}, headers=HTML)
    text = page.content.decode()
    assert page.status_code == 409
    assert "From the phone" in text
    assert "From the &lt;desk&gt;" in text
    assert f'name="over" value="{other["version"]}"' in text


def test_draft_is_saved_by_a_button_without_scripts_with_its_files(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox
) -> None:
    client = signed_in(seller)
    file = uploaded(seller, shop, "bill.txt", "Invoice 1")
    sent = {"body": "Later\r\nmore", "attachments": [str(file.pk)], "client_id": new_id()}
    answer = client.post(url_of(thread), sent, headers=HTML)
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("threads:detail", args=[thread.pk]))
    page = page_of(client, thread)
    assert page.context["form"]["body"].value() == "Later\nmore"
    assert page.context["form"]["client_id"].value() == str(sent["client_id"])
    assert "bill.txt" in page.content.decode()
    assert Attachment.objects.get(pk=file.pk).expires_at > timezone.now() + timedelta(days=80)


def test_sending_deletes_the_draft_in_the_same_transaction(
    signed_in: SignIn, thread: Thread, seller: User, agent: User
) -> None:
    client = signed_in(seller)
    version = saved(client, thread, "It left on Monday.").json()["version"]
    saved(signed_in(agent), thread, "Arno types, too")
    reply = reverse("threads:reply", args=[thread.pk])
    client.post(reply, {"body": "It left on Monday.", "client_id": new_id(), "draft_version": version})
    assert [read_draft(draft) for draft in Draft.objects.all()] == ["Arno types, too"]
    assert page_of(client, thread).context["form"]["body"].value() in (None, "")


def test_sending_an_older_text_leaves_what_another_device_saved_since(
    signed_in: SignIn, thread: Thread, seller: User
) -> None:
    client = signed_in(seller)
    first = saved(client, thread, "Short").json()["version"]
    saved(client, thread, "Short, and more from the phone", first)
    reply = reverse("threads:reply", args=[thread.pk])
    client.post(reply, {"body": "Short", "client_id": new_id(), "draft_version": first})
    assert read_draft(Draft.objects.get()) == "Short, and more from the phone"


@pytest.mark.usefixtures("watchwords")
def test_message_that_is_blocked_leaves_the_draft(signed_in: SignIn, thread: Thread, seller: User) -> None:
    client, body = signed_in(seller), "This is a blockword."
    version = saved(client, thread, body).json()["version"]
    reply = reverse("threads:reply", args=[thread.pk])
    client.post(reply, {"body": body, "client_id": new_id(), "draft_version": version})
    assert Message.objects.filter(thread=thread, state=Message.State.BLOCKED).count() == 1
    assert read_draft(Draft.objects.get()) == body


@pytest.mark.parametrize("version", ["", "0"])
def test_posting_without_a_draft_asks_nothing_about_drafts(
    signed_in: SignIn, thread: Thread, seller: User, version: str
) -> None:
    client = signed_in(seller)
    data = {"body": "Yes", "client_id": new_id(), "draft_version": version}
    with CaptureQueriesContext(connection) as captured:
        client.post(reverse("threads:reply", args=[thread.pk]), data)
    assert [query["sql"] for query in captured if query["sql"].startswith("DELETE")] == []


def test_first_message_is_kept_with_subject_and_topic_and_goes_with_it(
    signed_in: SignIn, order: Order, buyer: User
) -> None:
    client, about = signed_in(buyer), {"order": order.number, "shop": order.shop_id}
    url = reverse("threads:new_draft")
    data = about | {"subject": "Lamp", "topic": "where_is_it", "body": "Where is", "client_id": new_id()}
    version = client.post(url, data | {"version": 0}).json()["version"]
    page = client.get(reverse("threads:new"), about)
    values = {name: page.context["form"][name].value() for name in ("subject", "topic", "body", "client_id")}
    assert values == {name: str(data[name]) for name in values}
    draft = Draft.objects.get()
    assert (draft.thread, draft.order, read_draft_subject(draft)) == (None, order, "Lamp")
    client.post(reverse("threads:new"), data | {"draft_version": version})
    assert (Thread.objects.count(), Draft.objects.count()) == (1, 0)


def test_first_message_about_a_product_has_a_draft_of_its_own(signed_in: SignIn, shop: Mailbox, buyer: User) -> None:
    product, client = ProductFactory(shop=shop), signed_in(buyer)
    client.post(reverse("threads:new_draft"), {"product": product.pk, "body": "Does it", "version": 0})
    page = client.get(reverse("threads:new"), {"product": product.pk})
    assert page.context["form"]["body"].value() == "Does it"
    other = client.get(reverse("threads:new"), {"product": ProductFactory(shop=shop).pk})
    assert other.context["form"]["body"].value() in (None, "")


def test_drafts_are_listed_with_links_and_can_be_thrown_away(
    signed_in: SignIn, thread: Thread, order: Order, seller: User, agent: User
) -> None:
    client = signed_in(seller)
    saved(client, thread, "Half an answer")
    saved(signed_in(agent), thread, SECRET)
    client.post(reverse("threads:new_draft"), {"order": order.number, "subject": "Bill", "body": "", "version": 0})
    page = client.get(reverse("threads:drafts"))
    text = page.content.decode()
    assert "Half an answer" in text
    assert "Bill" in text
    assert SECRET not in text
    assert [one.other_name for one in page.context["drafts"]] == ["Anna M.", "Anna M."]
    for one in page.context["drafts"]:
        assert client.get(one.url).status_code == 200
        assert client.post(one.discard_url).status_code == 302
    assert [read_draft(draft) for draft in Draft.objects.all()] == [SECRET]


def test_older_drafts_stand_on_further_pages(signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox) -> None:
    """However many there are, each stands on one page, the newest first."""
    now, client, seen, url = timezone.now(), signed_in(seller), [], reverse("threads:drafts")
    products = [ProductFactory(shop=shop) for _ in range(2 * MOST_LISTED + 3)]
    drafts = [
        # Two at a time have the same moment.
        Draft(user=seller, mailbox=shop, product=one, version=1, updated_at=now - timedelta(minutes=number // 2))
        for number, one in enumerate(products)
    ]
    Draft.objects.bulk_create(drafts)
    pages = []
    while url:
        page = client.get(url)
        pages.append(len(page.context["drafts"]))
        seen += [one.discard_url for one in page.context["drafts"]]
        url = f"{reverse('threads:drafts')}?after={page.context['more']}" if page.context["more"] else ""
    newest_first = sorted(drafts, key=lambda one: (one.updated_at, one.pk), reverse=True)
    assert seen == [reverse("threads:draft_discard", args=[one.pk]) for one in newest_first]
    assert pages == [MOST_LISTED, MOST_LISTED, 3]
    assert client.get(reverse("threads:drafts"), {"after": "nowhere"})["Location"] == reverse("threads:drafts")


def test_drafts_page_asks_the_same_for_one_draft_and_for_five(
    signed_in: SignIn, thread: Thread, seller: User, shop: Mailbox
) -> None:
    client = signed_in(seller)
    saved(client, thread, "One")
    client.get(reverse("threads:drafts"))
    counts = []
    for _turn in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("threads:drafts"))
        counts.append(len(captured))
        for _number in range(4):
            product = ProductFactory(shop=shop)
            version = Draft.objects.get(thread=thread).version
            Draft.objects.create(user=seller, mailbox=shop, product=product, version=version)
    assert counts[0] == counts[1] <= 8


def test_stranger_colleague_and_viewer_get_nothing(
    signed_in: SignIn, thread: Thread, seller: User, agent: User, viewer: User, other_seller: User, buyer: User
) -> None:
    saved(signed_in(seller), thread, SECRET)
    draft = Draft.objects.get()
    for person in (agent, viewer, other_seller, buyer):
        client = signed_in(person)
        answers = [client.get(url_of(thread)), page_of(client, thread), client.get(reverse("threads:drafts"))]
        assert not any(SECRET in answer.content.decode() for answer in answers)
        assert client.post(reverse("threads:draft_discard", args=[draft.pk])).status_code == 404
    assert saved(signed_in(viewer), thread, "May I?").status_code == 403
    assert saved(signed_in(other_seller), thread, "May I?").status_code == 404
    assert saved(Client(), thread, "May I?").status_code == 401
    assert Draft.objects.count() == 1


def test_who_left_the_team_sees_the_draft_no_longer(signed_in: SignIn, thread: Thread, agent: User) -> None:
    client = signed_in(agent)
    saved(client, thread, SECRET)
    Membership.objects.filter(user=agent).delete()
    assert list(Draft.objects.visible_to(agent)) == []
    assert client.get(url_of(thread)).status_code == 404


def test_action_refuses_who_has_no_part(thread: Thread, other_seller: User, viewer: User, shop: Mailbox) -> None:
    foreign = other_seller.mailboxes.get()
    for by, mailbox in ((other_seller, foreign), (other_seller, shop), (viewer, shop)):
        with pytest.raises(PermissionDenied):
            save_draft(by=by, mailbox=mailbox, matter=DraftFor(thread=thread), version=0, body="x")


def test_text_is_nowhere_but_in_the_vault(
    signed_in: SignIn, thread: Thread, seller: User, buyer: User, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the row, nor in a log, nor in an event, nor in anything the other side opens."""
    caplog.set_level(logging.DEBUG)
    client, events = signed_in(seller), Event.objects.count()
    version = saved(client, thread, SECRET).json()["version"]
    assert saved(client, thread, f"{SECRET} x", version - 1).status_code == 409
    assert SECRET not in caplog.text
    assert Event.objects.count() == events
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM threads_draft")
        assert SECRET.encode() not in b"".join(str(value).encode() + _raw(value) for value in cursor.fetchone())
    other = signed_in(buyer)
    for path in ("", "since/", "row/", "print/", "export.json"):
        assert SECRET not in other.get(f"/messages/{thread.pk}/{path}").getvalue().decode()


def _raw(value: object) -> bytes:
    return bytes(value) if isinstance(value, (bytes, memoryview)) else b""


def test_ciphertext_of_one_draft_does_not_open_in_another(
    thread: Thread, seller: User, agent: User, shop: Mailbox
) -> None:
    from messagecenter.vault.errors import Damaged

    mine = save_draft(by=seller, mailbox=shop, matter=DraftFor(thread=thread), version=0, body=SECRET)
    theirs = save_draft(by=agent, mailbox=shop, matter=DraftFor(thread=thread), version=0, body="x")
    assert mine is not None
    assert theirs is not None
    theirs.body_ciphertext = mine.body_ciphertext
    with pytest.raises(Damaged):
        read_draft(theirs)


def test_drafts_nobody_touched_for_ninety_days_are_deleted(
    signed_in: SignIn, thread: Thread, seller: User, agent: User
) -> None:
    saved(signed_in(seller), thread, "Old")
    saved(signed_in(agent), thread, "New")
    Draft.objects.filter(user=seller).update(updated_at=timezone.now() - timedelta(days=91))
    assert forget_drafts() == 1
    assert [read_draft(draft) for draft in Draft.objects.all()] == ["New"]


def test_text_that_is_too_long_is_refused_with_a_sentence(signed_in: SignIn, thread: Thread, seller: User) -> None:
    answer = saved(signed_in(seller), thread, "x" * 20_001)
    assert (answer.status_code, answer.json()["told"]) == (422, "The text is too long to be kept as a draft.")
    assert saved(signed_in(seller), thread, "x" * 20_000).status_code == 200


def test_message_sent_from_a_draft_can_be_read(signed_in: SignIn, thread: Thread, seller: User, buyer: User) -> None:
    client = signed_in(seller)
    saved(client, thread, "Half")
    form = page_of(client, thread).context["form"]
    data = {name: form[name].value() for name in ("client_id", "draft_version")}
    for _twice in range(2):  # two devices send the same draft: it is one message
        client.post(reverse("threads:reply", args=[thread.pk]), data | {"body": "Half"})
    sent = Message.objects.filter(thread=thread, author=seller)
    assert [read_body(message) for message in sent] == ["Half"]
