"""How mails look, for operators: any of them, with invented values, in either language, light and dark, in a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from messagecenter.mail.views import MAIL_POLICY
from messagecenter.notices.mail_examples import MailExample, every, letter_of, subject_of

LOOKS = ("light", "dark")
# The mail's own page: styles written in it and nothing else; its links lead nowhere.
POLICY = MAIL_POLICY | {"sandbox": [True]}
View = Callable[..., HttpResponseBase]


def framed(view: View) -> View:
    """Let a page of the site show what ``view`` gives in a frame, and let nothing in it do anything."""
    return xframe_options_sameorigin(csp_replace(POLICY)(view))


def context_of(asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows: the mail and language asked for, or the first mail in the reader's language."""
    examples = every()
    example = next((one for one in examples if one.name == asked.get("mail")), examples[0])
    language = _language(asked.get("language", "")) or _language(translation.get_language() or "") or "en"
    return {
        "title": _("How mails look"),
        "choices": [{"name": one.name, "subject": subject_of(one)} for one in examples],
        "languages": settings.LANGUAGES,
        "example": example,
        "language": language,
        "letter": letter_of(example, language),
        "looks": [("light", _("Light")), ("dark", _("Dark"))],
    }


def html_of(name: str, language: str, look: str) -> str:
    """Return the HTML of one mail in a language, light or dark whatever the browser prefers. Raises Http404."""
    example = _named(name)
    if example is None or not _language(language) or look not in LOOKS:
        raise Http404
    html = letter_of(example, language).html
    wanted = "all" if look == "dark" else "not all"
    return html.replace("(prefers-color-scheme: dark)", wanted).replace("light dark", look)


def _named(name: str) -> MailExample | None:
    return next((one for one in every() if one.name == name), None)


def _language(code: str) -> str:
    return code if code in dict(settings.LANGUAGES) else ""
