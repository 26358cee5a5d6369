"""One mailbox's own view of a thread, the labels on it, and the mailbox's counters."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import Folder, Label
from messagecenter.ids import new_id


class Place(models.IntegerChoices):
    """Where a mailbox keeps a thread. What is gone is gone for this side only, until something new arrives."""

    INBOX = 0, _("inbox")
    ARCHIVE = 1, _("archive")
    TRASH = 2, _("trash")
    GONE = 3, _("gone")


class Priority(models.IntegerChoices):
    """How soon a mailbox wants to deal with a thread."""

    URGENT = 1, _("urgent")
    HIGH = 2, _("high")
    NORMAL = 3, _("normal")
    LOW = 4, _("low")


class EntryQuerySet(models.QuerySet["Entry"]):
    """Entries, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> EntryQuerySet:
        """Return the entries of the mailboxes that ``user`` acts for, without those that are gone."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk, place__lt=Place.GONE)

    def visible_to_each(self, people: Collection[UUID]) -> EntryQuerySet:
        """Return what each of several people may see, once for each: ``for_id`` says for whom."""
        each = self.annotate(for_id=models.F("mailbox__memberships__user_id"))
        return each.filter(for_id__in=people, place__lt=Place.GONE)

    def of_endpoints(self, endpoints: Collection[UUID]) -> EntryQuerySet:
        """Return the entries of the mailboxes whose programs are told there: ``for_id`` is the endpoint."""
        return self.annotate(for_id=models.F("mailbox__endpoints__id")).filter(for_id__in=endpoints)

    def of_mailbox(self, mailbox: Mailbox) -> EntryQuerySet:
        """Return one mailbox's entries."""
        return self.filter(mailbox=mailbox)

    def inbox(self) -> EntryQuerySet:
        """Return the threads in the inbox that lie in no folder."""
        return self.filter(place=Place.INBOX, folder=None)

    def current(self) -> EntryQuerySet:
        """Return the threads that are neither archived nor thrown away, whatever folder they lie in."""
        return self.filter(place=Place.INBOX)

    def kept(self) -> EntryQuerySet:
        """Return the threads that were not thrown away."""
        return self.filter(place__lt=Place.TRASH)

    def in_folder(self, folder: Folder) -> EntryQuerySet:
        """Return the threads in one folder, without those of its subfolders."""
        return self.filter(folder=folder, place=Place.INBOX)

    def unread(self) -> EntryQuerySet:
        """Return the threads with messages nobody here has read."""
        return self.filter(place=Place.INBOX, unread__gt=0)

    def needs_reply(self) -> EntryQuerySet:
        """Return the threads in which the other side waits for an answer, wherever they were put."""
        return self.filter(needs_reply_since__isnull=False, place__lt=Place.GONE)

    def waiting(self) -> EntryQuerySet:
        """Return the threads in which this mailbox waits for the other side."""
        return self.filter(place=Place.INBOX, awaiting_since__isnull=False)

    def sent(self) -> EntryQuerySet:
        """Return the threads this mailbox wrote in."""
        return self.filter(last_sent_at__isnull=False, place__lt=Place.TRASH)

    def received(self) -> EntryQuerySet:
        """Return the threads in which something came from the other side."""
        return self.filter(last_received_at__isnull=False, place__lt=Place.TRASH)

    def starred(self) -> EntryQuerySet:
        """Return the threads with a star."""
        return self.filter(is_starred=True, place__lt=Place.TRASH)

    def held(self) -> EntryQuerySet:
        """Return the threads in which a message of this mailbox is being checked."""
        return self.filter(holds__gt=0, place__lt=Place.GONE)

    def archived(self) -> EntryQuerySet:
        """Return the archived threads."""
        return self.filter(place=Place.ARCHIVE)

    def thrown_away(self) -> EntryQuerySet:
        """Return the threads in the trash."""
        return self.filter(place=Place.TRASH)

    def assigned_to(self, user: User) -> EntryQuerySet:
        """Return the threads that are ``user``'s to deal with."""
        return self.filter(assignee=user, place=Place.INBOX)


