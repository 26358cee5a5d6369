"""Mails no person wrote: absence notes, lists, bounces of many servers, complaints, receipts, our own."""

from __future__ import annotations

from messagecenter.inbound.reading import Kind
from tests.inbound.corpus.mail import BUYER, Case, mail, mixed, part

ORIGINAL = "ob-0193@shop.example.org"
_COPY = (
    "Received: from shop.example.org (shop.example.org [192.0.2.1])\nMessage-ID: <ob-0193@shop.example.org>\n"
    f"From: Laden Meier <notice@shop.example.org>\nTo: {BUYER}\nSubject: Neue Nachricht\nAuto-Submitted: "
    f"auto-generated\n"
)
_DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example.org>"
_NULL = "Return-Path: <>\n"
_AWAY = "Guten Tag,\n\nich bin bis 5.12. nicht im Büro."


def away(
    name: str, *, subject: str = "Re: Neue Nachricht", extra: str = "", body: str = _AWAY, reason: str = "", **more: str
) -> Case:
    """An absence note or another robot's answer."""
    return Case(
        f"auto-{name}",
        mail(body, subject=subject, extra=extra, **more),
        body,
        Kind.AUTO_REPLY,
        reason=reason,
        original="",
    )


AUTOMATIC = [
    away(
        "exchange-de",
        subject="Automatische Antwort: Neue Nachricht",
        extra="X-MS-Exchange-Inbox-Rules-Loop: anna.mueller@example.org\n"
        "X-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated\n",
        reason="auto_submitted",
    ),
    away("exchange-only-suppress", extra="X-Auto-Response-Suppress: DR, OOF, AutoReply\n", reason="suppress"),
    away(
        "exchange-only-rules-loop",
        extra="X-MS-Exchange-Inbox-Rules-Loop: a@example.org\n",
        reason="x_ms_exchange_inbox_rules_loop",
    ),
    away(
        "gmail-vacation",
        subject="Abwesend Re: Neue Nachricht",
        extra="Auto-Submitted: auto-replied\nX-Autoreply: yes\nPrecedence: bulk\n",
        reason="auto_submitted",
    ),
    away(
        "rfc3834-with-parameter",
        extra='Auto-Submitted: auto-replied; owner-email="anna@example.org"\n',
        reason="auto_submitted",
    ),
    away(
        "sieve-vacation",
        subject="Auto: Neue Nachricht",
        extra="Auto-Submitted: auto-replied (vacation)\n",
        reason="auto_submitted",
    ),
    away("x-autoreply", extra="X-Autoreply: yes\n", reason="x_autoreply"),
    away("x-autorespond", extra="X-Autorespond: Neue Nachricht\n", reason="x_autorespond"),
    away("cpanel", extra="X-Autorespond: Urlaub\nPrecedence: auto_reply\n"),
    away("precedence-bulk", extra="Precedence: bulk\n", reason="precedence"),
    away("precedence-junk", extra="Precedence: junk\n", reason="precedence"),
    away("mailing-list", extra="List-Id: <news.example.org>\nPrecedence: list\n"),
    away("newsletter", extra="List-Unsubscribe: <https://example.org/u/1>\n", reason="list"),
    away("null-sender", extra=_NULL, reason="null_sender"),
    away("words-de", subject="Abwesenheitsnotiz: Neue Nachricht", reason="words"),
    away(
        "words-en",
        subject="Out of Office: New message",
        body="I am out of the office until December 5.",
        reason="words",
    ),
    away(
        "words-fr", subject="Réponse automatique : Nouveau message", body="Je suis actuellement absent.", reason="words"
    ),
    away("words-es", subject="Respuesta automática: Mensaje", body="Estoy fuera de la oficina.", reason="words"),
    away("words-it", subject="Risposta automatica: Messaggio", body="Sono fuori ufficio.", reason="words"),
    away(
        "words-noreply",
        subject="Eingangsbestätigung",
        body="Danke.",
        sender="Shop <no-reply@example.net>",
        reason="words",
    ),
    away(
        "ticket-system",
        subject="[#4711] Ticket received",
        body="Ihre Ticketnummer 4711.",
        extra="Auto-Submitted: auto-replied\n",
    ),
]
NOT_AUTOMATIC = [
    Case("person-subject-alone", mail("Ja, Größe 42.", subject="Out of office chair"), "Ja, Größe 42."),
    Case("person-speaks-of-holidays", mail("Ich bin im Urlaub, bitte später."), "Ich bin im Urlaub, bitte später."),
    Case("person-auto-submitted-no", mail("Passt.", extra="Auto-Submitted: no\n"), "Passt."),
    Case("person-precedence-normal", mail("Passt.", extra="Precedence: normal\n"), "Passt."),
    Case(
        "person-says-undeliverable",
        mail("Das Paket war unzustellbar, sagt der Paketdienst.", subject="Undeliverable parcel"),
        "Das Paket war unzustellbar, sagt der Paketdienst.",
    ),
    Case("person-foreign-x-loop", mail("Passt.", extra="X-Loop: list@example.net\n"), "Passt."),
]


