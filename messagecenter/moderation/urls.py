"""Addresses of statements of reasons, appeals and reports; they lie under those of the messages."""

from django.urls import path

from . import views

app_name = "moderation"

urlpatterns = [
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/<uuid:decision_id>/", views.decision, name="decision"),
    path("decisions/<uuid:decision_id>/appeal/", views.appeal, name="appeal"),
    path("reports/", views.reports, name="reports"),
    path("reports/<uuid:report_id>/", views.report_receipt, name="report_receipt"),
    path("<uuid:thread_id>/report/<uuid:message_id>/", views.report, name="report"),
]
