"""Addresses of the account pages; allauth's own come after them under the same prefix."""

from django.urls import path

from messagecenter.accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("profile/", views.profile, name="profile"),
    path("mailbox/", views.mailbox_switch, name="switch"),
    path("mailbox/open/", views.mailbox_open, name="open_mailbox"),
    path("members/", views.members, name="members"),
    path("members/<uuid:pk>/role/", views.member_role, name="member_role"),
    path("members/<uuid:pk>/remove/", views.member_remove, name="member_remove"),
    path("members/invitations/<uuid:pk>/resend/", views.invitation_resend, name="invitation_resend"),
    path("members/invitations/<uuid:pk>/revoke/", views.invitation_revoke, name="invitation_revoke"),
    path("invitations/<str:token>/", views.invitation, name="invitation"),
]
