"""Card numbers, IBANs, card checks, passwords, one-time codes and identity documents."""

from __future__ import annotations

from itertools import islice
from typing import Any

import stdnum.iban
from stdnum.exceptions import ValidationError

from . import wallets
from .digits import Part, find_hidden, lines
from .finding import Category, Finding
from .folding import Folded, Reading, expression
from .lists import words
from .surroundings import Surroundings, is_number_of_the_matter

_MANY = 200

#: Beginnings of card numbers and the lengths they come in (ISO/IEC 7812; Maestro's loose ranges are left out).
_CARDS = expression(
    r"(?:4\d{12}(?:\d{3}(?:\d{3})?)?"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|(?:62|81)\d{14,17}"  # UnionPay
    r"|(?:5018|5019|5020|5038|5893|6304|6759|6761|6762|6763|6703)\d{8,15})"  # Maestro
)
_CARD_WORD = expression(
    r"\b(?:card|credit|debit|visa|mastercard|master card|amex|american express|maestro|kreditkarte[a-z]*|karte[a-z]*"
    r"|kartennummer|debitkarte"
    r"|carte|tarjeta|carta|karta|karty|kaart|creditcard|kredi karti|kart|cc)\b"
)
_OTHER_NUMBER = expression(
    r"\b(?:imei|tracking|sendung[a-z]*|paket[a-z]*|parcel|shipment|ean|gtin|upc|serial|serien[a-z]*|isbn|order"
    r"|bestell[a-z]*|auftrag[a-z]*"
    r"|artikel[a-z]*|item|sku|ref[a-z]*|invoice|rechnung[a-z]*|colis|suivi|commande|pedido|envio|seguimiento"
    r"|spedizione|ordine|przesylk[a-z]*"
    r"|zamowieni[a-z]*|zending|bestelling|kargo|takip|siparis[a-z]*|evri|hermes|dhl|dpd|gls|ups|fedex|usps|vin|iccid"
    r"|sim)\b\W*(?:\w+\W+){0,3}$"
)

#: How long the IBANs of each country are (ISO 13616 registry).
_LENGTHS = dict(
    part.split(":")
    for part in [
        "AD:24",
        "AE:23",
        "AL:28",
        "AT:20",
        "AZ:28",
        "BA:20",
        "BE:16",
        "BG:22",
        "BH:22",
        "BI:27",
        "BR:29",
        "BY:28",
        "CH:21",
        "CR:22",
        "CY:28",
        "CZ:24",
        "DE:22",
        "DJ:27",
        "DK:18",
        "DO:28",
        "EE:20",
        "EG:29",
        "ES:24",
        "FI:18",
        "FK:18",
        "FO:18",
        "FR:27",
        "GB:22",
        "GE:22",
        "GI:23",
        "GL:18",
        "GR:27",
        "GT:28",
        "HN:28",
        "HR:21",
        "HU:28",
        "IE:22",
        "IL:23",
        "IQ:23",
        "IS:26",
        "IT:27",
        "JO:30",
        "KW:30",
        "KZ:20",
        "LB:28",
        "LC:32",
        "LI:21",
        "LT:20",
        "LU:20",
        "LV:21",
        "LY:25",
        "MC:27",
        "MD:24",
        "ME:22",
        "MK:19",
        "MN:20",
        "MR:27",
        "MT:31",
        "MU:30",
        "NI:28",
        "NL:18",
        "NO:15",
        "OM:23",
        "PK:24",
        "PL:28",
        "PS:29",
        "PT:25",
        "QA:29",
        "RO:24",
        "RS:22",
        "RU:33",
        "SA:24",
        "SC:31",
        "SD:18",
        "SE:24",
        "SI:19",
        "SK:24",
        "SM:27",
        "SO:23",
        "ST:25",
        "SV:28",
        "TL:23",
        "TN:24",
        "TR:26",
        "UA:29",
        "VA:22",
        "VG:24",
        "XK:20",
        "YE:30",
    ]
)
_IBAN = expression(
    r"\b(?:"
    + "|".join(f"{code[0].lower()}[ .-]?{code[1].lower()}" for code in _LENGTHS)
    + r")[ .:_-]{0,3}[0-9o][ .:_-]{0,2}[0-9o](?:[ .:_/-]{0,3}[a-z0-9]){11,40}"
)
_IBAN_WORD = expression(
    r"\b(?:iban|konto[a-z]*|bank[a-z]*|account|compte|cuenta|conto|rekening|hesap|uberweis[a-z]*|transfer)\b"
)

