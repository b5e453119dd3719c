"""Everything that becomes of orders, in any order, beside a model in plain Python.

A new way for an order to go gets a rule in a mixin of ``OrderMachine``: pick a part, say by the model
alone whether the step is right, ``try_step`` it, and write what should have happened into the model
(``books``). What has to hold afterwards is compared by ``steps``, after every step.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from forked_apps.order.return_models import ReturnReason
from tests.forked_apps.order.machine.delivering import DeliveringRules
from tests.forked_apps.order.machine.disputing import DisputingRules
from tests.forked_apps.order.machine.handling import HandlingRules
from tests.forked_apps.order.machine.paying import PayingRules
from tests.forked_apps.order.machine.placing import PlacingRules
from tests.forked_apps.order.machine.returning import ReturningRules


class OrderMachine(PlacingRules, HandlingRules, DeliveringRules, ReturningRules, DisputingRules, PayingRules):
    """All rules together."""

    @initialize(
        sale=st.sampled_from([33, 7, 0]),
        is_platforms=st.booleans(),
        wanted=st.permutations([(0, 2), (2, 3), (3, 2), (4, 1)]),
    )
    def begin(self, sale: int, is_platforms: bool, wanted: list[tuple[int, int]]) -> None:
        """With orders on their way, one that waits, a return and a dispute, so that few steps lead somewhere.

        The discount leaves lines that no number of pieces divides.
        """
        self.open_shop(sale=sale, is_platforms=is_platforms)
        self.place_an_order(place=0, wanted=dict(wanted))
        self.place_an_order(place=1, wanted={1: 4, 2: 4, 3: 4})
        self.send_all_of_it(place=0, stray=False)
        self.vendor_says_it_arrived(place=0, stray=False)
        self.send_all_of_it(place=0, stray=False)
        self.ask(place=0, stray=False, numbers=[1] * 5, reason=ReturnReason.DAMAGED)
        self.vendor_says_it_arrived(place=0, stray=False)
        self.tell_of_a_problem(place=1, numbers=[1] * 5)
        self.see_no_fault(place=0, stray=False)
        self.ask_the_marketplace(place=0)
        self.send_all_of_it(place=0, stray=False)
