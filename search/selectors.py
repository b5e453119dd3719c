"""What staff read about searches: of so many days, whoever asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.utils import timezone
from oscar.core.loading import get_model

from search.models import ClickCount, QueryCount

PERIODS = (7, 30, 90)


def since(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def popular_queries(*, days: int) -> QuerySet[Any, Any]:
    """With how often each was asked, found nothing, and led to a product."""
    return _summed(days).order_by("-asked", "query")


def queries_without_results(*, days: int) -> QuerySet[Any, Any]:
    return _summed(days).filter(empty__gt=0).order_by("-empty", "query")


def _summed(days: int) -> QuerySet[Any, Any]:
    return (
        QueryCount.objects.filter(day__gte=since(days))
        .values("query")
        .annotate(asked=Sum("searches"), empty=Sum("without_results"))
    )


def clicks_of(queries: list[str], *, days: int) -> dict[str, int]:
    """How many results were opened, by query."""
    rows = ClickCount.objects.filter(day__gte=since(days), query__in=queries).values_list("query")
    return dict(rows.annotate(Sum("clicks")).values_list("query", "clicks__sum"))


def clicks_by_rank(*, days: int, query: str = "") -> list[dict[str, Any]]:
    """How many results were opened in each of the first places."""
    rows: QuerySet[Any, Any] = ClickCount.objects.filter(day__gte=since(days), rank__lte=24)
    if query:
        rows = rows.filter(query=query)
    return list(rows.values("rank").annotate(opened=Sum("clicks")).order_by("rank"))


def clicked_products(*, days: int, query: str) -> list[dict[str, Any]]:
    """Which products people opened after this query, with the mean of their places."""
    rows = list(
        ClickCount.objects.filter(day__gte=since(days), query=query)
        .values("product_id")
        .annotate(opened=Sum("clicks"), place=Sum(F("rank") * F("clicks")) * 1.0 / Sum("clicks"))
        .order_by("-opened", "product_id")[:20]
    )
    titles = get_model("catalogue", "Product").objects.in_bulk([row["product_id"] for row in rows])
    return [{**row, "product": titles.get(row["product_id"])} for row in rows]


def mean_rank(*, days: int) -> float | None:
    """Of all opened results; 1 is the best there is."""
    rows = ClickCount.objects.filter(day__gte=since(days))
    found = rows.aggregate(places=Sum(F("rank") * F("clicks")), clicks=Sum("clicks"))
    return found["places"] / found["clicks"] if found["clicks"] else None
