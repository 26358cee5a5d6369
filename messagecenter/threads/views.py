"""Pages of the messages: glue between forms, actions and templates."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.posted import Brought, bring
from messagecenter.attachments.reasons import sentence_of
from messagecenter.attachments.shown import kept_uploads
from messagecenter.mail.actions import is_suppressed
from messagecenter.vault.errors import Unreadable

from . import actions
from .access import Standing, acting_membership, standing_or_404, uuid_or_none, works_only_in_support
from .composing import signed_again
from .context import case_page, labels_of
from .conversation import find_later, find_stretch
from .cursors import BadCursor
from .drafted import version_in
from .explaining import as_context, shown_again
from .filters import Wanted, narrowed, read
from .finding import find_words
from .forms import ReplyForm
from .fragments import is_fragment_for, lost_session
from .listing import Page, as_rows, find_list, with_row_data
from .models import Entry, Message
from .navigation import frame
from .noted import later_with_notes, with_notes
from .pane import open_pane, thread_context
from .refused import AlreadySent, Refused


@require_GET
@never_cache
@membership_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Show one box of the mailbox the person is acting for; as a fragment, only its rows.

    Who works for support alone is led to its desk.
    """
    if works_only_in_support(request):
        return redirect("admin:support_desk")
    membership = acting_membership(request)
    wanted = read(request.GET)
    problems = list(wanted.problems)
    after = request.GET.get("after", "")
    is_fragment = is_fragment_for(request, "rows")
    around = {} if is_fragment else frame(membership, wanted.box, wanted)
    is_indexed = None if is_fragment else around["nav"].is_indexed
    try:
        page = _page(request, membership.mailbox, wanted, problems, after, is_indexed)
    except BadCursor:
        problems.append(_("The link to an older page is not valid. Here are the first ones."))
        page = _page(request, membership.mailbox, wanted, problems, "", is_indexed)
    older = f"{reverse('threads:inbox')}?{wanted.as_query(after=page.next_cursor)}" if page.next_cursor else ""
    context = {
        "wanted": wanted,
        "box": wanted.box,
        "box_label": wanted.view.label,
        "rows": page.rows,
        "next_url": older,
        "order_filter": wanted.order,
        "filter_error": " ".join(problems),
        "empty_text": _empty_text(wanted),
        # Told where everybody comes by: with it, lists cost no question more.
        "mail_comes_back": not is_fragment and not wanted.as_data() and is_suppressed(person_of(request).email),
    }
    if is_fragment:
        return render(request, "threads/_rows.html", context)
    return render(request, "threads/inbox.html", context | around)


def _page(
    request: HttpRequest,
    mailbox: Mailbox,
    wanted: Wanted,
    problems: list[str],
    after: str,
    is_indexed: bool | None,
) -> Page:
    """Return one page of what is asked for; what was not looked at is told in ``problems``. Raises BadCursor."""
    person = person_of(request)
    if not wanted.q:
        return find_list(wanted, mailbox=mailbox, reader=person, after=after)
    found = find_words(
        Entry.objects.visible_to(person), wanted, mailbox=mailbox, reader=person, after=after, is_indexed=is_indexed
    )
    if found.is_cut:
        problems.append(_("That was a lot: only the first words were looked for."))
    if found.is_partial:
        problems.append(_("Only the newest conversations were searched. Narrow the search, for example by date."))
    if found.best_of:
        problems.append(
            ngettext(
                "Only the newest %(count)d hit is sorted by relevance. Sort by date to see all.",
                "Only the newest %(count)d hits are sorted by relevance. Sort by date to see all.",
                found.best_of,
            )
            % {"count": found.best_of}
        )
    return found.page


def _empty_text(wanted: Wanted) -> str:
    """Return what a list says that has nothing to show."""
    if wanted.order and not wanted.without("order").narrows:
        return _("No conversation about order %(number)s here.") % {"number": wanted.order}
    return _("Nothing here fits the filter.") if wanted.narrows else str(wanted.view.empty)


@require_GET
@never_cache
@membership_required
def counters(request: HttpRequest) -> HttpResponse:
    """Give the boxes with their counters, for a page that heard that something changed."""
    context = frame(acting_membership(request), request.GET.get("box", ""))
    return render(request, "threads/_counters.html", context)


