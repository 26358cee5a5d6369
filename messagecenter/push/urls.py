"""Addresses of the devices."""

from django.urls import path

from messagecenter.push import views

app_name = "push"

urlpatterns = [
    path("", views.device_add, name="add"),
    path("<uuid:device_id>/remove/", views.device_remove, name="remove"),
]
