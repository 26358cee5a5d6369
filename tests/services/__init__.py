"""Throw-away PostgreSQL and Redis, and the run of all checks, for ``./dev test``, ``lint`` and ``bench``."""
