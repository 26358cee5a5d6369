"""Messengers and social networks: names, numbers and invitations to go there."""

from __future__ import annotations

from itertools import islice
from typing import Any

from .domains import MESSENGERS, SOCIAL
from .finding import Category, Finding
from .folding import Folded, Reading, expression, fold
from .lists import words
from .surroundings import Surroundings

_MANY = 200

#: Names nobody needs for anything else.
_MESSENGER = (
    r"(?:(?:wh?|v)[ao]?[tz]{1,2}'?s?[ ._-]?[ao]?pp?(?:s|app)?|wh?[ao]t+s?[ ._-]?[ao]+p+|wha[td]s ?up ?app"
    r"|wha+t+s+a+p+|whatsp|whazz?app"
    r"|wassapp?|wazapp?|wattsapp?|wotsapp?|guasap|wasap|whatsaap|whattsapp?|watshapp?|whtsapp?|whatsapp[a-z]*"
    r"|tele[ ._-]?gra+m+[a-z]*|telegr[ea]m|t[ae]l[ae]gram|telgram|vib[ae]r|threema|treema|wechat|we[ -]chat|weixin"
    r"|kakao[ -]?talk|snap[ -]?chat|skype|discord|disc0rd|facetime|imessage|facebook messenger|fb messenger|zalo"
    r"|signal[ -]app)"
)
_SOCIAL = (
    r"(?:insta(?:gram+)?|in5ta(?:gram)?|instagr[ea]m|face[ -]?book|fac[e]?bok|tik[ -]?to[ck]k?|twitter|linked[ -]?in"
    r"|you ?tube"
    r"|pinterest|vkontakte|threads|mastodon|bluesky)"
)
#: Words that are names of services and other things as well: only with a handle, a number or an invitation.
_SHORT = r"(?:signal|line|messenger|ig|fb|tg|wa|wapp|wp|yt|sc|snap|kik|imo|dc|x|qq|icq|telega|xing|vk|dm)"
_ANY = rf"(?:{_MESSENGER}|{_SOCIAL}|{_SHORT})"

_NAME = r"@?[a-z0-9?][a-z0-9?_.-]{2,31}(?:#[0-9]{4})?"
_LINK = (
    r"(?: ?(?:[:=@>~-]|->|=>)+ ?| ?(?:\(|\[)|,? (?:is|ist|heisst|lautet|est|es|jest|to|name|user ?name|id|handle"
    r"|account|acc|profil[eo]?"
    r"|unter|under|as|als|nick|nickname|konto|kanal|channel|seite|page|nutzername|benutzername|kullanici adi|me|me"
    r" at|at|auf|mich)\b ?:? ?)+"
)
_SERVICE_NAME = expression(
    rf"\b({_ANY})((?:[ -]?(?:id|name|user|handle|acc|account|nr|number|nummer|kanal|channel|gruppe|group))?{_LINK}"
    rf"| @)({_NAME})"
)
# "I'm anna.m on Skype"
_ON_SERVICE = expression(
    r"\b(?:i'?m|i am|ich bin|bin|je suis|soy|sono|jestem|ik ben) (?:also |auch |the |der |die )?"
    r"@?([a-z0-9][a-z0-9-]*[._][a-z0-9._-]*[a-z0-9_]|[a-z]+[0-9]{2,})"
    rf" (?:on|auf|bei|sur|en|su|na|op) ({_MESSENGER}|{_SOCIAL})\b"
)
_SKYPE = expression(r"\b(live:[a-z0-9_.]{4,40}|cid\.[0-9a-f]{8,20})")
# "stitchwitch#4471", as Discord wrote names until 2023
_TAG = expression(r"\b[a-z0-9_.]{2,32}#[0-9]{4}\b")
_OWN = expression(
    r"\b(?:my|our|mein[a-z]*|unser[a-z]*|mon|ma|notre|mi|mis|nuestr[oa]|mio|mia|nostr[oa]|moj|moja|nasz|mijn|ons"
    r"|onze|benim|bizim)"
    rf" (?:{_MESSENGER}|{_SOCIAL}|signal|ig|fb|tg|snap)\b"
)
_SERVICE_NUMBER = expression(rf"\b({_ANY})\b[^0-9]{{0,25}}((?:[+(]|0)?[0-9][0-9 ()/.-]{{6,18}}[0-9])")
_PURE = expression(
    rf"\b(?:({_MESSENGER})|({_SOCIAL})|({_SHORT}))(?:'?(?:tan|ten|dan|den|ta|te|da|de|e|a|ye|ya|i|u|iem|ie|em|owi))?\b"
)
_FOLLOWING = expression(
    r"\b(?:follow|folg[a-z]*|suiv[a-z]*|sigu[a-z]*|siga[a-z]*|segui[a-z]*|obserwuj[a-z]*|volg[a-z]*|takip"
    r"|insta[a-z]*|add|dm|handle|profil[a-z]*)\b"
)
_HANDLE = expression(r"(?:^|[\s(\[:>=\"'])(@[a-z0-9_][a-z0-9_.]{1,29}[a-z0-9_])")

