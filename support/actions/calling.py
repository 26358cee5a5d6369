"""Call-backs: booked, moved, cancelled, made or missed. A slot belongs to one seller, whoever asks at the same time."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.accounts.writing import require_writer
from messagecenter.notices.actions import owe
from support.lifecycle import Actor
from support.models import Call, Case, Step
from support.notifications import CALL_BOOKED, CALL_COMING, CALL_MISSED, members_of, somebody_told, tell_shop
from support.refused import CallSettled, NoCallNow, NoSuchSlot, NotToBeCalled, SlotTaken
from support.slots import is_slot, next_free
from support.telephone import NotATelephoneNumber, e164
from support.words import read_number, write_notes, write_number

from .moving import end_call, locked_case, note, staff_actor, tell_pages

MOST_NOTES = 4000  # characters


@transaction.atomic
def book_call(*, by: User, case: Case, starts_at: datetime, number: str, language: str) -> Call:
    """Book a call-back for the shop, or move the one that is booked. The same again changes nothing.

    Raises PermissionDenied, NoCallNow, NotToBeCalled, NoSuchSlot, and SlotTaken with the next free appointment.
    """
    require_writer(by, case.shop)
    try:
        wanted = e164(number, case.country)
    except NotATelephoneNumber:
        raise NotToBeCalled from None
    case = locked_case(case)
    if not case.is_active or case.is_checked or not case.queue.calls_about(case.severity):
        raise NoCallNow
    booked = Call.objects.booked().filter(case=case).first()
    asked = (starts_at, case.queue_id, language)
    if booked and (booked.starts_at, booked.queue_id, booked.language) == asked and read_number(booked) == wanted:
        return booked
    is_new = booked is None
    call = booked or Call(case=case, booked_by=by)
    call.language = language
    write_number(call, wanted)
    if is_new or call.starts_at != starts_at or call.queue_id != case.queue_id:
        _take_slot(call, case, starts_at)
    else:
        call.save(update_fields=["language", "number_ciphertext"])
    step = note(
        case,
        Step.Kind.CALL,
        actor=Actor.SELLER,
        by=by,
        before="booked" if is_new else "moved",
        after=starts_at.isoformat(timespec="minutes"),
    )
    owe(kind=CALL_BOOKED, subject_id=step.pk, recipients=[by], mailbox_id=case.shop_id, group_id=case.pk)
    owe(kind=CALL_COMING, subject_id=step.pk, recipients=somebody_told(case), group_id=case.pk)
    tell_pages(case)
    return call


def _take_slot(call: Call, case: Case, starts_at: datetime) -> None:
    """Give a call one of the queue's lines at a time. The database decides between two who ask at once."""
    now = timezone.now()
    if not is_slot(case.queue, starts_at, now):
        raise NoSuchSlot
    call.queue, call.starts_at = case.queue, starts_at
    is_new = call._state.adding
    if not is_new:
        call.sequence += 1
    taken = set(
        Call.objects.booked()
        .filter(queue=case.queue, starts_at=starts_at)
        .exclude(pk=call.pk)
        .values_list("line", flat=True)
    )
    for line in range(case.queue.calls_at_once):
        if line in taken:
            continue
        call.line = line
        try:
            with transaction.atomic():
                call.save(force_insert=is_new)
                return
        except IntegrityError:
            continue
    raise SlotTaken(next_free(case.queue, starts_at, now))


@transaction.atomic
def cancel_call(*, by: User, call: Call) -> Call:
    """Take an appointment back, for the shop or for support. Raises PermissionDenied or CallSettled."""
    case = locked_case(call.case)
    actor = _actor_of(by, case)
    call = _booked(call)
    step = end_call(case, call, Call.State.CANCELLED, actor=actor, by=by)
    people = somebody_told(case) if actor == Actor.SELLER else members_of(case.shop_id)
    kind = CALL_COMING if actor == Actor.SELLER else CALL_BOOKED
    owe(kind=kind, subject_id=step.pk, recipients=people, group_id=case.pk)
    tell_pages(case)
    return call


@transaction.atomic
def settle_call(*, by: User, call: Call, was_reached: bool, notes: str = "") -> Call:
    """Write down how a call went; who was missed is offered another appointment by mail and on the case's page.

    Raises PermissionDenied or CallSettled.
    """
    case = locked_case(call.case)
    actor = staff_actor(by, case)
    _settle(_booked(call), case, actor, by, was_reached=was_reached, notes=notes)
    return Call.objects.get(pk=call.pk)


@transaction.atomic
def miss_call(*, call: Call) -> bool:
    """Call an appointment missed that nobody has settled; return whether it was still booked."""
    case = locked_case(call.case)
    try:
        call = _booked(call)
    except CallSettled:
        return False
    _settle(call, case, Actor.CLOCK, None, was_reached=False)
    return True


def _settle(call: Call, case: Case, actor: Actor, by: User | None, *, was_reached: bool, notes: str = "") -> None:
    write_notes(call, notes.strip()[:MOST_NOTES])
    step = end_call(case, call, Call.State.REACHED if was_reached else Call.State.MISSED, actor=actor, by=by)
    if not was_reached:
        tell_shop(case, kind=CALL_MISSED, subject_id=step.pk)
    tell_pages(case)


def _booked(call: Call) -> Call:
    call = Call.objects.select_for_update(of=("self",)).select_related("case__queue", "queue").get(pk=call.pk)
    if call.state != Call.State.BOOKED:
        raise CallSettled
    return call


def _actor_of(by: User, case: Case) -> Actor:
    try:
        require_writer(by, case.shop)
    except PermissionDenied:
        return staff_actor(by, case)
    return Actor.SELLER
