"""A chat is taken, and taken over, by one of support however many want it, and asked for once, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes import Engine, Stack, engines

pytestmark = pytest.mark.services

AT_ONCE = """
import threading
from support import actions
from support.models import Chat, Step
from support.refused import ChatTaken
from tests.processes import in_threads
from tests.support.cases import make_seller, make_staff, open_one
from tests.support.chatting import make_chatting_queue, sit_down

queue = make_chatting_queue()
people = [make_staff(queue) for _one in range(8)]
for person in people:
    sit_down(person)
seller = make_seller()
case = open_one(seller)
all_there = threading.Barrier(8)

def ask(_number):
    all_there.wait(60)
    return actions.ask_for_chat(by=seller.user, case=case).pk

assert len(set(in_threads(8, ask))) == 1 == Chat.objects.count()

def take(number):
    all_there.wait(60)
    try:
        actions.take_chat(by=people[number], case=case)
    except ChatTaken:
        return "late"
    return "in"

assert sorted(in_threads(8, take)) == ["in"] + ["late"] * 7
chat = Chat.objects.get()
case.refresh_from_db()
assert chat.state == "live" and case.assignee_id == chat.taken_by_id

leads = [make_staff(queue, "owner") for _one in range(8)]
former = chat.taken_by_id

def take_over(number):
    all_there.wait(60)
    try:
        actions.take_chat(by=leads[number], case=case, over=former)
    except ChatTaken:
        return "late"
    return "in"

assert sorted(in_threads(8, take_over)) == ["in"] + ["late"] * 7
chat.refresh_from_db()
case.refresh_from_db()
assert chat.state == "live" and case.assignee_id == chat.taken_by_id != former

def end(number):
    all_there.wait(60)
    return actions.end_chat(by=seller.user if number % 2 else chat.taken_by, case=case) is not None

assert sorted(in_threads(8, end)) == [False] * 7 + [True]
steps = list(Step.objects.filter(case=case, kind="chat").order_by("pk").values_list("after", flat=True))
assert steps[:3] == ["asked", "taken", "taken_over"] and len(steps) == 4, steps
print("one of eight")
"""


@pytest.mark.parametrize("engine", engines())
def test_of_eight_who_take_the_same_chat_one_is_in_it(engine: Engine, tmp_path: Path) -> None:
    with Stack(engine, tmp_path, start=(), redis=False, environment={"LOG_LEVEL": "ERROR"}) as stack:
        assert stack.python(AT_ONCE) == "one of eight"
