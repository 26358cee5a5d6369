"""Answers with something below the person's words: signatures, phones' lines, legal notices, PGP and S/MIME."""

from __future__ import annotations

from messagecenter.inbound.reading import Kind
from tests.inbound.corpus.answers import QUOTED
from tests.inbound.corpus.mail import Case, attached, mail, mixed, part

_ANSWER = "Hallo,\n\nGröße 42, bitte."

# Below the answer, and cut.
CUT = {
    "delimiter": "\n\n-- \nAnna Müller\nMusterstr. 5, 12345 Berlin\nTel.: +49 170 1234567",
    "delimiter-without-space": "\n\n--\nAnna Müller\nanna.mueller@example.org",
    "delimiter-em-dash": "\n\n—\nAnna Müller\nwww.example.org",
    "iphone-de": "\n\nVon meinem iPhone gesendet",
    "iphone-en": "\n\nSent from my iPhone",
    "ipad-de": "\n\nVon meinem iPad gesendet",
    "iphone-fr": "\n\nEnvoyé de mon iPhone",
    "iphone-es": "\n\nEnviado desde mi iPhone",
    "iphone-it": "\n\nInviato da iPhone",
    "iphone-nl": "\n\nVerstuurd vanaf mijn iPhone",
    "iphone-pl": "\n\nWysłane z iPhone'a",
    "iphone-tr": "\n\niPhone'umdan gönderildi",
    "outlook-ios-en": "\n\nGet Outlook for iOS",
    "outlook-android-de": "\n\nHolen Sie sich Outlook für Android<https://aka.ms/AAb9ysg>",
    "windows-mail-de": "\n\nGesendet von Mail für Windows",
    "windows-mail-en": "\n\nSent from Mail for Windows",
    "samsung-de": "\n\nVon meinem Samsung Galaxy Smartphone gesendet.",
    "samsung-en": "\n\nSent from my Samsung Galaxy smartphone.",
    "yahoo-android-de": "\n\nGesendet von Yahoo Mail auf Android",
    "yahoo-en": "\n\nSent from Yahoo Mail for iPhone",
    "proton-en": "\n\nSent with Proton Mail secure email.",
    "proton-mobile": "\n\nSent from Proton Mail Android",
    "gmx-app": "\n\n--\nDiese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.",
    "web.de-app": "\n\nGesendet mit der WEB.DE Mail App",
    "bluemail": "\n\nSent from BlueMail",
    "avast": "\n\nVirenfrei. www.avast.com",
    "disclaimer-de": "\n\nDiese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie "
    "nicht der richtige\n"
    "Adressat sind, informieren Sie bitte sofort den Absender und vernichten Sie diese Mail.",
    "disclaimer-en": "\n\nThis e-mail may contain confidential and/or privileged information. If you are not the "
    "intended recipient,\n"
    "please notify the sender immediately and destroy this e-mail.",
    "disclaimer-environment": "\n\nBitte denken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken und weitergeben.",
    "disclaimer-ruled": "\n\n________________________________\nCONFIDENTIALITY NOTICE: The contents of this e-mail "
    "message are intended solely\n"
    "for the addressee and may be confidential.",
    "letterhead-without-closing": "\n\nAnna Müller\nMuster GmbH\nTel.: +49 30 1234567\nE-Mail: a.mueller@example.org\n"
    "www.example.org",
    "phone-above-disclaimer": "\n\nSent from my iPhone\n\nDisclaimer: this e-mail is confidential and intended only "
    "for the recipient named above.",
    "delimiter-and-phone": "\n\nVon meinem iPhone gesendet\n\n-- \nAnna Müller",
}
SIGNED = [Case(f"signature-{name}", mail(f"{_ANSWER}{below}\n"), _ANSWER) for name, below in CUT.items()]
ABOVE_A_QUOTE = [
    Case(
        f"signature-above-a-quote-{name}",
        mail(f"{_ANSWER}{CUT[name]}\n\nAm 23.11.2026 um 10:02 schrieb Laden Meier:\n\n{QUOTED}\n"),
        _ANSWER,
    )
    for name in ("delimiter", "iphone-de", "iphone-en", "disclaimer-de", "samsung-de", "letterhead-without-closing")
]

