"""Says in a template whether somebody has a place at support's desk."""

from __future__ import annotations

from typing import Any

from django import template

from messagecenter.accounts.acting import memberships_of
from messagecenter.accounts.models import Mailbox

register = template.Library()


@register.simple_tag(takes_context=True)
def works_at_desk(context: dict[str, Any]) -> bool:
    """Return whether the person works in a queue or oversees them: no query beyond those of the page."""
    request = context["request"]
    works = any(one.mailbox.kind == Mailbox.Kind.SUPPORT for one in memberships_of(request))
    return works or bool(request.user.has_perm("support.oversee_cases"))
