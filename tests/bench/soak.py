"""``make soak``: all that moves points or stock, at once and at random, until the books break or time is up.

Runs on a database of its own (``var/soak``), which is kept: books that broke stay to be looked at. What
outbox messages ask for is not carried out; no service waits for it.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import threading
import time
import traceback
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
os.environ["NUQTA_MODE"] = "test"

from marketplace.env import BASE_DIR

if __name__ == "__main__":
    os.environ.setdefault("NUQTA_VAR", str(BASE_DIR / "var" / "soak"))

    import django

    from marketplace.embedded import ensure_database

    ensure_database()
    django.setup()

from django.db import connection, connections
from django.utils import timezone

from forked_apps.basket.errors import BasketError
from forked_apps.basket.models import Basket
from forked_apps.basket.services import accept_changes, add_offer
from forked_apps.catalogue.models import Product, ProductClass
from forked_apps.order.errors import BasketChanged, OrderError
from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.order.services import allowances, cancellation, delivery, fulfilment, parts
from forked_apps.order.services.placement import place_order
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from forked_apps.shipping.models import ShippingRate
from marketplace.users.models import User
from points_payment.errors import PointsError, TooManyAttempts
from points_payment.proof import prove
from points_payment.services.attempts import Attempt
from points_payment.services.batches import (
    activate_batch,
    approve_batch,
    draft_batch,
    issue_codes_once,
)
from points_payment.services.redemption import redeem_card
from points_payment.services.topups import top_up
from tests.bench.orders import ADDRESS
from tests.factories.points import lift_limits

if TYPE_CHECKING:
    from forked_apps.order.models import Line

THREADS, CUSTOMERS, VENDORS = 8, 6, 4
ROUND_SECONDS = 10.0
#: Of each round: few pieces each, so that every offer sells out; cards enough for the round.
OFFERS, CARDS = 12, 300
MOST_IN_STOCK, CARD_POINTS, MOST_TOP_UP_POINTS = 40, 5_000, 60_000
#: Vendor orders that are still worked on; older ones stay as they are.
RECENT = 60
#: What the services are meant to say no with; anything else is a bug.
REFUSALS = (PointsError, OrderError, BasketError, VendorOrder.DoesNotExist)

#: One statement, so one snapshot. Pieces sold are recounted from the lines and parcels.
STOCK = """
    SELECT offer.id, offer.num_in_stock, COALESCE(offer.num_allocated, 0),
           COALESCE(sold.pieces, 0)::int, COALESCE(sold.shipped, 0)::int
      FROM partner_stockrecord offer
      LEFT JOIN (
        SELECT line.stockrecord_id, SUM(line.quantity - COALESCE(cancelled.pieces, 0)) AS pieces,
               SUM(COALESCE(parcel.pieces, 0)) AS shipped
          FROM order_line line
          LEFT JOIN (SELECT line_id, SUM(quantity) AS pieces FROM order_parcelline GROUP BY line_id) parcel
            ON parcel.line_id = line.id
          LEFT JOIN (
            SELECT line_id, SUM(quantity) AS pieces FROM order_linereduction WHERE kind = 'cancelled'
             GROUP BY line_id
          ) cancelled ON cancelled.line_id = line.id
         GROUP BY line.stockrecord_id
      ) sold ON sold.stockrecord_id = offer.id
     WHERE offer.id = ANY(%s)
"""


@dataclass
class Shop:
    """What the threads share. Lists are replaced, never changed."""

    customers: list[User]
    operator: User
    second: User
    vendors: list[Partner]
    goods: ProductClass
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:10])
    offers: list[StockRecord] = field(default_factory=list)
    #: Pieces that each offer of this run began with, by id.
    stock: dict[int, int] = field(default_factory=dict)
    codes: deque[str] = field(default_factory=deque)
    used_codes: deque[str] = field(default_factory=lambda: deque(maxlen=50))
    parts: deque[int] = field(default_factory=lambda: deque(maxlen=RECENT))
    counts: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str) -> None:
        with self.guard:
            self.counts[name] += 1


# What people do ---------------------------------------------------------------------------
def _order(shop: Shop, chance: random.Random) -> None:
    """Several threads fill and order one customer's basket."""
    customer = chance.choice(shop.customers)
    basket = Basket.open.filter(owner=customer).first() or Basket(owner=customer)
    for offer in chance.sample(shop.offers, chance.randint(1, 3)):
        add_offer(basket=basket, product=offer.product, offer_id=offer.pk, quantity=chance.randint(1, 2))
    try:
        order = place_order(
            customer=customer,
            basket_id=basket.pk,
            address=ADDRESS,
            idempotency_key=f"soak-{uuid.uuid4().hex}",
        )
    except BasketChanged:
        accept_changes(basket=basket)
        raise
    shop.parts.extend(order.vendor_orders.values_list("pk", flat=True))


