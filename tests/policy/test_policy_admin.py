"""The policy in the admin: the editor, the dry run before publishing, old versions, and lists without words."""

from __future__ import annotations

import copy
import html
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.forms import CheckboxInput, CheckboxSelectMultiple, Select, SelectMultiple
from django.test import Client

from messagecenter.accounts.models import User
from messagecenter.policy import versions
from messagecenter.policy.actions import block_sender, publish_version, restrict
from messagecenter.policy.models import BlockedSender, Decision, PolicyVersion, Restriction
from messagecenter.threads.models import Disclosure

pytestmark = pytest.mark.django_db
LIST = "/admin/policy/policyversion/"
EDIT = LIST + "edit/"


@pytest.fixture
def staff(admin: User, signed_in: Callable[[User], Client]) -> Client:
    """The administrator's browser."""
    return signed_in(admin)


@pytest.fixture
def helper(supporter: User, signed_in: Callable[[User], Client]) -> Client:
    """The browser of support staff who may look at everything here and change nothing."""
    names = [f"view_{one}" for one in ("policyversion", "decision", "restriction", "blockedsender")]
    supporter.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return signed_in(supporter)


def post(client: Client, sent: dict[str, Any]) -> Any:
    """Send a form as a browser does, which counts against the limit of fields."""
    return client.post(EDIT, urlencode(sent, doseq=True), content_type="application/x-www-form-urlencoded")


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def filled(client: Client, **changes: Any) -> dict[str, Any]:
    """Return what a browser would send from the editor's page, empty rows included, with these changes."""
    editor = client.get(EDIT).context["editor"]
    sent: dict[str, Any] = {"base": str(versions.current()[0].number)}
    forms = [editor.general, *(one for rows in editor.formsets for one in (rows.management_form, *rows.forms))]
    for field in (field for form in forms for field in form):
        value, widget = field.value(), field.field.widget
        if isinstance(widget, SelectMultiple | CheckboxSelectMultiple | CheckboxInput):
            if value:
                sent[field.html_name] = value
        elif value is None and isinstance(widget, Select):
            sent[field.html_name] = next(iter(widget.choices))[0]
        else:
            sent[field.html_name] = "" if value is None else value
    return sent | {"note": "Because"} | changes


def tried(client: Client, **changes: Any) -> tuple[dict[str, Any], Any]:
    """Return the form after a dry run, ready to be published, and the answer to the dry run."""
    sent = filled(client, **changes)
    answer = post(client, sent | {"dry_run": "1"})
    return sent | {"tried": answer.context.get("tried", ""), "publish": "1"}, answer


def pattern(name: str = "club_card", expression: str = "kd-[0-9]{6}") -> dict[str, str]:
    return {
        "pattern-0-name": name,
        "pattern-0-expression": expression,
        "pattern-0-category": "marketing",
        "pattern-0-confidence": "0.9",
    }


def terms(words: str) -> dict[str, str]:
    return {
        "terms-0-language": "",
        "terms-0-category": "marketing",
        "terms-0-confidence": "0.9",
        "terms-0-words": words,
    }


def test_editor_begins_with_the_version_in_force(staff):
    text = text_of(staff.get(EDIT))
    assert "copy of version 1" in text
    editor = staff.get(EDIT).context["editor"]
    assert len(editor.rows.initial) == len(versions.SHIPPED.mapping)
    for words in ("Where is my order?", "not yet shipped", "contact.phone", "checked by a person first"):
        assert words in text


def test_editor_and_publishing_need_the_permission(helper, signed_in, seller):
    assert helper.get(EDIT).status_code == 403
    assert post(helper, {"publish": "1"}).status_code == 403
    assert "New version" not in text_of(helper.get(LIST))
    assert signed_in(seller).get(EDIT).status_code in (302, 403, 404)
    assert PolicyVersion.objects.count() == 1


def test_nothing_changed_says_so_and_is_not_published(staff):
    sent, answer = tried(staff)
    assert "Nothing differs." in text_of(answer)
    text = text_of(post(staff, sent))
    assert "Nothing is different" in text
    assert PolicyVersion.objects.count() == 1


def test_dry_run_shows_figures_and_publishing_puts_it_in_force(staff, admin, thread, answer):
    sent, dry = tried(staff, **terms("Quittenbrot\n\nFlügelhorn"), hold_hours="8", allowed_domains="fulfil.example")
    text = text_of(dry)
    for words in (
        "Messages looked at: 2. Treated otherwise: 2.",
        "Longest hold in hours",
        "fulfil.example",
        "stricter",
    ):
        assert words in text
    shown = text.split('id="dry-run"')[1].split("</section>")[0]
    assert f"/admin/threads/thread/{thread.pk}/read/" in shown
    assert str(answer.pk) in shown
    # The words typed as terms are shown as a difference; nothing else of the messages is.
    assert "on its way" not in text
    assert "lamp?" not in text
    assert PolicyVersion.objects.count() == 1
    response = post(staff, sent)
    version = PolicyVersion.objects.get(number=2)
    assert response.headers["location"] == f"{LIST}{version.pk}/change/"
    assert (version.published_by, version.note) == (admin, "Because")
    rules = versions.current()[1]
    assert (rules.hold_hours, rules.lists.allowed_domains) == (8, {"fulfil.example"})
    assert [one.text for one in rules.lists.terms] == ["Quittenbrot", "Flügelhorn"]
    assert rules.mapping == versions.SHIPPED.mapping
    logged = LogEntry.objects.filter(user=admin).values_list("change_message", flat=True)
    assert sorted(logged) == ["Dry run on 2 messages: 2 would change.", "Published version 2."]
    assert not Disclosure.objects.exists()


