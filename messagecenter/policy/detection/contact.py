"""Finds contact details of every kind: one call for what addresses, numbers, handles and invitations find."""

from __future__ import annotations

from . import addresses, emails, handles, invitations, phones
from .finding import Finding
from .folding import Folded
from .surroundings import Surroundings


def find(folded: Folded, around: Surroundings) -> list[Finding]:
    """Return the contact details in a text (see the modules for what is honest in each)."""
    found: list[Finding] = []
    for kind in (emails, phones, handles, invitations, addresses):
        found += kind.find(folded, around)
    return found
