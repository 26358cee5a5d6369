"""Prepared querysets give what the same queryset gives, for other ids, moments and shapes; updates reach only rows."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, MembershipQuerySet, Role, User
from messagecenter.accounts.models import MailboxQuerySet as Mailboxes
from messagecenter.ids import new_id
from messagecenter.prepared import prepared, update_rows

pytestmark = pytest.mark.django_db


@prepared
def members(mailbox_id: UUID, *, role: str) -> MembershipQuerySet:
    """Return the members of a mailbox with a role, with the person of each."""
    return Membership.objects.filter(mailbox=mailbox_id, role=role).select_related("user").order_by("pk")


@pytest.fixture
def people() -> dict[str, User]:
    """Two shops, each with an owner and an agent."""
    found = {}
    for shop in ("Harz", "Elbe"):
        mailbox = Mailbox.objects.create(kind=Mailbox.Kind.SHOP, name=shop)
        for role in (Role.OWNER, Role.AGENT):
            person = User.objects.create(email=f"{role}@{shop.lower()}.example")
            Membership.objects.create(user=person, mailbox=mailbox, role=role)
            found[f"{shop} {role}"] = person
    return found


def test_each_call_gets_the_rows_of_its_own_ids_and_shape(people: dict[str, User]) -> None:
    for _again in range(2):
        for shop in Mailbox.objects.all():
            for role in (Role.OWNER, Role.AGENT):
                with CaptureQueriesContext(connection) as asked:
                    found = [one.user for one in members(shop.pk, role=str(role))]
                assert found == [people[f"{shop.name} {role}"]]
                assert len(asked) == 1
    assert members(new_id(), role="owner") == []


def test_moments_may_be_values_too(people: dict[str, User]) -> None:
    shop = Mailbox.objects.get(name="Harz")
    now = timezone.now()
    Membership.objects.filter(user=people["Harz agent"]).update(created_at=now - timedelta(days=2))

    @prepared
    def older(mailbox_id: UUID, before: object) -> MembershipQuerySet:
        return Membership.objects.filter(mailbox=mailbox_id, created_at__lt=before)

    assert [one.user_id for one in older(shop.pk, now - timedelta(days=1))] == [people["Harz agent"].pk]
    assert older(shop.pk, now - timedelta(days=3)) == []


def test_values_that_do_not_reach_the_sql_are_refused() -> None:
    @prepared
    def forgetful(mailbox_id: UUID) -> Mailboxes:
        return Mailbox.objects.all()

    with pytest.raises(ValueError, match="not parameters"):
        forgetful(new_id())


def test_update_writes_each_row_its_own_values_and_no_other_row(people: dict[str, User]) -> None:
    harz, elbe = Mailbox.objects.get(name="Harz"), Mailbox.objects.get(name="Elbe")
    other = Mailbox.objects.create(kind=Mailbox.Kind.SHOP, name="Isar")
    harz.name, harz.sends_receipts = "Harz & Söhne", False
    elbe.name, elbe.sends_receipts = "Elbe'); --", True
    other.name = "never saved"
    with CaptureQueriesContext(connection) as asked:
        update_rows([harz, elbe], ["name", "sends_receipts"])
    assert len(asked) == 1
    assert [
        (one.name, one.sends_receipts) for one in Mailbox.objects.filter(pk__in=[harz.pk, elbe.pk]).order_by("pk")
    ] == [
        ("Harz & Söhne", False),
        ("Elbe'); --", True),
    ]
    assert Mailbox.objects.get(pk=other.pk).name == "Isar"
