"""A product's page: queries and processor time, for a signed-in customer and with several offers."""

from __future__ import annotations

import statistics
import time

PRODUCTS = 30
ROUNDS = 3


def measure() -> dict[str, float]:
    from django.db import connection
    from django.db.models import Count
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from forked_apps.catalogue.models import Product
    from marketplace.demo.people import CUSTOMER, demo_user

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(demo_user(CUSTOMER))
    # The busiest pages: several offers, reviews.
    products = list(
        Product.objects.exclude(rating=None)
        .annotate(offers=Count("stockrecords"))
        .order_by("-offers", "pk")[:PRODUCTS]
    )
    addresses = [product.get_absolute_url() for product in products]
    for address in addresses[:5]:
        assert client.get(address).status_code == 200
    queries: list[int] = []
    for address in addresses:
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        queries.append(len(captured))
    times: list[float] = []
    for address in addresses * ROUNDS:
        started = time.process_time()
        client.get(address)
        times.append((time.process_time() - started) * 1_000)
    return {"product_page_queries": max(queries), "product_page_ms": statistics.median(times)}
