"""A mail that tells several things bears one name: it is repeated whole or not at all, whoever tries it next."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Now

from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.notices import dispatch
from messagecenter.notices.actions import owe
from messagecenter.notices.claims import claim, hold_with, put_back_expired
from messagecenter.notices.dispatch import Delivered, deliver_due
from messagecenter.notices.models import Notice
from tests.sink import Sink

pytestmark = pytest.mark.django_db
DUE, SENDING = Notice.State.DUE, Notice.State.SENDING


def owed(person: User, count: int, **fields: Any) -> list[Notice]:
    group, subjects = new_id(), [new_id() for _ in range(count)]
    for subject in subjects:
        owe(kind="test", subject_id=subject, recipients=[person], group_id=group)
    if fields:
        Notice.objects.filter(subject_id__in=subjects).update(**fields)
    return list(Notice.objects.filter(subject_id__in=subjects).order_by("pk"))


@pytest.mark.parametrize("state", [DUE, SENDING])
def test_what_goes_along_is_not_begun_by_another_worker(reader: User, state: str) -> None:
    first, *others = owed(reader, 3, group_id=None)
    Notice.objects.update(letter_id=first.pk, attempts=1, next_at=Now())
    if state == SENDING:
        [mine] = claim(1)
        assert mine.pk == first.pk
        assert claim(5) == []
        assert {one.pk for one in hold_with(mine, Notice.objects.all())} == {one.pk for one in others}
    else:
        assert [one.pk for one in claim(5)] == [first.pk]


def test_once_the_first_is_settled_the_others_are_free(reader: User) -> None:
    first, second = owed(reader, 2, group_id=None)
    Notice.objects.update(letter_id=first.pk, attempts=1, next_at=Now())
    Notice.objects.filter(pk=first.pk).update(state=Notice.State.SKIPPED)
    assert [one.pk for one in claim(5)] == [second.pk]


def test_nothing_joins_a_mail_that_is_another_workers_by_now(reader: User) -> None:
    owed(reader, 2)
    [mine] = claim(1)
    Notice.objects.filter(pk=mine.pk).update(attempts=mine.attempts + 1)
    assert hold_with(mine, Notice.objects.all()) == []
    assert Notice.objects.filter(state=SENDING).count() == 1


def test_what_is_held_without_an_end_comes_back(reader: User) -> None:
    owed(reader, 1, state=SENDING, lease_until=None)
    assert put_back_expired() == 1
    assert Notice.objects.get().state == DUE


def test_what_ends_every_worker_is_given_up_in_the_end(sink: Sink, reader: User) -> None:
    owed(reader, 1, attempts=dispatch.MOST_ATTEMPTS)
    assert deliver_due() == Delivered(failed=1)
    assert sink.mails == []
    assert Notice.objects.get().state == Notice.State.FAILED
