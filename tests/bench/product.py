"""A product's page: queries and processor time, for a signed-in customer and with several offers.

``product_page_ms`` is of pages that somebody has looked at since they last changed, as a shop's busy pages
are: what they show is read each time, and drawn again only if it differs. ``product_page_cold_ms`` is of
pages that nobody has looked at, in a process that has shown others.
"""

from __future__ import annotations

import statistics
import time

from django.test import Client

PRODUCTS = 30
ROUNDS = 3


def measure() -> dict[str, float]:
    from django.db import connection
    from django.db.models import Count
    from django.test.utils import CaptureQueriesContext

    from forked_apps.catalogue.models import Product
    from forked_apps.catalogue.pages import forget_pages
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
    warm = [_spent(client, address) for address in addresses * ROUNDS]
    cold = []
    for address in addresses * ROUNDS:
        forget_pages()
        cold.append(_spent(client, address))
    return {
        "product_page_queries": max(queries),
        "product_page_ms": statistics.median(warm),
        "product_page_cold_ms": statistics.median(cold),
    }


def _spent(client: Client, address: str) -> float:
    """The processor's milliseconds for one request."""
    started = time.process_time()
    client.get(address)
    return (time.process_time() - started) * 1_000
