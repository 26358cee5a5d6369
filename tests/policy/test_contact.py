"""Contact details in eight languages and every disguise, and what only looks like them."""

from __future__ import annotations

import pytest

from messagecenter.policy.detection import screen as screening
from messagecenter.policy.detection.finding import Category, Finding
from messagecenter.policy.detection.surroundings import Lists, Surroundings

MARKETPLACE = Lists(allowed_domains=frozenset({"marketplace.example"}))


def contacts(text: str, **around: object) -> list[Finding]:
    surroundings = Surroundings(**({"lists": MARKETPLACE} | around))
    return [one for one in screening.screen(text, surroundings) if one.category is Category.CONTACT_DETAILS]


def surest(text: str, **around: object) -> float:
    return max((one.confidence for one in contacts(text, **around)), default=0.0)


EMAILS = """
    anna@firma.de | ANNA@FIRMA.DE | anna.mueller+shop@web.co.uk | name (at) firma punkt de | name[@]firma.de
    name (ät) firma.de | name ät firma punkt de | name at firma dot com | name AT gmail DOT com
    anna.mueller at firma.de | anna @ firma . de | ａｎｎａ＠ｆｉｒｍａ．ｄｅ | n a m e @ f i r m a . d e
    anna77 at gmail | anna.mueller@gmail | gmail: anna.mueller77 | schreib mir an meinname bei gmx
    anna(a)firma.de | anna{at}firma{dot}com | anna&#64;firma.de | anna%40firma.de | anna arroba firma punto com
    anna arobase firma point fr | anna chiocciola firma punto it | anna małpa firma kropka pl
    anna apenstaartje firma punt nl | anna klammeraffe firma punkt de | an\u200bna@fir\u200bma.de | аnnа@firmа.de
    mailto:anna@firma.de | müller@möbel.de | anna@firma,de | anna_at_firma.de | anna-at-firma-dot-com | anna<at>firma.de
    anna @firma.de | anna punkt mueller (at) firma punkt de | mail me: anna at outlook dot com | anna@gmail.con
    \u202eed.amrif@anna\u202c
    "anna"@firma.de | (anna)@firma.de | anna@firma.xn--p1ai | anna@firma.edu? | anna @ firma.ventures | anna@firma de
    anna@@firma.de | anna@firma..de | anna.mueller gmail com | anna at firma dot edu | a-n-n-a-@-f-i-r-m-a-.-d-e
"""

PHONES = """
    Rufen Sie mich an: 0176 12345678 | +49 176 12345678 | +49 (0) 176 12345678 | 0049 176 12345678 | 01761234567
    0176-123-45678 | 0176/12345678 | (030) 12345678 | 030 / 1234 5678 | call me at 212-555-0123 | (415) 555-2671
    07700 900123 | +44 7700 900123 | 06 12 34 56 78 | 06.12.34.56.78 | Llámame al 612 345 678 | telefon 612345678
    zadzwoń 600-700-800 | bel mij 06-12345678 | beni ara 0532 123 45 67 | chiamami 333 1234567
    null eins sieben sechs eins zwei drei vier fünf sechs sieben | zero seven double five one two three four five six
    zéro six douze trente-quatre cinquante-six soixante-dix-huit | seis uno dos tres cuatro cinco seis siete ocho
    sei zero tre quattro due uno nove otto cinque | zero sześć dwa trzy siedem jeden dwa osiem cztery
    nul zes een twee drie vier acht zeven zes vijf | sıfır beş üç iki bir iki üç dört beş altı yedi
    null eins sieben sechs siebenundzwanzig dreiundvierzig zwölf | 0 1 7 6 1 2 3 4 5 6 7 | 0-1-7-6-1-2-3-4-5-6-7
    0️⃣1️⃣7️⃣6️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣ | O176 l2345678 | 0176 dann 123 dann 45678 | ０１７６１２３４５６７ | ٠١٧٦١٢٣٤٥٦٧
    ⓪①⑦⑥①②③④⑤⑥⑦ | Mein Handy: 0,1,7,6,1,2,3,4,5,6,7 | 0x1x7x6x1x2x3x4x5x6x7 | tel 7234567 | my number is 5551234
    0176\u200b1234\u200b5678
    whatsapp 4917612345678 | n u l l  e i n s  s i e b e n  s e c h s  d r e i  v i e r  f ü n f
    Erreichbar: null172 99 zwei5 neun04
    M31n3 H4ndynumm3r: null 31ns s13b3n s3chs, null v13r null, s3chs n3un null | You c4n r34ch m3 on 3331234567
    (0)30 1234567 | (02) 4376 0123 | (415)555-2671x12 | 415-555-2671EXT12 | Chat soon?(415) 555-2671
    030 123 456 ext. 12 | meine private Nummer ist 0301234567 | My Italian number is 3331234567
"""