_IS = r"(?:\W{0,3}(?:ist|lautet|is|are|was|est|es|e|jest|to|code|nummer|number|nr|no|numero|numer)\b){0,2}\W{0,3}"
_CVV = expression(
    r"\b((?:cvv ?2?|cvc ?2?|csc|cvn|card (?:verification|security)(?: code| number| value)?|security code|prufziffer"
    r"|prufnummer|kartenprufnummer"
    r"|sicherheitscode|cryptogramme(?: visuel)?|code de securite|codigo de seguridad|codice di sicurezza|kod (?:cvv"
    r"|cvc|zabezpieczajacy)"
    r"|beveiligingscode|guvenlik kodu|three digits on the back|drei(?:stellige)? (?:ziffern|zahl[a-z]*) (?:auf der"
    r" ruckseite|hinten))"
    rf"(?: (?:hinten|drauf|steht|auf|der|ruckseite|on|the|back|code|here|ici|dos|au){{1,1}}\b){{0,3}}"
    rf"{_IS})([0-9] ?[0-9] ?[0-9](?: ?[0-9])?)\b"
)
_NAMED = (
    r"(?:pass ?wor[dt][a-z]*|passwd|pwd|pw|kennwort[a-z]*|mot de passe|mdp|contrasena|clave|parola d'ordine|hasl[oa]"
    r"|wachtwoord[a-z]*|sifre[a-z]*"
    r"|parola[a-z]*|passcode|pass ?phrase|login|zugangsdaten|credentials)"
)
_PASSWORD = expression(
    rf"\b({_NAMED}(?: (?:for|fur|von|of|zum?|du|de|della|del|do|van|to)(?: [a-z?]+){{1,3}})?(?: ?[:=]+ ?| (?:ist"
    rf"|lautet|is|est|es|e|jest|to) ?:? ?))(\S{{4,60}})"
)
_LOGIN = expression(
    r"\b(?:user(?:name)?|login|log-in|benutzer(?:name)?|nutzername|zugang|account)\b[^.!?]{1,50}?"
    r"\b(?:pw|pwd|pass|passwor[dt]|kennwort) ([a-z?]*[0-9]\S{3,40})"
)
# "User: anna, password: sommerhaus": together they open an account, however plain the word.
_ACCESS = expression(
    r"\b(?:user ?name|user ?id|user|log-?in|benutzer(?:name)?|nutzername|identifiant|usuario|utente)"
    r"(?: ?[:=]+ ?| (?:is|ist|lautet|est|es) )\S{3,60}[ ,;/|-]{1,3}(?:(?:and|und|et|y|the|das|my|mein) ){0,2}"
    r"(?:pass ?wor[dt]|passwd|pass|pwd|pw|kennwort|mot de passe|contrasena)(?: ?[:=]+ ?| (?:is|ist|lautet|est|es) )"
    r"[a-z0-9?]\S{3,60}"
)
_PIN = expression(
    r"\b((?:pin|code (?:de|of) (?:ma |la |my )?(?:carte(?: bleue)?|bank card|card)|karten-?(?:pin|code)|pin ?code"
    r"|pin-code|geheimzahl|geheimnummer|code pin|codice pin|kod pin|pincode)"
    r"(?: (?:(?:meiner|deiner|ihrer|der|zur|fur|for|of|my|the|die|ma|de|la|mi|della|mia)(?: ec-?| giro-?| kredit-?)?"
    r" ?){1,2}(?:bank ?|giro ?|ec-?|kredit ?|debit ?)?(?:karte|card|carte|tarjeta|carta|kaart|konto|account))?"
    rf"{_IS})([0-9]{{4,8}})\b"
)
_CODE = expression(
    r"((?:\bcode (?:aus|from|per|in|par|por|via) (?:der |the |my |your |meiner )?(?:sms|text|app)\b|\botp|\bm-?tan"
    r"|(?:^|[ (\"])tan|\bsms-?(?:code|tan)|(?:verification|verify|confirmation|login|log-in"
    r"|sign-?in|access|authentication|auth|one[ -]?time|2fa|two[ -]factor"
    r"|whatsapp|paypal|sms)[ -](?:code|pass ?code|password|pin)|(?:bestatigungs|verifizierungs|verifikations|einmal"
    r"|anmelde|login|zugangs|freischalt|aktivierungs)-?(?:code|passwort|kennwort|pin)"
    r"|code de (?:verification|confirmation|connexion)|codigo de (?:verificacion|confirmacion)|codice di (?:verifica"
    r"|conferma|accesso)"
    r"|kod (?:weryfikacyjny|potwierdzajacy|sms|dostepu)|(?:verificatie|bevestigings|inlog)code|(?:dogrulama|onay"
    r"|giris) kodu)"
    rf"(?:[ ,][^0-9.!?]{{0,25}}?)?{_IS})((?:[a-z]-)?(?:[0-9]{{3}}[ -]?[0-9]{{1,5}}"
    rf"|[0-9]{{2}}[ -][0-9]{{2}}[ -][0-9]{{2}}))\b"
)
_DOCUMENT = expression(
    r"\b((?:passport|reisepass|pass(?:nummer|-?nr)|personalausweis[a-z]*|ausweis[a-z]*|perso|id[ -]?card|identity"
    r" (?:card|document)|national id|id number"
    r"|dni|nie|codice fiscale|pesel|bsn|burgerservicenummer|t\.?c\.? kimlik|kimlik|carte (?:nationale )?d'identite"
    r"|numero de securite sociale"
    r"|social security|ssn|national insurance|ni (?:number|no)|nino|rvnr|rentenversicherungs[a-z]*|fahrerlaubnis[a-z]*"
    r"|travel document|sozialversicherungs[a-z]*|steuer-?id[a-z]*"
    r"|steueridentifikations[a-z]*|driver'?s? ?licen[cs]e|driving licen[cs]e"
    r"|fuhrerschein[a-z]*|dowod[a-z]* osobist[a-z]*|dowodu|paszport[a-z]*|pasaporte|passaporto|passeport|carta"
    r" d'identita|paspoort|identiteitskaart|rijbewijs"
    r"|pasaport|ehliyet|numero de seguridad social|permis de conduire|patente di guida)"
    r"[^0-9!?;]{0,30}?)((?:[a-z]{0,3}[ -]?)?[0-9]{3}\.[0-9]{2}\.[0-9]{4}"
    r"|(?:[a-z]{0,3}[ -]?)?[0-9][a-z0-9]*(?:[ -][a-z0-9]*[0-9][a-z0-9]*){0,4})\b"
)
_BACKWARDS = expression(
    r"\b([0-9]{4,8})\W{1,4}(?:(?:is|ist|as|als|the|der|my|mein|your|dein|ihr|es|est) ){0,3}(?:bestatigungscode"
    r"|verifizierungscode|einmalcode|verification code"
    r"|confirmation code|security code|login code|one[ -]time (?:code|password)|otp|tan|sms-?code|code de"
    r" verification|codigo de verificacion)\b"
)
_SECRETS = (
    r"(?:pass ?wor[dt][a-z]*|kennwort|mot de passe|contrasena|wachtwoord|haslo|sifre[a-z]*|m?tan|pin|cvv|cvc|otp"
    r"|sms-?code|(?:[4-8]|six|four|sechs|vier)[ -]?(?:digit|stellig[a-z]*|chiffres)[ -]code"
    r"|(?:verification|security|confirmation|bestatigungs|sicherheits|verifizierungs|einmal) ?-?code|code (?:de"
    r" verification|a 6 chiffres)|codigo de verificacion|codice di verifica|kod weryfikacyjny"
    r"|kreditkarten(?:nummer|daten|foto)|kartennummer|(?:credit )?card (?:number|details)|numero de (?:carte"
    r"|tarjeta)|numero (?:di|della) carta|numer karty|kart numara[a-z]*"
    r"|online-?banking|bank login|log-?in (?:data|details)|zugangsdaten)"
)
_DOCUMENTS = (
    r"(?:passport|reisepass(?:es)?|personalausweis(?:es)?|ausweis(?:es|kopie|foto)?|id card|identity card|driver'?s?"
    r" licen[cs]e|driving licen[cs]e|fuhrerschein(?:s)?"
    r"|passeport|carte d'identite|pasaporte|dni|passaporto|carta d'identita|paszport[a-z]*|dowodu|paspoort|kimlik)"
)
_ASKED = expression(
    r"\b(?:send|reply with|give|tell|provide|share|enter|confirm|forward|email|text|message|schick[a-z]*|send[a-z]*"
    r"|nenn[a-z]*|geb(?:en|t)|gib|teil[a-z]*|mitteil[a-z]*|ubermittel[a-z]*"
    r"|verrat[a-z]*|antwort[a-z]*|brauch[a-z]*|benotig[a-z]*|need|envoy[a-z]*|donnez|communiquez|transmett[a-z]*"
    r"|envi[a-z]*|mand[a-z]*|dig[a-z]*|facilit[a-z]*|invi[a-z]*|comunic[a-z]*"
    r"|wysl[a-z]*|przeslij|podaj[a-z]*|prosze o|stuur|geef|gonder[a-z]*|ver(?:in|iniz|ir)|paylas[a-z]*)\b"
    r"[^.!?0-9]{0,50}?\b(?:your|the|ihr[a-z]*|dein[a-z]*|votre|vos|ton|ta|su|sus|tu|vostr[oa]|suo|sua|tua|tuo"
    r"|twoj[a-z]*|swoj[a-z]*|pan[a-z]*|uw|je|jouw|die|den|das|einen?|a|of your)"
    rf"(?: [a-z0-9?-]+){{0,2}}? (?:{_SECRETS}|(?:photo|copy|scan|picture|foto|bild|kopie|copie|copia|zdjecie"
    rf"|fotografia)s? (?:\w+ ){{0,2}}{_DOCUMENTS}|(?:photo|picture|copy|scan|foto|bild"
    rf"|kopie)s? (?:\w+ ){{0,4}}?(?:(?:credit|debit|bank) ?card|kreditkarte|bankkarte"
    rf"|ec-karte|carte bancaire|tarjeta)|{_DOCUMENTS})\b"
)
#: An account as it was written before IBANs: its number and the bank's (BLZ, sort code, ABA), and Poland's NRB.
_ACCOUNT = expression(
    r"(?:\b(?:konto(?:nummer|-?nr)?|kto|account(?: number| no)?|acc)\b[^a-z0-9]{0,4}\d[\d /-]{5,11}\b[^0-9]{1,15}"
    r"\b(?:blz|bankleitzahl|sort code|routing(?: number)?|aba)\b[^a-z0-9]{0,4}\d[\d -]{5,10}"
    r"|\b(?:blz|bankleitzahl|sort code|routing(?: number)?|aba)\b[^a-z0-9]{0,4}\d[\d -]{5,10}[^0-9]{1,15}"
    r"\b(?:konto(?:nummer|-?nr)?|kto|account(?: number| no)?|acc)\b[^a-z0-9]{0,4}\d[\d /-]{5,11}"
    r"|\b(?:konto|konta|rachun[a-z]*|przelew[a-z]*)\b[^0-9]{0,15}\d\d(?: ?\d{4}){6})\b"
)
#: "What is the code you were sent?"
_WHICH = expression(
    r"\b(?:wie (?:lautet|ist|heisst)|was (?:ist|steht)|what(?:'s| is| was)|quel(?:le)? est|cual es|qual e|jaki jest"
    r"|wat is)"
    r" (?:(?:your|the|der|die|das|dein|deine|ihr|ihre|le|la|el|il|tu|ton|votre|tuo|twoj|de|je|uw) )?"
    r"(?:sms|verification|security|bestatigungs|verifizierungs|einmal|cvv|tan|otp|pin|passwor[dt]|kennwort"
    r"|mot de passe|contrasena)[ -]?(?:code|nummer|number)?,?"
    r" (?:den|die|das|der|you|that|which|i|we|ihr|deine|your|auf|on|que|che|ktory|die je)\b"
)
_NOBODY = expression(
    r"\b(?:niemand[a-z]*|nobody|no one|anyone|anybody|never|nie|niemals|jamais|nadie|nessuno|nikomu)\b"
)
_DEVICE = expression(
    r"\b(?:wlan|wifi|wi-fi|router|app|camera|kamera|device|gerat|reset|zurucksetzen|lock|schloss|safe|tresor|nicht"
    r"|not|never|default|factory|werkseinstellung[a-z]*|standard)\b"
)
_PAIRED = expression(
    r"\b(?:bluetooth|pair[a-z]*|koppel[a-z]*|kopplung|appair[a-z]*|empareja[a-z]*|accoppi[a-z]*|paruj[a-z]*|koppelen"
    r"|eslestir[a-z]*|lautsprecher|speaker|headphones?|kopfhorer|auriculares|headset|doorbell|keypad|alarm|tablet|tv"
    r"|fernseher|router|wlan|wifi|kamera|camera|device|gerat|safe|tresor|schloss|lock|default|factory"
    r"|werkseinstellung[a-z]*|standard|voreingestellt[a-z]*)\b"
)
#: Who brings a parcel asks for a code that says to whom it may be given.
_CARRIER = expression(
    r"\b(?:fahrer[a-z]*|zusteller[a-z]*|bote[n]?|kurier[a-z]*|paketbote[n]?|driver|courier|carrier|postman|livreur"
    r"|repartidor|corriere|kurier|bezorger|kurye)\b"
)
_NEVER = expression(
    r"\b(?:never|don'?t|do not|not|niemals|nie|nicht|kein[a-z]*|ne|jamais|nunca|no|mai|non|nigdy|nooit|geen|asla"
    r"|reset|zurucksetzen|vergessen|forgot|we'?ll|we will|we|wir|ich|i|router|wifi|wlan)\b[^.!?]{0,40}$"
)
_COMMON = words("no_passwords")


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return what nobody should send in a message: numbers of cards and accounts, secrets, and documents' numbers."""
    hidden = find_hidden(folded.bare, _CARD_WORD, lambda stretch: _cards(stretch, around))
    return _find(folded, folded.plain, around) + wallets.find(folded) + hidden


