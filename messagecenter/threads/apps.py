"""Registers the threads room with Django, and with the rooms below what it does for them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ThreadsConfig(AppConfig):
    """The threads room."""

    name = "messagecenter.threads"
    label = "threads"
    verbose_name = _("Threads")

    def ready(self) -> None:
        """Tell the rooms below: how a new message is told, where messages are, what happens to who leaves' threads."""
        from messagecenter.accounts import leaving
        from messagecenter.notices import mail_examples  # models are loaded only now
        from messagecenter.notices.kinds import register
        from messagecenter.policy import samples

        from .actions import take_from_member
        from .mail_examples import EXAMPLES
        from .notifications import KIND
        from .reminding import KIND as REPLY_DUE
        from .sampling import SOURCE

        register(KIND)
        register(REPLY_DUE)
        mail_examples.register(*EXAMPLES)
        samples.register("threads", SOURCE)
        leaving.register("threads", take_from_member)
