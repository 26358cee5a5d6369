"""What the templates say about a message that was held, stopped, changed or asked about."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from messagecenter.ids import new_id
from messagecenter.threads.forms import ReplyForm

THREAD = uuid.UUID(int=7)
STATEMENT = "/messages/decisions/1/"
ITEM = {
    "title": "Phone number",
    "advice": "Remove it <now>.",
    "quote": "0170 <b>1234567</b>",
    "part_label": "",
    "url": "/policy/#contact.phone",
    "action": "block",
}


def composer(**screened: Any) -> str:
    """Return the composer as it comes back after a send."""
    form = ReplyForm(initial={"body": "call 0170 1234567", "client_id": new_id()})
    context = {"thread_id": THREAD, "form": form, "may_write": True, "screened": screened or None}
    return render_to_string("threads/_composer.html", context)


def message(**facts: Any) -> str:
    """Return one message of a thread."""
    given = {"id": new_id(), "html": mark_safe("words"), "mine": True, "sender_name": "Anna", "state": "delivered"}
    return render_to_string("threads/_messages.html", {"messages_list": [given | facts]})


def test_composer_says_nothing_when_nothing_was_found() -> None:
    html = composer()
    assert 'class="screened' not in html
    assert f'data-check-about="thread={THREAD}"' in html
    assert "data-answered" not in html


def test_stopped_text_stays_with_reason_and_statement() -> None:
    html = composer(action="block", items=[ITEM], statement_url=STATEMENT, mark="")
    assert "call 0170 1234567</textarea>" in html
    assert "Not sent: please change this" in html
    assert 'role="alert" tabindex="-1"' in html
    assert "0170 &lt;b&gt;1234567&lt;/b&gt;" in html
    assert "Remove it &lt;now&gt;." in html
    assert f'href="{STATEMENT}"' in html
    assert 'href="/policy/#contact.phone"' in html
    assert "data-answered" in html
    assert 'name="confirm"' not in html


def test_warning_can_be_confirmed() -> None:
    html = composer(action="warn", items=[ITEM | {"action": "warn"}], statement_url="", mark="m4rk")
    assert "Please check before you send" in html
    assert 'type="submit" name="confirm" value="m4rk"' in html
    assert 'href="#composer-body" data-change' in html
    assert "Statement of reasons" not in html


@pytest.mark.parametrize(
    ("action", "heading"),
    [
        ("review", "A person checks your message before it is delivered"),
        ("redact", "Sent, with words hidden from the reader"),
    ],
)
def test_what_was_sent_is_told_without_an_alarm(action: str, heading: str) -> None:
    html = composer(action=action, items=[], statement_url=STATEMENT, mark="")
    assert heading in html
    assert 'role="alert"' not in html
    assert 'name="confirm"' not in html


def test_item_names_its_own_measure_and_its_file() -> None:
    item = ITEM | {"action": "review", "part_label": "in rechnung.pdf"}
    html = composer(action="block", items=[ITEM, item], statement_url=STATEMENT, mark="")
    shown = html.split('class="screened-item"')[1:]
    assert [" data-text>" in one.partition("\n")[0] for one in shown] == [True, False]
    assert ["Will be checked by a person" in one.partition("</li>")[0] for one in shown] == [False, True]
    assert "in rechnung.pdf" in shown[1]


@pytest.mark.parametrize(
    ("state", "sentence"), [("held", "Being checked before it is delivered."), ("blocked", "Not delivered.")]
)
def test_message_on_its_way_shows_its_state_and_statement(state: str, sentence: str) -> None:
    html = message(state=state, statement_url=STATEMENT)
    assert sentence in html
    assert f'data-state="{state}"' in html
    assert f'href="{STATEMENT}"' in html
    assert "My own words." in message(state=state, state_text="My own words.")


def test_delivered_message_shows_none_of_it() -> None:
    html = message()
    assert 'data-state="delivered"' in html
    for word in ("message-note", "message-report", "message-late", "Statement"):
        assert word not in html


def test_hidden_words_and_late_delivery_are_told() -> None:
    html = message(hidden_text="Some words were hidden.", delivered_late="Delivered on 22 November")
    assert 'data-state="delivered hidden"' in html
    assert "Some words were hidden." in html
    assert "Delivered on 22 November" in html


def test_other_sides_message_can_be_reported() -> None:
    html = message(mine=False, report_url="/messages/1/report/2/")
    assert 'href="/messages/1/report/2/"' in html
    assert "Report this message" in html


def test_withheld_file_is_told_and_not_shown_as_a_picture() -> None:
    file = {"id": "1", "state": "ready", "kind": "png", "name": "a.png", "size_text": "1 KB", "url": "/f/1/"}
    html = message(files=[file | {"small_url": "/f/1/small/", "is_withheld": True}], statement_url=STATEMENT)
    assert "This file was not handed over." in html
    assert f'href="{STATEMENT}"' in html
    assert "/f/1/small/" not in html
    html = message(files=[file | {"small_url": "/f/1/small/", "is_withheld": False}])
    assert "This file was not handed over." not in html
    assert "/f/1/small/" in html
