"""What decides whether and how notices go out, read for many at once: nothing of it is older than a second then."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import InterfaceError, OperationalError

from messagecenter.accounts.models import User
from messagecenter.mail.actions import suppressed_among
from messagecenter.notices import channels, kinds
from messagecenter.notices.models import Notice
from messagecenter.notices.neighbours import Neighbours, neighbours_of
from messagecenter.notices.reasons import TAKES_NO_MAIL
from messagecenter.notices.timing import Timings, Wishes, chosen_timings, wishes
from messagecenter.notices.topics import Timing

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What was found about one notice."""

    wanted: Wishes
    chosen: Timings
    takes_mail: bool
    near: Neighbours


def look(notices: Sequence[Notice]) -> dict[UUID, Seen]:
    """Return what there is to know of each; what nobody knows how to tell is left out.

    As many queries for many notices as for one: five or fewer, and those of each kind that is among them.
    """
    keys = {notice.recipient_id for notice in notices if notice.recipient_id is not None}
    people = User.objects.select_related("notice_schedule").in_bulk(keys)
    for notice in notices:
        if notice.recipient_id in people:
            notice.recipient = people[notice.recipient_id]
    mails = {
        notice.recipient.email
        for notice in notices
        if notice.recipient is not None and notice.channel == Notice.Channel.EMAIL
    }
    closed, chosen, near = suppressed_among(mails), chosen_timings(keys), neighbours_of(notices)
    _look_at_subjects(notices)
    found = {}
    for notice in notices:
        try:
            wanted = wishes(notice, chosen)
        except LookupError:  # of a room that is gone, or of the next release
            continue
        takes_mail = notice.recipient is None or notice.recipient.email not in closed
        found[notice.pk] = Seen(wanted, chosen, takes_mail, near.get(notice.pk, Neighbours()))
    return found


def _look_at_subjects(notices: Sequence[Notice]) -> None:
    """Let each kind read what its notices tell of. One that cannot is asked for each by itself, and fails there."""
    by_kind: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        notice.told = None
        by_kind[notice.kind].append(notice)
    for name, rows in by_kind.items():
        try:
            kind = kinds.named(name)
            if kind.look is not None:
                kind.look(rows)
        except (OperationalError, InterfaceError):
            raise
        except LookupError:
            continue
        except Exception:
            logger.exception("Notices of kind %s cannot be looked at together.", name)


def why_not(notice: Notice, seen: Seen) -> str:
    """Return why a notice is not needed any more, or an empty text; asked right before sending."""
    person, kind = notice.recipient, kinds.named(notice.kind)
    if person is not None and not person.is_active:
        return "the person is no longer active"
    if seen.wanted.timing == Timing.OFF:
        return "the person switched these off"
    if notice.channel == Notice.Channel.EMAIL:
        reason = "" if seen.takes_mail or kind.goes_to_suppressed else TAKES_NO_MAIL
    else:
        reason = channels.named(notice.channel).why_not(notice)
    return reason or kind.why_not(notice)