def _redeem(shop: Shop, chance: random.Random) -> None:
    used = list(shop.used_codes) if chance.random() < 0.02 else []
    code = chance.choice(used) if used else (shop.codes.popleft() if shop.codes else "")
    if not code:
        return
    # Right away free to others too: some are redeemed by two people at once.
    shop.used_codes.append(code)
    try:
        redeem_card(
            customer=chance.choice(shop.customers),
            code=code,
            idempotency_key=uuid.uuid4().hex,
            attempt=Attempt(f"192.0.2.{chance.randint(1, 250)}", uuid.uuid4().hex),
        )
    except TooManyAttempts:
        if not used:
            shop.codes.append(code)
        raise


def _top_up(shop: Shop, chance: random.Random) -> None:
    key, customer = uuid.uuid4().hex, chance.choice(shop.customers)
    points = chance.randint(1, MOST_TOP_UP_POINTS)
    # Sent twice now and then, as by an impatient finger.
    for _ in range(chance.choice((1, 1, 1, 2))):
        top_up(
            operator=shop.operator, customer=customer, amount_points=points, reason="soak", reference=key,
            idempotency_key=key,
        )  # fmt: skip


def _part(shop: Shop, chance: random.Random) -> VendorOrder:
    recent = list(shop.parts)
    parts = VendorOrder.objects.select_related("order__user", "vendor")
    return parts.get(pk=chance.choice(recent) if recent else 0)


def _cancel(shop: Shop, chance: random.Random) -> None:
    part = _part(shop, chance)
    assert part.order.user is not None
    cancellation.cancel_by_customer(customer=part.order.user, vendor_order=part)


def _cancel_by_vendor(shop: Shop, chance: random.Random) -> None:
    part = _part(shop, chance)
    cancellation.cancel_by_vendor(vendor=part.vendor, actor=shop.operator, vendor_order=part, reason="soak")


def _refund(shop: Shop, chance: random.Random) -> None:
    """Some points of one line, before or after the vendor had them."""
    part = _part(shop, chance)
    line: Line = chance.choice(list(part.lines.all()))
    allowances.give_allowance(
        vendor=part.vendor, actor=shop.operator, vendor_order=part, line_id=line.pk,
        points=chance.randint(1, line.line_points), reason="soak",
    )  # fmt: skip


def _accept(shop: Shop, chance: random.Random) -> None:
    part = _part(shop, chance)
    fulfilment.accept_vendor_order(vendor=part.vendor, actor=shop.operator, vendor_order=part)


def _ship(shop: Shop, chance: random.Random) -> None:
    """All that is left, or one piece."""
    part = _part(shop, chance)
    left = [pk for pk, pieces in parts.pieces_left(part).items() if pieces]
    some = {chance.choice(left): 1} if left and chance.random() < 0.3 else None
    fulfilment.ship_lines(
        vendor=part.vendor, actor=shop.operator, vendor_order=part, quantities=some, tracking_code="soak"
    )


def _complete(shop: Shop, chance: random.Random) -> None:
    part = _part(shop, chance)
    if part.status == VendorOrderStatus.SHIPPED:
        delivery.mark_delivered(vendor=part.vendor, actor=shop.operator, vendor_order=part)
    delivery.complete_vendor_order(vendor_order=part, actor=shop.operator)


Act = Callable[[Shop, random.Random], None]
ACTS: Mapping[str, tuple[Act, int]] = {
    "order": (_order, 30),
    "redeem": (_redeem, 10),
    "top up": (_top_up, 10),
    "cancel": (_cancel, 6),
    "cancel by vendor": (_cancel_by_vendor, 4),
    "refund": (_refund, 8),
    "accept": (_accept, 10),
    "ship": (_ship, 20),
    "complete": (_complete, 20),
}


