"""Addresses of the live updates."""

from django.urls import path

from messagecenter.live import views

app_name = "live"
urlpatterns = [
    path("stream/", views.stream, name="stream"),
    path("changes/", views.changes, name="changes"),
]
