"""The top-up desk: points for cash, mistakes taken back, and what becomes of the cash."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from marketplace.users.models import User
from points_payment.errors import (
    InvalidAmount,
    MoreThanHeld,
    NothingLeftToReverse,
    NotReversible,
    OwnWallet,
    SamePerson,
    WrongProposalState,
)
from points_payment.kinds import CASH_KINDS, AccountKind, TransferKind
from points_payment.models import TopUp
from points_payment.services.cash import confirm_hand_in, hand_in_cash
from points_payment.services.reversals import reverse_top_up
from points_payment.services.topups import MAX_TOP_UP_POINTS, top_up
from tests.points_payment.machine.books import Lot
from tests.points_payment.machine.steps import Steps, moves, one_of, places, points


class CashRules(Steps):
    def __init__(self) -> None:
        super().__init__()
        #: Top-ups that nobody took back, with what they brought.
        self.top_ups: list[tuple[int, int, Lot]] = []

    @moves(TransferKind.TOP_UP)
    @rule(place=places, amount=points)
    def top_up(self, place: int, amount: int) -> None:
        customer, operator, key = one_of(self.customers, place), self.staff[0], self.key

        def send(amount_points: int, by: User = operator) -> int:
            return top_up(
                operator=by, customer=customer, amount_points=amount_points, reason="cash",
                reference=key, idempotency_key=key,
            ).pk  # fmt: skip

        for nonsense in (0, -amount, MAX_TOP_UP_POINTS + 1):
            self.refused(InvalidAmount, lambda nonsense=nonsense: send(nonsense))
        self.refused(OwnWallet, lambda: send(amount, by=customer))
        transfer_id = send(amount)
        self.remember(lambda: send(amount), transfer_id, otherwise=lambda: send(amount + 1))
        self.top_ups.append((transfer_id, customer.pk, self.books.credit(customer.pk, amount)))
        self.books.move(
            (AccountKind.OPERATOR, operator.pk, -amount), (AccountKind.CUSTOMER_PAID, customer.pk, amount)
        )

    @moves(TransferKind.TOP_UP_REVERSAL)
    @precondition(lambda self: self.top_ups)
    @rule(place=places)
    def take_a_top_up_back(self, place: int) -> None:
        """As far as it is unspent: out of the drawer, and what is not there any more out of our cash."""
        transfer_id, customer, lot = one_of(self.top_ups, place)
        operator = self.staff[0]

        def send() -> int:
            done = TopUp.objects.get(pk=transfer_id)
            return reverse_top_up(top_up=done, actor=operator, reason="slip").amount_points

        if not lot.left:
            self.refused(NothingLeftToReverse, send)
            return
        amount, lot.left = lot.left, 0
        assert send() == amount
        self.remember(send, NotReversible)
        self.top_ups.remove((transfer_id, customer, lot))
        from_drawer = min(amount, -self.books.accounts[AccountKind.OPERATOR, operator.pk])
        self.books.move(
            (AccountKind.CUSTOMER_PAID, customer, -amount),
            (AccountKind.OPERATOR, operator.pk, from_drawer),
            (AccountKind.CASH, 0, amount - from_drawer),
        )

    @moves(TransferKind.CASH_HANDED_IN)
    @rule(kind=st.sampled_from(CASH_KINDS), amount=points)
    def hand_in_cash(self, kind: AccountKind, amount: int) -> None:
        """Also more than one has."""
        key, (person, other) = self.key, self.staff
        held = -self.books.accounts[kind, person.pk]

        def send(amount_points: int) -> int:
            return hand_in_cash(
                person=person, kind=kind, amount_points=amount_points, reference="bag", idempotency_key=key
            ).pk

        if amount > held:
            assert self.refused(MoreThanHeld, lambda: send(amount)).held_points == held
            amount = held
        if not amount:
            return
        handed_in = hand_in_cash(
            person=person, kind=kind, amount_points=amount, reference="bag", idempotency_key=key
        )
        self.refused(SamePerson, lambda: confirm_hand_in(hand_in=handed_in, actor=person))
        confirm_hand_in(hand_in=handed_in, actor=other)
        self.remember(lambda: confirm_hand_in(hand_in=handed_in, actor=other), WrongProposalState)
        self.remember(lambda: send(amount), handed_in.pk, otherwise=lambda: send(amount + 1))
        self.books.move((kind, person.pk, amount), (AccountKind.CASH, 0, -amount))