def _finding(reading: Reading, place: tuple[int, int], rule: str, confidence: float) -> Finding:
    return Finding(*reading.span(*place), rule, Category.PAYMENT_DATA, confidence)


def _find(folded: Folded, reading: Reading, around: Surroundings) -> list[Finding]:
    found = _cards(reading, around) + _ibans(reading)
    flat = reading.flat
    for one in islice(_CVV.finditer(flat), _MANY):
        sure = one.group(1)[:1] == b"c" and one.group(1)[:4] not in (b"code", b"codi")
        found.append(_finding(reading, one.span(), "data.cvv", 0.9 if sure else 0.8))
    for one in islice(_PASSWORD.finditer(flat), _MANY):
        confidence = _is_secret(folded, reading, one)
        if confidence:
            end = one.end(2) - (len(one.group(2)) - len(one.group(2).rstrip(b".,;!?)\"'")))
            found.append(_finding(reading, (one.start(), max(end, one.start(2) + 1)), "data.password", confidence))
    for one in islice(_LOGIN.finditer(flat), _MANY):
        found.append(_finding(reading, one.span(), "data.password", 0.75))
    for one in islice(_ACCESS.finditer(flat), _MANY):
        if not _DEVICE.search(flat[max(0, one.start() - 60) : one.start()] + b" | " + flat[one.end() : one.end() + 40]):
            found.append(_finding(reading, one.span(), "data.password", 0.6))
    for one in islice(_PIN.finditer(flat), _MANY):
        if not _is_preset(flat, one):
            found.append(_finding(reading, one.span(), "data.password", 0.8))
    for one in islice(_CODE.finditer(flat), _MANY):
        digits = sum(48 <= sign <= 57 for sign in one.group(2))
        if 4 <= digits <= 8:
            found.append(_finding(reading, one.span(), "data.one_time_code", 0.9))
    for one in islice(_BACKWARDS.finditer(flat), _MANY):
        found.append(_finding(reading, one.span(), "data.one_time_code", 0.85))
    for one in islice(_ACCOUNT.finditer(flat), _MANY):
        found.append(_finding(reading, one.span(), "data.iban", 0.85))
    for one in islice(_WHICH.finditer(flat), _MANY):
        found.append(_finding(reading, one.span(), "data.one_time_code", 0.75))
    for one in islice(_ASKED.finditer(flat), _MANY):
        start, end = one.span()
        if _NOBODY.search(one.group()):
            continue
        about = flat[end : end + 30] + flat[max(0, start - 40) : start]
        if _CARRIER.search(flat[max(0, start - 40) : end + 40]):
            continue
        if not _NEVER.search(flat[max(0, start - 45) : start]) and not _DEVICE.search(about):
            found.append(_finding(reading, (start, end), "data.password", 0.85))
    for one in islice(_DOCUMENT.finditer(flat), _MANY):
        written = reading.text[slice(*one.span(2))]
        digits = sum(map(str.isdigit, written))
        letters = sum(map(str.isalnum, written))
        passport = one.group(1).startswith((b"pass", b"reise", b"perso", b"ausweis")) and letters == 9 and digits >= 3
        if (digits >= 5 or passport) and 7 <= letters <= 16 and not is_number_of_the_matter(written, around):
            # A codice fiscale is what an Italian invoice needs.
            sure = 0.6 if one.group(1).startswith((b"codice fiscale", b"nie", b"steuer")) else 0.9
            found.append(_finding(reading, one.span(), "data.identity_document", sure))
    return found


