"""What a team writes beside a thread for itself: the other side never learns of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id

from .thread import Thread


class NoteQuerySet(models.QuerySet["Note"]):
    """Internal notes, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> NoteQuerySet:
        """Return the notes of the mailboxes that ``user`` acts for."""
        return self.filter(mailbox__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def of_mailbox(self, mailbox: Mailbox) -> NoteQuerySet:
        """Return one mailbox's notes that nobody has removed."""
        return self.filter(mailbox=mailbox, removed_at=None)


class Note(models.Model):
    """An internal note of one mailbox on a thread. The text is ciphertext, and gone when the note is removed."""

    MOST_CHARACTERS = 4000

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+", db_index=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    body_ciphertext = models.BinaryField(editable=False)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = NoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("internal note")
        verbose_name_plural = _("internal notes")
        indexes = [
            models.Index(fields=["thread", "mailbox", "id"], name="note_in_thread", condition=models.Q(removed_at=None))
        ]

    def __str__(self) -> str:
        return str(self.pk)
