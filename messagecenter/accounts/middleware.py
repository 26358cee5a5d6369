"""What a request knows of the person behind it: whom they act for, their language and their time zone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from messagecenter.accounts.acting import membership_of, memberships_of
from messagecenter.accounts.staff import answer_at_staff_door

TIME_ZONE_COOKIE = "time_zone"


class PersonMiddleware(MiddlewareMixin):
    """Sets ``request.memberships`` and ``request.membership``, and speaks the person's language at their time.

    Both are read on first use only, with one query for the two. ``request.membership`` is a lazy object: ask for its
    truth, not whether it ``is None``. Stands behind allauth's middleware and before LoginRequiredMiddleware.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Choose language and time zone before the page is made."""
        request.memberships = SimpleLazyObject(lambda: memberships_of(request))  # type: ignore[attr-defined]
        request.membership = SimpleLazyObject(lambda: membership_of(request))  # type: ignore[attr-defined]
        language = person_language(request)
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = language
        timezone.activate(person_time_zone(request))

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Stop at the door of staff pages whoever may not enter."""
        return answer_at_staff_door(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Forget the time zone. LocaleMiddleware names the language, SessionMiddleware says it varies by cookie."""
        timezone.deactivate()
        return response


def person_language(request: HttpRequest) -> str:
    """Return the language the person chose in their profile, or "" when they left it to the browser."""
    language = getattr(request.user, "language", "")
    return language if language in dict(settings.LANGUAGES) else ""


def person_time_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """Return the person's time zone: from the profile, else as their browser says, else the site's."""
    for name in (getattr(request.user, "time_zone", ""), request.COOKIES.get(TIME_ZONE_COOKIE, "")):
        if name in _known_zones():
            return zoneinfo.ZoneInfo(name)
    return zoneinfo.ZoneInfo(settings.DEFAULT_TIME_ZONE)


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    """Return the names of all time zones; reading them from disk takes milliseconds, so it is done once."""
    return frozenset(zoneinfo.available_timezones())
