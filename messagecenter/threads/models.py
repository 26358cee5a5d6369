"""The heart: a thread between two mailboxes, its messages, and each mailbox's own entry for it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from orders.models import Order, Product


class ThreadQuerySet(models.QuerySet["Thread"]):
    """Threads, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> ThreadQuerySet:
        """Return the threads in which a mailbox of ``user`` takes part."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(pk__in=Entry.objects.visible_to(user).values("thread"))


class Thread(models.Model):
    """One matter between two mailboxes. Subject and snippet are ciphertext."""

    class Kind(models.TextChoices):
        ORDER = "order", _("order")
        INQUIRY = "inquiry", _("inquiry")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    topic = models.CharField(_("topic"), max_length=40)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="threads", verbose_name=_("order")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="threads", verbose_name=_("product")
    )
    opened_by = models.ForeignKey(Mailbox, models.PROTECT, related_name="threads_opened", verbose_name=_("opened by"))
    client_id = models.UUIDField(editable=False)
    subject_ciphertext = models.BinaryField(editable=False)
    snippet_ciphertext = models.BinaryField(editable=False, default=bytes)
    snippet_message_id = models.UUIDField(null=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("opened"), default=timezone.now)
    last_message_at = models.DateTimeField(_("last message"), default=timezone.now)
    files = models.PositiveIntegerField(_("files"), default=0)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [
            models.UniqueConstraint(fields=["opened_by", "client_id"], name="thread_once_per_client_id"),
            models.CheckConstraint(
                condition=models.Q(kind="order", order__isnull=False, product=None)
                | models.Q(kind="inquiry", order=None, product__isnull=False),
                name="thread_about_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["opened_by", "-created_at"], name="thread_opened_by"),
            models.Index(fields=["-last_message_at", "-id"], name="thread_newest"),
            models.Index(fields=["state", "-last_message_at", "-id"], name="thread_state_newest"),
        ]
        permissions = [("disclose_thread", _("Can read a thread's messages, for a stated reason"))]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_closed(self) -> bool:
        """Whether nobody can write until someone reopens it."""
        return self.state == self.State.CLOSED


class EntryQuerySet(models.QuerySet["Entry"]):
    """Entries, starting from who may see them; then one verb a box."""

    def visible_to(self, user: User | AnonymousUser) -> EntryQuerySet:
        """Return the entries of the mailboxes that ``user`` acts for."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk)

    def of_mailbox(self, mailbox: Mailbox) -> EntryQuerySet:
        """Return one mailbox's entries."""
        return self.filter(mailbox=mailbox)

    def inbox(self) -> EntryQuerySet:
        """Return every thread, the one with the newest message first."""
        return self.order_by("-last_message_at", "-pk")

    def unread(self) -> EntryQuerySet:
        """Return the threads with messages nobody here has read."""
        return self.filter(unread__gt=0).order_by("-last_message_at", "-pk")

    def needs_reply(self) -> EntryQuerySet:
        """Return the threads in which the other side waits for an answer."""
        return self.filter(needs_reply_since__isnull=False).order_by("-last_message_at", "-pk")

    def sent(self) -> EntryQuerySet:
        """Return the threads this mailbox wrote in, by its own last message, newest first."""
        return self.filter(last_sent_at__isnull=False).order_by("-last_sent_at", "-pk")


class Entry(models.Model):
    """One mailbox's own view of a thread. What one side does here never changes the other side's."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="entries", verbose_name=_("thread"))
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="entries", verbose_name=_("mailbox"))
    other = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name=_("other side"))
    order_number = models.CharField(max_length=64, blank=True)
    unread = models.PositiveIntegerField(_("unread messages"), default=0)
    needs_reply_since = models.DateTimeField(_("needs reply since"), null=True, blank=True)
    last_message_at = models.DateTimeField(_("last message"))
    last_sent_at = models.DateTimeField(_("last sent"), null=True, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [models.UniqueConstraint(fields=["thread", "mailbox"], name="entry_once")]
        indexes = [
            models.Index(fields=["mailbox", "-last_message_at", "-id"], name="entry_inbox"),
            models.Index(
                fields=["mailbox", "-last_message_at", "-id"], name="entry_unread", condition=models.Q(unread__gt=0)
            ),
            models.Index(
                fields=["mailbox", "-last_message_at", "-id"],
                name="entry_needs_reply",
                condition=models.Q(needs_reply_since__isnull=False),
            ),
            models.Index(
                fields=["mailbox", "-last_sent_at", "-id"],
                name="entry_sent",
                condition=models.Q(last_sent_at__isnull=False),
            ),
            models.Index(fields=["mailbox", "order_number", "-last_message_at", "-id"], name="entry_order_number"),
        ]

    def __str__(self) -> str:
        return f"{self.thread_id} in {self.mailbox_id}"


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> MessageQuerySet:
        """Return delivered messages of ``user``'s threads, and what ``user``'s own side wrote in any state."""
        if not user.is_authenticated:
            return self.none()
        mine = Mailbox.objects.visible_to(user).values("pk")
        return self.filter(thread__in=Thread.objects.visible_to(user)).filter(
            models.Q(state=Message.State.DELIVERED) | models.Q(sender__in=mine)
        )


class Message(models.Model):
    """What was written, once. The text is ciphertext."""

    class State(models.TextChoices):
        HELD = "held", _("held")
        DELIVERED = "delivered", _("delivered")
        BLOCKED = "blocked", _("blocked")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="messages")
    sender = models.ForeignKey(Mailbox, models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
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
    # While it is held: since when the other side had been waiting for this answer.
    answers_since = models.DateTimeField(null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["thread", "sender", "client_id"], name="message_once_per_client_id")
        ]
        indexes = [
            models.Index(fields=["thread", "id"], name="message_thread"),
            models.Index(fields=["thread", "sender"], name="message_held", condition=models.Q(state="held")),
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
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="enclosures")
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


class Tally(models.Model):
    """A mailbox's counters, kept in the transaction that changes them: no page ever counts."""

    mailbox = models.OneToOneField(Mailbox, models.CASCADE, primary_key=True, related_name="tally")
    unread = models.IntegerField(_("unread threads"), default=0)
    needs_reply = models.IntegerField(_("threads that need a reply"), default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.unread}, {self.needs_reply}"


class Disclosure(models.Model):
    """A member of staff read a thread's words: who, when and for what stated reason. Never changed or deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="disclosures", verbose_name=_("thread"))
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("read by"))
    reason = models.CharField(_("reason"), max_length=500)
    read_at = models.DateTimeField(_("read"), default=timezone.now)

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        indexes = [models.Index(fields=["-read_at", "-id"], name="disclosure_newest")]

    def __str__(self) -> str:
        return f"{self.staff_id} read {self.thread_id}"
