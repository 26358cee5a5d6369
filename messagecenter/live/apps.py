"""Registers the live room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LiveConfig(AppConfig):
    """The live room."""

    name = "messagecenter.live"
    label = "live"
    verbose_name = _("Live updates")
