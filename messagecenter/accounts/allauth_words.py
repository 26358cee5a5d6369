"""Texts of Django and allauth our catalog says again, because their German says "du" or other words than ours.

Nothing here is called: makemessages finds these texts here and keeps them in ``locale/``, which wins over both.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

SAID_OUR_WAY = (
    # allauth: flash messages, errors, subjects of mails, pages without a template of ours
    gettext_noop("You have signed out."),
    gettext_noop("You have confirmed %(email)s."),
    gettext_noop("Please Confirm Your Email Address"),
    gettext_noop("Your password has been changed."),
    gettext_noop("Are you sure you want to sign out?"),
    gettext_noop("You cannot remove your primary email address."),
    gettext_noop("You cannot remove your primary email address (%(email)s)."),
    gettext_noop("Your primary email address must be verified."),
    gettext_noop("Please type your current password."),
    gettext_noop("Too many failed login attempts. Try again later."),
    gettext_noop("Be patient, you are sending too many requests."),
    gettext_noop("You must type the same password each time."),
    gettext_noop("Please select only one."),
    gettext_noop("The new value must be different from the current one."),
    gettext_noop("You are about to generate a new set of recovery codes for your account."),
    gettext_noop("You are about to deactivate authenticator app based authentication. Are you sure?"),
    # Django's admin: its "Save" is ours, so its neighbours must say the same word
    gettext_noop("Save and continue editing"),
    gettext_noop("Save and add another"),
)
