"""What people ask a person to look at: an appeal against a decision, a report about a message; and cautions."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.policy.models import Decision


class AppealQuerySet(models.QuerySet["Appeal"]):
    """Appeals, starting from who may see them."""

    def visible_to(self, user: User | AnonymousUser) -> AppealQuerySet:
        """Return the appeals of ``user``'s own mailboxes."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(decision__mailbox__memberships__user_id=user.pk)

    def waiting(self) -> AppealQuerySet:
        """Return undecided appeals, the oldest first."""
        return self.filter(state=Appeal.State.OPEN).order_by("made_at", "pk")


class Appeal(models.Model):
    """A sender asks for a person's judgement, once a decision, within six months (DSA, Art. 20)."""

    class State(models.TextChoices):
        OPEN = "open", _("waiting for a person")
        UPHELD = "upheld", _("the decision stands")
        REVERSED = "reversed", _("the decision was reversed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="appeal", verbose_name=_("decision"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    made_at = models.DateTimeField(_("asked"), default=timezone.now)
    words_ciphertext = models.BinaryField(editable=False, default=bytes)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answer_ciphertext = models.BinaryField(editable=False, default=bytes)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        indexes = [
            models.Index(fields=["made_at", "id"], name="appeal_waiting", condition=models.Q(state="open")),
            models.Index(fields=["-made_at", "-id"], name="appeal_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} ({self.state})"


class ReportQuerySet(models.QuerySet["Report"]):
    """Reports, starting from who may see them: the reporter's side, never the reported one."""

    def visible_to(self, user: User | AnonymousUser) -> ReportQuerySet:
        """Return the reports that ``user``'s own mailboxes made."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(mailbox__memberships__user_id=user.pk)

    def waiting(self) -> ReportQuerySet:
        """Return undecided reports, the oldest first."""
        return self.filter(state=Report.State.OPEN).order_by("made_at", "pk")


class Report(models.Model):
    """Somebody says that a message they were sent breaks the rules (DSA, Art. 16). The evidence is frozen in it.

    ``evidence_ciphertext`` is sealed under the report's own key, so that it outlives the thread's.
    """

    class Reason(models.TextChoices):
        SPAM = "spam", pgettext_lazy("report", "Spam or advertising")
        SCAM = "scam", pgettext_lazy("report", "Scam or fraud")
        OFFENSIVE = "offensive", pgettext_lazy("report", "Offensive or hateful")
        THREATENING = "threatening", pgettext_lazy("report", "Threatening")
        CONTACT = "contact", pgettext_lazy("report", "Contact or payment outside the marketplace")
        OTHER = "other", pgettext_lazy("report", "Something else")

    class State(models.TextChoices):
        OPEN = "open", _("waiting for a person")
        ACTED = "acted", _("the report was right; something was done")
        DISMISSED = "dismissed", _("no breach of the rules was found")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message_id = models.UUIDField(_("message"))
    thread_id = models.UUIDField(_("thread"))
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name=_("reported by"))
    reported = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name=_("sender"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("person")
    )
    made_at = models.DateTimeField(_("reported"), default=timezone.now)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    words_ciphertext = models.BinaryField(editable=False, default=bytes)
    evidence_ciphertext = models.BinaryField(editable=False)
    files: models.ManyToManyField[Attachment, Evidence] = models.ManyToManyField(
        Attachment, through="Evidence", related_name="+"
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answer_ciphertext = models.BinaryField(editable=False, default=bytes)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [models.UniqueConstraint(fields=["message_id", "mailbox"], name="report_once_per_mailbox")]
        indexes = [
            models.Index(fields=["made_at", "id"], name="report_waiting", condition=models.Q(state="open")),
            models.Index(fields=["mailbox", "-made_at", "-id"], name="report_mailbox"),
            models.Index(fields=["-made_at", "-id"], name="report_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} ({self.reason})"


class Evidence(models.Model):
    """A file of a reported message: while the report exists the file cannot be deleted."""

    report = models.ForeignKey(Report, models.CASCADE)
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints = [models.UniqueConstraint(fields=["report", "attachment"], name="evidence_once")]

    def __str__(self) -> str:
        return f"{self.attachment_id} in {self.report_id}"


class Caution(models.Model):
    """The desk reminded a mailbox of a rule. Only staff know which message it was about."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+", verbose_name=_("mailbox"))
    rule = models.CharField(_("rule"), max_length=60)
    message_id = models.UUIDField(_("message"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("caution")
        verbose_name_plural = _("cautions")
        constraints = [models.UniqueConstraint(fields=["message_id", "rule"], name="caution_once")]
        indexes = [
            models.Index(fields=["mailbox", "-made_at", "-id"], name="caution_mailbox"),
            models.Index(fields=["-made_at", "-id"], name="caution_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id}: {self.rule}"
