"""The product's settings with the tests' pages added."""

from messagecenter.settings import *  # noqa: F403

ROOT_URLCONF = "tests.attachments.site.urls"
