"""Registers the push room with Django, and its channel with the outbox."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PushConfig(AppConfig):
    """The push room."""

    name = "messagecenter.push"
    label = "push"
    verbose_name = _("Browser notifications")

    def ready(self) -> None:
        """Register the channel, and listen to Django and allauth: who is signed out is not told here any more."""
        from allauth.account.signals import password_changed, password_reset  # models are loaded only now
        from django.contrib.auth.signals import user_logged_out

        from messagecenter.notices.channels import Channel, register
        from messagecenter.push import channel, cookie

        register(Channel("push", channel.targets, channel.why_not, channel.deliver))
        user_logged_out.connect(cookie.forget_this_browser, dispatch_uid="push.signed_out")
        for signal in (password_changed, password_reset):
            signal.connect(cookie.forget_other_browsers, dispatch_uid="push.new_password")
