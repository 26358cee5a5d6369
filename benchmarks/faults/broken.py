"""Settings under which the dispatcher marks before it sends: with them a run must find losses."""

from benchmarks.faults.settings import *  # noqa: F403
from benchmarks.faults.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.faults.apps.BrokenConfig"]
