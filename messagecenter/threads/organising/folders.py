"""The page of a mailbox's folders and labels, and what its forms do. All of it works without JavaScript."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messagecenter.accounts.acting import person_of
from messagecenter.accounts.decorators import membership_required
from messagecenter.accounts.models import Mailbox
from messagecenter.accounts.writing import require_writing
from messagecenter.filing import actions as filing
from messagecenter.filing.models import Folder, Label
from messagecenter.filing.refused import NotFiled

from .. import actions
from ..access import acting_membership, uuid_or_none


@dataclass(frozen=True)
class Branch:
    """A folder in the tree: how deep it lies (1 at the top) and its path, "Invoices / 2026"."""

    folder: Folder
    level: int
    path: str


def tree_of(mailbox: Mailbox) -> list[Branch]:
    """Return a mailbox's folders as they are listed: each followed by those in it, by name. One query."""
    folders = list(Folder.objects.of_mailbox(mailbox))
    by_parent: dict[uuid.UUID | None, list[Folder]] = {}
    for folder in sorted(folders, key=lambda one: one.name.casefold()):
        by_parent.setdefault(folder.parent_id, []).append(folder)

    def below(parent: uuid.UUID | None, level: int, path: str) -> list[Branch]:
        found = []
        for folder in by_parent.get(parent, []):
            own = f"{path} / {folder.name}" if path else folder.name
            found += [Branch(folder, level, own), *below(folder.pk, level + 1, own)]
        return found

    return below(None, 1, "")


@require_GET
@never_cache
@membership_required
def page(request: HttpRequest) -> HttpResponse:
    """Show the folders and labels of the mailbox the person is acting for."""
    return _page(request)


@require_POST
@membership_required
def folder_new(request: HttpRequest) -> HttpResponse:
    """Make a folder."""
    mailbox = _writing_for(request)
    name, parent = request.POST.get("name", ""), _chosen_folder(request, mailbox)
    return _done(
        request,
        lambda: filing.create_folder(by=person_of(request), mailbox=mailbox, name=name, parent=parent),
        _("The folder is there."),
    )


@require_POST
@membership_required
def folder_rename(request: HttpRequest, folder_id: uuid.UUID) -> HttpResponse:
    """Give a folder another name."""
    folder = _folder(request, folder_id)
    name = request.POST.get("name", "")
    return _done(
        request,
        lambda: filing.rename_folder(by=person_of(request), folder=folder, name=name),
        _("The folder has a new name."),
    )


@require_POST
@membership_required
def folder_move(request: HttpRequest, folder_id: uuid.UUID) -> HttpResponse:
    """Put a folder into another one (``parent``) or, with an empty one, at the top."""
    folder = _folder(request, folder_id)
    parent = _chosen_folder(request, folder.mailbox)
    return _done(
        request,
        lambda: filing.move_folder(by=person_of(request), folder=folder, parent=parent),
        _("The folder is moved."),
    )


@require_http_methods(["GET", "POST"])
@never_cache
@membership_required
def folder_delete(request: HttpRequest, folder_id: uuid.UUID) -> HttpResponse:
    """Ask where the threads of a folder shall go; a POST with ``goes_to`` deletes it and those in it."""
    folder = _folder(request, folder_id)
    branches = tree_of(folder.mailbox)
    inside = {folder.pk}
    for branch in branches:
        if branch.folder.parent_id in inside:
            inside.add(branch.folder.pk)
    if request.method == "GET":
        context = {
            "folder": folder,
            "inside": [branch for branch in branches if branch.folder.pk in inside - {folder.pk}],
            "others": [branch for branch in branches if branch.folder.pk not in inside],
        }
        return render(request, "filing/folder_delete.html", context)
    goes_to = request.POST.get("goes_to", "")
    if goes_to not in ("inbox", "archive", "trash") and uuid_or_none(goes_to) is None:
        raise Http404
    return _done(
        request,
        lambda: actions.delete_folder(by=person_of(request), folder=folder, goes_to=goes_to),
        _("“%(name)s” is deleted.") % {"name": folder.name},
    )


@require_POST
@membership_required
def label_new(request: HttpRequest) -> HttpResponse:
    """Make a label."""
    mailbox = _writing_for(request)
    name, color = request.POST.get("name", ""), request.POST.get("color", Label.Color.GRAY)
    return _done(
        request,
        lambda: filing.create_label(by=person_of(request), mailbox=mailbox, name=name, color=color),
        _("The label is there."),
    )


@require_POST
@membership_required
def label_change(request: HttpRequest, label_id: uuid.UUID) -> HttpResponse:
    """Give a label another name and colour."""
    label = _label(request, label_id)
    name, color = request.POST.get("name", ""), request.POST.get("color", label.color)
    return _done(
        request,
        lambda: filing.change_label(by=person_of(request), label=label, name=name, color=color),
        _("The label is changed."),
    )


@require_POST
@membership_required
def label_delete(request: HttpRequest, label_id: uuid.UUID) -> HttpResponse:
    """Delete a label; the threads stay where they are."""
    label = _label(request, label_id)
    return _done(
        request,
        lambda: actions.delete_label(by=person_of(request), label=label),
        _("“%(name)s” is deleted.") % {"name": label.name},
    )


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    membership = acting_membership(request)
    branches = tree_of(membership.mailbox)
    context: dict[str, Any] = {
        "branches": branches,
        "parents": [branch for branch in branches if branch.level < Folder.MOST_LEVELS],
        "labels": Label.objects.of_mailbox(membership.mailbox),
        "colors": Label.Color.choices,
        "longest_folder": Folder.LONGEST_NAME,
        "longest_label": Label.LONGEST_NAME,
        "may_write": membership.may_write,
        "is_team": membership.mailbox.kind != Mailbox.Kind.BUYER,
        "problem": problem,
    }
    return render(request, "filing/folders.html", context, status=status)


def _done(request: HttpRequest, action: Callable[[], object], sentence: str) -> HttpResponse:
    """Do it and go back to the page; what cannot be done is said there (422)."""
    try:
        action()
    except NotFiled as refusal:
        return _page(request, problem=str(refusal.sentence), status=422)
    except (Folder.DoesNotExist, Label.DoesNotExist):
        raise Http404 from None
    flash.success(request, sentence)
    return redirect("filing:folders")


def _writing_for(request: HttpRequest) -> Mailbox:
    """Return the mailbox the person acts for. Raises PermissionDenied for who only reads."""
    membership = acting_membership(request)
    require_writing(membership)
    return membership.mailbox


def _folder(request: HttpRequest, folder_id: uuid.UUID) -> Folder:
    """Return a folder of the mailbox acted for; others and missing ones are the same 404."""
    rows = Folder.objects.of_mailbox(acting_membership(request).mailbox).select_related("mailbox")
    folder = get_object_or_404(rows, pk=folder_id)
    _writing_for(request)
    return folder


def _label(request: HttpRequest, label_id: uuid.UUID) -> Label:
    """Return a label of the mailbox acted for; others and missing ones are the same 404."""
    rows = Label.objects.of_mailbox(acting_membership(request).mailbox).select_related("mailbox")
    label = get_object_or_404(rows, pk=label_id)
    _writing_for(request)
    return label


def _chosen_folder(request: HttpRequest, mailbox: Mailbox) -> Folder | None:
    """Return the folder that ``parent`` names, None for an empty one. Raises Http404."""
    value = request.POST.get("parent", "")
    if not value:
        return None
    return get_object_or_404(Folder.objects.of_mailbox(mailbox), pk=uuid_or_none(value))
