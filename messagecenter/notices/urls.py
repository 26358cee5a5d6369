"""Addresses of the notification pages."""

from django.urls import path

from messagecenter.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("sent/", views.sent, name="sent"),
    path("test/", views.test, name="test"),
    path("confirm/", views.confirm, name="confirm"),
    path("confirm/<str:token>/", views.confirmed, name="confirmed"),
    path("stop/<str:token>/", views.stop, name="stop"),
]
