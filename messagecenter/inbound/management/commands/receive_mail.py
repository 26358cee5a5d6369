"""Takes mail over SMTP or LMTP and keeps it for the workers."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from messagecenter.inbound.listener import Door, protocol
from messagecenter.inbound.tasks import watch


class Command(BaseCommand):
    """Listens until SIGTERM or Ctrl-C."""

    help = "Take mail for INBOUND_DOMAIN over SMTP or LMTP. Workers make messages of it; --work does so here as well."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where and how to listen; the settings are the defaults."""
        parser.add_argument("--host", default=settings.INBOUND_HOST, help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.INBOUND_PORT, help="port to listen on")
        parser.add_argument("--lmtp", action="store_true", default=settings.INBOUND_PROTOCOL == "lmtp")
        parser.add_argument("--size", type=int, default=0, help="most bytes of a mail (default: INBOUND_MAX_MB)")
        parser.add_argument("--work", action="store_true", help="also work the mails off, without Celery")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run. A mail that is being kept when the signal comes is kept."""
        if not settings.INBOUND_DOMAIN:
            raise CommandError("INBOUND_DOMAIN is not set: no mail is taken in.")
        if not options["port"]:
            raise CommandError("Say where to listen: INBOUND_PORT, or --port.")
        stopping = threading.Event()
        worker = threading.Thread(target=watch, args=(stopping, 1.0), name="mail worker")
        if options["work"]:
            worker.start()
        try:
            asyncio.run(self._listen(options))
        except OSError as error:
            raise CommandError(f"Cannot listen on {options['host']}:{options['port']} ({error.strerror}).") from None
        finally:
            stopping.set()
            if worker.is_alive():
                worker.join()

    async def _listen(self, options: dict[str, Any]) -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        door = Door(lmtp=options["lmtp"])

        def connect() -> asyncio.Protocol:
            return protocol(door, lmtp=options["lmtp"], most_bytes=options["size"])

        server = await loop.create_server(connect, options["host"], options["port"])
        name = "LMTP" if options["lmtp"] else "SMTP"
        self.stdout.write(f"Taking mail for {settings.INBOUND_DOMAIN} over {name} on port {options['port']}.")
        try:
            await stopped.wait()
        finally:
            server.close()
            door.close()
