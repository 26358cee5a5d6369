"""Taking a case along: each transcript that is handed out is written down with its hash."""

from __future__ import annotations

from django.db import transaction

from messagecenter.accounts.models import User
from support.lifecycle import Actor
from support.models import Case, Step

from .moving import note


@transaction.atomic
def note_transcript(*, by: User, case: Case, actor: Actor, sha256: str) -> Step:
    """Write down that somebody has taken a transcript whose words have this SHA-256 (hexadecimal)."""
    return note(case, Step.Kind.DOWNLOADED, actor=actor, by=by, after=sha256)
