"""The Celery application: a doorbell and a timetable; the work itself waits in database rows."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messagecenter.settings")

app = Celery("messagecenter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="periodic")
app.steps["worker"].add("messagecenter.notices.sweep:Sweep")