def _is_preset(flat: bytes, one: Any) -> bool:
    """Return whether it is the number a device comes with (0000), or one for a device."""
    if any(word in one.group(1) for word in (b"bank", b"card", b"kart", b"carte", b"tarjeta", b"konto", b"account")):
        return False
    plain = one.group(2) in (b"0000", b"1234", b"1111", b"9999", b"000000", b"123456")
    near = flat[max(0, one.start() - 80) : one.start()] + b" | " + flat[one.end() : one.end() + 80]
    return plain or _PAIRED.search(near) is not None


def _is_secret(folded: Folded, reading: Reading, one: Any) -> float:
    """Return how sure it is that what follows a word for password is one."""
    start, end = one.span(2)
    colon = any(sign in one.group(1) for sign in (b":", b"="))
    value = folded.typed[slice(*reading.span(start, end))].rstrip(".,;!?)\"'")
    bare = value.strip("\"'„“”»«").casefold()
    if len(bare) < 4 or bare in _COMMON or one.group(2).decode().rstrip(".,;!?)\"'") in _COMMON:
        return 0.0
    mixed = any(map(str.isdigit, bare)) or any(not letter.isalnum() and letter not in "-'" for letter in bare)
    if "://" in value or set(bare) <= set("*.•xX-_"):
        return 0.0
    login = one.group(1).startswith((b"login", b"zugangsdaten", b"credentials"))
    if mixed:
        return 0.9 if colon and not login else 0.6 if login else 0.85
    own = reading.flat[max(0, one.start() - 8) : one.start()].endswith(
        (b"my ", b"mein ", b"mon ", b"mi ", b"mia ", b"mijn ", b"moje ")
    )
    return 0.6 if colon and own else 0.0


