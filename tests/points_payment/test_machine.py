"""Everything that moves points, in any order: after each step the books are the model's, and prove."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import Phase

from points_payment.kinds import TransferKind
from points_payment.services import escrow
from points_payment.services.wallets import Movement, SpendableLot, plan_spending
from tests.machines import run_machine
from tests.points_payment.machine import WITHOUT_RULE, LedgerMachine, kinds_with_rule

SOAK_STEPS = 10_000

pytestmark = pytest.mark.django_db(transaction=True)


def run(*, examples: int, derandomize: bool = True, but_for: Phase | None = None) -> None:
    run_machine(LedgerMachine, examples=examples, derandomize=derandomize, but_for=but_for)


def test_every_kind_of_transfer_has_a_rule_or_a_reason() -> None:
    assert kinds_with_rule() | WITHOUT_RULE.keys() == set(TransferKind)
    assert not kinds_with_rule() & WITHOUT_RULE.keys()


def test_whatever_is_done_the_books_are_the_models() -> None:
    run(examples=8)


def rounded_down(*, points: int, basis_points: int, **_more: object) -> int:
    return points * basis_points // 10_000


def dearest_first(*, lots: Sequence[SpendableLot], needed_points: int) -> Movement:
    return plan_spending(lots=lots[::-1], needed_points=needed_points)


@pytest.mark.parametrize(
    ("name", "wrong"), [("commission_on", rounded_down), ("plan_spending", dearest_first)]
)
def test_a_rule_that_is_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: Callable[..., object]
) -> None:
    """Negative control: points that are whole, proved, and in the wrong place."""
    monkeypatch.setattr(escrow, name, wrong)
    with pytest.raises(AssertionError):
        run(examples=25, but_for=Phase.shrink)


@pytest.mark.soak
def test_ten_thousand_steps_leave_the_books_the_models() -> None:
    LedgerMachine.steps = 0
    LedgerMachine.posted.clear()
    while LedgerMachine.steps < SOAK_STEPS:
        run(examples=50, derandomize=False)
        print(f"{LedgerMachine.steps:>7,} steps", flush=True)
    for kind, number in LedgerMachine.posted.most_common():
        print(f"{kind:20} {number:>7,}")
    assert LedgerMachine.posted.keys() == {kind.value for kind in kinds_with_rule()}
