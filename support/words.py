"""The words beside a case's thread, to and from the vault: what each ciphertext is bound to, in one place."""

from __future__ import annotations

import json
from collections.abc import Mapping

from messagecenter.vault.cipher import Place, decrypt, encrypt

from .models import Call, Case, Step


def write_answers(case: Case, answers: Mapping[str, str]) -> None:
    """Set what the sub-topic's form asked, as ciphertext. The row is not saved."""
    case.answers_ciphertext = encrypt(json.dumps(dict(answers)), _place(case, "answers")) if answers else b""


def read_answers(case: Case) -> dict[str, str]:
    """Return what the sub-topic's form asked, by field. Raises Unreadable."""
    if not case.answers_ciphertext:
        return {}
    found: dict[str, str] = json.loads(decrypt(bytes(case.answers_ciphertext), _place(case, "answers")))
    return found


def write_comment(case: Case, comment: str) -> None:
    """Set what the seller says about support, as ciphertext. The row is not saved."""
    case.rating_comment_ciphertext = encrypt(comment, _place(case, "rating")) if comment else b""


def read_comment(case: Case) -> str:
    """Return what the seller says about support, or "". Raises Unreadable."""
    blob = case.rating_comment_ciphertext
    return decrypt(bytes(blob), _place(case, "rating")) if blob else ""


def write_reason(step: Step, reason: str) -> None:
    """Set why a step was taken, as ciphertext. The row is not saved."""
    step.reason_ciphertext = encrypt(reason, _step_place(step)) if reason else b""


def read_reason(step: Step) -> str:
    """Return why a step was taken, or "". Raises Unreadable."""
    return decrypt(bytes(step.reason_ciphertext), _step_place(step)) if step.reason_ciphertext else ""


def write_number(call: Call, number: str) -> None:
    """Set whom support rings up (E.164), as ciphertext. The row is not saved."""
    call.number_ciphertext = encrypt(number, _call_place(call, "number"))


def read_number(call: Call) -> str:
    """Return whom support rings up (E.164). Raises Unreadable."""
    return decrypt(bytes(call.number_ciphertext), _call_place(call, "number"))


def write_notes(call: Call, notes: str) -> None:
    """Set what was said on the telephone, as ciphertext. The row is not saved."""
    call.notes_ciphertext = encrypt(notes, _call_place(call, "notes")) if notes else b""


def read_notes(call: Call) -> str:
    """Return what was said on the telephone, or "". Raises Unreadable."""
    return decrypt(bytes(call.notes_ciphertext), _call_place(call, "notes")) if call.notes_ciphertext else ""


def _call_place(call: Call, field: str) -> Place:
    return Place(thread_id=call.case_id, record_id=call.pk, field=f"call_{field}", sender_id=None)


def _place(case: Case, field: str) -> Place:
    return Place(thread_id=case.pk, record_id=case.pk, field=f"case_{field}", sender_id=case.shop_id)


def _step_place(step: Step) -> Place:
    return Place(thread_id=step.case_id, record_id=step.pk, field="case_step", sender_id=step.by_id)
