"""Answers in HTML, with the markup each program writes around the person's words."""

from __future__ import annotations

from messagecenter.inbound.reading import Kind
from tests.inbound.corpus.mail import BUYER, THREAD, Case, alternative, mail

_NOTICE = (
    "<p>Guten Tag Anna,</p><p>der Verkäufer schreibt: Welche Größe brauchen Sie?</p><p>Message Center, Tel. +49 "
    "30 1234567</p>"
)
_OLD = f"<div><table><tr><td>{_NOTICE}</td></tr></table></div>"
_WORD_HEAD = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40"><head>'
    '<meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Microsoft Word 15 '
    '(filtered medium)">'
    "<style><!-- @font-face {font-family:Calibri;} p.MsoNormal {margin:0cm; font-size:11.0pt;} --></style>"
    '<!--[if gte mso 9]><xml><o:shapedefaults v:ext="edit" spidmax="1026" /></xml><![endif]--></head>'
)


def word(body: str, head: tuple[str, str, str, str] = ("Von", "Gesendet", "An", "Betreff")) -> str:
    """Outlook for Windows: paragraphs of class MsoNormal, then a box with a grey rule and the head in bold."""
    of, sent, to, subject = head
    return (
        f'{_WORD_HEAD}<body lang=DE link="#0563C1" vlink="#954F72" style=\'word-wrap:break-word\'><div '
        f"class=WordSection1>{body}"
        "<p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;"
        "padding:3.0pt 0cm 0cm 0cm'>"
        f"<p class=MsoNormal><b><span style='mso-fareast-language:DE'>{of}:</span></b><span> Laden Meier &lt;"
        f"{THREAD}&gt; <br>"
        f"<b>{sent}:</b> Montag, 23. November 2026 10:02<br><b>{to}:</b> Anna M&uuml;ller<br><b>{subject}:</b> Neue "
        f"Nachricht<o:p></o:p>"
        f"</span></p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>{_OLD}</div></body></html>"
    )


def normal(*paragraphs: str) -> str:
    """Paragraphs of Outlook for Windows."""
    return "".join(f"<p class=MsoNormal>{one or '&nbsp;'}<o:p></o:p></p>" for one in paragraphs)


def owa(body: str, signature: str = "") -> str:
    """Outlook on the web and the new Outlook: appendonsend, a rule of 98 %, divRplyFwdMsg."""
    return (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style type="text/css" '
        'style="display:none;">'
        f' P {{margin-top:0;margin-bottom:0;}} </style></head><body dir="ltr">{body}'
        + (f'<div id="Signature" class="elementToProof"><div>{signature}</div></div>' if signature else "")
        + '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div '
        'id="divRplyFwdMsg" dir="ltr">'
        f'<font face="Calibri, sans-serif" style="font-size:11pt" color="#000000"><b>Von:</b> Laden Meier &lt;'
        f"{THREAD}&gt;<br>"
        "<b>Gesendet:</b> Montag, 23. November 2026 10:02<br><b>An:</b> Anna Müller<br><b>Betreff:</b> Neue "
        "Nachricht</font>"
        f"<div>&nbsp;</div></div><div>{_OLD}</div></body></html>"
    )


def outlook_mobile(body: str, signature: str) -> str:
    """Outlook for iOS and Android."""
    return (
        f'<html><head></head><body><div dir="ltr">{body}</div><div id="ms-outlook-mobile-body-separator-line" '
        f'dir="ltr"><div><br></div></div>'
        f'<div id="ms-outlook-mobile-signature" dir="ltr">{signature}</div>'
        '<div id="mail-editor-reference-message-container" class="ms-outlook-mobile-reference-message skipProofing">'
        f'<meta http-equiv="Content-Type"><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg"><b>'
        f"Von:</b> Laden</div>{_OLD}"
        "</div></body></html>"
    )


def gmail(body: str, quote: str = "") -> str:
    """Gmail: gmail_quote around gmail_attr and a blockquote."""
    quote = quote or (
        f'<div dir="ltr" class="gmail_attr">Am Mo., 23. Nov. 2026 um 10:02&nbsp;Uhr schrieb Laden Meier &lt;<a '
        f'href="mailto:{THREAD}">'
        f'{THREAD}</a>&gt;:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px '
        f"solid "
        f'rgb(204,204,204);padding-left:1ex">{_OLD}</blockquote>'
    )
    return f'<div dir="ltr">{body}</div><br><div class="gmail_quote gmail_quote_container">{quote}</div>'