def _cards(reading: Reading, around: Surroundings) -> list[Finding]:
    found = []
    for line in lines(reading):
        first = 0
        while first < len(line):
            hit = _card(reading, line, first)
            if hit is None:
                first += 1
                continue
            last, confidence = hit
            start, end = line[first].start, line[last].end
            if not is_number_of_the_matter(reading.text[start:end], around):
                found.append(_finding(reading, (start, end), "data.card", confidence))
            first = last + 1
    return found


def _card(reading: Reading, line: list[Part], first: int) -> tuple[int, float] | None:
    """Return where a card number that begins with this part ends, and how sure it is one."""
    start = line[first].start
    if line[first].digits[0] not in "234568" or (first and line[first].before in ("-", ".", "/", "_")):
        return None
    if start > 1 and reading.text[start - 1] in "-_/" and reading.text[start - 2].isalnum():
        return None
    digits = ""
    for last in range(first, len(line)):
        digits += line[last].digits
        if len(digits) > 19:
            return None
        if len(digits) < 13 or (last + 1 < len(line) and line[last + 1].before in ("-", ".", "/", "_")):
            continue
        if not _CARDS.fullmatch(digits.encode()) or not _is_luhn(digits):
            continue
        before = reading.flat[max(0, start - 50) : start]
        grouped = [len(part.digits) for part in line[first : last + 1]] in (
            [4, 4, 4, 4],
            [4, 6, 5],
            [4, 6, 4],
            [4, 4, 4, 4, 3],
        )
        told = _CARD_WORD.search(before)
        if not told and _OTHER_NUMBER.search(before):
            return None
        if told or grouped or line[first].singles or line[first].spelled:
            return last, 0.95
        # Sixteen digits in a row pass for a card one time in ten: tracking numbers are written so.
        chunk = reading.text[max(reading.text.rfind(" ", max(0, start - 200), start) + 1, 0) : start]
        if "://" in chunk or "=" in chunk or "/" in chunk:
            return None
        return last, 0.9 if len(digits) in (15, 16) else 0.6
    return None


