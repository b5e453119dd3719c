"""Reading disputes: the buyer's, a vendor's, the staff's queue, and what vendor health wants to know."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, F, Prefetch, Q, QuerySet

from forked_apps.order.dispute_models import (
    OPEN_DISPUTES,
    WITH_STAFF,
    Dispute,
    DisputeEvent,
    DisputeLine,
    DisputeMessage,
    DisputeState,
    Remedy,
    RemedyLine,
)
from forked_apps.order.models import Line
from forked_apps.partner.models import Partner

if TYPE_CHECKING:
    from marketplace.users.models import User

#: The vendor has to say something, or time speaks for it.
_WAITS_FOR_VENDOR = Q(state=DisputeState.CONTACTING) | Q(awaits_vendor=True)


@dataclass(frozen=True, slots=True)
class DisputeCounts:
    """Of one vendor, in some time."""

    opened: int = 0
    #: The marketplace decided for the buyer.
    lost: int = 0


def dispute_counts(*, vendor_ids: Collection[int], since: datetime) -> Mapping[int, DisputeCounts]:
    """For vendor health: disputes opened since then, and of those that ended since then the lost ones.

    One query; a vendor without any has zeros.
    """
    rows = (
        Dispute.objects.filter(vendor_order__vendor__in=vendor_ids)
        .filter(Q(opened_at__gte=since) | Q(closed_at__gte=since))
        .order_by()
        .values("vendor_order__vendor")
        .annotate(
            opened=Count("pk", filter=Q(opened_at__gte=since)),
            lost=Count("pk", filter=Q(closed_at__gte=since, state=DisputeState.FOR_BUYER)),
        )
    )
    found = {row["vendor_order__vendor"]: DisputeCounts(row["opened"], row["lost"]) for row in rows}
    return {vendor_id: found.get(vendor_id, DisputeCounts()) for vendor_id in vendor_ids}


def disputes_with_all() -> QuerySet[Dispute]:
    """Disputes with all that their page shows, in a fixed number of queries. Callers say whose."""
    remedies = Remedy.objects.select_related("actor").prefetch_related(
        Prefetch("remedy_lines", RemedyLine.objects.select_related("line"))
    )
    return Dispute.objects.select_related(
        "vendor_order__order__user", "vendor_order__vendor", "agreed_return"
    ).prefetch_related(
        Prefetch("dispute_lines", DisputeLine.objects.select_related("line")),
        Prefetch("messages", DisputeMessage.objects.select_related("author")),
        Prefetch("remedies", remedies),
        Prefetch("events", DisputeEvent.objects.select_related("actor")),
        "photos",
        Prefetch("vendor_order__lines", Line.objects.prefetch_related("reductions").order_by("pk")),
    )


def vendor_disputes(*, vendor: Partner) -> QuerySet[Dispute]:
    """What buyers say is wrong with this vendor's orders; another vendor's is not in it."""
    return disputes_with_all().filter(vendor_order__vendor=vendor)


def vendor_dispute_list(*, vendor: Partner, is_open: bool) -> QuerySet[Dispute]:
    """Rows of the vendor's list: what the vendor has to answer first, the nearest deadline on top."""
    found = Dispute.objects.filter(vendor_order__vendor=vendor).select_related("vendor_order__order")
    if not is_open:
        return found
    return found.filter(state__in=OPEN_DISPUTES).order_by(F("deadline").asc(nulls_last=True), "pk")


def vendor_disputes_open(*, vendor: Partner) -> int:
    return Dispute.objects.filter(vendor_order__vendor=vendor, state__in=OPEN_DISPUTES).count()


def vendor_disputes_to_answer(*, vendor: Partner) -> int:
    return Dispute.objects.filter(_WAITS_FOR_VENDOR, vendor_order__vendor=vendor).count()


def customer_disputes(*, customer: User) -> QuerySet[Dispute]:
    """This customer's, with all that their page shows; anybody else's is not in it."""
    return disputes_with_all().filter(vendor_order__order__user=customer)


def customer_dispute_list(*, customer: User) -> QuerySet[Dispute]:
    """Rows of the customer's list, newest first."""
    return Dispute.objects.filter(vendor_order__order__user=customer).select_related(
        "vendor_order__order", "vendor_order__vendor"
    )


def staff_queue(*, states: Collection[str] | None = WITH_STAFF, words: str = "") -> QuerySet[Dispute]:
    """What the marketplace looks after, the nearest deadline on top; None: all there ever were."""
    found = Dispute.objects.select_related("vendor_order__order__user", "vendor_order__vendor")
    if words:
        found = found.filter(Q(number__icontains=words) | Q(vendor_order__vendor__name__icontains=words))
    if states is None:
        return found
    return found.filter(state__in=states).order_by(F("deadline").asc(nulls_last=True), "pk")


def disputes_to_decide() -> int:
    return Dispute.objects.filter(state__in=WITH_STAFF).count()
