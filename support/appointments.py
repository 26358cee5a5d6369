"""A call-back as an appointment for calendars (RFC 5545), which a later file of the same call changes or takes out."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event

from messagecenter.mail.rendering import absolute_url

from .models import Call
from .notifications import case_path


def calendar_file(call: Call) -> bytes:
    """Return the .ics file of a call-back, in the language that is active. It says nothing of the matter."""
    is_off = call.state == Call.State.CANCELLED
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//Message Center//")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_off else "PUBLISH")
    event = Event()
    event.add("uid", f"call-{call.pk}@{settings.SITE_HOST}")
    event.add("sequence", call.sequence)
    event.add("dtstamp", call.booked_at)
    event.add("dtstart", call.starts_at)
    event.add("dtend", call.starts_at + timedelta(minutes=Call.MINUTES))
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("summary", _("Call from support: case %(number)s") % {"number": call.case.shown_number})
    event.add("url", absolute_url(case_path(call.case)))
    event.add("transp", "OPAQUE")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(minutes=-10))
    alarm.add("description", _("Call from support: case %(number)s") % {"number": call.case.shown_number})
    event.add_component(alarm)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
