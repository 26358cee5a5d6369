"""Work on many threads at once: what is done, how far it is, and what each entry was before, for an undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import FilingRule
from messagecenter.ids import new_id

from .entry import Entry


class FilingRunQuerySet(models.QuerySet["FilingRun"]):
    """Runs, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> FilingRunQuerySet:
        """Return the runs of the mailboxes that ``user`` acts for."""
        return self.filter(mailbox__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def unfinished(self) -> FilingRunQuerySet:
        """Return the runs that have something left to do, the one that waits longest first."""
        return self.filter(state__in=FilingRun.UNFINISHED).order_by("advanced_at", "pk")

    def old(self) -> FilingRunQuerySet:
        """Return the finished runs that nobody can undo any more."""
        before = timezone.now() - timedelta(days=FilingRun.KEPT_DAYS)
        return self.filter(created_at__lt=before).exclude(state__in=FilingRun.UNFINISHED)


class FilingRun(models.Model):
    """One filing by hand, small ones too, or a rule applied to what is there. The row is the job.

    ``filing`` is what is done (``{"verb", "value"}``); empty when it is ``rule``. ``query`` is the filter whose threads
    are meant, empty when they were named. ``position`` is the entry after which it goes on, ``until`` the last one that
    existed when it began. ``looked_at`` counts entries, ``done`` those that it changed.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    UNFINISHED = (State.WAITING, State.RUNNING, State.UNDOING)
    KEPT_DAYS = 30

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", verbose_name=_("mailbox"), db_index=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        db_index=False,
    )
    filing: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    rule = models.ForeignKey(
        FilingRule, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("filing rule")
    )
    query: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField(_("changed"), default=0)
    looked_at = models.PositiveIntegerField(_("looked at"), default=0)
    undone = models.PositiveIntegerField(_("undone"), default=0)
    position = models.UUIDField(null=True, editable=False)
    until = models.UUIDField(default=new_id, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    advanced_at = models.DateTimeField(_("last advanced"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = FilingRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("filing run")
        verbose_name_plural = _("filing runs")
        indexes = [
            models.Index(fields=["created_at"], name="filing_run_oldest"),
            models.Index(fields=["mailbox", "-created_at"], name="filing_run_newest"),
            models.Index(
                fields=["advanced_at"],
                name="filing_run_unfinished",
                condition=models.Q(state__in=("waiting", "running", "undoing")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.state}"

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.state not in self.UNFINISHED

    @property
    def can_be_undone(self) -> bool:
        """Whether it changed something that can be given back; what is still at work is stopped by that."""
        return self.done > 0 and self.state not in (self.State.UNDOING, self.State.UNDONE)

    @property
    def total(self) -> int | None:
        """How many threads it is about; nobody knows before it is finished."""
        return None if self.state in (self.State.WAITING, self.State.RUNNING) else self.done


class FiledEntry(models.Model):
    """What a run changed of one entry: ``changed`` is, by field, what it was and what it became."""

    run = models.ForeignKey(FilingRun, models.CASCADE, related_name="filed", db_index=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="+")
    changed: models.JSONField[dict[str, list[Any]], dict[str, list[Any]]] = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "entry"], name="filed_entry_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} by {self.run_id}"
