"""Writing a review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from oscar.core.loading import get_model

if TYPE_CHECKING:
    from oscar.apps.catalogue.reviews.models import ProductReview

    from forked_apps.catalogue.models import Product
    from marketplace.users.models import User


class ReviewNotPossible(Exception):
    """The review was not written."""


class AlreadyReviewed(ReviewNotPossible):
    """One review per person and product."""


class ScoreOutOfRange(ReviewNotPossible):
    """A score is 1 to 5 stars."""


@transaction.atomic
def write_review(*, product: Product, user: User, score: int, title: str, body: str) -> ProductReview:
    """Publish a person's review and recalculate the product's rating.

    Raises:
        AlreadyReviewed: this person has reviewed the product before.
        ScoreOutOfRange: not 1 to 5.
    """
    if not 1 <= score <= 5:
        raise ScoreOutOfRange
    review: ProductReview = get_model("reviews", "ProductReview")(
        product=product, user=user, score=score, title=title.strip(), body=body.strip()
    )
    try:
        # Two submits at once: the constraint decides, in a savepoint of its own.
        with transaction.atomic():
            review.save()
    except IntegrityError as error:
        raise AlreadyReviewed from error
    return review
