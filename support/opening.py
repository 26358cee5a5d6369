"""Pages on which a seller contacts support: choose what it is about, then say what the matter is."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as flash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox, Membership
from messagecenter.accounts.writing import NOT_A_WRITER
from messagecenter.attachments.inspection.refusal import Refusal
from messagecenter.attachments.models import Attachment
from messagecenter.attachments.posted import Brought, bring, refused_sentence
from messagecenter.attachments.reasons import sentence_of
from messagecenter.attachments.shown import kept_uploads
from messagecenter.attachments.store import StoreDown
from messagecenter.ids import new_id
from messagecenter.notices.models import Notice
from messagecenter.notices.timing import wanting
from messagecenter.notices.topics import Topic
from messagecenter.threads.access import Standing, order_number_in, standing_or_404, uuid_or_none
from messagecenter.threads.actions import NeedsConfirmation
from messagecenter.threads.clock import told_fully
from messagecenter.threads.context import address_of
from messagecenter.threads.explaining import as_context, shown_again
from messagecenter.threads.fragments import lost_session
from messagecenter.threads.models import Message, Thread
from messagecenter.threads.navigation import frame, upload_context
from messagecenter.threads.refused import AlreadySent, Refused
from messagecenter.vault.errors import Unreadable
from orders.models import Order, Product

from . import actions
from .access import act_with, case_or_404, shop_memberships
from .answers import fields_of
from .catalogue import CATALOGUE, HINTS, SUBTOPICS, TOPIC_OF
from .evidence import conversation_file
from .forms import CALL, CHAT, PREFIX, WRITE, CaseForm
from .listing import case_rows, subject_of
from .models import Case, Queue
from .offering import Channel, channels_of, closed_sentence
from .refused import NoQueue
from .routing import country_for, queue_for
from .severities import MEANINGS, Severity
from .words import read_answers

#: Groups that come first when it is about an order.
ABOUT_ORDERS = ("orders", "returns", "payments")
MOST_ARTICLES_FILLED_IN = 5


@dataclass(frozen=True)
class _About:
    """What a new case is about, as far as the address says."""

    membership: Membership
    order: Order | None = None
    evidence: Standing | None = None
    follows: Case | None = None

    @property
    def shop(self) -> Mailbox:
        return self.membership.mailbox

    @property
    def product(self) -> Product | None:
        """What the conversation is about that is no order's."""
        return self.evidence.entry.thread.product if self.evidence and self.order is None else None

    def as_query(self, **more: str) -> str:
        """Return it as the query of an address."""
        asked = {
            "order": self.order.number if self.order else "",
            "thread": str(self.evidence.entry.thread_id) if self.evidence else "",
            "follows": self.follows.number if self.follows else "",
        }
        return urlencode({name: value for name, value in (asked | more).items() if value})


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
def case_new(request: HttpRequest) -> HttpResponseBase:
    """Open a case; without ``?topic=`` offer the topics. ``order``, ``thread`` and ``follows`` say what it is about."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return lost_session(request, reason="signed_out", status=401)
        return redirect_to_login(request.get_full_path())
    return _case_new(request)


@membership_required
def _case_new(request: HttpRequest) -> HttpResponse:
    about, problem = _read(request)
    act_with(request, about.membership)
    if not about.membership.may_write:
        if request.method == "POST":
            return lost_session(request, reason="read_only", status=403)
        raise PermissionDenied(NOT_A_WRITER)
    topic = request.GET.get("topic") or request.POST.get("topic", "")
    if not topic and about.follows is not None and "other_topic" not in request.GET:
        topic = about.follows.topic
    if problem or topic not in SUBTOPICS:
        return _choose(request, about, problem)
    return _write(request, about, topic)


def _read(request: HttpRequest) -> tuple[_About, str]:
    """Return what the case is about, and what is wrong with it. Raises Http404 for foreign and missing things."""
    person, own = person_of(request), shop_memberships(request)
    about = _About(own[0])
    if key := request.GET.get("thread", ""):
        thread_id = uuid_or_none(key)
        standing = standing_or_404(request, thread_id) if thread_id else None
        if (
            standing is None
            or standing.mailbox.kind != Mailbox.Kind.SHOP
            or standing.entry.thread.kind == Thread.Kind.CASE
        ):
            raise Http404
        about = replace(about, membership=standing.membership, evidence=standing, order=standing.entry.thread.order)
    if typed := request.GET.get("follows", ""):
        case = case_or_404(request, typed)
        membership = next(one for one in own if one.mailbox_id == case.shop_id)
        if about.evidence is not None and membership != about.membership:
            raise Http404
        order = about.order or (Order.objects.filter(pk=case.thread.order_id).first() if case.thread.order_id else None)
        about = replace(about, membership=membership, follows=case, order=order)
    number = order_number_in(request.GET.get("order", ""))
    if not number or (about.order is not None and about.order.number == number):
        return about, ""
    shops = [about.shop] if about.evidence or about.follows else [one.mailbox for one in own]
    found = list(Order.objects.visible_to(person).filter(number=number, shop__in=shops).order_by("-purchased_at"))
    if not found:
        return about, _("There is no order %(number)s in your orders. Please check the number.") % {"number": number}
    # Of the shop acted for, if it has it; else of another of the person's shops.
    order = next((one for one in found if one.shop_id == about.shop.pk), found[0])
    membership = next(one for one in own if one.mailbox_id == order.shop_id)
    return replace(about, membership=membership, order=order), ""


def _choose(request: HttpRequest, about: _About, problem: str) -> HttpResponse:
    """Offer the topics, for an order those first that are about orders."""
    groups = [
        {
            "key": topic.key,
            "label": topic.label,
            "subtopics": [
                {"label": one.label, "url": f"{reverse('support:new')}?{about.as_query(topic=one.key)}"}
                for one in topic.subtopics
            ],
        }
        for topic in CATALOGUE
    ]
    if about.order is not None:
        groups.sort(key=lambda group: ABOUT_ORDERS.index(str(group["key"])) if group["key"] in ABOUT_ORDERS else 9)
    context = {
        "groups": groups,
        "problem": problem,
        "order": about.order,
        "has_conversation": about.evidence is not None,
        "follows": _followed(about),
        "log_url": reverse("support:log"),
    }
    return render(request, "support/choose.html", context | frame(about.membership, ""), status=404 if problem else 200)


def _write(request: HttpRequest, about: _About, topic: str) -> HttpResponse:
    """Show or take the form of a sub-topic."""
    sent = request.POST if request.method == "POST" else None
    brought = Brought() if sent is None else bring(request, by=person_of(request), mailbox=about.shop)
    orders = Order.objects.visible_to(person_of(request)).filter(shop=about.shop)
    form = CaseForm(
        sent,
        topic=topic,
        asked=fields_of(topic, has_order=about.order is not None, has_product=about.product is not None),
        orders=orders,
        has_files=bool(brought.ids or brought.errors),
        initial={} if sent is not None else _first_words(about, topic),
    )
    is_fine = form.is_valid() and not brought.errors
    similar = _similar(about, form, topic)
    if sent is not None and similar and not form.cleaned_data.get("case_other"):
        sentence = _("Is it one of the cases shown here? Then write there. If not, tick “Mine is another matter”.")
        form.add_error("case_other", ValidationError(sentence, code="similar"))
        is_fine = False
    if is_fine and (why := _why_not_by(about, form, topic)):
        form.add_error("case_channel", ValidationError(why, code="closed"))
        is_fine = False
    problem, status, screened = "", 422 if sent is not None else 200, None
    along = _was_along(request, brought)
    if is_fine:
        try:
            along = along or _take_along(about, form, brought)
            if not brought.errors:
                opened = _open(request, about, topic, form, brought)
                if opened.case is not None:
                    return _go_to(request, opened, form.cleaned_data["case_channel"])
                screened, form = shown_again(opened.posted), form.renewed()
        except NeedsConfirmation as asked:
            screened = as_context(asked.screened, None)
        except Refusal as refusal:
            brought.errors.append(sentence_of(refusal, ""))
        except AlreadySent as refusal:
            problem, status, form = str(refusal.sentence), 409, form.renewed()
        except (Refused, Unreadable) as refusal:
            problem, status = str(refusal.sentence), 409
    if brought.is_cut:
        status = 413
    context = _form_context(about, topic, form, similar) | {
        "error_text": problem,
        "screened": screened,
        "file_errors": brought.errors,
        "uploads": kept_uploads(person_of(request), about.shop, brought.ids),
        "is_along": along,
    }
    return render(request, "support/new.html", context | frame(about.membership, ""), status=status)


def _first_words(about: _About, topic: str) -> dict[str, Any]:
    """Return what the form opens with: what is known of the order, and of the case that is followed."""
    words: dict[str, Any] = {"client_id": new_id(), "case_severity": int(Severity.NORMAL)}
    if about.follows is not None:
        words["subject"] = _("Follow-up: %(subject)s") % {"subject": subject_of(about.follows)}
        words["subject"] = words["subject"][:120]
        if about.follows.topic == topic:
            with suppress(Unreadable):
                words |= {PREFIX + key: value for key, value in read_answers(about.follows).items()}
    if about.product is not None:
        code = about.product.asin or about.product.sku
        words[PREFIX + "article"] = code if " " not in code else ""
    if about.order is not None:
        items = list(about.order.items.all())
        codes = dict.fromkeys(code for one in items if (code := one.asin or one.sku) and " " not in code)
        words[PREFIX + "order"] = about.order.number
        words[PREFIX + "article"] = ", ".join(list(codes)[:MOST_ARTICLES_FILLED_IN])
        words[PREFIX + "marketplace"] = about.order.marketplace
    return words


def _similar(about: _About, form: CaseForm, topic: str) -> list[Case]:
    """Return the open cases this one might double; one that follows another was asked about that already."""
    if about.follows is not None:
        return []
    order = form.order if form.is_bound else about.order
    words = [str(form.cleaned_data.get(name, "")) for name in ("subject", "body")] if form.is_bound else ()
    found = actions.similar_cases(shop=about.shop, order=order, topic=topic, now=timezone.now(), words=words)
    # A form sent twice is not its own double.
    sent = form.data.get("client_id", "") if form.is_bound else ""
    return [one for one in found if str(one.thread.client_id) != sent]


def _why_not_by(about: _About, form: CaseForm, topic: str) -> str:
    """Return why the channel that was chosen is not open for the case, "" when it is."""
    channel, severity = form.cleaned_data["case_channel"], form.cleaned_data["case_severity"]
    if channel == WRITE:
        return ""
    try:
        queue = _queue_of(topic, severity, _order_of(about, form), form)
    except NoQueue:
        return ""  # which is said when the case is to be opened
    return closed_sentence(channel, queue, severity=severity, language=_language(), now=timezone.now())


def _was_along(request: HttpRequest, brought: Brought) -> uuid.UUID | None:
    """Return the file that a form before attached for the conversation, while it is still among the form's files."""
    found = uuid_or_none(request.POST.get("case_was_along", ""))
    return found if found in brought.ids else None


