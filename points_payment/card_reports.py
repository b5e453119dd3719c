"""What became of the cards: for each batch, distributor or shop, in one statement over ranges of numbers.

A consignment counts for who has or had its cards: those that came back count no more, but for what was
redeemed before. The figures add up: cards = redeemed + left + frozen + void + expired.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Batch, CardReplacement, Consignment, Distributor, Entry, Shop
from points_payment.models.supply import GONE
from points_payment.supply_selectors import owed_by_shops


class ReportKind(StrEnum):
    BATCHES = "batches"
    DISTRIBUTORS = "distributors"
    SHOPS = "shops"


@dataclass(frozen=True, slots=True)
class Filters:
    """Cards sent in a period (batches: drafted in it) to holders in a governorate; empty: all."""

    governorate: str = ""
    first_day: date | None = None
    last_day: date | None = None

    @property
    def since(self) -> datetime | None:
        return _midnight(self.first_day) if self.first_day else None

    @property
    def until(self) -> datetime | None:
        return _midnight(self.last_day + timedelta(days=1)) if self.last_day else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Numbers of cards. ``left``: not redeemed, and nothing keeps them from being so but that they wait."""

    subject: Batch | Distributor | Shop
    cards: int
    sent: int
    active: int
    redeemed: int
    left: int
    frozen: int
    void: int
    expired: int
    #: Whole days from the activation of the range to the redemption: of half of the redeemed cards at most…
    median_days: int | None
    #: … and of nine in ten.
    slow_days: int | None
    owed_points: int
    paid_points: int

    @property
    def sold_percent(self) -> int:
        return self.redeemed * 100 // self.cards if self.cards else 0


# The statements are put together of these parts, and of no value.
#: Consignments that count, with the day on which their cards were first sent: a piece of a split one
#: was sent when that was.
HELD = """
WITH RECURSIVE origin AS (
    SELECT id, created_at FROM points_payment_consignment WHERE split_from_id IS NULL
    UNION ALL
    SELECT piece.id, origin.created_at
    FROM points_payment_consignment piece JOIN origin ON origin.id = piece.split_from_id
), gone AS (
    SELECT consignment_id, max(transfer_id) AS transfer_id, max(created_at) AS at
    FROM points_payment_consignmentevent WHERE state = 'returned' GROUP BY 1
), held AS (
    SELECT c.batch_id, c.shop_id, c.distributor_id, c.parent_id, c.first_number, c.last_number,
           c.activated_at, origin.created_at AS sent_at, gone.transfer_id AS gone_by, gone.at AS gone_at
    FROM points_payment_consignment c
    JOIN origin ON origin.id = c.id
    LEFT JOIN gone ON gone.consignment_id = c.id
    WHERE c.state <> 'split' AND (gone.at IS NULL OR c.activated_at IS NOT NULL OR c.shop_id IS NULL)
      AND (%(since)s::timestamptz IS NULL OR origin.created_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR origin.created_at < %(until)s)
)"""
#: Of a range that came back, only what was redeemed before: transfers are posted under the cards' locks,
#: so a shop's are told apart by their ids; a distributor's parts came back before it did.
COUNTS = """
    mine.gone_at IS NULL OR card.state = 'redeemed' AND CASE
        WHEN mine.shop_id IS NULL THEN transfer.created_at < mine.gone_at
        ELSE mine.gone_by IS NULL OR transfer.id < mine.gone_by END"""
#: OFFSET keeps the planner from joining all redeemed cards with all ranges: each range is one walk of the
#: index by number.
CARDS = """
    SELECT k.state, k.redemption_id FROM points_payment_card k
    WHERE k.number BETWEEN mine.first_number AND mine.last_number OFFSET 0"""
