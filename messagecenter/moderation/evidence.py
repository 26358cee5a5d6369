"""What a report freezes: the message as typed and as shown, its files, the screening, the messages before it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from messagecenter.attachments.models import Attachment
from messagecenter.policy.models import Decision
from messagecenter.threads.models import Message
from messagecenter.threads.words import read_body, read_shown_body, read_subject
from messagecenter.vault.errors import Unreadable

CONTEXT_MESSAGES = 10  # before the reported one


def gather(message: Message, files: list[Attachment]) -> str:
    """Return the evidence about a message as JSON. What cannot be opened any more is left empty."""
    thread = message.thread
    before = (
        Message.objects.filter(thread=thread, state=Message.State.DELIVERED, pk__lt=message.pk)
        .select_related("sender")
        .order_by("-pk")[:CONTEXT_MESSAGES]
    )
    return json.dumps(
        {
            "message": _told(message) | {"shown": _or_empty(read_shown_body, message)},
            "subject": _or_empty(read_subject, thread),
            "topic": thread.topic,
            "order_number": thread.order.number if thread.order else "",
            "product_title": thread.product.title if thread.product else "",
            "files": [_file(one) for one in files],
            "decisions": [_decision(one) for one in _decisions(message.pk)],
            "before": [_told(one) for one in reversed(before)],
        },
        ensure_ascii=False,
    )


def _decisions(message_id: UUID) -> list[Decision]:
    return list(Decision.objects.filter(message_id=message_id).select_related("version").order_by("pk"))


def _told(message: Message) -> dict[str, Any]:
    return {
        "id": str(message.pk),
        "sender_id": str(message.sender_id),
        "sender_kind": message.sender.kind,
        "sender_name": message.sender.name,
        "sent_at": message.sent_at.isoformat(),
        "delivered_at": message.delivered_at.isoformat() if message.delivered_at else "",
        "typed": _or_empty(read_body, message),
    }


def _file(attachment: Attachment) -> dict[str, Any]:
    told: dict[str, Any] = {"id": str(attachment.pk), "size": attachment.size_bytes, "state": attachment.state}
    try:
        details = attachment.details
    except Unreadable:
        return told | {"name": "", "kind": "", "sha256": ""}
    return told | {"name": details.name, "kind": details.kind, "sha256": details.sha256}


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "id": str(decision.pk),
        "version": decision.version.number,
        "measure": decision.measure,
        "made_at": decision.made_at.isoformat(),
        "findings": decision.findings,
    }


def _or_empty(read: Any, row: Any) -> str:
    try:
        return str(read(row))
    except Unreadable:
        return ""
