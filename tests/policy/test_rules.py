"""The mapping from findings to actions, and contents that are no policy."""

from __future__ import annotations

import copy
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messagecenter.policy.detection.finding import Category, Finding
from messagecenter.policy.detection.surroundings import Surroundings
from messagecenter.policy.rules import Action, AfterHold, Row, Rules, RulesError, judge, severest
from messagecenter.policy.versions import SHIPPED, SHIPPED_CONTENT

ORDER = Surroundings(sender_role="seller", about="order", topic="order_problem", order_state="shipped")


def found(rule: str = "contact.phone", category: str = "contact_details", confidence: float = 0.95) -> Finding:
    return Finding(3, 9, rule, Category(category), confidence)


def rules(*rows: Row) -> Rules:
    return Rules(mapping=rows)


def test_actions_have_an_order():
    assert [one.severity for one in Action] == [0, 1, 2, 3, 4]
    assert [severest(pair) for pair in itertools.combinations(Action, 2)] == [
        two for one, two in itertools.combinations(Action, 2)
    ]
    assert severest([]) is Action.ALLOW


@pytest.mark.parametrize(
    ("rule", "category", "confidence", "role", "about", "topic", "action"),
    [
        ("contact.phone", "contact_details", 0.9, "seller", "order", "", "block"),
        ("contact.phone", "contact_details", 0.89, "seller", "order", "", "review"),
        ("contact.phone", "contact_details", 0.5, "buyer", "inquiry", "", "review"),
        ("contact.phone", "contact_details", 0.49, "buyer", "order", "", "warn"),
        ("contact.phone", "contact_details", 0.29, "buyer", "order", "", "allow"),
        ("contact.phone", "contact_details", 0.95, "", "", "", "block"),
        ("contact.phone", "contact_details", 0.95, "support", "order", "", "warn"),
        ("contact.phone", "contact_details", 0.95, "seller", "case", "", "warn"),
        ("data.card", "payment_data", 0.95, "buyer", "order", "", "redact"),
        ("data.card", "payment_data", 0.6, "buyer", "order", "", "review"),
        ("abuse.insult", "abuse", 0.95, "buyer", "order", "", "review"),
        ("abuse.insult", "abuse", 0.4, "buyer", "order", "", "warn"),
        ("abuse.insult", "abuse", 0.95, "seller", "order", "", "block"),
        ("link.shortener", "external_link", 0.5, "seller", "order", "", "block"),
        ("contact.postal_address", "contact_details", 0.6, "buyer", "order", "change_order", "allow"),
        ("contact.postal_address", "contact_details", 0.9, "buyer", "order", "change_order", "review"),
        ("contact.postal_address", "contact_details", 0.6, "seller", "order", "return", "allow"),
        ("contact.postal_address", "contact_details", 0.6, "seller", "order", "delivery_date", "review"),
        ("classifier.abuse", "abuse", 0.99, "seller", "order", "", "review"),
        ("operator.shop_card", "marketing", 0.9, "seller", "order", "", "block"),
    ],
)
def test_shipped_policy(rule, category, confidence, role, about, topic, action):
    around = Surroundings(sender_role=role, about=about, topic=topic)
    assert judge([found(rule, category, confidence)], SHIPPED, around).action == action


def test_nothing_found_is_allowed():
    verdict = judge([], SHIPPED, ORDER)
    assert (verdict.action, verdict.findings, verdict.actions) == (Action.ALLOW, (), ())


def test_severest_finding_decides_and_each_keeps_its_own_action():
    findings = [found(confidence=0.35), found("data.iban", "payment_data"), found("link.url", "external_link", 0.6)]
    verdict = judge(findings, SHIPPED, ORDER)
    assert verdict.action is Action.REVIEW
    assert verdict.actions == (Action.WARN, Action.REDACT, Action.REVIEW)
    assert verdict.spans_to_hide == ((3, 9),)


def test_words_that_cannot_be_hidden_are_reviewed():
    verdict = judge([found("data.card", "payment_data")], SHIPPED, ORDER, can_redact=False)
    assert verdict.actions == (Action.REVIEW,)


@pytest.mark.parametrize("action", list(Action))
def test_classifier_alone_never_does_more_than_review(action):
    policy = rules(Row("", 0, action), Row("classifier.marketing", 0, action), Row("classifier", 0, action))
    verdict = judge([found("classifier.marketing", "marketing", 1.0)], policy, ORDER)
    assert verdict.action.severity <= Action.REVIEW.severity
    assert verdict.action is not Action.REDACT


