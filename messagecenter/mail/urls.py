"""Addresses of the local outbox."""

from django.urls import path

from messagecenter.mail import views

app_name = "mail"
urlpatterns = [
    path("", views.mail_list, name="list"),
    path("<str:name>/", views.mail_detail, name="detail"),
    path("<str:name>/html/", views.mail_html, name="html"),
]
