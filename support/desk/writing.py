"""What staff write in a case: answers to the seller, with files and the policy's word on them, and internal notes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.posted import bring
from messagecenter.attachments.reasons import sentence_of
from messagecenter.threads.actions import NeedsConfirmation, write_internal_note
from messagecenter.threads.explaining import as_context, shown_again
from messagecenter.threads.models import Message
from messagecenter.threads.refused import AlreadySent, Refused
from messagecenter.vault.errors import Unreadable
from support import actions
from support.lifecycle import Status

from .door import Work, work_or_404
from .forms import AnswerForm, NoteForm
from .page import say_done, say_refused, show_page


@require_POST
def case_answer(request: HttpRequest, number: str) -> HttpResponse:
    """Send an answer and take the case to a state with it. Whatever goes wrong, what was typed comes back."""
    work = work_or_404(request, number)
    if not work.may_write:
        say_refused(request)
        return redirect(work.url)
    brought = bring(request, by=work.person, mailbox=work.case.queue.mailbox)
    form = AnswerForm(request.POST, work=work, has_files=bool(brought.ids or brought.errors))
    kept: dict[str, Any] = {"file_errors": brought.errors, "upload_ids": brought.ids}
    if not form.is_valid() or brought.errors:
        return show_page(request, work, code=413 if brought.is_cut else 422, answer=form, **kept)
    try:
        posted = actions.answer_case(
            by=work.person,
            case=work.case,
            body=form.cleaned_data["body"],
            client_id=form.cleaned_data["client_id"],
            there=Status(form.cleaned_data["there"]),
            attachment_ids=brought.ids,
            confirmed=form.cleaned_data["confirm"],
        )
    except NeedsConfirmation as asked:
        kept["screened"] = as_context(asked.screened, None)
        return show_page(request, work, code=422, answer=form, **kept)
    except Refusal as refusal:
        kept["file_errors"] = [sentence_of(refusal, "")]
        return show_page(request, work, code=422, answer=form, **kept)
    except AlreadySent as refusal:
        return _refused(request, number, form.renewed(), kept, str(refusal.sentence))
    except (Refused, Unreadable) as refusal:
        return _refused(request, number, form, kept, str(refusal.sentence))
    except ValidationError as problem:
        form.add_error("body", problem)
        return show_page(request, work, code=422, answer=form, **kept)
    except PermissionDenied:
        return _refused(request, number, form, kept, _("You may not answer this case now."))
    if posted.message.state == Message.State.BLOCKED:
        kept["screened"] = shown_again(posted)
        return show_page(request, work_or_404(request, number), code=422, answer=form.renewed(), **kept)
    if posted.message.state == Message.State.HELD:
        messages.warning(request, _("A person checks your answer before the seller sees it. The case has not moved."))
    else:
        say_done(request, _("The answer is sent."))
    return redirect(f"{work.url}#message-{posted.message.pk}")


@require_POST
def case_note(request: HttpRequest, number: str) -> HttpResponse:
    """Keep an internal note; what cannot be kept comes back."""
    work = work_or_404(request, number)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            write_internal_note(
                by=work.person,
                mailbox=work.case.queue.mailbox,
                thread=work.case.thread,
                body=form.cleaned_data["note"],
            )
        except PermissionDenied:
            say_refused(request)
            return redirect(work.url)
        except ValidationError as problem:
            form.add_error("note", problem)
        else:
            say_done(request, _("The note is kept. Only support reads it."))
            return redirect(f"{work.url}#conversation")
    return show_page(request, work, code=422, note=form)


def _refused(request: HttpRequest, number: str, form: AnswerForm, kept: dict[str, Any], sentence: str) -> HttpResponse:
    """Return the page as the case is now, with what was typed and why it was not sent."""
    messages.error(request, sentence)
    work: Work = work_or_404(request, number)
    return show_page(request, work, code=409, answer=form, **kept)
