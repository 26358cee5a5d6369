"""The words mail programs put around a person's words, in the languages people here write in."""

from __future__ import annotations

from typing import Any

import re2

_OPTIONS = re2.Options()
_OPTIONS.never_nl = False
_OPTIONS.log_errors = False


def _any(*patterns: str) -> Any:
    return re2.compile("(?i)^(?:" + "|".join(patterns) + ")$", options=_OPTIONS)


_MONTHS_OR_DIGITS = r"[^\n]*\d[^\n]*"  # each names a day or an hour

# The line above a quote: "Am 23.11.2026 um 10:00 schrieb …:". Asked of up to four lines joined by spaces.
ATTRIBUTION = re2.compile(
    "(?i)^[-_ ]*(?:"
    + "|".join(
        (
            rf"(?:am|on|le|el|il|op|em|den|dne|w dniu|dnia|il giorno|no dia) {_MONTHS_OR_DIGITS}"
            r"(?:schrieb|hat .+ geschrieben|wrote|a [ée]crit|escribi[oó]|ha scritto|schreef|escreveu|skrev|napsala?"
            r"|napisała?|napisał\(a\)|napsal\(a\)|pisze|geschreven|sent)[^\n]*?\s?[:：]",
            rf"{_MONTHS_OR_DIGITS}(?:schrieb|wrote|a [ée]crit|escribi[oó]|ha scritto|schreef|napisała?|napisał\(a\)"
            r"|(?:şunu )?yazdı)\s?(?:[^\n]*<[^>\n]+>)?\s?[:：]",
            r"[^\n]*<[^<>\n@]+@[^<>\n]+>[^\n]*(?:schrieb|wrote|a [ée]crit|escribi[oó]|ha scritto"
            r"|schreef|napisał|yazdı)[^\n]*[:：]",
            r"[^\n]*<[^<>\n@]+@[^<>\n]+>\s?,?\s?\d[^\n]*tarihinde[^\n]*yazdı\s?[:：]",
            r"\d{1,2}[./ ][^\n]+<[^<>\n@]+@[^<>\n]+>\s?[:：]",
            r"(?:zitat von|quoting|citando|citat de) [^\n]+[:：]",
            r"\d{4}-\d\d-\d\d \d{1,2}:\d\d[^\n]* [^\n]+<[^<>\n@]+@[^<>\n]+>\s?[:：]",
        )
    )
    + ")$",
    options=_OPTIONS,
)
# How such a line starts: only these are joined with the lines behind them.
ATTRIBUTION_STARTS = re2.compile(
    r"(?i)^[-_ ]*(?:(?:am|on|le|el|il|op|em|den|dne|w dniu|dnia|il giorno) \S|\d{1,4}[-./ ]|[^\n]*<[^<>\n]*@)"
)

# "-----Original Message-----" and kin: all that follows is the other mail.
ORIGINAL = _any(
    r"[-_ *]{2,}\s?(?:original[- ]?(?:message|e-?mail|nachricht)|originalnachricht|urspr(?:ü|ue)ngliche (?:nachricht|"
    r"mail|e-mail)"
    r"|message d['’]origine|message original|mensaje original|mensagem original|messaggio originale"
    r"|oorspronkelijk bericht|wiadomość oryginalna|oryginalna wiadomość|orijinal (?:mesaj|ileti)|původní zpráva"
    r"|oprindelig (?:meddelelse|besked)|ursprungligt meddelande|reply message|antwort)\s?[-_ *]{2,}",
    r"(?:original(?:nachricht| message)|ursprüngliche nachricht)\s?[:：]?",
    r"-{3,}\s?\"?[^\n]*(?:schrieb|wrote|a écrit)\s?:\s?-{3,}",  # Notes
)
FORWARDED = _any(
    r"[-_ *]{2,}\s?(?:forwarded message|weitergeleitete nachricht|message transféré|message transmis|mensaje reenviado"
    r"|messaggio inoltrato|doorgestuurd bericht|wiadomość przekazana|treść przekazanej wiadomości"
    r"|yönlendirilen mesaj|iletilen ileti|forwarded by [^\n]+|forwarded message follows)\s?[-_ *]{2,}",
    r"(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message réexpédié|début du message "
    r"transféré"
    r"|inizio messaggio inoltrato|inicio del mensaje reenviado|begin doorgestuurd bericht"
    r"|początek przekazywanej wiadomości|yönlendirilen iletinin başlangıcı)\s?:",
    r"(?:weitergeleitete nachricht|forwarded message)\s?:?",
)
# Lines people's own programs put at a mail's top asking to write above them.
MARKER = _any(
    r"[-#*=_ ]{2,}[^\n]*(?:above this line|oberhalb dieser (?:zeile|linie)|über dieser (?:zeile|linie))[^\n]*"
)