def _take_along(about: _About, form: CaseForm, brought: Brought) -> uuid.UUID | None:
    """Attach the conversation, if the seller ticked it. From then on it is one of the form's files: return its id."""
    if about.evidence is None or not form.cleaned_data["case_along"]:
        return None
    try:
        row = conversation_file(about.evidence, by=about.evidence.person)
    except StoreDown:
        brought.errors.append(_("A file could not be kept just now. Please choose it again in a moment."))
        return None
    if row.state == Attachment.State.REFUSED:
        brought.errors.append(refused_sentence(row))
        return None
    brought.ids.append(row.pk)
    return row.pk


def _open(request: HttpRequest, about: _About, topic: str, form: CaseForm, brought: Brought) -> actions.Opened:
    """Open the case. Raises what ``open_case`` raises."""
    along = ""
    if about.evidence is not None and (form.cleaned_data["case_along"] or _was_along(request, brought)):
        along = str(about.evidence.entry.thread_id)
    return actions.open_case(
        by=person_of(request),
        shop=about.shop,
        topic=topic,
        severity=form.cleaned_data["case_severity"],
        subject=form.cleaned_data["subject"],
        body=form.cleaned_data["body"],
        client_id=form.cleaned_data["client_id"],
        language=_language(),
        answers=form.answers_with(along),
        order=_order_of(about, form),
        follows=about.follows,
        attachment_ids=brought.ids,
        confirmed=form.cleaned_data["confirm"],
    )


