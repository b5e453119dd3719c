"""Invoices of what a vendor sold, and credit notes for what was given back of it.

An invoice is issued once all of a vendor order has left: what was cancelled before stands on none. What goes
back afterwards (refused, returned, an allowance) gets a credit note each time. Both are numbered without a
gap per vendor, kind and year, and never change. They are issued from the outbox, in transactions of their
own: the counter of a busy vendor is then locked after everything else, and for a moment only.

Locks: the vendor order, then the counter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from forked_apps.order.document_models import Invoice, InvoiceKind
from forked_apps.order.errors import NotInvoiceable
from forked_apps.order.models import Line, LineReduction, VendorOrder, VendorOrderStatus
from forked_apps.order.numbers import invoice_number
from forked_apps.order.services.parts import allocation_references, lock_part, refund_key
from points_payment.retry import retry_on_conflict
from points_payment.selectors import PaidParts, allocation_parts, refund_parts

if TYPE_CHECKING:
    from forked_apps.partner.models import Partner

PREFIXES = {InvoiceKind.INVOICE: "INV", InvoiceKind.CREDIT_NOTE: "CN"}

#: Holds the counter's row until the transaction ends: who rolls back gives the number back.
NEXT_NUMBER = """
    INSERT INTO order_invoicecounter AS counter (vendor_id, kind, year, last) VALUES (%s, %s, %s, 1)
        ON CONFLICT (vendor_id, kind, year) DO UPDATE SET last = counter.last + 1
    RETURNING last
"""


@retry_on_conflict
@transaction.atomic
def issue_invoice(*, vendor_order: VendorOrder) -> Invoice:
    """Write the invoice of what left, once; asked for again, it gives the same one back.

    Raises:
        NotInvoiceable: some of it still waits to be sent, or nothing ever was.
    """
    locked = lock_part(vendor_order)
    if (issued := _invoice_of(locked)) is not None:
        return issued
    left = locked.events.filter(new_status=VendorOrderStatus.SHIPPED).order_by("pk").last()
    if left is None:
        raise NotInvoiceable
    before = LineReduction.objects.filter(line__vendor_order=locked, created_at__lt=left.created_at)
    facts = {
        **_parties(locked),
        "lines": _sold_lines(locked, before),
        "shipping_points": locked.shipping_points,
    }
    total_points = sum(line["points"] for line in facts["lines"]) + locked.shipping_points
    return _write(
        locked,
        kind=InvoiceKind.INVOICE,
        total_points=total_points,
        parts=_paid_parts(locked, before),
        facts=facts,
    )


@retry_on_conflict
@transaction.atomic
def issue_credit_note(
    *, vendor_order: VendorOrder, reduction_ids: Sequence[int], shipping_points: int = 0
) -> Invoice | None:
    """Write down what these reductions, made at once, took back of the invoice; None if it was nothing.

    Once: asked for again, it gives the same one back. An invoice that is not there yet is issued first.

    Raises:
        NotInvoiceable: there is nothing that it could refer to.
    """
    locked = lock_part(vendor_order)
    if (issued := Invoice.objects.filter(reduction_id=max(reduction_ids)).first()) is not None:
        return issued
    rows = list(
        LineReduction.objects.filter(pk__in=reduction_ids, line__vendor_order=locked)
        .select_related("line__product")
        .order_by("pk")
    )
    total_points = sum(row.refunded_points for row in rows) + shipping_points
    if not total_points:
        return None
    invoice = issue_invoice(vendor_order=locked)
    return _write(
        locked,
        kind=InvoiceKind.CREDIT_NOTE,
        total_points=total_points,
        parts=refund_parts(idempotency_keys=[refund_key(rows[-1].pk)]),
        facts={
            **_parties(locked),
            "refers_to": {"number": invoice.number, "issued_at": invoice.issued_at.isoformat()},
            "lines": [_credited_line(row) for row in rows],
            "shipping_points": shipping_points,
        },
        refers_to=invoice,
        reduction=rows[-1],
    )


def _invoice_of(vendor_order: VendorOrder) -> Invoice | None:
    return Invoice.objects.filter(vendor_order=vendor_order, kind=InvoiceKind.INVOICE).first()


# Numbers ----------------------------------------------------------------------------------
def next_sequence(*, vendor_id: int, kind: InvoiceKind, year: int) -> int:
    """The next number of the vendor's series, which nobody else gets meanwhile; a rollback leaves no gap."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, [vendor_id, kind.value, year])
        return int(cursor.fetchone()[0])


