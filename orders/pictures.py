"""Which product pictures a page may show: our own, and those of hosts the operator allows."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings


def shown_picture(url: str) -> str:
    """Return ``url`` if the Content-Security-Policy lets a page load it, else an empty text.

    Pictures of other hosts would tell those hosts who reads which message, so the operator names them (PICTURE_HOSTS).
    """
    if url.startswith(settings.STATIC_URL) and ".." not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme == "https" and parts.hostname in settings.PICTURE_HOSTS else ""
