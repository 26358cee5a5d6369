"""The listener as a real process, spoken to over real SMTP and LMTP, on both databases."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from messagecenter.ids import new_id
from tests.inbound.listening import start
from tests.inbound.post import DOMAIN, SERVER, written
from tests.processes import Engine, Process, Stack, engines
from tests.sink import wait_for

pytestmark = [pytest.mark.services, pytest.mark.no_database]
ANNA = "anna@buyer.example"
# A thread between a buyer and a shop, and the addresses at which both answer it.
MAKE = """
import json
from messagecenter.ids import new_id
from messagecenter.threads.actions import open_thread
from messagecenter.threads.reply_addresses import reply_address
from tests.factories import MailboxFactory, MembershipFactory, OrderFactory, UserFactory
buyer, seller = UserFactory(email="anna@buyer.example"), UserFactory(email="selma@shop.example")
shop, mailbox = MailboxFactory(name="Shop"), MailboxFactory(kind="buyer", name="Anna")
MembershipFactory(user=buyer, mailbox=mailbox)
MembershipFactory(user=seller, mailbox=shop)
order = OrderFactory(shop=shop, buyer=mailbox)
thread = open_thread(
    by=buyer, mailbox=mailbox, order=order, topic="where_is_it", subject="S", body="Where?", client_id=new_id()
).thread
addresses = [
    reply_address(thread_id=thread.pk, person=person, mailbox_id=box.pk)
    for person, box in ((buyer, mailbox), (seller, shop))
]
print(json.dumps(addresses))
"""
READ = """
import json
from messagecenter.attachments.content import read
from messagecenter.threads.models import Message
from messagecenter.threads.words import read_body
print(json.dumps([
    [read_body(one), [[file.attachment.details.name, b"".join(read(file.attachment)).decode()] for file in one.enclosures.all()]]
    for one in Message.objects.order_by("pk")
]))
"""  # noqa: E501


class Site:
    """A site with a listener that also works mails off, and the addresses of a thread's two sides."""

    def __init__(self, stack: Stack, listener: Process, port: int, addresses: list[str]) -> None:
        self.stack, self.listener, self.port, self.addresses = stack, listener, port, addresses

    def bring(self, raw: bytes, to: str, sender: str = ANNA) -> None:
        """Bring a mail over SMTP. Raises what smtplib raises for a mail that is not taken."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            client.sendmail(sender, [to], raw)

    def states(self) -> list[str]:
        """The states of all mails, oldest first."""
        return [state for (state,) in self.stack.sql("select state from inbound_rawmail order by id")]

    def messages(self) -> list[list[object]]:
        """Each message's text and files."""
        found: list[list[object]] = json.loads(self.stack.python(READ))
        return found


