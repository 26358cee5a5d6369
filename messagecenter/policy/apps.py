"""Registers the policy room with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PolicyConfig(AppConfig):
    """The policy room."""

    name = "messagecenter.policy"
    label = "policy"
    verbose_name = _("Policy")
