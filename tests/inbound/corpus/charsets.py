"""Answers in wrong, odd and broken charsets and encodings, and headers that were cut or written by hand."""

from __future__ import annotations

import base64

from messagecenter.inbound.reading import Address
from tests.inbound.corpus.mail import BUYER, PDF, Case, crlf, encoded, mail, mixed, part

_WORDS = "Schöne Grüße, Größe 42 – 20 €"
BODIES = [
    Case("charset-windows-1252", mail(_WORDS, kind="text/plain; charset=windows-1252", charset="cp1252"), _WORDS),
    Case("charset-latin1-means-windows", mail(_WORDS, kind="text/plain; charset=iso-8859-1", charset="cp1252"), _WORDS),
    Case(
        "charset-latin9",
        mail("Größe 42, 20 €", kind="text/plain; charset=ISO-8859-15", charset="iso-8859-15"),
        "Größe 42, 20 €",
    ),
    Case("charset-none-utf8", mail(_WORDS, kind="text/plain"), _WORDS),
    Case("charset-none-windows", mail(_WORDS, kind="text/plain", charset="cp1252"), _WORDS),
    Case("charset-ascii-but-utf8", mail(_WORDS, kind="text/plain; charset=us-ascii"), _WORDS),
    Case("charset-latin1-but-utf8", mail(_WORDS, kind="text/plain; charset=iso-8859-1"), _WORDS),
    Case("charset-utf8-but-windows", mail(_WORDS, kind="text/plain; charset=utf-8", charset="cp1252"), _WORDS),
    Case("charset-unknown", mail(_WORDS, kind="text/plain; charset=x-my-own", charset="cp1252"), _WORDS),
    Case("charset-unknown-8bit", mail(_WORDS, kind="text/plain; charset=unknown-8bit"), _WORDS),
    Case("charset-python-codec", mail("Uryyb Gröff", kind="text/plain; charset=rot13"), "Uryyb Gröff"),
    Case("charset-punycode", mail("abc-def", kind="text/plain; charset=punycode"), "abc-def"),
    Case("charset-quoted-name", mail(_WORDS, kind='text/plain; charset="UTF-8"; format="fixed"'), _WORDS),
    Case("charset-mixed-up-once", mail("GrÃ¼ÃŸe, GrÃ¶ÃŸe 42", kind="text/plain; charset=utf-8"), "Grüße, Größe 42"),
    Case("charset-mixed-up-euro", mail("20 â‚¬ fÃ¼r den Hut", kind="text/plain; charset=utf-8"), "20 € für den Hut"),
    Case(
        "charset-iso-2022-jp",
        mail("こんにちは", kind="text/plain; charset=ISO-2022-JP", charset="iso-2022-jp"),
        "こんにちは",
    ),
    Case(
        "charset-koi8",
        mail("Размер сорок два", kind="text/plain; charset=koi8-r", charset="koi8-r"),
        "Размер сорок два",
    ),
    Case(
        "charset-latin2",
        mail("Dziękuję, rozmiar 42", kind="text/plain; charset=iso-8859-2", charset="iso-8859-2"),
        "Dziękuję, rozmiar 42",
    ),
    Case(
        "charset-turkish",
        mail("Teşekkürler, ığdır", kind="text/plain; charset=iso-8859-9", charset="iso-8859-9"),
        "Teşekkürler, ığdır",
    ),
    Case(
        "charset-gb2312",
        mail("你好，尺码四十二", kind="text/plain; charset=gb2312", charset="gb2312"),
        "你好，尺码四十二",
    ),
    Case(
        "charset-utf16-with-mark",
        mail("Größe 42".encode("utf-16"), kind="text/plain; charset=utf-16", encoding="base64"),
        "Größe 42",
    ),
    Case("charset-utf7", mail(b"Gr+APYA3w-e 42", kind="text/plain; charset=utf-7"), "Größe 42"),
    Case("charset-byte-order-mark", mail(b"\xef\xbb\xbfHallo", kind="text/plain; charset=utf-8"), "Hallo"),
    Case(
        "charset-in-the-page",
        mail(
            '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251"></head><body><p>'
            "Размер</p></body></html>",
            kind="text/html",
            charset="cp1251",
        ),
        "Размер",
    ),
    Case("nul-bytes", mail(b"Gr\x00oesse 42\x00", kind="text/plain"), "Groesse 42"),
    Case("quoted-printable", mail(_WORDS, encoding="quoted-printable"), _WORDS),
    Case(
        "quoted-printable-broken-end",
        mail(crlf("Gr=C3=B6=C3=9Fe 42 =C3"), encoding="Quoted-Printable", kind="text/plain; charset=utf-8").replace(
            b"=3D", b"="
        ),
        "Größe 42",
    ),
    Case(
        "quoted-printable-not-applied",
        mail(b"20 = 10 + 10", kind="text/plain").replace(b"8bit", b"quoted-printable"),
        "20 = 10 + 10",
    ),
    Case("base64", mail(_WORDS, encoding="base64"), _WORDS),
    Case(
        "base64-cut-off",
        mail(base64.b64encode("Größe 42, bitte".encode())[:-3]).replace(b"8bit", b"base64"),
        "Größe 42, bit",
    ),
    Case(
        "base64-with-footer",
        mail(base64.b64encode("Größe 42".encode()) + b"=\r\n\r\n____\r\nlist footer").replace(b"8bit", b"base64"),
        "Größe 42",
    ),
    Case(
        "base64-not-applied",
        mail("Das ist gar nicht kodiert, nur so genannt.").replace(b"8bit", b"base64"),
        "Das ist gar nicht kodiert, nur so genannt.",
    ),
    Case("line-ends-unix", mail("Hallo,\n\nGröße 42").replace(b"\r\n", b"\n"), "Hallo,\n\nGröße 42"),
    Case("line-ends-old-mac", mail("Hallo,\n\nGröße 42").replace(b"\r\n", b"\r"), "Hallo,\n\nGröße 42"),
    Case(
        "flowed",
        mail(
            "Das ist ein \nlanger Absatz.\n\n Von hier an geht \nes weiter.\n> zitiert \n> weiter\n",
            kind="text/plain; charset=utf-8; format=flowed",
        ),
        "Das ist ein langer Absatz.\n\nVon hier an geht es weiter.",
    ),
    Case(
        "flowed-delsp",
        mail("Donaudampf \nschifffahrt\n-- \nAnna\n", kind="text/plain; charset=utf-8; format=flowed; delsp=yes"),
        "Donaudampfschifffahrt",
    ),
    Case("not-mime-at-all", mail("Size 42, please.", mime=False), "Size 42, please."),
]


