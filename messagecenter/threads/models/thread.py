"""A thread between two mailboxes, and who of the staff has read it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import Mailbox, User
from messagecenter.ids import new_id
from orders.models import Order, Product

from .entry import Entry


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
        CASE = "case", _("support case")

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
    opened_by = models.ForeignKey(
        Mailbox, models.PROTECT, related_name="threads_opened", verbose_name=_("opened by"), db_index=False
    )
    # Of a case: the queue of the marketplace's support that has it now.
    support = models.ForeignKey(
        Mailbox, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("support"), db_index=False
    )
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
                condition=models.Q(kind="order", order__isnull=False, product=None, support=None)
                | models.Q(kind="inquiry", order=None, product__isnull=False, support=None)
                | models.Q(kind="case", product=None, support__isnull=False),
                name="thread_about_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["opened_by", "-created_at"], name="thread_opened_by"),
            # Without the id that lists go by as well: of two of the same moment the database sorts those two.
            models.Index(fields=["-last_message_at"], name="thread_newest"),
            # Of the open ones, which are nearly all, ``thread_newest`` has the newest as fast.
            models.Index(fields=["-last_message_at"], name="thread_closed_newest", condition=models.Q(state="closed")),
        ]
        permissions = [("disclose_thread", _("Can read a thread's messages, for a stated reason"))]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_closed(self) -> bool:
        """Whether nobody can write until someone reopens it."""
        return self.state == self.State.CLOSED


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
