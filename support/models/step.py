"""What happened to a case, step by step: written once, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from messagecenter.ids import new_id

from .case import Case


class Step(models.Model):
    """One thing that happened to a case, by whom and when. The audit trail and the seller's timeline are made of it."""

    class Kind(models.TextChoices):
        OPENED = "opened", pgettext_lazy("case", "Opened")
        MOVED = "moved", pgettext_lazy("case", "Status changed")
        TRANSFERRED = "transferred", pgettext_lazy("case", "Transferred to another team")
        ASSIGNED = "assigned", pgettext_lazy("case", "Assigned")
        REPLIED = "replied", pgettext_lazy("case", "Support answered")
        WROTE = "wrote", pgettext_lazy("case", "The seller wrote")
        ESCALATED = "escalated", pgettext_lazy("case", "Escalated")
        SEVERITY = "severity", pgettext_lazy("case", "Severity changed")
        WARNED = "warned", pgettext_lazy("case", "Answer due soon")
        BREACHED = "breached", pgettext_lazy("case", "Answer late")
        RATED = "rated", pgettext_lazy("case", "Rated")
        LINKED = "linked", pgettext_lazy("case", "Linked with another case")
        MERGED = "merged", pgettext_lazy("case", "Merged")
        WATCHED = "watched", pgettext_lazy("case", "Watchers changed")
        FOLLOW_UP = "follow_up", pgettext_lazy("case", "Follow-up date")
        CALL = "call", pgettext_lazy("case", "Call-back")
        CHAT = "chat", pgettext_lazy("case", "Live chat")
        DOWNLOADED = "downloaded", pgettext_lazy("case", "Downloaded")

    #: What the seller sees of it on the timeline; the rest is support's own.
    SHOWN = frozenset({Kind.OPENED, Kind.MOVED, Kind.TRANSFERRED, Kind.RATED, Kind.SEVERITY, Kind.MERGED, Kind.CHAT})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="steps", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    actor = models.CharField(max_length=8)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    before = models.CharField(max_length=64, blank=True)
    after = models.CharField(max_length=64, blank=True)
    # Why, in somebody's own words; ciphertext of the thread's key.
    reason_ciphertext = models.BinaryField(editable=False, default=bytes)

    class Meta:
        verbose_name = pgettext_lazy("case", "step")
        verbose_name_plural = pgettext_lazy("case", "steps")
        indexes = [models.Index(fields=["case", "id"], name="step_of_case")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.kind}"
