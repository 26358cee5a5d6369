"""Registers the moderation room with Django, and its kinds of notice with the notices room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModerationConfig(AppConfig):
    """The moderation room."""

    name = "messagecenter.moderation"
    label = "moderation"
    verbose_name = _("Moderation")

    def ready(self) -> None:
        """Tell the notices room how decisions, appeals and reports are told."""
        from messagecenter.notices import mail_examples  # models are loaded only now
        from messagecenter.notices.kinds import register

        from .mail_examples import EXAMPLES
        from .notifications import KINDS

        for kind in KINDS:
            register(kind)
        mail_examples.register(*EXAMPLES)