_CLOSED = f"{_ANSWER}\n\nMit freundlichen Grüßen\n\nAnna Müller"
CLOSED = [
    Case(
        "closing-and-letterhead-de",
        mail(
            f"{_CLOSED}\nEinkauf\n\nMuster GmbH\nHauptstr. 1 | 10115 Berlin\nTel.: +49 30 1234567\nMobil: +49 170 "
            f"1234567\n"
            "anna.mueller@example.org\nwww.example.org\n\nAmtsgericht Berlin HRB 12345\nGeschäftsführer: Max Muster\n"
        ),
        _CLOSED,
    ),
    Case(
        "closing-and-letterhead-en",
        mail(
            "Hi,\n\nsize 42, please.\n\nKind regards,\nAnna Muller\n\nPurchasing | Example Ltd\n"
            "T: +44 20 7946 0000 | M: +44 7700 900000\nwww.example.org\n"
        ),
        "Hi,\n\nsize 42, please.\n\nKind regards,\nAnna Muller",
    ),
    Case("closing-and-name-only", mail(f"{_CLOSED}\n"), _CLOSED),
    Case(
        "closing-i-a",
        mail(f"{_ANSWER}\n\nMfG\ni. A. Anna Müller\n\nMuster GmbH\nTel. 030 1234567\n"),
        f"{_ANSWER}\n\nMfG\ni. A. Anna Müller",
    ),
    Case(
        "closing-letterhead-disclaimer",
        mail(
            f"{_CLOSED}\n\nMuster GmbH\nTel.: +49 30 1234567\n\nDer Inhalt dieser E-Mail ist vertraulich und nur für "
            f"den Adressaten bestimmt.\n"
        ),
        _CLOSED,
    ),
    Case(
        "closing-fr",
        mail("Taille 42.\n\nCordialement,\nAnna\n\nTél. : +33 1 23 45 67 89\n"),
        "Taille 42.\n\nCordialement,\nAnna",
    ),
    Case("closing-es", mail("Talla 42.\n\nSaludos,\nAna\n\nTel: +34 912 345 678\n"), "Talla 42.\n\nSaludos,\nAna"),
    Case(
        "closing-pl",
        mail("Rozmiar 42.\n\nPozdrawiam\nAnna\n\ntel. +48 22 123 45 67\n"),
        "Rozmiar 42.\n\nPozdrawiam\nAnna",
    ),
]

_PGP = "-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n"
CRYPT = [
    Case(
        "pgp-mime-signed",
        mixed(
            part(f"{_ANSWER}\n", "text/plain; charset=utf-8", encoding="quoted-printable"),
            part(
                _PGP,
                'application/pgp-signature; name="OpenPGP_signature.asc"',
                extra="Content-Description: OpenPGP digital signature\nContent-Disposition: attachment; "
                'filename="OpenPGP_signature.asc"\n',
            ),
            subtype="signed",
            parameters='; micalg=pgp-sha256; protocol="application/pgp-signature"',
        ),
        _ANSWER,
        more={"signed": True},
    ),
    Case(
        "smime-signed",
        mixed(
            part(f"{_ANSWER}\n", "text/plain; charset=utf-8"),
            attached("smime.p7s", b"\x30\x82" + b"x" * 900, "application/pkcs7-signature"),
            subtype="signed",
            parameters='; protocol="application/pkcs7-signature"; micalg=sha-256',
        ),
        _ANSWER,
        more={"signed": True},
    ),
    Case(
        "pgp-inline-signed",
        mail(f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHallo,\n\n- - Größe 42\n\n{_PGP}"),
        "Hallo,\n\n- Größe 42",
        more={"signed": True},
    ),
    Case(
        "pgp-mime-encrypted",
        mixed(
            part("Version: 1\n", "application/pgp-encrypted"),
            part(
                "-----BEGIN PGP MESSAGE-----\n\nhQIMA\n-----END PGP MESSAGE-----\n",
                'application/octet-stream; name="encrypted.asc"',
            ),
            subtype="encrypted",
            parameters='; protocol="application/pgp-encrypted"',
        ),
        "",
        Kind.UNREADABLE,
        reason="encrypted",
    ),
    Case(
        "pgp-inline-encrypted",
        mail("-----BEGIN PGP MESSAGE-----\n\nhQIMA9\n=abcd\n-----END PGP MESSAGE-----\n"),
        "",
        Kind.UNREADABLE,
        reason="encrypted",
    ),
    Case(
        "smime-encrypted",
        mail(
            b"0\x82" + b"y" * 400,
            kind='application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
            encoding="base64",
        ),
        "",
        Kind.UNREADABLE,
        reason="encrypted",
    ),
]

CASES = [*SIGNED, *ABOVE_A_QUOTE, *CLOSED, *CRYPT]