TALLY = f"""
SELECT tally.*, speed.days[1], speed.days[2]
FROM (
    SELECT mine.key, count(*) AS cards,
           count(*) FILTER (WHERE card.state = 'active'),
           count(*) FILTER (WHERE card.state = 'redeemed'),
           count(*) FILTER (WHERE card.state IN ('active', 'stocked')),
           count(*) FILTER (WHERE card.state = 'frozen'),
           count(*) FILTER (WHERE card.state = 'void'),
           count(*) FILTER (WHERE card.state = 'expired')
    FROM mine CROSS JOIN LATERAL ({CARDS}) card
    LEFT JOIN points_payment_transfer transfer
      ON transfer.id = card.redemption_id AND mine.gone_at IS NOT NULL
    WHERE {COUNTS}
    GROUP BY mine.key
) tally
LEFT JOIN (
    SELECT mine.key, percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (
               ORDER BY extract(day FROM transfer.created_at - mine.activated_at)::int) AS days
    FROM opened AS mine CROSS JOIN LATERAL ({CARDS}) card
    JOIN points_payment_transfer transfer ON transfer.id = card.redemption_id
    WHERE {COUNTS}
    GROUP BY mine.key
) speed ON speed.key = tally.key
"""  # noqa: S608 - of parts without a value
OF_SHOPS = """, mine AS (
    SELECT shop_id AS key, held.* FROM held WHERE shop_id = ANY(%(keys)s)
), opened AS (
    SELECT * FROM mine WHERE activated_at IS NOT NULL
)"""
OF_DISTRIBUTORS = """, mine AS (
    SELECT distributor_id AS key, held.* FROM held WHERE distributor_id = ANY(%(keys)s)
), opened AS (
    SELECT parent.distributor_id AS key, held.*
    FROM held JOIN points_payment_consignment parent ON parent.id = held.parent_id
    WHERE parent.distributor_id = ANY(%(keys)s) AND held.activated_at IS NOT NULL
)"""
#: A whole batch, or what of it shops of one governorate have; what was activated whole was opened then.
OF_BATCHES = """, there AS (
    SELECT held.batch_id AS key, held.* FROM held JOIN points_payment_shop shop ON shop.id = held.shop_id
    WHERE held.batch_id = ANY(%(keys)s) AND (%(governorate)s = '' OR shop.governorate = %(governorate)s)
), mine AS (
    SELECT id AS key, NULL::bigint AS shop_id, first_number, last_number, NULL::bigint AS gone_by,
           NULL::timestamptz AS gone_at
    FROM points_payment_batch WHERE id = ANY(%(keys)s) AND %(governorate)s = ''
    UNION ALL
    SELECT key, shop_id, first_number, last_number, gone_by, gone_at FROM there WHERE %(governorate)s <> ''
), opened AS (
    SELECT key, shop_id, first_number, last_number, activated_at, gone_by, gone_at FROM there
    WHERE activated_at IS NOT NULL
    UNION ALL
    SELECT batch_id, NULL, min(first_number), max(last_number), min(created_at), NULL, NULL
    FROM points_payment_batchevent
    WHERE batch_id = ANY(%(keys)s) AND scope = 'batch' AND card_state = 'active'
      AND transfer_id IS NOT NULL AND %(governorate)s = ''
    GROUP BY batch_id
)"""
#: What the statements count, in their order, where there is nothing to count.
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("cards", "active", "redeemed", "left", "frozen", "void", "expired"), 0),
    "median_days": None,
    "slow_days": None,
}
STATEMENTS = {
    ReportKind.BATCHES: HELD + OF_BATCHES + TALLY,
    ReportKind.DISTRIBUTORS: HELD + OF_DISTRIBUTORS + TALLY,
    ReportKind.SHOPS: HELD + OF_SHOPS + TALLY,
}


def report_subjects(kind: ReportKind, filters: Filters) -> QuerySet[Any]:
    """Whom a report has rows about, in order; to be cut into pages."""
    if kind == ReportKind.BATCHES:
        return _batches(filters)
    subjects: QuerySet[Any] = (Shop if kind == ReportKind.SHOPS else Distributor)._default_manager.all()
    return subjects.filter(governorate=filters.governorate) if filters.governorate else subjects


