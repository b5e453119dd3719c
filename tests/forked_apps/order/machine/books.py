"""What orders should come to, computed a second time in plain Python from docs/orders.md and docs/ledger.md.

Nothing here imports a service or a model: a rule that is wrong in both would have to be written wrong twice.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

#: Of an account: its kind and its owner.
Account = tuple[str, int]
OPEN = {"requested", "approved", "sent"}


def half_up(exact: Fraction) -> int:
    """Rounded as people do."""
    return int(
        (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    )


def whole_parts(exact: Sequence[Fraction]) -> list[int]:
    """Whole numbers that add up to the rounded sum; points left over go to the largest fractions, the
    first of equals."""
    parts = [math.floor(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda place: parts[place] - exact[place])
    for place in order[: half_up(sum(exact, Fraction(0))) - sum(parts)]:
        parts[place] += 1
    return parts


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts in proportion."""
    if not total:
        return [0] * len(weights)
    return whole_parts([Fraction(total * weight, sum(weights)) for weight in weights])


@dataclass(eq=False)
class Vendor:
    pk: int
    basis_points: int
    charge: int
    free_from: int | None


@dataclass(eq=False)
class Offer:
    pk: int
    vendor: Vendor
    price: int
    #: When the example began.
    stocked: int
    in_stock: int
    allocated: int = 0

    @property
    def available(self) -> int:
        return self.in_stock - self.allocated


@dataclass(eq=False)
class Amount:
    """Points of a line or of a delivery charge."""

    #: What the vendor earns by it: paid by the buyer, or added by the platform.
    gross: int
    basis_points: int
    added: int = 0
    #: To the buyer.
    refunded: int = 0
    #: To the platform.
    back: int = 0
    released: int = 0
    commission: int = 0

    @property
    def held(self) -> int:
        return self.gross - self.refunded - self.back - self.released

    @property
    def paid(self) -> int:
        return self.gross - self.added


@dataclass(eq=False)
class Line:
    offer: Offer
    ordered: int
    amount: Amount
    pk: int = 0
    reference: str = ""
    shipped: int = 0
    cancelled: int = 0
    refused: int = 0
    returned: int = 0
    restocked: int = 0
    #: Kept by the vendor of what was returned.
    deducted: int = 0

    @property
    def to_ship(self) -> int:
        return self.ordered - self.shipped - self.cancelled

    @property
    def arrived(self) -> int:
        return self.shipped - self.refused

    @property
    def kept(self) -> int:
        return self.arrived - self.returned

    @property
    def left(self) -> int:
        """Points that can still be given back."""
        return self.amount.paid - self.amount.refunded - self.deducted

    @property
    def gone(self) -> int:
        return self.cancelled + self.refused + self.returned

    def worth(self, pieces: int) -> int:
        """Of so many more: the first n pieces are worth n shares, rounded down; the last one the rest."""
        if self.gone + pieces == self.ordered:
            return self.left
        until, before = (self.share(self.amount.paid, n) for n in (self.gone + pieces, self.gone))
        return min(until - before, self.left)

    def share(self, points: int, pieces: int) -> int:
        return math.floor(Fraction(points * pieces, self.ordered))

    def owed_to_the_platform(self, *, points: int, pieces: int) -> int:
        """Of what it added, once so many more points and pieces have gone back: its part of what the buyer
        has back, and no less than the pieces' part; all of it where nothing is kept, or nothing paid."""
        amount, gone = self.amount, self.gone + pieces
        refunded = amount.refunded + points
        if gone == self.ordered or (amount.paid and refunded == amount.paid):
            due = amount.added
        else:
            by_points = math.floor(Fraction(amount.added * refunded, amount.paid)) if amount.paid else 0
            due = max(by_points, self.share(amount.gross, gone) - self.share(amount.paid, gone))
        return max(0, due - amount.back)


@dataclass(eq=False)
class Back:
    """A return."""

    pk: int
    pieces: dict[Line, int]
    is_vendors_fault: bool
    #: Days until somebody has to do something, and when that began.
    waits: tuple[float, int]
    state: str = "requested"
    refunded: int = 0


@dataclass(eq=False)
class Problem:
    """A dispute."""

    pk: int
    pieces: dict[Line, int]
    state: str = "contacting"
    #: Of the vendor's offer that stands.
    offer: int = 0
    #: Of lines, of an offer or a decision; none: all of the pieces.
    points: dict[Line, int] = field(default_factory=dict)
    #: Of the last decision.
    kind: str = ""
    was_appealed: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in {"contacting", "offered", "refused", "deciding", "decided", "appealed"}


