"""What is kept of mails, how poison is put aside, and how staff get to it: by a reason, and never by accident."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.inbound.actions import disclose, drop, take_in, try_again
from messagecenter.inbound.claims import claim
from messagecenter.inbound.forgetting import forget_old_mail
from messagecenter.inbound.models import MAIL, MailDisclosure, RawMail
from messagecenter.inbound.tasks import TookTooLong, at_most, work_off_due
from messagecenter.threads.models import Thread
from messagecenter.vault.models import DataKey
from tests.inbound.post import brought, pass_time, written

ANNA = "anna@buyer.example"
State = RawMail.State


@pytest.fixture
def poison(annas_address: str) -> RawMail:
    """A mail that nobody can work off: its bytes are not those that were stored."""
    row = take_in(written(ANNA, annas_address, "Poison"), envelope_from=ANNA, envelope_to=annas_address)
    sealed = bytes(row.raw_ciphertext)
    RawMail.objects.filter(pk=row.pk).update(raw_ciphertext=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    return row


def wait_out_the_pauses() -> None:
    """Work off what waits, until nothing changes any more."""
    for _ in range(5):
        work_off_due()
        pass_time(timedelta(minutes=6))


def test_poison_is_put_aside_after_three_tries_while_the_others_flow(
    poison: RawMail, annas_address: str, thread: Thread
) -> None:
    count = thread.messages.count()
    for number in range(3):
        brought(written(ANNA, annas_address, f"Fine {number}"), annas_address)
        pass_time(timedelta(minutes=6))
    wait_out_the_pauses()

    poison.refresh_from_db()
    assert (poison.state, poison.reason, poison.tries) == (State.QUARANTINED, "Broken", 3)
    assert thread.messages.count() == count + 3


def test_a_mail_that_kills_its_worker_each_time_is_put_aside(annas_address: str) -> None:
    row = take_in(written(ANNA, annas_address, "Killer"), envelope_from=ANNA, envelope_to=annas_address)
    for _ in range(3):
        taken = claim()  # a worker takes it, and is never heard of again
        assert taken is not None
        assert claim() is None  # while it may still be at it, nobody else does
        pass_time(timedelta(seconds=76))
    work_off_due()
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.QUARANTINED, "no_end")


def test_a_mail_has_only_so_much_time() -> None:
    began = time.monotonic()
    with pytest.raises(TookTooLong), at_most(0.2):
        time.sleep(5)
    assert time.monotonic() - began < 2
    with at_most(0.2):
        pass
    time.sleep(0.3)  # nothing rings afterwards


def test_staff_try_again_and_drop(poison: RawMail, admin: User, supporter: User) -> None:
    wait_out_the_pauses()
    with pytest.raises(PermissionDenied):
        try_again(by=supporter, mails=[poison.pk])
    assert try_again(by=admin, mails=[poison.pk]) == 1
    poison.refresh_from_db()
    assert (poison.state, poison.tries) == (State.RECEIVED, 0)
    wait_out_the_pauses()
    assert drop(by=admin, mails=[poison.pk]) == 1
    poison.refresh_from_db()
    assert (poison.state, poison.reason, bytes(poison.raw_ciphertext)) == (State.IGNORED, "dropped", b"")
    assert not DataKey.objects.filter(purpose=MAIL, owner_id=poison.pk).exists()
    assert try_again(by=admin, mails=[poison.pk]) == 0


def test_the_buttons_of_the_list_do_so(poison: RawMail, admin: User, signed_in: Callable[[User], Client]) -> None:
    wait_out_the_pauses()
    url = reverse("admin:inbound_rawmail_changelist")
    browser = signed_in(admin)
    assert b"Poison" not in browser.get(url).content
    chosen = {"_selected_action": [str(poison.pk)]}
    page = browser.post(url, {"action": "try_again_chosen", **chosen}, follow=True)
    assert b"1 mail is tried again." in page.content
    wait_out_the_pauses()
    page = browser.post(url, {"action": "drop_chosen", **chosen}, follow=True)
    assert b"1 mail was dropped." in page.content


def test_a_mail_is_opened_for_a_reason_and_that_is_written_down(
    annas_address: str, admin: User, supporter: User, signed_in: Callable[[User], Client]
) -> None:
    raw = written(ANNA, annas_address, "Quittenbrot")
    row = brought(raw, annas_address)
    browser, opening = signed_in(admin), reverse("admin:inbound_rawmail_open", args=[row.pk])
    assert b"Quittenbrot" not in browser.get(reverse("admin:inbound_rawmail_change", args=[row.pk])).content
    assert browser.post(opening, {"reason": "short"}).status_code == 200
    assert not MailDisclosure.objects.exists()

    browser.post(opening, {"reason": "Case 4711: what did the buyer send?"})
    stated = MailDisclosure.objects.get()
    download = reverse("admin:inbound_rawmail_download", args=[row.pk, stated.pk])
    answer = browser.get(download)
    assert answer.content == raw
    assert answer["Content-Disposition"].startswith("attachment")
    assert signed_in(supporter).get(opening).status_code == 403
    assert signed_in(supporter).get(download).status_code == 403
    MailDisclosure.objects.update(read_at=timezone.now() - timedelta(minutes=11))
    assert browser.get(download).status_code == 302
    with pytest.raises(ValueError, match="needs a reason"):
        disclose(by=admin, mail=row, reason=" ")


def test_mails_are_forgotten_after_thirty_days_with_their_keys(annas_address: str, admin: User, thread: Thread) -> None:
    old = brought(written(ANNA, annas_address, "Old"), annas_address)
    disclose(by=admin, mail=old, reason="For the test of forgetting")
    pass_time(timedelta(days=31))
    young = brought(written(ANNA, annas_address, "Young"), annas_address)
    count = thread.messages.count()
    assert forget_old_mail() == 1
    assert list(RawMail.objects.values_list("pk", flat=True)) == [young.pk]
    assert list(DataKey.objects.filter(purpose=MAIL).values_list("owner_id", flat=True)) == [young.pk]
    assert MailDisclosure.objects.get().mail_id == old.pk
    assert thread.messages.count() == count


def test_a_mail_that_comes_again_after_it_was_forgotten_is_still_one_message(
    annas_address: str, thread: Thread
) -> None:
    raw = written(ANNA, annas_address, "Once for all")
    brought(raw, annas_address)
    count = thread.messages.count()
    RawMail.objects.all().delete()
    assert brought(raw, annas_address).state == State.POSTED
    assert thread.messages.count() == count
