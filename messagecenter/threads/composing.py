"""What stands in the text box before anybody writes, and beside it: signature, chosen reply, reader's language."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from messagecenter.accounts.models import Mailbox
from messagecenter.ids import new_id
from messagecenter.replies.filling import Matter, filled, values_of
from messagecenter.replies.languages import name_of, same_language
from messagecenter.replies.models import MOST_REPLIES, SavedReply, Signature
from messagecenter.replies.words import read_signature, read_text
from messagecenter.vault.errors import Unreadable

from .access import Standing


@dataclass(frozen=True)
class Offered:
    """A saved reply with the values of one matter; ``missing`` says whether gaps are left in it."""

    id: uuid.UUID
    name: str
    language: str
    language_name: str
    text: str
    missing: bool


def matter_of(standing: Standing) -> Matter:
    """Return whom and what a text in this thread is for."""
    entry, thread = standing.entry, standing.entry.thread
    return Matter(entry.mailbox, entry.other, order=thread.order, product=thread.product, person=standing.person)


def beside_the_text(standing: Standing) -> dict[str, Any]:
    """Return what the composer says around its text box: no query."""
    return beside_first_words(matter_of(standing), reverse("threads:replies", args=[standing.entry.thread_id]))


def beside_first_words(matter: Matter, replies_url: str) -> dict[str, Any]:
    """Return what a form says around its text box when saved replies are at ``replies_url``: no query."""
    is_team = matter.own.kind != Mailbox.Kind.BUYER
    is_person = matter.other is not None and matter.other.kind != Mailbox.Kind.SUPPORT  # which speaks several
    return {
        "reader_language": name_of(matter.language) if is_team and is_person else "",
        "replies_url": replies_url if is_team else "",
    }


def first_words(standing: Standing, reply_id: uuid.UUID | None) -> dict[str, Any]:
    """Return what a new composer holds: the signature, below a saved reply that was chosen; a new client id.

    The signature came with the standing; a chosen reply takes two queries.
    """
    found = standing.signature if standing.membership.may_write else None
    return _signed(matter_of(standing), found, reply_id)


def words_of_first(matter: Matter, reply_id: uuid.UUID | None) -> dict[str, Any]:
    """Return what the form of a first message holds, as ``first_words`` does: one query more, none for a buyer.

    Whether the person of ``matter`` may write is the caller's to ask.
    """
    found = None
    if matter.own.kind != Mailbox.Kind.BUYER and matter.person is not None:
        fitting = Signature.objects.fitting_to(matter.person, matter.own, matter.language)
        found = fitting.values_list("pk", "text_ciphertext").first()
    return _signed(matter, (found[0], bytes(found[1])) if found else None, reply_id)


def _signed(matter: Matter, signature: tuple[uuid.UUID, bytes] | None, reply_id: uuid.UUID | None) -> dict[str, Any]:
    signed = _signature(matter, signature)
    chosen: list[Offered] = []
    if reply_id and matter.person is not None:
        mine = SavedReply.objects.visible_to(matter.person).filter(mailbox=matter.own)
        chosen = fill_in(matter, mine.filter(pk=reply_id))
    text = chosen[0].text if chosen else ""
    return signed_again(signed) | ({"body": f"{text}\n\n{signed}".strip()} if text else {})


def signed_again(signature: str) -> dict[str, Any]:
    """Return what the next composer holds: room above the same signature, and a new client id."""
    return {"client_id": new_id(), "signature": signature, "body": f"\n\n{signature}" if signature else ""}


def replies_for(matter: Matter) -> list[Offered]:
    """Return the mailbox's saved replies with the values of one matter, those in the reader's language first.

    Two queries. One that cannot be read is left out.
    """
    offered = fill_in(matter, SavedReply.objects.of_mailbox(matter.own)[:MOST_REPLIES])
    return sorted(offered, key=lambda one: not same_language(one.language, matter.language))


def fill_in(matter: Matter, rows: Iterable[SavedReply]) -> list[Offered]:
    """Return saved replies with the values of one matter."""
    values: dict[str, dict[str, str]] = {}
    offered = []
    for row in rows:
        if row.language not in values:
            values[row.language] = values_of(matter, language=row.language)
        try:
            done = filled(read_text(row), values[row.language], language=row.language)
        except Unreadable:
            continue
        offered.append(Offered(row.pk, row.name, row.language, name_of(row.language), done.text, bool(done.missing)))
    return offered


def _signature(matter: Matter, found: tuple[uuid.UUID, bytes] | None) -> str:
    """Return a signature with its values; "" for none."""
    if found is None:
        return ""
    try:
        text = read_signature(matter.own.pk, *found)
    except Unreadable:
        return ""
    name = matter.person.get_full_name() if matter.person else ""
    return filled(text, {"shop_name": matter.own.shown_name, "agent_name": name}, language=matter.language).text
