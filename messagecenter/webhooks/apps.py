"""Registers the webhooks room with Django, and its channel with the outbox."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    """The webhooks room."""

    name = "messagecenter.webhooks"
    label = "webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        """Register the channel."""
        from messagecenter.notices.channels import Channel, register  # models are loaded only now
        from messagecenter.webhooks import channel

        register(Channel("webhook", channel.targets, channel.why_not, channel.deliver))
