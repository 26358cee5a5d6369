"""The navigation around every page: a mailbox's views, folders, labels and counters, read at once and never counted."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import CharField, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext, pgettext

from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.filing.models import FilterCount, Folder, Label, SavedFilter
from messagecenter.prepared import prepared
from messagecenter.search.models import IndexedMailbox
from orders.models import Order

from .actions import look_at_counts
from .boxes import BOXES, Box
from .clock import told_ago
from .counting import NEEDS_REPLY, THREADS, UNREAD
from .matching import is_counted_later
from .models import Entry, EntryLabel, Tally, Thread

MOST_SHOWN = 99
ICONS = {
    "inbox": "inbox",
    "unread": "mail",
    "needs_reply": "reply",
    "waiting": "hourglass",
    "mine": "user-check",
    "starred": "star",
    "sent": "send",
    "received": "arrow-down-left",
    "held": "clock",
    "archive": "archive",
    "trash": "trash-2",
    "all": "mails",
}
# A buyer has few threads and nobody to share them with; who works in a mailbox all day has the rest as well.
SIMPLE = ("inbox", "unread", "needs_reply", "starred", "sent", "archive", "trash")
FULL = ("inbox", "unread", "needs_reply", "waiting", "mine", "starred", "sent", "archive", "trash")
MORE = ("received", "held", "all")
# What a thread that is dropped on a view becomes: a verb, with its value after a colon.
DROPS = {"inbox": "inbox", "archive": "archive", "trash": "trash", "starred": "star"}
NUMBERS = {"unread": UNREAD, "needs_reply": NEEDS_REPLY, "threads": THREADS}


@dataclass(frozen=True)
class Link:
    """One line of the navigation. ``key`` names it in the page, ``id`` is its folder, label, filter or member."""

    key: str
    label: str
    url: str = ""
    icon: str = ""
    count: str = ""
    is_quiet: bool = True
    drop: str = ""
    id: str = ""
    parent: str = ""
    level: int = 0
    color: str = ""
    query: str = ""
    is_counted_later: bool = False
    said: str = ""  # of a number that was counted a while ago: the number, and when

    @property
    def indented(self) -> str:
        """The name as a list to choose from shows it, deeper ones further in."""
        return "\u2003" * self.level + self.label


@dataclass(frozen=True)
class Navigation:
    """What the navigation shows of one mailbox."""

    views: Sequence[Link] = ()
    more: Sequence[Link] = ()
    folders: Sequence[Link] = ()
    labels: Sequence[Link] = ()
    saved: Sequence[Link] = ()
    members: Sequence[Link] = ()
    on_thread: Sequence[Link] = ()
    unread: str = ""
    needs_reply: str = ""
    folders_url: str = ""
    rules_url: str = ""
    drafts_url: str = ""
    replies_url: str = ""
    figures_url: str = ""
    support_url: str = ""
    is_indexed: bool = False  # whether the mailbox is searched by its index

    @property
    def counted(self) -> list[Link]:
        """Everything that has a number."""
        return [*self.views, *self.more, *self.folders, *self.saved]


def address_of(name: str) -> str:
    """Return where a page of another room is, or nothing where it does not exist."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def case_page(thread: Thread) -> str:
    """Return where a support case is shown with its number and its state, or nothing for other threads."""
    return reverse("support:of_thread", args=[thread.pk]) if thread.kind == Thread.Kind.CASE else ""


def help_page(thread: Thread) -> str:
    """Return where a shop asks support about a thread and its order, or nothing for what is with support already."""
    if thread.kind == Thread.Kind.CASE:
        return ""
    about = {"order": thread.order.number} if thread.order else {}
    return f"{reverse('support:new')}?{urlencode(about | {'thread': str(thread.pk)})}"


def help_with(order: Order | None, mailbox: Mailbox) -> str:
    """Return where a shop asks support about an order that it has not written about, or nothing for others."""
    if order is None or mailbox.kind != Mailbox.Kind.SHOP:
        return ""
    return f"{reverse('support:new')}?{urlencode({'order': order.number})}"


