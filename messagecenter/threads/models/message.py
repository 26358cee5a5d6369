"""What was written, and the files that went with it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id

from .entry import Entry
from .thread import Thread


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> MessageQuerySet:
        """Return delivered messages of ``user``'s threads, and what ``user``'s own side wrote in any state.

        What a side threw away for good is gone for it.
        """
        if not user.is_authenticated:
            return self.none()
        mine = Mailbox.objects.visible_to(user).values("pk")
        entries = Entry.objects.visible_to(user).filter(thread=models.OuterRef("thread"))
        kept = entries.filter(models.Q(cleared_up_to=None) | models.Q(cleared_up_to__lt=models.OuterRef("pk")))
        return self.filter(models.Exists(kept)).filter(
            models.Q(state=Message.State.DELIVERED) | models.Q(sender__in=mine)
        )


class Message(models.Model):
    """What was written, once. The text is ciphertext."""

    class State(models.TextChoices):
        HELD = "held", _("held")
        DELIVERED = "delivered", _("delivered")
        BLOCKED = "blocked", _("blocked")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # No list is by sender or author alone, and a thread's messages have ``message_thread``: see ``indexes``.
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="messages", db_index=False)
    sender = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    client_id = models.UUIDField(editable=False)
    body_ciphertext = models.BinaryField(editable=False)
    # What the other side reads when words were hidden from it; empty when it reads what was typed.
    redacted_ciphertext = models.BinaryField(editable=False, default=bytes)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DELIVERED)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)
    # Set only when it was held or blocked first: the recipient's clock begins here, the sender's ended at sent_at.
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    # Of a blocked message: its uploads, which the corrected message may take along.
    unsent_files = models.JSONField(default=list, editable=False)
    # Nobody wrote it: the mailbox answered by itself. It answers nothing and is answered by nothing automatic.
    is_automatic = models.BooleanField(_("automatic reply"), default=False)
    # While it is held: since when the other side had been waiting for this answer.
    answers_since = models.DateTimeField(null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            # The client id first: most come in the order of time, so that the index fills instead of splitting.
            models.UniqueConstraint(fields=["client_id", "thread", "sender"], name="message_once")
        ]
        indexes = [
            models.Index(fields=["thread", "id"], name="message_thread"),
            models.Index(fields=["thread", "sender"], name="message_held", condition=models.Q(state="held")),
            models.Index(
                fields=["sender", "-sent_at"], name="message_automatic", condition=models.Q(is_automatic=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class EnclosureQuerySet(models.QuerySet["Enclosure"]):
    """Files sent with messages, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> EnclosureQuerySet:
        """Return the files of the messages ``user`` may read: the other side's once ready, one's own side's always."""
        if not user.is_authenticated:
            return self.none()
        mine = Mailbox.objects.visible_to(user).values("pk")
        return self.filter(message__in=Message.objects.visible_to(user)).filter(
            models.Q(attachment__state=Attachment.State.READY, is_withheld=False, is_screened=True)
            | models.Q(attachment__mailbox__in=mine)
        )

    def to_screen(self) -> EnclosureQuerySet:
        """Return those whose words nobody has looked at although they can be read by now."""
        return self.filter(is_screened=False, attachment__state=Attachment.State.READY).order_by("pk")

    def openable(self) -> EnclosureQuerySet:
        """Return those that can be opened: not refused after all."""
        return self.filter(attachment__state__in=[Attachment.State.READY, Attachment.State.CHECKING])


class Enclosure(models.Model):
    """A file that went with a message: each file with one message, once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="enclosures", db_index=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="enclosures")
    attachment = models.OneToOneField(Attachment, models.PROTECT, related_name="enclosure")
    is_withheld = models.BooleanField(_("not handed over"), default=False)
    # The words in it were put before the policy; until then only its own side has it.
    is_screened = models.BooleanField(_("screened"), default=True)

    objects = EnclosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("enclosure")
        verbose_name_plural = _("enclosures")
        indexes = [
            models.Index(fields=["thread", "-id"], name="enclosure_thread_newest"),
            models.Index(fields=["id"], name="enclosure_to_screen", condition=models.Q(is_screened=False)),
        ]

    def __str__(self) -> str:
        return f"{self.attachment_id} with {self.message_id}"
