"""Round ranges from steps are those that the numbers themselves would give."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from search.engines.ranges import (
    ROUND_BOUNDS,
    quantiles_of,
    ranges_of_steps,
    round_bound,
    step_of,
)


def test_every_round_bound_is_a_step() -> None:
    dice = random.Random(3)
    for _ in range(2_000):
        assert round_bound(dice.randrange(10 ** dice.randrange(1, 13))) in ROUND_BOUNDS


@pytest.mark.parametrize("highest", [9, 400, 75_000, 10**9])
def test_counts_of_steps_are_those_of_numbers(highest: int) -> None:
    dice = random.Random(highest)
    numbers = [dice.randrange(highest + 1) for _ in range(500)]
    by_step = Counter(map(step_of, numbers))
    found = ranges_of_steps(by_step, [20, 40, 60, 80])
    assert len(found.counts) >= 3
    # No range at either end is empty, and together they hold all.
    assert found.counts[0][1]
    assert found.counts[-1][1]
    assert sum(count for _, count in found.counts) == len(numbers)
    for part, count in found.counts:
        low = -1 if part.low is None else part.low
        high = highest + 1 if part.high is None else part.high
        assert count == sum(low <= number < high for number in numbers)


def test_quantiles_are_near_the_true_ones() -> None:
    numbers = list(range(1_000, 101_000, 100))
    by_step = Counter(map(step_of, numbers))
    found = quantiles_of(by_step, [25, 50, 75])
    assert found == pytest.approx([26_000, 51_000, 76_000], rel=0.02)


@pytest.mark.parametrize("numbers", [[500] * 7, [510, 560, 590], [0], [], [-3, -1]])
def test_numbers_that_are_too_close_have_no_ranges(numbers: list[int]) -> None:
    found = ranges_of_steps(Counter(map(step_of, numbers)), [20, 40, 60, 80])
    assert (found.counts, found.values) == ((), ())


def test_no_bound_is_between_0_and_1() -> None:
    """Of whole numbers, ranges there would be empty."""
    found = ranges_of_steps(Counter(map(step_of, [0] * 50 + [3, 3, 3, 7, 7, 7, 7])), [20, 40, 60, 90])
    assert [part.low for part, _ in found.counts] == [None, 3]
    assert all(count for _, count in found.counts)