def _write(
    locked: VendorOrder,
    *,
    kind: InvoiceKind,
    total_points: int,
    parts: PaidParts | None,
    facts: dict[str, Any],
    refers_to: Invoice | None = None,
    reduction: LineReduction | None = None,
) -> Invoice:
    now = timezone.now()
    year = timezone.localtime(now).year
    if parts is not None and parts.paid_points + parts.promotional_points != total_points:
        # Paid otherwise than with points, so that the ledger knows nothing of its parts.
        parts = None
    sequence = next_sequence(vendor_id=locked.vendor_id, kind=kind, year=year)
    return Invoice.objects.create(
        kind=kind,
        vendor_id=locked.vendor_id,
        vendor_order=locked,
        refers_to=refers_to,
        reduction=reduction,
        year=year,
        sequence=sequence,
        number=invoice_number(
            prefix=PREFIXES[kind], vendor_id=locked.vendor_id, year=year, sequence=sequence
        ),
        issued_at=now,
        total_points=total_points,
        paid_points=parts.paid_points if parts else None,
        promotional_points=parts.promotional_points if parts else None,
        facts=facts,
    )


# What is printed --------------------------------------------------------------------------
def _parties(locked: VendorOrder) -> dict[str, Any]:
    order, address = locked.order, locked.order.shipping_address
    return {
        "seller": _seller(locked.vendor),
        "buyer": {
            "name": " ".join(filter(None, (address.first_name, address.last_name))),
            "phone": str(address.phone_number or ""),
            "governorate": address.state,
            "district": address.line4,
            "landmark": address.line1,
            "details": address.line2,
        }
        if address
        else {},
        "order_number": order.number,
        "vendor_order_number": locked.number,
        "placed_at": locked.placed_at.isoformat(),
        "shipped_at": _shipped_at(locked),
    }


def _seller(vendor: Partner) -> dict[str, str]:
    """As it is today, with its address where Oscar holds one; it may have no number of either kind."""
    address = vendor.addresses.order_by("pk").first()
    lines = (address.line1, address.line2, address.line4) if address else ()
    return {
        "name": vendor.name,
        "governorate": vendor.governorate,
        "phone": vendor.phone,
        "address": ", ".join(filter(None, lines)),
        "registration_number": vendor.registration_number,
        "tax_number": vendor.tax_number,
    }


def _shipped_at(locked: VendorOrder) -> str:
    latest: datetime | None = (
        locked.parcels.values_list("shipped_at", flat=True).order_by("shipped_at").last()
    )
    return latest.isoformat() if latest else ""


def _sold_lines(locked: VendorOrder, before: Any) -> list[dict[str, Any]]:
    """Each line's pieces that left: what they cost, and as discount the rest of the price before it."""
    gone = {
        line_id: tuple(sums)
        for line_id, *sums in before.order_by()
        .values_list("line_id")
        .annotate(
            pieces=Sum("quantity"), points=Sum("refunded_points"), subsidy=Sum("returned_subsidy_points")
        )
    }
    sold = []
    for line in locked.lines.select_related("product").order_by("pk"):
        pieces, points, subsidy = gone.get(line.pk, (0, 0, 0))
        left = line.quantity - pieces
        if left:
            sold.append(
                _sold_line(
                    line,
                    pieces=left,
                    points=line.line_points - points,
                    subsidy_points=line.subsidy_points - subsidy,
                )
            )
    return sold


def _sold_line(line: Line, *, pieces: int, points: int, subsidy_points: int) -> dict[str, Any]:
    gross = line.unit_points * pieces
    return {
        "titles": _titles(line),
        "sku": line.partner_sku,
        "pieces": pieces,
        "unit_points": line.unit_points,
        "discount_vendor_points": gross - points - subsidy_points,
        "discount_marketplace_points": subsidy_points,
        "points": points,
    }


def _credited_line(row: LineReduction) -> dict[str, Any]:
    return {
        "titles": _titles(row.line),
        "sku": row.line.partner_sku,
        "kind": row.kind,
        "pieces": row.quantity,
        "deducted_points": row.deducted_points,
        "points": row.refunded_points,
        "reason": row.reason,
    }


def _titles(line: Line) -> dict[str, str]:
    """In each language, where the product has one; else as it was ordered."""
    return {
        code: (getattr(line.product, f"title_{code}", "") if line.product else "") or line.title
        for code, _name in settings.LANGUAGES
    }


def _paid_parts(locked: VendorOrder, before: Any) -> PaidParts | None:
    """With which points the vendor order was paid, less what went back before it left."""
    paid = allocation_parts(references=allocation_references(locked))
    if paid is None:
        return None
    back = refund_parts(idempotency_keys=[refund_key(pk) for pk in before.values_list("pk", flat=True)])
    return PaidParts(paid.paid_points - back.paid_points, paid.promotional_points - back.promotional_points)
