"""What other servers and mail providers say of mail we sent: it bounced for good, or its reader called it spam."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from messagecenter.accounts.models import User
from messagecenter.mail.actions import suppress
from messagecenter.mail.models import Suppression
from messagecenter.mail.status import is_about_address
from messagecenter.notices.models import Notice

from .reading import Kind, Letter, Verdict

log = logging.getLogger(__name__)
NOTICE = re.compile(r"<?notice-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@([a-z0-9.-]+)>?")
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# What a provider calls a soft bounce while the normalised event calls it a bounce like any other.
SOFT = re.compile(r"soft|transient|temporary|deferred|full|quota|undetermined", re.IGNORECASE)


def heed_report(letter: Letter, verdict: Verdict) -> str:
    """Do what a bounce or complaint that came by mail asks for; return in a word what that was.

    It counts only when it names a mail of ours by its Message-ID, which nobody but its recipient and the servers on
    the way have seen; and it concerns nobody but that recipient, at the address they still have.
    """
    notice = _notice_of([verdict.original_message_id, *letter.in_reply_to, *letter.references])
    if notice is None or notice.recipient is None:
        return "report_not_ours"
    address = notice.recipient.email.lower()
    named = {one.address.lower() for one in verdict.recipients if one.address}
    was_sent_to = " ".join(letter.original.get("to", ())).lower()
    if (named or was_sent_to) and address not in named and address not in was_sent_to:
        return "report_other_address"
    happened_at = notice.sent_at or notice.created_at
    if verdict.kind == Kind.COMPLAINT:
        return _told(suppress(address, reason=Suppression.Reason.COMPLAINT, detail="abuse", happened_at=happened_at))
    codes = [one.status for one in verdict.recipients if one.permanent and one.status.startswith("5")]
    if not codes:
        return "bounce_for_now"
    code = codes[0] if STATUS.fullmatch(codes[0]) else "5.0.0"
    if not is_about_address(code):
        log.warning("Notice %s bounced with %s: the address is good, the mail was not taken.", notice.pk, code)
        return "bounce_not_of_the_address"
    return _told(suppress(address, reason=Suppression.Reason.BOUNCE, detail=code, happened_at=happened_at))


def heed_event(
    *, kind: str, address: str, provider_word: str, code: str = "", happened_at: datetime | None = None
) -> bool:
    """Do what a provider's report asks for, once its signature or secret was checked; return whether it changed much.

    ``kind`` is "bounced" or "complained" (the anymail event types), ``provider_word`` the provider's own name of it.
    Only addresses of accounts are of interest.
    """
    address = address.strip().lower()
    if kind not in ("bounced", "complained") or not User.objects.filter(email=address).exists():
        return False
    if kind == "complained":
        return suppress(address, reason=Suppression.Reason.COMPLAINT, detail="abuse", happened_at=happened_at)
    found = STATUS.search(code)
    if SOFT.search(provider_word) or (found and not found.group().startswith("5")):
        return False
    if found and not is_about_address(found.group()):
        return False
    detail = found.group() if found else "bounced"
    return suppress(address, reason=Suppression.Reason.BOUNCE, detail=detail, happened_at=happened_at)


def is_ours(message_id: str) -> bool:
    """Return whether a Message-ID is one that only mails of ours have."""
    found = NOTICE.fullmatch(message_id.strip().lower())
    return found is not None and found.group(2) == settings.SITE_HOST.lower()


def _told(changed: bool) -> str:
    return "suppressed" if changed else "report_known"


def _notice_of(message_ids: list[str]) -> Notice | None:
    """Return the notice whose mail one of these Message-IDs is, if we did send it."""
    for message_id in message_ids:
        if not is_ours(message_id):
            continue
        key = UUID(message_id.strip("<> ")[len("notice-") :].partition("@")[0])
        ours = Notice.objects.filter(Q(pk=key) | Q(letter_id=key), channel=Notice.Channel.EMAIL, attempts__gt=0)
        if (notice := ours.select_related("recipient").first()) is not None:
            return notice
    return None
