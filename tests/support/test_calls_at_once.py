"""An appointment belongs to one seller however many ask for it at the same moment, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes import Engine, Stack, engines

pytestmark = pytest.mark.services

BOOK_AT_ONCE = """
import threading
from django.utils import timezone
from support import actions, slots
from support.models import Call
from support.refused import SlotTaken
from tests.processes import in_threads
from tests.support.cases import make_queue, make_seller, open_one

queue = make_queue(calls_at_once=2)  # open around the clock, two telephones
sellers = [make_seller() for _one in range(12)]
cases = [open_one(seller) for seller in sellers]
now = timezone.now()
at = slots.next_free(queue, now, now)
all_there = threading.Barrier(12)

def book(number):
    all_there.wait(60)
    try:
        actions.book_call(by=sellers[number].user, case=cases[number], starts_at=at,
                          number="+49 176 55501234", language="de")
    except SlotTaken as taken:
        assert taken.next_at > at, taken.next_at
        return "next"
    return "booked"

results = in_threads(12, book)
assert sorted(results) == ["booked"] * 2 + ["next"] * 10, results
lines = sorted(Call.objects.booked().filter(queue=queue, starts_at=at).values_list("line", flat=True))
assert lines == [0, 1], lines
print("two of twelve")
"""


@pytest.mark.parametrize("engine", engines())
def test_of_twelve_who_book_the_same_moment_two_telephones_serve_two(engine: Engine, tmp_path: Path) -> None:
    with Stack(engine, tmp_path, start=(), redis=False, environment={"LOG_LEVEL": "ERROR"}) as stack:
        assert stack.python(BOOK_AT_ONCE) == "two of twelve"
