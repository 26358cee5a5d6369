"""Every reason a file is refused for, as a sentence for the person who sent it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from .inspection.refusal import Refusal

ALLOWED = ".txt, .pdf, .jpg, .jpeg, .gif, .png, .doc, .docx"

SENTENCES: dict[str, str | Promise] = {
    "empty": _("%(name)s is empty."),
    "no_name": _("The file has no usable name. Please rename it and try again."),
    "not_accepted": _("%(name)s is not a file we accept. Allowed: %(allowed)s"),
    "mismatch": _("%(name)s is not what its name says: it looks like another kind of file."),
    "too_large": _("%(name)s has %(size)s. At most %(limit)s are possible: %(over)s too much."),
    "total_too_large": _(
        "The text and the files have %(size)s together. At most %(limit)s are possible: %(over)s too much."
    ),
    "too_many": _("%(count)s files are too many. At most %(limit)s can go with a message."),
    "password": _("%(name)s needs a password to be opened. Please send it without one."),
    "macros": _(
        "%(name)s holds macros (a program inside the document). Please save it without them, for example as PDF."
    ),
    "embedded_object": _("%(name)s holds another file or program inside. Please send it without that."),
    "dde": _("%(name)s holds a field that starts other programs (DDE). Please remove it."),
    "external_target": _("%(name)s loads something from elsewhere when it is opened. Please save it without that."),
    "pdf_javascript": _("%(name)s holds JavaScript. Please print it to a new PDF and send that."),
    "pdf_action": _("%(name)s starts, sends or opens something by itself. Please print it to a new PDF and send that."),
    "pdf_xfa": _("%(name)s is an XFA form. Please print it to a new PDF and send that."),
    "embedded_file": _("%(name)s holds another file inside. Please send that file by itself."),
    "too_many_pixels": _("%(name)s has %(megapixels)s megapixels. At most %(limit)s are possible."),
    "too_many_frames": _("%(name)s has too many frames. Please shorten the animation."),
    "unpacks_too_large": _("%(name)s unpacks to far more than its size. Such files are not accepted."),
    "damaged": _("%(name)s is damaged or incomplete and cannot be opened."),
    "polyglot": _("%(name)s is two kinds of file in one. Please save it again with your program and send that."),
    "not_text": _("%(name)s is not plain text."),
    "too_hard": _("%(name)s takes too much time or memory to check. Please save it in a simpler form."),
    "virus": _("%(name)s was refused by the virus scanner."),
    "not_scanned": _("%(name)s could not be checked for viruses in time. Please send it again."),
    "gone": _("A file was removed, has expired or was sent already. Please choose it again."),
    "too_many_unsent": _("There are too many files waiting to be sent. Please remove some first."),
}


def sentence(code: str, *, name: str = "", **facts: str | int) -> str:
    """Return the reason in the person's language. An unknown code gives the sentence for damaged files."""
    words = {"name": name or _now("The file"), "allowed": ALLOWED} | facts
    return str(SENTENCES.get(code, SENTENCES["damaged"])) % words


def sentence_of(refusal: Refusal, name: str) -> str:
    """Return the sentence for a refusal of the file called ``name``."""
    return sentence(refusal.code, name=name, **refusal.facts)
