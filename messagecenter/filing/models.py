"""How a mailbox keeps order: folders three levels deep, labels, rules and saved filters. They belong to one side only.

A deleted folder or label is only marked at first (``removed_at``): a message that is just being filed into it must not
fail. Nothing lists it any more; the row goes when nothing hangs on it.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id


class FolderQuerySet(models.QuerySet["Folder"]):
    """Folders, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> FolderQuerySet:
        """Return the folders of the mailboxes that ``user`` acts for."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk, removed_at=None)

    def of_mailbox(self, mailbox: Mailbox) -> FolderQuerySet:
        """Return one mailbox's folders, by name."""
        return self.filter(mailbox=mailbox, removed_at=None).order_by("name", "pk")

    def removed(self) -> FolderQuerySet:
        """Return the folders that were deleted and may still hold threads."""
        return self.filter(removed_at__isnull=False)


class Folder(models.Model):
    """A folder of one mailbox, or a folder in a folder. A thread lies in one folder at most."""

    MOST_LEVELS = 3
    MOST_IN_A_MAILBOX = 200
    LONGEST_NAME = 60

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="folders", verbose_name=_("mailbox"))
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children", verbose_name=_("in folder")
    )
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)
    # Of a deleted one: where its threads go. "inbox", "archive", "trash" or a folder's id.
    goes_to = models.CharField(max_length=36, blank=True, editable=False)

    objects = FolderQuerySet.as_manager()

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "parent", "name"], name="folder_once", condition=models.Q(removed_at=None)
            ),
            # NULLs are all different to a database: without this a mailbox could have two top folders of one name.
            models.UniqueConstraint(
                fields=["mailbox", "name"],
                name="folder_once_at_the_top",
                condition=models.Q(parent=None, removed_at=None),
            ),
        ]
        indexes = [
            models.Index(fields=["removed_at"], name="folder_removed", condition=models.Q(removed_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.name


class LabelQuerySet(models.QuerySet["Label"]):
    """Labels, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> LabelQuerySet:
        """Return the labels of the mailboxes that ``user`` acts for."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk, removed_at=None)

    def of_mailbox(self, mailbox: Mailbox) -> LabelQuerySet:
        """Return one mailbox's labels, by name."""
        return self.filter(mailbox=mailbox, removed_at=None).order_by("name", "pk")

    def removed(self) -> LabelQuerySet:
        """Return the labels that were deleted and may still be on threads."""
        return self.filter(removed_at__isnull=False)


class Label(models.Model):
    """A coloured word on threads of one mailbox; a thread may have several."""

    class Color(models.TextChoices):
        GRAY = "gray", _("gray")
        RED = "red", _("red")
        ORANGE = "orange", _("orange")
        YELLOW = "yellow", _("yellow")
        GREEN = "green", _("green")
        TEAL = "teal", _("teal")
        BLUE = "blue", _("blue")
        PURPLE = "purple", _("purple")
        PINK = "pink", _("pink")

    MOST_IN_A_MAILBOX = 100
    LONGEST_NAME = 40

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="labels", verbose_name=_("mailbox"))
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    color = models.CharField(_("colour"), max_length=8, choices=Color.choices, default=Color.GRAY)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = LabelQuerySet.as_manager()

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "name"], name="label_once", condition=models.Q(removed_at=None))
        ]
        indexes = [
            models.Index(fields=["removed_at"], name="label_removed", condition=models.Q(removed_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.name


class FilingRuleQuerySet(models.QuerySet["FilingRule"]):
    """Rules, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> FilingRuleQuerySet:
        """Return the rules of the mailboxes that ``user`` acts for."""
        return self.filter(mailbox__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def of_mailbox(self, mailbox: Mailbox) -> FilingRuleQuerySet:
        """Return one mailbox's rules in the order in which they are asked."""
        return self.filter(mailbox=mailbox).order_by("position", "pk")

    def active(self) -> FilingRuleQuerySet:
        """Return the rules that are switched on and not broken."""
        return self.filter(is_active=True, is_broken=False)


class FilingRule(models.Model):
    """What a mailbox does by itself with what arrives: when all its conditions hold, all its outcomes happen.

    ``conditions`` is what ``rules.Conditions.as_data`` gives. ``outcomes`` is a list of ``{"verb", "value"}``; what the
    verbs mean is known to the threads. ``is_broken`` says that a folder, label or member it names is gone.
    """

    MOST_IN_A_MAILBOX = 50
    LONGEST_NAME = 60

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="filing_rules", verbose_name=_("mailbox"), db_index=False
    )
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)
    is_broken = models.BooleanField(_("broken"), default=False, editable=False)
    conditions = models.JSONField(default=dict)
    outcomes = models.JSONField(default=list)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = FilingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("filing rule")
        verbose_name_plural = _("filing rules")
        indexes = [models.Index(fields=["mailbox", "position"], name="filing_rule_order")]

    def __str__(self) -> str:
        return self.name


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    """Saved filters, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> SavedFilterQuerySet:
        """Return the saved filters of the mailboxes that ``user`` acts for."""
        return self.filter(mailbox__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def of_mailbox(self, mailbox: Mailbox) -> SavedFilterQuerySet:
        """Return one mailbox's saved filters in their order."""
        return self.filter(mailbox=mailbox).order_by("position", "pk")

    def pinned(self) -> SavedFilterQuerySet:
        """Return those that stand in the menu."""
        return self.filter(is_pinned=True)


class SavedFilter(models.Model):
    """A filter of the list under a name, for everybody who acts for the mailbox. Pinned, it stands in the menu."""

    MOST_IN_A_MAILBOX = 30
    LONGEST_NAME = 60

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(
        Mailbox, models.CASCADE, related_name="saved_filters", verbose_name=_("mailbox"), db_index=False
    )
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    query = models.TextField(_("filter"), blank=True)  # the query of the list's address, without what is empty
    is_pinned = models.BooleanField(_("pinned"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints = [models.UniqueConstraint(fields=["mailbox", "name"], name="saved_filter_once")]
        indexes = [models.Index(fields=["mailbox", "position"], name="saved_filter_order")]

    def __str__(self) -> str:
        return self.name

    @property
    def counter(self) -> str:
        """The key of its numbers in the mailbox's counters; only a pinned one may have some."""
        return f"saved:{self.pk.hex}"

    def as_data(self) -> dict[str, str]:
        """Return what is asked, by parameter name."""
        return dict(parse_qsl(self.query))


class FilterCountQuerySet(models.QuerySet["FilterCount"]):
    """Counts, starting from whose they are."""

    def of_mailbox(self, mailbox: Mailbox) -> FilterCountQuerySet:
        """Return the counts of one mailbox's pinned filters."""
        return self.filter(saved__mailbox=mailbox, saved__is_pinned=True)

    def looked_at_since(self, moment: datetime) -> FilterCountQuerySet:
        """Return those that somebody had in the menu since."""
        return self.filter(seen_at__gte=moment, saved__is_pinned=True)


class FilterCount(models.Model):
    """How many unread threads a pinned filter shows that nothing can count as they change: what it was, and when.

    ``up_to`` is the mailbox's newest live event when it was counted: without a newer one there is nothing to count.
    """

    MOST = 100  # shown as "99+"

    saved = models.OneToOneField(SavedFilter, models.CASCADE, primary_key=True, related_name="count")
    number = models.PositiveSmallIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)
    up_to = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = FilterCountQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="filter_count_seen")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.number}"
