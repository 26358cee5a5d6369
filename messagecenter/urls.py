"""The roof of all addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from messagecenter import busy, health, pages
from messagecenter.accounts.views import language
from messagecenter.metrics import metrics
from messagecenter.threads.files import file_on_its_host

admin.site.site_title = admin.site.site_header = _("Message Center administration")

# The desks are pages of the admin: they have the admin's door and its names.
admin_pages, admin_app, admin_name = admin.site.urls
desks = [
    path("moderation/desk/", include("messagecenter.moderation.desk")),
    path("support/desk/", include("support.desk")),
]

handler500 = busy.failed

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="threads:inbox"), name="home"),
    path("messages/", include("messagecenter.moderation.urls")),
    path("messages/figures/", include("messagecenter.figures.urls")),
    path("messages/replies/", include("messagecenter.replies.urls")),
    path("messages/", include("messagecenter.threads.organising.urls")),
    path("messages/", include("messagecenter.threads.urls")),
    path("support/", include("support.urls")),
    path("attachments/", include("messagecenter.attachments.urls")),
    path("files/<str:token>/", file_on_its_host, name="file_on_its_host"),
    path("accounts/", include("messagecenter.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("policy/", include("messagecenter.policy.urls")),
    path("notifications/devices/", include("messagecenter.push.urls")),
    path("notifications/", include("messagecenter.notices.urls")),
    path("settings/webhooks/", include("messagecenter.webhooks.urls")),
    path("mail/", include("messagecenter.inbound.urls")),
    path("live/", include("messagecenter.live.urls")),
    path("privacy/who-can-read/", pages.who_can_read, name="who_can_read"),
    path("offline/", pages.offline, name="offline"),
    path("manifest.webmanifest", pages.manifest, name="manifest"),
    path("sw.js", pages.service_worker, name="service_worker"),
    path("language/", language, name="set_language"),
    path("theme/", pages.theme, name="theme"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("admin/", ([*desks, *admin_pages], admin_app, admin_name)),
]
if settings.EMBEDDED:
    urlpatterns.append(path("outbox/", include("messagecenter.mail.urls")))
