"""Renders a letter from three templates (subject, text, HTML) in the reader's language and time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template import Context, TemplateDoesNotExist, engines
from django.template.loader import get_template
from django.utils import timezone, translation

from messagecenter.mail.sending import Letter

SUBJECT_CHARACTERS = 150


def absolute_url(path: str) -> str:
    """Return the address of a page for use outside the site; ``path`` begins with a slash."""
    return str(settings.SITE_URL) + path


def render_letter(
    template: str,
    *,
    to: str,
    language: str,
    time_zone: str,
    context: Mapping[str, Any],
    message_id: str,
    headers: Mapping[str, str] | None = None,
    sender_name: str = "",
    reply_to: str = "",
) -> Letter:
    """Return the letter made of ``<template>.subject.txt``, ``.txt`` and, when there is one, ``.html``.

    An empty or unknown language or time zone means the site's own. Whatever was active before is active again after.
    """
    known = dict(settings.LANGUAGES)
    language = language if language in known else settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_named(time_zone)):
        values = {
            **context,
            "site_name": settings.SITE_NAME,
            "site_url": settings.SITE_URL,
            "mail_language": language,
        }
        values["mail_subject"] = subject = render_subject(template, values)
        return Letter(
            to=to,
            subject=subject,
            text=_render(f"{template}.txt", values, escape=False).strip() + "\n",
            html=_html(f"{template}.html", values),
            message_id=message_id,
            headers=dict(headers or {}),
            sender_name=sender_name,
            reply_to=reply_to,
        )


def render_subject(template: str, values: Mapping[str, Any]) -> str:
    """Return what a letter of this template is called in its subject, in the language that is active; one line."""
    return " ".join(_render(f"{template}.subject.txt", values, escape=False).split())[:SUBJECT_CHARACTERS]


def _render(name: str, values: Mapping[str, Any], *, escape: bool) -> str:
    """Return one template's text; plain text is not HTML, so nothing in it is escaped."""
    template = engines["django"].engine.get_template(name)  # type: ignore[attr-defined]
    return str(template.render(Context(dict(values), autoescape=escape)))


def _html(name: str, values: dict[str, Any]) -> str:
    """Return the HTML template's text, or "" when there is none: then the letter is plain text only."""
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return ""
    return _render(name, values, escape=True)


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """Return the named time zone, or the site's when there is none of that name."""
    try:
        return zoneinfo.ZoneInfo(name or settings.DEFAULT_TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.DEFAULT_TIME_ZONE)
