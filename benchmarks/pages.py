"""Which pages are measured in a loaded database: their addresses, found in the data itself."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import Folder
from messagecenter.ids import new_id
from messagecenter.search import index
from messagecenter.search.models import is_indexed
from messagecenter.search.query import parse
from messagecenter.threads.boxes import BOXES, SORTS
from messagecenter.threads.filters import Wanted, narrowed
from messagecenter.threads.models import Entry, EntryLabel, Message, Thread
from messagecenter.threads.words import read_body
from orders.models import Order, OrderItem

DEEP_PAGE = 100
SAMPLE_SHOP = "Sample shop"
RARE = 8  # threads a rare word is in at most
WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{5,20}|[A-Z0-9]{7,20}")
REPLY = "Danke, das Paket ist unterwegs und kommt morgen bei Ihnen an. " * 4


@dataclass(frozen=True)
class Page:
    """A page to be measured. ``main`` ones are asked often and also as statements only."""

    name: str
    address: str
    person: User
    main: bool = False
    shows: int = 0  # rows

    def bare(self, *, sql: bool = False) -> str:
        """Return the address of the bare page beside it."""
        return f"/bench/bare/?of={quote(self.address, safe='')}" + ("&sql=1" if sql else "")


@dataclass(frozen=True)
class Owner:
    """A mailbox that is looked into, and who looks."""

    name: str
    mailbox: Mailbox
    person: User

    @property
    def entries(self) -> Any:
        """What the person may see of it."""
        return Entry.objects.visible_to(self.person)


def owners() -> dict[str, Owner]:
    """Return the mailbox of constant size, the largest and a small shop: found by counting, once."""
    shops = Mailbox.objects.filter(kind=Mailbox.Kind.SHOP)
    counted = dict(
        Entry.objects.filter(mailbox__kind=Mailbox.Kind.SHOP).order_by().values_list("mailbox").annotate(Count("pk"))
    )
    found: dict[str, Mailbox] = {}
    sample = shops.filter(name=SAMPLE_SHOP, pk__in=list(counted)).order_by("-pk").first()
    if sample is not None:
        found["constant"] = sample
        counted.pop(sample.pk, None)
    found["big"] = shops.get(pk=max(counted, key=counted.__getitem__))
    smaller = [key for key, number in counted.items() if 60 <= number <= 150 and not is_indexed(key)]
    if smaller:
        found["small"] = shops.get(pk=min(smaller))
    return {
        name: Owner(name, mailbox, User.objects.filter(mailboxes=mailbox).order_by("memberships__created_at")[0])
        for name, mailbox in found.items()
    }


def pages_of(owner: Owner, *, everything: bool) -> list[Page]:
    """Return the pages of a mailbox: inbox, deep page, thread, search, and with ``everything`` each view and filter."""
    first, deep = _list_pages(owner, "inbox", Wanted(), main=True)
    pages = [*filter(None, (first, deep)), _thread_page(owner), *_searches(owner)]
    if everything:
        for name, wanted in (*_views(), *_sorts(), *_filters(owner)):
            pages += [page for page in _list_pages(owner, name, wanted) if page is not None and page.shows]
    return pages


def posting_threads(owner: Owner, most: int = 40) -> list[Thread]:
    """Return threads that replies are posted to: usual ones, not the very newest."""
    entries = owner.entries.of_mailbox(owner.mailbox).inbox().order_by("-last_message_at", "-pk")
    open_ones = entries.filter(thread__state=Thread.State.OPEN, thread__order__isnull=False).select_related("thread")
    return [entry.thread for entry in open_ones[60 : 60 + most]]


def reply(token: str, text: str = REPLY) -> str:
    """Return the form of a reply, never sent before."""
    return urlencode({"body": text, "client_id": new_id(), "csrfmiddlewaretoken": token})


def _list_pages(owner: Owner, name: str, wanted: Wanted, *, main: bool = False) -> tuple[Page | None, Page | None]:
    """Return page 1 of a list and its page 100, or the last full one before it."""
    query = wanted.as_query()
    address = f"/messages/?{query}" if query else "/messages/"
    moment = wanted.view.moment
    chosen = narrowed(owner.entries, wanted, mailbox=owner.mailbox, reader=owner.person)
    ordered = wanted.sorting.apply(chosen, moment)
    keys = list(ordered.values_list("pk", flat=True)[: settings.PAGE_THREADS * DEEP_PAGE])
    full_pages = len(keys) // settings.PAGE_THREADS
    shows = min(len(keys), settings.PAGE_THREADS)
    first = Page(f"{owner.name}: {name}", address, owner.person, main, shows)
    if full_pages < 2:
        return first, None
    last = Entry.objects.get(pk=keys[settings.PAGE_THREADS * (full_pages - 1) - 1])
    after = urlencode({"after": wanted.sorting.cursor(last, moment)})
    deep = f"{address}{'&' if query else '?'}{after}"
    number = f"page {full_pages}"
    return first, Page(f"{owner.name}: {name}, {number}", deep, owner.person, main, settings.PAGE_THREADS)


def _views() -> Iterator[tuple[str, Wanted]]:
    yield from ((f"view {key}", Wanted(box=key)) for key in BOXES if key != "inbox")


def _sorts() -> Iterator[tuple[str, Wanted]]:
    yield from ((f"sorted by {key}", Wanted(sort=key)) for key in SORTS if key != "newest")


def _filters(owner: Owner) -> Iterator[tuple[str, Wanted]]:
    """Yield each filter with a value that finds something in this mailbox."""
    entries = Entry.objects.of_mailbox(owner.mailbox).kept()
    folder = Folder.objects.filter(mailbox=owner.mailbox).order_by("pk").first()
    if folder is not None:
        yield "folder", Wanted(folder=str(folder.pk))
    labels = EntryLabel.objects.filter(label__mailbox=owner.mailbox, label__removed_at=None)
    label = labels.order_by().values_list("label").annotate(number=Count("pk")).order_by("-number").first()
    if label is not None:
        yield "label", Wanted(box="all", label=str(label[0]))
    yield "priority", Wanted(box="all", priority="high")
    topic = entries.order_by().values_list("topic").annotate(number=Count("pk")).order_by("-number").first()
    if topic is not None:
        yield "topic", Wanted(box="all", topic=topic[0])
    yield "files", Wanted(box="all", files="1")
    newest = entries.order_by("-last_message_at").values_list("last_message_at", flat=True).first() or timezone.now()
    since, until = ((newest - timedelta(days=days)).date().isoformat() for days in (60, 2))
    yield "dates", Wanted(box="all", since=since, until=until)
    entry = entries.exclude(order_number="").select_related("other").order_by("-last_message_at")[30:31].first()
    if entry is not None:
        yield "other side", Wanted(box="all", other=str(entry.other_id))
        yield "other side's name", Wanted(box="all", other=entry.other.name[:4])
        yield "order number", Wanted(box="all", order=entry.order_number)
        yield "part of a number", Wanted(box="all", order=entry.order_number[6:10])
    status = _most_common(Order.objects.filter(shop=owner.mailbox), "status")
    yield "order's state", Wanted(box="all", status=status)
    items = OrderItem.objects.filter(order__shop=owner.mailbox).exclude(asin="")
    if asin := _most_common(items, "asin"):
        yield "ASIN", Wanted(box="all", product=asin)
    if title := _most_common(OrderItem.objects.filter(order__shop=owner.mailbox), "title"):
        yield "product's title", Wanted(box="all", product=title.split()[0][:8])


def _most_common(rows: Any, name: str) -> str:
    found = rows.order_by().values_list(name).annotate(number=Count("pk")).order_by("-number").first()
    return str(found[0]) if found else ""


def _thread_page(owner: Owner) -> Page:
    """Return a usual thread: read, with five messages if there is one such."""
    entries = owner.entries.of_mailbox(owner.mailbox).inbox().filter(unread=0).order_by("-last_message_at", "-pk")
    sized = entries.annotate(number=Count("thread__messages", filter=Q(thread__messages__state="delivered")))
    chosen = next((entry for entry in sized[150:400] if entry.number == 5), None) or sized[0]
    return Page(f"{owner.name}: thread", f"/messages/{chosen.thread_id}/", owner.person, True, chosen.number)


def _searches(owner: Owner) -> Iterator[Page]:
    """Yield a search for a rare and for a common word of the mailbox."""
    indexed = is_indexed(owner.mailbox.pk)
    for name, word in _words(owner, indexed).items():
        query = urlencode({"q": word})
        if word:
            yield Page(f"{owner.name}: search, {name} word", f"/messages/?{query}", owner.person, True)


def _words(owner: Owner, indexed: bool) -> dict[str, str]:
    """Return a rare and a common word, from a few messages of the mailbox."""
    entries = owner.entries.of_mailbox(owner.mailbox).kept().order_by("-last_message_at", "-pk")
    threads = list(entries.values_list("thread_id", flat=True)[:3000])
    chosen = random.Random(11).sample(threads, min(len(threads), 150))
    number: Counter[str] = Counter()
    for message in Message.objects.filter(thread__in=chosen, state=Message.State.DELIVERED):
        number.update({word.casefold() for word in WORD.findall(read_body(message))})
    common = next((word for word, _times in number.most_common(40) if _hits(owner, word, indexed) != 0), "")
    singles = sorted(word for word, times in number.items() if times == 1)
    rare = next((word for word in singles if 1 <= _hits(owner, word, indexed) <= RARE), singles[0] if singles else "")
    return {"rare": rare, "common": common}


def _hits(owner: Owner, word: str, indexed: bool) -> int:
    """Return in how many threads the index finds a word; 1 without an index, 0 for a word nobody looks for."""
    terms = parse(word).terms
    if not terms.clauses:
        return 0
    if not indexed:
        return 1
    found = index.few(owner.mailbox.pk, terms)
    return index.COMMON if found is None else len(found)
