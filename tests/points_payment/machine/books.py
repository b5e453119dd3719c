"""What the books should say, computed a second time in plain Python from docs/ledger.md alone.

Nothing here imports a service: a rule that is wrong in both would have to be written wrong twice.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from points_payment.kinds import AccountKind, CardState

#: Days from the example's start; a lot that never expires does so after all others.
NEVER = float("inf")
GRACE_DAYS = 14.0
#: Two things that happen one after the other, in days.
MOMENT = 1e-6

Account = tuple[AccountKind, int]


@dataclass(frozen=True)
class Terms:
    """Of a line's commission."""

    basis_points: int
    fixed: int = 0
    floor: int = 0
    cap: float = NEVER

    def due(self, kept: int, gross: int) -> int:
        """What is kept of a line bears its part of what all of it would, rounded as people do."""
        whole = max(Fraction(gross * self.basis_points, 10_000) + self.fixed, Fraction(self.floor))
        whole = min(whole, Fraction(gross))
        if self.cap != NEVER:
            whole = min(whole, Fraction(self.cap))
        return floor(whole * kept / gross + Fraction(1, 2))


def split(total: int, weights: list[int]) -> list[int]:
    """Whole parts in proportion; what is left over goes to the largest fractions, the first of equals."""
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda place: parts[place] - exact[place])
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


@dataclass(eq=False)
class Lot:
    promotional: bool
    left: int
    expires: float = NEVER


@dataclass(eq=False)
class Use:
    """Points that an order took from a lot and did not give back yet."""

    lot: Lot
    left: int


@dataclass(eq=False)
class Line:
    """An allocation."""

    reference: str
    vendor: int
    gross: int
    promotional: int
    terms: Terms
    #: Of the gross, from the platform.
    subsidy: int = 0
    #: For the customer.
    refunded: int = 0
    refunded_promotional: int = 0
    refunded_subsidy: int = 0
    released: int = 0
    commission: int = 0

    @property
    def held(self) -> int:
        return self.gross - self.refunded - self.refunded_subsidy - self.released

    @property
    def left(self) -> int:
        """For the customer."""
        return self.gross - self.subsidy - self.refunded

    @property
    def subsidy_left(self) -> int:
        return self.subsidy - self.refunded_subsidy

    @property
    def due(self) -> int:
        """The commission on what is released."""
        return self.terms.due(self.released, self.gross)


@dataclass(eq=False)
class Order:
    customer: int
    uses: list[Use]
    lines: list[Line]


@dataclass(eq=False)
class Card:
    number: int
    code: str
    state: CardState = CardState.STOCKED


