"""The daily summary: what there is to know in one mail, a line each, without a word of a message."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from messagecenter.mail.rendering import absolute_url, render_letter
from messagecenter.mail.sending import Letter
from messagecenter.notices import kinds
from messagecenter.notices.models import Notice
from messagecenter.notices.timing import Timings
from messagecenter.notices.topics import Timing, Topic, default_timing


def daily_kinds(notice: Notice, chosen: Timings) -> list[str]:
    """Return the kinds that this notice's recipient gets once a day on its channel, and that fit in a line."""

    def is_daily(topic: Topic) -> bool:
        mine = (notice.person.pk, topic.value, notice.channel)
        return (chosen.get(mine) or default_timing(topic, notice.channel)) == Timing.DAILY

    return [kind.name for kind in kinds.every() if kind.brief is not None and is_daily(kind.topic)]


def digest_letter(together: Sequence[Notice]) -> Letter:
    """Return one mail for several notices of one person."""
    first = together[0]
    person = first.person
    return render_letter(
        "notices/email/digest",
        to=person.email,
        language=person.language,
        time_zone=person.time_zone,
        context={
            "person": person,
            "lines": [_line(notice) for notice in together],
            "settings_link": absolute_url(reverse("notices:settings")),
        },
        message_id=kinds.message_id(first),
    )


def _line(notice: Notice) -> dict[str, object]:
    brief = kinds.brief_of(notice)
    return {"title": brief.title, "body": brief.body, "link": absolute_url(brief.path), "at": notice.created_at}
