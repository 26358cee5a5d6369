"""Reports about mails of ours: bounces (RFC 3464 and older words), complaints (RFC 5965), receipts (RFC 8098)."""

from __future__ import annotations

from collections.abc import Mapping

import re2

from messagecenter.inbound.reading import headers
from messagecenter.inbound.reading.letter import Kind, Letter, Recipient, Report, Verdict

MAX_RECIPIENTS = 50
_LOOKED_AT = 20_000  # characters of a bounce's words

_DAEMON = re2.compile(r"^(?:mailer-daemon|postmaster|mailerdaemon|mail-daemon|mdaemon|bounce[^@]*|<>)(?:@|$)")
_STATUS = re2.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY = re2.compile(r"(?:^|[^\d.])([45]\d\d)[ -#:]")
_IN_ANGLES = re2.compile(r"<([^<>\s@]+@[^<>\s@]+)>")
_ALONE = re2.compile(r"(?m)^\s{0,8}<?([^\s<>@:;,()\[\]\"]+@[a-zA-Z0-9.-]+)>?\s*(?::|\(|$| on )")
_WORDS = re2.compile(
    r"(?i)this is the qmail-send program|could not be delivered|undeliver|delivery (?:has )?failed|did not reach the "
    r"following"
    r"|permanent (?:fatal )?errors?|unable to deliver|konnte(?:n)? nicht zugestellt|unzustellbar|nicht zustellbar|"
    r"delivery status notification"
    r"|returned mail|mail delivery (?:failed|system|subsystem)|failure notice|message delayed|delivery delayed|noch "
    r"nicht zugestellt"
    r"|has not yet been delivered|transient|could not deliver|wurde nicht zugestellt|delivery to the following "
    r"recipient"
)
_LATE = re2.compile(
    r"(?i)will (?:continue to )?(?:be )?(?:tr(?:y|ied)|retr(?:y|ied))|this is a warning|has not yet been delivered|"
    r"delayed"
    r"|noch nicht zugestellt|no action is required|verzögert"
)
# Where old programs begin the copy of the mail that failed.
_COPY = re2.compile(
    r"(?im)^(?:-{2,} ?below this line is a copy|-{4,} ?this is a copy of|-{3,} ?(?:the header of the )?original message"
    r"|-{3,} ?unsent message|-{3,} ?original message headers|-{3,} ?diese e-mail im original"
    r"|-{3,} ?the body of the message|-{3,} ?message header follows|-{3,} ?original-?nachricht|received: |"
    r"return-path: )"
)
_MESSAGE_ID = re2.compile(r"(?im)^>?\s*message-id:\s*<([^<>\s]+)>")


def bounce(letter: Letter) -> Verdict | None:
    """Return the verdict on a report that a mail did not arrive, is late, or did arrive; None for other mails."""
    for report in letter.reports:
        if report.kind == "delivery-status" and (verdict := _reported(letter, report)):
            return verdict
    daemon = any(_DAEMON.match(one.address) for one in letter.from_) or letter.return_path == ""
    failed = [one.address for one in headers.addresses(letter.headers.get("x-failed-recipients", ()))]
    text = letter.full_text[:_LOOKED_AT]
    if not failed and not (daemon and (_WORDS.search(text) or _WORDS.search(letter.subject[:200]))):
        return None
    if not failed and not letter.report_type and _answers_itself(letter):
        return None
    copy = _COPY.search(text)
    said = text[: copy.start()] if copy else text
    addresses = failed or _named(said, letter)
    permanent = not _LATE.search(said) or bool(_REPLY_5.search(said))
    recipients = tuple(
        Recipient(one, _status_near(said, one), _is_permanent(_status_near(said, one), permanent), _near(said, one))
        for one in addresses[:MAX_RECIPIENTS]
    )
    kind = "failed" if any(one.permanent for one in recipients) or (not recipients and permanent) else "delayed"
    return Verdict(Kind.BOUNCE, kind, recipients, _original_id(letter))


_REPLY_5 = re2.compile(r"(?:^|[^\d.])5\d\d[ -]|\b5\.\d{1,3}\.\d{1,3}\b")


