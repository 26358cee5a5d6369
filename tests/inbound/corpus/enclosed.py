"""Answers with files: attached, inside the text, in winmail.dat, in mails that were passed on."""

from __future__ import annotations

import struct

from messagecenter.inbound.reading import Kind
from tests.inbound.corpus.mail import (
    BUYER,
    JPEG,
    PDF,
    PNG,
    THREAD,
    Case,
    alternative,
    attached,
    between,
    mail,
    many,
    mixed,
    part,
)
from tests.inbound.corpus.pages import gmail, normal, word

_TEXT = part("Anbei das Foto.\n", "text/plain; charset=utf-8", encoding="quoted-printable")


def inline(name: str, content: bytes, content_id: str, kind: str = "image/png") -> bytes:
    """A picture inside the text."""
    return attached(name, content, kind, extra=f"Content-ID: <{content_id}>\n", disposition="inline")


def related(page: str, *pictures: bytes, plain: str = "") -> bytes:
    """Outlook's and Gmail's mail with pictures inside the text."""
    page_part = part(page, "text/html; charset=utf-8", encoding="quoted-printable")
    if plain:
        texts = many(
            "alternative",
            part(plain, "text/plain; charset=utf-8", encoding="quoted-printable"),
            page_part,
            boundary="alt",
        )
        return mixed(texts, *pictures, subtype="related", parameters='; type="multipart/alternative"')
    return mixed(page_part, *pictures, subtype="related")


