"""Builds the search index of large mailboxes, or of one, with a progress bar; a stopped run goes on where it was."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from messagecenter.accounts.models import Mailbox
from messagecenter.search.models import IndexedMailbox
from messagecenter.threads.actions import build_index
from messagecenter.threads.growing import large_mailboxes


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not the id of a mailbox (a UUID).") from None


class Command(BaseCommand):
    """Safe to run while the site runs, and to run again."""

    help = (
        "Builds the search index of the mailboxes that are large enough for one (SEARCH_INDEX_FROM messages) and have"
        " none yet. A run that was stopped goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take which mailboxes."""
        parser.add_argument("--mailbox", type=_uuid, help="only this one, however small it is")
        parser.add_argument("--anew", action="store_true", help="also those that are ready, from the start")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build one index after the other."""
        done = 0
        for mailbox in self._mailboxes(options):
            with tqdm(unit="message", desc=f"{mailbox.shown_name} ({mailbox.pk})", disable=None) as bar:

                def tell(number: int, total: int, bar: Any = bar) -> None:
                    bar.total = max(total, number)
                    bar.update(number - bar.n)

                build_index(mailbox=mailbox, by="reindex", tell=tell, anew=options["anew"])
            done += 1
        self.stdout.write(f"{done} mailboxes indexed." if done != 1 else "1 mailbox indexed.")

    def _mailboxes(self, options: dict[str, Any]) -> list[Mailbox]:
        if options["mailbox"]:
            mailbox = Mailbox.objects.filter(pk=options["mailbox"]).first()
            if mailbox is None:
                raise CommandError(f"There is no mailbox {options['mailbox']}.")
            return [mailbox]
        found = list(large_mailboxes())
        if options["anew"]:
            indexed = IndexedMailbox.objects.values("pk")
            found += list(Mailbox.objects.filter(pk__in=indexed).exclude(pk__in=[one.pk for one in found]))
        return found
