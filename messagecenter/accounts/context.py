"""What every template may use: the site's name, its languages, and whom the person acts for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the names every page knows; memberships are lazy, so a page that does not use them asks no database."""
    return {
        "site_name": settings.SITE_NAME,
        "languages": settings.LANGUAGES,
        "embedded": settings.EMBEDDED,
        "membership": getattr(request, "membership", None),
        "memberships": getattr(request, "memberships", ()),
    }
