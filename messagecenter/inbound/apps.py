"""Registers the inbound room with Django, its kind of notice, and what hears the mail providers' reports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboundConfig(AppConfig):
    """The room that takes in mail."""

    name = "messagecenter.inbound"
    label = "inbound"
    verbose_name = _("Incoming mail")

    def ready(self) -> None:
        """Tell the notices room how a mail that was not posted is answered, and listen to the providers."""
        from messagecenter.notices import mail_examples  # models are loaded only now
        from messagecenter.notices.kinds import register

        from .hooks import listen
        from .notifications import EXAMPLE, KIND

        register(KIND)
        mail_examples.register(EXAMPLE)
        listen()
