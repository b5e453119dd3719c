"""Which products of a basket each range has: asked once a range, where Oscar asks once a line, and again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forked_apps.offer.models import Range


class Memberships:
    """Of these products, as ranges are now."""

    def __init__(self, product_ids: Iterable[int]) -> None:
        self._product_ids = frozenset(product_ids)
        self._by_range: dict[int, frozenset[int]] = {}

    def knows(self, product_id: int) -> bool:
        return product_id in self._product_ids

    def has(self, one: Range, product_id: int) -> bool:
        if one.pk not in self._by_range:
            found = one.product_queryset.filter(id__in=self._product_ids).values_list("id", flat=True)
            self._by_range[one.pk] = frozenset(found)
        return product_id in self._by_range[one.pk]


#: Oscar makes its conditions and benefits anew at every turn, so nothing can be kept with them.
_current: ContextVar[Memberships | None] = ContextVar("memberships", default=None)


@contextmanager
def asked_together(product_ids: Iterable[int]) -> Iterator[None]:
    """Within, ranges answer for these products from one query each."""
    token = _current.set(Memberships(product_ids))
    try:
        yield
    finally:
        _current.reset(token)


def asked_now() -> Memberships | None:
    return _current.get()
