"""``make soak``: clients buy from the same vendors at once, while some cancel and vendors ship.

Clients are processes with a connection each. What a customer may be told is that something is sold out, or
that points are missing; whatever else comes up, a deadlock too, is a finding. Afterwards the books prove, and
no offer sold what it did not have.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
os.environ["NUQTA_MODE"] = "test"

from marketplace.env import BASE_DIR

if __name__ == "__main__":
    os.environ.setdefault("NUQTA_VAR", str(BASE_DIR / "var" / "soak"))

    import django

    from marketplace.embedded import ensure_database

    ensure_database()
    django.setup()

from django.db import connections

from forked_apps.basket.models import Basket, Line
from forked_apps.order.errors import BasketChanged, IllegalStep, LinesNotShippable, PiecesNotThere
from forked_apps.order.models import VendorOrder
from forked_apps.order.services import cancellation, fulfilment, placement
from forked_apps.partner.models import StockRecord
from marketplace.users.models import User
from points_payment import retry
from points_payment.errors import InsufficientPoints
from points_payment.proof import prove
from points_payment.services.topups import top_up
from tests.bench.orders import ADDRESS, _line, _offers
from tests.bench.soak import oversold
from tests.factories.points import lift_limits

CLIENTS, CUSTOMERS_EACH = 8, 3
#: Few offers, of which some sell out soon.
VENDORS, OFFERS_EACH, FEW, MANY = 4, 3, 40, 100_000
#: Of each customer: enough for some orders, or for many.
POINTS, PRICE = (50_000, 5_000_000, 10_000_000), 1_000
MOST_LINES, RECENT = 5, 40
#: What a customer or a vendor may be told, by what they did.
REFUSALS = {
    "buy": (BasketChanged, InsufficientPoints),
    "cancel": (IllegalStep,),
    "ship": (IllegalStep, LinesNotShippable),
    "call off": (IllegalStep, PiecesNotThere),
}


@dataclass
class Shop:
    offers: list[StockRecord]
    stock: dict[int, int]
    staff: User
    #: Of each client.
    customers: list[list[User]]


def open_shop(clients: int) -> Shop:
    offers = [offer for of_vendor in _offers()[:VENDORS] for offer in of_vendor[:OFFERS_EACH]]
    for place, offer in enumerate(offers):
        offer.num_in_stock, offer.price = MANY if place % 4 else FEW, PRICE
    StockRecord.objects.bulk_update(offers, ["num_in_stock", "price"])
    staff = lift_limits(User.objects.create_user(email=f"{uuid.uuid4().hex}@soak.invalid"))
    people = User.objects.bulk_create(User(first_name="Buyer") for _ in range(clients * CUSTOMERS_EACH))
    for place, person in enumerate(people):
        top_up(
            operator=staff, customer=person, amount_points=POINTS[place % CUSTOMERS_EACH], reason="soak",
            reference=uuid.uuid4().hex, idempotency_key=uuid.uuid4().hex,
        )  # fmt: skip
    shares = [people[client * CUSTOMERS_EACH : (client + 1) * CUSTOMERS_EACH] for client in range(clients)]
    return Shop(offers, {offer.pk: offer.num_in_stock or 0 for offer in offers}, staff, shares)


# What a client does -----------------------------------------------------------------------
@dataclass
class Client:
    shop: Shop
    customers: Sequence[User]
    chance: random.Random

    def buy(self) -> None:
        """Some pieces of some offers, in any order."""
        customer = self.chance.choice(self.customers)
        basket = Basket.objects.create(owner=customer)
        wanted = self.chance.sample(self.shop.offers, self.chance.randint(1, MOST_LINES))
        lines = [_line(basket, offer) for offer in wanted]
        for line in lines:
            line.quantity = self.chance.randint(1, 2)
            line.price_excl_tax = line.price_incl_tax = PRICE
        Line.objects.bulk_create(lines)
        try:
            placement.place_order(
                customer=customer,
                basket_id=basket.pk,
                address=ADDRESS,
                idempotency_key=f"buyers-{uuid.uuid4().hex}",
            )
        finally:
            # The next one is another basket, whatever became of this one.
            Basket.open.filter(pk=basket.pk).delete()

    def cancel(self) -> None:
        if (part := self._recent()) is not None and part.order.user is not None:
            cancellation.cancel_by_customer(customer=part.order.user, vendor_order=part)

    def ship(self) -> None:
        if (part := self._recent()) is not None:
            fulfilment.ship_lines(
                vendor=part.vendor, actor=self.shop.staff, vendor_order=part, tracking_code="soak"
            )

    def call_off(self) -> None:
        """The vendor has less of it than it thought."""
        if (part := self._recent()) is not None:
            cancellation.cancel_lines(
                vendor=part.vendor, actor=self.shop.staff, vendor_order=part, reason="soak",
                quantities={self.chance.choice(list(part.lines.all())).pk: 1},
            )  # fmt: skip

    def _recent(self) -> VendorOrder | None:
        vendors = {offer.partner_id for offer in self.shop.offers}
        parts = VendorOrder.objects.select_related("vendor", "order__user").filter(vendor_id__in=vendors)
        found = list(parts.order_by("-pk")[:RECENT])
        return self.chance.choice(found) if found else None


def _work(shop: Shop, place: int, seconds: float, seed: int, results: Queue[object]) -> None:
    chance = random.Random(seed + place)
    client = Client(shop, shop.customers[place], chance)
    acts: dict[str, tuple[Callable[[], None], int]] = {
        "buy": (client.buy, 12), "cancel": (client.cancel, 2), "ship": (client.ship, 3),
        "call off": (client.call_off, 1),
    }  # fmt: skip
    counts, surprises = Counter[str](), list[str]()
    _count_conflicts(counts)
    until = time.monotonic() + seconds
    while time.monotonic() < until and not surprises:
        (name,) = chance.choices(list(acts), [weight for _, weight in acts.values()])
        try:
            acts[name][0]()
            counts[f"{name}: done"] += 1
        except REFUSALS[name] as refusal:
            counts[f"{name}: refused, {refusal.code}"] += 1  # type: ignore[attr-defined]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the soak looks for
            kind = "deadlock" if retry.is_conflict(error) else type(error).__name__
            surprises.append(f"{name}: {kind}\n{traceback.format_exc()}")
    connections.close_all()
    results.put((counts, surprises))


def _count_conflicts(counts: Counter[str]) -> None:
    """Those too that are tried again, of which nobody hears."""
    is_conflict = retry.is_conflict

    def counted(error: BaseException) -> bool:
        found = is_conflict(error)
        counts["conflicts"] += found
        return found

    retry.is_conflict = counted


def buy_at_once(*, seconds: float, seed: int, clients: int = CLIENTS) -> tuple[Counter[str], list[str]]:
    """Counts by deed and outcome, and what is wrong: nothing, if all is well."""
    shop = open_shop(clients)
    context = multiprocessing.get_context("fork")
    results: Queue[object] = context.Queue()
    connections.close_all()
    processes = [
        context.Process(target=_work, args=(shop, place, seconds, seed, results)) for place in range(clients)
    ]
    for process in processes:
        process.start()
    counts, findings = Counter[str](), list[str]()
    for _ in processes:
        found, surprises = results.get(timeout=seconds + 120)  # type: ignore[misc]
        counts.update(found)
        findings.extend(surprises)
    for process in processes:
        process.join()
    return counts, [*findings, *map(str, prove()), *oversold(shop.stock)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    print(f"{CLIENTS} clients buy for {options.seconds:.0f} seconds, seed {seed}")
    counts, findings = buy_at_once(seconds=options.seconds, seed=seed)
    for name, number in sorted(counts.items()):
        print(f"{name:45} {number:>8,}")
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"{len(findings)} findings." if findings else "Nobody saw an error; books and stock add up.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