def _subject(value: str | bytes, subject: str, name: str) -> Case:
    raw = mail("Passt.", subject="§").replace("§".encode(), value if isinstance(value, bytes) else value.encode())
    return Case(f"subject-{name}", raw, "Passt.", more={"subject": subject})


HEADERS = [
    _subject("=?UTF-8?Q?Re:_Gr=C3=B6=C3=9Fe?=", "Re: Größe", "q"),
    _subject("=?utf-8?B?UmU6IEdyw7bDn2U=?=", "Re: Größe", "b"),
    _subject("=?iso-8859-1?Q?Gr=F6=DFe?= 42", "Größe 42", "latin1"),
    _subject("=?UTF-8?B?R3LD?=\r\n =?UTF-8?B?tsOfZQ==?=", "Größe", "letter-split-between-words"),
    _subject("=?UTF-8?Q?Gr=C3=B6=C3=9Fe_42_und_Fa", "Größe 42 und Fa", "cut-in-the-middle"),
    _subject("=?UTF-8?B?R3LDtsOfZSA0M", "Größe 4", "base64-cut-in-the-middle"),
    _subject("Größe 42".encode(), "Größe 42", "raw-utf8"),
    _subject("Größe 42".encode("cp1252"), "Größe 42", "raw-windows"),
    _subject("=?x-unknown?Q?Gr=C3=B6=C3=9Fe?=", "Größe", "unknown-charset"),
    _subject("=?UTF-8?Q?Gr=C3=B6=C3=9Fe?= =?UTF-8?Q?_42?=", "Größe 42", "space-between-words-dropped"),
    Case(
        "from-encoded",
        mail("Passt.", sender=f"=?UTF-8?Q?M=C3=BCller=2C_Anna?= <{BUYER}>"),
        "Passt.",
        more={"from_": (Address("Müller, Anna", BUYER),)},
    ),
    Case(
        "from-an-address-as-name",
        mail("Passt.", sender=f'"{BUYER}" <mallory@example.net>'),
        "Passt.",
        more={"from_": (Address(BUYER, "mallory@example.net"),)},
    ),
    Case(
        "from-an-encoded-address-as-name",
        mail("Passt.", sender="=?UTF-8?Q?=3Canna.mueller=40example.org=3E?= <mallory@example.net>"),
        "Passt.",
        more={"from_": (Address(f"<{BUYER}>", "mallory@example.net"),)},
    ),
    Case(
        "from-two-addresses",
        mail("Passt.", sender=f"{BUYER}, mallory@example.net"),
        "Passt.",
        more={"from_": (Address("", BUYER), Address("", "mallory@example.net"))},
    ),
    Case(
        "from-two-headers",
        mail("Passt.", extra="From: mallory@example.net\n"),
        "Passt.",
        more={"from_": (Address("Anna Müller", BUYER), Address("", "mallory@example.net"))},
    ),
    Case(
        "from-two-angles",
        mail("Passt.", sender=f"<{BUYER}> <mallory@example.net>"),
        "Passt.",
        more={"from_": (Address("", BUYER), Address("", "mallory@example.net"))},
    ),
    Case(
        "from-a-comment",
        mail("Passt.", sender=f"mallory@example.net ({BUYER})"),
        "Passt.",
        more={"from_": (Address("", "mallory@example.net"),)},
    ),
]
NAMES = [
    Case(
        f"file-name-{name}",
        mixed(
            part("Anbei.", "text/plain; charset=utf-8"),
            crlf(
                f"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment;\n"
                f" {written}\n\n"
            )
            + encoded(PDF, "base64"),
        ),
        "Anbei.",
        files=((expected, len(PDF)),),
    )
    for name, written, expected in (
        ("rfc2231", "filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
        (
            "rfc2231-pieces",
            "filename*0*=UTF-8''Gr%C3%B6;\n filename*1*=%C3%9Fen;\n filename*2=\"-Tabelle.pdf\"",
            "Größen-Tabelle.pdf",
        ),
        ("rfc2231-latin1", "filename*=iso-8859-1'de'Gr%F6%DFe.pdf", "Größe.pdf"),
        ("rfc2047", 'filename="=?UTF-8?Q?Gr=C3=B6=C3=9Fe.pdf?="', "Größe.pdf"),
        ("raw", 'filename="Größe.pdf"', "Größe.pdf"),
        ("unquoted", "filename=Liste.pdf", "Liste.pdf"),
        ("with-path", 'filename="C:\\\\Users\\\\anna\\\\Liste.pdf"', "Liste.pdf"),
        ("with-dots", 'filename="../../etc/Liste.pdf"', "Liste.pdf"),
        ("zero-width", 'filename="Lis\u200bte.pdf"', "Liste.pdf"),
        ("semicolon", 'filename="a;b.pdf"', "a;b.pdf"),
    )
]
CASES = [*BODIES, *HEADERS, *NAMES]
