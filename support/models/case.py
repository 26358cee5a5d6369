"""A case: a thread between a shop and a queue of support, with a number, a state and a promised answer."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messagecenter.accounts.models import Mailbox, User
from messagecenter.threads.models import Thread
from support.lifecycle import ACTIVE, WITH_SELLER, WITH_SUPPORT, Status
from support.numbers import told
from support.severities import Severity

from .queue import Queue

STATUS_LABELS = {
    Status.NEW: pgettext_lazy("case", "New"),
    Status.OPEN: pgettext_lazy("case", "In progress"),
    Status.WAITING: pgettext_lazy("case", "Waiting for the seller"),
    Status.ANSWERED: pgettext_lazy("case", "Answered"),
    Status.ON_HOLD: pgettext_lazy("case", "On hold"),
    Status.TRANSFERRED: pgettext_lazy("case", "Transferred"),
    Status.REOPENED: pgettext_lazy("case", "Reopened"),
    Status.RESOLVED: pgettext_lazy("case", "Resolved"),
    Status.CLOSED: pgettext_lazy("case", "Closed"),
}
IS_ACTIVE = Q(status__in=sorted(ACTIVE))


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> CaseQuerySet:
        """Return the cases of the shops that ``user`` acts for."""
        return self.filter(shop__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def worked_by(self, staff: User | AnonymousUser) -> CaseQuerySet:
        """Return the cases of the queues that ``staff`` belongs to; who oversees support has them all."""
        if not staff.is_authenticated or not staff.is_staff or not staff.is_active:
            return self.none()
        if staff.has_perm("support.oversee_cases"):
            return self.all()
        return self.filter(queue__mailbox__memberships__user_id=staff.pk)

    def active(self) -> CaseQuerySet:
        """Return the cases that are not at their end."""
        return self.filter(IS_ACTIVE)

    def with_support(self) -> CaseQuerySet:
        """Return the cases in which support owes the next word."""
        return self.filter(status__in=sorted(WITH_SUPPORT))

    def with_seller(self) -> CaseQuerySet:
        """Return the cases in which the seller has the next word."""
        return self.filter(status__in=sorted(WITH_SELLER))

    def assigned_to(self, staff: User) -> CaseQuerySet:
        """Return one person's cases."""
        return self.filter(assignee=staff)

    def unassigned(self) -> CaseQuerySet:
        """Return the cases that nobody has taken."""
        return self.filter(assignee=None)

    def overdue(self, now: datetime) -> CaseQuerySet:
        """Return the cases whose promised answer is late."""
        return self.filter(due_at__lt=now)


class Case(models.Model):
    """A matter between a shop and the marketplace's support; its words are its thread's."""

    thread = models.OneToOneField(Thread, models.PROTECT, primary_key=True, related_name="case")
    number = models.CharField(_("number"), max_length=8, unique=True)
    shop = models.ForeignKey(Mailbox, models.PROTECT, related_name="cases", verbose_name=_("shop"), db_index=False)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="cases", verbose_name=_("queue"), db_index=False)
    topic = models.CharField(_("topic"), max_length=40)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity.choices, default=Severity.NORMAL)
    language = models.CharField(_("language"), max_length=8)
    country = models.CharField(_("country"), max_length=2, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=list(STATUS_LABELS.items()), default=Status.NEW.value)
    status_since = models.DateTimeField(_("in this status since"), default=timezone.now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("opened by"), db_index=False
    )
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="cases_assigned",
        verbose_name=_("assigned to"),
        db_index=False,
    )
    # What the sub-topic's form asked, as JSON; ciphertext of the thread's key.
    answers_ciphertext = models.BinaryField(editable=False, default=bytes)
    level = models.PositiveSmallIntegerField(_("escalation level"), default=0)
    last_word_at = models.DateTimeField(_("last word"), default=timezone.now)
    # While support owes an answer: since when, until when, and when its people are warned.
    waiting_since = models.DateTimeField(_("the seller waits since"), null=True, blank=True)
    due_at = models.DateTimeField(_("answer due"), null=True, blank=True)
    warn_at = models.DateTimeField(null=True, editable=False)
    first_answered_at = models.DateTimeField(_("first answer"), null=True, blank=True)
    held_until = models.DateTimeField(_("on hold until"), null=True, blank=True)
    follow_up_at = models.DateTimeField(_("to be looked at again"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    follows = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="followed_by",
        verbose_name=_("follows"),
        db_index=False,
    )
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("merged into"), db_index=False
    )
    rating = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    rating_comment_ciphertext = models.BinaryField(editable=False, default=bytes)
    rated_at = models.DateTimeField(_("rated"), null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            models.CheckConstraint(condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5), name="case_rating"),
            models.CheckConstraint(
                condition=Q(waiting_since=None, due_at=None) | Q(waiting_since__isnull=False, due_at__isnull=False),
                name="case_due_while_waiting",
            ),
        ]
        indexes = [
            # The seller's log, whole and by state.
            models.Index(fields=["shop", "-last_word_at", "-thread"], name="case_log"),
            models.Index(fields=["shop", "status", "-last_word_at", "-thread"], name="case_log_status"),
            # Staff's lists: what is due first, by queue and by person; what nobody has taken.
            models.Index(fields=["queue", "due_at", "thread"], name="case_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["queue", "status", "-last_word_at", "-thread"], name="case_queue_status"),
            models.Index(fields=["assignee", "-last_word_at", "-thread"], name="case_mine", condition=IS_ACTIVE),
            models.Index(
                fields=["queue", "-last_word_at", "-thread"],
                name="case_unassigned",
                condition=IS_ACTIVE & Q(assignee=None),
            ),
            models.Index(fields=["-last_word_at", "-thread"], name="case_newest"),
            models.Index(fields=["due_at", "thread"], name="case_all_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["warn_at"], name="case_to_warn", condition=Q(warn_at__isnull=False)),
            models.Index(fields=["held_until"], name="case_held", condition=Q(held_until__isnull=False)),
            models.Index(fields=["follow_up_at"], name="case_follow_up", condition=Q(follow_up_at__isnull=False)),
            models.Index(
                fields=["status_since"],
                name="case_resting",
                condition=Q(status__in=["answered", "resolved", "waiting"]),
            ),
            models.Index(fields=["follows"], name="case_follows", condition=Q(follows__isnull=False)),
        ]
        permissions = [
            ("oversee_cases", _("Can see and work on the cases of all queues")),
            ("export_cases", _("Can see and export the figures of support")),
        ]

    def __str__(self) -> str:
        return self.shown_number

    @property
    def shown_number(self) -> str:
        """The number as people read it."""
        return told(self.number)

    @property
    def state(self) -> Status:
        """The status as the life cycle knows it."""
        return Status(self.status)

    @property
    def is_checked(self) -> bool:
        """Whether its first message is still being checked: support cannot read it yet."""
        return self.state == Status.NEW and self.due_at is None

    @property
    def is_active(self) -> bool:
        """Whether it is not at its end."""
        return self.state in ACTIVE