def _attribute(level: int, number: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def winmail(*files: tuple[str, bytes], body: str = "", long_name: str = "") -> bytes:
    """A TNEF envelope as Outlook writes it: a title and data for each file, names in full as MAPI properties."""
    content = struct.pack("<IH", 0x223E9F78, 1) + _attribute(1, 0x00089006, struct.pack("<I", 0x00010000))
    content += _attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
    if body:
        content += _attribute(1, 0x0002800C, body.encode("cp1252") + b"\x00")
    for name, data in files:
        content += _attribute(2, 0x00069002, b"\x01\x00" + b"\x00" * 12)
        content += _attribute(2, 0x00018010, name.encode("cp1252") + b"\x00") + _attribute(2, 0x0006800F, data)
        if long_name:
            value = long_name.encode("utf-16-le") + b"\x00\x00"
            value += b"\x00" * (-len(value) % 4)
            properties = struct.pack("<IHHII", 1, 0x001F, 0x3707, 1, len(long_name) * 2 + 2) + value
            content += _attribute(2, 0x00069005, properties)
    return content


FILES = [
    Case(
        "file-pdf",
        mixed(_TEXT, attached("Rechnung.pdf", PDF, "application/pdf")),
        "Anbei das Foto.",
        files=(("Rechnung.pdf", len(PDF)),),
    ),
    Case(
        "file-two",
        mixed(_TEXT, attached("a.jpg", JPEG, "image/jpeg"), attached("b.pdf", PDF, "application/pdf")),
        "Anbei das Foto.",
        files=(("a.jpg", len(JPEG)), ("b.pdf", len(PDF))),
    ),
    Case(
        "file-text",
        mixed(_TEXT, attached("liste.txt", b"42\r\nblau\r\n", "text/plain; charset=utf-8")),
        "Anbei das Foto.",
        files=(("liste.txt", 10),),
    ),
    Case(
        "file-html",
        mixed(_TEXT, attached("seite.html", b"<p>Hallo</p>", "text/html")),
        "Anbei das Foto.",
        files=(("seite.html", 12),),
    ),
    Case("file-only", mixed(attached("a.jpg", JPEG, "image/jpeg")), "", files=(("a.jpg", len(JPEG)),)),
    Case(
        "file-is-the-mail",
        mail(
            PDF,
            kind='application/pdf; name="scan.pdf"',
            encoding="base64",
            extra='Content-Disposition: attachment; filename="scan.pdf"\n',
        ),
        "",
        files=(("scan.pdf", len(PDF)),),
    ),
    Case(
        "file-without-name",
        mixed(_TEXT, part(PDF, "application/pdf", encoding="base64")),
        "Anbei das Foto.",
        files=(("file.pdf", len(PDF)),),
    ),
    Case(
        "file-calendar",
        mixed(_TEXT, attached("termin.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar")),
        "Anbei das Foto.",
        files=(("termin.ics", 32),),
    ),
    Case(
        "apple-picture-between-words",
        mixed(
            part("Hier oben:\n\n", "text/plain; charset=us-ascii"),
            inline("IMG_1.jpg", JPEG, "A1@apple", "image/jpeg"),
            part("\n\nund hier unten.\n\nVon meinem iPhone gesendet\n", "text/plain; charset=us-ascii"),
        ),
        "Hier oben:\n\nund hier unten.",
        files=(("IMG_1.jpg", len(JPEG)),),
    ),
    Case(
        "apple-pdf-inside-alternative",
        mixed(
            part("Anbei.\n", "text/plain"),
            many(
                "mixed",
                part("<p>Anbei.</p>", "text/html"),
                attached("a.pdf", PDF, "application/pdf", disposition="inline"),
                boundary="in",
            ),
            subtype="alternative",
        ),
        "Anbei.",
        files=(("a.pdf", len(PDF)),),
    ),
    Case(
        "inline-picture-of-the-person-small",
        related('<p>So sieht es aus: <img src="cid:p1"></p>', inline("riss.png", PNG, "p1")),
        "So sieht es aus:",
        files=(("riss.png", len(PNG)),),
    ),
    Case(
        "inline-picture-beside-text",
        related(
            gmail('So sieht es aus:<br><img src="cid:ii_1" alt="riss.png">'),
            inline("riss.png", PNG, "ii_1"),
            plain="So sieht es aus:\n[image: riss.png]\n\nAm Mo., 23. Nov. 2026 um 10:02 Uhr schrieb L <a@b.example>"
            ":\n\n> Frage\n",
        ),
        "So sieht es aus:",
        files=(("riss.png", len(PNG)),),
    ),
    Case(
        "inline-logo-in-gmail-signature",
        related(
            gmail(
                'Größe 42.<br><div class="gmail_signature" data-smartmail="gmail_signature">Anna<br><img '
                'src="cid:logo"></div>'
            ),
            inline("logo.png", PNG, "logo"),
        ),
        "Größe 42.",
    ),
    Case(
        "inline-logo-in-outlook-signature",
        related(
            word(
                normal(
                    "Größe 42.",
                    "",
                    "Mit freundlichen Grüßen",
                    "Anna Müller",
                    "",
                    "Muster GmbH",
                    "Tel. +49 30 1234567",
                    '<img width=1 height=1 src="cid:image001.png@01DA">',
                )
            ),
            inline("image001.png", PNG, "image001.png@01DA"),
        ),
        "Größe 42.\n\nMit freundlichen Grüßen\nAnna Müller",
    ),
    Case(
        "inline-logo-beside-text-outlook",
        related(
            word(
                normal(
                    "Größe 42.",
                    "",
                    "MfG",
                    "Anna Müller",
                    "",
                    "Muster GmbH",
                    "Tel. +49 30 1234567",
                    '<img src="cid:image001.png@01DA">',
                )
            ),
            inline("image001.png", PNG, "image001.png@01DA"),
            plain="Größe 42.\n\nMfG\nAnna Müller\n\nMuster GmbH\nTel. +49 30 1234567\n[cid:image001.png@01DA]\n\n"
            f"Von: Laden <{THREAD}>\nGesendet: Montag, 23. November 2026 10:02\nAn: Anna\nBetreff: Neu\n\nFrage\n",
        ),
        "Größe 42.\n\nMfG\nAnna Müller",
    ),
    Case(
        "inline-picture-in-the-quote",
        related(
            gmail(
                "Größe 42.",
                '<div class="gmail_attr">Am 23.11.2026 um 10:02 schrieb L &lt;a@b.example&gt;:</div>'
                '<blockquote class="gmail_quote"><img src="cid:shop">Frage</blockquote>',
            ),
            inline("shop.png", PNG, "shop"),
        ),
        "Größe 42.",
    ),
    Case(
        "inline-big-picture-in-signature-kept",
        related(
            gmail('Größe 42.<br><div class="gmail_signature"><img src="cid:big"></div>'),
            inline("big.jpg", JPEG, "big", "image/jpeg"),
        ),
        "Größe 42.",
        files=(("big.jpg", len(JPEG)),),
    ),
    Case(
        "inline-picture-not-shown-anywhere",
        related("<p>Größe 42.</p>", inline("foto.png", PNG, "lost")),
        "Größe 42.",
        files=(("foto.png", len(PNG)),),
    ),
]
WINMAIL = [
    Case(
        "winmail-file",
        mixed(_TEXT, attached("winmail.dat", winmail(("RECHNU~1.PDF", PDF)), "application/ms-tnef")),
        "Anbei das Foto.",
        files=(("RECHNU~1.PDF", len(PDF)),),
    ),
    Case(
        "winmail-long-name",
        mixed(
            _TEXT,
            attached(
                "winmail.dat", winmail(("RECHNU~1.PDF", PDF), long_name="Rechnung für Größe.pdf"), "application/ms-tnef"
            ),
        ),
        "Anbei das Foto.",
        files=(("Rechnung für Größe.pdf", len(PDF)),),
    ),
    Case(
        "winmail-two-files",
        mixed(_TEXT, attached("winmail.dat", winmail(("a.pdf", PDF), ("b.png", PNG)), "application/octet-stream")),
        "Anbei das Foto.",
        files=(("a.pdf", len(PDF)), ("b.png", len(PNG))),
    ),
    Case(
        "winmail-with-the-words",
        mixed(attached("winmail.dat", winmail(body="Größe 42, bitte."), "application/ms-tnef")),
        "Größe 42, bitte.",
    ),
    Case(
        "winmail-cut-off",
        mixed(_TEXT, attached("winmail.dat", winmail(("a.pdf", PDF), ("b.png", PNG))[:-20], "application/ms-tnef")),
        "Anbei das Foto.",
        files=(("a.pdf", len(PDF)),),
    ),
    Case(
        "winmail-that-is-none",
        mixed(_TEXT, attached("winmail.dat", b"nothing of that kind", "application/ms-tnef")),
        "Anbei das Foto.",
        files=(("winmail.dat", 20),),
    ),
]

_CARRIER = mail(
    "Ihr Paket kommt am Dienstag.\n\n-- \nPaketdienst\n",
    sender="Paketdienst <info@parcel.example>",
    subject="Ihr Paket",
)
_CARRIER_FILE = mixed(
    part("Ihr Paket kommt am Dienstag.", "text/plain"),
    attached("label.pdf", PDF, "application/pdf"),
    subject="Ihr Paket",
)
_HEAD = (
    f"Von: Paketdienst <info@parcel.example>\nGesendet: Montag, 23. November 2026 08:00\nAn: {BUYER}\nBetreff: "
    "Ihr Paket\n\n"
)
_GMAIL_FORWARD = (
    "---------- Forwarded message ---------\nVon: Paketdienst <info@parcel.example>\nDate: Mo., 23. Nov. 2026 um "
    "08:00 Uhr\n"
    f"Subject: Ihr Paket\nTo: <{BUYER}>\n\n\n"
)
_NEWS = "Ihr Paket kommt am Dienstag."
FORWARDED = [
    Case(
        "forward-attached",
        mixed(
            part("Siehe Anhang:\n", "text/plain"),
            part(_CARRIER, "message/rfc822", extra='Content-Disposition: attachment; filename="Ihr Paket.eml"\n'),
        ),
        f"Siehe Anhang:\n\n{_NEWS}",
    ),
    Case(
        "forward-attached-with-file",
        mixed(part("Siehe Anhang:\n", "text/plain"), part(_CARRIER_FILE, "message/rfc822")),
        f"Siehe Anhang:\n\n{_NEWS}",
        files=(("label.pdf", len(PDF)),),
    ),
    Case("forward-attached-without-words", mixed(part(_CARRIER, "message/rfc822")), _NEWS),
    Case(
        "forward-gmail",
        mail(f"Zur Info:\n\n{_GMAIL_FORWARD}{_NEWS}\n", subject="Fwd: Ihr Paket"),
        f"Zur Info:\n\n{_NEWS}",
    ),
    Case(
        "forward-outlook-de", mail(f"Zur Info:\n\n{_HEAD}{_NEWS}\n", subject="WG: Ihr Paket"), f"Zur Info:\n\n{_NEWS}"
    ),
    Case("forward-outlook-without-words", mail(f"\n\n{_HEAD}{_NEWS}\n", subject="WG: Ihr Paket"), _NEWS),
    Case(
        "forward-thunderbird-de",
        mail(
            f"Zur Info:\n\n-------- Weitergeleitete Nachricht --------\nBetreff: \tIhr Paket\nDatum: \tMon, 23 Nov "
            f"2026 08:00:00 +0100\n"
            f"Von: \tPaketdienst <info@parcel.example>\nAn: \t{BUYER}\n\n\n{_NEWS}\n",
            subject="Fwd: Ihr Paket",
        ),
        f"Zur Info:\n\n{_NEWS}",
    ),
    Case(
        "forward-thunderbird-en",
        mail(
            f"FYI\n\n-------- Forwarded Message --------\nSubject: \tIhr Paket\nDate: \tMon, 23 Nov 2026 08:00:00 "
            f"+0100\n"
            f"From: \tPaketdienst <info@parcel.example>\nTo: \t{BUYER}\n\n\n{_NEWS}\n",
            subject="Fwd: Ihr Paket",
        ),
        f"FYI\n\n{_NEWS}",
    ),
    Case(
        "forward-apple-de",
        mail(
            f"Zur Info\n\n> Anfang der weitergeleiteten Nachricht:\n> \n> Von: Paketdienst <info@parcel.example>\n> "
            f"Betreff: Ihr Paket\n"
            f"> Datum: 23. November 2026 um 08:00:00 MEZ\n> An: {BUYER}\n> \n> {_NEWS}\n",
            subject="Fwd: Ihr Paket",
        ),
        f"Zur Info\n\n{_NEWS}",
    ),
    Case(
        "forward-apple-en",
        mail(
            f"FYI\n\nBegin forwarded message:\n\n> From: Paketdienst <info@parcel.example>\n> Subject: Ihr Paket\n> "
            f"Date: 23. November 2026 at 08:00:00\n"
            f"> To: {BUYER}\n> \n> {_NEWS}\n",
            subject="Fwd: Ihr Paket",
        ),
        f"FYI\n\n{_NEWS}",
    ),
    Case(
        "forward-gmail-html",
        mail(
            '<div dir="ltr">Zur Info<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- '
            "Forwarded message ---------<br>"
            "Von: <strong>Paketdienst</strong> <span>&lt;info@parcel.example&gt;</span><br>Date: Mo., 23. Nov. 2026 "
            "um 08:00 Uhr<br>Subject: Ihr Paket<br>"
            f"To: &lt;{BUYER}&gt;<br></div><br><br><div>{_NEWS}</div></div></div>",
            kind="text/html; charset=utf-8",
            subject="Fwd: Ihr Paket",
        ),
        f"Zur Info\n\n{_NEWS}",
    ),
    Case(
        "answer-quoting-a-forward",
        mail(
            f"Danke!\n\nAm 23.11.2026 um 10:02 schrieb Laden:\n> Zur Info\n>\n> -------- Weitergeleitete Nachricht "
            f"--------\n> Von: P\n> {_NEWS}\n"
        ),
        "Danke!",
    ),
]

_NOTHING = Kind.EMPTY


def deep(levels: int) -> bytes:
    """Parts inside parts."""
    return many("mixed", deep(levels - 1) if levels else _TEXT, boundary=f"b{levels}x")


LIMITS = [
    Case("empty-body", mail(""), "", _NOTHING, reason="no_words"),
    Case("empty-only-signature", mail("\n-- \nAnna Müller\n"), "", _NOTHING, reason="only_quoted"),
    Case("empty-only-phone", mail("Von meinem iPhone gesendet\n"), "", _NOTHING, reason="only_quoted"),
    Case("too-many-parts", mixed(*[part("x", "text/plain")] * 101), "", Kind.UNREADABLE, reason="parts"),
    Case(
        "too-deep",
        mail(between("0", deep(12)), kind="multipart/mixed; boundary=0"),
        "",
        Kind.UNREADABLE,
        reason="depth",
    ),
    Case("too-big", mail("x" * 15_000_001), "", Kind.UNREADABLE, reason="size"),
    Case("too-long-a-header", mail("x", extra=f"X-Long: {'a' * 300_000}\n"), "", Kind.UNREADABLE, reason="headers"),
    Case(
        "boundary-missing",
        mail(between("bnd", part("Größe 42", "text/plain; charset=utf-8")), kind="multipart/mixed"),
        "Größe 42",
    ),
    Case(
        "boundary-never-closed",
        mail(
            between("bnd", part("Größe 42", "text/plain; charset=utf-8")).replace(b"--bnd--", b""),
            kind='multipart/mixed; boundary="bnd"',
        ),
        "Größe 42",
    ),
    Case("boundary-that-does-not-occur", mail("Größe 42", kind='multipart/mixed; boundary="other"'), "Größe 42"),
    Case(
        "boundary-is-the-start-of-another",
        mail(
            between("b", many("alternative", part("Größe 42", "text/plain; charset=utf-8"), boundary="b2")),
            kind='multipart/mixed; boundary="b"',
        ),
        "Größe 42",
    ),
    Case("same-words-twice", alternative("Größe 42", "<p>Größe 42</p>"), "Größe 42"),
]

CASES = [*FILES, *WINMAIL, *FORWARDED, *LIMITS]
