"""Which pieces are kept for customers who are checking out. A hold that has run out is none, at once."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Now

from forked_apps.partner.hold_models import StockHold


def live_holds() -> QuerySet[StockHold]:
    """By the database's clock, which all processes share."""
    return StockHold.objects.filter(held_until__gt=Now())


def _of_others(customer_id: int | None) -> QuerySet[StockHold]:
    holds = live_holds()
    return holds if customer_id is None else holds.exclude(customer_id=customer_id)


def held_for_others(offer: str, *, customer_id: int | None) -> Coalesce:
    """For ``annotate``: pieces of the offer in this column that are kept for other customers.

    ``customer_id`` None is a visitor, for whom nothing can be kept.
    """
    pieces = (
        _of_others(customer_id)
        .filter(stockrecord=OuterRef(offer))
        .order_by()
        .values("stockrecord")
        .annotate(held=Sum("pieces"))
    )
    return Coalesce(Subquery(pieces.values("held")), 0, output_field=IntegerField())


def pieces_held_for_others(*, offer_ids: Iterable[int], customer_id: int | None) -> dict[int, int]:
    """By offer, in one query; an offer of which nothing is kept for others has no key."""
    rows = (
        _of_others(customer_id)
        .filter(stockrecord_id__in=list(offer_ids))
        .order_by()
        .values_list("stockrecord_id")
        .annotate(held=Sum("pieces"))
    )
    return dict(rows)


def kept_pieces(*, customer_id: int) -> dict[int, int]:
    """What is kept for this customer now, by offer."""
    return dict(live_holds().filter(customer_id=customer_id).values_list("stockrecord_id", "pieces"))
