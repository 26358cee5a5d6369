"""The news of cases: to the shop's people, and to those of support; a number and a link, never a word of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.text import Truncator

from messagecenter.accounts.models import Membership, Role, User
from messagecenter.mail.rendering import absolute_url, render_letter, render_subject
from messagecenter.mail.sending import Letter
from messagecenter.notices.actions import owe
from messagecenter.notices.kinds import Brief, Kind, message_id
from messagecenter.notices.models import Notice
from messagecenter.notices.timing import schedule_of
from messagecenter.notices.topics import Topic
from messagecenter.threads.models import Enclosure, Entry, Message
from messagecenter.threads.reply_addresses import reply_address
from messagecenter.threads.words import read_shown_body
from messagecenter.vault.errors import Unreadable

from .catalogue import label_of
from .lifecycle import WITH_SUPPORT, Actor
from .models import Case, Chat, Step, Watcher

CASE_OPENED, CASE_ANSWERED, CASE_CHANGED = "case_opened", "case_answered", "case_changed"
CALL_BOOKED, CALL_MISSED, CALL_COMING = "call_booked", "call_missed", "call_coming"
CASE_WRITTEN, CASE_GIVEN, CASE_DUE, CASE_FOLLOW_UP = "case_written", "case_given", "case_due", "case_follow_up"

#: How much of an answer a mail quotes to who chose that: a case can be carried on by mail alone.
MOST_QUOTED = 3000  # characters

FOR_STAFF = frozenset({CASE_WRITTEN, CASE_GIVEN, CASE_DUE, CASE_FOLLOW_UP, CALL_COMING})


def members_of(mailbox_id: uuid.UUID, *, but: User | None = None) -> list[uuid.UUID]:
    """Return the active people of a shop, without who did it."""
    people = User.objects.filter(memberships__mailbox=mailbox_id, is_active=True)
    return list((people.exclude(pk=but.pk) if but else people).values_list("pk", flat=True))


def staff_told(case: Case) -> list[uuid.UUID]:
    """Return who of support is told of a case: whose it is, and who watches it. Everybody else sees it in the lists."""
    people = set(Watcher.objects.filter(case=case).values_list("staff_id", flat=True))
    return sorted(people | ({case.assignee_id} if case.assignee_id else set()))


def tell_shop(case: Case, *, kind: str, subject_id: uuid.UUID, but: User | None = None) -> None:
    """Owe the news of a case to the shop's people, without who did it, and to the shop's programs."""
    people = members_of(case.shop_id, but=but)
    owe(kind=kind, subject_id=subject_id, recipients=people, mailbox_id=case.shop_id, group_id=case.pk)


def somebody_told(case: Case) -> list[uuid.UUID]:
    """Return who of support is told what somebody has to know: whose it is and who watches it, else the leads."""
    return staff_told(case) or leads_of(case)


def leads_of(case: Case, *, but: User | None = None) -> list[uuid.UUID]:
    """Return the leads of a case's queue; where there is no other one, who oversees support."""
    leads = Membership.objects.filter(mailbox=case.queue_id, role=Role.OWNER, user__is_active=True)
    found = list((leads.exclude(user=but) if but else leads).values_list("user_id", flat=True))
    return found or overseers(but=but)


def overseers(*, but: User | None = None) -> list[uuid.UUID]:
    """Return who oversees all queues: who was given the right to; superusers only where nobody was."""
    staff = User.objects.filter(is_staff=True, is_active=True)
    staff = staff.exclude(pk=but.pk) if but else staff
    right = Permission.objects.filter(codename="oversee_cases", content_type__app_label="support")
    given = staff.filter(Q(groups__permissions__in=right) | Q(user_permissions__in=right))
    found = sorted(set(given.values_list("pk", flat=True)))
    return found or list(staff.filter(is_superuser=True).values_list("pk", flat=True))


@dataclass(frozen=True)
class _Told:
    """What a notice is about: its case, and the message or the step it tells of."""

    case: Case
    message: Message | None = None
    step: Step | None = None


_CASES = Case.objects.select_related("thread__order", "shop", "queue__mailbox", "merged_into")


def _of_case(key: uuid.UUID) -> _Told | None:
    case = _CASES.filter(pk=key).first()
    return _Told(case) if case else None


def _of_message(key: uuid.UUID) -> _Told | None:
    message = Message.objects.filter(pk=key).first()
    case = _CASES.filter(pk=message.thread_id).first() if message else None
    return _Told(case, message=message) if case else None


def _of_step(key: uuid.UUID) -> _Told | None:
    step = Step.objects.filter(pk=key).first()
    case = _CASES.filter(pk=step.case_id).first() if step else None
    return _Told(case, step=step) if case else None


def case_path(case: Case) -> str:
    """Return the seller's page of a case."""
    return reverse("support:case", args=[case.number])


def desk_path(case: Case) -> str:
    """Return the staff's page of a case."""
    return reverse("admin:support_desk_case", args=[case.number])


def _seller_why_not(notice: Notice, told: _Told) -> str:
    person = notice.recipient
    if person is not None and not Membership.objects.filter(user=person, mailbox=told.case.shop_id).exists():
        return "the person no longer acts for the mailbox"
    message = told.message
    if message is None:
        return ""
    if message.state != Message.State.DELIVERED:
        return "the message is not delivered"
    entry = Entry.objects.filter(thread=message.thread_id, mailbox=told.case.shop_id).first()
    if entry is not None and entry.is_muted and person is not None:
        return "the conversation was muted meanwhile"
    # What was held first came later than its id says.
    seen = entry.read_up_to if entry is not None and message.delivered_at is None else None
    if seen is not None and seen >= message.pk and person is not None:
        return "it was read meanwhile"
    return ""


