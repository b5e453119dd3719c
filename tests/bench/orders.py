"""Orders per second and queries per order, ledger and vendor orders included; and beside Oscar's own.

``orders_vs_stock_…`` is our orders per second over those of stock Oscar (``stock_oscar``): both place
orders of the same customers' baskets, of the same offers, from as many processes. They take turns, so that
a machine that slows down slows both; the figure is the median of the turns.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier, Event
from typing import Any

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from forked_apps.basket.models import Basket, Line
from forked_apps.catalogue.models import Product, ProductClass
from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.offer.models import ConditionalOffer
from forked_apps.order.models import Order
from forked_apps.order.services.placement import place_order
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from forked_apps.shipping.models import ShippingRate
from marketplace.users.models import User
from points_payment.services.topups import top_up
from tests.factories.points import lift_limits

VENDORS, OFFERS_PER_VENDOR = 12, 20
#: Lines and vendors of an order.
SMALL, LARGE = (3, 3), (20, 10)
#: Of each client, timed; a tenth more come before, untimed.
ORDERS_PER_CLIENT = {1: 200, 2: 120, 8: 40}
#: The same, of each turn of either side.
TURNS, ORDERS_PER_TURN = 5, {1: 60, 8: 20}
PRICE_POINTS, CHARGE_POINTS, PLENTY = 10_000, 2_000, 1_000_000
ADDRESS = DeliveryAddress(
    "Zainab Kareem", "+9647701234567", Governorate.BAGHDAD.value, "Karrada", "Al-Rahman mosque"
)

#: A customer and their basket.
Work = tuple[int, int]
Place = Callable[[User, int], object]
Offers = Sequence[Sequence[StockRecord]]


def measure() -> dict[str, float]:
    """Figures on rows of its own, which it adds to the database of the bench and leaves there."""
    offers = _offers()
    with_offers = _queries(offers, SMALL)
    with _no_discounts():
        return {**_measure(offers), "place_order_with_offers_queries": with_offers}


@contextmanager
def _no_discounts() -> Iterator[None]:
    """Stock Oscar's creator of orders takes a basket as it is and looks for no offer: nor do we beside it."""
    everybodys = ConditionalOffer.objects.filter(
        offer_type=ConditionalOffer.SITE, status=ConditionalOffer.OPEN
    )
    found = list(everybodys.values_list("pk", flat=True))
    everybodys.update(status=ConditionalOffer.SUSPENDED)
    try:
        yield
    finally:
        ConditionalOffer.objects.filter(pk__in=found).update(status=ConditionalOffer.OPEN)


def _measure(offers: Offers) -> dict[str, float]:
    figures: dict[str, float] = {
        "place_order_3_lines_queries": _queries(offers, SMALL),
        "place_order_20_lines_queries": _queries(offers, LARGE),
    }
    for clients, each in ORDERS_PER_CLIENT.items():
        figures[f"orders_per_s_{clients}"] = _orders_per_second(offers, _place, clients=clients, each=each)
    for clients, each in ORDERS_PER_TURN.items():
        figures[f"orders_vs_stock_{clients}"] = _against_stock(offers, clients=clients, each=each)
    return figures


def _queries(offers: Offers, size: tuple[int, int]) -> int:
    # The first one fills what a process keeps.
    for customer_id, basket_id in _baskets(offers, 2, size=size):
        customer = User.objects.get(pk=customer_id)
        with CaptureQueriesContext(connection) as queries:
            _place(customer, basket_id)
    return len(queries)


def _against_stock(offers: Offers, *, clients: int, each: int) -> float:
    from tests.bench.stock_oscar import place_like_oscar

    def place_as_stock(customer: User, basket_id: int) -> None:
        place_like_oscar(customer, basket_id, charge_points=SMALL[1] * CHARGE_POINTS)

    ratios = []
    for turn in range(TURNS):
        # Who begins takes turns too.
        sides: list[Place] = [_place, place_as_stock] if turn % 2 else [place_as_stock, _place]
        speed = {side: _orders_per_second(offers, side, clients=clients, each=each) for side in sides}
        ratios.append(speed[_place] / speed[place_as_stock])
        print(
            f"  {clients} clients: {speed[_place]:.1f} and {speed[place_as_stock]:.1f} a second",
            file=sys.stderr,
        )
    # Without vendor orders and points they would look like orders that lost theirs.
    Order.objects.filter(vendor_orders=None, lines__partner__code__startswith="bench-").delete()
    return statistics.median(ratios)


def _orders_per_second(offers: Offers, place: Place, *, clients: int, each: int) -> float:
    """Clients are processes with a connection of their own; timed from a common start to the last end."""
    warm_up = max(2, each // 10)
    work = _baskets(offers, clients * (each + warm_up))
    shares = [work[client::clients] for client in range(clients)]
    context = multiprocessing.get_context("fork")
    ready, begin, failed = context.Barrier(clients + 1), context.Barrier(clients + 1), context.Event()
    connections.close_all()
    processes = [
        context.Process(target=_client, args=(place, share, warm_up, ready, begin, failed))
        for share in shares
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


def _client(
    place: Place, share: list[Work], warm_up: int, ready: Barrier, begin: Barrier, failed: Event
) -> None:
    try:
        customers = User.objects.in_bulk([customer_id for customer_id, _ in share])
        for customer_id, basket_id in share[:warm_up]:
            place(customers[customer_id], basket_id)
        ready.wait()
        begin.wait()
        for customer_id, basket_id in share[warm_up:]:
            place(customers[customer_id], basket_id)
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
        ShippingRate.objects.create(
            vendor=vendor, governorate=Governorate.BAGHDAD, charge_points=CHARGE_POINTS
        )
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


def _baskets(offers: Offers, number: int, *, size: tuple[int, int] = SMALL) -> list[Work]:
    """A customer with points and a basket, so many times; offers come in turn, so that all sell alike."""
    lines, vendors = size
    operator = lift_limits(User.objects.create_user(email=f"operator-{uuid.uuid4().hex[:12]}@bench.invalid"))
    customers = User.objects.bulk_create(User(first_name="Bench") for _ in range(number))
    for customer in customers:
        top_up(
            operator=operator,
            customer=customer,
            amount_points=lines * PRICE_POINTS + vendors * CHARGE_POINTS,
            reason="bench",
            reference=f"bench-{customer.pk}",
            idempotency_key=f"bench-{customer.pk}",
        )
    baskets = Basket.objects.bulk_create(Basket(owner=customer) for customer in customers)
    Line.objects.bulk_create(
        _line(
            basket,
            offers[(position + step % vendors) % VENDORS][(position + step // vendors) % OFFERS_PER_VENDOR],
        )
        for position, basket in enumerate(baskets)
        for step in range(lines)
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
