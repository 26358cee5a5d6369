"""Who is asking, for which mailbox, about which thread: the one door every page of a thread goes through."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, Subquery
from django.http import Http404, HttpRequest

from messagecenter.accounts.acting import membership_of, memberships_of, person_of
from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.policy.models import BlockedSender
from messagecenter.prepared import planned
from messagecenter.replies.models import Signature
from orders.models import Order, OrderItem

from .actions import BeforeWriting
from .gathered import Gathered, columns_of, give, revived, rows_in
from .models import Draft, Entry, EntryQuerySet, Message, Note, Place
from .permission import Blocks, may_be_blocked

DRAFT_FIELDS = ("id", "client_id", "body_ciphertext", "uploads", "version", "updated_at")
ITEM_COLUMNS = columns_of(OrderItem)
NOTHING = uuid.UUID(int=0)  # the client id of no message


@dataclass(frozen=True)
class Standing:
    """A person with their entry of a thread and the membership they act with."""

    person: User
    entry: Entry
    membership: Membership
    blocks: Blocks
    seen_up_to: uuid.UUID | None  # the newest message the other side has read, as far as it lets that be known
    signature: tuple[uuid.UUID, bytes] | None = None  # what the person's messages to this other side end with
    draft: Draft | None = None  # what the person has written here and not sent
    has_colleagues: bool = False  # whether others act for the mailbox, too
    has_notes: bool = False
    before_writing: BeforeWriting | None = None  # what posting has to know beforehand

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox the person acts for."""
        return self.entry.mailbox


def acting_membership(request: HttpRequest) -> Membership:
    """Return the membership the person acts with. Raises Http404 for someone without a mailbox.

    Support works in the admin, where every reading is written down: its mailboxes are not acted for here.
    """
    membership = membership_of(request)
    for own in ([membership] if membership else []) + memberships_of(request):
        if own.mailbox.kind != Mailbox.Kind.SUPPORT:
            return own
    raise Http404


def works_only_in_support(request: HttpRequest) -> bool:
    """Return whether all the mailboxes the person acts for are support's."""
    own = memberships_of(request)
    return bool(own) and all(one.mailbox.kind == Mailbox.Kind.SUPPORT for one in own)


def standing_or_404(request: HttpRequest, thread_id: uuid.UUID, *, sending: uuid.UUID | None = None) -> Standing:
    """Return the person's standing in a thread, with the mailbox they act for if it takes part, else another of theirs.

    ``sending`` is the client id of a message that is about to be posted. Foreign and missing threads raise the same
    Http404, and so do the cases of a support queue to those who work for it: their page is in the admin.
    """
    person = person_of(request)
    acting = membership_of(request)
    entries: dict[uuid.UUID, Any] = {
        entry.mailbox_id: entry for entry in _entries(person.pk, thread_id, sending or NOTHING)
    }
    for membership in ([acting] if acting else []) + memberships_of(request):
        if membership.mailbox_id in entries and membership.mailbox.kind != Mailbox.Kind.SUPPORT:
            entry = entries[membership.mailbox_id]
            blocks = Blocks(
                by_us=entry.is_blocking and may_be_blocked(entry.other),
                by_them=entry.is_blocked and may_be_blocked(entry.mailbox),
            )
            if entry.thread.order is not None:
                give_items(entry.thread.order, entry.items)
            signature = (entry.signature_id, bytes(entry.signature_ciphertext)) if entry.signature_id else None
            return Standing(
                person,
                entry,
                membership,
                blocks,
                entry.seen_up_to,
                signature,
                draft=_draft_of(person, entry),
                has_colleagues=entry.has_colleagues,
                has_notes=entry.has_notes,
                before_writing=BeforeWriting(
                    entry.thread, entry.other, entry.other_has_it, entry.is_blocked, entry.is_repeat
                ),
            )
    raise Http404


@planned
def _entries(person_id: uuid.UUID, thread_id: uuid.UUID, client_id: uuid.UUID) -> EntryQuerySet:
    """Return the person's entries of a thread, with all that ``Standing`` says about each."""
    person = User(pk=person_id)
    others = Entry.objects.filter(
        thread=OuterRef("thread"), mailbox=OuterRef("other"), mailbox__sends_receipts=True, place__lt=Place.GONE
    )
    signatures = Signature.objects.fitting(person)
    colleagues = Membership.objects.filter(mailbox=OuterRef("mailbox")).exclude(user=person)
    own = Q(thread__drafts__user=person, thread__drafts__mailbox=F("mailbox"))
    return (
        Entry.objects.visible_to(person)
        .filter(thread=thread_id)
        .select_related("thread__order", "thread__product", "mailbox", "other", "assignee")
        .annotate(
            is_blocking=Exists(BlockedSender.objects.filter(mailbox=OuterRef("mailbox"), sender=OuterRef("other"))),
            is_blocked=Exists(BlockedSender.objects.filter(mailbox=OuterRef("other"), sender=OuterRef("mailbox"))),
            other_has_it=Exists(Entry.objects.filter(thread=OuterRef("thread"), mailbox=OuterRef("other"))),
            is_repeat=Exists(
                Message.objects.filter(thread=OuterRef("thread"), sender=OuterRef("mailbox"), client_id=client_id)
            ),
            seen_up_to=Subquery(others.values("read_up_to")[:1]),
            signature_id=Subquery(signatures.values("pk")[:1]),
            signature_ciphertext=Subquery(signatures.values("text_ciphertext")[:1]),
            has_colleagues=Exists(colleagues),
            has_notes=Exists(
                Note.objects.filter(thread=OuterRef("thread"), mailbox=OuterRef("mailbox"), removed_at=None)
            ),
            items=gathered_items("thread__order"),
            draft=FilteredRelation("thread__drafts", condition=own),
            **{f"draft_{name}": F(f"draft__{name}") for name in DRAFT_FIELDS},
        )
    )


def gathered_items(order: str) -> Gathered:
    """Return what to annotate rows with for ``give_items``; ``order`` is their column with the order."""
    return Gathered(OrderItem.objects.filter(order=OuterRef(order)).order_by("line"), *ITEM_COLUMNS)


def give_items(order: Order, gathered: str | None) -> None:
    """Let an order have its items, which were read in the same statement."""
    give(order, "items", [revived(OrderItem, ITEM_COLUMNS, values) for values in rows_in(gathered)])


def _draft_of(person: User, entry: Entry) -> Draft | None:
    """Return the person's draft, whose columns were read with the entry."""
    values = {name: getattr(entry, f"draft_{name}") for name in DRAFT_FIELDS}
    return Draft(user=person, mailbox=entry.mailbox, thread=entry.thread, **values) if values["id"] else None


def order_number_in(text: str) -> str:
    """Return the order number a browser sent: without blanks around it, at most 64 characters, all of them printable.

    PostgreSQL takes no NUL in a text, and no order has one in its number.
    """
    return "".join(character for character in text if character.isprintable()).strip()[:64]


def uuid_or_none(value: str) -> uuid.UUID | None:
    """Return the UUID a browser sent, or None when it is none."""
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def memberships_acting_first(request: HttpRequest) -> list[Membership]:
    """Return the person's memberships, the acting one first."""
    acting = acting_membership(request)
    return [acting, *(own for own in memberships_of(request) if own != acting)]


def membership_in(request: HttpRequest, order: Order) -> Membership:
    """Return the membership the person writes about an order with: the acting one if it has a part in it.

    Raises Http404 for someone without a part in it.
    """
    for membership in memberships_acting_first(request):
        if membership.mailbox_id in (order.shop_id, order.buyer_id):
            return membership
    raise Http404
