"""Answers in plain text, as the programs' text parts look: one quote below, in between, above; in eight languages."""

from __future__ import annotations

from tests.inbound.corpus.mail import BUYER, THREAD, Case, mail

NOTICE = (
    "Guten Tag Anna,\n\nder Verkäufer schreibt zu Bestellung 2026-4711:\n\n"
    "Welche Größe brauchen Sie?\n\n-- \nMessage Center, Musterstr. 1, 10115 Berlin\nTel. +49 30 1234567"
)
QUOTED = "\n".join(f"> {line}".rstrip() for line in NOTICE.split("\n"))
SHOP = f"Laden Meier <{THREAD}>"

# Programs and the lines they put between the answer and the quote.
ATTRIBUTIONS = {
    "gmail-web-de": f"Am Mo., 23. Nov. 2026 um 10:02 Uhr schrieb Laden Meier <\n{THREAD}>:",
    "gmail-web-en": f"On Mon, Nov 23, 2026 at 10:02 AM Laden Meier <\n{THREAD}> wrote:",
    "gmail-web-en-24h": f"On Mon, 23 Nov 2026 at 10:02, Laden Meier <{THREAD}>\nwrote:",
    "gmail-app-de": f"Laden Meier <{THREAD}> schrieb am Mo., 23. Nov. 2026,\n10:02:",
    "gmail-app-en": f"On Mon, Nov 23, 2026, 10:02 AM Laden Meier <{THREAD}>\nwrote:",
    "gmail-web-fr": f"Le lun. 23 nov. 2026 à 10:02, Laden Meier <{THREAD}>\na écrit :",
    "gmail-web-es": f"El lun, 23 nov 2026 a las 10:02, Laden Meier (<{THREAD}>)\nescribió:",
    "gmail-web-it": f"Il giorno lun 23 nov 2026 alle ore 10:02 Laden Meier <\n{THREAD}> ha scritto:",
    "gmail-web-pl": f"pon., 23 lis 2026 o 10:02 Laden Meier <{THREAD}>\nnapisał(a):",
    "gmail-web-nl": f"Op ma 23 nov 2026 om 10:02 schreef Laden Meier <\n{THREAD}>:",
    "gmail-web-tr": f"Laden Meier <{THREAD}>, 23 Kas 2026 Pzt, 10:02\ntarihinde şunu yazdı:",
    "apple-mac-de": f"Am 23.11.2026 um 10:02 schrieb Laden Meier <{THREAD}>:",
    "apple-mac-en": f"On 23. Nov 2026, at 10:02, Laden Meier <{THREAD}> wrote:",
    "apple-mac-en-us": f"On Nov 23, 2026, at 10:02 AM, Laden Meier <{THREAD}> wrote:",
    "apple-mac-fr": f"Le 23 nov. 2026 à 10:02, Laden Meier <{THREAD}> a écrit :",
    "apple-mac-es": f"El 23 nov 2026, a las 10:02, Laden Meier <{THREAD}> escribió:",
    "apple-mac-it": f"Il giorno 23 nov 2026, alle ore 10:02, Laden Meier <{THREAD}> ha scritto:",
    "apple-mac-nl": f"Op 23 nov. 2026, om 10:02 heeft Laden Meier <{THREAD}> het volgende geschreven:",
    "apple-mac-pl": f"Wiadomość napisana przez Laden Meier <{THREAD}> w dniu 23.11.2026, o godz. 10:02:",
    "apple-mac-tr": f"Laden Meier <{THREAD}> şunları yazdı (23 Kas 2026 10:02):",
    "thunderbird-de": "Am 23.11.26 um 10:02 schrieb Laden Meier:",
    "thunderbird-en": "On 23/11/2026 10:02, Laden Meier wrote:",
    "thunderbird-en-us": "On 11/23/26 10:02 AM, Laden Meier wrote:",
    "thunderbird-fr": "Le 23/11/2026 à 10:02, Laden Meier a écrit :",
    "thunderbird-es": "El 23/11/26 a las 10:02, Laden Meier escribió:",
    "thunderbird-it": "Il 23/11/2026 10:02, Laden Meier ha scritto:",
    "thunderbird-pl": "W dniu 23.11.2026 o 10:02, Laden Meier pisze:",
    "thunderbird-nl": "Op 23-11-2026 om 10:02 schreef Laden Meier:",
    "thunderbird-tr": "23.11.2026 10:02 tarihinde Laden Meier yazdı:",
    "yahoo-de": f"Am Montag, 23. November 2026 um 10:02:11 MEZ hat Laden Meier <{THREAD}> Folgendes geschrieben:",
    "yahoo-en": f"On Monday, November 23, 2026 at 10:02:11 AM GMT+1, Laden Meier <{THREAD}> wrote:",
    "proton-en": f"On Monday, November 23rd, 2026 at 10:02 AM, Laden Meier <{THREAD}> wrote:",
    "proton-de": f"Laden Meier <{THREAD}> schrieb am Montag, 23. November 2026 um 10:02:",
    "k9-de": f"Am 23. November 2026 10:02:11 MEZ schrieb Laden Meier <{THREAD}>:",
    "k9-en": f"On November 23, 2026 10:02:11 AM GMT+01:00, Laden Meier <{THREAD}> wrote:",
    "fairemail-de": f"Am 23. November 2026 10:02:11 schrieb Laden Meier <{THREAD}>:",
    "mutt-en": "On Mon, Nov 23, 2026 at 10:02:11AM +0100, Laden Meier wrote:",
    "roundcube-de": "Am 2026-11-23 10:02, schrieb Laden Meier:",
    "roundcube-en": "On 2026-11-23 10:02, Laden Meier wrote:",
    "horde-de": f"Zitat von Laden Meier <{THREAD}>:",
    "kmail-en": "On Monday, 23 November 2026 10:02:11 CET Laden Meier wrote:",
    "evolution-de": "Am Montag, dem 23.11.2026 um 10:02 +0100 schrieb Laden Meier:",
    "tutanota-en": f"Nov 23, 2026, 10:02 by {THREAD}:",
    "czech-seznam": f"Dne 23. 11. 2026 v 10:02 Laden Meier <{THREAD}> napsal(a):",
    "swedish-gmail": f"Den mån 23 nov. 2026 kl 10:02 skrev Laden Meier <{THREAD}>:",
    "danish-gmail": f"Den man. 23. nov. 2026 kl. 10.02 skrev Laden Meier <{THREAD}>:",
}