@pytest.fixture(params=engines())
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A site behind a server that tells who sent a mail."""
    engine: Engine = request.param
    more = {"INBOUND_DOMAIN": DOMAIN, "INBOUND_AUTHSERV_ID": SERVER, "LOG_LEVEL": "INFO"}
    with Stack(engine, tmp_path, start=(), redis=False, environment=more) as stack:
        addresses: list[str] = json.loads(stack.python(MAKE).splitlines()[-1])
        yield Site(stack, *start(stack, "--work"), addresses)


def test_mail_comes_in_by_smtp(site: Site) -> None:
    address = site.addresses[0]
    raw = written(ANNA, address, "Holunderbeere", files=[("Mirabelle.txt", b"Pflaumenmus", "text/plain")])

    # Delivered five times at once, as a server does that does not wait for its answers: one message.
    with ThreadPoolExecutor(5) as crowd:
        list(crowd.map(lambda _: site.bring(raw, address), range(5)))
    wait_for(lambda: site.states() == ["posted"], f"the mail is {site.states()}", 60)
    assert site.stack.sql("select copies from inbound_rawmail") == [(5,)]
    assert site.messages()[1:] == [["Holunderbeere", [["Mirabelle.txt", "Pflaumenmus"]]]]

    # Forged, for another domain, and at an address nobody has.
    site.bring(written(ANNA, address, "Forged", verified="dmarc=fail"), address)
    nobody = f"reply+{'a' * 26}@{DOMAIN}"
    site.bring(written(ANNA, nobody, "Nobody"), nobody)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        site.bring(raw, "anna@elsewhere.example")
    assert refused.value.recipients["anna@elsewhere.example"][0] == 550
    wait_for(lambda: site.states() == ["posted", "refused", "ignored"], f"the mails are {site.states()}", 60)
    assert len(site.messages()) == 2

    # Nothing of it is in the log, not even an address; and the listener ends when it is told to.
    assert site.listener.stop() < 8
    token = address.removeprefix("reply+").partition("@")[0]
    said = site.listener.output()
    assert [word for word in ("Holunderbeere", "Mirabelle", "Pflaumenmus", "Forged", ANNA, token) if word in said] == []
    assert site.stack.sink.mails == []


def test_lmtp_answers_for_each_recipient_and_what_is_too_large_is_refused(site: Site) -> None:
    site.listener.stop()
    listener, port = start(site.stack, "--work", "--lmtp", "--size", "200000")
    with smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo("here")
        client.mail(ANNA)
        for address in site.addresses:
            assert client.rcpt(address)[0] == 250
        client.putcmd("data")
        assert client.getreply()[0] == 354
        client.send(written(ANNA, site.addresses[0], "To both sides").replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        assert [client.getreply()[0] for _ in site.addresses] == [250, 250]
        with pytest.raises(smtplib.SMTPException):
            client.sendmail(ANNA, [site.addresses[0]], written(ANNA, site.addresses[0], "x" * 70 + "\n" * 300_000))
    # Anna wrote to the address that is hers, and to the shop's, which is not.
    wait_for(lambda: sorted(site.states()) == ["posted", "refused"], f"the mails are {site.states()}", 60)
    assert listener.runs


def test_without_a_database_a_mail_is_not_taken_and_comes_again(site: Site) -> None:
    address, raw = site.addresses[0], written(ANNA, site.addresses[0], "Patience")
    site.listener.stop()
    _listener, port = start(site.stack)  # it only takes in
    site.port = port
    site.stack.sql("alter table inbound_rawmail rename to away")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        site.bring(raw, address)
    assert refused.value.smtp_code == 451
    site.stack.sql("alter table away rename to inbound_rawmail")
    site.bring(raw, address)
    assert site.states() == ["received"]
    site.listener, site.port = start(site.stack, "--work")
    wait_for(lambda: site.states() == ["posted"], f"the mail is {site.states()}", 60)


def test_what_a_killed_listener_had_taken_is_worked_off_by_the_next(site: Site) -> None:
    site.listener.stop()
    listener, site.port = start(site.stack)
    for number in range(5):
        site.bring(written(ANNA, site.addresses[0], f"Number {number}"), site.addresses[0])
    listener.kill()
    start(site.stack, "--work")
    wait_for(lambda: site.states() == ["posted"] * 5, f"the mails are {site.states()}", 60)
    assert sorted(str(words) for words, _files in site.messages()[1:]) == [f"Number {number}" for number in range(5)]


def test_many_workers_post_each_mail_once(site: Site) -> None:
    site.listener.stop()
    _listener, site.port = start(site.stack)
    for number in range(12):
        site.bring(written(ANNA, site.addresses[0], f"Number {number} {new_id()}"), site.addresses[0])
    site.stack.python(
        "from tests.processes import in_threads\n"
        "from messagecenter.inbound.tasks import work_off_due\n"
        "assert sum(in_threads(6, lambda number: work_off_due())) == 12"
    )
    assert site.states() == ["posted"] * 12
    assert len(site.messages()) == 13
