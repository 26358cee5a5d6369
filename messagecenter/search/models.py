"""Which mailboxes have a search index, and the rows of it: ids, a time and blind tokens, never a word."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox

# The way ``words`` cuts and stems; an index of another version is not asked, and is built anew by the next reindexing.
WORDS_VERSION = 1


class IndexedMailboxQuerySet(models.QuerySet["IndexedMailbox"]):
    """Indexed mailboxes by what can be done with them."""

    def ready(self) -> IndexedMailboxQuerySet:
        """Return those that can be asked: complete, and cut into words as we do it today."""
        return self.filter(state=IndexedMailbox.State.READY, version=WORDS_VERSION)


class IndexedMailbox(models.Model):
    """A mailbox so large that it has tokens. Smaller ones have no row: they are read newest first."""

    class State(models.TextChoices):
        BUILDING = "building", _("being built")
        READY = "ready", _("ready")

    mailbox = models.OneToOneField(
        Mailbox, models.CASCADE, primary_key=True, related_name="search_index", verbose_name=_("mailbox")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.BUILDING)
    version = models.PositiveSmallIntegerField(_("version of the words"))
    position = models.CharField(_("resumes after"), max_length=64, blank=True, editable=False)
    done = models.PositiveIntegerField(_("messages done"), default=0)
    total = models.PositiveIntegerField(_("messages to do"), default=0)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    advanced_at = models.DateTimeField(_("last advanced"), default=timezone.now)
    ready_at = models.DateTimeField(_("ready since"), null=True)

    objects = IndexedMailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("indexed mailbox")
        verbose_name_plural = _("indexed mailboxes")

    def __str__(self) -> str:
        return f"{self.mailbox_id} ({self.state})"

    @property
    def is_ready(self) -> bool:
        """Whether it can be asked."""
        return self.state == self.State.READY and self.version == WORDS_VERSION


def is_indexed(mailbox_id: UUID) -> bool:
    """Return whether a mailbox's index can be asked; one query. Who has the mailbox: ``mailbox.search_index``."""
    return IndexedMailbox.objects.ready().filter(pk=mailbox_id).exists()


def taking_documents(mailbox_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these mailboxes want every new message's keys, ready or still being built; one query."""
    return set(IndexedMailbox.objects.filter(pk__in=list(mailbox_ids)).values_list("pk", flat=True))


class TokensField(models.Field):
    """Signed 64-bit numbers: ``bigint[]`` on PostgreSQL; on SQLite words of 11 characters that its index takes."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return the column's type."""
        return "bigint[]" if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Return what the database stores."""
        return list(value) if connection.vendor == "postgresql" else " ".join(map(written, value))

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> list[int]:
        """Return the numbers."""
        return value if isinstance(value, list) else [read(word) for word in value.split()]


# SQLite's index folds capitals, so its words are base 64 with punctuation instead: 11 characters rather than 16.
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ+/"
PUNCTUATION = "!#$%&()*+,-./:;<=>?@[]^_`{|}"
_WRITE = bytes.maketrans(_BASE64, PUNCTUATION.encode())
_READ = bytes.maketrans(PUNCTUATION.encode(), _BASE64)


def written(token: int) -> str:
    """Return a token as SQLite stores it."""
    return b64encode(token.to_bytes(8, "big", signed=True))[:11].translate(_WRITE).decode()


def read(word: str) -> int:
    """Return a token that SQLite stored."""
    return int.from_bytes(b64decode(word.encode().translate(_READ) + b"="), "big", signed=True)


class IndexedMessage(models.Model):
    """One message as one mailbox finds it. The same message has a row for each mailbox that is indexed.

    Plain ids: this room knows no threads. Nobody asks this model for words; ``index`` does, in SQL.
    """

    at = models.DateTimeField(_("time"))
    mailbox_id = models.UUIDField(_("mailbox"))
    thread_id = models.UUIDField(_("thread"))
    message_id = models.UUIDField(_("message"))
    tokens = TokensField(_("tokens"), editable=False)

    class Meta:
        verbose_name = _("indexed message")
        verbose_name_plural = _("indexed messages")
        indexes = [models.Index(fields=["thread_id"], name="indexed_message_thread")]

    def __str__(self) -> str:
        return f"{self.message_id} in {self.mailbox_id}"
