"""Account pages: overview, profile, mailbox, members, invitations, and the language of the site."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language

from messagecenter.accounts import actions
from messagecenter.accounts.acting import act_for
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.forms import InvitationForm, MailboxForm, ProfileForm, RoleForm
from messagecenter.accounts.models import Invitation, Mailbox, Membership, Role, User
from messagecenter.accounts.staff import is_own_path


def _person(request: HttpRequest) -> User:
    """Return who is signed in; every page here asks for that, see LoginRequiredMiddleware."""
    return cast(User, request.user)


def _acting(request: HttpRequest) -> Membership:
    """Return whom the person acts for, on pages behind ``membership_required``."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    return membership


def _posted(request: HttpRequest) -> QueryDict | None:
    """Return what was entered; None when the page is only looked at."""
    return request.POST if request.method == "POST" else None


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show the menu of the account."""
    return render(request, "accounts/overview.html")


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the profile, and what a buyer takes of sellers; a new language speaks from the next page on."""
    person = _person(request)
    buying = Mailbox.objects.owned_by_buyer(person).order_by("created_at", "pk").first()
    form = ProfileForm(_posted(request), instance=User.objects.get(pk=person.pk), buying=buying)
    if form.is_valid():
        actions.change_profile(by=person, **form.cleaned_data)
        with translation.override(person.language or translation.get_language()):
            messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.is_bound else 200)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language, for this browser and for the person's profile."""
    response = set_language(request)
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).exclude(language=chosen).update(language=chosen)
    return response


@require_POST
def mailbox_switch(request: HttpRequest) -> HttpResponse:
    """Act for another of one's own mailboxes; any other is 404."""
    form = MailboxForm(request.POST)
    if not form.is_valid():
        raise Http404
    act_for(request, get_object_or_404(Membership.objects.of(_person(request)), mailbox=form.cleaned_data["mailbox"]))
    wanted = request.POST.get("next", "")
    return HttpResponseRedirect(wanted if is_own_path(request, wanted) else "/messages/")


@require_POST
def mailbox_open(request: HttpRequest) -> HttpResponse:
    """Open a buyer's mailbox for a person who has no mailbox at all."""
    if not request.memberships:  # type: ignore[attr-defined]
        actions.open_buyer_mailbox(by=_person(request))
    return redirect("/messages/")


@membership_required
@require_http_methods(["GET", "POST"])
def members(request: HttpRequest) -> HttpResponse:
    """Show the team of the mailbox acted for; an owner of a shop can invite.

    The form names the mailbox it was drawn for: when another tab has switched since, nothing is sent (409).
    """
    membership = _acting(request)
    manages = actions.may_manage(_person(request), membership.mailbox)
    meant = request.POST.get("mailbox", "")
    if request.method == "POST" and not manages and not _has_switched(request, meant):
        return _refuse_member(request, membership)
    form = InvitationForm(_posted(request))
    if request.method == "POST" and meant != str(membership.mailbox_id):
        return _members_page(request, form, manages, status=HTTPStatus.CONFLICT)
    if not form.is_valid():
        return _members_page(request, form, manages, status=422 if form.is_bound else 200)
    try:
        actions.invite_member(mailbox=membership.mailbox, by=_person(request), **form.cleaned_data)
    except actions.InvitationNotMailed as problem:
        messages.warning(request, str(problem.sentence))
    except actions.NotPossible as problem:
        form.add_error("email", str(problem.sentence))
        return _members_page(request, form, manages, status=422)
    else:
        messages.success(request, _("The invitation to %(address)s is sent.") % {"address": form.cleaned_data["email"]})
    return redirect("accounts:members")


def _has_switched(request: HttpRequest, meant: str) -> bool:
    """Return whether a form is meant for a mailbox of the person's own that they no longer act for."""
    mine = {str(one.mailbox_id) for one in request.memberships}  # type: ignore[attr-defined]
    return meant in mine - {str(_acting(request).mailbox_id)}


def _members_page(request: HttpRequest, form: InvitationForm, manages: bool, status: int) -> HttpResponse:
    """Return the page of the team, with the open invitations for who manages it."""
    membership = _acting(request)
    team = Membership.objects.filter(mailbox=membership.mailbox).select_related("user").order_by("created_at", "pk")
    invitations = Invitation.objects.visible_to(_person(request)).filter(mailbox=membership.mailbox)
    context = {
        "team": team,
        "roles": Role.choices,
        "manages": manages,
        "invitations": invitations.waiting().order_by("-created_at")[:100] if manages else [],
        "now": timezone.now(),
        "form": form,
        "switched": status == HTTPStatus.CONFLICT,
        "is_team": membership.mailbox.kind != Mailbox.Kind.BUYER,
        "is_support": membership.mailbox.kind == Mailbox.Kind.SUPPORT,
    }
    return render(request, "accounts/members.html", context, status=status)


