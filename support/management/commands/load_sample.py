"""Fills a site with sample shops, buyers and conversations: to try it out at size, and for the benchmarks."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError

from messagecenter import environment
from messagecenter.accounts.models import User
from messagecenter.ids import new_id
from messagecenter.samples.loading import Loaded, has_real_threads, load
from messagecenter.samples.people import let_in

ROLES = {
    "sample": "owner of the Sample shop",
    "agent": "agent of the Sample shop",
    "big": "owner of the largest other shop",
    "stranger": "owner of a middling shop",
    "small": "owner of a small shop",
    "buyer": "a buyer",
}


def _count(least: int) -> Any:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"{text} is not a whole number from {least} on.")
        return int(text)

    return read


class Command(BaseCommand):
    """Each run adds shops and buyers of its own. Nobody is written an e-mail."""

    help = (
        "Fills the database with sample conversations, encrypted, counted and indexed as real ones are. Each run adds"
        " shops and buyers of its own; nobody gets mail. Ctrl-C keeps what is there by then."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how many, and on what conditions."""
        parser.add_argument("--threads", type=_count(1), default=1000, help="how many threads (default 1000)")
        parser.add_argument(
            "--mailbox-threads", type=_count(0), default=0, help="of these so many in one shop, the Sample shop"
        )
        parser.add_argument("--seed", type=_count(0), default=7, help="another seed: other conversations")
        parser.add_argument("--workers", type=_count(1), default=2, help="processes, on PostgreSQL (default 2)")
        parser.add_argument(
            "--beside-real-data", action="store_true", help="also in production beside people's own threads"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say how fast it was and who can sign in. Raises CommandError."""
        if not settings.EMBEDDED and not options["beside_real_data"] and has_real_threads():
            raise CommandError(
                f"{settings.SITE_URL} has threads of real people. Samples beside them stay for good and show up in what"
                " staff sees; if you want that, say --beside-real-data."
            )
        if options["mailbox_threads"] > options["threads"]:
            raise CommandError("--mailbox-threads are a part of --threads and cannot be more.")
        loaded = load(
            threads=options["threads"],
            mailbox_threads=options["mailbox_threads"],
            seed=options["seed"],
            workers=options["workers"],
            progress=options["verbosity"] > 0,
        )
        self._say(loaded)

    def _say(self, loaded: Loaded) -> None:
        rate = loaded.messages / loaded.seconds
        self.stdout.write(
            f"{loaded.threads:,} threads with {loaded.messages:,} messages ({loaded.rows:,} rows) in "
            f"{loaded.seconds:,.0f} s: {rate:,.0f} messages/s, {loaded.rows / loaded.seconds:,.0f} rows/s."
        )
        password = self._let_in(list(loaded.people.values()))
        for role, user in loaded.people.items():
            self.stdout.write(f"  {user.email:28} {password or '-':14} {ROLES[role]}")
        if not password:
            self.stdout.write("Nobody of them has a password here: set one with ./dev manage changepassword ADDRESS.")

    def _let_in(self, people: list[User]) -> str:
        """Let these people sign in with the demo's password, and return it; in production with none."""
        if not settings.EMBEDDED:
            let_in(people, "")
            return ""
        password = environment.private_file(settings.VAR_DIR / "keys" / "demo_password", new_id().hex[-12:])
        let_in(people, make_password(password))
        return password
