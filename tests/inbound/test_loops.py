"""A simulated week with programs that answer everything: none of them gets more than one automatic answer of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core import mail as sent
from pytest_django import Settings

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.inbound.models import RawMail
from messagecenter.notices.dispatch import deliver_due
from messagecenter.notices.models import Notice
from messagecenter.threads.actions import open_thread
from messagecenter.threads.models import Thread
from messagecenter.threads.reply_addresses import reply_address
from tests.factories import MailboxFactory, MembershipFactory, OrderFactory, UserFactory
from tests.inbound.post import DOMAIN, brought, pass_time, written
from tests.inbound.test_reports import bounce

AWAY = "Ich bin bis Montag im Urlaub und nicht erreichbar."
# Two that say what they are, one that only sounds like it, and one that gives no sign at all.
PROGRAMS: list[tuple[str, dict[str, str]]] = [
    ("auto@one.example", {"Auto_Submitted": "auto-replied"}),
    ("auto@two.example", {"Precedence": "auto_reply", "X_Autoreply": "yes"}),
    ("auto@three.example", {"subject": "Automatische Antwort: Abwesenheit"}),
    ("auto@four.example", {"subject": "Re: your message"}),
]
BOUNCING = ["gone@five.example", "gone@six.example"]


def test_a_week_with_four_programs_and_two_dead_addresses(door: None, shop: Mailbox, settings: Settings) -> None:
    threads: dict[str, tuple[User, Mailbox, Thread]] = {}
    for email in [*(one for one, _ in PROGRAMS), *BOUNCING]:
        person = UserFactory(email=email)
        mailbox = MailboxFactory(kind=Mailbox.Kind.BUYER, name="Buyer")
        MembershipFactory(user=person, mailbox=mailbox)
        order = OrderFactory(shop=shop, buyer=mailbox)
        opened = open_thread(
            by=person, mailbox=mailbox, order=order, topic="where_is_it", subject="S", body="Where?", client_id=new_id()
        )
        # Closed: whatever comes here by mail cannot be posted, which is what we answer to.
        Thread.objects.filter(pk=opened.thread.pk).update(state=Thread.State.CLOSED)
        threads[email] = (person, mailbox, opened.thread)
    returned: list[RawMail] = []

    for _hour in range(7 * 24 // 6):  # a mail of ours every six hours, and whatever answers answers it
        for email, headers in PROGRAMS:
            person, mailbox, thread = threads[email]
            address = reply_address(thread_id=thread.pk, person=person, mailbox_id=mailbox.pk)
            returned.append(brought(written(email, address, AWAY, **headers), address, envelope_from=email))
        for email in BOUNCING:
            person = threads[email][0]
            told = {"recipient": person, "target_id": person.pk, "state": "sent", "attempts": 1}
            notice = Notice.objects.create(kind="mail_refused", subject_id=new_id(), **told)
            raw = bounce(f"<notice-{notice.pk}@{settings.SITE_HOST}>", to=email)
            returned.append(brought(raw, f"bounces@{DOMAIN}", envelope_from=""))
        deliver_due()
        for letter in list(sent.outbox):  # what answers our answers gets no further than an address nobody reads
            reply_to = letter.message()["Reply-To"]
            assert reply_to is None or "not sent" not in letter.subject
        pass_time(timedelta(hours=6))

    answered: Callable[[str], int] = lambda email: sum(  # noqa: E731
        one.to == [email] and "not sent" in one.subject for one in sent.outbox
    )
    counts = {email: answered(email) for email in threads}
    assert counts == {one: 0 for one, _ in PROGRAMS[:3]} | {"auto@four.example": 1} | dict.fromkeys(BOUNCING, 0)
    assert {row.state for row in returned} <= {RawMail.State.IGNORED, RawMail.State.ANSWERED, RawMail.State.REFUSED}


def test_a_program_that_gives_no_sign_is_stopped_at_its_third_copy(annas_address: str, thread: Thread) -> None:
    count = thread.messages.count()
    rows = [brought(written("anna@buyer.example", annas_address, AWAY), annas_address) for _ in range(6)]
    assert [row.reason for row in rows] == ["", "", *["same_words"] * 4]
    assert thread.messages.count() == count + 2