def _refuse_member(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Answer who may not manage: 403 with a sentence in a shop; elsewhere there is nothing to manage, 404."""
    if membership.mailbox.kind != Mailbox.Kind.SHOP:
        raise Http404
    return render(request, "accounts/owners_only.html", status=HTTPStatus.FORBIDDEN)


def _member(request: HttpRequest, pk: object) -> Membership:
    """Return a member of the mailbox acted for; members of other mailboxes are 404."""
    rows = Membership.objects.visible_to(_person(request)).select_related("mailbox", "user")
    return get_object_or_404(rows, pk=pk, mailbox=_acting(request).mailbox)


@membership_required
@require_POST
def member_role(request: HttpRequest, pk: object) -> HttpResponse:
    """Give a member another role."""
    member, form = _member(request, pk), RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please choose one of the roles."))
        return redirect("accounts:members")
    try:
        actions.change_role(membership=member, role=form.cleaned_data["role"], by=_person(request))
    except actions.NotAllowed:
        return _refuse_member(request, _acting(request))
    except actions.LastOwner as problem:
        messages.error(request, str(problem.sentence))
    else:
        messages.success(request, _("The role of %(name)s is changed.") % {"name": member.user.get_full_name()})
    return redirect("accounts:members")


@membership_required
@require_POST
def member_remove(request: HttpRequest, pk: object) -> HttpResponse:
    """Take a member out of the mailbox, or leave it."""
    member = _member(request, pk)
    try:
        actions.remove_member(membership=member, by=_person(request))
    except actions.NotAllowed:
        return _refuse_member(request, _acting(request))
    except actions.LastOwner as problem:
        messages.error(request, str(problem.sentence))
        return redirect("accounts:members")
    if member.user_id == _person(request).pk:
        messages.success(request, _("You left %(mailbox)s.") % {"mailbox": member.mailbox.shown_name})
        return redirect("accounts:overview")
    messages.success(request, _("%(name)s is no longer a member.") % {"name": member.user.get_full_name()})
    return redirect("accounts:members")


def _invitation(request: HttpRequest, pk: object) -> Invitation:
    """Return an invitation into the mailbox acted for, for its owners only; others are 404."""
    rows = Invitation.objects.visible_to(_person(request)).select_related("mailbox")
    return get_object_or_404(rows.waiting(), pk=pk, mailbox=_acting(request).mailbox)


@membership_required
@require_POST
def invitation_resend(request: HttpRequest, pk: object) -> HttpResponse:
    """Send an invitation again, with a new link."""
    try:
        actions.resend_invitation(invitation=_invitation(request, pk), by=_person(request))
    except actions.NotPossible as problem:
        messages.warning(request, str(problem.sentence))
    else:
        messages.success(request, _("The invitation is sent again. The link of the earlier mail no longer works."))
    return redirect("accounts:members")


@membership_required
@require_POST
def invitation_revoke(request: HttpRequest, pk: object) -> HttpResponse:
    """Take an invitation back."""
    try:
        actions.revoke_invitation(invitation=_invitation(request, pk), by=_person(request))
    except actions.NotPossible as problem:
        messages.warning(request, str(problem.sentence))
    else:
        messages.success(request, _("The invitation is withdrawn."))
    return redirect("accounts:members")


STATUS_OF = {
    actions.InvitationUnknown: HTTPStatus.NOT_FOUND,
    actions.InvitationRevoked: HTTPStatus.GONE,
    actions.InvitationUsed: HTTPStatus.GONE,
    actions.InvitationExpired: HTTPStatus.GONE,
    actions.InvitationForSomeoneElse: HTTPStatus.FORBIDDEN,
    actions.AlreadyMember: HTTPStatus.CONFLICT,
    actions.OwnInvitation: HTTPStatus.FORBIDDEN,
}


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; a POST accepts. What cannot be accepted says why."""
    person = _person(request)
    try:
        if request.method == "POST":
            membership = actions.accept_invitation(token=token, by=person)
            act_for(request, membership)
            joined = _("You are now a member of %(mailbox)s.") % {"mailbox": membership.mailbox.shown_name}
            messages.success(request, joined)
            return redirect("/messages/")
        found = actions.read_invitation(token=token, by=person)
    except actions.NotPossible as problem:
        wrong = isinstance(problem, actions.InvitationForSomeoneElse)
        context = {"sentence": problem.sentence, "wrong_person": wrong}
        return render(request, "accounts/invitation.html", context, status=STATUS_OF[type(problem)])
    return render(request, "accounts/invitation.html", {"invitation": found})
