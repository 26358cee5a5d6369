"""Recent messages for the policy's dry run: decrypted in memory one by one, kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.urls import reverse

from messagecenter.attachments.content import UNREADABLE_NOW, extracted_text
from messagecenter.policy.detection.surroundings import Lists
from messagecenter.policy.samples import Sample, SamplePart, Source
from messagecenter.vault.cipher import preload
from messagecenter.vault.errors import Unreadable
from orders.models import Order

from .models import Message
from .screening import About, surroundings_of
from .topics import LABELS
from .words import read_body, read_subject

AT_ONCE = 200


def newest(count: int) -> Iterator[Sample]:
    """Yield the last ``count`` messages, newest first; what cannot be read is left out."""
    messages = Message.objects.select_related(
        "thread__order__shop", "thread__order__buyer", "thread__product__shop", "thread__opened_by", "sender"
    ).order_by("-pk")
    before: UUID | None = None
    while count > 0:
        rows = list((messages.filter(pk__lt=before) if before else messages)[: min(AT_ONCE, count)])
        if not rows:
            return
        count, before = count - len(rows), rows[-1].pk
        preload({row.thread_id for row in rows})
        for row in rows:
            try:
                yield _sample(row)
            except (Unreadable, *UNREADABLE_NOW):
                continue


def _sample(message: Message) -> Sample:
    """Return one message's texts and surroundings. Raises Unreadable or why a file cannot be read now."""
    thread, order, product = message.thread, message.thread.order, message.thread.product
    sides = [order.shop, order.buyer] if order else [product.shop if product else None, thread.opened_by]
    other = next(one for one in sides if one is not None and one.pk != message.sender_id)
    parts = [SamplePart("body", read_body(message))]
    if message.client_id == thread.client_id:
        parts.append(SamplePart("subject", read_subject(thread)))
    for enclosure in message.enclosures.select_related("attachment") if thread.files else []:
        file = enclosure.attachment
        parts.append(SamplePart(f"file_name:{file.pk}", file.details.name))
        parts.append(SamplePart(f"file:{file.pk}", extracted_text(file) if file.is_ready else ""))
    around = surroundings_of(About(message.sender, other, order, product, thread.topic), Lists())
    return Sample(message.pk, thread.pk, tuple(parts), around)


SOURCE = Source(
    newest=newest,
    address=lambda thread_id: reverse("admin:threads_thread_read", args=[thread_id]),
    topics=LABELS,
    order_states=dict(Order.Status.choices),
)
