"""Numbers that people read aloud, and references by which the ledger knows what an amount is for."""

from __future__ import annotations

FIRST_ORDER_NUMBER = 100_000
#: SQL pattern of what ``shipping_reference`` makes, and ``line_reference`` does not.
SHIPPING_REFERENCES = "%-S"


def order_number(*, basket_id: int) -> str:
    """A basket is ordered once, so its id makes a number without asking the database for one."""
    return str(FIRST_ORDER_NUMBER + basket_id)


def vendor_order_number(number: str, position: int) -> str:
    """``100042-A`` for the first part, ``…-Z``, then ``…-AA``; ``position`` counts from 0."""
    letters = ""
    position += 1
    while position:
        position, letter = divmod(position - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{number}-{letters}"


def line_reference(number: str, line_number: int) -> str:
    """The allocation of an order line; line numbers count from 1 through all vendors."""
    return f"{number}-{line_number}"


def parcel_number(vendor_order_number: str, position: int) -> str:
    """``100042-A-P1``, as labels and slips carry it; ``position`` counts from 1."""
    return f"{vendor_order_number}-P{position}"


def invoice_number(*, prefix: str, vendor_id: int, year: int, sequence: int) -> str:
    """``INV-12-2026-00007``: the vendor's own seventh of that year, and unique among all vendors'."""
    return f"{prefix}-{vendor_id}-{year}-{sequence:05d}"


def shipping_reference(vendor_order_number: str) -> str:
    """The allocation of a vendor order's shipping charge."""
    return f"{vendor_order_number}-S"
