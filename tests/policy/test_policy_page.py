"""The public page: readable by all, in both languages, and true to the version it shows."""

from __future__ import annotations

import copy
import html

import pytest
from django.test import Client
from django.urls import reverse

from messagecenter.policy import versions
from messagecenter.policy.actions import publish_version
from messagecenter.policy.detection.finding import Category
from messagecenter.policy.detection.screen import screen
from messagecenter.policy.detection.surroundings import Surroundings
from messagecenter.policy.rulebook import _EXAMPLES as EXAMPLES
from messagecenter.policy.rulebook import BY_RULE, CHAPTERS, ENTRIES, category_title, entry
from messagecenter.policy.rules import AREAS, Action, Rules, judge

pytestmark = pytest.mark.django_db
PAGE = "/policy/"
# What the detectors are promised to name.
RULES = [
    "contact.email",
    "contact.phone",
    "contact.messenger",
    "contact.social",
    "contact.handle",
    "contact.postal_address",
    "contact.find_us",
    "link.url",
    "link.domain",
    "link.shortener",
    "marketing.promotion",
    "marketing.coupon",
    "marketing.cross_sell",
    "marketing.newsletter",
    "marketing.insert",
    "review.positive",
    "review.change",
    "review.incentive",
    "review.pressure",
    "payment.outside",
    "payment.friends",
    "payment.cheaper_elsewhere",
    "payment.refund_outside",
    "sensitive.sexual",
    "sensitive.violence",
    "sensitive.drugs_weapons",
    "sensitive.hate",
    "abuse.insult",
    "abuse.threat",
    "abuse.harassment",
    "data.card",
    "data.iban",
    "data.cvv",
    "data.password",
    "data.one_time_code",
    "data.identity_document",
]


def read(client: Client, address: str = PAGE, language: str = "en") -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200
    return html.unescape(response.content.decode())


@pytest.fixture
def second(admin):
    """Version 2, with an operator's own lists."""
    versions.current()
    content = copy.deepcopy(versions.SHIPPED_CONTENT)
    content["hold_hours"] = 9
    content["mapping"][0]["action"] = "review"
    content["lists"] |= {
        "switched_off": ["marketing.insert"],
        "terms": [{"text": "Zimtstern", "category": "abuse", "confidence": 0.9, "language": ""}],
        "patterns": [
            {"name": "club_card", "expression": "kd-[0-9]{6}", "category": "marketing", "confidence": 0.9},
        ],
    }
    return publish_version(by=admin, content=content, note="Milder after the first week.")


def test_every_promised_rule_is_in_the_book():
    assert [one.rule for one in ENTRIES] == RULES
    assert {one.category for one in CHAPTERS} == set(Category)
    assert all(one.rule.partition(".")[0] in AREAS for one in ENTRIES)
    for one in ENTRIES:
        assert all(str(told) for told in (one.title, one.covers, one.advice))


def test_rules_of_others_have_general_words():
    assert entry("contact.phone") is BY_RULE["contact.phone"]
    assert entry("classifier.abuse").category is Category.ABUSE
    assert entry("operator.club_card", "marketing").category is Category.MARKETING
    assert str(entry("gone.rule").title)
    assert category_title("weather") == "weather"


def test_examples_are_in_both_languages_and_of_what_exists():
    assert set(EXAMPLES) <= set(BY_RULE) | {str(one) for one in Category}
    for told in EXAMPLES.values():
        for kind in told.values():
            assert set(kind) == {"en", "de"}
            assert all(kind["en"])
            assert len(kind["en"]) == len(kind["de"])
    assert all(one.allowed for one in CHAPTERS)


def examples(kind: str) -> list[tuple[str, str]]:
    """Every example with the rule or category it stands for, in both languages."""
    return [(key, text) for key, told in EXAMPLES.items() for texts in told.get(kind, {}).values() for text in texts]


