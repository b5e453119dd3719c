"""Statements to take along: as CSV for a spreadsheet, as facts for the PDFs of statements and receipts."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from marketplace.documents import render_pdf
from marketplace.formats import format_date, format_datetime, format_month, format_number
from points_payment.exports import BYTE_ORDER_MARK, plain
from points_payment.kinds import TransferKind
from points_payment.payout_methods import method_label, payout_method
from points_payment.settlement_selectors import InTransit, Movement, OpenStatement

if TYPE_CHECKING:
    from points_payment.models import Payout, SettlementStatement


class _Echo:
    def write(self, line: str) -> str:
        return line


def movement_lines(found: Iterable[Movement]) -> Iterator[str]:
    """Lines of a CSV: ISO dates, whole numbers, words in the language of the moment of this call."""
    # Said now: the lines are written after the request has ended, and its language with it.
    words = {kind.value: str(kind.label) for kind in TransferKind}
    header = [
        _("Date"),
        _("Time"),
        _("Movement"),
        _("Order"),
        _("Reference"),
        _("Sales"),
        _("Delivery"),
        _("Refunds"),
        _("Commission"),
        _("Other"),
        _("For you"),
    ]
    return _lines(
        header,
        (
            [
                *_when(one.created_at),
                words[one.kind],
                plain(one.order_number),
                plain(one.reference),
                one.sales_points,
                one.shipping_points,
                one.refunds_points,
                one.commission_points,
                one.other_points,
                one.net_points,
            ]
            for one in found
        ),
    )


def in_transit_lines(found: Iterable[InTransit]) -> Iterator[str]:
    header = [_("Date"), _("Time"), _("Order"), _("Reference"), _("Paid by the customer"), _("Held")]
    return _lines(
        header,
        (
            [
                *_when(one.created_at),
                plain(one.order_number),
                plain(one.reference),
                one.gross_points,
                one.held_points,
            ]
            for one in found
        ),
    )


def _lines(header: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    line = csv.writer(_Echo()).writerow
    yield BYTE_ORDER_MARK + line(header)
    for row in rows:
        yield line(row)


def _when(moment: Any) -> tuple[str, str]:
    local = timezone.localtime(moment)
    return f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}"


def statement_sums(statement: SettlementStatement | OpenStatement) -> list[tuple[str, int]]:
    """The lines of a statement between opening and closing, in words."""
    return [
        (_("Sales"), statement.sales_points),
        (_("Delivery charges"), statement.shipping_points),
        (_("Commission"), statement.commission_points),
        (_("Refunds after release"), statement.refunds_points),
        (_("Adjustments"), statement.adjustments_points),
        (_("Payouts"), statement.payouts_points),
        (_("Payouts that came back"), statement.payouts_returned_points),
        (_("Paid in by you"), statement.paid_in_points),
    ]


def statement_pdf(statement: SettlementStatement, *, vendor_name: str) -> bytes:
    """A page to file, in the language of who prints it."""
    period = statement.period
    facts = {
        "shop": _("Nuqta"),
        "title": _("Statement of account"),
        "about": [
            [_("Vendor"), vendor_name, False],
            [_("Month"), format_month(period.first_day), False],
            [_("From day"), format_date(period.first_day), False],
            [_("To day"), format_date(period.last_day), False],
            [_("Number"), f"S-{statement.pk:06d}", True],
            [_("Answer"), str(statement.get_state_display()), False],
            [_("Issued"), format_datetime(statement.created_at), False],
        ],
        "opening": [_("Opening balance"), format_number(statement.opening_points)],
        "rows": [[label, format_number(points, signed=True)] for label, points in statement_sums(statement)],
        "closing": [_("Closing balance"), format_number(statement.closing_points)],
        "after": [
            [_("Of this, owed by you"), format_number(-statement.receivable_points)],
            [_("Still in transit (in escrow)"), format_number(statement.in_transit_points)],
        ],
        "movements": _("Movements: %(number)s. The CSV file names each with its order.")
        % {"number": format_number(statement.movements_count)},
        "digest_label": _("Check sum"),
        "digest": bytes(statement.digest).hex()[:32],
        "note": _(
            "1 point is 1 dinar. These figures are frozen; what is corrected later stands in a later month."
        ),
        "page": _("Page"),
    }
    return render_pdf("settlement", facts)


def receipt_pdf(payout: Payout, *, vendor_name: str, language: str) -> bytes:
    """What the vendor gets with the money, in the vendor's language."""
    with translation.override(language):
        return render_pdf("payout_receipt", _receipt_facts(payout, vendor_name))


def _receipt_facts(payout: Payout, vendor_name: str) -> dict[str, Any]:
    method = payout_method(payout.method)
    about = [
        [_("Vendor"), vendor_name, False],
        [_("Number"), payout.reference, True],
        [_("How"), method_label(payout.method), False],
        *([[str(method.provider_label), payout.provider, False]] if payout.provider else []),
        *([[str(method.number_label), payout.masked_number, True]] if payout.number else []),
        [_("Name of the holder"), payout.holder_name, False],
        *([[_("Number of the receipt"), payout.paid_reference, True]] if payout.paid_reference else []),
        *([[_("Paid on"), format_datetime(payout.confirmed_at), False]] if payout.confirmed_at else []),
        *(
            [[_("Came back"), format_datetime(payout.ended_at), False]]
            if payout.return_transfer_id and payout.ended_at
            else []
        ),
    ]
    return {
        "shop": _("Nuqta"),
        "title": _("Receipt of a payout"),
        "about": about,
        "amount_label": _("Amount, in dinars"),
        "amount": format_number(payout.amount_points),
        "note": str(method.receipt_note()),
        "signatures": [_("For Nuqta"), _("Received by")],
    }
