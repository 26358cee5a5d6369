"""Where mail providers report: mail that came in, bounces and complaints. django-anymail checks who calls."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from email.utils import getaddresses
from typing import Any

from anymail.signals import inbound, tracking
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from messagecenter.vault.errors import Unreadable

from .actions import take_in
from .models import BY_HOOK
from .reports import heed_event

log = logging.getLogger(__name__)
PROVIDERS_WORDS = ("Type", "event", "severity", "bounceType", "type", "classification", "reason")
SOFT_CLASSES = frozenset({"1", "20", "21", "22", "23", "24", "40", "70", "100"})  # SparkPost's numbers


@csrf_exempt
@login_not_required
def hook(request: HttpRequest, name: str) -> HttpResponseBase:
    """Take a provider's call at ``<provider>/inbound/`` or ``<provider>/tracking/``.

    404 for a provider that MAIL_HOOKS does not name, 400 without the secret or signature; any error makes the provider
    call again.
    """
    if name.partition("/")[0] not in settings.MAIL_HOOKS:
        raise Http404
    try:
        found = resolve(f"/{name}", urlconf="anymail.urls")
    except Resolver404:
        raise Http404 from None
    try:
        answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    except (ImproperlyConfigured, Unreadable) as error:
        log.error("A call of the mail provider %s cannot be taken (%s)", found.url_name, type(error).__name__)
        return HttpResponse(status=503)
    return answer


def listen() -> None:
    """Hear what django-anymail tells: the one place where signals are heard, because a stranger sends them."""
    inbound.connect(_came_in, dispatch_uid="messagecenter.inbound")
    tracking.connect(_was_reported, dispatch_uid="messagecenter.inbound")


def _came_in(event: Any, **kwargs: Any) -> None:
    """Take in a mail for each address of ours it was sent to."""
    message = event.message
    if message is None:
        return
    # Unfolded anew, a header would no longer be what was signed.
    raw = message.as_bytes(policy=message.policy.clone(refold_source="none", linesep="\r\n"))
    given = [message.envelope_recipient] if message.envelope_recipient else _addresses(message)
    sender = message.envelope_sender
    if sender is None:
        sender = next(iter(_addresses(message, ("From",))), "")
    for address in dict.fromkeys(one.lower() for one in given):
        if address.rpartition("@")[2] == settings.INBOUND_DOMAIN:
            take_in(raw, envelope_from=sender, envelope_to=address, peer=BY_HOOK)


def _addresses(message: Any, names: Iterable[str] = ("To", "Cc", "Delivered-To")) -> list[str]:
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address for _name, address in getaddresses(values) if address]


def _was_reported(event: Any, **kwargs: Any) -> None:
    """Heed a bounce or complaint."""
    if not event.recipient:
        return
    told: Mapping[str, Any] = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    inner = told.get("bounce")
    about: Mapping[str, Any] = inner if isinstance(inner, Mapping) else told
    words = " ".join(str(about.get(name, "")) for name in PROVIDERS_WORDS)
    if str(about.get("bounce_class", "")) in SOFT_CLASSES:
        words = "soft"
    heed_event(
        kind=str(event.event_type),
        address=str(event.recipient),
        provider_word=words,
        code=str(event.mta_response or event.description or ""),
        happened_at=event.timestamp,
    )
