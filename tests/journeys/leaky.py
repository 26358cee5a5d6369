"""The product's settings with a page that crashes on what was typed, and with a switch that leaks on purpose."""

from __future__ import annotations

import os

from messagecenter.settings import *  # noqa: F403
from messagecenter.settings import MIDDLEWARE

ROOT_URLCONF = "tests.journeys.careless"
if os.environ.get("LEAK"):
    MIDDLEWARE = [*MIDDLEWARE, "tests.journeys.careless.leak"]
