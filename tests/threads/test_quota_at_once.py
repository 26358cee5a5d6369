"""A shop's quota is exact however many of its people write first at the same moment, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes import Engine, Stack, engines

pytestmark = pytest.mark.services

# Somebody else holds the shop's counters until all twelve have been told that there is room, and have written.
OPEN_TWELVE_AT_ONCE = """
import threading, time
from django.db import connection, transaction
from messagecenter.accounts.models import Mailbox, Membership, Role
from messagecenter.attachments import actions as attachments
from messagecenter.ids import new_id
from messagecenter.policy.models import PolicyVersion
from messagecenter.policy.versions import SHIPPED_CONTENT
from messagecenter.threads.actions import open_thread
from messagecenter.threads.models import Tally
from messagecenter.threads.refused import QuotaReached
from tests.factories import MailboxFactory, MembershipFactory, OrderFactory, UserFactory
from tests.processes import in_threads

proactive = SHIPPED_CONTENT["proactive"] | {"per_day_floor": 5, "per_day_factor": 0}
PolicyVersion.objects.create(number=1, content=SHIPPED_CONTENT | {"proactive": proactive})
shop, seller = MailboxFactory(), UserFactory()
MembershipFactory(mailbox=shop, user=seller)
orders = [OrderFactory(shop=shop, buyer=MailboxFactory(kind=Mailbox.Kind.BUYER), number=f"{n}") for n in range(13)]

def write(number, ids=()):
    try:
        open_thread(by=seller, mailbox=shop, order=orders[number], topic="invoice", subject="s", body="Your invoice",
                    client_id=new_id(), attachment_ids=ids)
    except QuotaReached:
        return "refused"
    return "opened"

def with_a_file(number):
    row = attachments.upload(by=seller, mailbox=shop, name="invoice.txt", plain=b"Invoice")
    ready.release()
    go.wait(60)
    return write(number, [row.pk])

def waiting():
    if connection.vendor != "postgresql":
        time.sleep(3)
        return 12
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity "
                       "WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone()[0]

assert write(12) == "opened"
ready, go, results = threading.Semaphore(0), threading.Event(), []
all_of_them = threading.Thread(target=lambda: results.extend(in_threads(12, with_a_file)))
all_of_them.start()
for number in range(12):
    assert ready.acquire(timeout=60)
with transaction.atomic():
    Tally.objects.select_for_update(no_key=True).get(pk=shop.pk)
    go.set()
    until = time.monotonic() + 60
    while waiting() < 12 and time.monotonic() < until:
        time.sleep(0.1)
    seen = waiting()
all_of_them.join(120)
print(seen, results.count("opened"), results.count("refused"), write(0))
"""


@pytest.mark.parametrize("engine", engines())
def test_twelve_at_once_get_the_four_places_that_are_left(engine: Engine, tmp_path: Path) -> None:
    with Stack(engine, tmp_path, start=(), redis=False, environment={"LOG_LEVEL": "ERROR"}) as stack:
        assert stack.python(OPEN_TWELVE_AT_ONCE) == "12 4 8 refused"

        # Nothing is left of those that came too late, and their files are uploads still.
        assert stack.sql("SELECT count(*) FROM threads_thread") == [(5,)]
        assert stack.sql("SELECT count(*) FROM threads_message") == [(5,)]
        assert stack.sql("SELECT count(*) FROM threads_entry") == [(10,)]
        assert stack.sql("SELECT count(*) FROM vault_datakey WHERE purpose = 'thread'") == [(5,)]
        sent = "SELECT count(*) FROM attachments_attachment WHERE sent_at IS NOT NULL"
        assert stack.sql(sent) == [(4,)]
        assert stack.sql(sent.replace("NOT NULL", "NULL")) == [(8,)]
        assert stack.sql("SELECT sum(unread) FROM threads_tally") == [(5,)]
