"""The product's settings with the yardstick pages added."""

from messagecenter.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
