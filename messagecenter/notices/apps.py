"""Registers the notices room with Django, and the notices of its own."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    """The notices room."""

    name = "messagecenter.notices"
    label = "notices"
    verbose_name = _("Notices")

    def ready(self) -> None:
        """Make the test mail and the confirmation known, and how this room's mails look."""
        from messagecenter.notices import confirming, kinds, mail_examples, trial

        kinds.register(trial.KIND)
        kinds.register(confirming.KIND)
        mail_examples.register(*mail_examples.EXAMPLES)
