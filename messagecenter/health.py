"""Two questions a load balancer asks: does the process live, and can it do its work. No names, no secrets, no words."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import storages
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from messagecenter.attachments import scanner, store
from messagecenter.moderation.holds import overdue_holds
from messagecenter.notices.health import overdue_seconds
from messagecenter.vault.checks import health as vault_health

log = logging.getLogger(__name__)

SECONDS = 2.0
LATE_SECONDS = 120
# A bucket is asked no more often: each question is a request to another machine, and may be paid for.
STORE_SECONDS = 5.0
# Few threads on purpose: a database that hangs may block these, and then the answer is "no answer", at once.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")
_store_asked = threading.Lock()
_store_answer: tuple[float, object, str] = (0.0, None, "")


class NotReadyError(Exception):
    """A check failed; the text is one of ours and safe to show."""


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer "ok": this process takes requests. Touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer with each check's result and milliseconds; status 503 when one of them failed."""
    checks = run_checks(SECONDS)
    ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def run_checks(seconds: float) -> dict[str, dict[str, object]]:
    """Run all checks side by side and return their results by name; one without an answer in time has failed."""
    started = {name: _threads.submit(_timed, check) for name, check in CHECKS.items()}
    wait(started.values(), timeout=seconds)
    return {name: _result(name, future, seconds) for name, future in started.items()}


def _timed(check: Callable[[], dict[str, object]]) -> dict[str, object]:
    """Run one check on its own connections; return what it found and how many milliseconds it took."""
    began = time.monotonic()
    try:
        found = check()
    except NotReadyError as error:
        found = {"ok": False, "reason": str(error)}
    finally:
        connections.close_all()
    return {"ok": True} | found | {"milliseconds": round((time.monotonic() - began) * 1000)}


def _result(name: str, future: Future[dict[str, object]], seconds: float) -> dict[str, object]:
    """Return a finished check's result, or why there is none. The reason names no address and quotes no error."""
    if not future.done():
        future.cancel()
        return {"ok": False, "reason": f"no answer within {seconds:g} seconds"}
    error = future.exception()
    if error is None:
        return future.result()
    log.warning("The check of %s failed", name, exc_info=error)
    return {"ok": False, "reason": f"failed with {type(error).__name__}"}


def check_database() -> dict[str, object]:
    """Ask every database one trivial question."""
    for alias in settings.DATABASES:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    return {}


def check_broker() -> dict[str, object]:
    """Ping Redis, or in the embedded default see that the queue's folder takes files."""
    if not settings.REDIS_URL:
        _write(Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"])), "the queue's folder")
        return {}
    import redis  # not needed without REDIS_URL

    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1.5, socket_connect_timeout=1.5) as client:
        client.ping()
    return {}


def check_storage() -> dict[str, object]:
    """See that the store of attachments takes a file; its answer counts for STORE_SECONDS."""
    global _store_answer
    # One question at a time: a store that hangs must not take all the threads.
    if not _store_asked.acquire(timeout=SECONDS / 2):
        raise NotReadyError("the store does not answer")
    try:
        asked_at, asked, problem = _store_answer
        if asked is not storages["attachments"] or time.monotonic() - asked_at > STORE_SECONDS:
            problem = ""
            try:
                store.check()
            except store.StoreDown as trouble:
                problem = str(trouble)
            _store_answer = (time.monotonic(), storages["attachments"], problem)
    finally:
        _store_asked.release()
    if problem:
        raise NotReadyError(problem)
    return {}


def check_vault() -> dict[str, object]:
    """See that every root key in use is configured, so that no thread is unreadable for want of a key."""
    if problem := vault_health():
        raise NotReadyError(problem)
    return {}


def check_notices() -> dict[str, object]:
    """See how long the oldest due notice has been waiting; beyond LATE_SECONDS the workers do not keep up."""
    waiting = round(overdue_seconds())
    found: dict[str, object] = {"oldest_due_seconds": waiting}
    if waiting > LATE_SECONDS:
        return found | {"ok": False, "reason": f"the oldest due notice has waited more than {LATE_SECONDS} seconds"}
    return found


def check_moderation() -> dict[str, object]:
    """See whether held messages wait longer than they may. Never a failure: a person is missing, not the machine."""
    overdue = overdue_holds()
    return {"degraded": f"{overdue} held messages wait longer than they may", "overdue": overdue} if overdue else {}


def _write(folder: Path, what: str) -> None:
    """Write and remove one byte in a folder. Raises NotReadyError when that fails."""
    probe = folder / f".ready-{secrets.token_hex(6)}"
    try:
        with os.fdopen(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(b"1")
        probe.unlink()
    except OSError:
        raise NotReadyError(f"{what} cannot be written") from None


CHECKS: dict[str, Callable[[], dict[str, object]]] = {
    "database": check_database,
    "broker": check_broker,
    "storage": check_storage,
    "scanner": scanner.check,
    "vault": check_vault,
    "notices": check_notices,
    "moderation": check_moderation,
}
