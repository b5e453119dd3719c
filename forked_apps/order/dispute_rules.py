"""When a problem may be reported, what may follow what, and how long each side has: all of it, here alone.

Reporting. *It did not arrive*: from the day after the last promised one until it is delivered; also after a
delivery that only the vendor or the calendar claims. *What is wrong with the goods*: from the moment a parcel
left. Both end with the reserve or ``window_days`` after delivery, whichever is later. *A return that was
refused or deducted from*: as long as that, and ``lapse_days`` after the return ended at least.

Time. The vendor answers within ``answer_hours``; after that, or at once when it refuses, the buyer may ask
the marketplace, within ``lapse_days``. Each side gives evidence within ``evidence_hours``: a silent buyer
drops the matter, a silent vendor loses it. A decision can be appealed once, for ``appeal_days``; until then
no point moves, and after that it is carried out. The lengths are in ``settings.DISPUTE_TERMS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from django.conf import settings
from django.utils import timezone

from forked_apps.order.dispute_errors import IllegalDisputeStep
from forked_apps.order.dispute_models import DisputeReason, DisputeState
from forked_apps.order.models import DeliveryProof, VendorOrder, VendorOrderStatus
from forked_apps.order.return_models import ReturnState

_D, _S, _R = DisputeState, VendorOrderStatus, DisputeReason

#: What may follow what; the only table of its kind.
NEXT_OF_DISPUTE: Mapping[DisputeState, frozenset[DisputeState]] = MappingProxyType(
    {
        _D.CONTACTING: frozenset({_D.OFFERED, _D.REFUSED, _D.EVIDENCE, _D.WITHDRAWN, _D.LAPSED}),
        _D.OFFERED: frozenset(
            {
                # A better offer, or none any more.
                _D.OFFERED, _D.REFUSED,
                _D.AGREED, _D.RETURNING, _D.REPLACING,
                _D.EVIDENCE, _D.WITHDRAWN, _D.LAPSED,
            }
        ),
        _D.REFUSED: frozenset({_D.OFFERED, _D.EVIDENCE, _D.WITHDRAWN, _D.LAPSED}),
        # What was promised came, or it did not.
        _D.REPLACING: frozenset({_D.AGREED, _D.EVIDENCE, _D.WITHDRAWN, _D.LAPSED}),
        _D.EVIDENCE: frozenset({_D.DECIDING, _D.DECIDED, _D.FOR_BUYER, _D.WITHDRAWN, _D.LAPSED}),
        # Once there was an appeal, the next decision is the last.
        _D.DECIDING: frozenset(
            {_D.EVIDENCE, _D.DECIDED, _D.FOR_BUYER, _D.FOR_VENDOR, _D.RETURNING, _D.WITHDRAWN}
        ),
        _D.DECIDED: frozenset({_D.APPEALED, _D.FOR_BUYER, _D.FOR_VENDOR, _D.RETURNING}),
        _D.APPEALED: frozenset({_D.FOR_BUYER, _D.FOR_VENDOR, _D.RETURNING}),
        # The vendor looked at the goods and refuses them: the marketplace looks again.
        _D.RETURNING: frozenset({_D.AGREED, _D.FOR_BUYER, _D.WITHDRAWN, _D.DECIDING}),
        _D.AGREED: frozenset(),
        _D.FOR_BUYER: frozenset(),
        _D.FOR_VENDOR: frozenset(),
        _D.WITHDRAWN: frozenset(),
        _D.LAPSED: frozenset(),
    }
)  # fmt: skip
_LEFT = frozenset({_S.PACKED, _S.SHIPPED})
_NOT_THERE_YET = frozenset({_S.PLACED, _S.ACCEPTED, _S.PACKED, _S.SHIPPED})
#: A return that ended so may be contested.
_CONTESTED_RETURNS = frozenset({ReturnState.REFUSED, ReturnState.REJECTED, ReturnState.REFUNDED})


def check_dispute_step(old: str, new: DisputeState) -> None:
    """Raises:
    IllegalDisputeStep: ``new`` may not follow ``old``.
    """
    if new not in NEXT_OF_DISPUTE[_D(old)]:
        raise IllegalDisputeStep(old=old, new=new)


# Lengths ----------------------------------------------------------------------------------
def _days(name: str) -> timedelta:
    return timedelta(days=settings.DISPUTE_TERMS[name])


def answer_within() -> timedelta:
    return timedelta(hours=settings.DISPUTE_TERMS["answer_hours"])


def evidence_within() -> timedelta:
    return timedelta(hours=settings.DISPUTE_TERMS["evidence_hours"])


def appeal_within() -> timedelta:
    return _days("appeal_days")


def lapse_after() -> timedelta:
    """For the buyer to go on, once the vendor's time is over."""
    return _days("lapse_days")


def decide_within() -> timedelta:
    """For staff; nothing happens by itself when it is over."""
    return _days("decide_days")


def replace_within() -> timedelta:
    return _days("replace_days")


# Reporting --------------------------------------------------------------------------------
def reasons_now(part: VendorOrder, *, now: datetime | None = None) -> frozenset[DisputeReason]:
    """For which reasons a problem may be reported now; no query if returns and parcels are prefetched."""
    now = now or timezone.now()
    if part.delivered_at is None:
        return _before_delivery(part, now)
    reasons = frozenset(_R) - {_R.RETURN}
    if part.delivery_proof == DeliveryProof.CODE:
        # The buyer's own code says that it arrived.
        reasons -= {_R.NOT_DELIVERED}
    is_over = now > part.delivered_at + _days("window_days") and (
        part.release_on is None or timezone.localdate(now) > part.release_on
    )
    return (frozenset() if is_over else reasons) | _about_a_return(part, now, is_over=is_over)


def _before_delivery(part: VendorOrder, now: datetime) -> frozenset[DisputeReason]:
    if part.status not in _NOT_THERE_YET:
        return frozenset()
    reasons = set()
    if timezone.localdate(now) > part.deliver_until:
        reasons |= {_R.NOT_DELIVERED, _R.OTHER}
    if part.status in _LEFT and part.parcels.all():
        reasons |= set(_R) - {_R.RETURN, _R.NOT_DELIVERED}
    return frozenset(reasons)


def _about_a_return(part: VendorOrder, now: datetime, *, is_over: bool) -> frozenset[DisputeReason]:
    ended = [
        asked.closed_at
        for asked in part.returns.all()
        if asked.state in _CONTESTED_RETURNS and asked.closed_at is not None
    ]
    if not ended or (is_over and now > max(ended) + lapse_after()):
        return frozenset()
    return frozenset({_R.RETURN})
