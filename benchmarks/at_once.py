"""Sixteen people at once in one shop's mailbox: no deadlock, no lost update, nothing lost or doubled, counters exact.

Run by ``python -m benchmarks.at_once [--seconds 60]``, on an empty database that ``DATABASE_URL`` names, else on a
SQLite file of its own. Every worker is a process with its own connection. Ends with exit code 1 on any breach.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

if "DATABASE_URL" not in os.environ:
    os.environ["DATABASE_URL"] = f"sqlite:///{tempfile.mkdtemp(prefix='at-once-')}/site.sqlite3"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")

import django

django.setup()

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.recount import breaches, deadlocks
from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.filing.actions import create_folder, create_label
from messagecenter.filing.models import Folder, Label
from messagecenter.ids import new_id
from messagecenter.threads.actions import (
    advance,
    close_thread,
    empty_trash,
    file_threads,
    mark_no_response_needed,
    open_thread,
    post_message,
    reopen_thread,
    start_run,
    undo_run,
)
from messagecenter.threads.filing_verbs import Filing, Verb
from messagecenter.threads.matching import matching_run
from messagecenter.threads.models import Entry, FilingRun, Message, Thread
from messagecenter.threads.refused import Refused
from messagecenter.threads.screening import About, screen_message
from orders.models import Order, OrderItem

BUYERS, ORDERS_EACH, THREADS_EACH, STAFF = 5, 60, 5, 4
MOST_TRIES = 5
QUIET = "quiet"  # the buyer whose threads are only written in, so that what is unread is known exactly
WORDS = (
    "Good morning, is the lamp still available in oak?",
    "The shade arrived today and it fits very well.",
    "Could you send the invoice again, please?",
    "Thank you!",
    "It is on its way and should be there on Friday.",
)
VERBS = (
    *(Verb.INBOX, Verb.ARCHIVE, Verb.TRASH, Verb.MOVE, Verb.LABEL, Verb.UNLABEL, Verb.PRIORITY, Verb.STAR, Verb.UNSTAR),
    *(Verb.ASSIGN, Verb.READ, Verb.UNREAD, Verb.NO_RESPONSE, Verb.MUTE, Verb.UNMUTE),
)


@dataclass
class Told:
    """What one worker did: operations by kind, refusals and tries again, the longest wait, and what it posted."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    worst: tuple[float, str] = (0.0, "")
    posted: list[tuple[UUID, UUID]] = field(default_factory=list)  # client id and thread


