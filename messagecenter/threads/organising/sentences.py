"""What a filing did, told in one sentence."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext, ngettext

from messagecenter.accounts.models import Mailbox, User
from messagecenter.filing.models import Folder, Label

from ..filing_verbs import Verb
from ..models import FilingRun, Priority


def told(run: FilingRun) -> str:
    """Return what a run has done so far, or what was undone."""
    state, count = run.state, run.done
    if state == FilingRun.State.UNDONE:
        sentence = ngettext(
            "Undone: %(count)d conversation is as it was.",
            "Undone: %(count)d conversations are as they were.",
            run.undone,
        )
        return sentence % {"count": run.undone}
    if count == 0 and run.is_finished:
        return gettext("There was nothing to change.")
    if not run.filing:
        return ngettext("The rule filed %(count)d conversation.", "The rule filed %(count)d conversations.", count) % {
            "count": count
        }
    return _sentence(Verb(run.filing["verb"]), count) % {"count": count, "name": _name(run)}


def _sentence(verb: Verb, count: int) -> str:
    match verb:
        case Verb.INBOX:
            return ngettext(
                "%(count)d conversation moved to the inbox.", "%(count)d conversations moved to the inbox.", count
            )
        case Verb.ARCHIVE:
            return ngettext("%(count)d conversation archived.", "%(count)d conversations archived.", count)
        case Verb.TRASH:
            return ngettext(
                "%(count)d conversation moved to the trash.", "%(count)d conversations moved to the trash.", count
            )
        case Verb.MOVE:
            return ngettext(
                "%(count)d conversation moved to “%(name)s”.", "%(count)d conversations moved to “%(name)s”.", count
            )
        case Verb.LABEL:
            return ngettext(
                "“%(name)s” added to %(count)d conversation.", "“%(name)s” added to %(count)d conversations.", count
            )
        case Verb.UNLABEL:
            return ngettext(
                "“%(name)s” removed from %(count)d conversation.",
                "“%(name)s” removed from %(count)d conversations.",
                count,
            )
        case Verb.PRIORITY:
            return ngettext(
                "Priority of %(count)d conversation: %(name)s.", "Priority of %(count)d conversations: %(name)s.", count
            )
        case Verb.STAR:
            return ngettext("Star set on %(count)d conversation.", "Star set on %(count)d conversations.", count)
        case Verb.UNSTAR:
            return ngettext(
                "Star removed from %(count)d conversation.", "Star removed from %(count)d conversations.", count
            )
        case Verb.MUTE:
            return ngettext("%(count)d conversation muted.", "%(count)d conversations muted.", count)
        case Verb.UNMUTE:
            return ngettext(
                "%(count)d conversation is no longer muted.", "%(count)d conversations are no longer muted.", count
            )
        case Verb.ASSIGN:
            return ngettext(
                "%(count)d conversation assigned to %(name)s.", "%(count)d conversations assigned to %(name)s.", count
            )
        case Verb.READ:
            return ngettext("%(count)d conversation marked as read.", "%(count)d conversations marked as read.", count)
        case Verb.UNREAD:
            return ngettext(
                "%(count)d conversation marked as unread.", "%(count)d conversations marked as unread.", count
            )
        case Verb.NO_RESPONSE:
            return ngettext(
                "%(count)d conversation no longer waits for an answer.",
                "%(count)d conversations no longer wait for an answer.",
                count,
            )


def _name(run: FilingRun) -> str:
    """Return the name of the folder, label or person, or of the priority; "—" for one that is gone."""
    return name_of(run.mailbox, Verb(run.filing["verb"]), run.filing["value"])


def name_of(mailbox: Mailbox, verb: Verb, value: str) -> str:
    """Return what a filing's value is called; "—" for what is gone."""
    found: Folder | Label | User | None = None
    if verb == Verb.PRIORITY:
        return str(Priority(int(value)).label)
    if not value:
        return {Verb.MOVE: gettext("Inbox"), Verb.ASSIGN: gettext("nobody")}.get(verb, "")
    if verb == Verb.MOVE:
        found = Folder.objects.of_mailbox(mailbox).filter(pk=uuid.UUID(value)).first()
    elif verb in (Verb.LABEL, Verb.UNLABEL):
        found = Label.objects.of_mailbox(mailbox).filter(pk=uuid.UUID(value)).first()
    elif verb == Verb.ASSIGN:
        found = User.objects.filter(pk=uuid.UUID(value), memberships__mailbox=mailbox).first()
        return found.get_full_name() if found else "—"
    return str(found) if found else "—"
