"""What is said in words is found in every language, however it is disguised, and honest messages are left alone."""

from __future__ import annotations

import re
import time

import pytest

from messagecenter.policy.detection import masked, phrases
from messagecenter.policy.detection.finding import Category, Finding
from messagecenter.policy.detection.folding import fold
from messagecenter.policy.detection.grammar import Vocabulary, apart, level, spellings
from messagecenter.policy.detection.screen import screen
from messagecenter.policy.detection.surroundings import Surroundings


def found(text: str, role: str = "") -> list[Finding]:
    return phrases.find(fold(text), Surroundings(sender_role=role))


def surest(text: str, role: str = "") -> float:
    return max((one.confidence for one in found(text, role)), default=0.0)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Als Dankeschön: 10 % Rabatt auf Ihre nächste Bestellung mit dem Code DANKE10.", "marketing.coupon"),
        ("Only this weekend: up to 30% off everything in our store!", "marketing.promotion"),
        ("Schauen Sie doch mal in unserem Onlineshop vorbei.", "marketing.cross_sell"),
        ("Please subscribe to our newsletter for more deals.", "marketing.newsletter"),
        ("Bitte bewerten Sie uns mit fünf Sternen.", "review.positive"),
        ("Could you please remove your negative review?", "review.change"),
        ("Für eine gute Rezension bekommen Sie einen Gutschein über 10 €.", "review.incentive"),
        ("My job depends on your review.", "review.pressure"),
        ("Zahlen Sie bitte per PayPal an Freunde und Familie.", "payment.friends"),
        ("Pay me directly by bank transfer and we avoid the fees.", "payment.outside"),
        ("Stornieren Sie hier und bestellen Sie direkt bei uns, das ist billiger.", "payment.cheaper_elsewhere"),
        ("Send us your bank details and we will refund you directly.", "payment.refund_outside"),
        ("Schick mir Nacktfotos von dir", "sensitive.sexual"),
        ("We sell cocaine and MDMA, discreet shipping.", "sensitive.drugs_weapons"),
        ("Ihr dreckigen Ausländer, verschwindet in euer Land!", "sensitive.hate"),
        ("Du bist ein Vollidiot!", "abuse.insult"),
        ("I know where you live and I will come for you.", "abuse.threat"),
        ("I will call you every single day until you pay.", "abuse.harassment"),
        ("Merci de nous laisser un avis 5 étoiles.", "review.positive"),
        ("Cancele aquí y compre directamente en nuestra web.", "payment.cheaper_elsewhere"),
        ("Potrebbe eliminare la recensione negativa?", "review.change"),
        ("Spierdalaj, ty debilu!", "abuse.insult"),
        ("Betaal via PayPal vrienden en familie.", "payment.friends"),
        ("Yorumunuzu silerseniz paranızı iade ederiz.", "review.incentive"),
    ],
)
def test_each_kind_is_found_surely(text: str, rule: str) -> None:
    rules = {one.rule: one.confidence for one in found(text)}

    assert rule in rules
    assert max(rules.values()) >= 0.8


@pytest.mark.parametrize(
    "text",
    [
        "Wie lange dauert die Bewertung meiner Rücksendung?",
        "Trotz der schlechten Bewertungen habe ich es gekauft.",
        "I read bad reviews but bought it anyway.",
        "I will leave a bad review, the service was poor.",
        "Can you give me a discount because it's damaged?",
        "Is the coupon from the marketplace still valid?",
        "I paid by PayPal via checkout, when is the refund?",
        "The refund goes to your original payment method.",
        "Your product is crap. This is a scam and I am really angry.",
        "Das ist ja der Hammer! Killer feature, geil.",
        "Ist der Messerschärfer auch für das Messer-Set?",
        "Is the case available in gun metal grey, and do you have shot glasses?",
        "The naked wires at the back worry me. And the breast pump is broken.",
        "Die Schwanzschraube fehlt im Bausatz.",
        "El jersey negro me queda grande.",
        "Wie dick ist das Kissen? So ein Mist, verdammt.",
        "Greetings from Scunthorpe, Penistone and Essex.",
        "Do you have the other chair from your shop in blue?",
        "Please unsubscribe me from the newsletter.",
        "Newsletter bitte abbestellen.",
        "Bitte stornieren Sie meine Bestellung.",
        "Is cash on delivery possible?",
        "Meine Freunde und Familie waren begeistert.",
        "Before you return the item, please try the reset button.",
        "Unser Lager ist vom 24. bis 27. Dezember geschlossen.",
        "If I don't hear from you I will contact my lawyer.",
        "Ich komme morgen vorbei und hole die Ware ab.",
        "Bitte kaufen Sie nur über den Marktplatz, Direktverkäufe machen wir nicht.",
    ],
)
@pytest.mark.parametrize("role", ["", "buyer", "seller"])
def test_honest_look_alikes_give_nothing(text: str, role: str) -> None:
    assert found(text, role) == []