def test_what_was_not_tried_is_not_published(staff):
    sent, _answer = tried(staff, hold_hours="8")
    for changes in ({"hold_hours": "9"}, {"tried": ""}, {"tried": "x:y"}):
        assert "Run the dry run on these rules first." in text_of(post(staff, sent | changes))
    assert PolicyVersion.objects.count() == 1


def test_dry_run_of_somebody_else_does_not_count(staff, supporter, signed_in):
    sent, _answer = tried(staff, hold_hours="8")
    supporter.user_permissions.add(Permission.objects.get(codename="publish_policy"))
    other = signed_in(supporter)
    assert "Run the dry run" in text_of(post(other, sent))
    sent, _answer = tried(other, hold_hours="8")
    assert post(other, sent).status_code == 302


def test_version_overtaken_meanwhile_is_not_published(staff, admin):
    sent, _answer = tried(staff, hold_hours="8")
    publish_version(by=admin, content=copy.deepcopy(versions.SHIPPED_CONTENT) | {"hold_hours": 5}, note="Faster")
    text = text_of(post(staff, sent))
    assert "Somebody else published a new version meanwhile" in text
    assert (versions.current()[0].number, versions.current()[1].hold_hours) == (2, 5)
    assert post(staff, sent | {"base": "77"}).status_code == 404


def test_rows_are_added_changed_and_removed(staff):
    count = len(versions.SHIPPED.mapping)
    new = {
        f"row-{count}-what": "contact.phone",
        f"row-{count}-min_confidence": "0.55",
        f"row-{count}-action": "redact",
        f"row-{count}-sender_roles": ["buyer"],
        f"row-{count}-topics": ["not_received"],
        f"row-{count}-order_states": ["shipped", "delivered"],
        f"row-{count}-why": "For the courier",
    }
    shortener = [row.what for row in versions.SHIPPED.mapping].index("link.shortener")
    sent, dry = tried(staff, **new, **{"row-0-action": "review", f"row-{shortener}-DELETE": "on"})
    assert "Link" in text_of(dry)
    assert post(staff, sent).status_code == 302
    mapping = versions.current()[1].mapping
    assert len(mapping) == count
    assert mapping[0].action == "review"
    assert "link.shortener" not in [row.what for row in mapping]
    added = mapping[-1]
    assert (added.what, added.min_confidence, added.action, added.why) == (
        "contact.phone",
        0.55,
        "redact",
        "For the courier",
    )
    assert (added.sender_roles, added.topics) == ({"buyer"}, {"not_received"})
    assert (added.contexts, added.order_states) == (set(), {"shipped", "delivered"})


def test_more_empty_rows_keep_what_was_typed(staff):
    sent = filled(staff, hold_hours="8")
    before = int(sent["row-TOTAL_FORMS"])
    answer = post(staff, sent | {"more": "1"})
    editor = answer.context["editor"]
    assert editor.rows.total_form_count() > before
    assert editor.general["hold_hours"].value() == "8"
    assert "result" not in answer.context


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"allowed_domains": "good.example\n\nhttps://bad.example/"}, "Line 3: “https://bad.example/” is not the name"),
        ({"exceptions": "fine words\n!"}, "Line 2: “!” is too short"),
        (terms("fine\nx"), "Line 2: “x” is too short"),
        (pattern(name="Big Name"), "“Big Name” is no name"),
        ({"hold_hours": "0"}, "A whole number from 1 to 720 is needed."),
        ({"appeal_days": "30"}, "A whole number from 180 to 3650 is needed."),
        ({"row-1-min_confidence": "0.8"}, "Row 1 says the same"),
        ({"row-1-min_confidence": "1.5"}, "less than or equal to 1"),
        ({"row-1-what": "no.such"}, "no.such is not one of the available choices"),
        ({"note": ""}, "This field is required."),
        ({"pattern-0-name": "half"}, "This field is required."),
    ],
)
def test_mistakes_are_named_where_they_were_made(staff, changes, sentence):
    sent = filled(staff, **changes)
    for button in ("dry_run", "publish"):
        text = text_of(post(staff, sent | {button: "1"}))
        assert sentence in text
        assert "Nothing was tried or published." in text
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize("expression", ["(a", "(?=a)b", r"(a)\1", "a*"])
def test_patterns_are_checked_before_anything_is_tried(staff, expression):
    answer = post(staff, filled(staff, **pattern(expression=expression)) | {"dry_run": "1"})
    assert answer.context["has_mistakes"]
    assert answer.context["editor"].patterns.forms[0].errors["expression"]