def _order_of(about: _About, form: CaseForm) -> Order | None:
    """Return the order a checked form is about: the one it names, else the one the address names."""
    return form.order or (about.order if PREFIX + "order" not in form.fields else None)


def _go_to(request: HttpRequest, opened: actions.Opened, channel: str) -> HttpResponse:
    """Lead to the case and say its number and when the answer is expected; to its call-back by that channel."""
    case = opened.case
    assert case is not None  # noqa: S101 (for the type checker)
    values = {"number": case.shown_number, "when": told_fully(case.due_at) if case.due_at else ""}
    if opened.posted.message.state == Message.State.HELD:
        sentence = _("Your case %(number)s is open. Your message is checked by a person before support reads it.")
        if channel != WRITE:
            sentence += " " + _("Until then it goes on in writing.")
        channel = WRITE
    else:
        sentence = _("Your case %(number)s is open.")
        if wanting({case.opened_by_id}, Topic.CASE, Notice.Channel.EMAIL):
            sentence = _("Your case %(number)s is open. A confirmation is on its way by e-mail.")
        if channel == WRITE:
            sentence += " " + _("Expected answer: %(when)s")
    flash.success(request, sentence % values)
    if channel == CHAT:
        try:
            actions.ask_for_chat(by=person_of(request), case=case)
        except Refused as refusal:  # closed a moment ago: it is a case in writing
            flash.warning(request, str(refusal.sentence))
    return HttpResponseRedirect(reverse("support:call" if channel == CALL else "support:case", args=[case.number]))


