"""Registers the notices room with Django, and the notices of its own."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    """The notices room."""

    name = "messagecenter.notices"
    label = "notices"
    verbose_name = _("Notices")

    def ready(self) -> None:
        """Make the test mail and the confirmation known."""
        from messagecenter.notices import confirming, kinds, trial

        kinds.register(trial.KIND)
        kinds.register(confirming.KIND)
