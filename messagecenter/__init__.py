"""Message Center: a buyer–seller message center that a marketplace runs beside its shop."""

from .celery import app as celery_app

__all__ = ["celery_app"]
