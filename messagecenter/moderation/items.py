"""One thing on the desk: what is known without words, the words after a stated reason, and what can be decided."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.models import Attachment
from messagecenter.attachments.reasons import sentence_of
from messagecenter.policy.models import Decision, Restriction
from messagecenter.policy.rulebook import ENTRIES, category_title, entry
from messagecenter.threads.access import uuid_or_none
from messagecenter.threads.models import Disclosure, Message, Thread
from messagecenter.threads.refused import Refused
from messagecenter.threads.topics import LABELS
from messagecenter.threads.words import read_body
from messagecenter.vault.errors import Unreadable

from . import actions
from .forms import (
    AppealDecisionForm,
    ApproveForm,
    CautionForm,
    ReadingForm,
    RedactForm,
    RejectForm,
    ReportDecisionForm,
    RestrictForm,
)
from .models import Appeal, Caution, Report
from .queues import APPEALS, HELD, QUEUES, REPORTS, told_age
from .reading import (
    MOST_SHOWN,
    READING_MINUTES,
    Words,
    disclose_words,
    evidence_of,
    files_found,
    files_of_message,
    open_disclosure,
    words_about,
)
from .statements import place_of, told_rule
from .words import read_appeal_answer, read_appeal_words, read_decision_answer, read_report


@dataclass(frozen=True)
class Item:
    """One thing on the desk, of whatever kind."""

    kind: str
    row: Decision | Appeal | Report
    decision: Decision | None
    sender: Mailbox
    thread_id: uuid.UUID
    message_id: uuid.UUID
    is_open: bool

    @property
    def url(self) -> str:
        """The address of its page."""
        return reverse(f"admin:desk_{self.kind}_item", args=[self.row.pk])


def _held_item(pk: uuid.UUID) -> Item | None:
    row = Decision.objects.filter(pk=pk, hold_until__isnull=False).select_related("mailbox", "version").first()
    if row is None:
        return None
    return Item(HELD, row, row, row.mailbox, row.thread_id, row.message_id, row.outcome == Decision.Outcome.OPEN)


def _appeal_item(pk: uuid.UUID) -> Item | None:
    row = Appeal.objects.filter(pk=pk).select_related("decision__mailbox", "decision__version").first()
    if row is None:
        return None
    made = row.decision
    return Item(APPEALS, row, made, made.mailbox, made.thread_id, made.message_id, row.state == Appeal.State.OPEN)


def _report_item(pk: uuid.UUID) -> Item | None:
    row = Report.objects.filter(pk=pk).select_related("mailbox", "reported").first()
    if row is None:
        return None
    return Item(REPORTS, row, None, row.reported, row.thread_id, row.message_id, row.state == Report.State.OPEN)


_FIND: dict[str, Callable[[uuid.UUID], Item | None]] = {
    HELD: _held_item,
    APPEALS: _appeal_item,
    REPORTS: _report_item,
}


def _item_or_404(kind: str, pk: uuid.UUID) -> Item:
    item = _FIND[kind](pk)
    if item is None:
        raise Http404
    return item


@require_safe
def item_page(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Show one thing; with ``?read=`` naming a fresh logged reading, its words as well."""
    return _page(request, _item_or_404(kind, pk))


