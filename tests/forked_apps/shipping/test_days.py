"""Fridays are no working days, and a parcel is on its way on each day."""

from __future__ import annotations

from datetime import date

import pytest

from forked_apps.shipping.days import ExpectedDays, expected_days, handed_over_on

THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("ordered", "handling_days", "handed_over"),
    [
        (date(2026, 11, 22), 0, date(2026, 11, 22)),
        (date(2026, 11, 22), 2, date(2026, 11, 24)),
        (THURSDAY, 1, date(2026, 11, 28)),
        (date(2026, 11, 27), 1, date(2026, 11, 28)),
        (THURSDAY, 7, date(2026, 12, 5)),
        (THURSDAY, 0, THURSDAY),
    ],
    ids=["at-once", "two-days", "over-a-friday", "ordered-on-a-friday", "over-two-fridays", "sent-at-once"],
)
def test_handling_skips_fridays(ordered: date, handling_days: int, handed_over: date) -> None:
    assert handed_over_on(ordered_on=ordered, handling_days=handling_days) == handed_over


def test_the_way_begins_when_a_courier_has_it_and_counts_each_day() -> None:
    assert expected_days(ordered_on=THURSDAY, handling_days=1, days_min=1, days_max=6) == ExpectedDays(
        date(2026, 11, 29), date(2026, 12, 4)
    )
