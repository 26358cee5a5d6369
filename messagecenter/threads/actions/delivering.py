"""What a delivery has to know of the mailboxes it reaches: whom to tell, what rules there are, what they may name."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Case, Exists, OuterRef, QuerySet, When

from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.filing.models import FilingRule, Folder, Label

from ..gathered import Gathered, columns_of, revived, rows_in
from ..models import Entry, EntryLabel, Tally
from ..notifications import devices_wanting, endpoints_of, wanting_mail

RULE_COLUMNS = columns_of(FilingRule)


def told_with(mailbox: str) -> dict[str, Any]:
    """Return what to annotate rows with; ``mailbox`` is their column with the mailbox. No statement of its own."""
    own = OuterRef(mailbox)
    rules = FilingRule.objects.filter(mailbox=own).active().order_by("position", "pk")
    nameable = {
        "rule_folders": Gathered(Folder.objects.filter(mailbox=own, removed_at=None), "pk"),
        "rule_labels": Gathered(Label.objects.filter(mailbox=own, removed_at=None), "pk"),
        "rule_members": Gathered(Membership.objects.filter(mailbox=own), "user_id"),
    }
    return {
        "people_ids": Gathered(wanting_mail(own), "pk"),
        "device_ids": Gathered(devices_wanting(own), "pk", "person_id"),
        "endpoint_rows": Gathered(endpoints_of(own), "pk", "topics"),
        "active_rules": Gathered(rules, *RULE_COLUMNS),
        **{name: Case(When(Exists(rules.order_by()), then=ids)) for name, ids in nameable.items()},
    }


def labels_on_entry() -> Gathered:
    """Return what to annotate entries with as ``label_ids``."""
    return Gathered(EntryLabel.objects.filter(entry=OuterRef("pk")), "label_id")


def labels_known(entry: Entry) -> set[uuid.UUID] | None:
    """Return the labels on an entry as they were read with it, None when they were not."""
    gathered: str | None = getattr(entry, "label_ids", "unread")
    return None if gathered == "unread" else {uuid.UUID(key) for (key,) in rows_in(gathered)}


def note_labels(entry: Entry, labels: Iterable[uuid.UUID]) -> None:
    """Remember which labels an entry has now."""
    entry.label_ids = json.dumps([[str(label)] for label in labels])  # type: ignore[attr-defined]


def mailboxes_told(keys: Collection[uuid.UUID]) -> QuerySet[Any]:
    """Return mailboxes with all that a delivery asks of them, for ``give_mailboxes``."""
    found = Mailbox.objects.filter(pk__in=keys).select_related("search_index", "auto_reply")
    return found.annotate(has_tally=Exists(Tally.objects.filter(pk=OuterRef("pk"))), **told_with("pk"))


def give_mailboxes(entries: Iterable[Entry], known: Mapping[uuid.UUID, Any] | None = None) -> set[uuid.UUID]:
    """Give new entries their mailboxes with all that a delivery asks of them; return which have a tally already.

    One query, none where they are ``known``: read by ``mailboxes_told``.
    """
    new = {entry.mailbox_id: entry for entry in entries}
    counted = set()
    for mailbox in mailboxes_told(new) if known is None else [known[key] for key in new]:
        entry = new[mailbox.pk]
        entry.mailbox = mailbox
        for name in told_with("pk"):
            setattr(entry, name, getattr(mailbox, name))
        if mailbox.has_tally:
            counted.add(mailbox.pk)
    return counted


def rules_of(entry: Entry) -> list[FilingRule]:
    """Return the active rules of an entry's mailbox, in their order, as they were read with it."""
    rules = [revived(FilingRule, RULE_COLUMNS, values) for values in rows_in(getattr(entry, "active_rules", None))]
    for rule in rules:
        rule.mailbox = entry.mailbox
    return sorted(rules, key=lambda one: (one.position, one.pk))


def nameable_by_rules(entry: Entry) -> set[uuid.UUID]:
    """Return the ids of the folders, labels and members that a rule of the entry's mailbox may name."""
    gathered = (getattr(entry, name, None) for name in ("rule_folders", "rule_labels", "rule_members"))
    return {uuid.UUID(key) for one in gathered for (key,) in rows_in(one)}