def test_most_precise_row_decides_whatever_the_order():
    rows = [
        Row("", 0, Action.BLOCK),
        Row("", 0.9, Action.BLOCK),
        Row("contact_details", 0, Action.REVIEW),
        Row("contact", 0, Action.WARN),
        Row("contact.phone", 0, Action.REDACT),
        Row("contact.phone", 0, Action.ALLOW, sender_roles=frozenset({"seller"})),
    ]
    expected = [Action.ALLOW, Action.REDACT, Action.WARN, Action.REVIEW, Action.BLOCK, Action.BLOCK]
    for removed, action in enumerate(expected):
        left = rows[: len(rows) - removed]
        for order in itertools.permutations(left):
            assert judge([found()], rules(*order), ORDER).action is action


@pytest.mark.parametrize(
    ("condition", "value", "other"),
    [
        ("sender_roles", "seller", "buyer"),
        ("contexts", "order", "case"),
        ("topics", "order_problem", "invoice"),
        ("order_states", "shipped", "pending"),
    ],
)
def test_each_condition_limits_a_row(condition, value, other):
    for wanted, action in ((value, Action.ALLOW), (other, Action.BLOCK)):
        policy = rules(Row("", 0, Action.BLOCK), Row("", 0, Action.ALLOW, **{condition: frozenset({wanted})}))
        assert judge([found()], policy, ORDER).action is action


def test_of_two_rows_that_say_as_much_the_severer_decides():
    one = Row("", 0, Action.WARN, sender_roles=frozenset({"seller"}))
    two = Row("", 0, Action.REVIEW, contexts=frozenset({"order"}))
    assert judge([found()], rules(one, two), ORDER).action is Action.REVIEW
    assert judge([found()], rules(two, one), ORDER).action is Action.REVIEW


def test_rule_switched_off_is_allowed():
    content = copy.deepcopy(SHIPPED_CONTENT)
    content["lists"]["switched_off"] = ["contact.phone"]
    policy = Rules.from_content(content)
    verdict = judge([found(), found("contact.email")], policy, ORDER)
    assert verdict.actions == (Action.ALLOW, Action.BLOCK)


def test_content_is_kept_through_reading_and_writing():
    assert Rules.from_content(SHIPPED_CONTENT).to_content() == SHIPPED_CONTENT
    full = {
        "release": 3,
        "mapping": [
            {
                "what": "review",
                "min_confidence": 0.25,
                "sender_roles": ["buyer", "seller"],
                "contexts": ["order"],
                "topics": ["a", "b"],
                "order_states": ["shipped"],
                "action": "redact",
                "why": "because",
            }
        ],
        "hold_hours": 8,
        "after_hold": "deliver",
        "appeal_days": 200,
        "proactive": {"days_after_completion": 10, "per_day_floor": 3, "per_day_factor": 2},
        "lists": {
            "allowed_domains": ["fulfil.example"],
            "exceptions": ["signal to noise"],
            "switched_off": ["marketing.insert"],
            "terms": [{"text": "kaufhof 24", "category": "marketing", "confidence": 0.7, "language": "de"}],
            "patterns": [{"name": "card_no", "expression": r"\bkd\d{4}\b", "category": "abuse", "confidence": 0.5}],
        },
    }
    read = Rules.from_content(full)
    assert read.to_content() == full
    assert (read.after_hold, read.hold_hours) == (AfterHold.DELIVER, 8)


