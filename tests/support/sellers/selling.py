"""What tests of the sellers' pages do again and again: fetch a page, press a button, fill the form of a case in."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.test import Client

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from support import actions
from support.lifecycle import Status
from support.models import Case
from support.severities import Severity
from tests.support.cases import fresh

NEW = "/support/new/"


def page_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return unescape(answer.content.decode())


def told(client: Client, url: str, **data: Any) -> str:
    """Post, follow, and return the page that comes."""
    answer = client.post(url, data, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def answered(case: Case, staff: User, there: Status = Status.ANSWERED, body: str = "It was paid today.") -> Case:
    actions.answer_case(by=staff, case=case, body=body, client_id=new_id(), there=there)
    return fresh(case)


def url_of(case: Case, verb: str = "") -> str:
    return f"/support/{case.number}/{verb}"


def numbers_in(page: str) -> list[str]:
    """Return the numbers of the rows, in order."""
    return [part.partition("<")[0] for part in page.split('class="case-number">')[1:]]


def written(**values: Any) -> dict[str, Any]:
    """Return what a seller fills in."""
    plain = {
        "subject": "The payout is missing",
        "body": "It should have come on the fifth.",
        "client_id": str(new_id()),
        "case_severity": str(int(Severity.NORMAL)),
    }
    return plain | values


def send(client: Client, topic: str = "payments_payout", query: str = "", **values: Any) -> Any:
    return client.post(f"{NEW}?topic={topic}{query}", written(**values))


def refused(client: Client, *args: Any, **values: Any) -> str:
    """Send what cannot be taken, and return the page that says so; no case is opened by it."""
    before = Case.objects.count()
    answer = send(client, *args, **values)
    assert answer.status_code == 422, answer.status_code
    assert Case.objects.count() == before
    return unescape(answer.content.decode())
