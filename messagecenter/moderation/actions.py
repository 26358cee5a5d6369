"""Every write of the moderation room: appeal, report, and what the desk decides. One transaction each."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, Membership, User
from messagecenter.attachments.models import Attachment
from messagecenter.notices.actions import owe
from messagecenter.policy import actions as policy
from messagecenter.policy.models import Decision, Restriction
from messagecenter.policy.rules import Action
from messagecenter.threads.actions import reject_message, release_message
from messagecenter.threads.actions.tallies import locked_entries
from messagecenter.threads.models import Message, Thread
from messagecenter.threads.notifications import DECISION_SETTLED

from . import notifications as told
from .evidence import gather
from .models import Appeal, Caution, Evidence, Report
from .refused import (
    AlreadyDecided,
    AnswerNeeded,
    NothingToAppeal,
    NotInGoodFaith,
    NotReportable,
    OwnMessage,
    SamePerson,
)
from .statements import appeal_until, why_no_appeal
from .words import write_appeal_answer, write_appeal_words, write_report

log = logging.getLogger(__name__)

MODERATE = "policy.moderate"
MOST_AT_ONCE = 100


def require_moderator(by: User) -> None:
    """Raise PermissionDenied unless ``by`` is staff with the right to decide."""
    if not by.is_staff or not by.has_perm(MODERATE):
        raise PermissionDenied


def is_own(by: User, decision: Decision) -> bool:
    """Return whether ``by`` wrote what a decision is about, or belongs to the mailbox that sent it."""
    return by.pk == decision.author_id or Membership.objects.filter(user=by, mailbox=decision.mailbox_id).exists()


def spans_to_hide(decision: Decision) -> list[tuple[int, int]]:
    """Return the stretches of the text (characters) that the rules hide from the other side: a card number, say."""
    found = (one for one in decision.findings if one["part"] == "body" and one["action"] == Action.REDACT)
    return sorted({(one["start"], one["end"]) for one in found if one["start"] < one["end"]})


def spans_left_hidden(decision: Decision) -> list[tuple[int, int]]:
    """Return the stretches that stay hidden when an appeal is granted: none where it is the hiding that is appealed."""
    was_hiding = decision.measure == Decision.Measure.REDACTED or decision.outcome == Decision.Outcome.DELIVERED
    return [] if was_hiding else spans_to_hide(decision)


@transaction.atomic
def make_appeal(*, by: User, decision: Decision, words: str = "") -> Appeal:
    """Ask for a person's judgement on a decision, for the sender's mailbox. A second call gives the first appeal.

    Raises PermissionDenied when ``by`` may not write for that mailbox, and NothingToAppeal.
    """
    membership = Membership.objects.filter(user=by, mailbox=decision.mailbox_id).first()
    if membership is None or not membership.may_write:
        raise PermissionDenied
    decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    first = Appeal.objects.filter(decision=decision).first()
    if first is not None:
        return first
    message = Message.objects.filter(pk=decision.message_id).first()
    reason = why_no_appeal(decision, message, None, appeal_until(decision))
    if reason:
        raise NothingToAppeal(reason)
    appeal = Appeal(decision=decision, made_by=by)
    write_appeal_words(appeal, words.strip())
    appeal.save(force_insert=True)
    return appeal


@transaction.atomic
def decide_appeal(*, by: User, appeal: Appeal, reverse: bool, answer: str = "", show: bool = False) -> Appeal:
    """Let a decision stand or reverse it, in which case the message is delivered and the rule's error is counted.

    A card number in a message that was blocked for something else stays hidden from the other side, unless ``show``.
    Raises PermissionDenied, SamePerson when ``by`` made the decision, belongs to the sender's side or appealed,
    AnswerNeeded when it stands and no reason is given, AlreadyDecided, and Unreadable.
    """
    require_moderator(by)
    answer = answer.strip()
    appeal = Appeal.objects.select_for_update(of=("self",)).select_related("decision").get(pk=appeal.pk)
    decision = _locked(appeal.decision)
    if appeal.state != Appeal.State.OPEN:
        raise AlreadyDecided
    if by.pk in (decision.settled_by_id, appeal.made_by_id) or is_own(by, decision):
        raise SamePerson
    if not reverse and not answer:
        raise AnswerNeeded
    if reverse:
        hide = [] if show else spans_left_hidden(decision)
        if decision.outcome == Decision.Outcome.DELIVERED:
            # Delivered by a person with words hidden: what is reversed is the hiding.
            Decision.objects.filter(pk=decision.pk).update(outcome=Decision.Outcome.STANDS)
        release_message(by=by, decision=decision, was_mistaken=True, hide=hide)
    elif decision.outcome == Decision.Outcome.OPEN:
        reject_message(by=by, decision=decision)
    appeal.state = Appeal.State.REVERSED if reverse else Appeal.State.UPHELD
    appeal.decided_by, appeal.decided_at = by, timezone.now()
    write_appeal_answer(appeal, answer)
    appeal.save(update_fields=["state", "decided_by", "decided_at", "answer_ciphertext"])
    people = _people(appeal.made_by_id, decision.author_id)
    owe(kind=told.APPEAL_DECIDED, subject_id=appeal.pk, recipients=people, mailbox_id=decision.mailbox_id)
    log.info("Appeal %s: %s, by %s.", appeal.pk, appeal.state, by.pk)
    return appeal


def make_report(
    *, by: User, mailbox: Mailbox, message: Message, reason: str, words: str = "", good_faith: bool
) -> Report:
    """Report a message that the other side sent; the evidence is frozen now. A second call gives the first report.

    Raises PermissionDenied when ``by`` does not act for ``mailbox`` or may not read the message, NotReportable,
    NotInGoodFaith, and ValueError for an unknown reason.
    """
    if not Membership.objects.filter(user=by, mailbox=mailbox).exists():
        raise PermissionDenied
    seen = Message.objects.visible_to(by).filter(pk=message.pk, thread__entries__mailbox=mailbox)
    found = seen.select_related("thread__order", "thread__product", "sender").first()
    if found is None:
        raise PermissionDenied
    if found.sender_id == mailbox.pk or found.state != Message.State.DELIVERED:
        raise NotReportable
    if not good_faith:
        raise NotInGoodFaith
    first = Report.objects.filter(message_id=found.pk, mailbox=mailbox).first()
    if first is not None:
        return first
    try:
        with transaction.atomic():
            return _report(by, mailbox, found, Report.Reason(reason), words.strip())
    except IntegrityError:
        return Report.objects.get(message_id=found.pk, mailbox=mailbox)


@transaction.atomic
def decide_report(*, by: User, report: Report, acted: bool, answer: str = "") -> Report:
    """Say whether a report was right; the reporter is told. Raises PermissionDenied, AlreadyDecided and AnswerNeeded.

    What is done about the sender (``caution``, ``restrict``) is done separately.
    """
    require_moderator(by)
    answer = answer.strip()
    report = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if report.state != Report.State.OPEN:
        raise AlreadyDecided
    if not acted and not answer:
        raise AnswerNeeded
    report.state = Report.State.ACTED if acted else Report.State.DISMISSED
    report.decided_by, report.decided_at = by, timezone.now()
    write_report(report, "answer", answer)
    report.save(update_fields=["state", "decided_by", "decided_at", "answer_ciphertext"])
    owe(
        kind=told.REPORT_DECIDED,
        subject_id=report.pk,
        recipients=_people(report.made_by_id),
        mailbox_id=report.mailbox_id,
    )
    log.info("Report %s: %s, by %s.", report.pk, report.state, by.pk)
    return report


@transaction.atomic
def approve(
    *, by: User, decision: Decision, mistaken: bool, hide: Sequence[tuple[int, int]] | None = None, answer: str = ""
) -> Decision:
    """Deliver a held message, with the stretches of its text in ``hide`` hidden from the other side.

    ``mistaken`` counts the rules that held it as wrong. Without ``hide`` what the rules hide stays hidden, unless they
    were wrong. With words hidden the sender is told, and for words a person chose they need an ``answer``.
    Raises PermissionDenied, AlreadyDecided, OwnMessage, AnswerNeeded, Unreadable, and what the release is refused for.
    """
    require_moderator(by)
    if hide and not answer.strip():
        raise AnswerNeeded
    decision = _open_and_foreign(by, decision)
    if hide is None:
        hide = [] if mistaken else spans_to_hide(decision)
    release_message(by=by, decision=decision, was_mistaken=mistaken, hide=hide, answer=answer)
    if hide:
        _tell_settled(decision)
    return Decision.objects.get(pk=decision.pk)


@transaction.atomic
def reject(*, by: User, decision: Decision, answer: str) -> Decision:
    """Do not deliver a held message; the sender is told, with the ``answer``.

    Raises PermissionDenied, AlreadyDecided, OwnMessage and AnswerNeeded.
    """
    require_moderator(by)
    if not answer.strip():
        raise AnswerNeeded
    reject_message(by=by, decision=_open_and_foreign(by, decision), answer=answer)
    return Decision.objects.get(pk=decision.pk)


@transaction.atomic
def deliver_overdue(decision: Decision) -> None:
    """Deliver a held message that nobody looked at in time; what the rules hide stays hidden, and the sender is told.

    One that was decided meanwhile stays as it is. Raises Unreadable, and what the release is refused for.
    """
    decision = _locked(decision)
    if decision.outcome != Decision.Outcome.OPEN:
        return
    hide = spans_to_hide(decision)
    release_message(by=None, decision=decision, hide=hide)
    if hide:
        _tell_settled(decision)


def reject_many(*, by: User, ids: Iterable[uuid.UUID], answer: str) -> int:
    """Reject up to 100 held messages with one reason, one transaction each; return how many that were.

    Those that somebody else decided meanwhile and those of one's own mailboxes are left as they are. Raises
    PermissionDenied and AnswerNeeded.
    """
    require_moderator(by)
    if not answer.strip():
        raise AnswerNeeded
    done = 0
    for decision in Decision.objects.waiting().filter(pk__in=list(ids)[:MOST_AT_ONCE]):
        try:
            reject(by=by, decision=decision, answer=answer)
        except (AlreadyDecided, OwnMessage):
            continue
        done += 1
    return done


@transaction.atomic
def caution(*, by: User, mailbox: Mailbox, rule: str, message_id: uuid.UUID) -> Caution:
    """Remind a mailbox's writers of a rule, by e-mail, once a message and rule. Raises PermissionDenied."""
    require_moderator(by)
    made, is_new = Caution.objects.get_or_create(
        message_id=message_id, rule=rule, defaults={"mailbox": mailbox, "made_by": by}
    )
    if is_new:
        owe(kind=told.CAUTION, subject_id=made.pk, recipients=_writers(mailbox), mailbox_id=mailbox.pk)
        log.info("Mailbox %s was cautioned (%s) by %s.", mailbox.pk, rule, by.pk)
    return made


