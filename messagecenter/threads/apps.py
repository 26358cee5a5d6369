"""Registers the threads room with Django, its kind of notice and its messages with the rooms below."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThreadsConfig(AppConfig):
    """The threads room."""

    name = "messagecenter.threads"
    label = "threads"
    verbose_name = _("Threads")

    def ready(self) -> None:
        """Tell the notices room how a new message is told, and the policy's editor where messages are."""
        from messagecenter.notices.kinds import register  # models are loaded only now
        from messagecenter.policy import samples

        from .notifications import KIND
        from .sampling import SOURCE

        register(KIND)
        samples.register("threads", SOURCE)