def report(
    status: str,
    *,
    words: str = "The mail could not be delivered.",
    original: str = _COPY,
    headers_only: bool = False,
    sender: str = _DAEMON,
    subject: str = "Undelivered Mail Returned to Sender",
) -> bytes:
    """A delivery report of RFC 3464."""
    return mixed(
        part(words, "text/plain; charset=utf-8", extra="Content-Description: Notification\n"),
        part(status, "message/delivery-status", extra="Content-Description: Delivery report\n"),
        part(
            original + ("" if headers_only else "\nHallo\n"),
            "text/rfc822-headers" if headers_only else "message/rfc822",
        ),
        subtype="report",
        parameters="; report-type=delivery-status",
        sender=sender,
        subject=subject,
        extra=f"{_NULL}Auto-Submitted: auto-replied\n",
    )


def failed(status: str, code: str, action: str = "failed", diagnostic: str = "smtp; 550 5.1.1 no such user") -> str:
    """The fields of a report about one recipient."""
    return (
        "Reporting-MTA: dns; mx.example.org\nArrival-Date: Mon, 23 Nov 2026 10:02:11 +0100\n\n"
        f"Final-Recipient: rfc822; {status}\nAction: {action}\nStatus: {code}\nDiagnostic-Code: {diagnostic}\n"
    )


def bounced(
    name: str,
    raw: bytes,
    *recipients: tuple[str, str, bool],
    reason: str = "failed",
    original: str = ORIGINAL,
    text: str = "…",
) -> Case:
    """A bounce; what its words are matters to nobody."""
    return Case(f"bounce-{name}", raw, text, Kind.BOUNCE, reason=reason, recipients=recipients, original=original)