@transaction.atomic
def restrict(*, by: User, mailbox: Mailbox, days: int, rule: str, explanation: str) -> Restriction:
    """Keep a mailbox from writing first for some days, and tell its people. Raises PermissionDenied."""
    require_moderator(by)
    made = policy.restrict(by=by, mailbox=mailbox, days=days, rule=rule, explanation=explanation)
    owe(kind=told.RESTRICTION, subject_id=made.pk, recipients=_writers(mailbox), mailbox_id=mailbox.pk)
    return made


def _report(by: User, mailbox: Mailbox, message: Message, reason: Report.Reason, words: str) -> Report:
    """Write a report with its evidence, and owe the reporter a receipt."""
    report = Report(
        message_id=message.pk,
        thread_id=message.thread_id,
        mailbox=mailbox,
        reported_id=message.sender_id,
        made_by=by,
        reason=reason,
    )
    files = list(Attachment.objects.filter(enclosure__message=message).order_by("pk"))
    write_report(report, "words", words)
    write_report(report, "evidence", gather(message, files))
    report.save(force_insert=True)
    Evidence.objects.bulk_create([Evidence(report=report, attachment=one) for one in files])
    owe(kind=told.REPORT_RECEIVED, subject_id=report.pk, recipients=[by], mailbox_id=mailbox.pk)
    return report