class Entry(models.Model):
    """One mailbox's own view of a thread. What one side does here never changes the other side's."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Their own indexes would be the beginnings of others: entry_once, entry_newest.
    thread = models.ForeignKey(
        "threads.Thread", models.CASCADE, related_name="entries", verbose_name=_("thread"), db_index=False
    )
    mailbox = models.ForeignKey(
        Mailbox, models.PROTECT, related_name="entries", verbose_name=_("mailbox"), db_index=False
    )
    other = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name=_("other side"), db_index=False)
    # What of the thread a list is filtered by, so that no list has to join it.
    order_number = models.CharField(max_length=64, blank=True)
    topic = models.CharField(_("topic"), max_length=40, blank=True)
    has_files = models.BooleanField(_("has files"), default=False)

    unread = models.PositiveIntegerField(_("unread messages"), default=0)
    needs_reply_since = models.DateTimeField(_("needs reply since"), null=True, blank=True)
    reply_due_at = models.DateTimeField(_("reply due"), null=True, blank=True)
    awaiting_since = models.DateTimeField(_("waits for the other side since"), null=True, blank=True)
    holds = models.PositiveIntegerField(_("own messages being checked"), default=0)
    last_message_at = models.DateTimeField(_("last message"))
    last_sent_at = models.DateTimeField(_("last sent"), null=True, blank=True)
    last_received_at = models.DateTimeField(_("last received"), null=True, blank=True)

    place = models.PositiveSmallIntegerField(_("place"), choices=Place.choices, default=Place.INBOX)
    folder = models.ForeignKey(
        Folder, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("folder"), db_index=False
    )
    labels = models.ManyToManyField(Label, through="EntryLabel", related_name="+", verbose_name=_("labels"))
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    is_starred = models.BooleanField(_("starred"), default=False)
    is_muted = models.BooleanField(_("muted"), default=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
        db_index=False,
    )
    trashed_at = models.DateTimeField(_("thrown away"), null=True, blank=True)
    # When a message came that only says thank you: it started no clock, unless somebody here says that it should.
    thanked_at = models.DateTimeField(_("thanked"), null=True, blank=True)
    # The newest message that was on somebody's screen here: the other side may be told.
    read_up_to = models.UUIDField(null=True, editable=False)
    # The newest message that is gone for this side; it and all before it are not shown here any more.
    cleared_up_to = models.UUIDField(null=True, editable=False)

    is_counted = True  # False while it was just made and its mailbox's counters know nothing of it yet

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [models.UniqueConstraint(fields=["thread", "mailbox"], name="entry_once")]
        # Without the id that lists go by as well, a third of each: of two of the same moment the database sorts those
        # two. The one for order numbers has it, because a part of a number is looked for in the index alone.
        indexes = [
            models.Index(fields=["mailbox", "-last_message_at"], name="entry_newest"),
            models.Index(fields=["mailbox", "other"], name="entry_other"),
            models.Index(
                fields=["mailbox", "-last_message_at"],
                name="entry_in_inbox",
                condition=models.Q(place=Place.INBOX, folder=None),
            ),
            models.Index(
                fields=["folder", "-last_message_at"],
                name="entry_in_folder",
                condition=models.Q(folder__isnull=False),
            ),
            models.Index(fields=["mailbox", "-last_message_at"], name="entry_unread", condition=models.Q(unread__gt=0)),
            models.Index(
                fields=["mailbox", "-last_message_at"],
                name="entry_needs_reply",
                condition=models.Q(needs_reply_since__isnull=False),
            ),
            models.Index(
                fields=["mailbox", "needs_reply_since"],
                name="entry_waiting_longest",
                condition=models.Q(needs_reply_since__isnull=False),
            ),
            models.Index(
                fields=["mailbox", "-last_message_at"],
                name="entry_awaiting",
                condition=models.Q(awaiting_since__isnull=False),
            ),
            models.Index(
                fields=["mailbox", "-last_sent_at"],
                name="entry_sent",
                condition=models.Q(last_sent_at__isnull=False),
            ),
            models.Index(
                fields=["mailbox", "-last_received_at"],
                name="entry_received",
                condition=models.Q(last_received_at__isnull=False),
            ),
            models.Index(
                fields=["mailbox", "-last_message_at"],
                name="entry_starred",
                condition=models.Q(is_starred=True),
            ),
            models.Index(fields=["mailbox", "-last_message_at"], name="entry_held", condition=models.Q(holds__gt=0)),
            models.Index(
                fields=["mailbox", "place", "-last_message_at"],
                name="entry_put_away",
                condition=models.Q(place__gt=Place.INBOX),
            ),
            models.Index(fields=["trashed_at"], name="entry_thrown_away", condition=models.Q(trashed_at__isnull=False)),
            models.Index(
                fields=["assignee", "mailbox", "-last_message_at"],
                name="entry_assigned",
                condition=models.Q(assignee__isnull=False),
            ),
            models.Index(fields=["mailbox", "order_number", "id"], name="entry_order_number"),
            models.Index(fields=["mailbox", "priority", "-last_message_at"], name="entry_priority"),
            models.Index(fields=["mailbox", "topic", "-last_message_at"], name="entry_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.thread_id} in {self.mailbox_id}"


class EntryLabel(models.Model):
    """One label on one entry."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="entry_labels", db_index=False)
    label = models.ForeignKey(Label, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "label"], name="entry_label_once")]

    def __str__(self) -> str:
        return f"{self.label_id} on {self.entry_id}"


class Tally(models.Model):
    """A mailbox's counters, kept in the transaction that changes them: no page ever counts.

    ``counts`` holds [unread, needs reply, threads] for each view, folder and pinned filter by the keys of
    ``counting``; ``pinned`` are the queries of the pinned filters that can be counted, by those keys.
    """

    mailbox = models.OneToOneField(Mailbox, models.CASCADE, primary_key=True, related_name="tally")
    unread = models.IntegerField(_("unread threads"), default=0)
    needs_reply = models.IntegerField(_("threads that need a reply"), default=0)
    counts = models.JSONField(default=dict, editable=False)
    pinned = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.unread}, {self.needs_reply}"
