"""The headers every answer carries beside those Django and django-csp set."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers

RESOURCE_POLICY = {"Cross-Origin-Resource-Policy": "same-origin"}


def headers_middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Keep other sites from embedding an answer, and everybody from keeping one that may be personal.

    Whoever has a session may see something personal, so their answers are never kept unless the page itself says more.
    The session is recognised by its cookie alone: that needs no database, also when this answer is about its failure.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in RESOURCE_POLICY.items():
            response[name] = value
        cookie = settings.SESSION_COOKIE_NAME
        if not response.has_header("Cache-Control") and (cookie in request.COOKIES or cookie in response.cookies):
            add_never_cache_headers(response)
        return response

    return answer


def outside_middleware() -> dict[str, str]:
    """Return all headers of an answer that passes by Django's middleware and has no content a browser would show."""
    headers = RESOURCE_POLICY | {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
    }
    if settings.SECURE_HSTS_SECONDS:
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return headers
