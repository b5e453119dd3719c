"""Every service that moves points, called in any order, beside a model in plain Python.

A new kind of transfer gets a rule in the module of its own kind, marked with ``@moves(kind)``; a new
module adds a mixin to ``LedgerMachine``. ``kinds_without_rule`` says what is missing.
"""

from __future__ import annotations

import inspect

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from points_payment.kinds import TransferKind
from tests.points_payment.machine.books import Terms
from tests.points_payment.machine.cards import EXPIRY_DAYS, CardRules
from tests.points_payment.machine.cash import CashRules
from tests.points_payment.machine.corrections import CorrectionRules
from tests.points_payment.machine.orders import OrderRules
from tests.points_payment.machine.wallets import WalletRules

#: Kinds that no rule makes, and why.
WITHOUT_RULE: dict[TransferKind, str] = {}


class LedgerMachine(CashRules, WalletRules, OrderRules, CorrectionRules, CardRules):
    """All rules together."""

    @initialize(commission=st.sampled_from([0, 800, 10_000]))
    def begin(self, commission: int) -> None:
        """With points, orders and cards, so that few steps lead somewhere."""
        self.open_books()
        for place in range(len(self.customers)):
            self.give(place=place, amount=300, kind=TransferKind.REFERRAL, expires=3.5)
            self.give(place=place, amount=300, kind=TransferKind.GOODWILL, expires=30.5)
            self.top_up(place=place, amount=2_500)
            self.buy(
                place=place,
                wanted=[
                    (1, 250, 0, Terms(commission)),
                    (2, 333, 50, Terms(1_250, floor=60)),
                    (1, 101, 0, Terms(33)),
                ],
            )
            self.adjust_a_vendor(vendor=place + 1, amount=400)
        for expires in EXPIRY_DAYS:
            self.print_batch(number=4, value=500, expires=expires)
        self.activate_batch(place=0)
        self.deliver_to_the_shop(place=1, is_second_half=False)


def kinds_with_rule() -> set[TransferKind]:
    return {
        kind
        for _name, method in inspect.getmembers(LedgerMachine)
        for kind in getattr(method, "moves_kinds", ())
    }