@dataclass(eq=False)
class Part:
    vendor: Vendor
    customer: int
    lines: list[Line]
    shipping: Amount
    order: int = 0
    pk: int = 0
    number: str = ""
    status: str = "placed"
    wrong_codes: int = 0
    #: Delivered longer ago than returns and reserve take.
    is_long_ago: bool = False
    #: What was returned by the vendor's fault is worth.
    at_fault: int = 0
    returns: list[Back] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    #: Lines about which the marketplace decided.
    decided: set[Line] = field(default_factory=set)
    #: Of the delivery charge, by returns and disputes.
    way_back: int = 0

    @property
    def amounts(self) -> list[Amount]:
        return [*(line.amount for line in self.lines), self.shipping]

    @property
    def goods(self) -> int:
        return sum(line.amount.paid for line in self.lines)

    @property
    def weight(self) -> int:
        """By which pieces have their share of the way: what they cost, or their number if nothing."""
        return self.goods or sum(line.ordered for line in self.lines)

    @property
    def open_return(self) -> Back | None:
        return next((one for one in self.returns if one.state in OPEN), None)

    @property
    def open_problem(self) -> Problem | None:
        return next((one for one in self.problems if one.is_open), None)

    @property
    def way_left(self) -> int:
        return self.shipping.gross - self.way_back

    @property
    def is_untouched(self) -> bool:
        return not any(line.shipped for line in self.lines)


