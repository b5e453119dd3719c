"""Keeping pieces for a customer who checks out, for a limited time and within limits.

Whoever calls this holds the lock of the customer's basket, so that one customer's holds change one at a
time. Taking and extending lock the offers, as placement does: what a hold promises was free when it was
written. Giving up locks nothing, for it only frees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from forked_apps.partner.hold_models import StockHold
from forked_apps.partner.offers import is_on_sale, lock_offers

#: Deleted in one statement at most.
MOST_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """``settings.STOCK_HOLDS``."""

    #: Without another step in the checkout.
    minutes: int
    #: In all, however often it is extended.
    longest_minutes: int
    #: Between the end of a hold and the beginning of a new one of the same offer.
    pause_minutes: int
    most_pieces_of_offer: int
    most_pieces: int
    most_offers: int


def terms() -> HoldTerms:
    return HoldTerms(**settings.STOCK_HOLDS)


@dataclass(frozen=True, slots=True)
class KeptPieces:
    """Of one offer."""

    pieces: int
    held_until: datetime


#: Under the offers' locks: as many of the asked pieces as are free, for as long as this customer's time
#: lasts. Nothing is written for whom it is over, or where nothing is free.
KEEP = """
INSERT INTO partner_stockhold (stockrecord_id, customer_id, pieces, started_at, held_until)
SELECT stock.id, %(customer)s, LEAST(asked.pieces, free.pieces), begun.at,
       LEAST(statement_timestamp() + %(minutes)s * interval '1 minute',
             begun.at + %(longest_minutes)s * interval '1 minute')
  FROM unnest(%(offers)s::bigint[], %(pieces)s::int[]) AS asked (offer_id, pieces)
  JOIN partner_stockrecord AS stock ON stock.id = asked.offer_id
  LEFT JOIN partner_stockhold AS mine ON mine.stockrecord_id = stock.id AND mine.customer_id = %(customer)s
 CROSS JOIN LATERAL (
       SELECT COALESCE(stock.num_in_stock, 0) - COALESCE(stock.num_allocated, 0)
              - COALESCE(sum(hold.pieces), 0)
         FROM partner_stockhold AS hold
        WHERE hold.stockrecord_id = stock.id AND hold.customer_id <> %(customer)s
          AND hold.held_until > statement_timestamp()) AS free (pieces)
 CROSS JOIN LATERAL (
       SELECT CASE WHEN mine.held_until + %(pause_minutes)s * interval '1 minute' > statement_timestamp()
                   THEN mine.started_at ELSE statement_timestamp() END) AS begun (at)
 WHERE free.pieces > 0
   AND begun.at + %(longest_minutes)s * interval '1 minute' > statement_timestamp()
 ORDER BY stock.id
ON CONFLICT (stockrecord_id, customer_id) DO UPDATE
   SET pieces = excluded.pieces, started_at = excluded.started_at, held_until = excluded.held_until
RETURNING stockrecord_id, pieces, held_until
"""


def keep_pieces(*, customer_id: int, wanted: Mapping[int, int]) -> dict[int, KeptPieces]:
    """Keep these pieces (by offer) for the customer, or keep them longer; what is kept now, by offer.

    It replaces what was kept before. Fewer are kept, or none, where they are not free, where the customer's
    time is over, and beyond the limits of :class:`HoldTerms`.
    """
    limits = terms()
    asked = _within_limits(wanted, limits)
    give_up_pieces(customer_id=customer_id, but=asked)
    offers = [offer.pk for offer in lock_offers(asked) if is_on_sale(offer)]
    if not offers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP,
            {
                "customer": customer_id,
                "offers": offers,
                "pieces": [asked[pk] for pk in offers],
                "minutes": limits.minutes,
                "longest_minutes": limits.longest_minutes,
                "pause_minutes": limits.pause_minutes,
            },
        )
        return {pk: KeptPieces(pieces, held_until) for pk, pieces, held_until in cursor.fetchall()}


#: Holds shrink to what is still wanted, and end where nothing is.
GIVE_UP = """
UPDATE partner_stockhold AS hold
   SET pieces = LEAST(hold.pieces, COALESCE(wanted.pieces, hold.pieces)),
       held_until = CASE WHEN wanted.pieces IS NULL THEN statement_timestamp() ELSE hold.held_until END
  FROM partner_stockhold AS mine
  LEFT JOIN unnest(%(offers)s::bigint[], %(pieces)s::int[]) AS wanted (offer_id, pieces)
         ON wanted.offer_id = mine.stockrecord_id
 WHERE hold.id = mine.id AND mine.customer_id = %(customer)s AND mine.held_until > statement_timestamp()
   AND (wanted.pieces IS NULL OR wanted.pieces < mine.pieces)
"""


def give_up_pieces(*, customer_id: int, but: Mapping[int, int]) -> None:
    """Free at once what the customer wants no more: all but these pieces, by offer."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_UP, {"customer": customer_id, "offers": list(but), "pieces": list(but.values())})


def sweep_holds(*, limit: int = MOST_AT_ONCE) -> int:
    """Delete holds that say nothing any more, and count for nothing anyway; how many."""
    past = StockHold.objects.filter(held_until__lt=Now() - timedelta(minutes=terms().pause_minutes))
    # Whoever begins anew at this moment keeps the row.
    ids = past.select_for_update(skip_locked=True).order_by("pk").values("pk")[:limit]
    return StockHold.objects.filter(pk__in=ids).delete()[0]


def has_had_its_time(*, customer_id: int) -> bool:
    """Whether something was kept for this customer for as long as anyone may keep it, a short while ago."""
    limits, now = terms(), Now()
    return StockHold.objects.filter(
        customer_id=customer_id,
        started_at__lte=now - timedelta(minutes=limits.longest_minutes),
        held_until__gt=now - timedelta(minutes=limits.pause_minutes),
    ).exists()


def _within_limits(wanted: Mapping[int, int], limits: HoldTerms) -> dict[int, int]:
    """In the order in which they are wanted, until the limits are met."""
    asked: dict[int, int] = {}
    left = limits.most_pieces
    for offer_id, pieces in wanted.items():
        allowed = min(pieces, limits.most_pieces_of_offer, left)
        if allowed > 0 and len(asked) < limits.most_offers:
            asked[offer_id] = allowed
            left -= allowed
    return asked