def labels_of(entry: Entry) -> list[Link]:
    """Return the labels on an entry, by name: one query."""
    on_entry = EntryLabel.objects.filter(entry=entry).values("label")
    labels = Label.objects.filter(removed_at=None, pk__in=on_entry).order_by("name")
    return [_label_link(str(label.pk), label.name, label.color) for label in labels]


def navigation_of(membership: Membership, entry: Entry | None = None) -> Navigation:
    """Return the navigation of one mailbox, and the labels on ``entry``, whatever there is of each: one query."""
    mailbox = membership.mailbox
    kinds: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    on = [entry.pk] if entry else []
    for kind, key, name, extra in _everything(mailbox.pk, *on, is_team=mailbox.kind != Mailbox.Kind.BUYER):
        kinds[kind].append((str(key), name, extra or ""))
    counts = json.loads(kinds["tally"][0][2]) if kinds["tally"] else {}
    is_simple = mailbox.kind == Mailbox.Kind.BUYER
    inbox, numbered = reverse("threads:inbox"), partial(_number, counts)
    later = {_hex(key): (int(number), counted_at) for key, number, counted_at in kinds["count"]}
    links = {key: _view_link(box, inbox, counts, membership.user_id) for key, box in BOXES.items()}
    # What hardly ever happens is out of the way until it does.
    urgent = [key for key in MORE if key == "held" and links[key].count] if not is_simple else []
    labels = [_label_link(key, name, color) for key, name, color in sorted(kinds["label"], key=_by_name)]
    on_thread = {key for key, _name, _extra in kinds["on"]}
    return Navigation(
        views=[links[key] for key in (*(SIMPLE if is_simple else FULL), *urgent)],
        more=[] if is_simple else [links[key] for key in MORE if key not in urgent],
        folders=_tree(kinds["folder"], inbox, counts),
        labels=labels,
        saved=[_saved_link(row, inbox, counts, later) for row in sorted(kinds["saved"], key=_by_name)],
        members=[
            Link(f"member:{key}", name or email.partition("@")[0], id=key)
            for key, name, email in sorted(kinds["member"], key=_by_name)
        ],
        on_thread=[label for label in labels if label.id in on_thread],
        unread=numbered("current", UNREAD),
        needs_reply=numbered("all", NEEDS_REPLY),
        folders_url=address_of("filing:folders"),
        rules_url="" if is_simple else address_of("filing:rules"),
        drafts_url=address_of("threads:drafts"),
        replies_url=address_of("replies:list") if mailbox.kind == Mailbox.Kind.SHOP else "",
        figures_url=address_of("figures:figures") if mailbox.kind == Mailbox.Kind.SHOP else "",
        support_url=address_of("support:log") if mailbox.kind == Mailbox.Kind.SHOP else "",
        is_indexed=bool(kinds["index"]),
    )


