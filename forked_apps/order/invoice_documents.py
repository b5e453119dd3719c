"""An invoice or a credit note as PDF, in any of the shop's languages, of nothing but what was kept of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from forked_apps.order.document_models import Invoice
from forked_apps.order.models import ReductionKind
from forked_apps.partner.governorates import Governorate
from marketplace.documents import render_pdf
from marketplace.formats import format_date, format_number
from marketplace.users.phones import to_national
from points_payment.text import points_text

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


def invoice_pdf(invoice: Invoice, *, language: str) -> bytes:
    """``language``: one of ``LANGUAGES``."""
    with translation.override(language):
        return render_pdf("invoice", _facts(invoice, language=language))


def _facts(invoice: Invoice, *, language: str) -> dict[str, Any]:
    kept = invoice.facts
    return {
        "title": _("Credit note") if invoice.is_credit_note else _("Invoice"),
        "credit": invoice.is_credit_note,
        "number": invoice.number,
        "about": _about(invoice),
        "parties": [
            [_("Seller"), _party(kept["seller"])],
            [_("Buyer"), _party(kept["buyer"])],
        ],
        "columns": _columns(invoice),
        "lines": [
            _credited(line, language) if invoice.is_credit_note else _sold(line, language)
            for line in kept["lines"]
        ],
        "sums": _sums(invoice),
        "note": _("1 point is 1 Iraqi dinar. Paid through Nuqta, which issued this for the seller."),
        "page": _("Page"),
    }


def _about(invoice: Invoice) -> list[list[Any]]:
    """Label, value, and whether it is a code that runs left to right."""
    kept = invoice.facts
    rows: list[list[Any]] = [[_("Issued"), format_date(invoice.issued_at), False]]
    if invoice.is_credit_note:
        rows.append([_("For invoice"), kept["refers_to"]["number"], True])
    rows.append([_("Order"), kept["vendor_order_number"], True])
    rows.append([_("Ordered"), format_date(datetime.fromisoformat(kept["placed_at"])), False])
    if kept["shipped_at"]:
        rows.append([_("Sent"), format_date(datetime.fromisoformat(kept["shipped_at"])), False])
    return rows


def _party(kept: dict[str, str]) -> dict[str, Any]:
    if not kept:
        return {"name": "", "lines": [], "phone": "", "numbers": []}
    code = kept["governorate"]
    place = str(Governorate(code).label) if code in Governorate.values else code
    lines = [
        kept.get("address", ""),
        place,
        kept.get("district", ""),
        kept.get("landmark", ""),
        kept.get("details", ""),
    ]
    phone = kept["phone"]
    return {
        "name": kept["name"],
        "lines": [line for line in lines if line],
        "phone": to_national(phone) if phone.startswith("+964") else phone,
        "numbers": [[label, kept[key]] for key, label in _official_numbers() if kept.get(key)],
    }


def _official_numbers() -> list[tuple[str, str]]:
    """Of sellers who had them when the document was issued."""
    return [("registration_number", _("Registration no.")), ("tax_number", _("Tax no."))]


def _columns(invoice: Invoice) -> list[str]:
    if invoice.is_credit_note:
        return [_("Product"), _("Reason"), _("Pieces"), _("Deducted"), _("Points")]
    return [_("Product"), _("Pieces"), _("Price"), _("Discount"), _("Points")]


def _sold(line: dict[str, Any], language: str) -> list[str]:
    discount = line["discount_vendor_points"] + line["discount_marketplace_points"]
    return [
        line["titles"][language],
        line["sku"],
        format_number(line["pieces"]),
        format_number(line["unit_points"]),
        format_number(-discount) if discount else "–",
        format_number(line["points"]),
    ]


def _credited(line: dict[str, Any], language: str) -> list[str]:
    reason = str(ReductionKind(line["kind"]).label)
    return [
        line["titles"][language],
        line["sku"],
        f"{reason}: {line['reason']}" if line["reason"] else reason,
        format_number(line["pieces"]) if line["pieces"] else "–",
        format_number(line["deducted_points"]) if line["deducted_points"] else "–",
        format_number(line["points"]),
    ]


def _sums(invoice: Invoice) -> list[list[Any]]:
    """Label, amount, and whether it is the total."""
    kept = invoice.facts
    rows: list[list[Any]] = [[_("Goods"), points_text(invoice.total_points - kept["shipping_points"]), False]]
    if kept["shipping_points"] or not invoice.is_credit_note:
        rows.append([_("Delivery"), points_text(kept["shipping_points"]), False])
    total = _("Given back") if invoice.is_credit_note else _("Total")
    rows.append([total, points_text(invoice.total_points), True])
    if invoice.promotional_points:
        rows.append([_("Of these paid points"), points_text(invoice.paid_points or 0), False])
        rows.append([_("Of these promotional points"), points_text(invoice.promotional_points), False])
    if not invoice.is_credit_note:
        rows += _discounts(kept["lines"])
    return rows


def _discounts(lines: list[dict[str, Any]]) -> list[list[Any]]:
    """Who bore what was taken off; it is in the amounts already."""
    borne = {
        _("Discount, borne by the seller"): sum(line["discount_vendor_points"] for line in lines),
        _("Discount, borne by Nuqta"): sum(line["discount_marketplace_points"] for line in lines),
    }
    return [[label, points_text(points), False] for label, points in borne.items() if points]