@dataclass
class Books:
    accounts: Counter[Account] = field(default_factory=Counter)
    offers: list[Offer] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    #: Taken off all goods, in percent; the vendors bear it, or the platform.
    sale: int = 0
    is_platforms: bool = False

    def balances(self) -> dict[Account, int]:
        return {account: points for account, points in self.accounts.items() if points}

    # Placing ------------------------------------------------------------------------------
    def plan(self, customer: int, wanted: Mapping[Offer, int]) -> list[Part]:
        """What an order of so many pieces comes to, vendor by vendor."""
        before = [offer.price * pieces for offer, pieces in wanted.items()]
        discounts = whole_parts([Fraction(points * self.sale, 100) for points in before])
        lines: dict[Vendor, list[Line]] = {}
        for (offer, pieces), full, less in zip(wanted.items(), before, discounts, strict=True):
            added = less if self.is_platforms else 0
            amount = Amount(full - less + added, offer.vendor.basis_points, added)
            lines.setdefault(offer.vendor, []).append(Line(offer, pieces, amount))
        return [
            Part(vendor, customer, of_vendor, Amount(self._charge(vendor, of_vendor), 0))
            for vendor, of_vendor in lines.items()
        ]

    def _charge(self, vendor: Vendor, lines: Iterable[Line]) -> int:
        goods = sum(line.amount.gross for line in lines)
        return 0 if vendor.free_from is not None and goods >= vendor.free_from else vendor.charge

    def place(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self.parts.append(part)
            for amount in part.amounts:
                self.accounts["wallet", part.customer] -= amount.paid
                self.accounts["promotions", 0] -= amount.added
                self.accounts["vendor_escrow", part.vendor.pk] += amount.gross
            for line in part.lines:
                line.offer.allocated += line.ordered

    # Points -------------------------------------------------------------------------------
    def release(self, part: Part, amounts: Iterable[Amount]) -> None:
        """All that is held of these; what the vendor owes is filled first."""
        vendor = part.vendor.pk
        for amount in amounts:
            held = amount.held
            amount.released += held
            fee = half_up(Fraction(amount.released * amount.basis_points, 10_000)) - amount.commission
            amount.commission += fee
            filled = min(held - fee, -self.accounts["vendor_receivable", vendor])
            self.accounts["vendor_escrow", vendor] -= held
            self.accounts["commission", 0] += fee
            self.accounts["vendor_receivable", vendor] += filled
            self.accounts["vendor_payable", vendor] += held - fee - filled

    def refund_line(self, part: Part, line: Line, points: int, *, pieces: int = 0) -> None:
        """Before the pieces are counted as gone."""
        self.refund(part, line.amount, points, line.owed_to_the_platform(points=points, pieces=pieces))

    def refund(self, part: Part, amount: Amount, points: int, back: int = 0) -> None:
        """From escrow first, then from the commission and what the vendor has, or will have."""
        vendor = part.vendor.pk
        early = min(points + back, amount.held)
        late = points + back - early
        amount.refunded += points
        amount.back += back
        self.accounts["promotions", 0] += back
        amount.released -= late
        fee = 0
        if late:
            due = half_up(Fraction(amount.released * amount.basis_points, 10_000))
            fee, amount.commission = amount.commission - due, due
        payable = min(late - fee, self.accounts["vendor_payable", vendor])
        self.accounts["wallet", part.customer] += points
        self.accounts["vendor_escrow", vendor] -= early
        self.accounts["commission", 0] -= fee
        self.accounts["vendor_payable", vendor] -= payable
        self.accounts["vendor_receivable", vendor] -= late - fee - payable

    # Pieces -------------------------------------------------------------------------------
    def ship(self, part: Part, pieces: Mapping[Line, int]) -> None:
        for line, number in pieces.items():
            line.shipped += number
            line.offer.in_stock -= number
            line.offer.allocated -= number
        part.status = "packed" if any(line.to_ship for line in part.lines) else "shipped"

    def cancel(self, part: Part, pieces: Mapping[Line, int]) -> None:
        for line, number in pieces.items():
            self.refund_line(part, line, line.worth(number), pieces=number)
            line.cancelled += number
            line.offer.allocated -= number
        if any(line.to_ship for line in part.lines):
            return
        if part.is_untouched:
            self.refund(part, part.shipping, part.shipping.gross)
        part.status = "cancelled" if part.is_untouched else "shipped"

    def hand_over(self, part: Part, refused: Mapping[Line, int]) -> None:
        for line, number in refused.items():
            self.refund_line(part, line, line.worth(number), pieces=number)
            line.refused += number
            line.offer.in_stock += number
        if any(line.arrived for line in part.lines):
            part.status = "delivered"
        else:
            part.status = "refused"
            self.release(part, [part.shipping])

    def complete(self, part: Part) -> None:
        part.status = "completed"
        self.release(part, part.amounts)

    def worth(self, pieces: Mapping[Line, int]) -> int:
        return sum(line.worth(number) for line, number in pieces.items())

    def take_back(
        self,
        part: Part,
        one: Back,
        *,
        accepted: Mapping[Line, int],
        restocked: Mapping[Line, int],
        deducted: int,
    ) -> None:
        """Settle a return: each line's pieces but for its share of the deduction; by the vendor's fault
        the same share of the delivery charge as of the goods."""
        pieces = sorted(accepted.items(), key=lambda each: each[0].pk)
        worths = [line.worth(number) for line, number in pieces]
        share = 0
        if one.is_vendors_fault:
            before = part.shipping.gross * part.at_fault // part.weight
            part.at_fault += sum(worths) if part.goods else sum(accepted.values())
            share = min(part.shipping.gross * part.at_fault // part.weight - before, part.way_left)
            part.way_back += share
        # All of one refund is one transfer: what the vendor has is asked for once.
        for (line, number), worth, less in zip(pieces, worths, split(deducted, worths), strict=True):
            self.refund_line(part, line, worth - less, pieces=number)
            line.deducted += less
            line.returned += number
            line.restocked += restocked.get(line, 0)
            line.offer.in_stock += restocked.get(line, 0)
        self.refund(part, part.shipping, share)
        one.state, one.refunded = "refunded", sum(worths) - deducted + share
        if not any(line.kept for line in part.lines):
            part.status = "returned"
            self.release(part, part.amounts)
        elif part.status != "completed":
            part.status = "partly_returned"

    def pay_for(self, part: Part, one: Problem) -> None:
        """Some points of lines, or all of the pieces: with them as much of the way as of the goods, and all
        of it where nothing of the order is kept."""
        if one.points:
            for line, points in one.points.items():
                from_line = min(points, line.left)
                # What a return deducted comes after what was never given back.
                deduction = min(points - from_line, line.deducted)
                line.deducted -= deduction
                self.refund_line(part, line, from_line + deduction)
            return
        pieces = {line: min(number, line.kept) for line, number in one.pieces.items()}
        pieces = {line: number for line, number in pieces.items() if number}
        if not pieces:
            return
        way = part.way_left
        if any(pieces.get(line, 0) + line.cancelled < line.ordered for line in part.lines):
            of_these = self.worth(pieces) if part.goods else sum(pieces.values())
            way = min(part.shipping.gross * of_these // part.weight, way)
        for line, number in pieces.items():
            self.refund_line(part, line, line.worth(number), pieces=number)
            line.returned += number
        self.refund(part, part.shipping, way)
        part.way_back += way
        if not any(line.kept for line in part.lines):
            part.status = "returned"
        elif part.status != "completed":
            part.status = "partly_returned"


def whole_status(parts: Sequence[Part]) -> str:
    """Of a customer's order, by what became of its parts; those of which nothing came don't count."""
    living = {part.status for part in parts} - {"cancelled", "refused", "returned"}
    if not living:
        gone = {part.status for part in parts}
        return "returned" if "returned" in gone else "refused" if "refused" in gone else "cancelled"
    sent = {"shipped", "delivered", "partly_returned", "completed"}
    begun = any(part.status == "packed" and not part.is_untouched for part in parts)
    if living - sent and (living & sent or begun):
        return "partly_shipped"
    if not living & sent:
        return "placed" if living == {"placed"} else "in_preparation"
    if "shipped" in living:
        return "shipped"
    return "completed" if living == {"completed"} else "delivered"