class Worker:
    """One person who does one kind of thing over and over."""

    def __init__(self, number: int, role: str) -> None:
        self.dice, self.role, self.told = random.Random(number), role, Told()
        self.shop = Mailbox.objects.get(kind=Mailbox.Kind.SHOP)
        self.staff = list(User.objects.filter(memberships__mailbox=self.shop).order_by("pk"))
        self.seller = self.staff[number % len(self.staff)]
        self.buyers = list(Mailbox.objects.filter(kind=Mailbox.Kind.BUYER).order_by("name"))
        self.folders = list(Folder.objects.of_mailbox(self.shop))
        self.labels = list(Label.objects.of_mailbox(self.shop))
        self.client: Client | None = None

    def work(self, until: float) -> Told:
        """Do it until a moment of ``time.monotonic``."""
        kinds: dict[str, Callable[[], None]] = {
            "shop writes": self._shop_writes,
            "buyer writes": self._buyer_writes,
            "quiet buyer writes": self._quiet_writes,
            "opens": self._opens,
            "files": self._files,
            "files many": self._files_many,
            "closes": self._closes,
            "reads": self._reads,
        }
        while time.monotonic() < until:
            self._once(self.role, kinds[self.role])
        return self.told

    def _once(self, kind: str, do: Callable[[], None]) -> None:
        """Do one thing; after a deadlock or a lock that was not given in time, once more."""
        began = time.monotonic()
        for _try in range(MOST_TRIES):
            try:
                do()
                self.told.done[kind] += 1
                break
            except OperationalError as trouble:
                self.told.again[str(trouble).splitlines()[0][:60]] += 1
                connection.close()
            except Refused as reason:
                self.told.refused[type(reason).__name__] += 1
                break
            except Exception as trouble:  # noqa: BLE001 (told at the end)
                self.told.failed.append(f"{kind}: {type(trouble).__name__}: {trouble}"[:300])
                break
        else:
            self.told.failed.append(f"{kind}: given up after {MOST_TRIES} tries")
        self.told.worst = max(self.told.worst, (time.monotonic() - began, kind))

    def _thread(self) -> Thread:
        """Return one of the threads everybody works on."""
        found = Thread.objects.exclude(opened_by__name=QUIET).select_related("opened_by")
        return self.dice.choice(list(found.order_by("-pk")[:40]))

    def _post(self, by: User, mailbox: Mailbox, thread: Thread) -> None:
        client_id = new_id()
        post_message(by=by, mailbox=mailbox, thread=thread, body=self.dice.choice(WORDS), client_id=client_id)
        self.told.posted.append((client_id, thread.pk))

    def _shop_writes(self) -> None:
        self._post(self.seller, self.shop, self._thread())

    def _buyer_writes(self) -> None:
        thread = self._thread()
        self._post(thread.opened_by.members.get(), thread.opened_by, thread)

    def _quiet_writes(self) -> None:
        thread = Thread.objects.filter(opened_by__name=QUIET).select_related("opened_by").earliest("pk")
        self._post(thread.opened_by.members.get(), thread.opened_by, thread)

    def _opens(self) -> None:
        buyer = self.dice.choice([one for one in self.buyers if one.name != QUIET])
        order = self.dice.choice(list(Order.objects.filter(buyer=buyer)))
        client_id, body = new_id(), self.dice.choice(WORDS[:3])
        by = buyer.members.get()
        posted = open_thread(
            by=by, mailbox=buyer, order=order, topic="where_is_it", subject="Lamp", body=body, client_id=client_id
        )
        self.told.posted.append((posted.message.client_id, posted.thread.pk))

    def _filing(self) -> Filing:
        verb = self.dice.choice(VERBS)
        values = {
            Verb.MOVE: [str(one.pk) for one in self.folders],
            Verb.LABEL: [str(one.pk) for one in self.labels],
            Verb.UNLABEL: [str(one.pk) for one in self.labels],
            Verb.ASSIGN: ["", *(str(one.pk) for one in self.staff)],
            Verb.PRIORITY: ["1", "2", "3", "4"],
        }
        return Filing(verb, self.dice.choice(values.get(verb, [""])))

    def _files(self) -> None:
        own = list(Entry.objects.filter(mailbox=self.shop).exclude(other__name=QUIET).order_by("-pk")[:60])
        chosen = [one.thread_id for one in self.dice.sample(own, min(len(own), self.dice.randint(1, 6)))]
        run = file_threads(by=self.seller, mailbox=self.shop, threads=chosen, filing=self._filing())
        if self.dice.random() < 0.3:
            undo_run(by=self.seller, run=run)

    def _files_many(self) -> None:
        query = {"box": self.dice.choice(("all", "inbox", "archive")), "topic": "where_is_it"}
        run = start_run(by=self.seller, mailbox=self.shop, query=query, filing=self._many())
        while advance(run_id=run.pk, matching=matching_run):
            pass
        if self.dice.random() < 0.5:
            undo_run(by=self.seller, run=FilingRun.objects.get(pk=run.pk))
            while advance(run_id=run.pk, matching=matching_run):
                pass
        if self.dice.random() < 0.1:
            empty_trash(limit=3)

    def _many(self) -> Filing:
        """Return what is done to all: it leaves alone what is unread, for the quiet buyer's sake."""
        label = str(self.dice.choice(self.labels).pk)
        choices = (
            Filing(Verb.LABEL, label),
            Filing(Verb.UNLABEL, label),
            Filing(Verb.STAR),
            Filing(Verb.PRIORITY, "2"),
        )
        return self.dice.choice((*choices, Filing(Verb.ARCHIVE), Filing(Verb.INBOX)))

    def _closes(self) -> None:
        thread, action = self._thread(), self.dice.choice((close_thread, reopen_thread, mark_no_response_needed))
        action(by=self.seller, mailbox=self.shop, thread=thread)
        reopen_thread(by=self.seller, mailbox=self.shop, thread=thread)

    def _reads(self) -> None:
        """Open a list, a search or a thread (which marks it as read) as a browser does."""
        pages = ("/messages/", "/messages/?box=needs_reply", "/messages/?box=all&sort=oldest", "/messages/?q=invoice")
        self.show(self.dice.choice((*pages, reverse("threads:detail", args=[self._thread().pk]))))

    def show(self, page: str) -> None:
        """Open a page. Raises AssertionError when it is not there."""
        if self.client is None:
            self.client = Client(HTTP_HOST="localhost")
            self.client.force_login(self.seller, backend=settings.AUTHENTICATION_BACKENDS[0])
        status = self.client.get(page).status_code
        if status != 200:
            raise AssertionError(f"{page} gave {status}")


# Who is there: 16 in all, writers and readers.
CREW = (
    *("shop writes",) * 3,
    *("buyer writes",) * 3,
    *("quiet buyer writes",) * 2,
    *("opens",) * 1,
    *("files",) * 2,
    *("files many",) * 1,
    *("closes",) * 1,
    *("reads",) * 3,
)


