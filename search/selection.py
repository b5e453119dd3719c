"""What a person chose on a list page, read from its address, and the addresses of other choices.

Whatever cannot be read is left out: an address that somebody shortened, mistyped or attacked shows
the nearest list, never an error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote_plus

from django.http import QueryDict

from search.directory import Directory

PAGE_SIZES = (24, 96)
#: Orders that a person may choose; the first is the default. "relevance" without words is "featured".
ORDERS = ("relevance", "price", "-price", "newest", "best_selling", "rating", "discount")

LONGEST_TEXT = 200
LONGEST_VALUE = 120
MOST_VALUES = 50
MOST_PAIRS = 200
HIGHEST_PRICE = 10**12

#: One value of a few that are offered.
STEP_GROUPS = {
    "rating": ("4", "3", "2", "1"),
    "discount": ("10", "20", "30", "50"),
    "arrived": ("7", "30", "90"),
}
SINGLE = {"q", "category", "price_min", "price_max", "in_stock", "sort", "size", "page", *STEP_GROUPS}

Pair = tuple[str, str]


def read_number(text: str) -> float | None:
    """A number as people type it, in any script's digits, grouped or not; None if it is none."""
    digits = []
    for character in text.strip():
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            digits.append(str(digit))
        elif character in ".٫":
            digits.append(".")
        elif character not in ",٬،_ \u00a0\u202f'":
            return None
    try:
        number = float("".join(digits))
    except ValueError:
        return None
    return number if number < HIGHEST_PRICE else None


def write_number(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:.4f}".rstrip("0")


@dataclass(frozen=True, slots=True)
class Selection:
    """Checked choices, in the order of the address."""

    pairs: tuple[Pair, ...] = ()
    page: int = 1
    #: Bounds that are no numbers, as they were typed: a form shows them again and says so.
    unread_bounds: tuple[Pair, ...] = ()

    # Reading --------------------------------------------------------------------------------
    @classmethod
    def read(cls, query: QueryDict, directory: Directory) -> Selection:
        pairs: list[Pair] = []
        unread: list[Pair] = []
        for name in query:
            is_single = name in SINGLE or _other_bound(name, directory)
            values = query.getlist(name)[-1:] if is_single else query.getlist(name)[:MOST_VALUES]
            for value in values:
                pair = _checked(name, value, directory)
                if pair is not None and pair not in pairs:
                    pairs.append(pair)
                elif pair is None and value.strip() and _other_bound(name, directory):
                    unread.append((name, value.strip()[:LONGEST_VALUE]))
        page = query.get("page", "1")
        number = int(page) if page.isdecimal() and len(page) < 9 else 1
        return cls(
            tuple(_bounds_in_order(pairs, directory)[:MOST_PAIRS]),
            page=max(1, min(number, 10**6)),
            unread_bounds=tuple(unread[:MOST_PAIRS]),
        )

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.pairs if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def number(self, name: str) -> float | None:
        value = self.get(name)
        return None if value is None else float(value)

    def has(self, name: str, value: str) -> bool:
        return (name, value) in self.pairs

    def unread_bound(self, name: str) -> str:
        return next((value for key, value in self.unread_bounds if key == name), "")

    @property
    def text(self) -> str:
        return self.get("q") or ""

    @property
    def order(self) -> str:
        return self.get("sort") or ORDERS[0]

    @property
    def page_size(self) -> int:
        return int(self.get("size") or PAGE_SIZES[0])

    @property
    def is_shown_otherwise(self) -> bool:
        """Whether it is the same list in another order, in longer pages, or beside longer groups."""
        return any(name in {"sort", "size", "more"} for name, _ in self.pairs)

    def shows_all_of(self, group: str) -> bool:
        return self.has("more", group)

    def filters(self) -> list[Pair]:
        """What narrows the list, as chips show it."""
        return [pair for pair in self.pairs if pair[0] not in {"q", "sort", "size", "more", "category"}]

    # Other addresses ------------------------------------------------------------------------
    def toggled(self, name: str, value: str) -> str:
        """The query string with one value of a group more, or less if it is chosen."""
        if (name, value) in self.pairs:
            return query_string(pair for pair in self.pairs if pair != (name, value))
        return query_string([*self.pairs, (name, value)])

    def with_one(self, name: str, value: str | None) -> str:
        """The query string with this value in the place of any other of its name."""
        kept = [pair for pair in self.pairs if pair[0] != name]
        return query_string(kept if value is None else [*kept, (name, value)])

    def without(self, *names: str) -> str:
        return query_string(pair for pair in self.pairs if pair[0] not in names)

    def with_range(self, low_name: str, high_name: str, low: float | None, high: float | None) -> str:
        kept = [pair for pair in self.pairs if pair[0] not in {low_name, high_name}]
        bounds = [
            (name, write_number(end)) for name, end in ((low_name, low), (high_name, high)) if end is not None
        ]
        return query_string([*kept, *bounds])

    def unfiltered(self) -> str:
        """The query string with nothing chosen but the words and how the list is shown."""
        return query_string(pair for pair in self.pairs if pair[0] in {"q", "sort", "size"})

    def hidden(self, *without: str) -> list[Pair]:
        """Fields of a form that changes only what is named."""
        return [pair for pair in self.pairs if pair[0] not in without]


