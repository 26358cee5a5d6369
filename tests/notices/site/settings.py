"""The real settings and one room more; for processes started by tests."""

from messagecenter.settings import *  # noqa: F403
from messagecenter.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.notices.site.apps.SiteConfig"]
