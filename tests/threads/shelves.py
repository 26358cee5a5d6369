"""Many threads at once for tests of filing, and what a side sees of its own."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.utils import timezone

from messagecenter.accounts.models import Mailbox
from messagecenter.ids import new_id
from messagecenter.threads.actions import repair_tally
from messagecenter.threads.models import Entry, Tally, Thread
from orders.models import Product


def shelve(shop: Mailbox, buyer: Mailbox, product: Product, count: int, **values: Any) -> list[Thread]:
    """Return ``count`` inquiries, with both sides' entries; ``values`` are fields of the shop's."""
    now = timezone.now()
    threads = [
        Thread(
            kind=Thread.Kind.INQUIRY,
            topic="product_question",
            product=product,
            opened_by=buyer,
            client_id=new_id(),
            subject_ciphertext=b"",
        )
        for _ in range(count)
    ]
    Thread.objects.bulk_create(threads)
    both = {"topic": "product_question", "last_message_at": now}
    Entry.objects.bulk_create(
        [Entry(thread=one, mailbox=shop, other=buyer, **both | {"last_received_at": now} | values) for one in threads]
        + [Entry(thread=one, mailbox=buyer, other=shop, last_sent_at=now, **both) for one in threads]
    )
    for mailbox in (shop, buyer):
        repair_tally(mailbox_id=mailbox.pk)
    return threads


def drifted(*mailboxes: Mailbox) -> list[Mailbox]:
    """Return the mailboxes whose counters were wrong; they are right afterwards."""
    return [mailbox for mailbox in mailboxes if repair_tally(mailbox_id=mailbox.pk)]


def counts_of(mailbox: Mailbox) -> dict[str, list[int]]:
    """Return a mailbox's counters as they stand."""
    counts: dict[str, list[int]] = Tally.objects.get(pk=mailbox.pk).counts
    return counts


def sees(browser: Client, *addresses: str) -> list[str]:
    """Return these pages as they are shown, without what differs from one answer to the next."""
    pages = [browser.get(address).content.decode() for address in addresses]
    return [re.sub(r'csrf\w*"[^>]*value="\w+"|"X-CSRFToken": "\w+"|value="[-0-9a-f]{36}"', "", one) for one in pages]
