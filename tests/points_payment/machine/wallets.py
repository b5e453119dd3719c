"""Promotional points: gifts, vouchers, and the day on which they end."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from marketplace.users.models import User
from points_payment.errors import InvalidAmount, VoucherUsed, VoucherUsedUp
from points_payment.kinds import AccountKind, TransferKind
from points_payment.services.attempts import Attempt
from points_payment.services.expiry import expire_points
from points_payment.services.promotions import give_promotional_points
from points_payment.services.vouchers import create_campaign, redeem_voucher
from tests.factories.points import new_key
from tests.points_payment.machine.books import NEVER
from tests.points_payment.machine.steps import Steps, moves, one_of, places, points

GIFTS = (TransferKind.REFERRAL, TransferKind.GOODWILL)
VOUCHER_POINTS, VOUCHER_DAYS, VOUCHERS, VOUCHERS_EACH = 120, 20, 5, 3
#: Before and after the days of grace; never on the very day, which the database's clock would decide.
EXPIRIES = (-1.0, 0.5, 3.5, 13.5, 14.5, 30.5, NEVER)


class WalletRules(Steps):
    def __init__(self) -> None:
        super().__init__()
        self.vouchers_redeemed: Counter[int] = Counter()

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

    @initialize()
    def advertise(self) -> None:
        self.campaign = create_campaign(
            name="Eid", shared_code="EID2027", value_points=VOUCHER_POINTS, starts_at=self.after(-1),
            ends_at=self.after(1), total_limit=VOUCHERS, per_customer_limit=VOUCHERS_EACH,
            lifetime_days=VOUCHER_DAYS, actor=User.objects.create(first_name="Campaigner"),
        )  # fmt: skip

    @moves(TransferKind.VOUCHER)
    @rule(place=places)
    def redeem_voucher(self, place: int) -> None:
        """Also beyond what a customer may have, and beyond what there is."""
        customer, key = one_of(self.customers, place), self.key

        def send(code: str = "eid-2027") -> int:
            return redeem_voucher(
                customer=customer, code=code, idempotency_key=key, attempt=Attempt("192.0.2.1", new_key())
            ).transfer_id

        if self.vouchers_redeemed[customer.pk] == VOUCHERS_EACH:
            self.refused(VoucherUsed, send)
        elif self.vouchers_redeemed.total() == VOUCHERS:
            self.refused(VoucherUsedUp, send)
        else:
            self.remember(send, send(), otherwise=lambda: send("OTHER27"))
            self.vouchers_redeemed[customer.pk] += 1
            self.books.credit(
                customer.pk, VOUCHER_POINTS, promotional=True, expires=self.books.in_days(VOUCHER_DAYS)
            )
            self.books.move(
                (AccountKind.PROMOTIONS, 0, -VOUCHER_POINTS),
                (AccountKind.CUSTOMER_PROMOTIONAL, customer.pk, VOUCHER_POINTS),
            )

    @moves(TransferKind.POINTS_EXPIRY)
    @rule(day=st.sampled_from([0.0, 1.0, 4.0, 14.2, 20.2, 31.0]))
    def expire_points(self, day: float) -> None:
        """As it will be after so many days; once more takes nothing."""
        assert expire_points(now=self.after(day)) == self.books.expire(day)
        assert expire_points(now=self.after(day)) == 0
