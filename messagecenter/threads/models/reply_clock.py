"""How fast a marketplace wants its shops to answer: one row for each that does not count around the clock."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from messagecenter.accounts.models import validate_time_zone
from messagecenter.hours.closed_days import regions
from messagecenter.hours.week import ALWAYS, working_days

from ..clockwork import ReplyRule


class ReplyClock(models.Model):
    """The reply clock of one marketplace; where there is none, shops have 24 hours around the clock."""

    marketplace = models.CharField(
        _("marketplace"), max_length=64, unique=True, help_text=_("As in the orders, for example Amazon.de.")
    )
    hours = models.PositiveSmallIntegerField(
        _("hours to answer"), default=24, validators=[MinValueValidator(1), MaxValueValidator(720)]
    )
    only_working_days = models.BooleanField(
        _("working days only"),
        default=False,
        help_text=_("Weekends and public holidays of the country do not count; nights of working days do."),
    )
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("Two letters (ISO 3166), for example DE.")
    )
    subdivision = models.CharField(
        _("region"), max_length=8, blank=True, help_text=_("Where holidays differ, for example BY for Bavaria.")
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=settings.TIME_ZONE, validators=[validate_time_zone]
    )

    class Meta:
        verbose_name = _("reply clock")
        verbose_name_plural = _("reply clocks")

    def __str__(self) -> str:
        return self.marketplace

    def clean(self) -> None:
        """Say what is wrong with country and region. Raises ValidationError."""
        self.country, self.subdivision = self.country.upper(), self.subdivision.upper()
        if not self.only_working_days:
            return
        known = regions()
        if not self.country:
            raise ValidationError({"country": _("Working days need a country: it says which days are holidays.")})
        if self.country not in known:
            raise ValidationError(
                {
                    "country": _("%(code)s is not a country whose holidays we know. Example: DE.")
                    % {"code": self.country}
                }
            )
        if self.subdivision and self.subdivision not in known[self.country]:
            allowed = ", ".join(sorted(known[self.country])) or "–"
            raise ValidationError(
                {
                    "subdivision": _("%(code)s is not a region of this country. Known: %(allowed)s.")
                    % {"code": self.subdivision, "allowed": allowed}
                }
            )

    def as_rule(self) -> ReplyRule:
        """Return the rule the clock counts by."""
        if not self.only_working_days:
            return ReplyRule(self.hours, ALWAYS)
        return ReplyRule(self.hours, working_days(self.country, self.subdivision, self.time_zone))
