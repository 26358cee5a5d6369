"""Registers the orders room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """The orders room."""

    name = "orders"
    label = "orders"
    verbose_name = _("Orders")
