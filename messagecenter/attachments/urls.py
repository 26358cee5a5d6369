"""Addresses of uploads."""

from django.urls import path

from . import views

app_name = "attachments"

urlpatterns = [
    path("", views.uploads, name="uploads"),
    path("<uuid:attachment_id>/remove/", views.remove, name="remove"),
    path("<uuid:attachment_id>/small/", views.small, name="small"),
]
