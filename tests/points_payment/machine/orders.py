"""Points of orders and vendors: held, released, given back early and late, paid out, returned."""

from __future__ import annotations

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from points_payment.errors import (
    InsufficientPoints,
    InvalidAmount,
    NotRefundable,
    NotReversible,
    Overpaid,
    SamePerson,
    UnknownAllocation,
    WrongProposalState,
)
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Transfer, VendorPayment
from points_payment.services.escrow import (
    AllocationSpec,
    Refunded,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.payouts import pay_out, return_payout
from points_payment.services.vendor_payments import confirm_vendor_payment, record_vendor_payment
from tests.points_payment.machine.books import NEVER, Line, Order, Terms
from tests.points_payment.machine.steps import VENDORS, Steps, moves, one_of, places, points

TERMS = [
    *(Terms(basis_points) for basis_points in (0, 33, 800, 1_250, 10_000)),
    Terms(800, fixed=7),
    Terms(800, floor=25),
    Terms(1_250, cap=30),
    Terms(333, fixed=3, floor=11, cap=19),
    Terms(0, fixed=500),
    Terms(10_000, cap=0),
]
lines_wanted = st.lists(
    st.tuples(
        st.sampled_from(VENDORS),
        st.integers(0, 400),
        st.sampled_from([0, 0, 10, 50, 100]),
        st.sampled_from(TERMS),
    ),
    min_size=1,
    max_size=4,
)


class OrderRules(Steps):
    def __init__(self) -> None:
        super().__init__()
        #: Transfers of payouts that have not come back, with vendor and points.
        self.payouts: list[tuple[int, int, int]] = []

    # Orders -------------------------------------------------------------------------------
    @moves(TransferKind.PURCHASE)
    @rule(place=places, wanted=lines_wanted)
    def buy(self, place: int, wanted: list[tuple[int, int, int, Terms]]) -> None:
        """Also more than the wallet holds, lines that cost nothing, and some that the platform pays for."""
        customer, key = one_of(self.customers, place), self.key
        specs = [
            AllocationSpec(
                f"{key}-{number}", vendor, gross, terms.basis_points, terms.fixed, terms.floor,
                None if terms.cap == NEVER else int(terms.cap), gross * percent // 100,
            )
            for number, (vendor, gross, percent, terms) in enumerate(wanted)
        ]  # fmt: skip
        paid_for = [
            (f"{key}-{number}", vendor, gross, gross * percent // 100, terms)
            for number, (vendor, gross, percent, terms) in enumerate(wanted)
            if gross
        ]

        def send(order: str) -> int | None:
            with transaction.atomic():
                return hold_for_order(
                    customer_id=customer.pk, order_reference=order, allocations=specs, idempotency_key=key,
                    actor_id=customer.pk,
                ).transfer_id  # fmt: skip

        if not paid_for:
            assert send(key) is None
            return
        needed = sum(spec.gross_points - spec.subsidy_points for spec in specs)
        available = self.books.available(customer.pk)
        if available < needed:
            error = self.refused(InsufficientPoints, lambda: send(key))
            assert (error.needed_points, error.available_points) == (needed, available)
            return
        self.books.buy(customer.pk, paid_for)
        self.remember(lambda: send(key), send(key), otherwise=lambda: send(f"{key}x"))

    @moves(TransferKind.RELEASE)
    @precondition(lambda self: self.books.orders)
    @rule(place=places, some=st.sets(st.integers(0, 3)))
    def release(self, place: int, some: set[int]) -> None:
        order, key = one_of(self.books.orders, place), self.key
        lines = self.some_lines(order, some)

        def send(lines: list[Line]) -> tuple[int, int]:
            released = release_allocations(
                references=[line.reference for line in lines], actor_id=None, idempotency_key=key
            )
            return released.released_points, released.commission_points

        expected = self.books.release(lines)
        assert send(lines) == expected
        if expected[0]:
            self.remember(
                lambda: send(lines), expected,
                otherwise=(lambda: send(lines[:1])) if len(lines) > 1 else None,
            )  # fmt: skip

    @moves(TransferKind.CANCELLATION, TransferKind.RETURN)
    @precondition(lambda self: self.books.orders)
    @rule(
        place=places, some=st.sets(st.integers(0, 3)), parts=st.lists(points, min_size=4, max_size=4),
        added=st.lists(st.integers(0, 60), max_size=4),
    )  # fmt: skip
    def refund_some_points(self, place: int, some: set[int], parts: list[int], added: list[int]) -> None:
        """Also more than is left, and only to the platform."""
        order = one_of(self.books.orders, place)
        wanted = dict(zip(self.some_lines(order, some), parts, strict=False))
        subsidies = dict(zip(order.lines, added, strict=False))
        for back, left in ((wanted, "left"), (subsidies, "subsidy_left")):
            if any(asked > getattr(line, left) for line, asked in back.items()):
                error = self.refused(NotRefundable, lambda: self.send_refund(wanted, subsidies, self.key))
                assert error.left_points in {
                    n for line in order.lines for n in (line.left, line.subsidy_left)
                }
                back.update({line: min(asked, getattr(line, left)) for line, asked in back.items()})
        self.refund(order, wanted, subsidies)

    @moves(TransferKind.CANCELLATION, TransferKind.RETURN)
    @precondition(lambda self: self.books.orders)
    @rule(place=places, some=st.sets(st.integers(0, 3)))
    def refund_all_that_is_left(self, place: int, some: set[int]) -> None:
        order, key = one_of(self.books.orders, place), self.key
        lines = self.some_lines(order, some)
        names = [line.reference for line in lines]

        def send() -> Refunded:
            return refund_allocations(references=names, actor_id=None, reason="", idempotency_key=key)

        paid, promotional, _late = self.books.refund(
            order, {line: line.left for line in lines}, {line: line.subsidy_left for line in lines}
        )
        answer = send()
        assert (answer.paid_points, answer.promotional_points) == (paid, promotional)
        self.remember(send, answer)

    @precondition(lambda self: self.books.orders)
    @rule(place=places)
    def refund_and_release_what_nobody_ordered(self, place: int) -> None:
        known = one_of(self.books.orders, place).lines[0]
        foreign = next(
            (order.lines[0].reference for order in self.books.orders if known not in order.lines), "nothing"
        )
        self.refused(
            UnknownAllocation,
            lambda: refund_allocations(
                references=[known.reference, foreign], actor_id=None, reason="", idempotency_key=self.key
            ),
        )
        self.refused(
            UnknownAllocation,
            lambda: release_allocations(
                references=[known.reference, "nothing"], actor_id=None, idempotency_key=self.key
            ),
        )

    def some_lines(self, order: Order, some: set[int]) -> list[Line]:
        """Those at the places, or the first."""
        return [line for place, line in enumerate(order.lines) if place in some] or order.lines[:1]

    def send_refund(self, wanted: dict[Line, int], subsidies: dict[Line, int], key: str) -> Refunded:
        return refund_allocations(
            references_and_points={line.reference: asked for line, asked in wanted.items()},
            references_and_subsidies={line.reference: asked for line, asked in subsidies.items()},
            actor_id=None, reason="", idempotency_key=key,
        )  # fmt: skip

    def refund(self, order: Order, wanted: dict[Line, int], subsidies: dict[Line, int]) -> None:
        key = self.key
        paid, promotional, late = self.books.refund(order, wanted, subsidies)
        answer = self.send_refund(wanted, subsidies, key)
        assert (answer.paid_points, answer.promotional_points) == (paid, promotional)
        if answer.transfer_id is None:
            assert not any(wanted.values())
            assert not any(subsidies.values())
            return
        kind = Transfer.objects.values_list("kind", flat=True).get(pk=answer.transfer_id)
        assert kind == (TransferKind.RETURN if late else TransferKind.CANCELLATION)
        more = {line: asked + 1 for line, asked in wanted.items()}
        self.remember(
            lambda: self.send_refund(wanted, subsidies, key), answer,
            otherwise=lambda: self.send_refund(more, subsidies, key),
        )  # fmt: skip

    # Payouts ------------------------------------------------------------------------------
    @moves(TransferKind.PAYOUT)
    @rule(vendor=st.sampled_from(VENDORS), amount=points)
    def pay_out(self, vendor: int, amount: int) -> None:
        key, (one, other) = self.key, self.staff

        def send(amount_points: int, approved_by_id: int = other.pk) -> int:
            return pay_out(
                vendor_id=vendor, amount_points=amount_points, actor_id=one.pk,
                approved_by_id=approved_by_id, reference="bank", idempotency_key=key,
            ).transfer_id  # fmt: skip

        self.refused(SamePerson, lambda: send(amount, one.pk))
        self.refused(InvalidAmount, lambda: send(0))
        payable = self.books.accounts[AccountKind.VENDOR_PAYABLE, vendor]
        if payable < amount:
            assert self.refused(InsufficientPoints, lambda: send(amount)).available_points == payable
            amount = payable
        if not amount:
            return
        transfer_id = send(amount)
        self.remember(lambda: send(amount), transfer_id, otherwise=lambda: send(amount + 1))
        self.payouts.append((transfer_id, vendor, amount))
        self.books.move((AccountKind.VENDOR_PAYABLE, vendor, -amount), (AccountKind.PAYOUTS, 0, amount))

    @moves(TransferKind.PAYOUT_RETURNED)
    @precondition(lambda self: self.payouts)
    @rule(place=places)
    def payout_comes_back(self, place: int) -> None:
        transfer_id, vendor, amount = self.payouts.pop(place % len(self.payouts))
        key = self.key

        def send(reason: str, *, payout: int = transfer_id, key: str = key) -> int:
            return return_payout(
                transfer_id=payout, actor_id=self.staff[0].pk, reason=reason, idempotency_key=key
            ).transfer_id

        back = send("closed")
        self.remember(lambda: send("closed"), back, otherwise=lambda: send("other"))
        for payout in (transfer_id, back):
            self.refused(NotReversible, lambda payout=payout: send("closed", payout=payout, key=self.key))
        self.books.move((AccountKind.PAYOUTS, 0, -amount), (AccountKind.VENDOR_PAYABLE, vendor, amount))

    @precondition(lambda self: self.books.orders)
    @rule(place=places, amount=points)
    def a_vendor_is_paid_out_and_then_refunded_from(self, place: int, amount: int) -> None:
        """So that some owe, and some bring it: chance alone hardly ever comes by."""
        order = one_of(self.books.orders, place)
        self.release(place=place, some={0, 1, 2, 3})
        line = next((line for line in order.lines if line.released), None)
        if line is None:
            return
        self.pay_out(
            vendor=line.vendor, amount=self.books.accounts[AccountKind.VENDOR_PAYABLE, line.vendor] + 1
        )
        self.refund(order, {line: line.left}, {line: line.subsidy_left})
        self.vendor_pays_in(place, amount)

    @moves(TransferKind.VENDOR_PAYMENT)
    @rule(place=places, amount=points)
    def vendor_pays_in(self, place: int, amount: int) -> None:
        """What it owes, and not more."""
        key, (one, other) = self.key, self.staff
        owing = [who for who in VENDORS if self.books.accounts[AccountKind.VENDOR_RECEIVABLE, who]]
        vendor = one_of(owing or VENDORS, place)
        owed = -self.books.accounts[AccountKind.VENDOR_RECEIVABLE, vendor]

        def send(amount_points: int) -> int:
            return record_vendor_payment(
                vendor_id=vendor, amount_points=amount_points, reference="R-1", actor=one, idempotency_key=key
            ).pk

        if amount > owed:
            assert self.refused(Overpaid, lambda: send(amount)).owed_points == owed
            amount = owed
        if not amount:
            return
        payment = VendorPayment.objects.get(pk=send(amount))
        self.refused(SamePerson, lambda: confirm_vendor_payment(payment=payment, actor=one))
        confirm_vendor_payment(payment=payment, actor=other)
        self.remember(lambda: confirm_vendor_payment(payment=payment, actor=other), WrongProposalState)
        self.remember(lambda: send(amount), payment.pk, otherwise=lambda: send(amount + 1))
        self.books.move((AccountKind.CASH, 0, -amount), (AccountKind.VENDOR_RECEIVABLE, vendor, amount))