def test_what_is_left_out_has_its_default():
    empty = Rules.from_content({})
    assert (empty.hold_hours, empty.after_hold, empty.appeal_days) == (4, AfterHold.ALARM, 180)
    assert (empty.proactive.days_after_completion, empty.proactive.per_day_factor) == (30, 5)


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"mapping": [{"what": "contact.", "min_confidence": 1, "action": "block"}]}, "mapping.1.what", "unknown_rule"),
        ({"mapping": [{"what": "no.such", "min_confidence": 1, "action": "block"}]}, "mapping.1.what", "unknown_rule"),
        ({"mapping": [{"what": "", "min_confidence": 1.1, "action": "block"}]}, "mapping.1.min_conf", "no_confidence"),
        ({"mapping": [{"what": "", "min_confidence": True, "action": "warn"}]}, "mapping.1.min_conf", "no_confidence"),
        ({"mapping": [{"what": "", "min_confidence": float("nan"), "action": "warn"}]}, "mapping.1", "no_confidence"),
        ({"mapping": [{"what": "", "min_confidence": 1, "action": "burn"}]}, "mapping.1.action", "unknown_choice"),
        ({"mapping": [{"what": "", "min_confidence": 1}]}, "mapping.1.action", "missing"),
        ({"mapping": [{"min_confidence": 1, "action": "warn", "x": 1}]}, "mapping.1.x", "unknown_key"),
        ({"mapping": [{"min_confidence": 1, "action": "warn"}] * 2}, "mapping.2", "row_twice"),
        ({"mapping": [{"min_confidence": 1, "action": "warn", "contexts": ["street"]}]}, "contexts", "unknown_choice"),
        ({"mapping": {}}, "mapping", "no_list"),
        ({"mapping": [1]}, "mapping.1", "no_object"),
        ({"mapping": [{"what": "", "min_confidence": 1, "action": "warn"}] * 99}, "mapping", "too_many"),
        ({"hold_hours": 0}, "hold_hours", "no_number"),
        ({"hold_hours": 4.0}, "hold_hours", "no_number"),
        ({"appeal_days": 30}, "appeal_days", "no_number"),
        ({"after_hold": "forget"}, "after_hold", "unknown_choice"),
        ({"after_hold": []}, "after_hold", "unknown_choice"),
        ({"proactive": {"per_day_floor": -1}}, "proactive.per_day_floor", "no_number"),
        ({"lists": {"allowed_domains": ["https://a.example/"]}}, "allowed_domains.1", "no_domain"),
        ({"lists": {"allowed_domains": ["10.0.0.1"]}}, "allowed_domains.1", "no_domain"),
        ({"lists": {"exceptions": ["ok", " !a "]}}, "exceptions.2", "too_short"),
        ({"lists": {"exceptions": ["x" * 201]}}, "exceptions.1", "too_long"),
        ({"lists": {"exceptions": ["a\x00bc"]}}, "exceptions.1", "no_text"),
        ({"lists": {"terms": [{"text": "abc", "category": "weather"}]}}, "terms.1.category", "unknown_choice"),
        ({"lists": {"terms": [{"text": "abc", "category": "abuse", "language": "D"}]}}, "language", "no_language"),
        ({"lists": {"patterns": [{"name": "Big", "expression": "a", "category": "abuse"}]}}, "name", "no_name"),
        ({"lists": {"patterns": [{"name": "term", "expression": "a", "category": "abuse"}]}}, "name", "name_taken"),
        ({"lists": {"patterns": [{"name": "ab", "expression": "", "category": "abuse"}]}}, "expression", "missing"),
        ({"lists": {"patterns": [{"name": "ab", "expression": "a", "category": "abuse"}] * 2}}, "2.name", "name_twice"),
        ({"colour": "red"}, "colour", "unknown_key"),
    ],
)
def test_mistakes_are_named_with_their_place(change, where, code):
    with pytest.raises(RulesError) as caught:
        Rules.from_content(SHIPPED_CONTENT | change)
    assert any(where in str(one) and one.code == code for one in caught.value.problems), str(caught.value)


def test_all_mistakes_are_named_at_once():
    with pytest.raises(RulesError) as caught:
        Rules.from_content({"hold_hours": -1, "after_hold": "x", "lists": {"allowed_domains": ["a", "b.example", "c"]}})
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("content", [None, [], "x", 1, {"mapping": None}, {"lists": []}, {"proactive": 4}])
def test_what_is_no_content_at_all_is_refused(content):
    with pytest.raises(RulesError):
        Rules.from_content(content)


def test_international_sites_can_be_allowed():
    read = Rules.from_content({"lists": {"allowed_domains": ["Müller-Versand.de", "xn--mller-kva.de", "почта.рф"]}})
    assert read.lists.allowed_domains == {"müller-versand.de", "xn--mller-kva.de", "почта.рф"}


def test_lists_with_the_operators_sites_are_made_once():
    read = Rules.from_content({"lists": {"allowed_domains": ["a.example"]}})
    lists = read.lists_with(["Shop.Example", " "])
    assert lists.allowed_domains == {"a.example", "shop.example"}
    assert read.lists_with(["shop.example"]) is lists
    assert read.lists.allowed_domains == {"a.example"}


FINDINGS = st.lists(
    st.builds(
        Finding,
        st.integers(0, 50),
        st.integers(51, 99),
        st.sampled_from(["contact.phone", "link.shortener", "abuse.threat", "classifier.marketing", "operator.x"]),
        st.sampled_from(list(Category)),
        st.floats(0, 1).map(lambda number: round(number, 2)),
    ),
    max_size=6,
)


@given(FINDINGS, st.sampled_from(["buyer", "seller", "support", ""]), st.sampled_from(["order", "case", ""]))
def test_more_findings_are_never_milder_and_the_order_does_not_matter(findings, role, about):
    around = Surroundings(sender_role=role, about=about)
    verdict = judge(findings, SHIPPED, around)
    assert judge(list(reversed(findings)), SHIPPED, around).action is verdict.action
    for number in range(len(findings)):
        fewer = judge(findings[:number], SHIPPED, around)
        assert fewer.action.severity <= verdict.action.severity
        assert fewer.actions == verdict.actions[:number]
