"""Registers the filing room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilingConfig(AppConfig):
    """The filing room."""

    name = "messagecenter.filing"
    label = "filing"
    verbose_name = _("Filing")
