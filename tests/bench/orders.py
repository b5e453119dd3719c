"""Orders per second and queries per order: 3 lines from 3 vendors, ledger and vendor orders included."""

from __future__ import annotations

import multiprocessing
import time
import uuid
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier, Event
from typing import Any

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from forked_apps.basket.models import Basket, Line
from forked_apps.catalogue.models import Product, ProductClass
from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.order.services.placement import place_order
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from forked_apps.shipping.models import ShippingRate
from marketplace.users.models import User
from points_payment.services.topups import top_up
from tests.factories.points import lift_limits

VENDORS, OFFERS_PER_VENDOR, LINES = 12, 20, 3
#: Of each client, timed; a tenth more come before, untimed.
ORDERS_PER_CLIENT = {1: 200, 2: 120, 8: 40}
PRICE_POINTS, PLENTY = 10_000, 1_000_000
ADDRESS = DeliveryAddress(
    "Zainab Kareem", "+9647701234567", Governorate.BAGHDAD.value, "Karrada", "Al-Rahman mosque"
)

#: A customer and their basket.
Work = tuple[int, int]


def measure() -> dict[str, float]:
    """Figures on rows of its own, which it adds to the database of the bench and leaves there."""
    offers = _offers()
    figures: dict[str, float] = {"place_order_3_lines_queries": _queries(offers)}
    for clients, each in ORDERS_PER_CLIENT.items():
        figures[f"orders_per_s_{clients}"] = _orders_per_second(offers, clients=clients, each=each)
    return figures


def _queries(offers: Sequence[Sequence[StockRecord]]) -> int:
    for customer_id, basket_id in _baskets(offers, 2):
        customer = User.objects.get(pk=customer_id)
        with CaptureQueriesContext(connection) as queries:
            _place(customer, basket_id)
    return len(queries)


def _orders_per_second(offers: Sequence[Sequence[StockRecord]], *, clients: int, each: int) -> float:
    """Clients are processes with a connection of their own; timed from a common start to the last end."""
    warm_up = max(2, each // 10)
    work = _baskets(offers, clients * (each + warm_up))
    shares = [work[client::clients] for client in range(clients)]
    context = multiprocessing.get_context("fork")
    ready, begin, failed = context.Barrier(clients + 1), context.Barrier(clients + 1), context.Event()
    connections.close_all()
    processes = [
        context.Process(target=_client, args=(share, warm_up, ready, begin, failed)) for share in shares
    ]
    for process in processes:
        process.start()
    ready.wait()
    begin.wait()
    started = time.perf_counter()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - started
    if failed.is_set():
        raise RuntimeError("A client of the bench could not place its orders.")
    return clients * each / seconds


def _client(share: list[Work], warm_up: int, ready: Barrier, begin: Barrier, failed: Event) -> None:
    try:
        customers = User.objects.in_bulk([customer_id for customer_id, _ in share])
        for customer_id, basket_id in share[:warm_up]:
            _place(customers[customer_id], basket_id)
        ready.wait()
        begin.wait()
        for customer_id, basket_id in share[warm_up:]:
            _place(customers[customer_id], basket_id)
    except BaseException:
        failed.set()
        ready.abort()
        begin.abort()
        raise
    finally:
        connections.close_all()


def _place(customer: User, basket_id: int) -> None:
    place_order(
        customer=customer,
        basket_id=basket_id,
        address=ADDRESS,
        idempotency_key=f"bench-basket-{basket_id}",
    )


# Rows -------------------------------------------------------------------------------------
def _offers() -> list[list[StockRecord]]:
    """Offers by vendor; names are new in every run, so that the database can be kept."""
    run = uuid.uuid4().hex[:8]
    goods, _ = ProductClass.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    by_vendor = []
    for number in range(VENDORS):
        vendor = Partner.objects.create(
            name=f"Bench {run} {number}", code=f"bench-{run}-{number}", status=VendorStatus.APPROVED
        )
        ShippingRate.objects.create(vendor=vendor, governorate=Governorate.BAGHDAD, charge_points=2_000)
        products = Product.objects.bulk_create(
            Product(
                product_class=goods,
                title=f"Bench {number}-{position}",
                upc=f"BENCH-{run}-{number}-{position}",
                slug=f"bench-{run}-{number}-{position}",
                is_public=False,
            )
            for position in range(OFFERS_PER_VENDOR)
        )
        offers = StockRecord.objects.bulk_create(
            StockRecord(
                product=product,
                partner=vendor,
                partner_sku=product.slug,
                price=PRICE_POINTS,
                num_in_stock=PLENTY,
            )
            for product in products
        )
        by_vendor.append(offers)
    return by_vendor


def _baskets(offers: Sequence[Sequence[StockRecord]], number: int) -> list[Work]:
    """A customer with points and a basket of 3 lines from 3 vendors, so many times."""
    operator = lift_limits(User.objects.create_user(email=f"operator-{uuid.uuid4().hex[:12]}@bench.invalid"))
    customers = User.objects.bulk_create(User(first_name="Bench") for _ in range(number))
    for customer in customers:
        top_up(
            operator=operator,
            customer=customer,
            amount_points=LINES * (PRICE_POINTS + 2_000),
            reason="bench",
            reference=f"bench-{customer.pk}",
            idempotency_key=f"bench-{customer.pk}",
        )
    baskets = Basket.objects.bulk_create(Basket(owner=customer) for customer in customers)
    Line.objects.bulk_create(
        _line(basket, offers[(position + step) % VENDORS][position % OFFERS_PER_VENDOR])
        for position, basket in enumerate(baskets)
        for step in range(LINES)
    )
    return [(customer.pk, basket.pk) for customer, basket in zip(customers, baskets, strict=True)]


def _line(basket: Basket, offer: StockRecord) -> Any:
    return Line(
        basket=basket,
        product_id=offer.product_id,
        stockrecord=offer,
        line_reference=f"{offer.product_id}_{offer.pk}",
        price_excl_tax=PRICE_POINTS,
        price_incl_tax=PRICE_POINTS,
    )
