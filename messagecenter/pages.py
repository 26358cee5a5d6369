"""The small pages no room owns: offline, the app's manifest and service worker, who can read what, the chosen look."""

from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

THEME_COOKIE = "theme"
THEMES = ("light", "dark")
SHELL = (
    "css/app.css",
    "css/messages.css",
    "css/mailbox.css",
    "css/attachments.css",
    "css/screening.css",
    "css/team.css",
    "icons/sprite.svg",
    "icons/icon.svg",
    "icons/icon-unread.svg",
    "icons/icon-192.png",
    "vendor/htmx.min.js",
    "js/app.js",
    "js/composer.js",
    "js/drafts.js",
    "js/attachments.js",
    "js/screening.js",
    "js/lightbox.js",
    "js/live.js",
    "js/mailbox.js",
    "js/keyboard.js",
    "js/notes.js",
    "js/presence.js",
)


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Return the page a browser shows without a network: the same for everybody, so it may be kept."""
    return render(request, "offline.html")


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """Return what a phone needs to install the site as an app."""
    icons = [
        {"src": static("icons/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": static("icons/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": static("icons/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {"src": static("icons/maskable-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
    ]
    content = {
        "id": "/",
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME[:12].strip(),
        "start_url": "/messages/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f6f8",
        "theme_color": "#f5f6f8",
        "icons": icons,
    }
    return JsonResponse(content, content_type="application/manifest+json")


@login_not_required
@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker: it shows pushes, and keeps the app's own files, never anybody's data.

    Its version is made of the files' hashed names, so that a new release replaces the old shell.
    """
    shell = [static(name) for name in SHELL]
    version = hashlib.sha256("".join(shell).encode()).hexdigest()[:12]
    context = {
        "shell": json.dumps([*shell, reverse("offline")]),
        "version": version,
        "offline": reverse("offline"),
        "icon": static("icons/icon-192.png"),
    }
    return render(request, "pages/sw.js", context, content_type="text/javascript")


@login_not_required
@require_safe
def who_can_read(request: HttpRequest) -> HttpResponse:
    """Return the page that says who can read what."""
    return render(request, "pages/who_can_read.html")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the look chosen in the menu ("light", "dark", anything else: as the device) and go back."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=365 * 24 * 3600, secure=settings.SECURE, samesite="Lax", path="/"
        )
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response