ANSWERED = [
    Case(
        f"answer-above-{name}",
        mail(f"Guten Tag,\n\nich brauche Größe 42.\n\nDanke!\n\n{line}\n\n{QUOTED}\n"),
        "Guten Tag,\n\nich brauche Größe 42.\n\nDanke!",
    )
    for name, line in ATTRIBUTIONS.items()
]

BOTTOM = [
    Case(
        "answer-below-thunderbird-de",
        mail(f"{ATTRIBUTIONS['thunderbird-de']}\n{QUOTED}\n\nGröße 42 bitte.\n"),
        "Größe 42 bitte.",
    ),
    Case(
        "answer-below-mutt-en",
        mail(f"{ATTRIBUTIONS['mutt-en']}\n> Which size?\n\nSize 42, please.\n\n-- \nAnna\n"),
        "Size 42, please.",
    ),
    Case(
        "answer-below-gmail-en",
        mail(f"{ATTRIBUTIONS['gmail-web-en']}\n\n> Which size?\n>\n\nSize 42, please.\n"),
        "Size 42, please.",
    ),
    Case(
        "interleaved-de",
        mail(
            "Am 23.11.26 um 10:02 schrieb Laden Meier:\n> Guten Tag,\n>\n> welche Größe?\n\n42, bitte.\n\n"
            "> Und welche Farbe?\n\nBlau.\n\n> Danke!\n> Ihr Laden\n\nSchöne Grüße\nAnna\n"
        ),
        "42, bitte.\n\nBlau.\n\nSchöne Grüße\nAnna",
    ),
    Case(
        "interleaved-en-greeting-first",
        mail(
            "Hi,\n\nanswers below.\n\nOn 23/11/2026 10:02, Laden Meier wrote:\n> Which size?\n42\n> Which colour?\n"
            "Blue\n"
        ),
        "Hi,\n\nanswers below.\n\n42\n\nBlue",
    ),
    Case(
        "interleaved-two-depths",
        mail(
            "Am 23.11.26 um 10:02 schrieb Laden Meier:\n> Am 22.11.26 um 09:00 schrieb Anna Müller:\n>> Ist der Hut "
            "neu?\n"
            "> Ja. Welche Größe?\n\n42.\n\n>> Und der Preis?\n> Wie angegeben.\n\nGut, dann nehme ich ihn.\n"
        ),
        "42.\n\nGut, dann nehme ich ihn.",
    ),
    Case(
        "interleaved-signature-in-the-middle-of-nothing",
        mail("> Welche Größe?\n42\n-- \nAnna Müller\nTel. +49 170 1234567\n"),
        "42",
    ),
    Case("quote-without-attribution", mail("Passt so.\n\n> Größe 42, richtig?\n"), "Passt so."),
    Case("quote-indented", mail("Passt so.\n\n  > Größe 42, richtig?\n  > Gruß\n"), "Passt so."),
    Case("quoted-attribution-name-only", mail("Ja.\n\nLaden Meier schrieb:\n> Größe 42?\n"), "Ja."),
    Case("quoted-writes", mail("Yes.\n\nMr Meier writes:\n> Size 42?\n"), "Yes."),
]

