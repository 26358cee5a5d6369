"""Registers the search room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    """The search room."""

    name = "messagecenter.search"
    label = "search"
    verbose_name = _("Search")
