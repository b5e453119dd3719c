"""Units of attributes, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _, pgettext

UNITS = (
    "mm",
    "cm",
    "m",
    "in",
    "g",
    "kg",
    "ml",
    "l",
    "MB",
    "GB",
    "TB",
    "MHz",
    "GHz",
    "Hz",
    "W",
    "V",
    "mAh",
    "MP",
    "%",
)
#: How lists write a unit at the end of a column's name.
UNIT_OF_SUFFIX = {unit.lower(): unit for unit in UNITS if unit not in {"in", "m", "l", "v", "%"}} | {
    "inch": "in", "inches": "in", "litres": "l", "liters": "l", "watts": "W", "volts": "V", "percent": "%",
    "metres": "m", "meters": "m", "w": "W", "hz": "Hz", "mp": "MP",
}  # fmt: skip


def unit_label(unit: str) -> str:
    """The unit as the reader writes it; one that we don't know stands as it is."""
    labels = {
        "mm": _("mm"), "cm": _("cm"), "m": pgettext("metres", "m"), "in": pgettext("inches", "in"),
        "g": pgettext("grams", "g"), "kg": _("kg"), "ml": _("ml"), "l": pgettext("litres", "l"),
        "MB": _("MB"), "GB": _("GB"), "TB": _("TB"),
    }  # fmt: skip
    return labels.get(unit, unit)
