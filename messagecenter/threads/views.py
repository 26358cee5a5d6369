"""Pages of the messages: glue between forms, actions and templates."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from messagecenter.accounts.acting import act_for, membership_of, person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.posted import Brought, bring
from messagecenter.attachments.reasons import sentence_of
from messagecenter.attachments.shown import kept_uploads
from messagecenter.ids import new_id
from messagecenter.vault.errors import Unreadable
from orders.pictures import shown_picture

from . import actions
from .access import Standing, acting_membership, order_number_in, standing_or_404, uuid_or_none
from .clock import reply_chip
from .conversation import Shown, find_later, find_stretch
from .explaining import as_context, shown_again
from .forms import ReplyForm
from .fragments import is_fragment_for, lost_session
from .listing import BOXES, BadCursor, as_rows, find_page, with_row_data
from .models import Entry, Message
from .navigation import frame, upload_context
from .offering import writing_in
from .refused import AlreadySent, Refused
from .topics import LABELS
from .words import read_subject


@require_GET
@never_cache
@membership_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Show one box of the mailbox the person is acting for; as a fragment, only its rows."""
    membership = acting_membership(request)
    box = BOXES.get(request.GET.get("box", ""), BOXES["inbox"])
    order_number = order_number_in(request.GET.get("order", ""))
    entries = Entry.objects.visible_to(person_of(request)).of_mailbox(membership.mailbox)
    problem = ""
    try:
        page = find_page(entries, box, order_number=order_number, after=request.GET.get("after", ""))
    except BadCursor:
        problem = _("The link to an older page is not valid. Here are the newest messages.")
        page = find_page(entries, box, order_number=order_number)
    query = {"box": box.key} | ({"order": order_number} if order_number else {})
    older = f"{reverse('threads:inbox')}?{urlencode(query | {'after': page.next_cursor})}" if page.next_cursor else ""
    empty = _("No conversation about order %(number)s here.") % {"number": order_number} if order_number else box.empty
    context = {
        "box": box.key,
        "box_label": box.label,
        "rows": page.rows,
        "next_url": older,
        "order_filter": order_number,
        "filter_error": problem,
        "empty_text": empty,
    }
    if is_fragment_for(request, "rows"):
        return render(request, "threads/_rows.html", context)
    return render(request, "threads/inbox.html", context | frame(membership, box.key))


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
    stretch = find_stretch(
        standing.entry.thread,
        reader=standing.person,
        mailbox=standing.mailbox,
        before=uuid_or_none(request.GET.get("before", "")),
        at=uuid_or_none(request.GET.get("message", "")),
    )
    is_fragment = is_fragment_for(request, "thread")
    # A browser that fetches ahead has shown nobody anything yet, nor has a page that only looks for a changed state.
    if "prefetch" not in request.headers.get("Sec-Purpose", "") and "peek" not in request.GET:
        if standing.entry.unread and stretch.messages:
            actions.mark_read(by=standing.person, entry=standing.entry, up_to=stretch.messages[-1].id)
        if not is_fragment and standing.membership != membership_of(request):
            # Whoever follows a link into another of their mailboxes acts for that mailbox from then on.
            act_for(request, standing.membership)
    context = _thread_context(standing) | {
        "first_unread_id": "" if stretch.later_than else _first_unread(stretch.messages, standing.entry.unread),
        "messages_list": stretch.messages,
        "earlier_url": f"?before={stretch.earlier_than}" if stretch.earlier_than else "",
        "later_url": f"?message={stretch.later_than}#message-{stretch.later_than}" if stretch.later_than else "",
        "last_message_id": stretch.messages[-1].id if stretch.messages else "",
        "form": ReplyForm(initial={"client_id": new_id()}),
    }
    if is_fragment:
        return render(request, "threads/_thread.html", context)
    return render(request, "threads/detail.html", context | frame(standing.membership, "inbox"))


@require_POST
@login_not_required
def thread_reply(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Send a reply. Whatever goes wrong, what was typed comes back."""
    if not request.user.is_authenticated:
        return lost_session(request, reason="signed_out", status=401)
    standing = standing_or_404(request, thread_id)
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
        return redirect(f"{reverse('threads:detail', args=[thread_id])}#message-{posted.message.pk}")
    after = uuid_or_none(request.POST.get("last_message_id", ""))
    fresh = find_later(posted.thread, reader=standing.person, mailbox=standing.mailbox, after=after)
    context = _thread_context(standing) | {
        "messages_list": fresh,
        "form": ReplyForm(initial={"client_id": new_id()}),
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
    messages = find_later(standing.entry.thread, reader=standing.person, mailbox=standing.mailbox, after=after)
    return render(request, "threads/_messages.html", {"messages_list": messages})


@require_GET
@never_cache
@membership_required
def thread_row(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Give a thread's line in a box, or nothing (204) when it does not belong there (any more)."""
    box = BOXES.get(request.GET.get("box", ""), BOXES["inbox"])
    mailbox = acting_membership(request).mailbox
    mine = Entry.objects.visible_to(person_of(request)).of_mailbox(mailbox).filter(thread=thread_id)
    if not mine.exists():
        raise Http404
    entries = list(with_row_data(box.entries(mine)))
    if not entries:
        return HttpResponse(status=204)
    return render(request, "threads/_rows.html", {"rows": as_rows(entries, box), "next_url": ""})


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


def _thread_context(standing: Standing) -> dict[str, Any]:
    """Return what a thread's page shows around its messages."""
    entry, thread, product = standing.entry, standing.entry.thread, standing.entry.thread.product
    try:
        subject = read_subject(thread)
    except Unreadable as error:
        subject = str(error.sentence)
    reply_text, reply_late = reply_chip(entry.mailbox, entry.needs_reply_since, timezone.now())
    return {
        "thread_id": thread.pk,
        "subject": subject,
        "other_name": entry.other.shown_name,
        "own_name": entry.mailbox.shown_name,
        "topic": LABELS.get(thread.topic, thread.topic),
        "closed": thread.is_closed,
        "order": thread.order,
        "product": product,
        "product_picture": shown_picture(product.picture_url) if product else "",
        "may_write": standing.membership.may_write,
        "needs_reply": entry.needs_reply_since is not None,
        "reply_text": reply_text,
        "reply_late": reply_late,
        "back_url": reverse("threads:inbox"),
        "files_url": reverse("threads:files", args=[thread.pk]) if thread.files else "",
        **writing_in(entry, may_write=standing.membership.may_write),
    } | upload_context(entry.mailbox)


def _first_unread(messages: list[Shown], unread: int) -> uuid.UUID | str:
    """Return the first of the other side's messages that nobody here has read, if it is on the page."""
    theirs = [message.id for message in messages if not message.mine]
    return theirs[-unread] if 0 < unread <= len(theirs) else ""


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
    context = _thread_context(standing) | {
        "form": form,
        "error_text": problem,
        "screened": screened,
        "file_errors": brought.errors,
        "uploads": kept_uploads(standing.person, standing.mailbox, brought.ids),
        "last_message_id": request.POST.get("last_message_id", ""),
    }
    if is_fragment_for(request, "composer"):
        return render(request, "threads/_composer.html", context, status=status)
    stretch = find_stretch(standing.entry.thread, reader=standing.person, mailbox=standing.mailbox)
    context |= {
        "messages_list": stretch.messages,
        "last_message_id": stretch.messages[-1].id if stretch.messages else "",
    }
    return render(request, "threads/detail.html", context | frame(standing.membership, "inbox"), status=status)