_FROM = r"von|from|de|da|van|od|kimden|gönderen|expéditeur|mittente|avsender|från|fra"
_OTHERS = (
    r"an|to|à|a|para|aan|do|kime|cc|kopie|copie|kopia|dw|cci|bcc|bilgi|gesendet|sent|envoyé|envoy[ée] le|enviado(?: "
    r"el)?"
    r"|inviato|verzonden|wysłano|gönderildi|gönderme tarihi|date|datum|fecha|data|tarih|betreff|subject|objet|asunto"
    r"|oggetto|onderwerp|temat|konu|antwort an|reply-to|priorität|importance|wichtigkeit|organization|organisation|till"
    r"|til|ämne|emne|skickat|sendt"
)
HEADER_FROM = re2.compile(rf"(?i)^[>\s*|]*(?:{_FROM})\s?[:：]\s*\*?\s?\S", options=_OPTIONS)
HEADER_OTHER = re2.compile(rf"(?i)^[>\s*|]*(?:{_FROM}|{_OTHERS})\s?[:：]\s*(?:\*|\S|$)", options=_OPTIONS)
HEADER_DATE = re2.compile(
    r"(?i)^[>\s*|]*(?:gesendet|sent|date|datum|envoyé|envoy[ée] le|enviado(?: el)?|inviato|verzonden|wysłano|data|fecha"
    r"|gönderildi|gönderme tarihi|tarih|skickat|sendt)\s?[:：]\s*\*?[^\n]*\d",
    options=_OPTIONS,
)
FORWARD_SUBJECT = re2.compile(r"(?i)^\s*(?:\[[^\]]+\]\s*)?(?:wg|fwd?|wtr|tr|rv|i|doorst|pd|ilt|enc|vs|vb)\s?:")

# The line a phone or a free mail service adds.
DEVICE = _any(
    r"(?:von|aus) (?:meinem|meiner|unterwegs|mobil)[^\n]*(?:gesendet|geschickt|gesandt)\.?",
    r"gesendet (?:von|mit|aus|über|via) (?:meinem|meiner|outlook|mail|der|yahoo|web\.de|gmx|proton|meiner|unterwegs|ios"
    r"|android|blue ?mail|samsung|t-online|spark|k-9|typeapp|aqua)[^\n]*",
    r"(?:diese|dieses) (?:nachricht|e-?mail|mail) wurde (?:von|mit|per)[^\n]*(?:gesendet|verschickt|versendet)\.?",
    r"(?:holen sie sich|get|téléchargez|obtener|scarica|download|pobierz) (?:die )?(?:bluemail|outlook|bluemail)[^\n]*",
    r"outlook für (?:ios|android|mac)[^\n]*(?:beziehen|herunterladen|<[^\n]*>)?",
    r"sent (?:from|with|via|using) (?:my |outlook|mail for|yahoo|the all-new|proton|blue ?mail|samsung|android|ios|"
    r"gmail"
    r"|mobile|an? (?:i?phone|mobile)|spark|k-9|gmx|web\.de|aqua|mailbird)[^\n]*",
    r"envoy[ée] (?:de|depuis|avec|à partir de) (?:mon |ma |l['’]|outlook|yahoo|proton|courrier|mail)[^\n]*",
    r"enviado (?:desde|con) (?:mi |el |outlook|yahoo|proton|correo)[^\n]*",
    r"inviato (?:da|dal|con)(?: il)?(?: mio)? (?:i?phone|ipad|outlook|yahoo|proton|posta|smartphone|cellulare|android|"
    r"mio)[^\n]*",
    r"(?:verzonden|verstuurd) (?:vanaf|vanuit|met|via) (?:mijn |outlook|yahoo|proton|mail)[^\n]*",
    r"wysłan[eoay] (?:z|za pomocą) (?:mojego |iphone|ipad|poczty|programu|outlook|yahoo|proton|telefonu)[^\n]*",
    r"(?:iphone|ipad|samsung|android|outlook|yahoo|mobil)[^\n]*(?:gönderildi|gönderilmiştir)\.?",
    r"(?:virenfrei|virus-?free|libre de virus|sans virus)[^\n]*(?:avast|avg)?[^\n]*",
    r"<?https?://(?:www\.avast|aka\.ms|onelink\.me|www\.bluemail|outlook\.live|mail\.onelink)[^\n]*",
)

