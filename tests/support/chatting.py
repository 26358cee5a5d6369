"""What tests of live chat start from: a queue that chats, its people at the desk, and a seller who asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from messagecenter.accounts.models import Membership, User
from messagecenter.ids import new_id
from messagecenter.threads.actions import post_message
from support import actions
from support.models import Attendance, Case, Chat, Queue

from .cases import make_queue, make_seller, open_one


def make_chatting_queue(name: str = "Marketplace support", **values: Any) -> Queue:
    """Return a queue that chats around the clock."""
    return make_queue(name, **({"offers_chat": True} | values))


def sit_down(staff: User, *, chats: int = 2, languages: tuple[str, ...] = (), at: datetime | None = None) -> None:
    """Have a member of staff be at the desk and take cases."""
    values = {"is_present": True, "chats_at_once": chats, "languages": list(languages), "seen_at": at or timezone.now()}
    Attendance.objects.update_or_create(staff=staff, defaults=values)


def stand_up(staff: User) -> None:
    """Have a member of staff leave the desk."""
    Attendance.objects.filter(staff=staff).update(is_present=False)


def ask(seller: Membership, case: Case) -> Chat:
    """Ask for a chat as the seller does."""
    return actions.ask_for_chat(by=seller.user, case=case)


def asking_seller(**values: Any) -> tuple[Membership, Case, Chat]:
    """Return a new seller who waits in the chat of a new case."""
    seller = make_seller()
    case = open_one(seller, **values)
    return seller, case, ask(seller, case)


def write(seller: Membership, case: Case, body: str) -> None:
    """Write into the case as the seller."""
    post_message(by=seller.user, mailbox=seller.mailbox, thread=case.thread, body=body, client_id=new_id())
