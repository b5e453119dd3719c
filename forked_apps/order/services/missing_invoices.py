"""Invoices of what left before there were any, with the credit notes of what went back of it since.

The same services write them as write all others, with today's date and the next numbers. One transaction a
vendor order: whoever is interrupted goes on where it stopped, and whoever runs it twice finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from forked_apps.order.document_models import Invoice, InvoiceKind
from forked_apps.order.models import LineReduction, VendorOrder, VendorOrderEvent, VendorOrderStatus
from forked_apps.order.services.invoices import issue_credit_note, issue_invoice
from forked_apps.order.services.parts import lock_part, refund_key
from points_payment.retry import retry_on_conflict
from points_payment.selectors import refund_parts

AT_ONCE = 200


def issue_missing_invoices(*, at_once: int = AT_ONCE) -> int:
    """Of so many vendor orders, the oldest first; how many there were."""
    missing = list(_without_invoice()[:at_once])
    for part in missing:
        _issue(part)
    return len(missing)


def _without_invoice() -> QuerySet[VendorOrder]:
    left = VendorOrderEvent.objects.filter(vendor_order=OuterRef("pk"), new_status=VendorOrderStatus.SHIPPED)
    issued = Invoice.objects.filter(vendor_order=OuterRef("pk"), kind=InvoiceKind.INVOICE)
    return VendorOrder.objects.filter(Exists(left), ~Exists(issued)).order_by("pk")


@retry_on_conflict
@transaction.atomic
def _issue(part: VendorOrder) -> None:
    locked = lock_part(part)
    issue_invoice(vendor_order=locked)
    for rows, shipping_points in _refunds_since(locked):
        issue_credit_note(
            vendor_order=locked, reduction_ids=[row.pk for row in rows], shipping_points=shipping_points
        )


def _refunds_since(part: VendorOrder) -> Iterator[tuple[list[LineReduction], int]]:
    """Reductions after all had left, those made at once together, with what of the way went back with them.

    The last of those made at once names their refund in the ledger; a way of paying that the ledger does not
    know has no such names, so that each stands alone.
    """
    left = part.events.filter(new_status=VendorOrderStatus.SHIPPED).latest("pk")
    found = LineReduction.objects.filter(line__vendor_order=part, created_at__gte=left.created_at)
    rows: list[LineReduction] = []
    for row in found.order_by("pk"):
        rows.append(row)
        moved = refund_parts(idempotency_keys=[refund_key(row.pk)])
        if points := moved.paid_points + moved.promotional_points:
            yield rows, points - sum(each.refunded_points for each in rows)
            rows = []
    yield from (([row], 0) for row in rows)