def test_good_pattern_is_published_and_kept(staff):
    sent, answer = tried(staff, **pattern())
    assert "kd-[0-9]{6}" in text_of(answer)
    assert post(staff, sent).status_code == 302
    (kept,) = versions.current()[1].lists.patterns
    assert (kept.name, kept.expression, kept.category, kept.confidence) == (
        "club_card",
        "kd-[0-9]{6}",
        "marketing",
        0.9,
    )
    # It is there again the next time, and rows can speak about it.
    assert "operator.club_card" in text_of(staff.get(EDIT))


def test_old_versions_are_shown_with_their_differences_and_cannot_be_changed(staff, admin, helper):
    versions.current()
    content = copy.deepcopy(versions.SHIPPED_CONTENT) | {"hold_hours": 5}
    content["lists"] = content["lists"] | {"exceptions": ["signal to noise"]}
    second = publish_version(by=admin, content=content, note="Faster")
    for client in (staff, helper):
        text = text_of(client.get(f"{LIST}{second.pk}/change/"))
        for words in ("Longest hold in hours", "<del>4</del>", "<ins>5</ins>", "signal to noise", "Faster"):
            assert words in text
        assert 'name="_save"' not in text
    first = PolicyVersion.objects.get(number=1)
    assert "This is the first version." in text_of(staff.get(f"{LIST}{first.pk}/change/"))
    for address in (f"{LIST}{first.pk}/change/", f"{LIST}{first.pk}/delete/", f"{LIST}add/"):
        assert staff.post(address, {"number": "9"}).status_code == 403
    listed = text_of(staff.get(LIST))
    assert listed.index("Faster") > 0
    assert EDIT in listed


def test_hint_when_the_software_brought_newer_rules(staff, admin):
    publish_version(by=admin, content=copy.deepcopy(versions.SHIPPED_CONTENT) | {"release": 0}, note="Own")
    assert "newer default rules" in text_of(staff.get(EDIT))


@pytest.fixture
def decision(thread, answer, shop, seller) -> Decision:
    """A held message."""
    return Decision.objects.create(
        message_id=answer.pk,
        thread_id=thread.pk,
        mailbox=shop,
        author=seller,
        version=versions.current()[0],
        measure=Decision.Measure.HELD,
        findings=[
            {
                "part": "body",
                "rule": "marketing.coupon",
                "category": "marketing",
                "start": 18,
                "end": 29,
                "confidence": 0.61,
                "action": "review",
            }
        ],
    )


def test_decisions_are_listed_without_words(staff, helper, decision):
    for client in (staff, helper):
        for address in ("/admin/policy/decision/", f"/admin/policy/decision/{decision.pk}/change/"):
            text = text_of(client.get(address))
            assert "marketing.coupon" in text
            for words in ("Quittenbrot", "Zimtstern", "Flügelhorn", "302-1234567"):
                assert words not in text
    one = text_of(staff.get(f"/admin/policy/decision/{decision.pk}/change/"))
    assert "18–29" in one
    assert 'name="_save"' not in one
    assert staff.post(f"/admin/policy/decision/{decision.pk}/delete/").status_code == 403
    found = staff.get("/admin/policy/decision/", {"q": str(decision.message_id)}).context["cl"].result_list
    assert list(found) == [decision]


def test_restriction_is_lifted_by_moderators_only(staff, admin, helper, shop):
    made = restrict(by=admin, mailbox=shop, days=7, rule="marketing.coupon", explanation="Coupons")
    page, lift = (f"/admin/policy/restriction/{made.pk}/{name}/" for name in ("change", "lift"))
    assert "Lift the restriction" not in text_of(helper.get(page))
    assert helper.post(lift).status_code == 403
    assert Restriction.objects.in_force().exists()
    assert "Lift the restriction" in text_of(staff.get(page))
    assert staff.get(lift).status_code == 405
    assert "The restriction is lifted." in text_of(staff.post(lift, follow=True))
    made.refresh_from_db()
    assert made.lifted_by == admin
    assert "Lift the restriction" not in text_of(staff.get(page))
    assert staff.post(f"/admin/policy/restriction/{shop.pk}/lift/").status_code == 404


def test_blocked_senders_can_be_looked_at_only(staff, helper, buyer, buyer_mailbox, shop):
    made = block_sender(by=buyer, mailbox=buyer_mailbox, sender=shop)
    for client in (staff, helper):
        assert str(shop) in text_of(client.get("/admin/policy/blockedsender/"))
    assert staff.post(f"/admin/policy/blockedsender/{made.pk}/delete/").status_code == 403
    assert BlockedSender.objects.exists()
