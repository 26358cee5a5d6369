"""Every route, by GET and POST, for every role: the answer stands in expected.txt, and a route without a row fails.

Rows are written by hand or, after looking at each line of the difference, by WRITE_EXPECTED=1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from messagecenter.accounts.models import Invitation, Mailbox, Membership, Role, User
from messagecenter.attachments.actions import disclose, upload
from messagecenter.filing.actions import create_folder, create_label, create_rule, save_filter
from messagecenter.filing.rules import Conditions
from messagecenter.ids import new_id
from messagecenter.inbound.models import Details, MailDisclosure, RawMail
from messagecenter.moderation.actions import caution, make_appeal, make_report, restrict
from messagecenter.notices.models import Notice
from messagecenter.policy import versions
from messagecenter.policy.models import BlockedSender, Decision
from messagecenter.push.models import Device
from messagecenter.replies.actions import save_reply
from messagecenter.threads.actions import (
    DraftFor,
    disclose_thread,
    file_threads,
    post_message,
    save_draft,
    write_internal_note,
)
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.models import Message, Thread
from messagecenter.vault.models import Alarm, DataKey
from messagecenter.webhooks.models import Delivery, Endpoint
from messagecenter.webhooks.sealed import write_secret, write_url
from messagecenter.webhooks.signing import new_secret
from orders.models import Order, OrderItem
from support.actions import attend_desk, read_case
from support.models import Call, Route
from support.words import write_number
from tests.attachments.conftest import photo
from tests.factories import MailboxFactory, ProductFactory, UserFactory
from tests.support.cases import make_queue, open_one

EXPECTED = Path(__file__).with_name("expected.txt")
ROLES = [
    "anonymous",
    "buyer",
    "other_buyer",
    "seller",
    "agent",
    "viewer",
    "other_seller",
    "supporter",
    "helper",
    "admin",
]
SECRET_WORDS = ("Zimtstern", "Flügelhorn", "Quittenbrot", "302-1234567-7654321")
# Who may be shown the thread's words, or the number of its order, by any page at all.
INSIDERS = {"buyer", "seller", "agent", "viewer"}
# Who is shown them on some pages only: the administrator where reasons are asked, an agent of support in its queue.
INSIDE = {"admin": ("admin/",), "helper": ("admin/support/desk/", "messages/replies/")}


def routes() -> Iterator[str]:
    """Give every pattern there is, as one string."""

    def walk(resolver: URLResolver, path: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern, path + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                yield path + str(pattern.pattern)

    return walk(get_resolver(), "")


@pytest.fixture
def helper(db: None) -> User:
    """Somebody who works in the support queue that has the case."""
    user: User = UserFactory(email="hanna@marketplace.example", name="Hanna Helferin", is_staff=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "A" * 32})
    return user


@pytest.fixture
def world(
    thread: Thread,
    answer: Message,
    order: Order,
    seller: User,
    agent: User,
    shop: Mailbox,
    admin: User,
    helper: User,
) -> dict[str, Any]:
    """Return what the placeholders of each route stand for: always something of the one shop."""
    invitation = Invitation.objects.create(
        mailbox=shop, email="new@shop.example", token_hash=b"h" * 32, invited_by=seller, expires_at="2030-01-01T00:00Z"
    )
    lost = UserFactory(email="nobody@shop.example")
    alarm = Alarm.objects.create(reason="damaged", owner_id=thread.pk, record_id=answer.pk, field="body")
    anna, mailbox = message_author(thread), thread.opened_by
    unsent, sent = (upload(by=anna, mailbox=mailbox, name="Zimtstern.jpg", plain=photo()) for _ in range(2))
    post_message(
        by=anna, mailbox=mailbox, thread=thread, body="Quittenbrot", client_id=new_id(), attachment_ids=[sent.pk]
    )
    opening = disclose(by=admin, attachment=sent, reason="For the test of permissions")
    disclosure = disclose_thread(by=admin, thread=thread, reason="For the test of permissions")
    admin_rows = {
        "accounts/user": lost.pk,
        "accounts/mailbox": shop.pk,
        "accounts/membership": Membership.objects.get(user=agent).pk,
        "accounts/invitation": invitation.pk,
        "account/emailaddress": EmailAddress.objects.get(user=lost).pk,
        "mfa/authenticator": Authenticator.objects.get(user=admin).pk,
        "notices/notice": Notice.objects.order_by("pk")[0].pk,
        "orders/order": order.pk,
        "orders/product": (product := ProductFactory(shop=shop)).pk,
        "orders/orderitem": OrderItem.objects.get(order=order).pk,
        "threads/thread": thread.pk,
        "threads/disclosure": disclosure.pk,
        "vault/datakey": DataKey.objects.order_by("pk")[0].pk,
        "vault/alarm": alarm.pk,
        "auth/group": Group.objects.get_or_create(name="Auditor")[0].pk,
        "attachments/attachment": sent.pk,
        "attachments/attachmentdisclosure": opening.pk,
    }
    held, stopped = (
        Decision.objects.create(
            message_id=answer.pk,
            thread_id=thread.pk,
            mailbox=shop,
            author=seller,
            version=versions.current()[0],
            measure=measure,
            hold_until=timezone.now() + timedelta(hours=4) if measure == Decision.Measure.HELD else None,
        )
        for measure in (Decision.Measure.HELD, Decision.Measure.BLOCKED)
    )
    appeal = make_appeal(by=seller, decision=stopped, words="Zimtstern")
    report = make_report(by=anna, mailbox=mailbox, message=answer, reason="spam", words="Quittenbrot", good_faith=True)
    admin_rows |= {
        "moderation/appeal": appeal.pk,
        "moderation/report": report.pk,
        "moderation/caution": caution(by=admin, mailbox=shop, rule="contact.email", message_id=answer.pk).pk,
    }
    desk = {"held": held.pk, "appeals": appeal.pk, "reports": report.pk}
    mail = kept_mail()
    opened = MailDisclosure.objects.create(staff=admin, mail_id=mail.pk, reason="For the test of permissions")
    admin_rows |= {"inbound/rawmail": mail.pk, "inbound/maildisclosure": opened.pk}
    note = write_internal_note(by=agent, mailbox=shop, thread=thread, body="Zimtstern")
    blocked = BlockedSender.objects.create(mailbox=shop, sender=MailboxFactory(name="Zimtstern"))
    stranger = MailboxFactory(name="Quittenbrot")
    limit = restrict(by=admin, mailbox=stranger, days=3, rule="contact.email", explanation="Zimtstern")
    device = Device.objects.create(person=seller, endpoint_hash=b"h" * 32, label="Zimtstern")
    endpoint = kept_endpoint(shop)
    admin_rows |= {
        "push/device": device.pk,
        "webhooks/endpoint": endpoint.pk,
        "policy/blockedsender": blocked.pk,
        "policy/decision": stopped.pk,
        "policy/policyversion": stopped.version_id,
        "policy/restriction": limit.pk,
    }
    folder, label = (make(by=seller, mailbox=shop, name="Zimtstern") for make in (create_folder, create_label))
    outcomes = [Filing(Verb.STAR).as_data()]
    rule = create_rule(
        by=seller, mailbox=shop, name="Zimtstern", conditions=Conditions(topic="invoice"), outcomes=outcomes
    )
    saved = save_filter(by=seller, mailbox=shop, name="Zimtstern", query="box=all")
    filed = file_threads(by=seller, mailbox=shop, threads=[thread.pk], filing=Filing(Verb.STAR))
    queue = make_queue()
    Membership.objects.create(user=helper, mailbox=queue.mailbox, role=Role.AGENT)
    case = open_one(Membership.objects.get(user=seller, mailbox=shop), subject="Quittenbrot", body="Zimtstern")
    attend_desk(by=helper, is_present=False, languages=["de"], chats_at_once=1)
    admin_rows |= {
        "support/queue": queue.pk,
        "support/route": Route.objects.create(queue=queue, topic="api").pk,
        "support/attendance": helper.pk,
        "support/step": case.steps.order_by("pk")[0].pk,
        "support/reading": read_case(by=helper, case=case).pk,
        "support/turn": case.turns.get().pk,
    }
    call = Call(case=case, queue=queue, starts_at=timezone.now(), line=1, language="de", booked_by=seller)
    write_number(call, "+4917655501234")
    call.save()
    saved_there = save_reply(by=helper, mailbox=queue.mailbox, name="Zimtstern", language="de", text="Flügelhorn").pk
    return {
        "thread_id": thread.pk,
        "<str:number>": case.number,
        "<uuid:call_id>": call.pk,
        "admin/support/desk/replies/<uuid:reply_id>": saved_there,
        "<uuid:folder_id>": folder.pk,
        "<uuid:label_id>": label.pk,
        "<uuid:rule_id>": rule.pk,
        "<uuid:filter_id>": saved.pk,
        "<uuid:run_id>": filed.pk,
        "<uuid:block_id>": blocked.pk,
        "<uuid:reply_id>": save_reply(by=agent, mailbox=shop, name="Zimtstern", language="de", text="Flügelhorn").pk,
        "<uuid:restriction_id>": limit.pk,
        "<uuid:decision_id>": stopped.pk,
        "<uuid:report_id>": report.pk,
        "<uuid:message_id>": answer.pk,
        "<uuid:draft_id>": kept_draft(seller, shop, thread),
        "<uuid:note_id>": note.pk,
        "<uuid:mail_id>": mail.pk,
        "<uuid:device_id>": device.pk,
        "<uuid:endpoint_id>": endpoint.pk,
        "<uuid:delivery_id>": Delivery.objects.create(endpoint=endpoint, notice_id=new_id(), type="Zimtstern").pk,
        "desk": desk,
        "attachments/<uuid:attachment_id>": unsent.pk,
        "<uuid:attachment_id>": sent.pk,
        "<uuid:disclosure_id>": opening.pk,
        "members/invitations/<uuid:pk>": invitation.pk,
        "members/<uuid:pk>": Membership.objects.get(user=agent).pk,
        "admin": admin_rows,
        "product": product.pk,
        "order": order.number,
    }


def kept_draft(by: User, mailbox: Mailbox, thread: Thread) -> Any:
    """Return the id of a draft in the thread: only the one who writes may see it."""
    draft = save_draft(by=by, mailbox=mailbox, matter=DraftFor(thread=thread), version=0, body="Zimtstern")
    assert draft is not None
    return draft.pk


def kept_mail() -> RawMail:
    """Return a mail that came in and was put aside."""
    mail = RawMail(dedupe_key=b"k" * 32, size_bytes=9, state=RawMail.State.QUARANTINED, reason="Zimtstern")
    mail.seal(b"Zimtstern", Details())
    mail.save()
    return mail


def kept_endpoint(shop: Mailbox) -> Endpoint:
    """Return a webhook of the shop, whose address leads nowhere."""
    endpoint = Endpoint(mailbox=shop, topics=["message"])
    write_url(endpoint, "https://hooks.internal/Zimtstern")
    write_secret(endpoint, new_secret())
    endpoint.save()
    return endpoint


def message_author(thread: Thread) -> User:
    """Return who opened the thread."""
    author = thread.messages.order_by("pk")[0].author
    assert author is not None
    return author


def address(pattern: str, world: dict[str, Any]) -> str:
    """Return a pattern with its placeholders filled."""
    path = pattern.replace("^", "").replace("$", "")
    for room, pk in world["admin"].items():
        if path.startswith(f"admin/{room}/"):
            path = path.replace("<path:object_id>", str(pk))
    for part in ("members/invitations/<uuid:pk>", "members/<uuid:pk>"):
        path = path.replace(part, part.replace("<uuid:pk>", str(world[part])))
    own_reply = "admin/support/desk/replies/<uuid:reply_id>"
    path = path.replace(own_reply, own_reply.replace("<uuid:reply_id>", str(world[own_reply])))
    if path.startswith("attachments/"):
        path = path.replace("<uuid:attachment_id>", str(world["attachments/<uuid:attachment_id>"]))
    for part in (
        *("<uuid:attachment_id>", "<uuid:disclosure_id>", "<uuid:block_id>", "<uuid:reply_id>"),
        *("<uuid:folder_id>", "<uuid:label_id>", "<uuid:rule_id>", "<uuid:filter_id>", "<uuid:run_id>"),
        *("<uuid:draft_id>", "<uuid:note_id>", "<uuid:device_id>", "<uuid:endpoint_id>", "<uuid:delivery_id>"),
        *(
            "<str:number>",
            "<uuid:call_id>",
            "<uuid:mail_id>",
            "<uuid:decision_id>",
            "<uuid:report_id>",
            "<uuid:message_id>",
            "<uuid:restriction_id>",
        ),
    ):
        path = path.replace(part, str(world[part]))
    for kind, pk in world["desk"].items():
        path = path.replace(f"desk/{kind}/<uuid:pk>", f"desk/{kind}/{pk}")
    path = path.replace("<uuid:thread_id>", str(world["thread_id"])).replace("<int:pk>", "1")
    path = path.replace("<path:content_type_id>", str(ContentType.objects.get_for_model(Group).pk))
    path = path.replace("<path:object_id>", "1")
    if path == "admin/support/desk/replies/new/":
        path += f"?queue={world['admin']['support/queue']}"
    path = path.replace("<str:token>", "x" * 43).replace("<str:name>", "nothing.eml")
    path = path.replace("<path:name>", "postmark/tracking/")
    path = path.replace("<slug:name>/<slug:language>/<slug:look>", "new_message/de/dark")
    path = re.sub(r"\(\?P<app_label>[^)]*\)", "threads", path)
    path = path.replace(r"(?P<url>.*)", "no-such-page/").replace(r"(?P<key>[-:\w]+)", "nonsense")
    return "/" + path.replace(r"(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)", "1-nonsense")


def data_for(pattern: str, role: str, world: dict[str, Any]) -> dict[str, Any]:
    """Return what to post, so that who may post really changes something."""
    if pattern.endswith("/reply/"):
        return {"body": "Hello", "client_id": new_id()}
    if pattern == "messages/file/":
        return {"verb": "star", "thread": str(world["thread_id"])}
    if pattern == "messages/folders/<uuid:folder_id>/delete/":
        return {"goes_to": "archive"}
    if pattern.startswith(("messages/folders/", "messages/labels/", "messages/rules/", "messages/saved/")):
        return {"name": "New name", "color": "red", "topic": "invoice", "star": "on", "query": "box=all"}
    if pattern == "messages/replies/signature/":
        return {"whose": "team", "text": "New name"}
    if pattern == "messages/replies/automatic/":
        return {"is_on": "on", "when": "absent", "time_zone": "UTC", "text_en": "We are away until Monday."}
    if pattern.startswith("messages/replies/"):
        return {"name": "New name", "language": "en", "text": "New text"}
    if pattern.startswith("settings/webhooks/"):
        return {"url": "https://hooks.shop.example.org/", "topics": "message", "is_active": "on", "number": "1"}
    if pattern.endswith("/notes/"):
        return {"note": "Hello"}
    if pattern.endswith("/here/"):
        return {"doing": "viewing"}
    if pattern == "messages/new/draft/":
        return {"order": world["order"], "body": "Hello", "version": 0}
    if pattern.endswith("/draft/"):
        return {"body": "Hello", "version": 0}
    if pattern.endswith("/seen/"):
        return {"up_to": new_id()}
    if pattern.startswith("admin/support/desk/"):
        values = {
            "replies/new/": {"name": "New name", "language": "en", "text": "New text"},
            "replies/<uuid:reply_id>/": {"name": "New name", "language": "en", "text": "New text"},
            "here/": {"is_present": "on", "languages": "de", "chats_at_once": "1"},
            "<str:number>/read/": {"reason": "Case 4711: complaint"},
            "<str:number>/answer/": {"body": "Hello", "client_id": new_id(), "there": "answered"},
            "<str:number>/note/": {"note": "Hello"},
            "<str:number>/do/": {"do": "watch"},
            "<str:number>/chat/": {"doing": "viewing"},
            "<str:number>/calls/<uuid:call_id>/": {"outcome": "reached", "notes": "Zimtstern"},
        }
        return values.get(pattern.removeprefix("admin/support/desk/"), {})
    if pattern == "support/new/":
        form = {"topic": "api_other", "subject": "s", "body": "b", "client_id": new_id(), "case_severity": "3"}
        return form | {"case_other": "on"}
    if pattern == "support/<str:number>/chat/":
        return {"doing": "viewing"}
    if pattern == "support/<str:number>/rate/":
        return {"rating": "5"}
    if pattern == "support/<str:number>/hold/":
        return {"until": (timezone.localdate() + timedelta(days=2)).isoformat()}
    if pattern == "messages/new/":
        topic = "where_is_it" if "buyer" in role else "invoice"
        return {"order": world["order"], "topic": topic, "subject": "s", "body": "b", "client_id": new_id()}
    if pattern.endswith("/role/"):
        return {"role": Role.VIEWER}
    if pattern == "accounts/members/":
        shop = Mailbox.objects.get(name="Nordlicht Lampen")
        return {"email": "more@shop.example", "role": Role.AGENT, "mailbox": str(shop.pk)}
    if pattern == "accounts/mailbox/":
        return {"mailbox": str(Mailbox.objects.get(name="Nordlicht Lampen").pk)}
    if pattern.startswith("messages/") and "/report/" in pattern:
        return {"reason": "spam", "good_faith": "on"}
    if pattern.endswith("/sender/"):
        return {"do": "caution", "rule": "contact.phone"}
    for kind, do in (("held", "approve"), ("appeals", "reverse"), ("reports", "acted")):
        if pattern.endswith(f"desk/{kind}/<uuid:pk>/decide/"):
            return {"do": do}
    if pattern.endswith("desk/held/reject/"):
        return {"chosen": str(world["desk"]["held"]), "answer": "Obvious spam"}
    if pattern.endswith(("/read/", "<uuid:attachment_id>/open/", "<uuid:mail_id>/open/")):
        return {"reason": "Case 4711: complaint about the wording"}
    return {}


@pytest.mark.django_db
def test_every_route_answers_each_role_as_stated(
    world: dict[str, Any], request: pytest.FixtureRequest, signed_in: Callable[[User], Client]
) -> None:
    """Each role's status equals the row, and no outsider is shown a word or number of the thread."""
    people = {role: request.getfixturevalue(role) for role in ROLES if role != "anonymous"}
    browsers = {role: signed_in(people[role]) if role in people else Client() for role in ROLES}
    cookies = {role: deepcopy(browser.cookies) for role, browser in browsers.items()}
    found: dict[str, str] = {}
    leaks: list[str] = []
    for pattern in sorted(set(routes())):
        for method in ("GET", "POST"):
            statuses = []
            for role in ROLES:
                browser = browsers[role]
                browser.cookies = deepcopy(cookies[role])
                browser.raise_request_exception = False
                cache.clear()
                with transaction.atomic():
                    url, data = address(pattern, world), data_for(pattern, role, world) if method == "POST" else {}
                    answer = browser.generic(method, url, **_form(data)) if method == "POST" else browser.get(url)
                    statuses.append(_status(pattern, answer.status_code))
                    if role not in INSIDERS and not pattern.startswith(INSIDE.get(role, ())):
                        leaks += _leaks(answer, f"{method} {pattern} {role}", world["order"] in str(data))
                    transaction.set_rollback(True)
            found[f"{method} {pattern}"] = " ".join(statuses)
    if os.environ.get("WRITE_EXPECTED"):
        _write(found)
    expected = dict(_read())
    assert leaks == []
    assert {key: found.get(key) for key in found | expected} == expected


def _status(pattern: str, code: int) -> str:
    """Return the status; whether the test's database is seen as ready depends on the engine, who may ask does not."""
    return "200" if pattern == "readyz" and code in (200, 503) else str(code)


def _form(data: dict[str, Any]) -> dict[str, Any]:
    from urllib.parse import urlencode

    return {"data": urlencode(data), "content_type": "application/x-www-form-urlencoded"}


def _leaks(answer: Any, where: str, number_was_sent: bool) -> list[str]:
    # Read to its end: an answer that is closed before takes the test's connection with it.
    text = (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace")
    words = SECRET_WORDS[:-1] if number_was_sent else SECRET_WORDS
    return [f"{where} shows {word}" for word in words if word in text]


def _read() -> Iterator[tuple[str, str]]:
    for line in EXPECTED.read_text().splitlines():
        if line and not line.startswith("#"):
            statuses, _, key = line.partition("  ")
            yield key, statuses


def _write(found: dict[str, str]) -> None:
    head = "# " + " ".join(ROLES) + "\n"
    EXPECTED.write_text(head + "".join(f"{statuses}  {key}\n" for key, statuses in found.items()))