def _staff_why_not(notice: Notice, told: _Told) -> str:
    person = notice.recipient
    if person is None:
        return "support is told nowhere else"
    if not Case.objects.worked_by(person).filter(pk=told.case.pk).exists():
        return "the person may no longer read the case"
    if notice.kind == CASE_WRITTEN and Chat.objects.live().filter(case=told.case, taken_by=person).exists():
        return "they chat about it right now"
    if notice.kind == CASE_DUE and told.case.state not in WITH_SUPPORT:
        return "it was answered meanwhile"
    return ""


def _kind(
    name: str,
    find: Callable[[uuid.UUID], _Told | None],
    *,
    event: str,
    for_staff: bool = False,
    confirms: bool = False,
) -> Kind:
    """Return a kind of notice about a case, told to the shop or to support."""
    template = "support/email/case"

    def why_not(notice: Notice) -> str:
        told = find(notice.subject_id)
        if told is None:
            return "what it is about is gone"
        return _staff_why_not(notice, told) if for_staff else _seller_why_not(notice, told)

    def letter(notice: Notice) -> Letter:
        told = _found(find, notice)
        person, case = notice.person, told.case
        # Who answers by mail is the seller: what support writes goes through its own page, where it is screened.
        answers_to = "" if for_staff else reply_address(thread_id=case.pk, person=person, mailbox_id=case.shop_id)
        language = person.language or case.language
        with translation.override(language):  # the topics' names are in the reader's language, too
            values = context(name, told) | {"person": person, "answers_to": answers_to}
            values |= _said(notice) if name == CASE_ANSWERED else {}
        return render_letter(
            template,
            to=person.email,
            language=language,
            time_zone=person.time_zone,
            context=values,
            message_id=message_id(notice),
            sender_name=case.shop.shown_name if for_staff else case.queue.mailbox.shown_name,
            reply_to=answers_to,
        )

    def brief(notice: Notice) -> Brief:
        told = _found(find, notice)
        values = context(name, told)
        return Brief(
            title=render_subject(template, values),
            body=settings.SITE_NAME,
            path=values["path"],
            type=event,
            data={"case": told.case.number, "thread": str(told.case.pk)},
        )

    return Kind(name=name, why_not=why_not, letter=letter, topic=Topic.CASE, brief=brief, confirms=confirms)


def _said(notice: Notice) -> dict[str, Any]:
    """Return what a mail says of support's answers: their words for who chose that, and how many files they bring."""
    keys = sorted([notice.subject_id, *(other.subject_id for other in notice.more)])
    answers = Message.objects.filter(pk__in=keys, state=Message.State.DELIVERED)
    sizes = list(
        Enclosure.objects.filter(message__in=answers).openable().values_list("attachment__size_bytes", flat=True)
    )
    quoted = ""
    if schedule_of(notice.person).shows_excerpt:
        quoted = Truncator("\n\n".join(map(_words, answers.order_by("pk")))).chars(MOST_QUOTED)
    return {"excerpt": quoted, "files_count": len(sizes), "files_bytes": sum(sizes)}


def _words(message: Message) -> str:
    try:
        return read_shown_body(message).strip()
    except Unreadable:
        return ""


def _found(find: Callable[[uuid.UUID], _Told | None], notice: Notice) -> _Told:
    # Of several that go out as one, the newest says how it stands: ids tell the time.
    told = find(max([notice.subject_id, *(other.subject_id for other in notice.more)]))
    if told is None:
        raise Case.DoesNotExist  # it was there when ``why_not`` looked; next time it will say so
    return told


def context(name: str, told: _Told) -> dict[str, Any]:
    """Return what a letter about a case says."""
    case = told.case
    for_staff = name in FOR_STAFF
    path = desk_path(case) if for_staff else case_path(case)
    if told.message is not None and not for_staff:
        path += f"#message-{told.message.pk}"
    return {
        "what": name,
        "step": told.step.kind if told.step else "",
        "status": told.step.after if told.step else "",
        "is_by_clock": told.step is not None and told.step.actor == Actor.CLOCK,
        "number": case.shown_number,
        "topic": label_of(case.topic),
        "order": case.thread.order,
        "severity": case.get_severity_display(),
        "what_of_it": told.step.before if told.step else "",
        "starts_at": _moment(told.step.after) if told.step and told.step.kind == Step.Kind.CALL else None,
        "due_at": case.due_at,
        "merged_into": case.merged_into.shown_number if case.merged_into else "",
        "is_checked": case.is_checked,
        "shop": case.shop.shown_name,
        "queue": case.queue.mailbox.shown_name,
        "path": path,
        "link": absolute_url(path),
        "settings_link": absolute_url(reverse("notices:settings")),
    }


def _moment(written: str) -> datetime | None:
    """Return the moment a step names."""
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


KINDS = (
    _kind(CASE_OPENED, _of_case, event="case.opened", confirms=True),
    _kind(CASE_ANSWERED, _of_message, event="case.answered"),
    _kind(CASE_CHANGED, _of_step, event="case.changed"),
    _kind(CASE_WRITTEN, _of_message, event="case.written", for_staff=True),
    _kind(CASE_GIVEN, _of_step, event="case.given", for_staff=True),
    _kind(CASE_DUE, _of_step, event="case.due", for_staff=True),
    _kind(CASE_FOLLOW_UP, _of_step, event="case.follow_up", for_staff=True),
    _kind(CALL_BOOKED, _of_step, event="call.booked", confirms=True),
    _kind(CALL_MISSED, _of_step, event="call.missed"),
    _kind(CALL_COMING, _of_step, event="call.coming", for_staff=True),
)