def _form_context(about: _About, topic: str, form: CaseForm, similar: list[Case]) -> dict[str, Any]:
    """Return what the form's page shows around its fields."""
    order = (form.order if form.is_bound else None) or about.order
    severities, channels, problem = _severities(topic, order, form, timezone.now())
    helps = [
        {"title": one.title, "text": one.text, "url": address_of(one.page) if one.page else ""}
        for one in SUBTOPICS[topic].help
    ]
    query = about.as_query(other_topic="1" if about.follows else "")
    return upload_context(about.shop) | {
        "form": form,
        "topic_label": SUBTOPICS[topic].label,
        "group_label": TOPIC_OF[topic].label,
        "choose_url": reverse("support:new") + (f"?{query}" if query else ""),
        "log_url": reverse("support:log"),
        "helps": helps,
        "hints": HINTS,
        "severities": severities,
        "channels": channels,
        "channel": str(form["case_channel"].value() or WRITE),
        "no_queue": problem,
        "similar": case_rows(similar),
        "order": about.order,
        "evidence": {"name": about.evidence.entry.other.shown_name, "url": _thread_url(about.evidence)}
        if about.evidence
        else None,
        "follows": _followed(about),
    }


def _severities(
    topic: str, order: Order | None, form: CaseForm, now: datetime
) -> tuple[list[dict[str, Any]], list[Channel], str]:
    """Return how bad a case can be, and its channels, as the queues it goes to have them; or why none is taken.

    Each severity comes with its meaning and with when the answer is expected.
    """
    chosen = str(form["case_severity"].value())
    shown, queues = [], {}
    for severity in sorted(Severity, reverse=True):
        try:
            queue = queues[int(severity)] = _queue_of(topic, severity, order, form)
        except NoQueue as refusal:
            return [], [], str(refusal.sentence)
        due = queue.promise(severity, is_first=True).due_at(now)
        shown.append(
            {
                "value": int(severity),
                "label": severity.label,
                "meaning": MEANINGS[severity],
                "due_text": told_fully(due),
                "is_chosen": chosen == str(int(severity)),
            }
        )
    return shown, channels_of(queues, language=_language(), now=now), ""


def _queue_of(topic: str, severity: int, order: Order | None, form: CaseForm) -> Queue:
    """Return the queue that takes a case as the form says it. Raises NoQueue."""
    name = PREFIX + "marketplace"
    named = getattr(form, "cleaned_data", {}).get(name) or (form[name].value() if name in form.fields else "")
    country = country_for(order, str(named or ""))
    return queue_for(topic=topic, severity=severity, country=country, language=_language())


def _language() -> str:
    """Return the language the seller reads (its code)."""
    return (get_language() or "en").partition("-")[0]


def _followed(about: _About) -> dict[str, str] | None:
    return case_rows([about.follows])[0] if about.follows else None


def _thread_url(standing: Standing) -> str:
    return reverse("threads:detail", args=[standing.entry.thread_id])
