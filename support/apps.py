"""Registers the support room with Django, and with the rooms below what it does for them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupportConfig(AppConfig):
    """The support room."""

    name = "support"
    label = "support"
    verbose_name = _("Support")

    def ready(self) -> None:
        """Tell the rooms below how news of cases is told, and who follows their threads."""
        from messagecenter.accounts import leaving
        from messagecenter.notices import mail_examples  # models are loaded only now
        from messagecenter.notices.kinds import register
        from messagecenter.threads.following import follow
        from messagecenter.threads.models import Thread

        from .actions import follow_message, take_cases
        from .mail_examples import EXAMPLES
        from .notifications import KINDS

        for kind in KINDS:
            register(kind)
        mail_examples.register(*EXAMPLES)
        leaving.register("support", take_cases)
        follow(Thread.Kind.CASE, follow_message)
