"""Cases that are opened at the same moment go round among those present, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes import Engine, Stack, engines

pytestmark = pytest.mark.services

AT_ONCE = """
import threading
from collections import Counter
from support.models import Case
from tests.processes import in_threads
from tests.support.cases import make_queue, make_seller, make_staff, open_one
from tests.support.chatting import sit_down

for handing in ("round_robin", "least_loaded"):
    Case.objects.update(queue=make_queue("Old " + handing, is_active=False))
    queue = make_queue(handing, handing=handing)
    for _one in range(4):
        sit_down(make_staff(queue))
    sellers = [make_seller() for _one in range(8)]
    all_there = threading.Barrier(8)

    def open_case(number):
        all_there.wait(60)
        return open_one(sellers[number], language="en").assignee_id

    given = Counter(in_threads(8, open_case))
    assert sorted(given.values()) == [2, 2, 2, 2], (handing, given)
    queue.is_active = False
    queue.save()
print("two each")
"""


@pytest.mark.parametrize("engine", engines())
def test_of_eight_cases_at_once_each_of_four_has_two(engine: Engine, tmp_path: Path) -> None:
    with Stack(engine, tmp_path, start=(), redis=False, environment={"LOG_LEVEL": "ERROR"}) as stack:
        assert stack.python(AT_ONCE) == "two each"
