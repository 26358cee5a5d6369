"""What sellers think of how a case was dealt with."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from messagecenter.accounts.models import User
from messagecenter.accounts.writing import require_writer
from support.lifecycle import Actor, Status
from support.models import Case, Step
from support.refused import NotYours
from support.words import write_comment

from .moving import locked_case, note, tell_pages

MOST_COMMENT = 2000  # characters


@transaction.atomic
def rate_case(*, by: User, case: Case, rating: int, comment: str = "") -> Case:
    """Keep how satisfied a shop is, 1 to 5, with a comment; a second rating replaces the first.

    Raises PermissionDenied, NotYours before the case is resolved, and ValueError for another number.
    """
    if not 1 <= rating <= 5:
        raise ValueError("A rating is 1 to 5.")
    require_writer(by, case.shop)
    case = locked_case(case)
    if case.state not in (Status.RESOLVED, Status.CLOSED):
        raise NotYours
    case.rating, case.rated_at = rating, timezone.now()
    write_comment(case, comment.strip()[:MOST_COMMENT])
    case.save(update_fields=["rating", "rated_at", "rating_comment_ciphertext"])
    note(case, Step.Kind.RATED, actor=Actor.SELLER, by=by, after=str(rating))
    tell_pages(case)
    return case
