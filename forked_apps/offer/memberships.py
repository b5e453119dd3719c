"""Which products of a basket each range has: asked once a range, where Oscar asks once a line, and again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.db import connection

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
            self._by_range[one.pk] = _members(one, self._product_ids)
        return product_id in self._by_range[one.pk]


#: What ``Range.product_queryset`` finds, of some products: Oscar asks first whether there is anything of each
#: kind, in five queries of their own. Of a product that is a variant, its parent counts as well.
MEMBERS = """
    WITH goods AS (
        SELECT one.id, ARRAY[one.id, one.parent_id] AS ids,
               ARRAY[one.product_class_id, parent.product_class_id] AS classes
          FROM catalogue_product one LEFT JOIN catalogue_product parent ON parent.id = one.parent_id
         WHERE one.id = ANY(%(products)s::bigint[])
    )
    SELECT id FROM goods WHERE (
        %(all)s
        OR EXISTS (SELECT 1 FROM offer_rangeproduct x
                    WHERE x.range_id = %(range)s AND x.product_id = ANY(goods.ids))
        OR EXISTS (SELECT 1 FROM offer_range_classes x
                    WHERE x.range_id = %(range)s AND x.productclass_id = ANY(goods.classes))
        OR EXISTS (SELECT 1 FROM offer_range_included_categories x
                     JOIN catalogue_category top ON top.id = x.category_id
                     JOIN catalogue_category below ON below.path LIKE top.path || '%%'
                     JOIN catalogue_productcategory held ON held.category_id = below.id
                    WHERE x.range_id = %(range)s AND held.product_id = ANY(goods.ids))
    ) AND NOT EXISTS (
        SELECT 1 FROM offer_range_excluded_products x
         WHERE x.range_id = %(range)s
           AND x.product_id = ANY(CASE WHEN %(all)s THEN ARRAY[goods.id] ELSE goods.ids END)
    ) AND NOT (%(all)s AND EXISTS (
        SELECT 1 FROM offer_range_excluded_categories x
          JOIN catalogue_category top ON top.id = x.category_id
          JOIN catalogue_category below ON below.path LIKE top.path || '%%'
          JOIN catalogue_productcategory held ON held.category_id = below.id
         WHERE x.range_id = %(range)s AND held.product_id = ANY(goods.ids)
    ))
"""


def _members(one: Range, product_ids: frozenset[int]) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            MEMBERS,
            {"products": list(product_ids), "range": one.pk, "all": one.includes_all_products},
        )
        return frozenset(pk for (pk,) in cursor.fetchall())


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
