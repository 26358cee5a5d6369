"""Addresses of the saved replies, signatures and automatic replies."""

from django.urls import path

from . import views

app_name = "replies"

urlpatterns = [
    path("", views.replies, name="list"),
    path("new/", views.reply_new, name="new"),
    path("signature/", views.signature, name="signature"),
    path("automatic/", views.automatic, name="automatic"),
    path("<uuid:reply_id>/", views.reply_edit, name="edit"),
    path("<uuid:reply_id>/delete/", views.reply_delete, name="delete"),
]
