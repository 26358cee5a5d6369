"""Files sent with messages: one row a file; its name, type and key are ciphertext, its bytes lie in the store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from messagecenter.vault import cipher, keyring

UPLOAD = "upload"
UNSENT_HOURS = 48


def _expiry() -> datetime:
    """Return when an upload that nobody sends is removed."""
    return timezone.now() + timedelta(hours=UNSENT_HOURS)


@dataclass
class Details:
    """What a file is called and holds, and the key of its bytes. Kept sealed, never in the open."""

    name: str
    kind: str = ""
    sha256: str = ""
    key: str = field(default="", repr=False)
    # part → where it begins in the stored object and how many bytes of plain text it has
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)
    width: int = 0
    height: int = 0
    pages: int = 0
    notes: list[str] = field(default_factory=list)
    facts: dict[str, str | int] = field(default_factory=dict)


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Files, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> AttachmentQuerySet:
        """Return what ``user`` has uploaded for a mailbox they still act for and not sent yet.

        What was sent is reached through its thread.
        """
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            uploader_id=user.pk,
            mailbox__in=Mailbox.objects.visible_to(user),
            sent_at=None,
            expires_at__gt=timezone.now(),
        )

    def sendable(self) -> AttachmentQuerySet:
        """Return those that can go with a message: wholly stored and not refused."""
        return self.filter(stored_at__isnull=False, state__in=[Attachment.State.CHECKING, Attachment.State.READY])


class Attachment(models.Model):
    """A file: first an upload of one person for one mailbox, then, once, part of one message."""

    class State(models.TextChoices):
        CHECKING = "checking", _("being checked")
        READY = "ready", _("ready")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("expired")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name=_("mailbox"))
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.CHECKING)
    reason = models.CharField(_("reason"), max_length=24, blank=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes, as sent"))
    # Random, and all that a stolen disk or bucket shows.
    object_name = models.CharField(max_length=32, unique=True, editable=False)
    thread_id = models.UUIDField(_("thread"), null=True, editable=False)
    details_ciphertext = models.BinaryField(editable=False, default=bytes)
    uploaded_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    stored_at = models.DateTimeField(_("stored"), null=True, editable=False)
    expires_at = models.DateTimeField(_("removed when unsent"), default=_expiry)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, editable=False)
    waiting_since = models.DateTimeField(_("waits for the scanner since"), null=True, editable=False)
    next_check_at = models.DateTimeField(_("next check"), null=True, editable=False)
    attempts = models.PositiveIntegerField(_("checks tried"), default=0)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            models.Index(fields=["-uploaded_at", "-id"], name="attachment_newest"),
            models.Index(fields=["state", "-uploaded_at", "-id"], name="attachment_state"),
            models.Index(fields=["next_check_at"], name="attachment_waiting", condition=models.Q(state="checking")),
            models.Index(
                fields=["uploader", "expires_at"], name="attachment_unsent", condition=models.Q(sent_at__isnull=True)
            ),
            models.Index(fields=["expires_at"], name="attachment_expiring", condition=models.Q(sent_at__isnull=True)),
        ]
        permissions = [("disclose_attachment", _("Can open an attachment's content, for a stated reason"))]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_ready(self) -> bool:
        """Whether both sides may open it."""
        return self.state == self.State.READY

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be checked: only its sender knows of it."""
        return self.state == self.State.CHECKING

    def _seal(self) -> tuple[cipher.Place, str]:
        """Return what the details are bound to and whose key seals them: the upload's own, later the thread's."""
        place = cipher.Place(
            thread_id=self.thread_id or self.pk, record_id=self.pk, field="attachment", sender_id=self.mailbox_id
        )
        return place, keyring.THREAD if self.thread_id else UPLOAD

    @cached_property
    def details(self) -> Details:
        """The opened details. Raises Unreadable; an expired upload has none but a name that says so."""
        if not self.details_ciphertext:
            return Details(name="")
        place, purpose = self._seal()
        values = json.loads(cipher.decrypt(bytes(self.details_ciphertext), place, purpose=purpose))
        values["parts"] = {part: (begin, size) for part, (begin, size) in values["parts"].items()}
        return Details(**values)

    def seal_details(self, details: Details, *, thread_id: UUID | None = None) -> None:
        """Set the details, sealed under the upload's own key or, with ``thread_id``, under that thread's."""
        self.thread_id = thread_id
        place, purpose = self._seal()
        self.details_ciphertext = cipher.encrypt(json.dumps(asdict(details)), place, purpose=purpose)
        self.__dict__["details"] = details


class AttachmentDisclosure(models.Model):
    """A member of staff opened a file: who, when and for what stated reason. Never changed or deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="disclosures", verbose_name=_("attachment"))
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("disclosed to")
    )
    reason = models.CharField(_("reason"), max_length=500)
    read_at = models.DateTimeField(_("disclosed"), default=timezone.now)

    class Meta:
        verbose_name = _("disclosure of an attachment")
        verbose_name_plural = _("disclosures of attachments")
        indexes = [models.Index(fields=["-read_at", "-id"], name="file_disclosure_newest")]

    def __str__(self) -> str:
        return f"{self.staff_id} opened {self.attachment_id}"
