"""Mails as they came, sealed: kept before anything is made of them, and thirty days for staff with a reason."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import asdict, dataclass, field
from functools import cached_property

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.ids import new_id
from messagecenter.threads.models import ReplyAddress
from messagecenter.vault import chunks, cipher

# Each mail has a key of its own, deleted with it.
MAIL = "mail"
# Who brought it, when a provider called: then no mail server of the operator's has looked at it.
BY_HOOK = "hook"


@dataclass
class Details:
    """What is known of a mail besides its bytes. Kept sealed: it names people."""

    envelope_from: str = ""
    envelope_to: str = ""
    peer: str = ""
    key: str = field(default="", repr=False)  # of the bytes
    answer: str = ""  # the sentences its sender is told


class RawMail(models.Model):
    """One mail to one of our addresses, and what became of it. No word of it is readable here.

    ``received`` waits to be worked off; the other states are final, but for ``quarantined``, which staff can have tried
    again. ``reason`` is a code of ours.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("waiting")
        POSTED = "posted", _("posted")
        ANSWERED = "answered", _("not posted, answered")
        IGNORED = "ignored", _("ignored")
        REFUSED = "refused", _("refused")
        QUARANTINED = "quarantined", _("quarantined")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Of Message-ID, sender and token, else of all bytes; keyed, so that it tells nothing.
    dedupe_key = models.BinaryField(max_length=32, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RECEIVED)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    copies = models.PositiveIntegerField(_("times received"), default=1)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_at = models.DateTimeField(_("next try"), default=timezone.now)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled"), null=True, editable=False)
    address = models.ForeignKey(
        ReplyAddress, models.SET_NULL, null=True, related_name="mails", verbose_name=_("reply address"), db_index=False
    )
    # Of the words, keyed: a program that answers says the same each time.
    words_mark = models.BinaryField(max_length=32, default=bytes, editable=False)
    message_id = models.UUIDField(_("message"), null=True, editable=False)
    details_ciphertext = models.BinaryField(editable=False, default=bytes)
    raw_ciphertext = models.BinaryField(editable=False, default=bytes)

    class Meta:
        verbose_name = _("incoming mail")
        verbose_name_plural = _("incoming mails")
        indexes = [
            models.Index(fields=["next_at"], name="raw_mail_due", condition=models.Q(state="received")),
            models.Index(fields=["address", "-received_at"], name="raw_mail_address"),
            models.Index(fields=["-received_at", "-id"], name="raw_mail_newest"),
            models.Index(fields=["state", "-received_at", "-id"], name="raw_mail_state"),
        ]
        permissions = [("disclose_rawmail", _("Can open an incoming mail, for a stated reason"))]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_open(self) -> bool:
        """Whether it still waits to be worked off."""
        return self.state == self.State.RECEIVED

    @property
    def client_id(self) -> uuid.UUID:
        """The client id of the message it becomes: the same mail is one message, however often it comes."""
        return uuid.UUID(bytes=bytes(self.dedupe_key)[:16], version=5)

    @cached_property
    def details(self) -> Details:
        """The opened details; empty ones when nothing was kept. Raises Unreadable."""
        if not self.details_ciphertext:
            return Details()
        return Details(**json.loads(cipher.decrypt(bytes(self.details_ciphertext), self._place(), purpose=MAIL)))

    def seal_details(self, details: Details) -> None:
        """Set the details, sealed under the mail's own key. The row is not saved."""
        self.details_ciphertext = cipher.encrypt(json.dumps(asdict(details)), self._place(), purpose=MAIL)
        self.__dict__["details"] = details

    def seal(self, raw: bytes, details: Details) -> None:
        """Set the bytes and the details, sealed. The row is not saved."""
        key = chunks.new_file_key()
        self.raw_ciphertext = b"".join(chunks.seal_chunks(key, raw, self._bond()))
        details.key = base64.b64encode(key).decode()
        self.seal_details(details)

    def raw(self) -> bytes:
        """Return the mail as it came. Raises Unreadable, and chunks.Broken when the bytes are not those stored."""
        sealed = memoryview(self.raw_ciphertext)
        key = base64.b64decode(self.details.key)
        opened = chunks.open_range(
            key, self._bond(), self.size_bytes, lambda first, last: [bytes(sealed[first:last])], at_end=True
        )
        return b"".join(opened)

    def _place(self) -> cipher.Place:
        return cipher.Place(thread_id=self.pk, record_id=self.pk, field="mail", sender_id=None)

    def _bond(self) -> chunks.FileBond:
        return chunks.FileBond(file_id=self.pk, part="mail")


class MailDisclosure(models.Model):
    """A member of staff opened a mail: who, when and for what stated reason. It outlives the mail."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mail_id = models.UUIDField(_("incoming mail"), db_index=True)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("disclosed to")
    )
    reason = models.CharField(_("reason"), max_length=500)
    read_at = models.DateTimeField(_("disclosed"), default=timezone.now)

    class Meta:
        verbose_name = _("disclosure of an incoming mail")
        verbose_name_plural = _("disclosures of incoming mails")
        indexes = [models.Index(fields=["-read_at", "-id"], name="mail_disclosure_newest")]

    def __str__(self) -> str:
        return f"{self.staff_id} opened {self.mail_id}"