CLOSING = _any(
    r"(?:mit )?(?:den )?(?:(?:ganz )?(?:freundliche[mns]?|beste[mn]?|liebe[mn]?|viele[mn]?|herzliche[mn]?|schöne[mn]?|"
    r"sonnige[mn]?|nette[mn]?"
    r"|lieben|vielen) ?(?:und herzliche[nm]? )?)+(?:gr(?:ü|ue)(?:ß|ss)(?:e[n]?)?|gruß|gruss)(?: aus [^\n]+)?(?: von "
    r"[^\n]+)?[,.!]?",
    r"gr(?:ü|ue)(?:ß|ss)e?[,.!]?",
    r"gru(?:ß|ss)[,.!]?",
    r"m\.?f\.?g\.?[,.!]?",
    r"l\.?g\.?[,.!]?",
    r"v\.?g\.?[,.!]?",
    r"b\.?[gr]\.?[,.!]?",
    r"hochachtungsvoll[,.]?",
    r"freundliche gr(?:ü|ue)(?:ß|ss)e aus [^\n]+",
    r"(?:kind(?:est)?|best|warm(?:est)?|many|with (?:kind|best|warm)(?:est)?) (?:regards|wishes)[,.!]?",
    r"regards[,.]?",
    r"best[,.]",
    r"(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?[,.]?",
    r"cheers[,!]?",
    r"(?:many )?thanks(?: (?:and|&) (?:kind |best )?regards)?[,!]",
    r"(?:bien )?cordialement[,.]?",
    r"(?:meilleures|sincères) salutations[,.]?",
    r"bien à vous[,.]?",
    r"(?:un )?(?:cordial )?saludos?(?: cordiale?s?)?[,.]?",
    r"atentamente[,.]?",
    r"(?:cordiali|distinti) saluti[,.]?",
    r"(?:met )?vriendelijke groet(?:en)?[,.]?",
    r"groet(?:en|jes)?[,.]?",
    r"pozdrawiam[,.]?",
    r"z poważaniem[,.]?",
    r"(?:saygılarımla|iyi çalışmalar|selamlar)[,.]?",
)
# A line that tells how to reach somebody: what a signature holds and an answer seldom does.
CONTACT = re2.compile(
    r"(?i)(?:^|[\s|·•,])(?:tel(?:efon)?|phone|fon|fax|telefax|mobil(?:e|telefon)?|handy|cell|e-?mail|mail|web|"
    r"internet|www|t|m|f|e|p)\s?[.:]+\s?[+(]?[\w(]"
    r"|^\s*(?:https?://|www\.)\S+\s*$|^\s*<?[^\s@<>]+@[^\s@<>]+\.[a-z]{2,}>?(?:<mailto:[^>]*>)?\s*$"
    r"|\b(?:gmbh|ug \(haftungsbeschränkt\)|ohg|e\. ?k\.|ltd\.?|limited|inc\.|llc|s\.?a\.?r\.?l|s\.r\.l|b\.v\.|sp\. z "
    r"o\.o)\b|\bAG\b"
    r"|(?:amtsgericht|handelsregister|hrb ?\d|gesch(?:ä|ae)ftsf(?:ü|ue)hr|ust-?id|vat (?:no|id)|registered (?:in|"
    r"office)|steuernummer|sitz der gesellschaft)"
    r"|\+\d[\d ()/.-]{6,}",
    options=_OPTIONS,
)
POSTSCRIPT = re2.compile(r"(?i)^\s*(?:p\.?\s?s\.?|nachtrag|post scriptum)\s?[:.]?\s")

# A notice lawyers put under mails. The first words of its paragraph; the paragraph must also speak of the mail itself.
DISCLAIMER = re2.compile(
    r"(?i)^[*_=\-\s]*(?:diese (?:e-?mail|nachricht|mail)|(?:wichtiger |rechtlicher )?hinweis:|haftungsausschluss|"
    r"vertraulichkeitshinweis"
    r"|der inhalt dieser|die information(?:en)? in dieser|sollten sie nicht der|bitte (?:denken|prüfen) sie[^\n"
    r"]*(?:umwelt|ausdruck|drucken)"
    r"|think before you print|please consider the environment|this (?:e-?mail|message|communication)|the "
    r"(?:information|contents?) (?:(?:contained )?(?:in|of) this|transmitted)"
    r"|confidential(?:ity)?(?: notice)?\b|disclaimer\b|important notice|if you (?:are not|have received)|privileged"
    r"|ce (?:message|courriel)|cet e-?mail|este (?:mensaje|correo)|questo messaggio|(?:la presente|questa) e-?mail|"
    r"dit bericht|deze e-?mail|ta wiadomość"
    r"|niniejsza wiadomość|bu e-?posta|bu mesaj|informationen zum datenschutz|datenschutzhinweis)",
    options=_OPTIONS,
)
DISCLAIMS = re2.compile(
    r"(?i)vertraulich|confidential|umwelt|environment|print|drucken|irrtümlich|in error|intended (?:only|solely|"
    r"recipient)|bestimmungsgemäß"
    r"|confidentiel|confidencial|riservat|vertrouwelijk|poufn|gizli|legally privileged|virus|haftung|liability|"
    r"datenschutz|unbefugt|unauthori[sz]ed",
    options=_OPTIONS,
)
ADDRESS_OR_TIME = re2.compile(r"\S@\S|\b\d{1,2}:\d\d", options=_OPTIONS)
# Directly above a quote a line ending in a colon that holds one of these is its attribution.
NAMES_A_WRITER = re2.compile(
    r"(?i)schrieb|geschrieben|wrote|writes|[ée]crit|escribi|scritto|schreef|geschreven|napisa|yazdı|skrev|napsal|<[^<>"
    r"]+@[^<>]+>"
    r"|\d{1,2}[.:/]\d\d",
    options=_OPTIONS,
)
# The same as FORWARDED at the start of a box of an HTML mail, with more behind it.
FORWARDED_START = re2.compile(
    r"(?i)^(?:[-_ *]{2,}\s?(?:forwarded message|weitergeleitete nachricht|weitergeleitete mail|message transféré"
    r"|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|wiadomość przekazana)"
    r"|begin forwarded message|anfang der weitergeleiteten)",
    options=_OPTIONS,
)
