"""Who of a team is at a thread: colleagues see it for a minute, the other side never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.live.models import Event
from messagecenter.threads.actions import attend
from messagecenter.threads.models import Presence, Thread
from messagecenter.threads.periodic import sweep_presence

SignIn = Callable[[User], Client]


def url_of(thread: Thread) -> str:
    return reverse("threads:here", args=[thread.pk])


def says(client: Client, thread: Thread, doing: str) -> dict[str, str]:
    return client.post(url_of(thread), {"doing": doing}).json()  # type: ignore[no-any-return]


def test_colleagues_see_who_looks_and_who_writes(
    signed_in: SignIn, thread: Thread, seller: User, agent: User, viewer: User
) -> None:
    owner, arno, vera = (signed_in(one) for one in (seller, agent, viewer))
    assert says(owner, thread, "viewing") == {"viewing": "", "writing": ""}
    assert says(arno, thread, "writing") == {"viewing": "Selma Lampe is here, too.", "writing": ""}
    seen = {"viewing": "", "writing": "Arno Helfer is writing an answer."}
    assert owner.get(url_of(thread)).json() == seen
    assert says(vera, thread, "viewing") == seen | {"viewing": "Selma Lampe is here, too."}
    assert says(arno, thread, "viewing")["viewing"] == "Selma Lampe and Vera Leserin are here, too."


def test_event_goes_to_the_own_mailbox_and_only_when_something_changed(
    signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User, agent: User
) -> None:
    client = signed_in(agent)
    for doing in ("viewing", "viewing", "writing", "writing", "viewing"):
        says(client, thread, doing)
    client.get(url_of(thread))
    client.post(url_of(thread), {"doing": "left"})
    client.post(url_of(thread), {"doing": "left"})
    events = Event.objects.filter(kind="presence").values_list("mailbox_id", "thread_id", "message_id")
    assert list(events) == [(shop.pk, thread.pk, None)] * 4
    assert Presence.objects.count() == 0


def test_other_side_learns_nothing(
    signed_in: SignIn, thread: Thread, buyer: User, buyer_mailbox: Mailbox, seller: User, agent: User
) -> None:
    """Neither by asking, nor on a page, nor by an event; and its own presence is not noted."""
    says(signed_in(agent), thread, "writing")
    client = signed_in(buyer)
    assert [client.post(url_of(thread), {"doing": "viewing"}).status_code, client.get(url_of(thread)).status_code] == [
        204,
        204,
    ]
    text = client.get(reverse("threads:detail", args=[thread.pk])).content.decode()
    assert [word for word in ("Arno", "data-here", "here-writing") if word in text] == []
    assert "data-here" in signed_in(seller).get(reverse("threads:detail", args=[thread.pk])).content.decode()
    assert Event.objects.filter(kind="presence", mailbox_id=buyer_mailbox.pk).count() == 0
    assert b"presence" not in client.get("/live/changes/?after=0").content
    assert [one.user_id for one in Presence.objects.all()] == [agent.pk]


def test_strangers_are_refused(
    signed_in: SignIn, thread: Thread, agent: User, shop: Mailbox, other_seller: User
) -> None:
    says(signed_in(agent), thread, "writing") if shop.memberships.count() > 1 else None
    assert signed_in(other_seller).post(url_of(thread), {"doing": "viewing"}).status_code == 404
    assert Client().post(url_of(thread), {"doing": "viewing"}).status_code == 401
    with pytest.raises(PermissionDenied):
        attend(by=other_seller, mailbox=shop, thread=thread, doing="viewing")


def test_mailbox_of_one_person_notes_nothing(signed_in: SignIn, thread: Thread, seller: User) -> None:
    assert signed_in(seller).post(url_of(thread), {"doing": "writing"}).status_code == 204
    assert Presence.objects.count() == 0


def test_nonsense_is_refused(signed_in: SignIn, thread: Thread, seller: User, agent: User) -> None:
    assert signed_in(seller).post(url_of(thread), {"doing": "sleeping"}).status_code == 400
    assert Presence.objects.count() == 0


def test_who_was_not_heard_of_for_a_minute_is_gone(
    signed_in: SignIn, thread: Thread, seller: User, agent: User, viewer: User
) -> None:
    says(signed_in(agent), thread, "writing")
    says(signed_in(viewer), thread, "viewing")
    Presence.objects.filter(user=agent).update(seen_at=timezone.now() - timedelta(seconds=61))
    assert says(signed_in(seller), thread, "viewing") == {"viewing": "Vera Leserin is here, too.", "writing": ""}
    assert sweep_presence() == 1
    assert set(Presence.objects.values_list("user", flat=True)) == {seller.pk, viewer.pk}


def test_many_are_told_in_one_short_sentence(signed_in: SignIn, thread: Thread, shop: Mailbox, seller: User) -> None:
    from tests.factories import MembershipFactory, UserFactory

    for number in range(5):
        user = UserFactory(name=f"Member {number}")
        MembershipFactory(user=user, mailbox=shop)
        says(signed_in(user), thread, "writing")
    told = says(signed_in(seller), thread, "viewing")["writing"]
    assert told == "Member 0, Member 1 and 3 more are writing an answer."


def test_saying_the_same_again_writes_nothing_for_ten_seconds(
    signed_in: SignIn, thread: Thread, seller: User, agent: User
) -> None:
    client = signed_in(seller)
    says(client, thread, "viewing")
    with CaptureQueriesContext(connection) as captured:
        says(client, thread, "viewing")
    changing = ("INSERT", "UPDATE", "DELETE")
    assert [query["sql"] for query in captured if query["sql"].startswith(changing)] == []
    assert len([query for query in captured if query["sql"].startswith("SELECT")]) <= 6