@pytest.mark.parametrize(
    "text",
    [
        "Der Verkäufer wollte, dass ich per PayPal Freunde und Familie zahle.",
        "The seller asked me to pay with PayPal friends and family, is that allowed?",
        "Im Paket lag ein Zettel: Gutschein gegen fünf Sterne.",
    ],
)
def test_a_buyer_may_tell_what_was_asked_of_him(text: str) -> None:
    assert found(text, "buyer") == []


def test_a_seller_who_tells_of_it_is_still_looked_at() -> None:
    text = "Ein anderer Händler hat mich gebeten zu sagen: Zahlung per PayPal Freunde und Familie."

    assert 0.5 <= surest(text, "seller") < 0.8


@pytest.mark.parametrize(
    "text",
    [
        "Refund me or I will leave a one star review.",
        "Wenn Sie mir nichts erstatten, gibt es eine schlechte Bewertung.",
    ],
)
def test_a_buyer_who_presses_with_a_review_is_never_blocked_for_it(text: str) -> None:
    assert 0.5 <= surest(text, "buyer") < 0.8


@pytest.mark.parametrize(
    "text",
    [
        "Du I d i o t",
        "Sie 4rschloch",
        "a**hole",
        "f*ck you",
        "Du Sch***e Idiot",
        "B e w e r t e n Sie uns mit 5 Sternen",
        "ⒷⒾⓉⒸⒽ",
        "Sie Idiiiiot",
        "Arrrrschloch",
        "b^tch",
        "Verpi** dich",
        "Du Flittchen",
        "p4yp4l an Freunde und Familie",
        "F\u200breunde und Fa\u200bmilie per PayPal",
        "РayРal Freunde und Familie",
    ],
)
def test_disguises_come_off(text: str) -> None:
    assert surest(text) >= 0.8


@pytest.mark.parametrize(
    "text",
    [
        "IBAN DE** **** 12",
        "4*4 cm",
        "5*",
        "Passwort: ****",
        "*wichtig*",
        "2 * 3 = 6",
        "a*",
        "A+++",
        "guuuut",
        "gooood",
        "6&8",
    ],
)
def test_stars_that_hide_no_swear_word(text: str) -> None:
    assert masked.find(fold(text)) == []


def test_only_a_first_letter_is_no_more_than_a_hint() -> None:
    assert 0.3 <= surest("This is f***.") < 0.5


def test_swearing_at_nobody_is_a_hint() -> None:
    assert 0.3 <= surest("Fuck, I ordered the wrong size.") < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "Hallo 👋🏽!\n\nBitte bewerten Sie uns mit   5 ⭐ ⭐\u200b … DANKE\u0301",
        "— Zahlen Sie per PаyPal-Freunde & Familie!",
        "Du İdiot ﬁck dich I d i o t",
        "\u202ethgiled\u202c Leave us a 5-star review",
    ],
)
def test_places_are_in_the_text_as_typed(text: str) -> None:
    for one in found(text):
        assert 0 <= one.start < one.end <= len(text)
        assert text[one.start : one.end].strip()


def test_a_polite_frame_changes_nothing() -> None:
    bare = "Bitte bewerten Sie uns mit fünf Sternen."
    framed = f"Guten Tag,\nich habe Ihre Bestellung heute verschickt.\n{bare}\nIch wünsche Ihnen eine schöne Woche!"

    assert surest(framed, "seller") >= surest(bare, "seller") >= 0.8


def test_a_sentence_before_without_its_full_stop_excuses_nothing() -> None:
    assert surest("Hi\nI have to say thanks\nplease leave a 5 star review", "seller") >= 0.8


def test_the_same_text_gives_the_same_findings() -> None:
    text = "Rabatt! Bitte 5 Sterne, du Idiot. Pay by PayPal friends and family. " * 5

    assert found(text) == found(text)


def test_findings_of_one_rule_do_not_overlap() -> None:
    text = "Bitte geben Sie uns eine positive Bewertung mit 5 Sternen, eine gute Bewertung mit fünf Sternen hilft uns."
    seen: dict[str, int] = {}
    for one in sorted(found(text), key=lambda one: (one.rule, one.start)):
        assert one.start >= seen.get(one.rule, 0)
        seen[one.rule] = one.end


