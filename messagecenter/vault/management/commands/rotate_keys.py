"""Rewraps every data key under the current root key."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from messagecenter.vault.actions import keys_to_rotate, old_root_versions, rewrap_keys


def batch_size(value: str) -> int:
    """Return a whole number from 1 to 5,000."""
    if not value.isdecimal() or not 1 <= int(value) <= 5000:
        raise ArgumentTypeError(f"{value!r} is not a whole number from 1 to 5000")
    return int(value)


class Command(BaseCommand):
    """Safe to kill at any time and to start again; safe while people write; messages are not touched."""

    help = "Rewrap every data key under the first root key in MESSAGE_KEYS. Can be stopped and started again any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the size of a transaction."""
        parser.add_argument("--batch", type=batch_size, default=500, help="keys a transaction, 1 to 5000 (default 500)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rewrap, say what was done, and fail while a key still needs an old root key."""
        current = settings.MESSAGE_KEY_CURRENT
        if current not in settings.MESSAGE_KEYS:
            raise CommandError(f"MESSAGE_KEYS has no root key of version {current}, the one to rotate to.")
        done = failed = 0
        for version in old_root_versions():
            if version not in settings.MESSAGE_KEYS:
                self.stderr.write(f"Root key version {version} is not in MESSAGE_KEYS: its keys stay as they are.")
                continue
            rewrapped = self._rotate(version, options["batch"])
            done, failed = done + rewrapped[0], failed + rewrapped[1]
        self.stdout.write(f"{done} keys rewrapped under root key version {current}.")
        left = {version: keys_to_rotate(root_version=version).count() for version in old_root_versions()}
        if any(left.values()):
            rows = ", ".join(f"{count} under version {version}" for version, count in left.items() if count)
            advice = f"{failed} of them are damaged, see the alarms. " if failed else ""
            raise CommandError(f"Not finished: {rows}. {advice}Keep the old root keys and run this again.")
        self.stdout.write("No key needs an older root key.")

    def _rotate(self, version: int, size: int) -> tuple[int, int]:
        """Rewrap the keys of one root version; return how many were and how many could not be."""
        done = failed = 0
        last_id = None
        total = keys_to_rotate(root_version=version).count()
        with tqdm(total=total, desc=f"version {version}", unit=" keys", disable=None) as bar:
            while True:
                batch = rewrap_keys(root_version=version, after=last_id, size=size)
                if batch.last_id is None:
                    return done, failed
                done, failed, last_id = done + batch.done, failed + batch.failed, batch.last_id
                bar.update(batch.done + batch.failed)
