"""Support's queues, what they promise, and which case goes to which."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.hours.errors import HoursError
from messagecenter.hours.week import ALWAYS, Hours
from messagecenter.hours.written import from_data
from messagecenter.ids import new_id
from support.clocks import Promise
from support.severities import FIRST_HOURS, NEXT_HOURS, Severity

MOST_HOURS = 24 * 30


def validate_hours(data: Any) -> None:
    """Raise ValidationError, naming everything that is wrong, unless ``data`` are opening hours (or nothing)."""
    if not data:
        return
    try:
        from_data(data)
    except HoursError as error:
        raise ValidationError([str(problem) for problem in error.problems]) from None


def _hours(default: int) -> Any:
    return models.PositiveSmallIntegerField(
        default=default, validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)]
    )


class QueueQuerySet(models.QuerySet["Queue"]):
    """Queues, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> QueueQuerySet:
        """Return the queues that ``user`` works in."""
        return self.filter(mailbox__memberships__user_id=user.pk) if user.is_authenticated else self.none()

    def active(self) -> QueueQuerySet:
        """Return the queues that take cases."""
        return self.filter(is_active=True)


class Queue(models.Model):
    """A part of the marketplace's support: a mailbox with opening hours, languages and promised answer times.

    Who works in it are the mailbox's members: agents write, owners lead, viewers read.
    """

    class Handing(models.TextChoices):
        """Who gets a new case."""

        NOBODY = "nobody", _("nobody: agents take cases themselves")
        ROUND_ROBIN = "round_robin", _("whoever of those present has waited longest for one")
        LEAST_LOADED = "least_loaded", _("whoever of those present has the fewest open cases")

    mailbox = models.OneToOneField(Mailbox, models.CASCADE, primary_key=True, related_name="queue")
    languages = models.JSONField(_("languages"), default=list, help_text=_('What its people speak: ["de", "en"].'))
    opening_hours = models.JSONField(
        _("opening hours"),
        default=dict,
        blank=True,
        validators=[validate_hours],
        help_text=_("Empty: around the clock. The README shows how they are written."),
    )
    counts_open_hours = models.BooleanField(
        _("promised times count only opening hours"), default=False, help_text=_("Else they run around the clock.")
    )
    handing = models.CharField(_("new cases go to"), max_length=12, choices=Handing.choices, default=Handing.NOBODY)
    first_urgent = _hours(FIRST_HOURS[Severity.URGENT])
    first_high = _hours(FIRST_HOURS[Severity.HIGH])
    first_normal = _hours(FIRST_HOURS[Severity.NORMAL])
    first_low = _hours(FIRST_HOURS[Severity.LOW])
    next_urgent = _hours(NEXT_HOURS[Severity.URGENT])
    next_high = _hours(NEXT_HOURS[Severity.HIGH])
    next_normal = _hours(NEXT_HOURS[Severity.NORMAL])
    next_low = _hours(NEXT_HOURS[Severity.LOW])
    calls_at_once = models.PositiveSmallIntegerField(
        _("call-backs at once"),
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("How many telephones there are for appointments. 0: no call-backs are offered."),
    )
    calls_from = models.PositiveSmallIntegerField(
        _("call-backs only from this severity on"), choices=Severity.choices, null=True, blank=True
    )
    offers_chat = models.BooleanField(
        _("offers live chat"), default=False, help_text=_("While it is open and somebody of it is marked as here.")
    )
    chat_from = models.PositiveSmallIntegerField(
        _("live chat only from this severity on"), choices=Severity.choices, null=True, blank=True
    )
    is_active = models.BooleanField(_("takes cases"), default=True)

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("support queue")
        verbose_name_plural = _("support queues")

    def __str__(self) -> str:
        return self.mailbox.shown_name

    @property
    def hours(self) -> Hours:
        """When it is open."""
        return from_data(self.opening_hours) if self.opening_hours else ALWAYS

    @property
    def spoken(self) -> list[str]:
        """The codes of its languages, those of the site when it names none."""
        return [code for code in self.languages if code] or [code for code, _name in settings.LANGUAGES]

    def calls_about(self, severity: int) -> bool:
        """Return whether it makes call-backs about cases this severe; 1 is the most severe."""
        return self.calls_at_once > 0 and (self.calls_from is None or severity <= self.calls_from)

    def chats_about(self, severity: int) -> bool:
        """Return whether it chats about cases this severe."""
        return self.offers_chat and (self.chat_from is None or severity <= self.chat_from)

    def promise(self, severity: int, *, is_first: bool) -> Promise:
        """Return how soon it answers: the first time, or each time after."""
        name = f"{'first' if is_first else 'next'}_{Severity(severity).name.lower()}"
        return Promise(hours=getattr(self, name), counted=self.hours if self.counts_open_hours else ALWAYS)

    def due_at(self, severity: int, since: datetime, *, is_first: bool) -> datetime:
        """Return until when (UTC) it owes an answer that was waited for ``since``."""
        return self.promise(severity, is_first=is_first).due_at(since)


class Route(models.Model):
    """Which cases go to which queue: of the rules that fit, the first one decides. An empty condition fits all."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    topic = models.CharField(_("topic"), max_length=40, blank=True, help_text=_("A topic or a sub-topic."))
    severity = models.PositiveSmallIntegerField(
        _("severity, at least"), choices=Severity.choices, null=True, blank=True
    )
    country = models.CharField(_("country of the marketplace"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    queue = models.ForeignKey(Queue, models.CASCADE, related_name="routes", verbose_name=_("queue"))

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ("position", "id")

    def __str__(self) -> str:
        return f"{self.position}: {self.topic or '*'} → {self.queue_id}"
