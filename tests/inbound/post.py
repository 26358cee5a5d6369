"""How the tests here write mail: as a person's program does, signed as their domain does, and brought to our door."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

import dkim
import dns.message
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db.models import F
from django.utils import timezone

from messagecenter.inbound.actions import take_in
from messagecenter.inbound.models import RawMail
from messagecenter.inbound.tasks import work_off_due
from messagecenter.notices.models import Notice
from messagecenter.threads.models import ReplyAddress

DOMAIN = "in.marketplace.example"
SERVER = "mx.marketplace.example"


def written(
    sender: str,
    to: str,
    text: str,
    *,
    files: Sequence[tuple[str, bytes, str]] = (),
    verified: str | None = "dmarc=pass",
    message_id: str = "",
    **headers: str,
) -> bytes:
    """Return a mail as it comes from the operator's server, which says ``verified`` about its sender."""
    mail = EmailMessage()
    domain = sender.rpartition("@")[2]
    if verified is not None:
        mail["Authentication-Results"] = f"{SERVER}; {verified} header.from={domain}"
    mail["From"], mail["To"], mail["Subject"] = sender, to, headers.pop("subject", "Re: Zimtstern subject")
    mail["Message-ID"] = message_id or make_msgid(domain=domain)
    mail["Date"] = format_datetime(timezone.now())
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    for name, content, kind in files:
        mail.add_attachment(content, *kind.split("/"), filename=name)
    return mail.as_bytes()


def brought(raw: bytes, to: str, *, envelope_from: str = "anna@buyer.example") -> RawMail:
    """Bring a mail to our door, have it worked off, and return what became of it."""
    row = take_in(raw, envelope_from=envelope_from, envelope_to=to, peer="203.0.113.7")
    work_off_due()
    return RawMail.objects.get(pk=row.pk)


def pass_time(span: timedelta) -> None:
    """Let time pass for everything that counts here: it happened that much longer ago."""
    RawMail.objects.update(
        received_at=F("received_at") - span, settled_at=F("settled_at") - span, next_at=F("next_at") - span
    )
    ReplyAddress.objects.update(expires_at=F("expires_at") - span)
    Notice.objects.update(created_at=F("created_at") - span, sent_at=F("sent_at") - span)


class Names:
    """A name server that publishes one domain's DKIM key; ``silent`` it does not answer."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.silent = False
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """For INBOUND_DNS."""
        host, port = self._socket.getsockname()
        return host, port

    def __enter__(self) -> Names:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def signed(self, raw: bytes, **options: Any) -> bytes:
        """Return a mail with the domain's signature."""
        private = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        options.setdefault("include_headers", [b"From", b"To", b"Subject"])
        return bytes(dkim.sign(raw, b"s1", self.domain.encode(), private, **options)) + raw

    def _serve(self) -> None:
        import base64

        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        text = f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
        halves = f'"{text[:200]}" "{text[200:]}"'
        while True:
            wire, peer = self._socket.recvfrom(4096)
            if not wire:
                return
            if self.silent:
                continue
            query = dns.message.from_wire(wire)
            answer = dns.message.make_response(query)
            name = query.question[0].name
            if name.to_text() == f"s1._domainkey.{self.domain}." and query.question[0].rdtype == dns.rdatatype.TXT:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", halves))
            else:
                answer.set_rcode(3)
            self._socket.sendto(answer.to_wire(), peer)
