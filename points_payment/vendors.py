"""Names of vendors, for people who read the books: the books themselves know numbers alone.

Who knows vendors registers how to find one; until then none is found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Vendor:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Where vendors are known."""

    #: By what a person types: a name, or the code in the address of its pages.
    find: Callable[[str], Vendor | None]
    names: Callable[[Collection[int]], Mapping[int, str]]


_directory: Directory | None = None


def register_vendor_directory(directory: Directory) -> None:
    global _directory
    _directory = directory


def find_vendor(words: str) -> Vendor | None:
    return _directory.find(words) if _directory else None


def knows_vendor(vendor_id: int) -> bool:
    return bool(_directory and _directory.names([vendor_id]))


def vendor_names(vendor_ids: Collection[int]) -> dict[int, str]:
    """A name for each; the number itself where nobody knows better."""
    known = _directory.names(vendor_ids) if _directory and vendor_ids else {}
    return {vendor_id: known.get(vendor_id, f"#{vendor_id}") for vendor_id in vendor_ids}


@dataclass(frozen=True, slots=True)
class People:
    """Where a vendor's people are known."""

    works_for: Callable[[int, int], bool]
    #: Language in which a vendor reads; its owner's.
    language_of: Callable[[int], str]


_people: People | None = None


def register_vendor_people(people: People) -> None:
    global _people
    _people = people


def works_for(*, user_id: int, vendor_id: int) -> bool:
    """Whether a person is in this vendor's team; nobody is until somebody knows."""
    return bool(_people and _people.works_for(user_id, vendor_id))


def language_of_vendor(vendor_id: int) -> str:
    """In which language a document for this vendor is written."""
    return _people.language_of(vendor_id) if _people else settings.LANGUAGE_CODE
