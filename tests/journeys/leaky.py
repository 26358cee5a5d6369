"""The product's settings with a page that crashes on what was typed, and switches: leak on purpose, short lists."""

from __future__ import annotations

import os

from messagecenter.settings import *  # noqa: F403
from messagecenter.settings import MIDDLEWARE

ROOT_URLCONF = "tests.journeys.careless"
PAGE_THREADS = int(os.environ.get("PAGE_THREADS", "50"))
if os.environ.get("LEAK"):
    MIDDLEWARE = [*MIDDLEWARE, "tests.journeys.careless.leak"]