_ASKING = expression(
    # schreib, write, écris, escribe, scrivi, napisz, schrijf, yaz and what else one does to reach or follow somebody
    r"\b(?:schreib[a-z]*|schick[a-z]*|kontaktier[a-z]*|meld[a-z]*|erreich[a-z]*|ruf[a-z]*|add[a-z]*|folg[a-z]*"
    r"|besuch[a-z]*"
    r"|find[a-z]*|komm[a-z]*|antworte[a-z]*|lass uns|chatten|klaren|unterhalten|reden|sprechen|wechseln|such[a-z]*"
    r"|like[nt]?|abonnier[a-z]*"
    r"|write|text|message|msg|contact|reach|add|call|ping|chat|talk|follow|hit|dm|continue|move|send|speak|discuss"
    r"|join|catch"
    r"|subscribe|like|look|hmu|connect|switch|get in touch|drop"
    r"|ecri[a-z]*|contact[a-z]*|appel[a-z]*|ajout[a-z]*|rejoin[a-z]*|rejoign[a-z]*|suiv[a-z]*|envoy[a-z]*|parl[a-z]*"
    r"|discut[a-z]*|joindre"
    r"|trouv[a-z]*|retrouv[a-z]*|escr[a-z]*|llam[a-z]*|agreg[a-z]*|anad[a-z]*|sigu[a-z]*|siga[a-z]*|mand[a-z]*"
    r"|envi[a-z]*|habl[a-z]*"
    r"|busc[a-z]*|encuentr[a-z]*|scriv[a-z]*|contatt[a-z]*|chiam[a-z]*|aggiung[a-z]*|segui[a-z]*|invi[a-z]*"
    r"|sent[a-z]*|trov[a-z]*|cerc[a-z]*"
    r"|napisz[a-z]*|pisz[a-z]*|kontakt[a-z]*|skontakt[a-z]*|zadzwon[a-z]*|dodaj[a-z]*|obserwuj[a-z]*|wyslij[a-z]*"
    r"|porozmawia[a-z]*|znajd[a-z]*"
    r"|odezwij|schrijf|stuur[a-z]*|app|bel|bereik[a-z]*|voeg[a-z]*|volg[a-z]*|praat|praten|vind|bericht[a-z]*"
    r"|yaz[a-z]*|ulas[a-z]*|ara|arayin|ekle[a-z]*|takip|gonder[a-z]*|iletisim[a-z]*|konus[a-z]*|bul|mesaj[a-z]*"
    r"|gec[a-z]*)\b"
)
_SOMEBODY = expression(
    r"\b(?:me|us|my|our|mir|mich|uns|unser[a-z]*|mein[a-z]*|moi|nous|m'|me|nos|notre|mon|nuestr[oa]s?|escribenos"
    r"|escribeme|siguenos|contactanos"
    r"|mi|ci|noi|nostr[oa]|scrivimi|scriveteci|contattami|contattaci|seguici|mnie|mi|nam|nas|mij|ons|onze|bana|bize"
    r"|bizi|beni"
    r"|contactez-nous|ecrivez-nous|suivez-nous|ecris-moi|contacte-moi|llamame|hablame|mandame|agregame|we can|we"
    r" could|we should|wir konnen|konnen wir|kann ich|can i|lets|let's|let us|lass uns)\b"
)
_TOWARDS = expression(
    r"(?:\b(?:on|via|per|uber|ueber|auf|in|bei|through|by|using|over|to|zu|sur|par|por|su|tramite|na|przez|op"
    r"|uzerinden|mit"
    r"|with|en|al|pe|at|@)"
    r"(?: (?:dem|der|das|die|the|your|deine?|ihre?|seine?|mein|meinem|meiner|my|our|unser|unserem|unserer|unseren"
    r"|den|mon|notre|nuestro|mi|nostro)){0,2} ?$)"
)
_HAVING = expression(
    r"\b(?:do you (?:have|use)|have you got|are you on|hast du|haben sie|habt ihr|nutzen sie|avez-vous|vous avez"
    r"|as-tu|tu as|tienes|tiene"
    r"|hai|avete|ha|masz|ma pan|ma pani|heb je|heeft u)(?: auch| also| vielleicht)? ?$"
)
_TOWARDS_AFTER = expression(
    r"^'?(?: ?(?:tan|ten|dan|den|ta|te|da|de|uzerinden|aracili|hattimiz|yaz|ulas|varsa|var mi)\b|'(?:tan|ten|dan|den"
    r"|ta|te|da|de)\b)"
)
_CALLED = expression(r"^ (?:me|us|mich|uns)\b")
_NOT = expression(
    r"\b(?:not|no|never|don'?t|doesn'?t|can'?t|cannot|won'?t|without|isn'?t|nicht|kein[a-z]*|nie|ohne|weder|pas"
    r"|jamais|sans|aucun"
    r"|nunca|sin|tampoco|non|mai|senza|nie|bez|niet|geen|nooit|zonder|degil|yok|kullanm[a-z]*"
    r"|istem[a-z]*)\b[^.!?;,:]*$"
)
_NOT_AFTER = expression(r"^[^.!?;,:]{0,25}\b(?:not|nicht|keine?|pas|niet|nie|degil|kullanmiyorum|istemiyorum|yok|no)\b")
_PRODUCT = expression(
    r"\b(?:app|apps|smartwatch|watch|uhr|hulle|handyhulle|case|cover|sticker|aufkleber|icon|logo"
    r"|benachrichtigung[a-z]*|notification[a-z]*"
    r"|install[a-z]*|unterstutz[a-z]*|support(?:s|ed)?|kompatib[a-z]*|compatib[a-z]*|anzeig[a-z]*|display[a-z]*"
    r"|screen|keyboard|tastatur|tablet"
    r"|shirt|tasse|mug|knopf|button|video|videos|tutorial|anleitung|guide|funktion[a-z]*|works?|gesehen|seen|saw"
    r"|watched|gefunden|werbung|advert"
    r"|ad|kamera|camera|mikrofon|microphone|headset|kopfhorer|headphones|voice|audio|telefone|handy|phone)\b"
)