@pytest.mark.parametrize(("rule", "text"), examples("forbidden"))
def test_forbidden_examples_are_found_by_their_rule(rule, text):
    around = Surroundings(sender_role="seller", about="order")
    verdict = judge(screen(text, around), versions.SHIPPED, around)
    assert rule in [one.rule for one in verdict.findings]
    assert verdict.action is not Action.ALLOW


@pytest.mark.parametrize(("category", "text"), examples("allowed"))
def test_allowed_examples_are_delivered(category, text):
    around = Surroundings(sender_role="buyer", about="order", topic="change_order")
    assert judge(screen(text, around), versions.SHIPPED, around).action is Action.ALLOW


def test_page_is_public_and_names_every_rule(client):
    text = read(client)
    for rule in [*RULES, *(f"classifier.{one}" for one in Category)]:
        assert f'id="{rule}"' in text
    for words in ("180 days", "within 4 hours", "Version 1", "until 30 days", "5 times", "50 in any case"):
        assert words in text
    assert "Please call me: +49 30 901820" in text
    assert "Order 302-1234567-1234567" in text


def test_page_speaks_german(client):
    text = read(client, language="de")
    assert '<html lang="de"' in text
    assert "Bitte rufen Sie mich an: 030 901820" in text
    assert "Please call me" not in text


@pytest.mark.parametrize("who", ["buyer", "seller", "supporter"])
def test_people_signed_in_read_it_too(who, request, signed_in):
    assert 'id="contact.phone"' in read(signed_in(request.getfixturevalue(who)))


def test_page_shows_the_version_in_force_and_its_own_rules(client, second):
    text = read(client)
    assert "Version 2" in text
    assert "Milder after the first week." in text
    assert "within 9 hours" in text
    assert 'id="operator.club_card"' in text
    assert "not delivered" not in text.split('id="operator.term"')[1].split("</article>")[0]
    assert "not in use" in text.split('id="marketing.insert"')[1].split("</article>")[0]
    assert "checked by a person first" in text.split('id="link.url"')[1].split("</article>")[0]
    assert 'id="differences"' not in text


def test_an_operators_words_and_patterns_are_nowhere_on_the_page(client, second):
    for address in (PAGE, PAGE + "?version=2", PAGE + "?version=1"):
        text = read(client, address)
        assert "Zimtstern" not in text
        assert "kd-[0-9]" not in text


def test_version_shows_its_date_note_and_differences(client, second):
    text = read(client, PAGE + "?version=2")
    changes = text.split('id="differences"')[1].split("</section>")[0]
    for words in ("since version 1", "Longest hold in hours", "1 added", "marketing.insert", "Everything, from 0.80"):
        assert words in changes
    assert changes.count("<tr>") == 6
    assert "no longer in force" not in text


def test_old_version_says_that_it_is_one(client, second):
    text = read(client, PAGE + "?version=1")
    assert "no longer in force" in text
    assert "within 4 hours" in text
    assert 'id="differences"' not in text


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "", "²", "1 ", "99999999999999999999"])
def test_version_that_does_not_exist_is_not_found(client, second, number):
    assert client.get(PAGE, {"version": number}).status_code == 404


def test_seller_and_buyer_may_be_treated_differently(client):
    article = read(client).split('id="abuse.insult"')[1].split("</article>")[0]
    assert "from sellers:" in article
    assert "not delivered" in article
    assert "checked by a person first" in article


def test_page_only_reads(client):
    assert client.post(PAGE).status_code == 405
    assert reverse("policy:page") == PAGE


def test_history_names_the_newest_versions(client, second):
    history = read(client).split('id="history"')[1]
    assert history.index("?version=2") < history.index("?version=1")


def test_page_asks_few_questions(client, second, django_assert_max_num_queries):
    read(client)
    with django_assert_max_num_queries(3):
        read(client)


def test_rules_that_let_all_pass_are_shown_as_such(client, admin):
    versions.current()
    publish_version(by=admin, content=Rules().to_content(), note="All off")
    article = read(client).split('id="contact.email"')[1].split("</article>")[0]
    assert ">delivered</span>" in article
