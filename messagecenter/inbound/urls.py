"""Addresses that mail providers call."""

from django.urls import path

from .hooks import hook

app_name = "inbound"
urlpatterns = [path("hooks/<path:name>", hook, name="hook")]
