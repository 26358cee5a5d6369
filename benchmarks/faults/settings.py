"""The product's settings, and the tests' kinds of notice: one of them cannot be rendered."""

from messagecenter.settings import *  # noqa: F403
from messagecenter.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.notices.site.apps.SiteConfig"]
