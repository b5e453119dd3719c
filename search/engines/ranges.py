"""Round bounds for a facet of numbers, fitted to the numbers there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberRange:
    """From ``low`` to below ``high``; None is open."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class NumberRanges:
    """What ``facet(field, ranges=5)`` counts: round ranges within what there is."""

    lowest: float | None
    highest: float | None
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