def fill() -> None:
    """Make the shop with its team and buyers, their orders and first threads."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    if Thread.objects.exists():
        raise SystemExit("The database is not empty: this fills an empty one only.")
    shop = Mailbox.objects.create(kind=Mailbox.Kind.SHOP, name="Shop")
    people = [get_user_model().objects.create_user(f"staff{one}@shop.example", "!") for one in range(STAFF)]
    for person in people:
        Membership.objects.create(user=person, mailbox=shop, role=Role.OWNER)
    for name in ("Returns", "Invoices"):
        create_folder(by=people[0], mailbox=shop, name=name)
    for name in ("red", "green", "blue"):
        create_label(by=people[0], mailbox=shop, name=name, color="red")
    yesterday = timezone.now() - timedelta(days=1)
    for number in range(BUYERS):
        name = QUIET if number == 0 else f"Buyer {number}"
        buyer = Mailbox.objects.create(kind=Mailbox.Kind.BUYER, name=name)
        person = get_user_model().objects.create_user(f"buyer{number}@buyer.example", "!")
        Membership.objects.create(user=person, mailbox=buyer, role=Role.OWNER)
        for line in range(ORDERS_EACH if number else 1):
            order = Order.objects.create(
                shop=shop, buyer=buyer, number=f"302-{number}-{line}", status="shipped", purchased_at=yesterday
            )
            OrderItem.objects.create(order=order, line="1", title="Lamp")
            if line < THREADS_EACH:
                about = {"order": order, "topic": "where_is_it", "subject": "Lamp", "body": WORDS[0]}
                open_thread(by=person, mailbox=buyer, client_id=new_id(), **about)  # type: ignore[arg-type]


def _in_child(work: Callable[[Any], Any], argument: Any, results: Any) -> None:
    try:
        results.put(work(argument))
    except BaseException as trouble:  # noqa: BLE001 (told by the parent)
        results.put(f"{type(trouble).__name__}: {trouble}")


def _work(argument: tuple[int, str, float, float]) -> Told:
    number, role, begin, until = argument
    worker = Worker(number, role)
    time.sleep(max(0.0, begin - time.monotonic()))
    return worker.work(until)


def warm_up() -> None:
    """Load what a process reads when it first screens and shows, so that the workers, its children, have it."""
    order = Order.objects.select_related("shop", "buyer").all()[0]
    screen_message(About(order.shop, order.buyer or order.shop, order, None, "where_is_it"), body=WORDS[0])
    worker = Worker(0, "reads")
    for page in ("/messages/", "/messages/?q=invoice", reverse("threads:detail", args=[worker._thread().pk])):
        worker.show(page)
    connections.close_all()


def in_processes(work: Callable[[Any], Any], arguments: list[Any]) -> list[Any]:
    """Run ``work`` of each argument in a process of its own, all at once; return what they gave, in any order.

    Raises SystemExit with what went wrong when one could not do it.
    """
    forking = multiprocessing.get_context("fork")
    results = forking.Queue()
    children = [forking.Process(target=_in_child, args=(work, one, results)) for one in arguments]
    for child in children:
        child.start()
    found = [results.get(timeout=900) for _child in children]
    for child in children:
        child.join(30)
    for one in found:
        if isinstance(one, str) and one:
            raise SystemExit(one)
    return found


def report(told: list[Told], seconds: float, dead: int) -> list[str]:
    """Return the figures."""
    done, refused, again = (
        sum((getattr(one, name) for one in told), Counter[str]()) for name in ("done", "refused", "again")
    )
    wait, kind = max(one.worst for one in told)
    lines = [f"{connection.vendor}: {len(told)} processes, {seconds:.0f} s, {done.total() / seconds:.1f} operations/s"]
    lines += [f"  {name:20} {number:6d}" for name, number in sorted(done.items())]
    lines.append(f"  messages posted      {sum(len(one.posted) for one in told):6d}")
    lines.append(f"  refused              {refused.total():6d} {dict(refused) or ''}")
    lines.append(f"  tried again          {again.total():6d} {dict(again) or ''}")
    return [*lines, f"  deadlocks            {dead:6d}", f"  longest wait         {wait:6.2f} s ({kind})"]


def run(seconds: float) -> list[str]:
    """Fill, let everybody work, print the figures; return every breach as a sentence."""
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.STORAGES = settings.STORAGES | plain
    in_processes(lambda _nothing: fill(), [None])
    warm_up()
    [[before, there]] = in_processes(lambda _nothing: [deadlocks(), Message.objects.count()], [None])
    begin = time.monotonic() + 2
    told = in_processes(_work, [(number, role, begin, begin + seconds) for number, role in enumerate(CREW)])
    posted = [one for each in told for one in each.posted]
    [[dead, found]] = in_processes(lambda _nothing: [deadlocks() - before, breaches(posted, there)], [None])
    print("\n".join(report(told, seconds, dead)))
    failed = [line for one in told for line in one.failed]
    idle = [role for role, one in zip(CREW, told, strict=True) if not one.done] if seconds >= 20 else []
    return [
        *found,
        *failed,
        *([f"{dead} deadlocks"] if dead else []),
        *([f"{len(idle)} workers did nothing"] if idle else []),
    ]


def main() -> None:
    """Run and judge; with ``--only-recount`` judge what is there."""
    options: Any = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--only-recount", action="store_true", help="compare the counters of a database that is there")
    options = options.parse_args()
    if options.only_recount:
        [found] = in_processes(lambda _nothing: breaches(None, 0), [None])
    else:
        found = run(options.seconds)
    for line in found:
        print(f"BREACH {line}")
    if found:
        raise SystemExit(1)
    print("Everything is exact.")


if __name__ == "__main__":
    main()
