"""Pages on which people choose how they are told, see what was sent to them, and end mails without signing in."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings as site
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import memberships_of, person_of
from messagecenter.accounts.models import Mailbox
from messagecenter.mail.actions import suppression_of
from messagecenter.notices import actions, confirming, kinds
from messagecenter.notices.confirming import CONFIRM
from messagecenter.notices.forms import PreferencesForm, chosen_by
from messagecenter.notices.models import Notice, Schedule
from messagecenter.notices.stopping import NoSuchLink, read_stop
from messagecenter.notices.topics import Topic
from messagecenter.notices.trial import TEST

PAGE = 50


def _topics(request: HttpRequest) -> list[Topic]:
    """Return what there is to tell this person: buyers have no clock and no cases."""
    is_team = _is_team(request)
    told = kinds.topics()
    return [topic for topic in Topic if topic in told and (is_team or topic not in (Topic.REMINDER, Topic.CASE))]


def _is_team(request: HttpRequest) -> bool:
    return any(one.mailbox.kind != Mailbox.Kind.BUYER for one in memberships_of(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show and keep how the person wants to be told."""
    person = person_of(request)
    schedule = Schedule.objects.filter(pk=person.pk).first() or Schedule(person=person)
    form = PreferencesForm(
        request.POST or None,
        instance=schedule,
        topics=_topics(request),
        chosen=chosen_by(person.pk),
        is_team=_is_team(request),
    )
    if request.method == "POST" and form.is_valid():
        actions.choose(by=person, timings=form.timings(), **form.schedule())
        flash.success(request, _("Saved."))
        return redirect("notices:settings")
    status = 422 if form.is_bound else 200
    return render(
        request,
        "notices/settings.html",
        {"form": form, "zone": kinds.zone_of(person).key, "suppression": suppression_of(person.email)},
        status=status,
    )


@never_cache
@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    """Show what was sent to the person, when, in which state, and why not."""
    person = person_of(request)
    rows = Notice.objects.told_to(person)
    if before := request.GET.get("before", ""):
        rows = rows.before(before)
    page = list(rows[: PAGE + 1])
    for row in page:
        row.shown_kind = _named(row.kind)  # type: ignore[attr-defined]
    return render(
        request,
        "notices/sent.html",
        {
            "rows": page[:PAGE],
            "mail_from": parseaddr(site.DEFAULT_FROM_EMAIL)[1],
            "next": page[PAGE - 1].pk if len(page) > PAGE else None,
            "suppression": suppression_of(person.email),
        },
    )


def _named(kind: str) -> str:
    """Return what a kind of notice is about, for people."""
    names = {TEST: _("Test mail"), CONFIRM: _("Confirmation of your address")}
    try:
        return names.get(kind) or str(kinds.named(kind).topic.label)
    except LookupError:  # of a room that is gone
        return kind


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Send the person a test mail."""
    if actions.send_test(by=person_of(request)):
        flash.success(request, _("A test mail is on its way to %(address)s.") % {"address": person_of(request).email})
    else:
        flash.warning(request, _("A test mail was sent less than a minute ago. Please wait a moment."))
    return redirect("notices:sent")


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Send the person the mail by which they confirm an address that mails came back from."""
    if actions.send_confirmation(by=person_of(request)):
        flash.success(
            request, _("A mail with a link is on its way to %(address)s.") % {"address": person_of(request).email}
        )
    else:
        flash.warning(request, _("That mail was sent less than ten minutes ago. Please wait for it."))
    return redirect("notices:sent")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirmed(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a press of a button (scanners follow links), then send mails to the address again."""
    if request.method != "POST":
        return render(request, "notices/confirmed.html", {"is_confirmed": False})
    try:
        confirming.confirm(token)
    except confirming.NoSuchLink:
        raise Http404 from None
    return render(request, "notices/confirmed.html", {"is_confirmed": True})


@csrf_exempt  # a mail program posts this, and the token says who it is for (RFC 8058, 3.1)
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether mails on a topic are to end (GET changes nothing: scanners follow links), and end them (POST)."""
    try:
        person_id, topic = read_stop(token)
    except NoSuchLink:
        raise Http404 from None
    is_ended = request.method == "POST" and actions.stop(person_id=person_id, topic=topic)
    return render(request, "notices/stop.html", {"topic": topic.label, "is_ended": is_ended})