def watched_navigation(membership: Membership, entry: Entry | None = None) -> Navigation:
    """Return the navigation for a page that somebody looks at: a worker counts what has to be counted for it."""
    nav = navigation_of(membership, entry)
    if any(link.is_counted_later for link in nav.saved):
        look_at_counts(membership.mailbox_id)
    return nav


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give templates ``nav``, of the mailbox the person is acting for; nothing is read before it is used."""

    def read() -> Navigation:
        membership = getattr(request, "membership", None)
        return watched_navigation(membership) if membership else Navigation()

    return {"nav": SimpleLazyObject(read)}


def shown(number: int) -> str:
    """Return a counter as it is shown: a number, "99+", or nothing."""
    if number <= 0:
        return ""
    return str(number) if number <= MOST_SHOWN else f"{MOST_SHOWN}+"


@prepared
def _everything(
    mailbox_id: uuid.UUID, *entry_id: uuid.UUID, is_team: bool
) -> QuerySet[Any, tuple[str, uuid.UUID, str, str]]:
    """Return rows of kind, id, name and one more word: what the navigation is made of, in one statement."""
    mailbox = Mailbox(pk=mailbox_id)

    def part(kind: str, rows: QuerySet[Any], key: str, name: Any, extra: Any) -> QuerySet[Any, Any]:
        found = rows.order_by().annotate(
            _kind=Value(kind, CharField()), _name=Cast(name, TextField()), _extra=Cast(extra, TextField())
        )
        return found.values_list("_kind", key, "_name", "_extra")

    parts = [
        part("label", Label.objects.of_mailbox(mailbox), "pk", "name", "color"),
        part("tally", Tally.objects.filter(pk=mailbox.pk), "pk", Value(""), "counts"),
        part("index", IndexedMailbox.objects.ready().filter(pk=mailbox.pk), "pk", Value(""), Value("")),
        part("count", FilterCount.objects.of_mailbox(mailbox), "pk", "number", "counted_at"),
        part("saved", SavedFilter.objects.of_mailbox(mailbox).pinned(), "pk", "name", "query"),
    ]
    if is_team:
        members = Membership.objects.filter(mailbox=mailbox)
        parts.append(part("member", members, "user_id", "user__name", "user__email"))
    for key in entry_id:
        parts.append(part("on", EntryLabel.objects.filter(entry=key), "label_id", Value(""), Value("")))
    folders = part("folder", Folder.objects.of_mailbox(mailbox), "pk", "name", "parent_id")
    return folders.union(*parts, all=True)


def _view_link(box: Box, inbox: str, counts: Mapping[str, list[int]], user_id: uuid.UUID) -> Link:
    key = f"mine:{user_id.hex}" if box.counter == "mine" else box.counter
    return Link(
        box.key,
        pgettext("box", "Waiting") if box.key == "waiting" else str(box.label),  # the whole name needs two lines
        inbox if box.key == "inbox" else f"{inbox}?box={box.key}",
        ICONS[box.key],
        _number(counts, key, NUMBERS[box.shows]),
        is_quiet=box.key not in ("inbox", "needs_reply", "held"),
        drop=DROPS.get(box.key, ""),
    )


def _saved_link(
    row: tuple[str, str, str], inbox: str, counts: Mapping[str, list[int]], later: Mapping[str, tuple[int, str]]
) -> Link:
    """Return the line of a pinned filter; ``later`` are the numbers and moments that were counted, by its id."""
    key, name, query = row
    is_later = is_counted_later(dict(parse_qsl(query)))
    number, counted_at = later.get(_hex(key), (0, "")) if is_later else (0, "")
    return Link(
        f"saved:{key}",
        name,
        f"{inbox}?{query}",
        "bookmark",
        shown(number) if is_later else _number(counts, f"saved:{_hex(key)}", UNREAD),
        query=query,
        is_counted_later=is_later,
        said=told_count(number, counted_at) if counted_at else "",
    )


def told_count(number: int, counted_at: str) -> str:
    """Return a number of unread threads and when it was counted, an ISO moment in UTC, as a sentence."""
    moment = datetime.fromisoformat(counted_at)
    ago = told_ago(moment if moment.tzinfo else moment.replace(tzinfo=UTC), timezone.now())
    return gettext("%(number)s unread, counted %(ago)s") % {"number": shown(number) or "0", "ago": ago}


def _label_link(key: str, name: str, color: str) -> Link:
    url = f"{reverse('threads:inbox')}?box=all&label={key}"
    return Link(f"label:{key}", name, url, "tag", drop=f"label:{key}", id=key, color=color)


def _tree(folders: Sequence[tuple[str, str, str]], inbox: str, counts: Mapping[str, list[int]]) -> list[Link]:
    """Return folders by name, each followed by the folders in it."""
    inside: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for folder in sorted(folders, key=_by_name):
        inside[_hex(folder[2]) if folder[2] else ""].append(folder)
    found: list[Link] = []

    def walk(parent: str, level: int) -> None:
        for key, name, _parent in inside[parent]:
            count = _number(counts, f"folder:{_hex(key)}", UNREAD)
            link = Link(f"folder:{key}", name, f"{inbox}?folder={key}", "folder", count, drop=f"move:{key}", id=key)
            found.append(replace(link, level=level, parent=parent))
            if level < Folder.MOST_LEVELS:
                walk(_hex(key), level + 1)

    walk("", 0)
    return found


def _number(counts: Mapping[str, list[int]], key: str, place: int) -> str:
    return shown(counts.get(key, (0, 0, 0))[place])


def _by_name(row: tuple[str, str, str]) -> tuple[str, str]:
    return row[1].casefold(), row[0]


def _hex(key: str) -> str:
    """Return an id as counters name it; databases write ids with and without dashes."""
    return key.replace("-", "")