ELSEWHERE = """
    Schreib mir auf WhatsApp | write me on WhatsApp | Kontaktieren Sie uns per Whats App | contact me via watsap
    wa.me/491761234567 | insta: sarah_crafts | ig: sarah.crafts | IG @sarahcrafts | my insta is sarahcrafts
    mein Instagram heißt sarahcrafts | folgt uns auf Instagram | follow us on Facebook | tele gram: user123
    schreib mir auf Telegram | message me on Signal | snapchat: coolshop22 | discord: user#1234 | Skype: anna.mueller
    Line ID: anna99 | wechat id annashop | Suivez-nous sur Instagram | écrivez-moi sur WhatsApp | Escríbeme por WhatsApp
    scrivimi su WhatsApp | napisz do mnie na WhatsApp | stuur me een bericht op WhatsApp | WhatsApp'tan bize yazın
    I'm anna.lampe on Skype | ich bin anna_lampe auf Insta | Folgt uns ("@firma.de")
    w h a t s a p p me | wh4tsapp me | add my WhatsApp | WhatsApp 0176 12345678 | Follow @schmuck_laden
    facebook.com/shopname | tiktok.com/@shop | discord.gg/abc | google our shop name | Google us
    find us online under our name | such uns bei Google | Googeln Sie unseren Shopnamen
    Sie finden uns im Internet unter unserem Namen | gib unseren Namen bei Google ein | cherchez-nous sur Google
    búscanos en Google | cercaci su Google | wpisz naszą nazwę w Google | zoek ons op Google | Google'da bizi bulun
    visit our website | Besuchen Sie unseren Onlineshop | visitez notre site | let's talk on telegram
"""

INVITATIONS = """
    Besuchen Sie uns in unserem Laden: Hauptstr. 5, 10115 Berlin | come to our store at 12 High Street, London
    Kommen Sie vorbei: Lange Straße 12, 20095 Hamburg | passez nous voir 12 rue de la Paix, 75002 Paris
    Sie können auch bei uns im Laden kaufen: Bahnhofstraße 18, 34117 Kassel
"""