def _reported(letter: Letter, report: Report) -> Verdict | None:
    """Read an RFC 3464 report: fields of the mail first, then a block a recipient."""
    recipients: list[Recipient] = []
    actions: set[str] = set()
    for block in report.blocks:
        address = _typed(block.get("final-recipient", "")) or _typed(block.get("original-recipient", ""))
        original = _typed(block.get("original-recipient", ""))
        action = block.get("action", "").strip().lower().partition(" ")[0]
        if not action and not address:
            continue
        found = _STATUS.search(block.get("status", "")) or _STATUS.search(block.get("diagnostic-code", ""))
        status = found.group(1) if found else ""
        actions.add(action)
        if action in ("delivered", "relayed", "expanded"):
            continue
        permanent = _is_permanent(status, action != "delayed") and action != "delayed"
        diagnostic = _bare(block.get("diagnostic-code", ""))
        # Forwarded mail fails at an address we never wrote to: the one we know is the original recipient.
        recipients.append(Recipient((original or address).lower(), status, permanent, diagnostic))
    if recipients:
        reason = "failed" if any(one.permanent or one.status[:1] == "4" for one in recipients) else "delayed"
        reason = "delayed" if actions == {"delayed"} else reason
        return Verdict(Kind.BOUNCE, reason, tuple(recipients[:MAX_RECIPIENTS]), _original_id(letter))
    if actions:
        return Verdict(Kind.RECEIPT, "delivered", (), _original_id(letter))
    return None


def complaint(letter: Letter) -> Verdict | None:
    """Return the verdict on a report of spam: whom it came from, as far as the provider says."""
    report = next((one for one in letter.reports if one.kind == "feedback-report"), None)
    hotmail = any(one.address == "staff@hotmail.com" for one in letter.from_) and "complaint" in letter.subject.lower()
    if report is None and not hotmail:
        return None
    fields = {name: value for block in (report.blocks if report else ()) for name, value in block.items()}
    if fields.get("feedback-type", "abuse").strip().lower() == "not-spam":
        return Verdict(Kind.RECEIPT, "not_spam", (), _original_id(letter))
    named = headers.addresses([fields.get("original-rcpt-to", "")]) or headers.addresses(
        (*letter.headers.get("x-hmxmroriginalrecipient", ()), *letter.original.get("x-hmxmroriginalrecipient", ()))
    )
    named = named or headers.addresses(letter.original.get("to", ()))
    recipients = tuple(Recipient(one.address) for one in named[:MAX_RECIPIENTS])
    return Verdict(
        Kind.COMPLAINT, fields.get("feedback-type", "abuse").strip().lower()[:40], recipients, _original_id(letter)
    )


def receipt(letter: Letter) -> Verdict | None:
    """Return the verdict on a receipt that a mail was shown, or deleted unread."""
    report = next((one for one in letter.reports if one.kind == "disposition-notification"), None)
    if report is None and letter.report_type != "disposition-notification":
        return None
    fields: Mapping[str, str] = {
        name: value for block in (report.blocks if report else ()) for name, value in block.items()
    }
    original = next(iter(headers.ids(fields.get("original-message-id", ""))), "") or _original_id(letter)
    done = fields.get("disposition", "").rpartition(";")[2].strip().lower().partition("/")[0]
    return Verdict(Kind.RECEIPT, done[:40] or "read", (), original)


def _typed(value: str) -> str:
    """Return the address of ``rfc822; bob@example.org``."""
    found = headers.addresses([value.rpartition(";")[2]])
    return found[0].address if found else ""


def _bare(value: str) -> str:
    """Return what a server said, without the type before it."""
    return value.partition(";")[2].strip()[:500] if ";" in value[:20] else value.strip()[:500]


def _original_id(letter: Letter) -> str:
    """Return the Message-ID of the mail a report is about: from its copy, or from what the report answers."""
    if found := headers.ids(headers.first(letter.original, "message-id")):
        return found[0]
    if found_in_text := _MESSAGE_ID.search(letter.full_text[: _LOOKED_AT * 4]):
        return str(found_in_text.group(1))
    return next(iter(letter.in_reply_to or letter.references[-1:]), "")


def _named(said: str, letter: Letter) -> list[str]:
    """Return the addresses a bounce's words name, not its own ones."""
    own = {one.address for one in (*letter.to, *letter.from_, *letter.delivered_to)}
    found = [*_ALONE.findall(said), *_IN_ANGLES.findall(said)]
    listed = [one.lower().strip(".") for one in found]
    return [one for one in dict.fromkeys(listed) if one not in own and not _DAEMON.match(one)]


def _near(said: str, address: str) -> str:
    """Return what stands behind an address: usually what its server said."""
    place = said.lower().find(address)
    if place < 0:
        return ""
    return " ".join(said[place + len(address) : place + len(address) + 600].lstrip(">: \n").split())[:500]


def _status_near(said: str, address: str) -> str:
    near = _near(said, address)
    if found := _STATUS.search(near) or _STATUS.search(said):
        return str(found.group(1))
    if reply := _REPLY.search(near):
        return f"{reply.group(1)[0]}.0.0"
    return ""


def _is_permanent(status: str, otherwise: bool) -> bool:
    return {"5": True, "4": False}.get(status[:1], otherwise)


def _answers_itself(letter: Letter) -> bool:
    """Whether a mail without sender path is an absence note that only speaks of delivery: it says so itself."""
    return letter.header("auto-submitted").lower().startswith("auto-replied") and not any(
        _DAEMON.match(one.address) for one in letter.from_
    )
