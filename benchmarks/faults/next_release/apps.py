"""The app that brings the one migration more."""

from django.apps import AppConfig


class NextReleaseConfig(AppConfig):
    name = "benchmarks.faults.next_release"
    label = "faults_next_release"
