"""How gunicorn serves the site in production; read by ``./dev serve`` through ``-c python:messagecenter.gunicorn``."""

import socket
from typing import Any

from django.conf import settings

wsgi_app = "messagecenter.asgi:application"
worker_class = "asgi"
workers = settings.WEB_WORKERS
bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
proc_name = "messagecenter"
# Each open page holds one stream: room for about 2,000 of them a process, then new ones wait in the backlog.
worker_connections = 2000
backlog = 512
# A worker that does not report for so long is replaced. Open streams never end by themselves: 5 s.
timeout = 60
graceful_timeout = 5
keepalive = 15
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
control_socket_disable = True
accesslog = None


def when_ready(server: Any) -> None:
    """Let the kernel end connections whose reader has taken nothing for 65 s: a server flushes before it closes."""
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 65_000)


_logging: dict[str, Any] = settings.LOGGING
logconfig_dict = _logging | {
    "loggers": _logging["loggers"]
    | {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "ERROR", "handlers": [], "propagate": True},  # a line a request: the proxy's work
    }
}