def _work(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    names, weights = list(ACTS), [weight for _, weight in ACTS.values()]
    try:
        while not shop.stop.is_set():
            (name,) = chance.choices(names, weights)
            try:
                ACTS[name][0](shop, chance)
            except REFUSALS as refusal:
                shop.count(f"{name}: refused, {getattr(refusal, 'code', 'not_found')}")
            except Exception:  # noqa: BLE001 - whatever it is, it is what the soak looks for
                shop.count(f"{name}: BROKEN")
                with shop.guard:
                    shop.surprises.append(f"{name} (seed {seed}):\n{traceback.format_exc()}")
                shop.stop.set()
            else:
                shop.count(f"{name}: done")
    finally:
        connections.close_all()


# Rows -------------------------------------------------------------------------------------
def open_shop() -> Shop:
    """People and vendors of this run; the database may hold those of others."""
    people = [
        User.objects.create_user(email=f"{uuid.uuid4().hex}@soak.invalid", first_name="Soak")
        for _ in range(CUSTOMERS + 2)
    ]
    goods, _ = ProductClass.objects.get_or_create(slug="soak", defaults={"name": "Soak"})
    shop = Shop(
        customers=people[2:], operator=lift_limits(people[0]), second=people[1], vendors=[], goods=goods
    )
    for number in range(VENDORS):
        vendor = Partner.objects.create(
            name=f"Soak {shop.run} {number}", code=f"soak-{shop.run}-{number}", status=VendorStatus.APPROVED
        )
        ShippingRate.objects.create(
            vendor=vendor, governorate=Governorate.BAGHDAD, charge_points=number * 500
        )
        shop.vendors.append(vendor)
    return shop


def refill(shop: Shop, chance: random.Random) -> None:
    """New offers with few pieces in the place of those that sold out, and new cards."""
    names = [f"soak-{shop.run}-{len(shop.stock) + place}" for place in range(OFFERS)]
    products = Product.objects.bulk_create(
        Product(product_class=shop.goods, title=name, upc=name, slug=name, is_public=True) for name in names
    )
    offers = StockRecord.objects.bulk_create(
        StockRecord(
            product=product,
            partner=chance.choice(shop.vendors),
            partner_sku=product.slug,
            price=chance.randint(1, 15_000),
            num_in_stock=chance.randint(1, MOST_IN_STOCK),
        )
        for product in products
    )
    shop.stock = shop.stock | {offer.pk: offer.num_in_stock or 0 for offer in offers}
    # Those of the round before go on being fought for.
    shop.offers = shop.offers[-OFFERS:] + offers
    batch = draft_batch(
        face_value_points=CARD_POINTS,
        number_of_cards=CARDS,
        expires_on=timezone.localdate() + timedelta(days=30),
        note="soak",
        actor=shop.operator,
    )
    approve_batch(batch=batch, actor=shop.second)
    codes = [code for _serial, code in issue_codes_once(batch=batch, actor=shop.operator)]
    activate_batch(batch=batch, actor=shop.second)
    shop.codes.extend(codes)


# What must hold ---------------------------------------------------------------------------
def oversold(stock: Mapping[int, int]) -> list[str]:
    """Offers that sold more pieces than they began with, or whose stock is not what lines and parcels say."""
    with connection.cursor() as cursor:
        cursor.execute(STOCK, [list(stock)])
        rows = cursor.fetchall()
    findings = []
    for pk, in_stock, allocated, sold, shipped in rows:
        if sold > stock[pk]:
            findings.append(f"offer {pk}: oversold: {sold} pieces of {stock[pk]}")
        expected = (stock[pk] - shipped, sold - shipped)
        if (in_stock, allocated) != expected:
            findings.append(
                f"offer {pk}: expected {expected[0]} in stock and {expected[1]} allocated,"
                f" found {in_stock} and {allocated}"
            )
    return findings


def findings_of(shop: Shop) -> list[str]:
    return [*map(str, prove()), *oversold(shop.stock), *shop.surprises]


def soak(*, seconds: float, seed: int) -> tuple[Counter[str], list[str]]:
    """Counts by kind and outcome, and what is broken: nothing, if all is well."""
    shop, chance = open_shop(), random.Random(seed)
    refill(shop, chance)
    threads = [threading.Thread(target=_work, args=(shop, seed + place)) for place in range(1, THREADS + 1)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    findings: list[str] = []
    try:
        while not findings and (left := began + seconds - time.monotonic()) > 0:
            if shop.stop.wait(min(ROUND_SECONDS, left)):
                break
            findings = findings_of(shop)
            done = sum(number for name, number in shop.counts.copy().items() if name.endswith(": done"))
            print(f"{time.monotonic() - began:6.0f} s  {done:>8,} done  {len(findings)} findings", flush=True)
            refill(shop, chance)
    finally:
        shop.stop.set()
        for thread in threads:
            thread.join()
    return shop.counts, findings_of(shop) or findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument(
        "--seed", type=int, default=None, help="of the choices; how threads meet stays chance"
    )
    options = parser.parse_args()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    print(f"Seed {seed}")
    counts, findings = soak(seconds=options.seconds, seed=seed)
    for name, number in sorted(counts.items()):
        print(f"{name:45} {number:>8,}")
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"{len(findings)} findings." if findings else "The ledger is proved and no offer was oversold.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