def apple(body: str, said: str = f"Am 23.11.2026 um 10:02 schrieb Laden Meier &lt;{THREAD}&gt;:") -> str:
    """Apple Mail on Mac and iPhone: a blockquote of type cite."""
    return (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body '
        'style="overflow-wrap: break-word;">'
        f'{body}<br><div><br><blockquote type="cite"><div>{said}</div><br class="Apple-interchange-newline">'
        f"<div>{_OLD}</div></blockquote></div><br></body></html>"
    )


def iphone(body: str, signature: str = "Von meinem iPhone gesendet") -> str:
    """Mail on iPhone: AppleMailSignature, then a blockquote with the attribution in a quote of its own."""
    return (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body dir="auto">'
        f'{body}<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{signature}</div><div dir="ltr"><br>'
        f'<blockquote type="cite">Am 23.11.2026 um 10:02 schrieb Laden Meier &lt;{THREAD}&gt;:<br><br></blockquote>'
        f"</div>"
        f'<blockquote type="cite"><div dir="ltr">﻿{_OLD}</div></blockquote></body></html>'
    )


def thunderbird(body: str, signature: str = "") -> str:
    """Thunderbird: moz-cite-prefix, blockquote with cite, moz-signature."""
    return (
        f'<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body>'
        f"{body}"
        '<div class="moz-cite-prefix">Am 23.11.26 um 10:02 schrieb Laden Meier:<br></div>'
        f'<blockquote type="cite" cite="mid:ob-0193@shop.example.org">{_OLD}</blockquote>{signature}</body></html>'
    )


def gmx(body: str) -> str:
    """GMX and WEB.DE: a div named quote with a blue line at its left."""
    return (
        f'<html><head></head><body><div style="font-family: Verdana;font-size: 12.0px;">{body}<div>&nbsp;<div>&nbsp;'
        '<div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5; '
        'word-wrap: break-word;">'
        f'<div style="margin:0 0 10px 0;"><b>Gesendet:</b>&nbsp;Montag, 23. November 2026 um 10:02 Uhr<br/><b>Von:</b>'
        f'&nbsp;"Laden Meier" '
        f"&lt;{THREAD}&gt;<br/><b>An:</b>&nbsp;{BUYER}<br/><b>Betreff:</b>&nbsp;Neue Nachricht</div><div "
        f'name="quoted-content">{_OLD}</div>'
        "</div></div></div></div></body></html>"
    )


def yahoo(body: str) -> str:
    """Yahoo: ydp classes and yahoo_quoted."""
    return (
        f'<html><head></head><body><div class="ydp1234yahoo-style-wrap" style="font-family:Helvetica;">{body}<div><br>'
        f"</div></div>"
        '<div id="yahoo_quoted_1234567890" class="yahoo_quoted"><div style="font-family:\'Helvetica Neue\';'
        'color:#26282a;"><div>'
        f"Am Montag, 23. November 2026 um 10:02:11 MEZ hat Laden Meier &lt;{THREAD}&gt; Folgendes geschrieben:</div>"
        f"<div><br></div>"
        f"<div>{_OLD}</div></div></div></body></html>"
    )


def proton(body: str, signature: str = "Gesendet mit Proton Mail sicherer E-Mail.") -> str:
    """Proton: protonmail_signature_block and protonmail_quote."""
    return (
        f'<div style="font-family: Arial, sans-serif; font-size: 14px;">{body}</div>'
        f'<div class="protonmail_signature_block" style="font-family: Arial;"><div '
        f'class="protonmail_signature_block-proton">{signature}</div></div>'
        '<div class="protonmail_quote">Am Montag, 23. November 2026 um 10:02, Laden Meier schrieb:<br>'
        f'<blockquote class="protonmail_quote" type="cite">{_OLD}</blockquote></div>'
    )


