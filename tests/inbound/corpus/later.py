"""Mails of further programs, written after the rules were made and before they were tried: a check on the rest.

Of these 42, 38 were read as stated the first time; the four others (Spark's signature, a closing with the name in its
line, "BR", a notice in English) led to rules.
"""

from __future__ import annotations

from tests.inbound.corpus.mail import THREAD, Case, mail

T = THREAD


def h(page: str) -> bytes:
    """A mail that is one page of HTML."""
    return mail(page, kind="text/html; charset=utf-8")


LATER = [
    (
        "ok multi para gmail plain",
        mail(
            f"Hallo Herr Meier,\n\ndanke für die schnelle Antwort. Der Hut passt leider nicht, ich würde ihn gerne\n"
            f"zurückgeben. Wie läuft das ab?\n\nViele Grüße\nAnna\n\nAm Mo., 23. Nov. 2026 um 10:02 Uhr schrieb Laden "
            f"Meier <{T}>:\n\n> x\n> y\n"
        ),
        "Hallo Herr Meier,\n\ndanke für die schnelle Antwort. Der Hut passt leider nicht, ich würde ihn gerne\n"
        "zurückgeben. Wie läuft das ab?\n\nViele Grüße\nAnna",
    ),
    (
        "apple nested quote nbsp",
        mail(f"Ja.\n\n> Am 23.11.2026 um 10:02 schrieb Laden Meier <{T}>:\n> \n> \u200bGuten Tag\n"),
        "Ja.",
    ),
    (
        "gmail attribution en narrow nbsp",
        mail(f"Yes.\n\nOn Mon, Nov 23, 2026 at 10:02\u202fAM Laden Meier <{T}> wrote:\n\n> x\n"),
        "Yes.",
    ),
    (
        "ios nbsp attribution",
        mail(f"Yes.\n\nOn 23 Nov 2026, at 10:02\u202fam, Laden Meier\xa0<{T}>\xa0wrote:\n\n\ufeff\nHello x\n"),
        "Yes.",
    ),
    ("fr nbsp", mail(f"Oui.\n\nLe\xa0lun. 23 nov. 2026 à\xa010:02, Laden Meier <{T}> a écrit\xa0:\n\n> x\n"), "Oui."),
    (
        "outlook de no to",
        mail(f"Ja.\n\nVon: Laden Meier <{T}>\nGesendet: Montag, 23. November 2026 10:02\nBetreff: AW: x\n\nfoo\n"),
        "Ja.",
    ),
    (
        "outlook importance",
        mail(
            f"Ja.\n\nVon: Laden Meier [mailto:{T}]\nGesendet: Montag, 23. November 2026 10:02\nAn: 'Anna'\nCc: x\n"
            f"Betreff: AW: x\nWichtigkeit: Hoch\n\nfoo\n"
        ),
        "Ja.",
    ),
    (
        "new outlook html",
        h(
            '<html><head></head><body><div class="elementToProof" style="font-family: Aptos">Ja, 42.</div><div '
            'id="mail-editor-reference-message-container" class="elementToProof"><hr style="display: inline-block; '
            'width: 98%;"><div id="divRplyFwdMsg" dir="ltr"><b>Von:</b> x</div>foo</div></body></html>'
        ),
        "Ja, 42.",
    ),
    (
        "outlook.com reply html hr tabindex x_",
        h(
            '<div dir="ltr">Ja, 42.</div><hr tabindex="-1" style="display:inline-block; width:98%"><div '
            'id="x_divRplyFwdMsg"><b>From:</b> x</div>foo'
        ),
        "Ja, 42.",
    ),
    (
        "outlook mac",
        h(
            '<html><body lang="DE"><div class="WordSection1"><p class="MsoNormal">Ja, 42.</p><p class="MsoNormal">'
            '&nbsp;</p><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p '
            'class="MsoNormal" style="margin-bottom:12.0pt"><b><span style="font-size:12.0pt;color:black">Von: '
            "</span></b><span>Laden</span></p></div>foo</div></body></html>"
        ),
        "Ja, 42.",
    ),
    (
        "gmail html bold attr",
        h(
            f'<div dir="ltr"><div>Ja</div><div><b>42</b> bitte</div></div><div class="gmail_extra"><br><div '
            f'class="gmail_quote">Am 23. November 2026 um 10:02 schrieb Laden Meier <span dir="ltr">&lt;<a>{T}</a>&gt;'
            f'</span>:<br><blockquote class="gmail_quote">foo</blockquote></div></div>'
        ),
        "Ja\n42 bitte",
    ),
    (
        "icloud web",
        h(
            f'<html><body><div>Ja, 42.</div><div><br><blockquote type="cite"><div>On Nov 23, 2026, at 10:02 AM, Laden '
            f"&lt;{T}&gt; wrote:<br><br></div><div><br></div><div>foo</div></blockquote></div></body></html>"
        ),
        "Ja, 42.",
    ),
    (
        "spark",
        h(
            f'<html><body><div name="messageBodySection"><div dir="auto">Ja, 42.</div></div><div '
            f'name="messageSignatureSection"><br/>Anna</div><div name="messageReplySection">Am 23. Nov. 2026, 10:02 '
            f'+0100 schrieb Laden &lt;{T}&gt;:<br/><blockquote type="cite" style="border-left-color: grey; '
            f'border-left-width: thin; border-left-style: solid;">foo</blockquote></div></body></html>'
        ),
        "Ja, 42.",
    ),
    (
        "ionos ox",
        h(
            f'<!doctype html><html><body><div class="default-style">Ja, 42.</div><blockquote type="cite"><div>Laden '
            f"Meier &lt;{T}&gt; hat am 23.11.2026 10:02 CET geschrieben:</div><div>foo</div></blockquote></body></html>"
        ),
        "Ja, 42.",
    ),
    (
        "ox plain",
        mail(f"Ja, 42.\n\n> Laden Meier <{T}> hat am 23.11.2026 10:02 CET geschrieben:\n> \n> foo\n"),
        "Ja, 42.",
    ),
    (
        "tonline html",
        h(
            "<div>Ja, 42.</div><br><br><div>-----Original-Nachricht-----</div><div>Betreff: x</div><div>Datum: "
            '2026-11-23T10:02:00+0100</div><div>Von: "L" &lt;a@b.example&gt;</div><div>foo</div>'
        ),
        "Ja, 42.",
    ),
    (
        "freenet",
        mail(
            f"Ja, 42.\n\n--- Original-Nachricht ---\nVon: Laden <{T}>\nDatum: 23.11.2026 10:02:11\nAn: x\nBetreff: y\n"
            f"\nfoo"
        ),
        "Ja, 42.",
    ),
    (
        "web.de app html",
        h(
            f"<html><body><div>Ja, 42.</div><div><br></div><div>-- <br>Diese Nachricht wurde von meinem Android "
            f'Mobiltelefon mit WEB.DE Mail gesendet.</div><div class="gmail_quote">Am 23.11.26, 10:02 schrieb Laden '
            f"&lt;{T}&gt;:<blockquote>foo</blockquote></div></body></html>"
        ),
        "Ja, 42.",
    ),
    (
        "sig no closing single line",
        mail("Ja, 42.\n\nAnna Müller\nTel. 0170 1234567\n"),
        "Ja, 42.\n\nAnna Müller\nTel. 0170 1234567",
    ),
    (
        "closing inline name",
        mail("Ja, 42.\n\nViele Grüße, Anna Müller\n\nMuster GmbH\nTel. 030 1234567\n"),
        "Ja, 42.\n\nViele Grüße, Anna Müller",
    ),
    ("closing lg two lines", mail("Ja, 42.\nLG Anna\n\nGesendet mit der GMX Mail App\n"), "Ja, 42.\nLG Anna"),
    ("BR", mail("Yes.\n\nBR\nAnna\n\nExample Ltd\nPhone +44 20 79460000\n"), "Yes.\n\nBR\nAnna"),
    (
        "mit besten",
        mail("Ja.\n\nMit den besten Grüßen\nAnna Müller\n\nMuster AG\nTelefon: +49 30 1\nUSt-IdNr.: DE123\n"),
        "Ja.\n\nMit den besten Grüßen\nAnna Müller",
    ),
    (
        "underscore sig",
        mail("Ja.\n\n________________\nAnna Müller\nMuster GmbH\nTel: 030 1234567\nwww.example.org\n"),
        "Ja.",
    ),
    ("get outlook link line", mail("Yes.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n"), "Yes."),
    ("sent from gmail mobile", mail("Yes.\n\nSent from Gmail Mobile\n"), "Yes."),
    ("xiaomi", mail("Ja.\n\nVon meinem Xiaomi 13 gesendet\n"), "Ja."),
    (
        "huawei",
        mail("Ja.\n\nVon meinem Huawei-Mobiltelefon gesendet\n\n-------- Ursprüngliche Nachricht --------\nVon: x\n"),
        "Ja.",
    ),
    ("gesendet von unterwegs", mail("Ja.\n\nGesendet von unterwegs.\n"), "Ja."),
    (
        "confidential long en",
        mail(
            "Yes.\n\nThe information transmitted, including attachments, is intended only for the person(s) or entity "
            "to which it is addressed and may contain confidential material.\n"
        ),
        "Yes.",
    ),
    (
        "long de disclaimer",
        mail(
            "Ja.\n\nMfG\nAnna\n\nWichtiger Hinweis: Der Inhalt dieser E-Mail ist vertraulich. Sollten Sie nicht der "
            "Adressat sein, löschen Sie sie.\n"
        ),
        "Ja.\n\nMfG\nAnna",
    ),
    ("html font tags line breaks", h("<font face=Arial>Ja,<br>42<br><br>Danke</font>"), "Ja,\n42\n\nDanke"),
    ("html pre", h("<pre>Ja,\n42</pre>"), "Ja,\n42"),
    ("plain with long url", mail("Siehe https://example.org/a?b=c&d=e\n"), "Siehe https://example.org/a?b=c&d=e"),
    (
        "yahoo de plain",
        mail(
            f"Ja.\n\n    Am Montag, 23. November 2026 um 10:02:11 MEZ hat Laden Meier <{T}> Folgendes geschrieben:  \n"
            f" \n foo\nbar\n"
        ),
        "Ja.",
    ),
    (
        "aol",
        mail(
            f"Ja.\n\n\n-----Original Message-----\nFrom: Laden <{T}>\nTo: x\nSent: Mon, 23 Nov 2026 10:02 am\n"
            f"Subject: y\n\nfoo"
        ),
        "Ja.",
    ),
    ("polish wp", mail(f"Tak.\n\nDnia 23 listopada 2026 10:02 Laden Meier <{T}> napisał(a):\n\nfoo\n"), "Tak."),
    ("russian", mail(f"Да.\n\nпн, 23 нояб. 2026 г. в 10:02, Laden Meier <{T}>:\n\n> foo\n"), "Да."),
    ("portuguese", mail(f"Sim.\n\nEm seg., 23 de nov. de 2026 às 10:02, Laden <{T}>\nescreveu:\n\n> foo\n"), "Sim."),
    ("japanese", mail(f"はい。\n\n2026年11月23日(月) 10:02 Laden Meier <{T}>:\n\n> foo\n"), "はい。"),
    ("korean", mail(f"네.\n\n2026년 11월 23일 (월) 오전 10:02, Laden <{T}>님이 작성:\n\n> foo\n"), "네."),
    ("hungarian", mail(f"Igen.\n\nLaden <{T}> ezt írta (időpont: 2026. nov. 23., H, 10:02):\n\n> foo\n"), "Igen."),
]
CASES = [Case(f"later-{name.replace(' ', '-')}", raw, text) for name, raw, text in LATER]