#: Words after a service's name that are no name of a person or shop.
_COMMON = words("beside_services")
_ADDRESSED = words("spoken_to")


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return names and numbers in messengers and networks, invitations there, and handles. Naming one is honest."""
    found = _find(folded.plain, around)
    if folded.bare.text != folded.plain.text:
        found += _find(folded.bare, around)
    return found


def _finding(reading: Reading, place: tuple[int, int], rule: str, confidence: float) -> Finding:
    return Finding(*reading.span(*place), rule, Category.CONTACT_DETAILS, confidence)


def _rule(service: bytes) -> str:
    first = service[:2]
    social = first in (
        b"in",
        b"fa",
        b"ti",
        b"tw",
        b"li",
        b"yo",
        b"pi",
        b"ig",
        b"fb",
        b"yt",
        b"vk",
        b"th",
        b"ma",
        b"bl",
        b"x",
    )
    social = social and not service.startswith((b"line", b"threema")) and service != b"fb messenger"
    return "contact.social" if social else "contact.messenger"


def _find(reading: Reading, around: Surroundings) -> list[Finding]:
    flat = reading.flat
    found = _pages(reading)
    found += [_finding(reading, one.span(1), "contact.messenger", 0.85) for one in islice(_SKYPE.finditer(flat), _MANY)]
    services = list(islice(_PURE.finditer(flat), _MANY))
    if services:
        for one in islice(_SERVICE_NAME.finditer(flat), _MANY):
            confidence = _named(flat, one)
            if confidence:
                found.append(_finding(reading, one.span(), _rule(one.group(1)), confidence))
        for one in islice(_SERVICE_NUMBER.finditer(flat), _MANY):
            digits = sum(map(bytes.isdigit, (one.group(2)[at : at + 1] for at in range(len(one.group(2))))))
            sure = _is_sure(one.group(1))
            if (
                8 <= digits <= 15
                and (sure or one.group(2)[:1] in (b"+", b"0"))
                and not _denied(flat, one.start(), one.end(1))
            ):
                found.append(_finding(reading, one.span(), _rule(one.group(1)), 0.9 if sure else 0.8))
        for one in islice(_ON_SERVICE.finditer(flat), _MANY):
            found.append(_finding(reading, one.span(), _rule(one.group(2)), 0.9))
        if any(one.group().startswith(b"disc") for one in services):
            tags = islice(_TAG.finditer(flat), _MANY)
            found += [_finding(reading, one.span(), "contact.messenger", 0.9) for one in tags]
        for one in services:
            confidence = _invited(flat, one)
            if confidence:
                rule = "contact.social" if one.group(2) else _rule(one.group())
                found.append(_finding(reading, one.span(), rule, confidence))
    if "@" in reading.text:
        found += _handles(reading, around, bool(services))
    return found


def _is_sure(service: bytes) -> bool:
    return len(service) > 2 and service not in (
        b"signal",
        b"line",
        b"messenger",
        b"snap",
        b"kik",
        b"imo",
        b"icq",
        b"wapp",
        b"xing",
        b"threads",
    )


def _named(flat: bytes, one: Any) -> float:
    """Return how sure it is that a service's name is followed by somebody's name there."""
    service, link, name = one.group(1), one.group(2), one.group(3).decode()
    start = one.start()
    if _denied(flat, start, start + len(service)):
        return 0.0
    telling = name.startswith("@") or any(sign in "_0123456789.#" for sign in name[1:].rstrip(".-"))
    name = name.strip("@.-_")
    if name in _COMMON or len(name) < 3 or name.isdigit() or name[:1] == "?":
        return 0.0
    signs = any(sign in link for sign in (b":", b"=", b"@", b">", b"~"))
    own = _OWN.search(flat[max(0, start - 12) : start + len(service)])
    sure = _is_sure(service)
    if telling:
        product = not signs and not own and not one.group(3).startswith(b"@")
        if any(map(str.isdigit, name)) and not any(map(str.isalpha, name)):
            return 0.0
        return (0.9 if sure else 0.8 if signs else 0.5) - (0.35 if product else 0)
    if own and (
        signs
        or any(word in link for word in (b" is", b" ist", b" est", b" es", b" jest", b" heisst", b" name", b" id"))
    ):
        return 0.85
    if signs and b"@" not in link and b"-" not in link:
        # "Instagram: name" may be a name; "fb: received" is not known to be one.
        return 0.6 if sure else 0.5 if service in (b"ig", b"fb", b"tg", b"wa", b"snap") else 0.0
    if b" id" in link or b"handle" in link or b"user" in link or b" name" in link:
        return 0.8 if sure else 0.6
    return 0.0


def _denied(flat: bytes, start: int, end: int) -> bool:
    return bool(_NOT.search(flat[max(0, start - 45) : start]) or _NOT_AFTER.search(flat[end : end + 40]))


def _invited(flat: bytes, one: Any) -> float:
    """Return how sure it is that somebody is asked to come to a service, or asked whether he is there."""
    start, end = one.span()
    short = one.group(3)
    before = flat[max(0, start - 60) : start]
    after = flat[end : end + 45]
    if _denied(flat, start, end):
        return 0.0
    sentence = _sentence_end(before)
    towards = (
        _TOWARDS.search(sentence)
        or _TOWARDS_AFTER.search(flat[end - 4 : end] + b" " + after)
        or _TOWARDS_AFTER.search(after)
    )
    asking_before, asking_after = _ASKING.search(sentence), _ASKING.search(after.split(b".")[0].split(b"!")[0])
    if short and short not in (b"signal", b"wa", b"ig", b"fb", b"tg", b"snap", b"messenger", b"dm", b"telega"):
        return 0.0
    if not short and (_HAVING.search(sentence) or after.startswith((b" var mi", b" kullaniyor mu"))):
        return 0.55  # "Do you have WhatsApp?"
    if not short and _CALLED.match(after):
        return 0.85  # "WhatsApp me"
    if not asking_before and not asking_after:
        return 0.0
    if not towards:
        own = _OWN.search(flat[max(0, start - 14) : end])
        return 0.85 if own and asking_before else 0.0  # "add my WhatsApp"
    somebody = _SOMEBODY.search(sentence + b" " + after.split(b".")[0])
    product = _PRODUCT.search(sentence) or _PRODUCT.search(after.split(b".")[0])
    if product:
        return 0.4 if somebody else 0.0
    if somebody:
        return 0.85
    return 0.0 if short else 0.6


def _sentence_end(before: bytes) -> bytes:
    for sign in (b". ", b"! ", b"? "):
        before = before.rsplit(sign, 1)[-1]
    return before


def _pages(reading: Reading) -> list[Finding]:
    """Find addresses of messengers' and networks' pages; links.py tells they are links, this that they are contacts."""
    found: list[Finding] = []
    if "." not in reading.text:
        return found
    for one in islice(_PAGE.finditer(reading.flat), _MANY):
        host = one.group(1).decode().split("/")[0]
        rule = "contact.messenger" if host in MESSENGERS else "contact.social"
        found.append(_finding(reading, one.span(), rule, 0.95))
    return found


_PAGE = expression(
    r"\b(?:www\.|m\.)?(youtube\.com/(?:@[a-z0-9_.-]+|c/|channel/|user/)|(?:"
    + "|".join(sorted((host.replace(".", r"\.") for host in MESSENGERS | SOCIAL), key=len, reverse=True))
    + r")/@?[a-z0-9?_.+%=&-]+)(?:/?@?[a-z0-9?_.+%=&-]+)*/?"
)


def _handles(reading: Reading, around: Surroundings, social: bool) -> list[Finding]:
    found = []
    names = {fold(name).plain.text.replace(" ", "") for name in around.names}
    for one in islice(_HANDLE.finditer(reading.flat), _MANY):
        start, end = one.span(1)
        written = reading.text[start:end]
        name = written[1:]
        if written in _ADDRESSED or name in names or name.isdigit() or not any(map(str.isalpha, name)):
            continue
        if reading.text[end : end + 1] in ("/", "@", "-", "(") or (name[0].isdigit() and len(name) < 6):
            continue  # @angular/core, @2x, @5V
        telling = any(sign in "_.0123456789" for sign in name)
        near = reading.flat[max(0, start - 60) : start] + b" | " + reading.flat[end : end + 40]
        if social or _FOLLOWING.search(near) or (_ASKING.search(near) and _SOMEBODY.search(near)):
            confidence = 0.9 if telling or social else 0.8
        elif start == 0:
            confidence = 0.5 if telling else 0.0  # a person spoken to
        else:
            confidence = 0.6 if telling else 0.4
        if confidence:
            found.append(_finding(reading, (start, end), "contact.handle", confidence))
    return found
