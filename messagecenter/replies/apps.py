"""Registers the replies room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RepliesConfig(AppConfig):
    """The replies room."""

    name = "messagecenter.replies"
    label = "replies"
    verbose_name = _("Replies")
