"""Fills what 0004 added from what is there: topics, files, who waits, holds, waits for answers, and the counters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.models import Count, Max, Q

BATCH = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    """Go through all entries in batches by key."""
    Entry, Message, Wait, Tally = (apps.get_model("threads", name) for name in ("Entry", "Message", "Wait", "Tally"))
    last, counts = None, {}
    while True:
        batch = Entry.objects.order_by("pk").select_related("thread", "mailbox")
        entries = list((batch.filter(pk__gt=last) if last else batch)[:BATCH])
        if not entries:
            break
        last = entries[-1].pk
        found = (
            Message.objects.filter(thread__in=[entry.thread_id for entry in entries])
            .values("thread", "sender")
            .annotate(newest=Max("sent_at", filter=Q(state="delivered")), held=Count("pk", filter=Q(state="held")))
        )
        written = {(one["thread"], one["sender"]): one for one in found}
        waits = []
        for entry in entries:
            own = written.get((entry.thread_id, entry.mailbox_id), {"newest": None, "held": 0})
            theirs = written.get((entry.thread_id, entry.other_id), {"newest": None})
            entry.topic, entry.has_files, entry.holds = entry.thread.topic, entry.thread.files > 0, own["held"]
            entry.last_received_at = theirs["newest"]
            is_open = entry.thread.state == "open"
            if is_open and own["newest"] and (not theirs["newest"] or own["newest"] > theirs["newest"]):
                entry.awaiting_since = own["newest"]
            if entry.needs_reply_since and entry.mailbox.kind == "shop":
                entry.reply_due_at = entry.needs_reply_since + timedelta(hours=settings.REPLY_HOURS)
                waits.append(
                    Wait(
                        thread_id=entry.thread_id,
                        mailbox_id=entry.mailbox_id,
                        topic=entry.topic,
                        started_at=entry.needs_reply_since,
                        due_at=entry.reply_due_at,
                    )
                )
            _count(counts.setdefault(entry.mailbox_id, {}), entry)
        fields = ["topic", "has_files", "holds", "last_received_at", "awaiting_since", "reply_due_at"]
        Entry.objects.bulk_update(entries, fields, batch_size=200)
        Wait.objects.bulk_create(waits, ignore_conflicts=True)
    for tally in Tally.objects.iterator():
        tally.counts = counts.get(tally.pk, {})
        tally.unread, tally.needs_reply = tally.counts.get("all", [0, 0, 0])[:2]
        tally.save(update_fields=["counts", "unread", "needs_reply"])


def _count(counts: dict[str, list[int]], entry: Any) -> None:
    """Count an entry as ``actions.tallies`` does; nothing was archived, starred or in a folder before."""
    keys = ["all", "current", "inbox"]
    keys += ["held"] if entry.holds else []
    keys += ["waiting"] if entry.awaiting_since else []
    for key in keys:
        numbers = counts.setdefault(key, [0, 0, 0])
        numbers[0] += entry.unread > 0
        numbers[1] += entry.needs_reply_since is not None
        numbers[2] += 1


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("threads", "0004_filing")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
