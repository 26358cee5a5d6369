"""Where a parcel can be followed: the carriers we know by any of their names, and their public tracking pages."""

from __future__ import annotations

import re
from urllib.parse import quote

#: The tracking page of each carrier; ``{}`` is the number. Amazon's own parcels have no public page.
_PAGES = {
    "dhl": "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={}",
    "dhl international": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "deutsche post": "https://www.deutschepost.de/de/s/sendungsverfolgung.html?piececode={}",
    "dpd": "https://tracking.dpd.de/status/de_DE/parcel/{}",
    "hermes": "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation/#{}",
    "evri": "https://www.evri.com/track/parcel/{}",
    "gls": "https://gls-group.com/DE/de/paketverfolgung/?match={}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "amazon logistics": "",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "royal mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "la poste": "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
    "postnl": "https://postnl.nl/tracktrace/?B={}",
    "österreichische post": "https://www.post.at/sv/sendungsdetails?snr={}",
    "swiss post": "https://service.post.ch/ekp-web/ui/entry/search/{}",
    "tnt": "https://www.tnt.com/express/en_gc/site/shipping-tools/tracking.html?searchType=con&cons={}",
}

#: Other names, as shops and marketplaces write them, without blanks, dots and dashes.
_NAMES = {
    "dhl": "dhl",
    "dhlpaket": "dhl",
    "dhlde": "dhl",
    "dhlgermany": "dhl",
    "dhlparcel": "dhl",
    "dhlexpress": "dhl international",
    "dhlecommerce": "dhl international",
    "dhlglobalmail": "dhl international",
    "dhlintraship": "dhl",
    "deutschepost": "deutsche post",
    "deutschepostag": "deutsche post",
    "deutschepostbrief": "deutsche post",
    "dpd": "dpd",
    "dpdde": "dpd",
    "dpdgermany": "dpd",
    "hermes": "hermes",
    "hermesde": "hermes",
    "hermeslogistikgruppe": "hermes",
    "hermeslogistik": "hermes",
    "myhermes": "hermes",
    "hermesuk": "evri",
    "evri": "evri",
    "gls": "gls",
    "glsgermany": "gls",
    "glsde": "gls",
    "generallogisticssystems": "gls",
    "ups": "ups",
    "unitedparcelservice": "ups",
    "fedex": "fedex",
    "federalexpress": "fedex",
    "fedexexpress": "fedex",
    "amazon": "amazon logistics",
    "amazonlogistics": "amazon logistics",
    "amazonshipping": "amazon logistics",
    "amzl": "amazon logistics",
    "usps": "usps",
    "unitedstatespostalservice": "usps",
    "uspostalservice": "usps",
    "royalmail": "royal mail",
    "laposte": "la poste",
    "colissimo": "la poste",
    "lapostecolissimo": "la poste",
    "chronopost": "la poste",
    "postnl": "postnl",
    "österreichischepost": "österreichische post",
    "oesterreichischepost": "österreichische post",
    "austrianpost": "österreichische post",
    "postat": "österreichische post",
    "swisspost": "swiss post",
    "schweizerpost": "swiss post",
    "schweizerischepost": "swiss post",
    "dieschweizerischepost": "swiss post",
    "lapostesuisse": "swiss post",
    "postch": "swiss post",
    "tnt": "tnt",
    "tntexpress": "tnt",
}


def tracking_url(carrier: str, number: str, country: str = "") -> str:
    """Return the https page where a parcel can be followed, or "" when the carrier is unknown or has none.

    ``country`` is where the parcel goes, as a code of two letters; it tells Hermes in Britain from Hermes in Germany.
    """
    number = number.strip()
    name = _NAMES.get(re.sub(r"[\s._\-/&()]+", "", carrier.casefold()), "")
    if name == "hermes" and country.upper() == "GB":
        name = "evri"
    page = _PAGES.get(name, "")
    return page.format(quote(number, safe="")) if page and number else ""
