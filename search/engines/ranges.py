"""Round bounds for a facet of numbers, fitted to the numbers there are."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True, slots=True)
class NumberRange:
    """From ``low`` to below ``high``; None is open."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class NumberRanges:
    """What ``facet(field, ranges=5)`` counts: round ranges, none where all numbers are too close."""

    counts: tuple[tuple[NumberRange, int], ...]
    #: The numbers themselves where there are few of them, smallest first.
    values: tuple[tuple[float, int], ...]


def round_bound(value: float) -> float:
    """The nearest number with one digit, or two where the first is 1 or 2: what people call round."""
    if value <= 0:
        return 0.0
    exponent = math.floor(math.log10(value))
    unit = 10.0 ** (exponent - 1)
    leading = value / unit  # 10 to 99.9
    step = 5 if leading < 30 else 10
    rounded = round(leading / step) * step * unit
    return round(rounded, 6)


def fitted_bounds(quantiles: Sequence[float], *, lowest: float, highest: float) -> list[float]:
    """Inner bounds, rising and distinct, each within what there is; none for a single number."""
    bounds: list[float] = []
    for value in quantiles:
        bound = round_bound(value)
        if lowest < bound <= highest and (not bounds or bound > bounds[-1]):
            bounds.append(bound)
    return bounds


# Numbers indexed with their step --------------------------------------------------------------------
_LEADING = (10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90)
#: All that ``round_bound`` gives from 1 to 10^18, and 0.
ROUND_BOUNDS = (0.0, *(round(leading * 10.0 ** (e - 1), 6) for e in range(18) for leading in _LEADING))


def step_of(number: float) -> int:
    """How many round bounds the number reaches: between two of them all numbers have the same step."""
    return bisect_right(ROUND_BOUNDS, number)


def ranges_of_steps(by_step: Mapping[int, int], percents: Sequence[float]) -> NumberRanges:
    """Ranges fitted to how many numbers each step has: those that the numbers themselves would give."""
    if not by_step:
        return NumberRanges((), ())
    # A bound between two steps is above all numbers of the lower and above none of the higher.
    lowest, highest = (_first_of(step) for step in (min(by_step), max(by_step)))
    bounds = fitted_bounds(quantiles_of(by_step, percents), lowest=lowest, highest=highest)
    return NumberRanges(tuple(count_between(bounds, by_step)), ())


def _first_of(step: int) -> float:
    """The bound that a step begins with; negative numbers have none."""
    return ROUND_BOUNDS[step - 1] if step else -math.inf


def quantiles_of(by_step: Mapping[int, int], percents: Sequence[float]) -> list[float]:
    """About where so many in a hundred are below, from how many numbers each step has."""
    steps = sorted(by_step)
    below = list(accumulate((by_step[step] for step in steps), initial=0))
    quantiles = []
    for percent in percents:
        wanted = percent / 100 * below[-1]
        place = min(bisect_right(below, wanted) - 1, len(steps) - 1)
        step = steps[place]
        low = max(0.0, _first_of(step))
        # They are whole: of those from 0 to below 1 there is only 0.
        high = ROUND_BOUNDS[step] if 1 < step < len(ROUND_BOUNDS) else low
        quantiles.append(low + (high - low) * (wanted - below[place]) / by_step[step])
    return quantiles


def count_between(bounds: Sequence[float], by_step: Mapping[int, int]) -> list[tuple[NumberRange, int]]:
    """How many numbers lie between round bounds; none where there is no bound."""
    if not bounds:
        return []
    places = [bisect_left(ROUND_BOUNDS, bound) for bound in bounds]
    counts = [0] * (len(bounds) + 1)
    for step, count in by_step.items():
        # Below the bound at place n are the numbers that reach n of them at most.
        counts[bisect_left(places, step)] += count
    return [
        (NumberRange(low, high), count)
        for (low, high), count in zip(pairwise([None, *bounds, None]), counts, strict=True)
    ]