def query_string(pairs: Iterable[Pair]) -> str:
    return "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)


def link(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def attribute_of(name: str, directory: Directory) -> tuple[str, str] | None:
    """("a", code), ("min", code) or ("max", code) where the name asks for an attribute that is a facet."""
    kind, _, code = name.partition("_")
    if kind not in {"a", "min", "max"} or (found := directory.attributes.get(code)) is None:
        return None
    return (kind, code) if kind == "a" or found.is_number else None


def _other_bound(name: str, directory: Directory) -> str:
    """The highest for the lowest, and the other way; empty where the name is of no bound."""
    if name in {"price_min", "price_max"}:
        return "price_max" if name == "price_min" else "price_min"
    kind, code = attribute_of(name, directory) or ("a", "")
    return {"min": f"max_{code}", "max": f"min_{code}"}.get(kind, "")


def _bounds_in_order(pairs: list[Pair], directory: Directory) -> list[Pair]:
    """ "From 9 to 1" means from 1 to 9."""
    chosen = dict(pairs)

    def in_order(name: str, value: str) -> str:
        other = chosen.get(_other_bound(name, directory))
        if other is None:
            return value
        lower, higher = sorted((value, other), key=float)
        return lower if name == "price_min" or name.startswith("min_") else higher

    return [(name, in_order(name, value)) for name, value in pairs]


def _checked(name: str, value: str, directory: Directory) -> Pair | None:
    value = value.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
    if not value:
        return None
    if name == "q":
        return (name, value[:LONGEST_TEXT])
    if len(value) > LONGEST_VALUE:
        return None
    checked = _checked_value(name, value, directory)
    return None if checked is None else (name, checked)


def _checked_value(name: str, value: str, directory: Directory) -> str | None:
    """The value in the one spelling that addresses have; None if it is none of its group's."""
    if (check := _CHECKS.get(name)) is not None:
        return check(value, directory)
    asked = attribute_of(name, directory)
    if asked is None:
        return None
    kind, code = asked
    if kind == "a" and not directory.attributes[code].is_number:
        return value
    number = read_number(value)
    return None if number is None else write_number(number)


#: "250.000": prices are whole, so points group digits as commas do.
_GROUPED_BY_POINTS = re.compile(r"\s*\d{1,3}(?:[.٫]\d{3})+\s*")


def _price(value: str, directory: Directory) -> str | None:
    if _GROUPED_BY_POINTS.fullmatch(value):
        value = value.replace(".", "").replace("٫", "")
    number = read_number(value)
    return None if number is None else str(round(number))


def _category(value: str, directory: Directory) -> str | None:
    pk = _number_of_row(value, directory)
    return pk if pk is not None and int(pk) in directory.categories else None


def _number_of_row(value: str, directory: Directory) -> str | None:
    return str(int(value)) if value.isascii() and value.isdecimal() and len(value) < 19 else None


def _group(value: str, directory: Directory) -> str | None:
    """A group of which not all values are offered at first."""
    if value in {"brand", "vendor"}:
        return value
    return value if value.startswith("a_") and attribute_of(value, directory) else None


def _one_of(*values: str) -> Callable[[str, Directory], str | None]:
    return lambda value, directory: value if value in values else None


_CHECKS: dict[str, Callable[[str, Directory], str | None]] = {
    "price_min": _price,
    "price_max": _price,
    "category": _category,
    "vendor": _number_of_row,
    "brand": lambda value, directory: value,
    "in_stock": _one_of("1"),
    "sort": _one_of(*ORDERS[1:]),
    "size": _one_of(*(str(size) for size in PAGE_SIZES[1:])),
    "more": _group,
    **{name: _one_of(*steps) for name, steps in STEP_GROUPS.items()},
}
