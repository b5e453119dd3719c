"""The steps of the demo, in order; a step that is done is skipped, and what people changed stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection
from haystack import connections

from marketplace.demo import (
    commission,
    discounts,
    last_month,
    money,
    people,
    pictures,
    settlement,
    supply,
    trade,
    vendors,
)
from marketplace.demo.guard import require_demo
from marketplace.outbox.models import OutboxMessage
from marketplace.outbox.services import Message, enqueue_many


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    is_done: Callable[[], bool]
    load: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Progress:
    title: str
    #: What was loaded; None where it was there already.
    result: str | None
    seconds: float


STEPS = (
    Step("People and platform roles", people.people_exist, people.load_people),
    Step("Products", vendors.products_exist, vendors.load_products),
    Step("Pictures", pictures.pictures_exist, pictures.load_pictures),
    Step("Vendors", vendors.vendors_exist, vendors.load_vendors),
    Step("Offers", vendors.offers_exist, vendors.load_offers),
    Step("Commission rules", commission.rules_exist, commission.load_rules),
    # First of all that moves points: no entry of an earlier month may come after one of a later month.
    Step("Last month", last_month.last_month_exists, last_month.load_last_month),
    Step("Discounts", discounts.discounts_exist, discounts.load_discounts),
    Step("Cards and wallets", money.wallets_exist, money.load_wallets),
    Step("Shops that sell cards", supply.shops_exist, supply.load_supply),
    Step("Orders", trade.orders_exist, trade.load_orders),
    Step("Settlement", settlement.settlement_exists, settlement.load_settlement),
    Step("Reviews", trade.reviews_exist, trade.load_reviews),
)


def load_demo() -> Iterator[Progress]:
    """Carry out the steps one after the other.

    Raises:
        SettingsError: this is no demo.
    """
    require_demo()
    with connection.cursor() as cursor:
        # Thousands of small commits: should the machine go down meanwhile, the demo is loaded again.
        cursor.execute("SET synchronous_commit = off")
    anything = False
    for step in STEPS:
        started = time.monotonic()
        result = None if step.is_done() else step.load()
        anything = anything or result is not None
        yield Progress(step.title, result, time.monotonic() - started)
    if anything:
        _gather_index_messages()


def _gather_index_messages() -> None:
    """Thousands of products were touched, many of them often: the index is asked once for each.

    Before there is an index nothing is asked for: whoever builds it reads everything.
    """
    waiting = OutboxMessage.objects.filter(topic="search.products", done_at=None)
    ids: set[int] = set()
    for payload in waiting.values_list("payload", flat=True):
        ids.update(payload["ids"])
    waiting.delete()
    if connections["default"].get_backend().is_built:
        ordered = sorted(ids)
        enqueue_many(
            Message("search.products", {"ids": ordered[start : start + 1_000]})
            for start in range(0, len(ordered), 1_000)
        )