def test_every_rule_can_be_compiled_and_is_known() -> None:
    names = set()
    for phrase in phrases._book().phrases:
        phrases._compiled(phrase.expression)
        if phrase.unless:
            phrases._compiled(phrase.unless)
        names.add(phrase.rule.id)
        sures = (phrase.rule.confidence, phrase.rule.seller, phrase.rule.buyer)  # some are about one side only
        assert 0.3 <= max(sures) <= 1
        assert phrase.rule.category in set(phrases.CATEGORIES.values())

    assert names == {
        "marketing.promotion", "marketing.coupon", "marketing.cross_sell", "marketing.newsletter", "marketing.insert",
        "review.positive", "review.change", "review.incentive", "review.pressure",
        "payment.outside", "payment.friends", "payment.cheaper_elsewhere", "payment.refund_outside",
        "sensitive.sexual", "sensitive.violence", "sensitive.drugs_weapons", "sensitive.hate",
        "abuse.insult", "abuse.threat", "abuse.harassment",
        "data.card", "data.iban", "data.password", "data.one_time_code", "data.identity_document",
        "contact.find_us", "contact.phone", "link.domain",
    }  # fmt: skip


def test_letters_looked_for_first_stand_in_whatever_matches() -> None:
    vocabulary = Vocabulary({"good": "posit(iv|ive)* | gut(e|en) | 5 sterne"})
    phrase = "(gib|geben) ~2 {good} [bitte] bewertung*"
    expression = re.compile(vocabulary.expression(phrase).replace(r"\pL", "a"))

    for text in ("gib uns gute bewertung", "geben sie uns positive bitte bewertungen", "gib 5 sterne bewertung"):
        assert expression.search(text)
        words = apart(text.encode("ascii"))
        assert all(any(string in words for string in group) for group in vocabulary.letters(phrase))
    assert not expression.search("gib. gute. bewertung. nein")


def test_spellings_of_a_word() -> None:
    assert set(spellings("fü(r|hr)s?")) == {"fur", "fuer", "fuhr", "fuehr", "furs", "fuers", "fuhrs", "fuehrs"}


@pytest.mark.parametrize("text", ["äÖß", "ıłø’–★🖕€", "z.B. ja. Нет 你好", "\ud7ff\U0001f600"])
def test_levelling_keeps_every_character_in_its_place(text: str) -> None:
    flat = level(text)

    assert len(flat) == len(text)
    assert flat.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "bitte bewertung gutschein paypal review discount 5 sterne " * 340,
        "a*" * 10_000,
        "b.e.w.e.r.t.u.n.g " * 1_100,
        "wenn sie zufrieden sind " * 830,
        "ä" * 20_000,
    ],
)
def test_the_longest_message_is_done_in_time(text: str) -> None:
    folded = fold(text)
    phrases.find(folded, Surroundings())  # what is compiled once
    start = time.process_time()
    phrases.find(folded, Surroundings())

    assert time.process_time() - start < 0.5  # measured: below 0.1; this machine may be busy


def test_categories_are_those_of_the_rule() -> None:
    for text, category in (
        ("Leave us 5 stars", Category.REVIEW_REQUEST),
        ("Du Arschloch", Category.ABUSE),
        ("heil hitler", Category.SENSITIVE_CONTENT),
    ):
        assert {one.category for one in found(text)} == {category}


@pytest.mark.parametrize(
    "text",
    [
        'Der Zusteller hat mich "dumme Kuh" genannt und das Paket weggeworfen!',
        "Your courier called me an asshole, which is unacceptable.",
        'In einer anderen Nachricht stand "wir wissen wo Sie wohnen", war das von Ihnen?',
        "Jemand hat mir geschrieben, ich solle per Western Union zahlen.",
    ],
)
def test_what_is_quoted_or_told_of_is_never_blocked(text: str) -> None:
    assert surest(text, "buyer") < 0.8


def test_words_in_quotes_that_are_all_that_is_said_are_meant() -> None:
    assert surest('"Du Idiot"', "buyer") >= 0.8


def test_many_findings_of_one_kind_do_not_hide_another() -> None:
    text = "Du Arschloch. " * 400 + "Nur heute 30 % Rabatt auf alles in unserem Shop!"

    assert {one.category for one in found(text, "seller")} >= {Category.ABUSE, Category.MARKETING}
    assert len(found(text, "seller")) < 100


@pytest.mark.parametrize(
    "text", ["notes.txt", "Der Druck ist 2 bar.", "Die Sterne leuchten warmweiß.", "The stars glow in the dark."]
)
def test_a_seller_may_use_everyday_words_and_file_names(text: str) -> None:
    found = screen(text, Surroundings(sender_role="seller"))
    assert not [one for one in found if one.confidence >= 0.5 and not one.rule.startswith("classifier.")]