def _is_luhn(digits: str) -> bool:
    """Return whether the last digit is right (ISO/IEC 7812-1, annex B)."""
    turned = digits[::-1]
    return (sum(map(int, turned[::2])) + sum(map(int, turned[1::2].translate(_DOUBLED)))) % 10 == 0


_DOUBLED = str.maketrans("0123456789", "0246813579")


def _ibans(reading: Reading) -> list[Finding]:
    found = []
    for one in islice(_IBAN.finditer(reading.flat), _MANY):
        start, end = one.span()
        places = [place for place in range(start, end) if reading.text[place].isalnum()]
        written = "".join(reading.text[place] for place in places).upper()
        size = int(_LENGTHS.get(written[:2], "0"))
        if not size or len(written) < size:
            continue
        places, written = places[:size], written[:size]
        for way in (written, written[:2] + written[2:].replace("O", "0")):
            if _is_iban(way):
                found.append(_finding(reading, (start, places[-1] + 1), "data.iban", 0.95))
                break
        else:
            if sum(map(str.isdigit, written)) >= size - 8 and _IBAN_WORD.search(
                reading.flat[max(0, start - 30) : start]
            ):
                found.append(_finding(reading, (start, places[-1] + 1), "data.iban", 0.6))
    return found


def _is_iban(written: str) -> bool:
    try:
        stdnum.iban.validate(written, check_country=False)
    except ValidationError:
        return False
    return True