def _tell_settled(decision: Decision) -> None:
    """Owe the news of what became of a message to who wrote it."""
    people = _people(decision.author_id)
    owe(kind=DECISION_SETTLED, subject_id=decision.pk, recipients=people, mailbox_id=decision.mailbox_id)


def _locked(decision: Decision) -> Decision:
    """Return a decision as it is now, locked in the order in which messages are released: first its thread."""
    locked_entries(Thread(pk=decision.thread_id))
    return Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)


def _open_and_foreign(by: User, decision: Decision) -> Decision:
    """Return a decision, locked, that is still to be made, and by this person. Raises AlreadyDecided and OwnMessage."""
    decision = _locked(decision)
    if decision.outcome != Decision.Outcome.OPEN:
        raise AlreadyDecided
    if is_own(by, decision):
        raise OwnMessage
    return decision


def _people(*ids: uuid.UUID | None) -> list[uuid.UUID]:
    return list(dict.fromkeys(one for one in ids if one is not None))


def _writers(mailbox: Mailbox) -> list[uuid.UUID]:
    """Return who may write for a mailbox: a rule is for them."""
    writers = Membership.objects.filter(mailbox=mailbox, role__in=["owner", "agent"], user__is_active=True)
    return list(writers.values_list("user_id", flat=True))
