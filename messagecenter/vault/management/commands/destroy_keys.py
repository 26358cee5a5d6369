"""Destroys the keys of threads, and with them for good what was written there."""

from __future__ import annotations

import getpass
import uuid
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messagecenter.vault.actions import destroy_keys
from messagecenter.vault.keyring import THREAD
from messagecenter.vault.models import DataKey


def thread_id(value: str) -> uuid.UUID:
    """Return the id of a thread, as its address and the admin show it."""
    try:
        return uuid.UUID(value)
    except ValueError:
        raise ArgumentTypeError(f"{value!r} is not the id of a thread, for example {uuid.UUID(int=0)}") from None


class Command(BaseCommand):
    """Asks before it acts; what is destroyed cannot be brought back, except from a backup of the keys."""

    help = "Destroy the keys of threads: their subjects and messages can never be read again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the threads, and whether to act without asking."""
        parser.add_argument("threads", nargs="+", type=thread_id, metavar="THREAD", help="id of a thread")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        """Destroy all of them or, when one has no key, none. Raises CommandError when it is not confirmed."""
        owners: list[uuid.UUID] = options["threads"]
        known = set(DataKey.objects.filter(purpose=THREAD, owner_id__in=owners).values_list("owner_id", flat=True))
        if unknown := [str(owner) for owner in owners if owner not in known]:
            raise CommandError(f"No keys belong to {', '.join(unknown)}. Nothing was destroyed.")
        question = f"Erase {len(owners)} threads for good? Type yes: "
        if not options["yes"] and input(question).strip() != "yes":
            raise CommandError("Not confirmed. Nothing was destroyed.")
        for owner in owners:
            destroyed = destroy_keys(owner_id=owner, by=f"{getpass.getuser()} on the command line")
            self.stdout.write(f"{owner}: {destroyed} keys destroyed" if destroyed else f"{owner}: was erased before")
        self.stdout.write("Other running processes forget these keys within 60 seconds.")
