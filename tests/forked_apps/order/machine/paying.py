"""What vendors earned leaves the books, and sometimes comes back."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from points_payment.errors import InsufficientPoints, NotReversible, SamePerson
from points_payment.services.payouts import pay_out, return_payout
from points_payment.settlement_selectors import open_statement
from tests.factories.points import new_key
from tests.forked_apps.order.machine.steps import Steps, one_of, places


class PayingRules(Steps):
    def __init__(self) -> None:
        super().__init__()
        #: Of payouts that have not come back: transfer, vendor, points.
        self.payouts: list[tuple[int, int, int]] = []

    @precondition(lambda self: self.earned())
    @rule(place=places, percent=st.sampled_from([1, 50, 100, 101]))
    def pay_a_vendor(self, place: int, percent: int) -> None:
        vendor = one_of(self.earned(), place)
        payable = self.books.accounts["vendor_payable", vendor]
        points = payable + 1 if percent > 100 else max(1, payable * percent // 100)
        one, other = self.staff

        def send(approver: int = other.pk) -> int:
            return pay_out(
                vendor_id=vendor, amount_points=points, actor_id=one.pk, approved_by_id=approver,
                reference="bank", idempotency_key=new_key(),
            ).transfer_id  # fmt: skip

        self.refused(SamePerson, lambda: send(one.pk))
        paid = self.try_step("pay out", InsufficientPoints if points > payable else None, send)
        if paid is not None:
            self.payouts.append((paid, vendor, points))
            self.books.accounts["vendor_payable", vendor] -= points
            self.books.accounts["payouts", 0] += points

    @invariant()
    def the_open_statements_say_the_same(self) -> None:
        for vendor in self.vendors:
            statement = open_statement(vendor_id=vendor)
            accounts = self.books.accounts
            assert statement.closing_points == (
                accounts["vendor_payable", vendor] + accounts["vendor_receivable", vendor]
            )
            assert statement.in_transit_points == accounts["vendor_escrow", vendor]

    def earned(self) -> list[int]:
        """Vendors with something to be paid."""
        return [vendor for vendor in self.vendors if self.books.accounts["vendor_payable", vendor] > 0]

    @precondition(lambda self: self.payouts)
    @rule(place=places)
    def a_payout_comes_back(self, place: int) -> None:
        paid, vendor, points = self.payouts.pop(place % len(self.payouts))

        def send() -> int:
            return return_payout(
                transfer_id=paid, actor_id=self.staff[0].pk, reason="closed", idempotency_key=new_key()
            ).transfer_id

        self.try_step("payout returned", None, send)
        self.refused(NotReversible, send)
        self.books.accounts["vendor_payable", vendor] += points
        self.books.accounts["payouts", 0] -= points
