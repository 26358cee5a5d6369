"""What the demo's people say to each other: made up, in German and English, by state of the order."""

from __future__ import annotations

from dataclasses import dataclass, field

BUYER, SHOP = "buyer", "shop"


@dataclass(frozen=True)
class Scene:
    """One conversation: who opens it with which topic, and what is said, alternately or as named.

    ``files`` are the names of those sent with a line, by the line's number from 0.
    """

    topic: str
    subject: str
    lines: tuple[tuple[str, str], ...]
    hours_ago: float
    closed: bool = False
    files: dict[int, tuple[str, ...]] = field(default_factory=dict)


SCENES: dict[str, tuple[Scene, ...]] = {
    "unshipped": (
        Scene(
            "change_order",
            "Farbe noch änderbar?",
            (
                (BUYER, "Hallo,\nkönnten Sie statt Eiche bitte Nussbaum schicken? Ich habe mich in der Farbe vertan."),
                (SHOP, "Guten Tag,\ngern, Nussbaum ist da. Wir haben die Bestellung geändert, sie geht morgen raus."),
                (BUYER, "Das ging ja schnell. Vielen Dank! Kommt sie denn noch vor dem ersten Advent an?"),
            ),
            0.6,
        ),
        Scene(
            "more_information",
            "Gravur: welcher Text?",
            (
                (SHOP, "Guten Tag,\nfür die Gravur fehlt uns noch der Text. Welche Wörter sollen auf den Sockel?"),
                (BUYER, "Bitte: „Für Oma Ilse“. Danke fürs Nachfragen!"),
            ),
            3,
        ),
    ),
    "shipped": (
        Scene(
            "where_is_it",
            "Where is my parcel?",
            (
                (BUYER, "Hi, the tracking page has not moved since Tuesday. Do you know where my parcel is?"),
                (SHOP, "Hello,\nwe asked the carrier: it is in the depot and will be delivered tomorrow."),
                (BUYER, "Still nothing today. Could you have another look, please?"),
            ),
            26,
        ),
        Scene(
            "delivery_date",
            "Liefertermin",
            (
                (
                    SHOP,
                    "Guten Tag,\nwegen des Feiertags kommt das Paket einen Tag später: am Donnerstag statt Mittwoch.",
                ),
                (BUYER, "Alles klar, danke für die Nachricht."),
            ),
            50,
        ),
    ),
    "delivered": (
        Scene(
            "damaged",
            "Glas gesprungen",
            (
                (BUYER, "Guten Tag,\nder Lampenschirm hat einen Sprung, der Karton war heil. Was machen wir nun?"),
                (SHOP, "Das tut uns leid! Wir schicken heute einen neuen Schirm, den alten dürfen Sie entsorgen."),
                (BUYER, "Super, das ist sehr freundlich."),
                (SHOP, "Der Schirm ist unterwegs und sollte übermorgen bei Ihnen sein."),
            ),
            120,
            closed=True,
            files={0: ("Sprung im Glas.jpg", "Sprung von links.jpg"), 3: ("Rechnung.pdf", "Pflegehinweise.txt")},
        ),
        Scene(
            "buyer_invoice",
            "Invoice for my company",
            (
                (BUYER, "Could you send me an invoice with the company's name on it? It is Example Works Ltd."),
                (SHOP, "Of course. Which address should it bear?"),
                (BUYER, "The same as the shipping address, please."),
            ),
            9,
            files={1: ("Order confirmation.pdf",)},
        ),
    ),
    "cancelled": (
        Scene(
            "refund",
            "Wann kommt die Erstattung?",
            ((BUYER, "Guten Tag,\ndie Bestellung wurde storniert. Wann wird der Betrag erstattet?"),),
            1.5,
        ),
    ),
    "refunded": (
        Scene(
            "return_question",
            "Rücksendung angekommen",
            ((SHOP, "Guten Tag,\nIhre Rücksendung ist da und der Betrag ist erstattet."),),
            70,
            closed=True,
        ),
    ),
    "pending": (
        Scene(
            "product_question",
            "Which bulb fits?",
            ((BUYER, "Hello, which bulb do I need for it: E14 or E27? And is warm white included?"),),
            20,
        ),
    ),
}

INQUIRIES = (
    Scene(
        "details",
        "Ist die Lampe dimmbar?",
        (
            (BUYER, "Guten Abend,\nlässt sich die Lampe mit einem gewöhnlichen Wanddimmer dimmen?"),
            (SHOP, "Guten Tag,\nja, mit jedem Phasenabschnittdimmer ab 5 Watt."),
        ),
        30,
    ),
    Scene(
        "availability",
        "Back in stock?",
        ((BUYER, "Hi, when will this be available again? I would like to give it as a present in December."),),
        2,
    ),
)

# What the policy has something to say about, so that the demo's moderation desk has work: who writes what.
STOPPED = (
    (SHOP, "Guten Tag,\nmit dem Code HERBST10 sparen Sie 10 % bei Ihrer nächsten Bestellung in unserem Shop."),
    (SHOP, "Wir hoffen, die Lampe gefällt Ihnen. Über eine Bewertung würden wir uns freuen."),
    (BUYER, "That is a joke. You people are useless, what a bunch of clowns."),
    (BUYER, "Meine Karte 4111 1111 1111 1111 wurde doppelt belastet. Können Sie bitte nachsehen?"),
)
APPEAL = "Der Code steht auch auf der Rechnung. Ist das wirklich Werbung?"
REPORT = "Das ist schon die dritte Nachricht dieser Art."