def samsung(body: str) -> str:
    """Samsung's mail app: composer_signature, then a bare line of dashes and the head."""
    return (
        f'<html><head></head><body dir="auto">{body}<div dir="auto"><br></div><div id="composer_signature" dir="auto">'
        '<div style="font-size:12px;color:#575757" dir="auto">Von meinem/meiner Galaxy gesendet</div></div><div '
        'dir="auto"><br></div>'
        '<div><br></div><div align="left" dir="auto" style="font-size:100%;color:#000000"><div>-------- Ursprüngliche '
        "Nachricht --------</div>"
        f"<div>Von: Laden Meier &lt;{THREAD}&gt; </div><div>Datum: 23.11.26  10:02  (GMT+01:00) </div><div>An: "
        f"{BUYER} </div>"
        f"<div>Betreff: Neue Nachricht </div><div><br></div></div>{_OLD}</body></html>"
    )


def html_only(page: str, **headers: str) -> bytes:
    """A mail that is one page of HTML."""
    headers.setdefault("encoding", "quoted-printable")
    return mail(page, kind="text/html; charset=utf-8", **headers)


_DIVS = "<div>Hallo,</div><div><br></div><div>Größe 42, bitte.</div>"
_TEXT = "Hallo,\n\nGröße 42, bitte."
PAGES = {
    "outlook-desktop-de": word(normal("Hallo,", "", "Größe 42, bitte.")),
    "outlook-desktop-en": word(normal("Hallo,", "", "Größe 42, bitte."), ("From", "Sent", "To", "Subject")),
    "outlook-desktop-fr": word(
        normal("Hallo,", "", "Größe 42, bitte."), ("De\u00a0", "Envoyé\u00a0", "À\u00a0", "Objet\u00a0")
    ),
    "outlook-web": owa(
        '<div class="elementToProof">Hallo,</div><div><br></div><div class="elementToProof">Größe 42, bitte.</div>'
    ),
    "outlook-web-signature": owa(_DIVS, "<p>Anna Müller</p><p>Muster GmbH, Tel. +49 30 1234567</p>"),
    "outlook-ios": outlook_mobile(_DIVS, 'Beziehen Sie <a href="https://aka.ms/o0ukef">Outlook für iOS</a>'),
    "outlook-android": outlook_mobile(_DIVS, 'Get <a href="https://aka.ms/AAb9ysg">Outlook for Android</a>'),
    "gmail-web": gmail("Hallo,<div><br></div><div>Größe 42, bitte.</div>"),
    "gmail-signature": gmail(
        '<div>Hallo,</div><div><br></div><div>Größe 42, bitte.</div><div><br clear="all"></div><div><br></div>'
        '<span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature" '
        'data-smartmail="gmail_signature"><div dir="ltr">Anna Müller<br>+49 170 1234567</div></div>'
    ),
    "gmail-app": '<div dir="auto">Hallo,<div dir="auto"><br></div><div dir="auto">Größe 42, bitte.</div></div><br>'
    '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">Laden Meier &lt;x@y.example&gt; schrieb am Mo., 23. '
    "Nov. 2026, 10:02:"
    f'<br></div><blockquote class="gmail_quote">{_OLD}</blockquote></div>',
    "apple-mac": apple(_DIVS),
    "apple-mac-en": apple(_DIVS, f"On 23. Nov 2026, at 10:02, Laden Meier &lt;{THREAD}&gt; wrote:"),
    "iphone": iphone(_DIVS),
    "iphone-en": iphone(_DIVS, "Sent from my iPhone"),
    "thunderbird": thunderbird("<p>Hallo,</p><p>Größe 42, bitte.</p>"),
    "thunderbird-signature": thunderbird(
        "<p>Hallo,</p><p>Größe 42, bitte.</p>",
        '<div class="moz-signature">-- <br>Anna Müller<br>Tel. 0170 1234567</div>',
    ),
    "gmx": gmx("<div>Hallo,</div><div>&nbsp;</div><div>Größe 42, bitte.</div>"),
    "yahoo": yahoo(
        '<div dir="ltr" data-setdir="false">Hallo,</div><div dir="ltr"><br></div><div dir="ltr">Größe 42, bitte.</div>'
    ),
    "proton": proton("Hallo,<br><br>Größe 42, bitte."),
    "samsung": samsung('<div dir="auto">Hallo,</div><div dir="auto"><br></div><div dir="auto">Größe 42, bitte.</div>'),
}
HTML_ONLY = [Case(f"html-only-{name}", html_only(page), _TEXT) for name, page in PAGES.items()]
BASE64 = [
    Case(f"html-base64-{name}", html_only(PAGES[name], encoding="base64"), _TEXT)
    for name in ("outlook-desktop-de", "gmail-web", "iphone", "gmx")
]
_EMPTY = {
    "outlook-desktop": word(normal("")),
    "outlook-web": owa("<div><br></div>"),
    "gmail": gmail("<br>"),
    "iphone": iphone("<br>"),
    "gmx": gmx("<div>&nbsp;</div>"),
    "thunderbird": thunderbird("<p><br></p>"),
}
NOTHING = [
    Case(f"only-quoted-{name}", html_only(page), "", Kind.EMPTY, reason="only_quoted") for name, page in _EMPTY.items()
]
SPECIAL = [
    Case(
        "html-gmail-interleaved",
        html_only(
            gmail(
                "",
                '<div dir="ltr" class="gmail_attr">Am Mo., 23. Nov. 2026 um 10:02 Uhr schrieb Laden Meier &lt;'
                "x@y.example&gt;:<br></div>"
                '<blockquote class="gmail_quote" style="border-left:1px solid rgb(204,204,204)">Welche '
                "Größe?</blockquote>"
                '<div>42, bitte.</div><blockquote class="gmail_quote" style="border-left:1px solid rgb(204,204,204)">'
                "Welche Farbe?"
                "</blockquote><div>Blau.</div>",
            )
        ),
        "42, bitte.\n\nBlau.",
    ),
    Case(
        "html-thunderbird-below",
        html_only(
            '<html><body><div class="moz-cite-prefix">Am 23.11.26 um 10:02 schrieb Laden Meier:<br></div><blockquote '
            'type="cite">'
            "<p>Welche Größe?</p></blockquote><p>42, bitte.</p></body></html>"
        ),
        "42, bitte.",
    ),
    Case(
        "html-gmail-indent-is-no-quote",
        html_only(
            '<div dir="ltr">Lieferung an:<blockquote style="margin:0 0 0 40px;border:none;padding:0px">Musterstr. '
            "5</blockquote></div>"
        ),
        "Lieferung an:\nMusterstr. 5",
    ),
    Case(
        "html-list",
        html_only("<p>Bitte:</p><ul><li>einen Hut</li><li>zwei Schals</li></ul>"),
        "Bitte:\n\n* einen Hut\n* zwei Schals",
    ),
    Case(
        "html-hidden-words",
        html_only('<div style="display:none;mso-hide:all">Vorschau</div><p>Größe 42.</p><style>p{}</style>'),
        "Größe 42.",
    ),
    Case("html-script", html_only("<p>Größe 42.</p><script>alert(1)</script>"), "Größe 42."),
    Case("html-entities", html_only("<p>Gr&ouml;&szlig;e 42 &amp; Farbe &lt;blau&gt;</p>"), "Größe 42 & Farbe <blau>"),
    Case("html-unclosed", html_only("<div><p>Größe 42<div><b>bitte"), "Größe 42\n\nbitte"),
    Case(
        "html-table-of-words",
        html_only("<table><tr><td>Größe</td><td>42</td></tr><tr><td>Farbe</td><td>blau</td></tr></table>"),
        "Größe 42\nFarbe blau",
    ),
    Case("html-plain-part-empty", alternative(" \n", PAGES["gmail-web"]), _TEXT),
    Case("html-beside-text", alternative("Hallo,\n\nGröße 42, bitte.\n", PAGES["gmail-web"]), _TEXT),
    Case(
        "html-outlook-signature-picture-no-words",
        html_only(owa("<div>Größe 42.</div>", '<img src="https://example.org/logo.png">Anna Müller')),
        "Größe 42.",
    ),
]

CASES = [*HTML_ONLY, *BASE64, *NOTHING, *SPECIAL]
