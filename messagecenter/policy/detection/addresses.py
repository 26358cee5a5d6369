"""Postal addresses that invite past the platform; where to deliver and where to return is honest."""

from __future__ import annotations

from itertools import islice

from .finding import Category, Finding
from .folding import Folded, Reading, expression
from .surroundings import Surroundings

RULE = "contact.postal_address"
_AROUND = 110  # characters around an address that say what it is for

_STREET = expression(
    r"\b(?:[a-z?-]+(?:str\.?|strasse|weg|platz|allee|gasse|ring|damm|ufer|chaussee|markt|promenade|straat|laan|plein"
    r"|gracht|kade|singel|dijk)"
    r" ?\d{1,4}(?: ?[a-h]\b)?"
    r"|(?:[a-z?-]+ )(?:strasse|str\.|weg|platz|allee|gasse|ring|damm) \d{1,4}(?: ?[a-h]\b)?"
    r"|\d{1,5}[a-h]?,? (?:[a-z?'-]+ ){1,3}(?:street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive|dr\.?|boulevard"
    r"|blvd\.?|way|court|square|close"
    r"|crescent|terrace)\b"
    r"|\d{1,4}(?: ?bis| ?ter)?,? (?:rue|avenue|boulevard|place|chemin|allee|impasse|quai|cours|route) (?:[a-z?'-]+"
    r" ?){1,4}"
    r"|(?:calle|c/|avenida|avda?\.?|plaza|paseo|carrer|via|viale|piazza|corso|largo|vicolo) (?:[a-z?'.-]+ ){1,4},?"
    r" ?(?:n\.? ?[o?]?\.? ?)?\d{1,4}"
    r"|(?:ul\.|ulica|ulicy|al\.|aleja|plac|os\.) ?(?:[a-z?.-]+ ){1,3}\d{1,4}[a-z]?(?:/\d+)?"
    r"|[a-z?]+ (?:sok\.?|sokak|sokagi|cad\.?|caddesi|mah\.?|mahallesi|bulvari)[ ,]+(?:no:? ?)?\d{1,4})"
)
_COMING = expression(
    r"\b(?:visit|come (?:by|to|over|and|round)|drop by|stop by|pick (?:it |them )?up|pick-?up in|collect (?:it |them"
    r" )?from|our (?:physical )?(?:shop|store|showroom|warehouse"
    r"|office)|in person|face to face|meet (?:me|us|up)|pay (?:in )?cash|see us|besuch[a-z]*|vorbei(?:kommen"
    r"|schauen)?|kommen sie|komm (?:doch|einfach|vorbei|zu)"
    r"|abhol[a-z]*|holen sie|ladengeschaft|unser[a-z]* (?:laden|geschaft|lager|showroom|filiale|buro)|vor ort|im"
    r" laden|bei uns im|in (?:the|our) (?:shop|store)|en magasin|en tienda|in negozio|w sklepie|in de winkel"
    r"|personlich|bar zahl[a-z]*|barzahlung|treffen"
    r"|passez|venez|venir|rendez-nous|notre (?:magasin|boutique|entrepot)|sur place|retirer|visitenos|visitanos"
    r"|venga|ven a|pase[a-z]* por|nuestra tienda"
    r"|recoger[a-z]*|venite|vieni|passate|nostro negozio|ritirar[a-z]*|ritiro|odwiedz[a-z]*|przyjdz[a-z]*"
    r"|zapraszam[a-z]*|nasz[a-z]* sklep[a-z]*|odbior[a-z]*"
    r"|kom (?:langs|naar)|onze winkel|langs ?komen|ophalen|bezoek|magazamiz[a-z]*|gelin|gelebilir[a-z]*|ugray[a-z]*"
    r"|elden)\b"
)
_WRITING = expression(
    r"\b(?:write (?:to )?(?:us|me)|send (?:me |us )?(?:a )?(?:letter|cash|cheque|check|money|the money)|by post|per"
    r" post|brief an|einen brief|schreib[a-z]* (?:uns|mir) (?:an|einen)"
    r"|bargeld|geld an|postal address|postanschrift|kontaktieren sie uns|contact us at|our address is|unsere adresse"
    r" (?:ist|lautet)|notre adresse"
    r"|nuestra direccion|nostro indirizzo|nasz adres|ons adres|adresimiz)\b"
)
_RETURNING = expression(
    r"\b(?:(?:in|an|bei|von) der (?:post|dhl|hermes|dpd|gls|ups)?-? ?filiale|paketshop|postfiliale|abholstation"
    r"|abholbereit"
    r"|zur abholung bereit|ready for (?:collection|pick-?up)|parcel ?shop|access ?point|pick-?up point|point relais"
    r"|(?:paket|sendung|parcel|package|colis) (?:\w+ ){0,2}(?:liegt|ist|wurde|is|was|est)|rucksend[a-z]*"
    r"|ruckgabe[a-z]*|retour[a-z]*|zuruck[a-z]*|ruckversand|return[a-z]*|send (?:it |them )?back"
    r"|refund|reso|restitu[a-z]*|devol[a-z]*|devuelv[a-z]*|zwrot[a-z]*"
    r"|odes[a-z]*|terugs[a-z]*|iade[a-z]*|renvo[a-z]*|reklamation|garantie|warranty|reparatur|repair|impressum"
    r"|rechnungsadresse|billing|invoice|rechnung"
    r"|lieferadresse|lieferanschrift|deliver[a-z]*|shipping address|ship (?:it |them )?to|liefer[a-z]*|zustell[a-z]*"
    r"|versend[a-z]* sie|packstation|dhl|hermes|dpd|ups|gls|nachbar[a-z]*|neighbo[a-z]*"
    r"|livr[a-z]*|adresse de livraison|envio|entrega[a-z]*|consegna[a-z]*|spedi[a-z]*|dostaw[a-z]*|wysyl[a-z]*"
    r"|bezorg[a-z]*|aflever[a-z]*|teslimat)\b"
)


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return the addresses in a text to which one is invited or asked to write, past the platform.

    A buyer's own address is never one: buyers say where an order is to go. Neither is an address for a return.
    """
    if around.sender_role == "buyer" and around.about != "inquiry":
        return []
    reading = folded.plain
    found = []
    for one in islice(_STREET.finditer(reading.flat), 100):
        start, end = one.span()
        confidence = _purpose(reading, start, end)
        if confidence:
            end += _town(reading, end)
            found.append(Finding(*reading.span(start, end), RULE, Category.CONTACT_DETAILS, confidence))
    return found


def _purpose(reading: Reading, start: int, end: int) -> float:
    near = reading.flat[max(0, start - _AROUND) : start] + b" | " + reading.flat[end : end + _AROUND]
    if _RETURNING.search(near):
        return 0.0
    if _COMING.search(near):
        return 0.85
    return 0.8 if _WRITING.search(near) else 0.0


_TOWN = expression(r"^,? ?(?:[a-z]{1,2}-)?\d{2}[ -]?\d{2,3}(?: [a-z]{2})? [a-z?-]+")


def _town(reading: Reading, end: int) -> int:
    found = _TOWN.search(reading.flat[end : end + 40])
    return int(found.end()) if found else 0
