"""Orders in any allowed sequence, and in others: after each every point and piece is where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import Phase

from forked_apps.order.models import Line
from forked_apps.order.services import delivery, parts
from points_payment.services import escrow
from tests.forked_apps.order.machine import OrderMachine
from tests.machines import run_machine

SOAK_STEPS = 10_000

pytestmark = pytest.mark.django_db(transaction=True)


def run(*, examples: int, derandomize: bool = True, but_for: Phase | None = None) -> None:
    run_machine(OrderMachine, examples=examples, derandomize=derandomize, but_for=but_for)


def test_whatever_becomes_of_orders_every_point_and_piece_is_accounted_for() -> None:
    run(examples=6)


def rounded_up(line: Line, *, reduced: int, settled: int, pieces: int) -> int:
    return min(-(-line.line_points * pieces // line.quantity), line.line_points - settled)


def left_at_the_door(pieces_by_line: Mapping[int, int]) -> None:
    pass


def rounded_down(*, points: int, basis_points: int, **_terms: object) -> int:
    return points * basis_points // 10_000


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (parts, "points_of_pieces", rounded_up),
        (delivery, "put_back_in_stock", left_at_the_door),
        (escrow, "commission_on", rounded_down),
    ],
    ids=["shares of pieces", "stock", "commission"],
)
def test_a_rule_that_is_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, wrong: Callable[..., object]
) -> None:
    """Negative control."""
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(AssertionError):
        run(examples=20, but_for=Phase.shrink)


@pytest.mark.soak
def test_ten_thousand_steps_lose_no_point_and_no_piece() -> None:
    OrderMachine.steps = 0
    OrderMachine.done.clear()
    while OrderMachine.steps < SOAK_STEPS:
        run(examples=25, derandomize=False)
        print(f"{OrderMachine.steps:>7,} steps", flush=True)
    for name, number in sorted(OrderMachine.done.items()):
        print(f"{name:32} {number:>7,}")
