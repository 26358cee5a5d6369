"""Addresses of the policy's pages."""

from django.urls import path

from . import views

app_name = "policy"
urlpatterns = [path("", views.page, name="page")]