@require_GET
@never_cache
def thread_detail(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Show a thread, at its end or at the message the address names, and mark it as read."""
    standing = standing_or_404(request, thread_id)
    is_fragment = is_fragment_for(request, "thread")
    context = open_pane(request, standing, is_fragment=is_fragment)
    if is_fragment:
        context["thread_labels"] = labels_of(standing.entry)
        return render(request, "threads/_thread.html", context)
    return render(request, "threads/detail.html", context | frame(standing.membership, "", entry=standing.entry))


@require_POST
@login_not_required
def thread_reply(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Send a reply. Whatever goes wrong, what was typed comes back."""
    if not request.user.is_authenticated:
        return lost_session(request, reason="signed_out", status=401)
    standing = standing_or_404(request, thread_id, sending=uuid_or_none(request.POST.get("client_id", "")))
    if not standing.membership.may_write:
        return lost_session(request, reason="read_only", status=403)
    brought = bring(request, by=standing.person, mailbox=standing.mailbox)
    form = ReplyForm(request.POST, has_files=bool(brought.ids or brought.errors))
    if not form.is_valid() or brought.errors:
        return _composer(request, standing, form, brought, status=413 if brought.is_cut else 422)
    try:
        posted = actions.post_message(
            by=standing.person,
            mailbox=standing.mailbox,
            thread=standing.entry.thread,
            body=form.cleaned_data["body"],
            client_id=form.cleaned_data["client_id"],
            attachment_ids=brought.ids,
            confirmed=form.cleaned_data["confirm"],
            draft_version=version_in(form.cleaned_data["draft_version"]),
            standing=standing.before_writing,
        )
    except actions.NeedsConfirmation as asked:
        return _composer(request, standing, form, brought, status=422, screened=as_context(asked.screened, None))
    except Refusal as refusal:
        brought.errors.append(sentence_of(refusal, ""))
        return _composer(request, standing, form, brought, status=422)
    except AlreadySent as refusal:
        return _composer(request, standing, form.renewed(), brought, status=409, problem=str(refusal.sentence))
    except (Refused, Unreadable) as refusal:
        return _composer(request, standing, form, brought, status=409, problem=str(refusal.sentence))
    if posted.message.state == Message.State.BLOCKED:
        screened = shown_again(posted)
        return _composer(request, standing, form.renewed(), brought, status=422, screened=screened)
    if not is_fragment_for(request, "composer"):
        page = case_page(posted.thread) if request.POST.get("page") == "case" else ""
        page = page or reverse("threads:detail", args=[thread_id])
        return redirect(f"{page}#message-{posted.message.pk}")
    after = uuid_or_none(request.POST.get("last_message_id", ""))
    fresh = find_later(
        posted.thread, reader=standing.person, mailbox=standing.mailbox, after=after, seen_up_to=standing.seen_up_to
    )
    context = thread_context(standing) | {
        "messages_list": fresh,
        "form": ReplyForm(initial=signed_again(form.cleaned_data["signature"])),
        "last_message_id": fresh[-1].id if fresh else posted.message.pk,
        "screened": shown_again(posted) if posted.tells else None,
        "reply_text": "",
        "needs_reply": False,
    }
    return render(request, "threads/_posted.html", context)


@require_GET
@never_cache
def thread_since(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Give the messages after the last one the page has."""
    standing = standing_or_404(request, thread_id)
    after = uuid_or_none(request.GET.get("after", ""))
    messages = find_later(
        standing.entry.thread,
        reader=standing.person,
        mailbox=standing.mailbox,
        after=after,
        seen_up_to=standing.seen_up_to,
    )
    return render(
        request, "threads/_messages.html", {"messages_list": later_with_notes(standing, messages, after=after)}
    )


@require_GET
@never_cache
@membership_required
def thread_row(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Give a thread's line in a box, or nothing (204) when it does not belong there (any more)."""
    wanted = read(request.GET)
    mailbox = acting_membership(request).mailbox
    mine = Entry.objects.visible_to(person_of(request)).filter(thread=thread_id)
    if not mine.of_mailbox(mailbox).exists():
        raise Http404
    chosen = narrowed(mine, wanted, mailbox=mailbox, reader=person_of(request))
    entries = list(with_row_data(chosen))
    if not entries:
        return HttpResponse(status=204)
    return render(request, "threads/_rows.html", {"rows": as_rows(entries, wanted.view.moment), "next_url": ""})


@require_POST
def thread_seen(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Mark a thread as read up to the last message that was on the screen (``up_to``)."""
    standing = standing_or_404(request, thread_id)
    up_to = uuid_or_none(request.POST.get("up_to", ""))
    if up_to:
        actions.mark_read(by=standing.person, entry=standing.entry, up_to=up_to)
    return HttpResponse(status=204)


@require_POST
def thread_close(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Close a thread for both sides."""
    standing = standing_or_404(request, thread_id)
    actions.close_thread(by=standing.person, mailbox=standing.mailbox, thread=standing.entry.thread)
    flash.success(request, _("The conversation is closed. Either side can reopen it."))
    return redirect("threads:detail", thread_id)


@require_POST
def thread_reopen(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Reopen a closed thread."""
    standing = standing_or_404(request, thread_id)
    actions.reopen_thread(by=standing.person, mailbox=standing.mailbox, thread=standing.entry.thread)
    flash.success(request, _("The conversation is open again."))
    return redirect("threads:detail", thread_id)


@require_POST
def thread_no_response_needed(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Take a thread out of "needs reply" without writing."""
    standing = standing_or_404(request, thread_id)
    actions.mark_no_response_needed(by=standing.person, mailbox=standing.mailbox, thread=standing.entry.thread)
    flash.success(request, _("No response needed: the conversation no longer waits for you."))
    return redirect("threads:detail", thread_id)


@require_POST
def thread_needs_reply(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Start the clock for a message that was taken for a mere thank-you."""
    standing = standing_or_404(request, thread_id)
    actions.mark_needs_reply(by=standing.person, mailbox=standing.mailbox, thread=standing.entry.thread)
    flash.success(request, _("The conversation waits for your answer."))
    return redirect("threads:detail", thread_id)


def _composer(
    request: HttpRequest,
    standing: Standing,
    form: ReplyForm,
    brought: Brought,
    *,
    status: int,
    problem: str = "",
    screened: dict[str, Any] | None = None,
) -> HttpResponse:
    """Give the composer back with what was typed and what is wrong; without htmx, on the thread's page."""
    context = thread_context(standing) | {
        "form": form,
        "error_text": problem,
        "screened": screened,
        "file_errors": brought.errors,
        "uploads": kept_uploads(standing.person, standing.mailbox, brought.ids),
        "last_message_id": request.POST.get("last_message_id", ""),
    }
    if is_fragment_for(request, "composer"):
        return render(request, "threads/_composer.html", context, status=status)
    stretch = find_stretch(
        standing.entry.thread, reader=standing.person, mailbox=standing.mailbox, seen_up_to=standing.seen_up_to
    )
    context |= {
        "messages_list": with_notes(standing, stretch),
        "last_message_id": stretch.messages[-1].id if stretch.messages else "",
    }
    return render(
        request, "threads/detail.html", context | frame(standing.membership, "", entry=standing.entry), status=status
    )
