"""The address a thread is answered at by mail: one a person and thread, unguessable, good for ninety days."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, User
from messagecenter.threads.models import ReplyAddress, Thread
from messagecenter.threads.reply_addresses import find, forget_old_addresses, reply_address, token_of
from messagecenter.vault.actions import destroy_keys

DOMAIN = "in.marketplace.example"


@pytest.fixture(autouse=True)
def _mail_is_taken_in(settings: Settings) -> None:
    settings.INBOUND_DOMAIN = DOMAIN


def test_each_person_has_one_address_a_thread(
    thread: Thread, buyer: User, seller: User, buyer_mailbox: Mailbox, shop: Mailbox
) -> None:
    annas = reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk)
    assert re.fullmatch(rf"reply\+[a-z2-7]{{26}}@{re.escape(DOMAIN)}", annas)
    assert reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk) == annas
    selmas = reply_address(thread_id=thread.pk, person=seller, mailbox_id=shop.pk)
    assert selmas != annas
    found = find(token_of(annas.upper()))
    assert found is not None
    assert (found.thread, found.person, found.mailbox) == (thread, buyer, buyer_mailbox)


def test_the_token_is_not_in_the_table(thread: Thread, buyer: User, buyer_mailbox: Mailbox) -> None:
    token = token_of(reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk))
    row = ReplyAddress.objects.get()
    assert token.encode() not in bytes(row.token_hash) + bytes(row.token_ciphertext)


def test_a_later_mail_moves_the_end_on(thread: Thread, buyer: User, buyer_mailbox: Mailbox) -> None:
    address = reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk)
    ReplyAddress.objects.update(expires_at=F("expires_at") - timedelta(days=91))
    row = find(token_of(address))
    assert row is not None
    assert row.is_expired
    assert reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk) == address
    row.refresh_from_db()
    assert timedelta(days=89) < row.expires_at - timezone.now() <= timedelta(days=90)


def test_without_a_domain_or_a_key_there_is_none(
    thread: Thread, buyer: User, buyer_mailbox: Mailbox, settings: Settings
) -> None:
    reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk)
    settings.INBOUND_DOMAIN = ""
    assert reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk) == ""
    assert token_of(f"reply+{'a' * 26}@") == ""
    settings.INBOUND_DOMAIN = DOMAIN
    destroy_keys(owner_id=thread.pk, by="test")
    assert reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk) == ""


@pytest.mark.parametrize(
    "address", ["", "x", f"reply+abc@{DOMAIN}", f"reply+{'1' * 26}@{DOMAIN}", f"reply+{'a' * 26}@evil.example"]
)
def test_what_is_no_address_of_ours_has_no_token(address: str) -> None:
    assert token_of(address) == ""
    assert find(token_of(address)) is None


def test_addresses_are_forgotten_a_year_after_their_end(thread: Thread, buyer: User, buyer_mailbox: Mailbox) -> None:
    reply_address(thread_id=thread.pk, person=buyer, mailbox_id=buyer_mailbox.pk)
    assert forget_old_addresses() == 0
    ReplyAddress.objects.update(expires_at=timezone.now() - timedelta(days=366))
    assert forget_old_addresses() == 1
