"""The room of the attachments."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AttachmentsConfig(AppConfig):
    """Files sent with messages."""

    name = "messagecenter.attachments"
    verbose_name = _("Attachments")
