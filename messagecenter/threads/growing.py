"""Which mailboxes are large enough for a search index and have none yet."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from messagecenter.accounts.models import Mailbox
from messagecenter.search.models import IndexedMailbox

from .models import Message, Tally

MOST_PER_THREAD = 10  # messages in a thread are rarely more on average: with fewer threads a mailbox is not counted


def large_mailboxes() -> Iterator[Mailbox]:
    """Yield the mailboxes that need an index built or finished, by their number of messages (``SEARCH_INDEX_FROM``).

    The tallies say which may be large, so that only those are counted.
    """
    ready = set(IndexedMailbox.objects.ready().values_list("pk", flat=True))
    begun = set(IndexedMailbox.objects.values_list("pk", flat=True)) - ready
    for tally in Tally.objects.select_related("mailbox").order_by("pk").iterator(chunk_size=2000):
        if tally.pk in ready:
            continue
        threads = tally.counts.get("all", [0, 0, 0])[2]
        if tally.pk in begun or (threads * MOST_PER_THREAD >= settings.SEARCH_INDEX_FROM and _is_large(tally.mailbox)):
            yield tally.mailbox


def _is_large(mailbox: Mailbox) -> bool:
    """Return whether a mailbox has so many messages; counts no further than needed."""
    messages = Message.objects.filter(thread__entries__mailbox=mailbox, state=Message.State.DELIVERED)
    return messages.order_by()[: settings.SEARCH_INDEX_FROM].count() >= settings.SEARCH_INDEX_FROM
