"""Addresses of the webhooks."""

from django.urls import path

from messagecenter.webhooks import views

app_name = "webhooks"

urlpatterns = [
    path("", views.endpoints, name="list"),
    path("new/", views.endpoint_new, name="new"),
    path("<uuid:endpoint_id>/", views.endpoint, name="endpoint"),
    path("<uuid:endpoint_id>/secret/", views.secret_new, name="secret"),
    path("<uuid:endpoint_id>/test/", views.endpoint_test, name="test"),
    path("<uuid:endpoint_id>/remove/", views.endpoint_remove, name="remove"),
    path("<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/resend/", views.delivery_resend, name="resend"),
]