@dataclass
class Books:
    """Balances, lots and cards as they should be."""

    accounts: Counter[Account] = field(default_factory=Counter)
    lots: dict[int, list[Lot]] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    cards: dict[int, CardState] = field(default_factory=dict)
    clock: itertools.count[int] = field(default_factory=itertools.count)

    # Accounts -----------------------------------------------------------------------------
    def move(self, *postings: tuple[AccountKind, int, int]) -> None:
        assert sum(points for _kind, _owner, points in postings) == 0
        for kind, owner, points in postings:
            self.accounts[kind, owner] += points

    def balances(self) -> dict[Account, int]:
        return {account: points for account, points in self.accounts.items() if points}

    # Wallets ------------------------------------------------------------------------------
    def credit(self, customer: int, points: int, *, promotional: bool = False, expires: float = NEVER) -> Lot:
        """A new lot; the account is moved by the caller."""
        lot = Lot(promotional, points, expires)
        self.lots.setdefault(customer, []).append(lot)
        return lot

    def in_days(self, days: float) -> float:
        """So many days from now: later than any such time before."""
        return days + next(self.clock) * MOMENT

    def spendable(self, customer: int, *, paid_only: bool = False) -> list[Lot]:
        """In the order in which they are spent."""
        lots = [lot for lot in self.lots.get(customer, []) if lot.left and lot.expires > 0]
        promotional = sorted((lot for lot in lots if lot.promotional), key=lambda lot: lot.expires)
        paid = [lot for lot in lots if not lot.promotional]
        return paid if paid_only else promotional + paid

    def available(self, customer: int, *, paid_only: bool = False) -> int:
        return sum(lot.left for lot in self.spendable(customer, paid_only=paid_only))

    def take(self, customer: int, points: int, *, paid_only: bool = False) -> list[Use]:
        """Take points, which the caller has found to be there, from the first lots."""
        lots = self.spendable(customer, paid_only=paid_only)
        uses = []
        for lot in lots:
            taken = min(lot.left, points - sum(use.left for use in uses))
            if taken:
                uses.append(Use(lot, taken))
        for use in uses:
            use.lot.left -= use.left
        return uses

    def give_back(self, order: Order, *, paid: int, promotional: int) -> None:
        """To the lots that the order took from, the last first; what would expire too soon gets a new lot."""
        usable_until = self.in_days(GRACE_DAYS)
        left, moved = {False: paid, True: promotional}, 0
        for use in reversed(order.uses):
            given = min(use.left, left[use.lot.promotional])
            left[use.lot.promotional] -= given
            use.left -= given
            if use.lot.promotional and use.lot.expires < usable_until:
                moved += given
            else:
                use.lot.left += given
        assert not any(left.values())
        if moved:
            self.credit(order.customer, moved, promotional=True, expires=usable_until)

    def expire(self, day: float) -> int:
        """What expired by then leaves the wallets."""
        total = 0
        for customer, lots in self.lots.items():
            for lot in lots:
                if lot.left and lot.expires <= day:
                    points, lot.left = lot.left, 0
                    total += points
                    self.move(
                        (AccountKind.CUSTOMER_PROMOTIONAL, customer, -points),
                        (AccountKind.BREAKAGE, 0, points),
                    )
        return total

    # Orders -------------------------------------------------------------------------------
    def buy(self, customer: int, wanted: list[tuple[str, int, int, int, Terms]]) -> Order:
        """Lines of (reference, vendor, points, of these from the platform, terms)."""
        prices = [points - subsidy for _reference, _vendor, points, subsidy, _terms in wanted]
        uses = self.take(customer, sum(prices))
        promotional = sum(use.left for use in uses if use.lot.promotional)
        shares = split(promotional, prices) if promotional else [0] * len(prices)
        lines = [
            Line(reference, vendor, points, part, terms, subsidy)
            for (reference, vendor, points, subsidy, terms), part in zip(wanted, shares, strict=True)
        ]
        self.move(
            (AccountKind.CUSTOMER_PAID, customer, promotional - sum(prices)),
            (AccountKind.CUSTOMER_PROMOTIONAL, customer, -promotional),
            (AccountKind.PROMOTIONS, 0, -sum(line.subsidy for line in lines)),
            *((AccountKind.VENDOR_ESCROW, line.vendor, line.gross) for line in lines),
        )
        order = Order(customer, uses, lines)
        self.orders.append(order)
        return order

    def release(self, lines: Iterable[Line]) -> tuple[int, int]:
        """All that is held of these; (released, commission)."""
        released = fees = 0
        for line in lines:
            held = line.held
            line.released += held
            fee = line.due - line.commission
            line.commission += fee
            net = held - fee
            owed = -self.accounts[AccountKind.VENDOR_RECEIVABLE, line.vendor]
            filled = min(net, owed)
            self.move(
                (AccountKind.VENDOR_ESCROW, line.vendor, -held),
                (AccountKind.COMMISSION, 0, fee),
                (AccountKind.VENDOR_RECEIVABLE, line.vendor, filled),
                (AccountKind.VENDOR_PAYABLE, line.vendor, net - filled),
            )
            released, fees = released + held, fees + fee
        return released, fees

    def refund(
        self, order: Order, wanted: Mapping[Line, int], subsidies: Mapping[Line, int]
    ) -> tuple[int, int, bool]:
        """So many points of each line; (paid, promotional, whether the vendor had some of it already)."""
        paid = promotional = 0
        late = False
        for line in {**wanted, **subsidies}:
            points, subsidy = wanted.get(line, 0), subsidies.get(line, 0)
            # The paid part of a line comes back first.
            paid_left = line.left - (line.promotional - line.refunded_promotional)
            back = min(points, paid_left)
            from_held = min(points + subsidy, line.held)
            from_vendor = points + subsidy - from_held
            late = late or from_vendor > 0
            line.refunded += points
            line.refunded_subsidy += subsidy
            line.refunded_promotional += points - back
            line.released -= from_vendor
            fee = line.commission - line.due if from_vendor else 0
            line.commission -= fee
            lost = from_vendor - fee
            from_payable = min(lost, self.accounts[AccountKind.VENDOR_PAYABLE, line.vendor])
            self.move(
                (AccountKind.CUSTOMER_PAID, order.customer, back),
                (AccountKind.CUSTOMER_PROMOTIONAL, order.customer, points - back),
                (AccountKind.PROMOTIONS, 0, subsidy),
                (AccountKind.VENDOR_ESCROW, line.vendor, -from_held),
                (AccountKind.COMMISSION, 0, -fee),
                (AccountKind.VENDOR_PAYABLE, line.vendor, -from_payable),
                (AccountKind.VENDOR_RECEIVABLE, line.vendor, from_payable - lost),
            )
            paid, promotional = paid + back, promotional + points - back
        self.give_back(order, paid=paid, promotional=promotional)
        return paid, promotional, late
