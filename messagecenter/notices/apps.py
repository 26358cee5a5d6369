"""Registers the notices room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    """The notices room."""

    name = "messagecenter.notices"
    label = "notices"
    verbose_name = _("Notices")
