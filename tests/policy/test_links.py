"""Links however they are written, and dots that are none."""

from __future__ import annotations

import pytest

from messagecenter.policy.detection.domains import CARRIERS, registrable
from messagecenter.policy.detection.finding import Category, Finding
from messagecenter.policy.detection.screen import screen
from messagecenter.policy.detection.surroundings import Lists, Surroundings

AROUND = Surroundings(lists=Lists(allowed_domains=frozenset({"marketplace.example", "amazon.de"})))


def links(text: str) -> list[Finding]:
    return [one for one in screen(text, AROUND) if one.category is Category.EXTERNAL_LINK]


def surest(text: str) -> float:
    return max((one.confidence for one in links(text)), default=0.0)


LINKS = """
    https://www.firma.de/shop | Besuchen Sie firma.de | www.firma.de | www punkt firma punkt de | firma dot com
    firma (dot) com | firma[.]com | firma(punkt)de | hxxp://evil.com | hxxps://evil[.]com/x | h t t p : / / evil.com
    f i r m a . c o m | bit.ly/abc | https://bit.ly/3xyz | tinyurl.com/abc | xn--frma-5qa.de | https://xn--frma-5qa.de
    dһl.de | раураl.com | http://192.0.3.1/x | http://8.8.8.8 | 8.8.8.8:8080/login | [klick](https://evil.com)
    <a href="https://evil.com">x</a> | https://dhl.de.evil.com/track | https://dhl.de@evil.com/ | dhl.de.evil.com
    firma.co.uk | visit our-shop.es | shop.firma.io | ｆｉｒｍａ．ｃｏｍ | FIRMA.COM | müller-möbel.de | www,firma,de
    www firma de | wa.me/491761234567 | t.me/name | instagram.com/name | linktr.ee/shop | //evil.com/x | evil.com/path
    amazon.de.evil.com | notamazon.de | firma-punkt-de | firma。com | https:evil.com | http:/evil.com
    visita lamparas-sol punto es | firma kropka pl | firma nokta com | firma point fr | firma punt nl
    besuch uns auf schmuck.shop | fir\u200bma.com
    Kennen Sie firma.com? | Schon www.firma.com? | firma.de😀 | Wo?firma.com | 请看firma.com谢谢 | магазин.рф
    www.firma.com–besser | firma.de-Gutschein | firma..com | h-t-t-p-s://firma.com | firmadotcom | meineFirmaPunktDe
    Seite=evil.com | ~evil.com~ | \\evil.com | ssh://evil.com | http://example.com/foo
"""

LOOKED_AT = "firma . com | firma .com | firma,com | mein-shop.at"

HONEST = """
    Das Paket kam um 14 Uhr.Danke für alles | z.B. oder d.h. und u.a. sowie e.V. | rechnung.pdf, foto.jpg, archive.zip
    Version 1.2.3.4 | node.js und ASP.NET | Preis 12.50 EUR, 1.299,00 | https://marketplace.example/orders/1
    https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=1 | www.amazon.de/dp/B00 | amazon.de
    https://tracking.dpd.de/status/de_DE/parcel/123 | http://192.168.178.1 | 192.168.1.1 | firmware 10.0.19.4
    gut.Es ist angekommen | broken.it was wrapped | ok.so what | niemand.de bote hat | Herr Dr.Müller, St.Pauli
    S.p.A. S.L. Sp. z o.o. B.V. | a.m. p.m. | Müller GmbH & Co.KG | Punkt de | point de vente | punto de recogida
    el punto es que no llega | der Punkt in der Mitte | dot in the middle | 5.5in | Danke.Ich warte. | 12.05.2024
    Nr.5 Gr.38 | The order arrived. It was fine. Com on | ich warte seit Montag. de facto | laposte.fr/outils/suivre
    t.17track.net/abc | I have a gmail.com address | no.I did not | inkl.MwSt zzgl.Versand | nach Hause.Am Montag
    das.de-facto-Maß | danke..de rien | Standpunkt der Dotcom-Jahre | Passt die Farbe.Größe? | C:\\Treiber\\evil.com | https://www.dhl.de/?piececode=1&evil.com
    README.md says .NET 6 only | 10.000.de | reçu.Merci beaucoup | Schuhgröße 42.Bitte
"""


def each(lines: str) -> list[str]:
    return [one.strip() for line in lines.strip().splitlines() for one in line.split(" | ")]


@pytest.mark.parametrize("text", each(LINKS))
def test_links_are_found(text: str) -> None:
    assert surest(text) >= 0.8


@pytest.mark.parametrize("text", each(LOOKED_AT))
def test_what_may_be_a_link_is_looked_at(text: str) -> None:
    assert 0.5 <= surest(text) < 0.8


@pytest.mark.parametrize("text", each(HONEST))
def test_dots_that_are_no_links(text: str) -> None:
    assert surest(text) < 0.5


@pytest.mark.parametrize("domain", sorted(CARRIERS))
def test_carriers_may_be_named_and_nothing_that_only_begins_like_them(domain: str) -> None:
    assert registrable(domain)
    assert links(f"https://track.{domain}/x?n=1 www.{domain}") == []
    assert surest(f"https://{domain}.evil.com/x") >= 0.9


def test_shorteners_have_their_own_rule() -> None:
    assert [one.rule for one in links("see bit.ly/abc")] == ["link.shortener"]


def test_a_span_holds_the_whole_address() -> None:
    text = "Hier: https://firma.de/a/b?c=1, danke"
    (found,) = links(text)
    assert text[found.start : found.end] == "https://firma.de/a/b?c=1"


def test_a_mailbox_is_no_link() -> None:
    assert links("anna@firma.de") == links("anna at firma dot com") == []


@pytest.mark.parametrize(
    ("text", "role", "most"),
    [
        ("Can you engrave Boulder.com Sailing Club on the flask?", "buyer", 0.2),
        ("Ist die Mütze mit dem Schriftzug Wanderlust.de noch da?", "buyer", 0.2),
        ("I saw the same one at Lampland.com last week, yours is nicer.", "buyer", 0.6),
        ("We have more at Lampland.com than here.", "seller", 0.9),
        ("Go to Lampland.com for more mugs.", "seller", 0.9),
    ],
)
def test_a_company_that_is_named_is_no_place_to_go(text: str, role: str, most: float) -> None:
    found = [one for one in screen(text, Surroundings(sender_role=role)) if one.rule == "link.domain"]
    assert all(one.confidence <= most for one in found)
    if role == "seller":
        assert found
        assert found[0].confidence >= 0.7