_DEAD = "dead@example.org"
_TEXT_COPY = "Return-Path: <notice@shop.example.org>\n" + _COPY + "\nHallo\n"
BOUNCES = [
    bounced("postfix", report(failed(_DEAD, "5.1.1")), (_DEAD, "5.1.1", True)),
    bounced(
        "postfix-full",
        report(failed(_DEAD, "5.2.2", diagnostic="smtp; 552 5.2.2 mailbox full")),
        (_DEAD, "5.2.2", True),
    ),
    bounced(
        "postfix-deferred-4xx",
        report(failed(_DEAD, "4.4.1", diagnostic="X-Postfix; connect timed out")),
        (_DEAD, "4.4.1", False),
    ),
    bounced(
        "postfix-delay-warning",
        report(failed(_DEAD, "4.4.1", "delayed"), subject="Delayed Mail (still being retried)"),
        (_DEAD, "4.4.1", False),
        reason="delayed",
    ),
    bounced("headers-only", report(failed(_DEAD, "5.1.1"), headers_only=True), (_DEAD, "5.1.1", True)),
    bounced(
        "two-recipients",
        report(failed(_DEAD, "5.1.1") + "\nFinal-Recipient: rfc822; full@example.org\nAction: failed\nStatus: 4.2.2\n"),
        (_DEAD, "5.1.1", True),
        ("full@example.org", "4.2.2", False),
    ),
    bounced(
        "forwarded-recipient",
        report(
            "Reporting-MTA: dns; mx\n\nOriginal-Recipient: rfc822;anna@example.org\nFinal-Recipient: rfc822; "
            "inner@example.net\n"
            "Action: failed\nStatus: 5.1.1\n"
        ),
        ("anna@example.org", "5.1.1", True),
    ),
    bounced(
        "exchange-365",
        report(
            failed(_DEAD, "5.1.10", diagnostic="smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"),
            sender="Microsoft Outlook <postmaster@example.org>",
            subject="Unzustellbar: Neue Nachricht",
        ),
        (_DEAD, "5.1.10", True),
    ),
    bounced(
        "gmail",
        report(
            failed(
                _DEAD, "5.1.1", diagnostic="smtp; 550-5.1.1 The email account that you tried to reach does not exist."
            ),
            sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
            subject="Delivery Status Notification (Failure)",
        ),
        (_DEAD, "5.1.1", True),
    ),
    bounced(
        "yahoo-without-status",
        report(f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {_DEAD}\nAction: failed\n"),
        (_DEAD, "", True),
    ),
    bounced(
        "status-only-in-diagnostic",
        report(
            f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {_DEAD}\nAction: failed\n"
            "Diagnostic-Code: smtp; 550 5.7.1 blocked\n"
        ),
        (_DEAD, "5.7.1", True),
    ),
    bounced(
        "from-our-own-server",
        report(failed(_DEAD, "5.1.1"), sender="MAILER-DAEMON@shop.example.org").replace(
            b"<CAF4711@mail.example.org>", b"<20261123@shop.example.org>"
        ),
        (_DEAD, "5.1.1", True),
    ),
    bounced(
        "qmail",
        mail(
            f"Hi. This is the qmail-send program at mx.example.org.\nI'm afraid I wasn't able to deliver your message "
            f"to the following addresses.\n"
            f"This is a permanent error; I've given up. Sorry it didn't work out.\n\n<{_DEAD}>:\n192.0.2.9 does not "
            f"like recipient.\n"
            f"Remote host said: 550 5.1.1 no mailbox\n\n--- Below this line is a copy of the message.\n\n{_TEXT_COPY}",
            sender="MAILER-DAEMON@mx.example.org",
            subject="failure notice",
            extra=_NULL,
        ),
        (_DEAD, "5.1.1", True),
    ),
    bounced(
        "exim",
        mail(
            f"This message was created automatically by mail delivery software.\n\nA message that you sent could not "
            f"be delivered to one or more of its\n"
            f"recipients. This is a permanent error. The following address(es) failed:\n\n  {_DEAD}\n    host "
            f"mx.example.org [192.0.2.9]\n"
            f"    SMTP error from remote mail server after RCPT TO:<{_DEAD}>:\n    550 5.1.1 User unknown\n\n"
            f"------ This is a copy of the message, including all the headers. ------\n\n{_TEXT_COPY}",
            sender="Mail Delivery System <Mailer-Daemon@mx.example.org>",
            subject="Mail delivery failed: returning message to sender",
            extra=f"{_NULL}X-Failed-Recipients: {_DEAD}\nAuto-Submitted: auto-replied\n",
        ),
        (_DEAD, "5.1.1", True),
    ),
    bounced(
        "exim-delay",
        mail(
            f"This message was created automatically by mail delivery software.\nA message that you sent has not yet "
            f"been delivered to one or more of its\n"
            f"recipients after more than 24 hours on the queue.\n\nThe address to which the message has not yet been "
            f"delivered is:\n\n  {_DEAD}\n\n"
            "No action is required on your part. Delivery attempts will continue.\n",
            sender="Mail Delivery System <Mailer-Daemon@mx.example.org>",
            subject="Warning: message delayed 24 hours",
            extra=_NULL,
        ),
        (_DEAD, "", False),
        reason="delayed",
    ),
    bounced(
        "exchange-old",
        mail(
            f"Your message\n\n  To:      Anna\n  Subject: Neue Nachricht\n  Sent:    Mon, 23 Nov 2026 10:02:11 +0100\n"
            f"\n"
            f"did not reach the following recipient(s):\n\n{_DEAD} on Mon, 23 Nov 2026 10:02:15 +0100\n    The "
            f"recipient name is not recognized\n",
            sender="System Administrator <postmaster@example.org>",
            subject="Undeliverable: Neue Nachricht",
            extra=_NULL,
        ),
        (_DEAD, "", True),
    ),
    bounced(
        "sendmail-old",
        mail(
            f"The original message was received at Mon, 23 Nov 2026 10:02:11 +0100\n\n   ----- The following "
            f"addresses had permanent fatal errors -----\n"
            f"<{_DEAD}>\n    (reason: 550 5.1.1 <{_DEAD}>... User unknown)\n\n   ----- Original message follows "
            f"-----\n\n{_TEXT_COPY}",
            sender="Mail Delivery Subsystem <MAILER-DAEMON@mx.example.org>",
            subject="Returned mail: see transcript",
            extra=_NULL,
        ),
        (_DEAD, "5.1.1", True),
    ),
    bounced(
        "gmx-de",
        mail(
            f"Diese E-Mail wurde automatisch vom Mailserver erzeugt.\n\nIhre E-Mail konnte nicht zugestellt werden:\n"
            f"\n<{_DEAD}>:\n550 mailbox unavailable\n\n"
            f"--- Diese E-Mail im Original ---\n{_TEXT_COPY}",
            sender="GMX Mailer Daemon <mailer-daemon@gmx.example>",
            subject="Mail delivery failed",
            extra=_NULL,
        ),
        (_DEAD, "5.0.0", True),
    ),
]


def complained(fields: str, copy: str = _COPY, **headers: str) -> bytes:
    """A complaint of RFC 5965."""
    return mixed(
        part("This is an email abuse report.", "text/plain; charset=us-ascii"),
        part(fields, "message/feedback-report"),
        part(copy + "\nHallo\n", "message/rfc822"),
        subtype="report",
        parameters="; report-type=feedback-report",
        **headers,
    )


_ABUSE = "Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n"
COMPLAINTS = [
    Case(
        "complaint-arf",
        complained(f"{_ABUSE}Original-Rcpt-To: <{BUYER}>\n"),
        "…",
        Kind.COMPLAINT,
        reason="abuse",
        recipients=((BUYER, "", True),),
        original=ORIGINAL,
    ),
    Case(
        "complaint-recipient-in-the-copy",
        complained(_ABUSE),
        "…",
        Kind.COMPLAINT,
        recipients=((BUYER, "", True),),
        original=ORIGINAL,
    ),
    Case(
        "complaint-hotmail",
        mixed(
            part(_COPY + f"X-HmXmrOriginalRecipient: {BUYER}\n\nHallo\n", "message/rfc822"),
            sender="staff@hotmail.com",
            subject="complaint about message from 192.0.2.1",
            extra=f"X-HmXmrOriginalRecipient: {BUYER}\n",
        ),
        "…",
        Kind.COMPLAINT,
        recipients=((BUYER, "", True),),
        original=ORIGINAL,
    ),
    Case(
        "complaint-taken-back",
        complained(_ABUSE.replace("abuse", "not-spam")),
        "…",
        Kind.RECEIPT,
        reason="not_spam",
        original=ORIGINAL,
    ),
]


def receipt(disposition: str) -> bytes:
    """A receipt of RFC 8098."""
    return mixed(
        part("Ihre Nachricht wurde gelesen.", "text/plain; charset=utf-8"),
        part(
            f"Reporting-UA: mail.example.org\nFinal-Recipient: rfc822;{BUYER}\nOriginal-Message-ID: <{ORIGINAL}>\n"
            f"Disposition: {disposition}\n",
            "message/disposition-notification",
        ),
        subtype="report",
        parameters="; report-type=disposition-notification",
        subject="Gelesen: Neue Nachricht",
    )


OTHERS = [
    Case(
        "receipt-displayed",
        receipt("manual-action/MDN-sent-manually; displayed"),
        "…",
        Kind.RECEIPT,
        reason="displayed",
        original=ORIGINAL,
    ),
    Case(
        "receipt-deleted",
        receipt("automatic-action/MDN-sent-automatically; deleted"),
        "…",
        Kind.RECEIPT,
        reason="deleted",
        original=ORIGINAL,
    ),
    Case(
        "receipt-delivered",
        report(failed(BUYER, "2.0.0", "delivered", "smtp; 250 ok")),
        "…",
        Kind.RECEIPT,
        reason="delivered",
        original=ORIGINAL,
    ),
    Case(
        "own-message-id",
        mail("Hallo").replace(b"<CAF4711@mail.example.org>", b"<ob-0777@SHOP.example.org>"),
        "Hallo",
        Kind.OWN,
    ),
    Case("own-x-loop", mail("Hallo", extra="X-Loop: message-center\n"), "Hallo", Kind.OWN),
]
CASES = [*AUTOMATIC, *NOT_AUTOMATIC, *BOUNCES, *COMPLAINTS, *OTHERS]
