"""What a product of a list weighs, packed: as the list says, or as its measures let one guess."""

from __future__ import annotations

import math
from collections.abc import Mapping

#: Columns in which lists give a weight, with grams per unit.
WEIGHT_COLUMNS = {
    "shipping_weight_g": 1, "weight_g": 1, "weight_grams": 1,
    "shipping_weight_kg": 1_000, "weight_kg": 1_000, "weight": 1_000,
}  # fmt: skip
#: Columns of the three measures, in centimetres.
MEASURES = (("width_cm", "width"), ("height_cm", "height"), ("depth_cm", "length_cm", "depth", "length"))
#: Furniture travels in flat boxes: a bookcase or a sofa weighs some 50 kg per cubic metre of the room that it
#: fills afterwards. A guess; a vendor that knows better writes the weight at its offer.
GRAMS_PER_CM3 = 0.05
#: Guesses are rounded up to this.
GUESS_STEP_GRAMS = 500
#: More than a truck takes to a home: the column holds something else.
MOST_GRAMS = 2_000_000

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.")


def shipping_weight_of(raw: Mapping[str, str]) -> int | None:
    """Whole grams of a row's product, or None where neither a weight nor all three measures are given."""
    for column, grams_per_unit in WEIGHT_COLUMNS.items():
        if (number := _number(raw.get(column, ""))) is not None:
            return _within(math.ceil(round(number * grams_per_unit, 3)))
    measures = [
        next((number for name in names if (number := _number(raw.get(name, ""))) is not None), None)
        for names in MEASURES
    ]
    if any(measure is None for measure in measures):
        return None
    guess = math.prod(measure for measure in measures if measure is not None) * GRAMS_PER_CM3
    return _within(math.ceil(guess / GUESS_STEP_GRAMS) * GUESS_STEP_GRAMS)


def _number(text: str) -> float | None:
    try:
        number = float(text.translate(_DIGITS).strip())
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _within(grams: int) -> int | None:
    return grams if 0 < grams <= MOST_GRAMS else None
