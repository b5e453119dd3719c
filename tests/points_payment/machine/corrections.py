"""Corrections between two people, of wallets and of what vendors can be paid, in both directions."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from points_payment.errors import InsufficientPoints, SamePerson, WrongAdjustmentState
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Adjustment
from points_payment.services.adjustments import (
    approve_adjustment,
    propose_adjustment,
    refuse_adjustment,
    withdraw_adjustment,
)
from tests.points_payment.machine.steps import VENDORS, Steps, moves, one_of, places

amounts = st.integers(-500, 500).filter(bool)


class CorrectionRules(Steps):
    @moves(TransferKind.ADJUSTMENT)
    @rule(place=places, amount=amounts)
    def adjust_a_wallet(self, place: int, amount: int) -> None:
        """Paid points alone: nothing promotional is taken, and nothing that is missing."""
        customer = one_of(self.customers, place).pk
        asked = self.propose(AccountKind.CUSTOMER_PAID, customer, amount)
        available = self.books.available(customer, paid_only=True)
        if available + amount < 0:
            self.refuse_since_too_little(asked, available)
            return
        if amount > 0:
            self.books.credit(customer, amount)
        else:
            self.books.take(customer, -amount, paid_only=True)
        self.approve(asked)

    @moves(TransferKind.ADJUSTMENT)
    @rule(vendor=st.sampled_from(VENDORS), amount=amounts)
    def adjust_a_vendor(self, vendor: int, amount: int) -> None:
        asked = self.propose(AccountKind.VENDOR_PAYABLE, vendor, amount)
        payable = self.books.accounts[AccountKind.VENDOR_PAYABLE, vendor]
        if payable + amount < 0:
            self.refuse_since_too_little(asked, payable)
        else:
            self.approve(asked)

    @rule(place=places, amount=amounts)
    def propose_and_withdraw(self, place: int, amount: int) -> None:
        asked = self.propose(AccountKind.CUSTOMER_PAID, one_of(self.customers, place).pk, amount)
        withdraw_adjustment(adjustment=asked, actor=self.staff[0])
        self.remember(lambda: approve_adjustment(adjustment=asked, actor=self.staff[1]), WrongAdjustmentState)

    def propose(self, kind: AccountKind, owner: int, amount: int) -> Adjustment:
        asked = propose_adjustment(
            account_kind=kind, owner_id=owner, amount_points=amount, reason="count", actor=self.staff[0]
        )
        self.refused(SamePerson, lambda: approve_adjustment(adjustment=asked, actor=self.staff[0]))
        return asked

    def approve(self, asked: Adjustment) -> None:
        approve_adjustment(adjustment=asked, actor=self.staff[1])
        self.remember(lambda: approve_adjustment(adjustment=asked, actor=self.staff[1]), WrongAdjustmentState)
        self.books.move(
            (AccountKind(asked.account_kind), asked.owner_id, asked.amount_points),
            (AccountKind.ADJUSTMENTS, 0, -asked.amount_points),
        )

    def refuse_since_too_little(self, asked: Adjustment, available: int) -> None:
        error = self.refused(
            InsufficientPoints, lambda: approve_adjustment(adjustment=asked, actor=self.staff[1])
        )
        assert (error.needed_points, error.available_points) == (-asked.amount_points, available)
        refuse_adjustment(adjustment=asked, actor=self.staff[1], reason="too little")