@require_POST
def item_read(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Log the stated reason, then show the words."""
    item = _item_or_404(kind, pk)
    form = ReadingForm(request.POST)
    if not form.is_valid():
        return _page(request, item, reading=form, status=422)
    thread = Thread.objects.filter(pk=item.thread_id).first()
    if thread is None:
        raise Http404
    files = _files_to_open(item)
    made = disclose_words(by=person_of(request), thread=thread, files=files, reason=form.cleaned_data["reason"])
    return redirect(f"{item.url}?read={made.pk}")


@require_POST
def item_decide(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Decide: which button was pressed says what (``do``)."""
    item = _item_or_404(kind, pk)
    handler = _DECIDE.get((kind, request.POST.get("do", "")))
    if handler is None:
        raise Http404
    try:
        answer = handler(request, item)
    except (Refused, Unreadable) as refusal:
        messages.error(request, str(refusal.sentence))
        return redirect(_back_to(request, item))
    except Refusal as refusal:  # a file that was there when the message was written
        messages.error(request, sentence_of(refusal, name=""))
        return redirect(_back_to(request, item))
    if isinstance(answer, dict):
        return _page(request, item, status=422, **answer)
    messages.success(request, answer)
    return redirect(QUEUES[kind].url)


@require_POST
def item_sender(request: HttpRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Remind the sender of a rule, or keep them from writing first for some days."""
    item = _item_or_404(kind, pk)
    by = person_of(request)
    if request.POST.get("do") == "restrict":
        restricting = RestrictForm(request.POST, rules=_rule_choices(item))
        if not restricting.is_valid():
            return _page(request, item, restrict=restricting, status=422)
        values = restricting.cleaned_data
        actions.restrict(
            by=by,
            mailbox=item.sender,
            days=values["days"],
            rule=values["rule"],
            explanation=values["explanation"],
        )
        messages.success(request, _("The sender may not write first for that time, and is told."))
    else:
        cautioning = CautionForm(request.POST, rules=_rule_choices(item))
        if not cautioning.is_valid():
            return _page(request, item, caution=cautioning, status=422)
        actions.caution(by=by, mailbox=item.sender, rule=cautioning.cleaned_data["rule"], message_id=item.message_id)
        messages.success(request, _("The sender is reminded of the rule by e-mail."))
    return redirect(_back_to(request, item))


def _approve(request: HttpRequest, item: Item) -> str | dict[str, Form]:
    decision = _held(item)
    hides = bool(actions.spans_to_hide(decision))
    form = ApproveForm(request.POST, hides=hides)
    form.is_valid()
    mistaken = form.cleaned_data["mistaken"]
    actions.approve(by=person_of(request), decision=decision, mistaken=mistaken)
    if hides and not mistaken:
        return _("The message was delivered with words hidden. The sender is told why.")
    return _("The message was delivered.")


def _reject(request: HttpRequest, item: Item) -> str | dict[str, Form]:
    form = RejectForm(request.POST)
    if not form.is_valid():
        return {"reject": form}
    actions.reject(by=person_of(request), decision=_held(item), answer=form.cleaned_data["answer"])
    return _("The message was not delivered. The sender is told why.")


def _redact(request: HttpRequest, item: Item) -> str | dict[str, Form]:
    decision, message = _held(item), _message(item)
    form = RedactForm(request.POST, found=_found_choices(decision, None))
    if message is None or not form.is_valid():
        return {"redact": form}
    if (form.cleaned_data["words"] or form.cleaned_data["ranges"]) and _disclosure(request, item) is None:
        # Whether they stand in the text is something only a logged reading tells.
        form.add_error(None, _("To hide words of your own choice, state a reason and read the message first."))
        return {"redact": form}
    spans = form.spans_in(read_body(message))
    if form.errors:
        return {"redact": form}
    actions.approve(
        by=person_of(request), decision=decision, mistaken=False, hide=spans, answer=form.cleaned_data["answer"]
    )
    return _("The message was delivered with words hidden. The sender is told why.")


def _decide_appeal(request: HttpRequest, item: Item, *, reverse: bool) -> str | dict[str, Form]:
    form = AppealDecisionForm(request.POST)
    if form.is_valid() and not reverse and not form.cleaned_data["answer"]:
        form.add_error("answer", _("Please give the reason. The sender reads it."))
    if not form.is_valid():
        return {"decide": form}
    assert isinstance(item.row, Appeal)  # noqa: S101 (for the type checker)
    actions.decide_appeal(
        by=person_of(request),
        appeal=item.row,
        reverse=reverse,
        answer=form.cleaned_data["answer"],
        show=form.cleaned_data["show"],
    )
    return _("The decision was reversed.") if reverse else _("The decision stands.")


def _uphold(request: HttpRequest, item: Item) -> str | dict[str, Form]:
    return _decide_appeal(request, item, reverse=False)


def _reverse(request: HttpRequest, item: Item) -> str | dict[str, Form]:
    return _decide_appeal(request, item, reverse=True)


def _decide_report(request: HttpRequest, item: Item, *, acted: bool) -> str | dict[str, Form]:
    form = ReportDecisionForm(request.POST)
    if form.is_valid() and not acted and not form.cleaned_data["answer"]:
        form.add_error("answer", _("Please give the reason. The reporter reads it."))
    if not form.is_valid():
        return {"decide": form}
    assert isinstance(item.row, Report)  # noqa: S101 (for the type checker)
    actions.decide_report(by=person_of(request), report=item.row, acted=acted, answer=form.cleaned_data["answer"])
    return _("The reporter is told.")


def _acted(request: HttpRequest, item: Item) -> str | dict[str, Form]:
    return _decide_report(request, item, acted=True)


def _dismissed(request: HttpRequest, item: Item) -> str | dict[str, Form]:
    return _decide_report(request, item, acted=False)


_DECIDE: dict[tuple[str, str], Callable[[HttpRequest, Item], str | dict[str, Form]]] = {
    (HELD, "approve"): _approve,
    (HELD, "reject"): _reject,
    (HELD, "redact"): _redact,
    (APPEALS, "uphold"): _uphold,
    (APPEALS, "reverse"): _reverse,
    (REPORTS, "acted"): _acted,
    (REPORTS, "dismissed"): _dismissed,
}


def _page(request: HttpRequest, item: Item, *, status: int = 200, **bound: Form) -> HttpResponse:
    """Return one thing's page, with forms that came back in place of fresh ones."""
    by = person_of(request)
    disclosure = _disclosure(request, item)
    message = _message(item)
    thread = Thread.objects.filter(pk=item.thread_id).select_related("order").first()
    words, kept = _words(item, message, by) if disclosure else (None, {})
    rules = _rule_choices(item)
    hiding = actions.spans_left_hidden if item.kind == APPEALS else actions.spans_to_hide
    hides = bool(item.decision and hiding(item.decision))
    findings = _findings(item.decision)
    forms = {
        "reading": ReadingForm(),
        "approve": ApproveForm(hides=hides),
        "reject": RejectForm(),
        "redact": RedactForm(found=_found_choices(item.decision, words)) if item.decision else None,
        "decide": AppealDecisionForm() if item.kind == APPEALS else ReportDecisionForm(),
        "caution": CautionForm(rules=rules),
        "restrict": RestrictForm(rules=rules),
    }
    context = admin.site.each_context(request) | {
        "title": str(_TITLES[item.kind]),
        "queue": QUEUES[item.kind],
        "item": item,
        "message": message,
        "age": told_age(item.row.made_at),
        "thread": thread,
        "topic": LABELS.get(thread.topic, thread.topic) if thread else "",
        "findings": findings[:MOST_SHOWN],
        "more_findings": len(findings[MOST_SHOWN:]),
        "hides": hides,
        "files": _files(item, message),
        "restrictions": Restriction.objects.in_force().filter(mailbox=item.sender),
        "cautions": Caution.objects.filter(mailbox=item.sender).order_by("-made_at", "-pk")[:5],
        "may_read": by.has_perm("threads.disclose_thread") and thread is not None,
        "may_open_files": by.has_perm("attachments.disclose_attachment"),
        "disclosure": disclosure,
        "minutes": READING_MINUTES,
        "words": words,
        "kept": kept,
        "said": _said_about(item) if disclosure else {},
        "is_own": _is_own(item, by),
    }
    return TemplateResponse(
        request, f"admin/moderation/{item.kind}_item.html", context | {"forms": forms | bound}, status=status
    )


def _disclosure(request: HttpRequest, item: Item) -> Disclosure | None:
    """Return the logged reading that the request names, while it lets this person read."""
    read_id = uuid_or_none(request.POST.get("read", "") or request.GET.get("read", ""))
    return open_disclosure(by=person_of(request), thread_id=item.thread_id, disclosure_id=read_id)


_TITLES: dict[str, Promise | str] = {key: queue.title for key, queue in QUEUES.items()}


def _words(item: Item, message: Message | None, by: User) -> tuple[Words | None, dict[str, Any]]:
    """Return the words to show once their reading is logged."""
    if isinstance(item.row, Report):
        return evidence_of(item.row)
    if item.decision is None or message is None:
        return None, {}
    return words_about(item.decision, message, by), {}


def _said_about(item: Item) -> dict[str, str]:
    """Return what the sender, the reporter and the desk wrote to each other about it."""
    row = item.row
    reads: dict[str, Callable[[], str]] = {}
    if isinstance(row, Appeal):
        reads = {"words": lambda: read_appeal_words(row), "answer": lambda: read_appeal_answer(row)}
    elif isinstance(row, Report):
        reads = {"words": lambda: read_report(row, "words"), "answer": lambda: read_report(row, "answer")}
    if item.decision is not None:
        made = item.decision
        reads["decided"] = lambda: read_decision_answer(made)
    said = {}
    for key, read in reads.items():
        try:
            said[key] = read()
        except Unreadable as trouble:
            said[key] = str(trouble.sentence)
    return said


def _findings(decision: Decision | None) -> list[dict[str, Any]]:
    """Return what was found as a table shows it: rule, category, place, span and confidence; no words."""
    if decision is None:
        return []
    found = [one for one in decision.findings if one["rule"]]
    rules = {rule: told_rule(rule, decision.version.number) for rule in {one["rule"] for one in found}}
    return [
        {
            "rule": rules[one["rule"]],
            "category": category_title(one["category"]),
            "place": place_of(one["part"]),
            "span": f"{one['start']}–{one['end']}",
            "confidence": one["confidence"],
            "action": one["action"],
        }
        for one in found
    ]


def _found_choices(decision: Decision | None, words: Words | None) -> list[tuple[str, str]]:
    """Return the stretches of the text that were found, as choices; with their words once those are shown."""
    choices: dict[str, str] = {}
    for one in decision.findings if decision else []:
        if one["part"] != "body" or not one["rule"]:
            continue
        span = f"{one['start']}-{one['end']}"
        label = f"{entry(one['rule']).title} ({span})"
        quoted = words.typed[one["start"] : one["end"]] if words else ""
        choices[span] = f"{label}: {quoted}" if quoted else label
    return list(choices.items())


def _rule_choices(item: Item) -> list[tuple[str, str]]:
    """Return the rules a sender can be reminded of, those that were found first."""
    found = item.decision.rules if item.decision else []
    return list(
        dict.fromkeys([(one, told_rule(one).title) for one in found] + [(e.rule, str(e.title)) for e in ENTRIES])
    )


def _message(item: Item) -> Message | None:
    return Message.objects.filter(pk=item.message_id).select_related("thread", "sender").first()


def _files(item: Item, message: Message | None) -> list[Attachment]:
    """Return the files it is about; a report has kept its own."""
    if isinstance(item.row, Report):
        return list(item.row.files.order_by("pk"))
    return files_of_message(message) if message else []


def _files_to_open(item: Item) -> list[Attachment]:
    """Return the files whose words are part of what is read."""
    if item.decision is None:
        return []
    return files_found(item.decision, _message(item))


def _held(item: Item) -> Decision:
    assert item.decision is not None  # noqa: S101 (for the type checker: a held item is a decision)
    return item.decision


def _is_own(item: Item, by: User) -> bool:
    """Return whether somebody else has to decide on this."""
    if item.decision is None:
        return False
    if isinstance(item.row, Appeal) and by.pk in (item.decision.settled_by_id, item.row.made_by_id):
        return True
    return actions.is_own(by, item.decision)


def _back_to(request: HttpRequest, item: Item) -> str:
    read = uuid_or_none(request.POST.get("read", ""))
    return f"{item.url}?read={read}" if read else item.url
