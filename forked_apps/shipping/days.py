"""The days on which a customer may expect goods: handling first, then the way.

Handling is counted in working days: on Fridays shops in Iraq rest, so a Friday is none. Days on the way
are counted as the vendor states them, every day of the week, for couriers drive on Fridays too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

#: As ``date.weekday`` counts, from Monday.
FRIDAY = 4


@dataclass(frozen=True, slots=True)
class ExpectedDays:
    first: date
    last: date


def handed_over_on(*, ordered_on: date, handling_days: int) -> date:
    """The day on which a courier has it: so many working days after the order."""
    day = ordered_on
    for _ in range(handling_days):
        day += timedelta(days=1)
        if day.weekday() == FRIDAY:
            day += timedelta(days=1)
    return day


def expected_days(*, ordered_on: date, handling_days: int, days_min: int, days_max: int) -> ExpectedDays:
    handed_over = handed_over_on(ordered_on=ordered_on, handling_days=handling_days)
    return ExpectedDays(handed_over + timedelta(days=days_min), handed_over + timedelta(days=days_max))