def _batches(filters: Filters) -> QuerySet[Batch]:
    """Batches that were made; not those of one card that replaced a damaged one."""
    replacing = CardReplacement.objects.filter(new_card__batch=OuterRef("pk"))
    batches = Batch.objects.filter(~Exists(replacing), first_number__isnull=False)
    if filters.since:
        batches = batches.filter(created_at__gte=filters.since)
    if filters.until:
        batches = batches.filter(created_at__lt=filters.until)
    if filters.governorate:
        there = Consignment.objects.filter(batch=OuterRef("pk"), shop__governorate=filters.governorate)
        batches = batches.filter(Exists(there))
    return batches


def report_rows(kind: ReportKind, subjects: Sequence[Any], filters: Filters) -> list[ReportRow]:
    """A row for each of the subjects; as many queries for a thousand as for one."""
    keys = [subject.pk for subject in subjects]
    figures = _figures(kind, keys, filters)
    sent = _sent_of_batches(keys) if kind == ReportKind.BATCHES and not filters.governorate else None
    owed, paid = _money(kind, keys, filters)
    return [
        ReportRow(
            subject=subject,
            sent=counts["cards"] if sent is None else sent.get(subject.pk, 0),
            owed_points=owed.get(subject.pk, 0),
            paid_points=paid.get(subject.pk, 0),
            **counts,
        )
        for subject in subjects
        for counts in (figures.get(subject.pk, NOTHING),)
    ]


def _figures(kind: ReportKind, keys: Sequence[int], filters: Filters) -> dict[int, dict[str, Any]]:
    # A batch is of the period or not; what of it was sent when is another question.
    whole = kind == ReportKind.BATCHES
    values = {
        "keys": list(keys),
        "since": None if whole else filters.since,
        "until": None if whole else filters.until,
        "governorate": filters.governorate,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[kind], values)
        return {key: dict(zip(NOTHING, counts, strict=True)) for key, *counts in cursor.fetchall()}


def _sent_of_batches(keys: Sequence[int]) -> dict[int, int]:
    out = Consignment.objects.filter(batch__in=keys, parent=None).exclude(state__in=GONE)
    cards = Sum(F("last_number") - F("first_number") + 1)
    return dict(out.values_list("batch").annotate(sent=cards).order_by())


def _money(kind: ReportKind, keys: Sequence[int], filters: Filters) -> tuple[dict[int, int], dict[int, int]]:
    """What shops owe now, and what they paid in the period; a distributor's are those of its shops."""
    if kind == ReportKind.BATCHES:
        return {}, {}
    if kind == ReportKind.SHOPS:
        return owed_by_shops(keys), _paid_by_shops(keys, filters)
    shops = dict(Shop.objects.filter(distributor__in=keys).values_list("pk", "distributor_id"))
    return (
        _by_distributor(owed_by_shops(list(shops)), shops),
        _by_distributor(_paid_by_shops(list(shops), filters), shops),
    )


def _paid_by_shops(shop_ids: Collection[int], filters: Filters) -> dict[int, int]:
    within = Q()
    if filters.since:
        within &= Q(transfer__created_at__gte=filters.since)
    if filters.until:
        within &= Q(transfer__created_at__lt=filters.until)
    payments = Entry.objects.filter(
        within, account__kind=AccountKind.SHOP, account__owner_id__in=shop_ids,
        transfer__kind=TransferKind.SHOP_PAYMENT,
    )  # fmt: skip
    sums = payments.values_list("account__owner_id").annotate(points=Sum("amount_points")).order_by()
    return dict(sums)


def _by_distributor(points: Mapping[int, int], distributor_of: Mapping[int, int | None]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for shop_id, amount in points.items():
        distributor = distributor_of[shop_id]
        assert distributor is not None, "only shops of distributors were asked for"
        sums[distributor] = sums.get(distributor, 0) + amount
    return sums
