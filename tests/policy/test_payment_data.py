"""Cards, accounts, secrets and documents, and the numbers that only look like them."""

from __future__ import annotations

import pytest

from messagecenter.policy.detection.finding import Category, Finding
from messagecenter.policy.detection.screen import screen
from messagecenter.policy.detection.surroundings import Surroundings


def data(text: str, **around: object) -> list[Finding]:
    return [one for one in screen(text, Surroundings(**around)) if one.category is Category.PAYMENT_DATA]


FOUND = {
    "data.card": [
        "4111 1111 1111 1111",
        "My card is 4111111111111111",
        "5500-0000-0000-0004",
        "3782 822463 10005",
        "4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1",
        "vier eins eins eins eins eins eins eins eins eins eins eins eins eins eins eins",
        "４１１１ １１１１ １１１１ １１１１",
    ],
    "data.iban": [
        "DE89 3704 0044 0532 0130 00",
        "de89370400440532013000",
        "IBAN: DE89370400440532013000 bitte überweisen",
        "GB82 WEST 1234 5698 7654 32",
        "FR14 2004 1010 0505 0001 3M02 606",
        "TR33 0006 1005 1978 6457 8413 26",
        "PL61 1090 1014 0000 0712 1981 2874",
        "NL91ABNA0417164300",
        "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0",
    ],
    "data.cvv": ["CVV: 123", "cvc 123", "Prüfnummer ist 456"],
    "data.password": [
        "Passwort: Hunter2!",
        "my password is hunter22",
        "mot de passe: Soleil99",
        "contraseña: gato1234",
        "hasło: kotek123",
        "şifre: abc123",
        "PIN: 4711",
        "Please reply with your password and the 6-digit code we just sent you.",
        "schicken Sie uns bitte Ihr Passwort und die TAN",
    ],
    "data.one_time_code": [
        "Der Bestätigungscode lautet 123456",
        "your verification code is 482913",
        "code de vérification : 482913",
        "OTP 123456",
    ],
    "data.identity_document": [
        "Reisepass Nr. C01X00T478",
        "passport number 123456789",
        "Personalausweisnummer L01X00T471",
        "SSN 123-45-6789",
        "DNI 12345678Z",
        "PESEL 44051401359",
        "SSN 123.45.6789",
        "NI number: QQ 12 34 56 C",
        "TC kimlik no 10000000146",
    ],
}

HONEST = """
    302-1234567-1234567 | Tracking 00340434161094042557 | IMEI 356938035643809 | 4006381333931 | USt-IdNr. DE123456789
    das Passwort ist falsch | I forgot my password | password is required | Passwort: siehe Anleitung | Code 123456
    Order 4111111111111111 | Rechnung 2024-0001 | Security camera 4k | PIN 5 | 1Z999AA10123456784 | Gutschein-Code 1234
    der Ausweis war nicht dabei | Das Login geht nicht | login: see manual | Größe 123 456 | DIN EN 12345
    Never send us your password. | We will send your password reset link. | WhatsApp'tan ulaşın: 0532 123 45 67
    Bitte nennen Sie uns Ihre Bestellnummer | how do I reset the router password? | 4111 1111 1111 1112
"""


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in FOUND.items() for text in texts])
def test_what_nobody_should_send_is_found(rule: str, text: str) -> None:
    found = data(text)
    assert rule in [one.rule for one in found if one.confidence >= 0.8]


@pytest.mark.parametrize("text", [one.strip() for line in HONEST.strip().splitlines() for one in line.split(" | ")])
def test_honest_numbers_and_words_pass(text: str) -> None:
    assert [one for one in data(text) if one.confidence >= 0.5] == []


def test_an_iban_is_told_once_and_not_as_a_telephone_number() -> None:
    found = screen("Erstattung an DE89 3704 0044 0532 0130 00, Klaus Berger")
    assert [one.rule for one in found if one.category in (Category.PAYMENT_DATA, Category.CONTACT_DETAILS)] == [
        "data.iban"
    ]


def test_a_number_of_the_matter_is_no_card() -> None:
    assert data("4111 1111 1111 1111", numbers=frozenset({"4111111111111111"})) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Kontonummer 0532013000 BLZ 370 400 44", "data.iban"),
        ("Benutzername: anna / Passwort: sommerhaus", "data.password"),
        ("Dankort 5019 5555 4444 5555", "data.card"),
        ("OM81 0180 0000 0129 9123 456", "data.iban"),
        ("sort code 20-00-00 account 55779911", "data.iban"),
        ("PIN meiner Karte ist 4711", "data.password"),
        ("Der Code aus der SMS: 90 42 17", "data.one_time_code"),
        ("Wie lautet der SMS-Code, den Sie gerade bekommen haben?", "data.one_time_code"),
        ("Please send a photo of your credit card front and back", "data.password"),
    ],
)
def test_further_ways_to_say_it(text: str, rule: str) -> None:
    assert rule in {one.rule for one in data(text)}


@pytest.mark.parametrize(
    "text",
    [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "an bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 bitte",
        "0x00000000219ab540356cBB839Cbe05303d7705Fa",
    ],
)
def test_a_wallet_is_a_way_to_pay_past_the_marketplace(text: str) -> None:
    found = [one for one in screen(text) if one.category is Category.OFF_PLATFORM_PAYMENT]
    assert [one.rule for one in found if one.confidence >= 0.7] == ["payment.outside"]


@pytest.mark.parametrize(
    "text", ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "3SERIAL9000X1234567890ABCDEFGHK", "Farbe 0xFF00AA"]
)
def test_a_code_with_a_wrong_checksum_is_no_wallet(text: str) -> None:
    assert [one for one in screen(text) if one.category is Category.OFF_PLATFORM_PAYMENT] == []


def test_a_device_comes_with_a_login_of_its_own() -> None:
    assert [one for one in data("Die Kamera hat Benutzer: admin Passwort: admin") if one.confidence >= 0.5] == []


def test_a_warning_asks_for_nothing() -> None:
    assert data("Bitte geben Sie niemandem Ihr Passwort oder Ihre TAN weiter.") == []
