"""Registers the threads room with Django, and its kind of notice with the notices room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThreadsConfig(AppConfig):
    """The threads room."""

    name = "messagecenter.threads"
    label = "threads"
    verbose_name = _("Threads")

    def ready(self) -> None:
        """Tell the notices room how a new message is told."""
        from messagecenter.notices.kinds import register  # models are loaded only now

        from .notifications import KIND

        register(KIND)
