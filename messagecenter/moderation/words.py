"""The words of appeals, reports and answers, to and from the vault: what each ciphertext is bound to, in one place."""

from __future__ import annotations

from messagecenter.policy.models import Decision
from messagecenter.vault.cipher import Place, decrypt, encrypt

from .models import Appeal, Report

REPORT = "report"  # a report's words have a key of their own, which outlives the thread's


def write_appeal_words(appeal: Appeal, words: str) -> None:
    """Set why the sender appeals. The row is not saved."""
    appeal.words_ciphertext = encrypt(words, _appeal_place(appeal, "appeal")) if words else b""


def read_appeal_words(appeal: Appeal) -> str:
    """Return why the sender appeals, or "". Raises Unreadable."""
    return _opened(appeal.words_ciphertext, _appeal_place(appeal, "appeal"))


def write_appeal_answer(appeal: Appeal, answer: str) -> None:
    """Set what the person who decided an appeal says. The row is not saved."""
    appeal.answer_ciphertext = encrypt(answer, _appeal_place(appeal, "appeal_answer")) if answer else b""


def read_appeal_answer(appeal: Appeal) -> str:
    """Return what the person who decided an appeal says, or "". Raises Unreadable."""
    return _opened(appeal.answer_ciphertext, _appeal_place(appeal, "appeal_answer"))


def read_decision_answer(decision: Decision) -> str:
    """Return what the person who looked at a message says, or "". Raises Unreadable."""
    place = Place(thread_id=decision.thread_id, record_id=decision.pk, field="answer", sender_id=None)
    return _opened(decision.answer_ciphertext, place)


def write_report(report: Report, field: str, text: str) -> None:
    """Set a report's ``words``, ``evidence`` or ``answer``. The row is not saved."""
    sealed = encrypt(text, _report_place(report, field), purpose=REPORT) if text else b""
    setattr(report, f"{field}_ciphertext", sealed)


def read_report(report: Report, field: str) -> str:
    """Return a report's ``words``, ``evidence`` or ``answer``, or "". Raises Unreadable."""
    blob = getattr(report, f"{field}_ciphertext")
    return decrypt(bytes(blob), _report_place(report, field), purpose=REPORT) if blob else ""


def _opened(blob: bytes | memoryview, place: Place) -> str:
    return decrypt(bytes(blob), place) if blob else ""


def _appeal_place(appeal: Appeal, field: str) -> Place:
    return Place(thread_id=appeal.decision.thread_id, record_id=appeal.pk, field=field, sender_id=None)


def _report_place(report: Report, field: str) -> Place:
    return Place(thread_id=report.pk, record_id=report.pk, field=field, sender_id=None)
