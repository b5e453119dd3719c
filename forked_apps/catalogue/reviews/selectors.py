"""Reviews as pages show them: never a reviewer's phone number or address."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from oscar.apps.catalogue.reviews.models import ProductReview


@dataclass(frozen=True, slots=True)
class ReviewCard:
    title: str
    body: str
    score: int
    author: str
    written_at: dt.datetime


def to_review_card(review: ProductReview) -> ReviewCard:
    user = review.user
    return ReviewCard(
        title=review.title,
        body=review.body,
        score=review.score,
        author=(user.first_name if user else review.name) or _("A customer"),
        written_at=review.date_created,
    )
