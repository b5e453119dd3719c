"""How long points stay in escrow after delivery, and why: the rules that every vendor can read.

The reserve covers returns. It gets shorter as deliveries go well, and is the longest where nobody but the
vendor says that the goods arrived, and where the vendor owes much after refunds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from forked_apps.order.models import (
    DeliveryProof,
    LineReduction,
    ReductionKind,
    VendorOrder,
    VendorOrderStatus,
)
from forked_apps.partner.models import Partner
from points_payment.kinds import DebtLevel
from points_payment.services.debts import debt_level

USUAL_DAYS = 7
#: So many clean deliveries within ``CLEAN_WITHIN`` shorten the reserve to so many days; the last one counts.
STEPS = ((20, 5), (50, 3), (200, 1))
CLEAN_WITHIN = timedelta(days=180)
#: After the last day that was promised, without a word from anyone, goods count as delivered.
ASSUMED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Reserve:
    days: int
    clean_deliveries: int
    #: What is still missing for a shorter one; None: there is none.
    next_step: tuple[int, int] | None
    #: Whatever was earned: the vendor owes too much for a shorter one.
    is_for_debt: bool = False


def clean_deliveries(*, vendor: Partner) -> int:
    """Orders that arrived by the buyer's code and are complete, with no piece cancelled or refused."""
    reduced = LineReduction.objects.filter(
        line__vendor_order=OuterRef("pk"), kind__in=[ReductionKind.REFUSED, ReductionKind.CANCELLED]
    )
    return VendorOrder.objects.filter(
        ~Exists(reduced),
        vendor=vendor,
        status=VendorOrderStatus.COMPLETED,
        delivery_proof=DeliveryProof.CODE,
        delivered_at__gte=timezone.now() - CLEAN_WITHIN,
    ).count()


def reserve_of(*, vendor: Partner) -> Reserve:
    """The vendor's reserve as it stands now."""
    clean = clean_deliveries(vendor=vendor)
    is_for_debt = debt_level(vendor_id=vendor.pk) in {DebtLevel.HELD, DebtLevel.STOPPED}
    return Reserve(
        days=USUAL_DAYS if is_for_debt else days_for(clean),
        is_for_debt=is_for_debt,
        clean_deliveries=clean,
        next_step=next(((needed, days) for needed, days in STEPS if needed > clean), None),
    )


def days_for(clean: int) -> int:
    return next((days for needed, days in reversed(STEPS) if clean >= needed), USUAL_DAYS)


def release_day(*, vendor: Partner, proof: DeliveryProof, delivered_on: date) -> date:
    """The first day on which the points of what was delivered may go to the vendor."""
    days = reserve_of(vendor=vendor).days if proof == DeliveryProof.CODE else USUAL_DAYS
    return delivered_on + timedelta(days=days)
