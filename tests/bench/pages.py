"""What list pages cost, in a warm process: queries, and milliseconds of processor time."""

from __future__ import annotations

import statistics
import time

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

ROUNDS = 40


def measure() -> dict[str, float]:
    """Of the largest category and of a search, 24 products each."""
    from forked_apps.catalogue.models import Category
    from search import directory

    counted = Category.objects.filter(numchild=0, is_public=True)
    largest = max(counted, key=lambda category: category.product_set.count())
    figures: dict[str, float] = {}
    for name, path in (
        ("category_page", directory.current().categories[largest.pk].url),
        ("search_page", "/search/?q=table"),
    ):
        queries, milliseconds = measure_page(path)
        figures[f"{name}_queries"] = queries
        figures[f"{name}_ms"] = milliseconds
    return figures


def measure_page(path: str) -> tuple[int, float]:
    """Queries and the median of the processor's milliseconds for one page."""
    client = Client(headers={"host": "127.0.0.1"})
    for _ in range(3):
        response = client.get(path)
        assert response.status_code == 200, (path, response.status_code)
        assert response.content.count(b'<article class="product-card') == 24, path
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    # Counted now: the next request empties Django's log.
    queries = len(captured)
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        client.get(path)
        spent.append((time.process_time() - started) * 1000)
    return queries, round(statistics.median(spent), 2)
