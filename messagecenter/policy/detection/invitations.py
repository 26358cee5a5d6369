"""Invitations past the platform that name no address: "google our shop name", "find us online"."""

from __future__ import annotations

from itertools import islice

from .finding import Category, Finding
from .folding import Folded, Reading, expression
from .surroundings import Surroundings

RULE = "contact.find_us"

_OUR = (
    r"(?:our|my|unser[a-z]*|mein[a-z]*|notre|nos|mon|ma|nuestr[oa]s?|mi|nostr[oaie]|mio|mia|nasz[a-z]*|moj[a-z]*"
    r"|ons|onze|mijn|the)"
)
_SHOP = (
    r"(?:shop|store|brand|compan[a-z]*|business|name|website|web ?site|web ?shop|site|homepage|page|boutique|magasin"
    r"|marque|nom|tienda|marca"
    r"|nombre|negozio|marchio|nome|sito|sklep[a-z]*|nazw[a-z]*|firm[a-z]*|stron[a-z]*|winkel|naam|merk|webwinkel"
    r"|(?:online)?shop(?:name)?n?s?|shopname[ns]?|namen?|laden|ladennamen?|firma|firmennamen?|webseite|internetseite"
    r"|onlineshop|marken?)"
)
_WEB = (
    r"(?:google[a-z]*|googel[a-z]*|bing|internet[a-z]*|netz|web|online|world wide web|duckduckgo"
    r"|suchmaschine[a-z]*|search engine|yandex)"
)
_PATTERNS = (
    # google our shop name; googeln Sie unseren Namen; googlez notre nom
    (0.85, rf"\b(?:google|googl[a-z]+|googel[a-z]*|goggle|guglea[a-z]*|wygoogl[a-z]*|wyszukaj)(?: \w+){{0,3}}?"
           rf" (?:us|me|uns|mich|nous|nos|ons|bizi|nas|{_OUR} (?:\w+ )?{_SHOP})\b"),
    (0.85, rf"\b(?:{_OUR} (?:\w+ )?{_SHOP}|uns|mich|nach uns)(?: \w+){{0,3}}? (?:googeln|zu googeln|googelst"
           rf"|googelt|googlen)\b"),
    # such uns bei Google; find us online under our name; cherchez-nous sur Google; búscanos en internet
    (0.85, rf"\b(?:search|look|find|check|type|enter|such[a-z]*|find[a-z]*|gib|geben sie|eingeben|cherche[a-z]*"
           rf"|trouve[a-z]*|retrouve[a-z]*|tapez|tape|busc[a-z]*|encuentr[a-z]*|escrib[a-z]*|cerca[a-z]*"
           rf"|trova[a-z]*|digita[a-z]*|szukaj[a-z]*|wpisz[a-z]*|znajdz[a-z]*|znajdzie[a-z]*|poszukaj[a-z]*"
           rf"|zoek[a-z]*|vind[a-z]*|typ)(?: \w+){{0,2}}?[ -](?:us|me|uns|mich|nous|moi|nos|me|ci|mi|nas|mnie|ons"
           rf"|mij|{_OUR} (?:\w+ )?{_SHOP})(?: \w+){{0,4}}? (?:on|at|in|via|bei|auf|uber|im|sur|dans|en|por|su|na"
           rf"|w|przez|op|bij) (?:der |dem |the |le |el |la |l'|il )?{_WEB}\b"),
    (0.85, rf"\b(?:busca(?:nos|me|dnos)|buscar?nos|encuentra(?:nos|me)|encuentrenos|cerca(?:ci|mi|teci)|trova(?:ci"
           rf"|mi|teci))(?: \w+){{0,3}}? {_WEB}\b"),
    (0.8, r"\b(?:find|found|look|search|reach|finden|findest|findet)(?: (?:sie|du|ihr|can|you))* (?:for )?(?:us|me"
          r"|uns|mich)(?: \w+){0,3}? (?:online|im (?:netz|internet)|on the (?:web|internet))\b"),
    (0.85, r"\b(?:find[a-z]*|such[a-z]*|search|look)(?: \w+){0,4}? (?:us|uns|me|mich)(?: \w+){0,3}? (?:unter|under"
           r"|by|with|mit) (?:our|unser[a-z]*|my|mein[a-z]*) (?:\w+ )?(?:shop|shop ?namen?|namen?|brand|marken?"
           r"|firmen?namen?|store name|laden[a-z]*)\b"),
    # internette mağaza adımızı aratın; Google'da bizi bulun
    (0.85, r"\b(?:google'?(?:da|dan|a)?|internet(?:te|ten)|online)(?: \w+){0,3}? (?:bizi|bize|magaza\w*|adimiz\w*"
           r"|ismimiz\w*|firma\w*)(?: \w+){0,3}? (?:arat\w*|ara\w*|bul\w*|yaz\w*)\b"),
    (0.85, r"\b(?:bizi|magaza\w*|adimiz\w*|ismimiz\w*)(?: \w+){0,3}? (?:google'?(?:da|dan|a|layin\w*)?"
           r"|internet(?:te|ten))(?: \w+){0,2}? (?:arat\w*|ara\w*|bul\w*|yaz\w*)\b"),
    # visit our website; besuchen Sie unseren Onlineshop
    (0.8, r"\b(?:visit|check out|go to|come to|order (?:on|from|at|through|via)|buy (?:on|from|at|through|via)"
          r"|shop (?:on|at)|see) (?:us (?:on|at) )?(?:our|my) (?:own |new |official |online |web ?)*(?:website|web"
          r" ?site|site|homepage|webshop|web ?shop|online ?shop|online ?store|webstore)\b"),
    (0.8, r"\b(?:besuch[a-z]*|bestell[a-z]*|kauf[a-z]*|schau[a-z]*|geh[a-z]*|stober[a-z]*)(?: (?:sie|doch|mal|gern"
          r"|gerne|auch|einfach|direkt|uns|bei|auf|in|im|uber|auf))* (?:unser[a-z]*|mein[a-z]*) (?:eigen[a-z]* "
          r"|neu[a-z]* )*(?:webseite|website|homepage|internetseite|onlineshop|online-shop|webshop|eigenen shop)\b"),
    (0.8, r"\b(?:visitez|allez sur|commandez sur|rendez-vous sur|achetez sur|consultez)(?: \w+){0,2}? (?:notre"
          r"|mon) (?:propre )?(?:site|boutique en ligne)\b"),
    (0.8, r"\b(?:visit[ae]n?|visita|compra[a-z]*|pid[ae]|entra|entre)(?: \w+){0,2}? (?:nuestr[ao]|mi) (?:propi[ao]"
          r" )?(?:web|pagina|tienda online|sitio)\b"),
    (0.8, r"\b(?:visita[a-z]*|acquista[a-z]*|ordina[a-z]*|compra[a-z]*|vai)(?: \w+){0,2}? (?:nostr[oa]|mio)"
          r" (?:sito|negozio online|shop online)\b"),
    (0.8, r"\b(?:odwiedz[a-z]*|zamow[a-z]*|kup[a-z]*|zapraszam[a-z]*)(?: \w+){0,3}? (?:nasz[a-z]*|moj[a-z]*)"
          r" (?:wlasn[a-z]* )?(?:stron[a-z]*|sklep[a-z]* internetow[a-z]*|witryn[a-z]*)\b"),
    (0.8, r"\b(?:bezoek|bestel|koop|ga naar)(?: \w+){0,2}? (?:onze|mijn) (?:eigen )?(?:website|webshop|webwinkel"
          r"|site)\b"),
    (0.8, r"\b(?:web ?sitemiz[a-z]*|sitemiz[a-z]*|internet sitemiz[a-z]*)(?: \w+){0,3}? (?:ziyaret|siparis"
          r"|alisveris|satin al)\w*\b"),
    # wir sind bei Google als Deko Anna zu finden
    (0.85, r"\b(?:wir|ich|we|you|sie)(?: \w+){0,3}? (?:bei|auf|uber|on|via) google (?:als|unter|as|under)\b"),
    # google "Schrauben Müller Kassel"
    (0.8, r"\b(?:google|googlen|googeln|googelt|googel|googlez|googlea)(?: (?:sie|einfach|mal|for|just|nach|doch"
          r"|bitte|please|simply)){0,3} [\"'][a-z0-9?& .-]{4,50}[\"']"),
    # wir stehen im Telefonbuch
    (0.8, r"\b(?:wir|ich|uns|unser[a-z]*|mein[a-z]*|we|us|our|my|me|nous|notre|nostr[oa])\b[^.!?]{0,50}\b(?:telefonbuch"
          r"|gelben? seiten|das ortliche|phone ?book|yellow pages|pages jaunes|pagine gialle|paginas amarillas)\b"),
    # we also sell on our own site
    (0.7, r"\b(?:we (?:have|run|sell)|wir haben|wir verkaufen|nous avons|tenemos|abbiamo|mamy|we hebben)(?:"
          r" \w+){0,4}? (?:own|eigen[a-z]*|propre|propi[ao]|proprio|wlasn[a-z]*) (?:\w+ )?(?:website|web ?site"
          r"|site|webshop|online ?shop|online-shop|store|shop|webseite|homepage|laden|boutique|tienda|negozio"
          r"|sklep|webwinkel)\b"),
)  # fmt: skip
_COMPILED = tuple((confidence, expression(pattern)) for confidence, pattern in _PATTERNS)


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return where a text asks to look the shop up somewhere else. Having found something by Google is honest."""
    found = _find(folded.plain)
    if folded.bare.flat != folded.plain.flat:
        found += _find(folded.bare)
    return found


def _find(reading: Reading) -> list[Finding]:
    return [
        Finding(*reading.span(*one.span()), RULE, Category.CONTACT_DETAILS, confidence)
        for confidence, pattern in _COMPILED
        for one in islice(pattern.finditer(reading.flat), 100)
    ]
