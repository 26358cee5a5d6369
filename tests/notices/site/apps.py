"""Registers the tests' kinds in processes of their own; tests in this process do it in conftest."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "tests.notices.site"
    label = "notices_site"

    def ready(self) -> None:
        from tests.notices.site.kinds import register_all

        register_all()
