"""Points that come into wallets and leave them by themselves: top-ups, gifts, expiry."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from marketplace.users.models import User
from points_payment.errors import InvalidAmount, OwnWallet
from points_payment.kinds import AccountKind, TransferKind
from points_payment.services.expiry import expire_points
from points_payment.services.promotions import give_promotional_points
from points_payment.services.topups import MAX_TOP_UP_POINTS, top_up
from tests.points_payment.machine.books import NEVER
from tests.points_payment.machine.steps import Steps, moves, one_of, places, points

GIFTS = (TransferKind.VOUCHER, TransferKind.REFERRAL, TransferKind.GOODWILL)
#: Before and after the days of grace; never on the very day, which the database's clock would decide.
EXPIRIES = (-1.0, 0.5, 3.5, 13.5, 14.5, 30.5, NEVER)


class WalletRules(Steps):
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
        self.remember(lambda: send(amount), send(amount), otherwise=lambda: send(amount + 1))
        self.books.credit(customer.pk, amount)
        self.books.move(
            (AccountKind.OPERATOR, operator.pk, -amount), (AccountKind.CUSTOMER_PAID, customer.pk, amount)
        )

    @moves(*GIFTS)
    @rule(place=places, amount=points, kind=st.sampled_from(GIFTS), expires=st.sampled_from(EXPIRIES))
    def give(self, place: int, amount: int, kind: TransferKind, expires: float) -> None:
        customer, key = one_of(self.customers, place), self.key
        expires_at = None if expires == NEVER else self.after(expires)

        def send(amount_points: int) -> int:
            return give_promotional_points(
                kind=kind, customer_id=customer.pk, amount_points=amount_points, expires_at=expires_at,
                reference="", reason="", actor_id=None, idempotency_key=key,
            ).transfer_id  # fmt: skip

        self.refused(InvalidAmount, lambda: send(0))
        self.remember(lambda: send(amount), send(amount), otherwise=lambda: send(amount + 1))
        self.books.credit(customer.pk, amount, promotional=True, expires=expires)
        self.books.move(
            (AccountKind.PROMOTIONS, 0, -amount), (AccountKind.CUSTOMER_PROMOTIONAL, customer.pk, amount)
        )

    @moves(TransferKind.POINTS_EXPIRY)
    @rule(day=st.sampled_from([0.0, 1.0, 4.0, 14.2, 31.0]))
    def expire_points(self, day: float) -> None:
        """As it will be after so many days; once more takes nothing."""
        assert expire_points(now=self.after(day)) == self.books.expire(day)
        assert expire_points(now=self.after(day)) == 0
