"""Why a notice was not needed, as rooms say it in English: here so that people read it in their language."""

from django.utils.translation import gettext_noop as _

TAKES_NO_MAIL = _("the address takes no mail")
REASONS = (
    TAKES_NO_MAIL,
    _("the message is gone"),
    _("the message is not delivered"),
    _("the person may no longer read the thread"),
    _("the sender was blocked meanwhile"),
    _("the conversation was muted meanwhile"),
    _("it was read meanwhile"),
    _("it is not assigned to the person"),
    _("it was answered"),
    _("it is overdue already"),
    _("the restriction was lifted"),
    _("the message was delivered meanwhile"),
    _("what it is about is gone"),
    _("the person no longer acts for the mailbox"),
    _("the person may no longer read the case"),
    _("it was answered meanwhile"),
    _("they chat about it right now"),
    _("support is told nowhere else"),
    _("the person is no longer active"),
    _("the person switched these off"),
)