_HEAD_DE = (
    f"Von: Laden Meier <{THREAD}>\nGesendet: Montag, 23. November 2026 10:02\nAn: Anna Müller <{BUYER}>\n"
    "Betreff: Neue Nachricht zu Ihrer Bestellung 2026-4711\n\n"
)
_HEAD_EN = (
    f"From: Laden Meier <{THREAD}>\nSent: Monday, November 23, 2026 10:02 AM\nTo: Anna Müller <{BUYER}>\n"
    "Subject: New message about your order 2026-4711\n\n"
)
HEADS = {
    "outlook-desktop-de": f"\n\n{_HEAD_DE}",
    "outlook-desktop-en": f"\n\n{_HEAD_EN}",
    "outlook-web-de": f"\n________________________________\n{_HEAD_DE}",
    "outlook-web-en": f"\n________________________________\n{_HEAD_EN}",
    "outlook-2003-de": "\n\n-----Ursprüngliche Nachricht-----\n" + _HEAD_DE,
    "outlook-2003-en": "\n\n-----Original Message-----\n" + _HEAD_EN,
    "outlook-stars": f"\n\n*Von:* Laden Meier <{THREAD}>\n*Gesendet:* Montag, 23. November 2026 10:02\n*An:* Anna "
    f"Müller\n"
    "*Betreff:* Neue Nachricht\n\n",
    "outlook-fr": f"\n\nDe : Laden Meier <{THREAD}>\nEnvoyé : lundi 23 novembre 2026 10:02\nÀ : Anna Müller\n"
    "Objet : Nouveau message\n\n",
    "outlook-es": f"\n\nDe: Laden Meier <{THREAD}>\nEnviado el: lunes, 23 de noviembre de 2026 10:02\nPara: Anna "
    f"Müller\n"
    "Asunto: Mensaje nuevo\n\n",
    "outlook-it": f"\n\nDa: Laden Meier <{THREAD}>\nInviato: lunedì 23 novembre 2026 10:02\nA: Anna Müller\nOggetto: "
    f"Nuovo\n\n",
    "outlook-nl": f"\n\nVan: Laden Meier <{THREAD}>\nVerzonden: maandag 23 november 2026 10:02\nAan: Anna Müller\n"
    "Onderwerp: Nieuw bericht\n\n",
    "outlook-pl": f"\n\nOd: Laden Meier <{THREAD}>\nWysłano: poniedziałek, 23 listopada 2026 10:02\nDo: Anna Müller\n"
    "Temat: Nowa wiadomość\n\n",
    "outlook-tr": f"\n\nKimden: Laden Meier <{THREAD}>\nGönderildi: 23 Kasım 2026 Pazartesi 10:02\nKime: Anna Müller\n"
    "Konu: Yeni mesaj\n\n",
    "gmx-de": "\n \n\nGesendet: Montag, 23. November 2026 um 10:02 Uhr\n"
    f'Von: "Laden Meier" <{THREAD}>\nAn: {BUYER}\nBetreff: Neue Nachricht\n\n',
    "gmx-en": f'\n \n\nSent: Monday, November 23, 2026 at 10:02 AM\nFrom: "Laden Meier" <{THREAD}>\nTo: {BUYER}\n'
    f"Subject: New\n\n",
    "web.de-app": f"\n\n-- \nDiese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.\n"
    f"Am 23.11.26, 10:02, Laden Meier <{THREAD}> schrieb:\n\n",
    "samsung-de": f"\n\nVon meinem/meiner Galaxy gesendet\n\n\n-------- Ursprüngliche Nachricht --------\nVon: Laden "
    f"Meier <{THREAD}>\n"
    f"Datum: 23.11.26 10:02 (GMT+01:00)\nAn: {BUYER}\nBetreff: Neue Nachricht\n\n",
    "samsung-en": f"\n\nSent from my Galaxy\n\n\n-------- Original message --------\nFrom: Laden Meier <{THREAD}>\n"
    f"Date: 23/11/2026 10:02 (GMT+01:00)\nTo: {BUYER}\nSubject: New message\n\n",
    "lotus-notes": f'\n\n-----"Laden Meier" <{THREAD}> schrieb: -----\n\nAn: {BUYER}\nVon: Laden Meier <{THREAD}>\n'
    "Datum: 23.11.2026 10:02\nBetreff: Neue Nachricht\n\n",
    "t-online": f"\n\n-----Original-Nachricht-----\nBetreff: Neue Nachricht\nDatum: 2026-11-23T10:02:00+0100\nVon: "
    f"Laden Meier <{THREAD}>\n"
    f"An: {BUYER}\n\n",
    "proton-text": "\n\n------- Original Message -------\n"
    + f"On Monday, November 23rd, 2026 at 10:02, Laden Meier <{THREAD}> wrote:\n\n",
    "outlook-mobile-en": "\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n"
    + _HEAD_EN,
    "outlook-mobile-de": "\n\nHolen Sie sich Outlook für Android<https://aka.ms/AAb9ysg>\n"
    "________________________________\n" + _HEAD_DE,
}
UNMARKED = [
    Case(
        f"answer-above-unmarked-{name}",
        mail(f"Hallo,\n\nGröße 42, bitte.{head}{NOTICE}\n", encoding="quoted-printable"),
        "Hallo,\n\nGröße 42, bitte.",
    )
    for name, head in HEADS.items()
]

