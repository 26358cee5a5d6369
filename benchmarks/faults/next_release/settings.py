"""The settings of the next release."""

from benchmarks.faults.settings import *  # noqa: F403
from benchmarks.faults.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.faults.next_release.apps.NextReleaseConfig"]
