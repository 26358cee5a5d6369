"""``manage.py import_orders FILE``: records the orders of a shop's or marketplace's export."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from orders.actions import ImportResult, record_orders
from orders.formats.detect import Recognised, recognise
from orders.formats.source import Source, UnreadableFile
from orders.rows import Reading
from orders.values import BadValue, needed

UNREADABLE = 2


class Command(BaseCommand):
    """Imports orders; the exit status is 1 when a row was bad and 2 when the file could not be read."""

    help = (
        "Import orders from an Amazon order report, a Shopify orders export, WooCommerce order JSON or our own CSV or "
        "JSON (see orders/samples/README.md). Importing the same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the file and the options."""
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--shop", default="", help="the shop that all orders belong to, whatever the file says")
        parser.add_argument("--marketplace", default="", help="where the file does not say it, for example amazon.de")
        parser.add_argument("--language", default="", help="the buyers' language where the file is silent, such as de")
        parser.add_argument("--strict", action="store_true", help="record nothing if any row is bad")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import and say what it did. Raises CommandError for an unreadable file."""
        try:
            if options["file"] == "-":
                self._import(sys.stdin.buffer, 0, options)
            else:
                path = Path(options["file"])
                with path.open("rb") as file:
                    self._import(file, os.fstat(file.fileno()).st_size, options)
        except (UnreadableFile, BadValue) as error:
            raise CommandError(str(error), returncode=UNREADABLE) from None
        except OSError as error:
            raise CommandError(
                f"{options['file']} cannot be read: {error.strerror or error}.", returncode=UNREADABLE
            ) from None

    def _import(self, stream: BinaryIO, size: int, options: dict[str, Any]) -> None:
        """Recognise, read and record one file. Raises UnreadableFile, BadValue and OSError."""
        shop = needed(options["shop"], "--shop", 120) if options["shop"] else ""
        source = Source(stream)
        recognised = recognise(source)
        if not shop and not recognised.names_sellers:
            raise UnreadableFile(
                f"The file is recognised ({recognised.label}), but it does not say who sells. "
                'Say whose orders these are: --shop "Name of the shop".'
            )
        reading = Reading(ZoneInfo(settings.DEFAULT_TIME_ZONE), options["marketplace"], options["language"])
        with tqdm(total=size or None, unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False) as bar:
            result = record_orders(
                orders=recognised.read(source, reading),
                by=None,
                shop=shop or None,
                strict=options["strict"],
                dry_run=options["dry_run"],
                progress=lambda _orders: bar.update(source.offset - bar.n),
            )
        self._report(result, recognised, options)

    def _report(self, result: ImportResult, recognised: Recognised, options: dict[str, Any]) -> None:
        """Print bad rows and remarks to standard error, the summary to standard output; exit with 1 for bad rows."""
        for bad in sorted(result.bad, key=lambda row: row.line_number):
            self.stderr.write(str(bad))
        for remark in result.remarks:
            self.stderr.write(remark, self.style.WARNING)
        if result.refused:
            self.stdout.write(f"{recognised.label}: nothing recorded (--strict), {_rows(len(result.bad))} bad.")
        else:
            self.stdout.write(
                f"{recognised.label}: {result.created} created, {result.updated} updated, "
                f"{result.unchanged} unchanged, {_rows(len(result.bad))} bad."
                + (" Nothing was recorded (--dry-run)." if options["dry_run"] else "")
            )
        if result.bad:
            sys.exit(1)


def _rows(number: int) -> str:
    """Return a number of rows in words."""
    return "1 row" if number == 1 else f"{number} rows"