HONEST = """
    Bestellung 302-1234567-1234567 | order 302-1234567-1234567 please call me | My order number is #1001
    Sendungsnummer 00340434161094042557 | Tracking: 034043416109 | JJD000390007827362820 | 1Z999AA10123456784
    DPD 01546789012345 | RR123456789DE | 99.60.123456.12345678 | EAN 4006381333931 | 978-3-16-148410-0
    Is 0-306-40615-2 the first edition? | IMEI 356938035643809 | Die IMEI des Handys ist 490154203237518
    Rechnung Nr. 2024-0176-1234 | USt-IdNr. DE123456789 | Größe 38, 40, 42, 44, 46 | am 12.05.2024 um 14:30 Uhr
    Mo-Fr 08:00-12:00 und 13:00-17:00 | 120x60x45 cm | 1.234.567,00 € | 10115 Berlin, Hauptstr. 5 | 24/7
    call me tomorrow | rufen Sie mich bitte an | one two three four five six seven eight | 1 2 3 4 5 6 7 8 9 10
    DIN EN ISO 9001:2015 | 2 x 10, 3 x 20, 4 x 30 | Handy Samsung S21 128 GB 5000 mAh | Modell 415-555-2671
    BSH-0176-1234567 | 192.168.178.1 | zwischen 10 und 12 Uhr oder 14 und 16 Uhr | -10 bis +40 °C
    03.04.2024 - 05.06.2024 | https://www.dhl.de/verfolgen?piececode=00340434161094042557 | 2023 2024 2025
    Artikel 0176 1234567 defekt | Rufen Sie mich bitte morgen an, Bestellung 12345678 | Code 123456
    Mail an orders@marketplace.example wurde nicht zugestellt | 10 @ 5 EUR each | @media print | 12V @ 2A
    npm i @angular/core@12.3.4 | Ich habe ein Konto bei gmail | mein Postfach bei gmail ist voll | root@localhost
    noreply@dhl.de schreibt mir | I do not use WhatsApp | Ich nutze kein WhatsApp | phone case for WhatsApp
    I watched a YouTube video how to install it | Zeigt die Uhr WhatsApp Nachrichten an? | The signal is weak
    Does the phone work with WhatsApp? | What's up with my order? | Please do not contact me via WhatsApp
    Facebook login does not work on the tablet | @Verkäufer bitte melden | I found you on Google
    Ich habe die Anleitung gegoogelt | x: 5, y: 3 | Messenger bag in black | WhatsApp: no | I saw it on TikTok
    Besuchen Sie uns bald wieder | Sie finden die Anleitung unter Downloads | Viele Grüße, Anna, Lampenwelt
    Return address: Hauptstr. 5, 10115 Berlin | Bitte schicken Sie die Retoure an Lagerweg 3, 20095 Hamburg
    Numer zamówienia 123456789 | Numéro de commande 0612345678 | numero de pedido 612345678 | Sipariş no 5321234567
    Auflösung 1920x1080 oder 0120 4000x3000 | ich bin begeistert. auf Insta gesehen | 3 Stück @ 9.99 bitte
    Bestelnummer 0612345678 | ordine 3331234567 | mon colis 6A12345678901 | 1,2 m x 3,4 m x 5,6 m
"""


def each(lines: str) -> list[str]:
    return [one.strip() for line in lines.strip().splitlines() for one in line.split(" | ")]


@pytest.mark.parametrize("text", each(EMAILS) + each(PHONES) + each(ELSEWHERE))
def test_ways_to_get_in_touch_are_found(text: str) -> None:
    assert surest(text) >= 0.8


@pytest.mark.parametrize("text", each(INVITATIONS))
def test_addresses_to_come_to_are_found(text: str) -> None:
    assert surest(text, sender_role="seller", about="order") >= 0.8


@pytest.mark.parametrize("text", each(HONEST))
@pytest.mark.parametrize("role", ["buyer", "seller"])
def test_honest_messages_hold_nothing(text: str, role: str) -> None:
    assert surest(text, sender_role=role, about="order") < 0.5


def test_asking_whether_somebody_is_elsewhere_is_looked_at() -> None:
    assert 0.5 <= surest("Haben Sie WhatsApp?") < 0.8


def test_where_an_order_goes_is_honest_from_its_buyer() -> None:
    text = "bitte liefern Sie an: Anna Müller, Hauptstr. 5, 10115 Berlin"
    assert contacts(text, sender_role="buyer", about="order") == []


def test_a_delivery_address_hides_no_number() -> None:
    text = "Bitte liefern an Hauptstr. 5, 10115 Berlin, Tel. 0176 12345678"
    assert [one.rule for one in contacts(text, sender_role="buyer", about="order")] == ["contact.phone"]


def test_numbers_of_the_matter_are_none_to_call() -> None:
    text = "Rufen Sie an wegen 0176-12345678"
    assert surest(text) >= 0.8
    assert contacts(text, numbers=frozenset({"017612345678"})) == []


def test_the_shop_may_be_spoken_to_by_its_name() -> None:
    assert contacts("danke @lampen_welt", names=frozenset({"Lampen_Welt"})) == []


def test_spans_hold_the_number_and_nothing_else() -> None:
    text = "Hallo, meine Nummer ist +49 (0)176 1234 5678. Danke!"
    (found,) = contacts(text)
    assert text[found.start : found.end] == "+49 (0)176 1234 5678"


def test_mail_of_the_platform_is_allowed_but_none_that_only_looks_so() -> None:
    assert contacts("support@mail.marketplace.example") == []
    assert surest("support@marketplace.example.de") >= 0.8
