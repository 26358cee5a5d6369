"""The part "This browser" for pages of rooms below this one: ``{% load push %}{% devices %}``."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import RequestContext

from messagecenter.push.context import devices_context

register = template.Library()


@register.inclusion_tag("push/_devices.html", takes_context=True)
def devices(context: RequestContext) -> dict[str, Any]:
    """Show where the person is told in a browser, and turn that on and off; asks the database once."""
    request = context["request"]
    return {"request": request, **devices_context(request)}