# What people write and no rule may take for a quote, a signature or a head.
KEPT = {
    "line-with-thanks": "Hello,\nThanks, I got the parcel. But the hat is torn.\nCan you send another one?",
    "list-with-dashes": "Bitte schicken Sie:\n- einen Hut\n- zwei Schals\n-Handschuhe\n\nDanke",
    "starts-with-am": "Am Montag um 10:00 bin ich zu Hause.\nKönnen Sie dann liefern?",
    "colon-question": "Ich habe zwei Fragen:\n\n1. Wann kommt der Hut?\n2. Welche Farbe hat er?",
    "from-to-by-words": "Umzug:\nVon: Berlin\nAn: Hamburg\nich bin ab 1.12. dort.",
    "delivery-address": "Bitte senden an:\n\nAnna Müller\nMusterstr. 5\n12345 Berlin\n\nVielen Dank!",
    "address-after-closing": "Passt.\n\nViele Grüße\nAnna\n\nMeine Lieferadresse:\nMusterstr. 5\n12345 Berlin",
    "postscript": "Passt.\n\nViele Grüße\nAnna\n\nPS: Bitte als Geschenk verpacken.",
    "wrote-in-a-sentence": "Sie schrieb mir gestern: alles gut.\nAlso nehme ich den Hut.",
    "wrote-in-english": "On Friday you wrote that it ships soon.\nIs that still true?",
    "greater-than-sign": "Die Länge ist 5 > 4 cm.\nGeht das?",
    "emoji": "Super! 😀👍🏽\n\nBis dann",
    "sent-from-a-place": "The hat was sent from my brother's shop.\nIs that a problem?",
    "hinweis-short": "Hinweis: bitte klingeln.\nDanke",
    "closing-only": "Danke, passt!\n\nMfG",
    "one-word": "ja",
    "regards-in-the-middle": "Best regards to your team!\nOne more question: can I get an invoice?",
    "blank-lines": "Erster Absatz.\n\nZweiter Absatz.",
    "arrow": "--> Größe 42\n--> Farbe blau",
    "invoice-lines": "Rechnung bitte an:\nMuster GmbH\nz. Hd. Anna Müller\nHauptstr. 1\n10115 Berlin",
    "order-numbers": "Bestellung: 2026-4711\nArtikel: 77\nDatum: 23.11.2026",
    "confidential": "Diese Nachricht ist vertraulich: bitte sagen Sie meinem Mann nichts vom Geschenk im Paket.",
    "journey": "Der Umzug:\n\nVon: Berlin\nAn: Hamburg\nDatum: 05.12.2026\n\nBitte vorher liefern.",
    "somebody-wrote": "Am 20.11.2026 schrieb mir Ihr Kollege:\nSie schicken einen neuen Hut.\nStimmt das?",
    "on-holiday": "Ich bin bis 5.12. im Urlaub, bitte danach liefern.",
}
WORDS_KEPT = [Case(f"kept-{name}", mail(f"{text}\n"), text) for name, text in KEPT.items()]

CASES = [*ANSWERED, *BOTTOM, *UNMARKED, *WORDS_KEPT]
