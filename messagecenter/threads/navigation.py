"""What the pages of the messages show around themselves: the navigation, the filter in words, what a form needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.attachments.inspection.limits import EXTENSIONS, MOST_BYTES, MOST_FILES
from orders.models import Order

from .boxes import RELEVANCE, SORTS
from .context import Link, Navigation, address_of, watched_navigation
from .filters import PRIORITIES, Wanted
from .models import Entry
from .topics import LABELS


@dataclass(frozen=True)
class Part:
    """One part of an active filter: what it is in words, and where the list is without it."""

    text: str
    url: str
    color: str = ""


def upload_context(mailbox: Mailbox) -> dict[str, Any]:
    """Return what a form needs to know to take files up for a mailbox."""
    return {
        "mailbox_id": mailbox.pk,
        "upload_url": reverse("attachments:uploads"),
        "most_bytes": MOST_BYTES,
        "most_files": MOST_FILES,
        "accept": ",".join(EXTENSIONS),
    }


def frame(membership: Membership, box: str, wanted: Wanted | None = None, entry: Entry | None = None) -> dict[str, Any]:
    """Return the navigation of the mailbox the person acts for: one query.

    With ``wanted`` also what a list of it is called and filtered by, with ``entry`` the labels on that thread.
    """
    nav = watched_navigation(membership, entry)
    context = {
        "nav": nav,
        "mailbox_name": membership.mailbox.shown_name,
        "may_write": membership.may_write,
        "is_team": membership.mailbox.kind != Mailbox.Kind.BUYER,
        "person_id": str(membership.user_id),
        "list_url": reverse("threads:inbox"),
        "nav_current": box,
        "file_url": address_of("threads:file") if membership.may_write else "",
        "priorities": [(int(one), key, one.label) for key, one in PRIORITIES.items()],
    }
    if entry is not None:
        context["thread_labels"] = nav.on_thread
    if wanted is not None:
        context |= _list_frame(nav, wanted)
    return context


def _list_frame(nav: Navigation, wanted: Wanted) -> dict[str, Any]:
    """Return what a list is called, what it is filtered by, and what it could be filtered by."""
    inbox = reverse("threads:inbox")
    folder = next((one for one in nav.folders if one.id == wanted.folder), None)
    plain = Wanted(box=wanted.box, folder=wanted.folder)
    plain_query = plain.as_query()
    return {
        "box_label": (folder.label if folder else _("Folder")) if wanted.folder else str(wanted.view.label),
        "nav_current": _current(nav, wanted),
        "list_query": wanted.as_query(),
        "filter_parts": _parts(nav, wanted),
        "plain_url": f"{inbox}?{plain_query}" if plain_query else inbox,
        "save_filter_url": address_of("filing:save_filter"),
        "topics": LABELS.items(),
        "order_states": Order.Status.choices,
        "sorts": [RELEVANCE, *SORTS.values()] if wanted.q else SORTS.values(),
    }


def _current(nav: Navigation, wanted: Wanted) -> str:
    """Return which line of the navigation a list belongs to."""
    query = wanted.as_query()
    for saved in nav.saved:
        if saved.query == query:
            return saved.key
    if wanted.folder:
        return f"folder:{wanted.folder}"
    if wanted.label and wanted == Wanted(box="all", label=wanted.label):
        return f"label:{wanted.label}"
    return wanted.box


def _parts(nav: Navigation, wanted: Wanted) -> list[Part]:
    """Return the active filter in words, each part with the list without it."""
    label: Link | None = next((one for one in nav.labels if one.id == wanted.label), None)
    states = dict(Order.Status.choices)
    said = {
        "q": _("“%(words)s”") % {"words": wanted.q},
        "order": _("Order %(number)s") % {"number": wanted.order},
        "since": _("From %(day)s") % {"day": _told_day(wanted.since)},
        "until": _("Until %(day)s") % {"day": _told_day(wanted.until)},
        "label": label.label if label else _("Label"),
        "priority": str(PRIORITIES[wanted.priority].label).capitalize() if wanted.priority else "",
        "topic": str(LABELS.get(wanted.topic, "")),
        "other": pgettext("filter", "With %(name)s") % {"name": wanted.other},
        "product": _("Product %(name)s") % {"name": wanted.product},
        "status": _("Order is %(state)s") % {"state": states.get(wanted.status, "")},
        "files": _("With files"),
        "sort": str(wanted.sorting.label),
    }
    inbox = reverse("threads:inbox")
    active = wanted.as_data()
    return [
        Part(text, f"{inbox}?{wanted.without(name).as_query()}", label.color if label and name == "label" else "")
        for name, text in said.items()
        if name in active
    ]


def _told_day(day: str) -> str:
    return date_format(date.fromisoformat(day), "DATE_FORMAT") if day else ""
