"""Figures for the operator's monitoring, in Prometheus' text format: how far delivery and incoming mail are behind."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from messagecenter.inbound.models import RawMail
from messagecenter.notices.delivery import MOST_COUNTED, backlog
from messagecenter.notices.health import overdue_seconds


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures to who shows METRICS_TOKEN ("Authorization: Bearer …"); others find no page.

    Numbers end at 10,000: no question here reads a whole table.
    """
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not secrets.compare_digest(shown.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    return HttpResponse(generate_latest(_figures()), content_type=CONTENT_TYPE_LATEST)


def _figures() -> CollectorRegistry:
    registry = CollectorRegistry()

    def show(name: str, about: str, value: float) -> None:
        Gauge(f"messagecenter_{name}", about, registry=registry).set(value)

    show("notices_oldest_due_seconds", "For how long the oldest due notice has been waiting", overdue_seconds())
    for name, number in backlog().items():
        show(f"notices_{name}", f"Notices that are {name}, at most {MOST_COUNTED}", number)
    for state in (RawMail.State.RECEIVED, RawMail.State.QUARANTINED):
        mails = RawMail.objects.filter(state=state).order_by().values_list("pk", flat=True)[:MOST_COUNTED]
        show(f"inbound_{state.value}", f"Incoming mails that are {state.value}, at most {MOST_COUNTED}", len(mails))
    return registry
