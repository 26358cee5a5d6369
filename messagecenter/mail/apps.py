"""Registers the mail room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    """The mail room."""

    name = "messagecenter.mail"
    label = "mail"
    verbose_name = _("Mail")
