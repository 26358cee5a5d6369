"""Addresses of the reply figures."""

from django.urls import path

from . import views

app_name = "figures"
urlpatterns = [
    path("", views.figures, name="figures"),
    path("waits/", views.waits, name="waits"),
    path("waits.csv", views.waits_csv, name="waits_csv"),
    path("rules/", views.rules, name="rules"),
]
