"""The one way to place an order: storefront, API, demo and tests all call ``place_order``.

One transaction, so that an order exists with its vendor orders, stock, points and payment source, or
not at all. Locks are taken in the project's one order (docs/architecture.md): idempotency key, basket,
wallet and its lots, stock records by id. Stock comes last because its rows are the most wanted ones:
they are held for the last few statements only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from forked_apps.basket.changes import ChangeKind, LineChange, change_of
from forked_apps.basket.models import Basket, Line as BasketLine
from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.order.errors import (
    BadIdempotencyKey,
    BasketChanged,
    EmptyBasket,
    NotDeliverable,
    TooHeavyToDeliver,
)
from forked_apps.order.models import (
    Line,
    LinePrice,
    Order,
    ShippingAddress,
    VendorOrder,
    VendorOrderEvent,
    VendorOrderStatus,
)
from forked_apps.order.numbers import line_reference, order_number, shipping_reference, vendor_order_number
from forked_apps.order.services.commission import OrderTerms, allocation_of, terms_of_plan
from forked_apps.order.services.discounts import record_discounts
from forked_apps.order.services.plan import OrderPlan, PlannedPart, draw_up
from forked_apps.order.services.rows import insert_together
from forked_apps.partner.holds import pieces_held_for_others
from forked_apps.partner.offers import lock_offers
from forked_apps.payment.sources import DEFAULT_SOURCE, source_for
from forked_apps.prepared import PreparedQuery
from marketplace.outbox.services import enqueue_many
from points_payment.retry import retry_on_conflict
from points_payment.services.escrow import AllocationSpec
from points_payment.services.idempotency import claim, hash_request
from points_payment.services.statements import array_of, prepared_cursor

if TYPE_CHECKING:
    from marketplace.users.models import User

KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{8,48}")


def place_order(
    *,
    customer: User,
    basket_id: int,
    address: DeliveryAddress,
    idempotency_key: str,
    expected_total_points: int | None = None,
    source: str = DEFAULT_SOURCE,
) -> Order:
    """Order what is in the basket and pay for it; the same basket or key again gives the same order.

    ``expected_total_points`` is the total that the customer was shown, if they were.

    Raises:
        EmptyBasket: nothing in it, or it is not this customer's.
        BasketChanged: price, stock or charge is not what the customer agreed to.
        NotDeliverable: a vendor does not deliver to the address.
        TooHeavyToDeliver: a vendor does not deliver so much weight there.
        InsufficientPoints: the wallet lacks some.
        IdempotencyConflict: the key was used for another request.
        UnknownSource: nobody can pay in that way.
        BadIdempotencyKey
    """
    if not KEY_PATTERN.fullmatch(idempotency_key):
        raise BadIdempotencyKey
    source_for(source)
    return _place(
        customer=customer,
        basket_id=basket_id,
        address=address,
        key=idempotency_key,
        expected_total_points=expected_total_points,
        source_code=source,
    )


SUBMIT_BASKET = "UPDATE basket_basket SET status = %s, date_submitted = %s WHERE id = %s"
#: What ``step`` is told, in order.
STEPS = (
    "key_claimed",
    "basket_locked",
    "checked",
    "rows_written",
    "discounts_recorded",
    "paid",
    "stock_allocated",
    "basket_submitted",
    "effects_asked_for",
)


def step(name: str) -> None:
    """Nothing. Between the steps of placement, so that tests can stop or kill it there."""


@retry_on_conflict
@transaction.atomic
def _place(
    *,
    customer: User,
    basket_id: int,
    address: DeliveryAddress,
    key: str,
    expected_total_points: int | None,
    source_code: str,
) -> Order:
    # Keys are the customer's own: nobody can find another's order by guessing one.
    request_hash = hash_request(basket_id, asdict(address), source_code)
    claim(key=f"{customer.pk}:{key}", scope="order", request_hash=request_hash)
    step("key_claimed")
    basket = _lock_basket(customer=customer, basket_id=basket_id)
    if basket.status == Basket.SUBMITTED:
        return Order.objects.get(basket_id=basket.pk, user=customer)
    step("basket_locked")
    plan = draw_up(basket=basket, customer=customer, governorate=address.governorate)
    _check(plan, expected_total_points=expected_total_points)
    step("checked")
    delivered_to = _address_row(address)
    order = _order_row(
        customer=customer, basket=basket, delivered_to=delivered_to, plan=plan, key=f"{customer.pk}:{key}"
    )
    terms = terms_of_plan(plan)
    vendor_orders = _vendor_order_rows(order=order, plan=plan, terms=terms)
    lines = _line_rows(order=order, plan=plan, vendor_orders=vendor_orders, terms=terms)
    insert_together(
        [delivered_to],
        [order],
        vendor_orders,
        _event_rows(vendor_orders, customer=customer),
        lines,
        _price_rows(lines),
    )
    step("rows_written")
    record_discounts(order=order, basket=basket, customer=customer, plan=plan)
    step("discounts_recorded")
    source_for(source_code).pay(
        order=order, allocations=_allocations(lines, vendor_orders, plan=plan, terms=terms)
    )
    step("paid")
    _allocate_stock(plan, customer=customer)
    step("stock_allocated")
    with prepared_cursor() as cursor:
        cursor.execute(SUBMIT_BASKET, [Basket.SUBMITTED, order.date_placed, basket.pk])
    step("basket_submitted")
    enqueue_many(
        [
            ("order.placed", {"order_id": order.pk}),
            ("search.products", {"ids": sorted({line.product_id for line in lines if line.product_id})}),
        ]
    )
    step("effects_asked_for")
    return order


# Before anything is written ---------------------------------------------------------------
def _lock_basket(*, customer: User, basket_id: int) -> Basket:
    basket = next(iter(LOCK_BASKET.fetch(basket_id, customer.pk)), None)
    if basket is None or basket.status not in {Basket.OPEN, Basket.SUBMITTED}:
        raise EmptyBasket
    basket.owner = customer
    return basket


def _basket_to_lock(basket_id: int, customer_id: int) -> QuerySet[Basket]:
    return Basket.objects.select_for_update(no_key=True).filter(pk=basket_id, owner_id=customer_id)


LOCK_BASKET = PreparedQuery(_basket_to_lock, parameters=2)


def _check(plan: OrderPlan, *, expected_total_points: int | None) -> None:
    if plan.is_empty:
        raise EmptyBasket
    if plan.changes:
        raise BasketChanged(plan.changes)
    if nowhere := [part.vendor.name for part in plan.parts if part.shipping is None and not part.too_heavy]:
        raise NotDeliverable(vendor_names=nowhere, governorate=plan.governorate_name)
    for part in plan.parts:
        if part.too_heavy is not None:
            raise TooHeavyToDeliver(
                vendor_name=part.vendor.name,
                grams=part.too_heavy.grams,
                most_grams=part.too_heavy.most_grams,
                governorate=plan.governorate_name,
            )
    if expected_total_points is not None and expected_total_points != plan.total_points:
        raise BasketChanged(
            [LineChange(ChangeKind.TOTAL, None, "", expected_total_points, plan.total_points)]
        )


# The rows, not written yet ----------------------------------------------------------------
def _address_row(address: DeliveryAddress) -> Any:
    # Iraq is a row of a migration: forked_apps.shipping 0005.
    columns = address.columns()
    return ShippingAddress(country_id="IQ", search_text=" ".join(filter(None, columns.values())), **columns)


def _order_row(*, customer: User, basket: Basket, delivered_to: Any, plan: OrderPlan, key: str) -> Order:
    shipping, total = Decimal(plan.shipping_points), Decimal(plan.total_points)
    return Order(
        number=order_number(basket_id=basket.pk),
        basket=basket,
        user=customer,
        site_id=settings.SITE_ID,
        currency=settings.OSCAR_DEFAULT_CURRENCY,
        total_incl_tax=total,
        total_excl_tax=total,
        shipping_incl_tax=shipping,
        shipping_excl_tax=shipping,
        shipping_address=delivered_to,
        shipping_code="vendor",
        date_placed=timezone.now(),
        idempotency_key=key,
    )


def _vendor_order_rows(*, order: Order, plan: OrderPlan, terms: OrderTerms) -> list[VendorOrder]:
    return [
        VendorOrder(
            order=order,
            vendor=part.vendor,
            number=vendor_order_number(order.number, position),
            goods_points=part.goods_points,
            shipping_points=part.shipping_points,
            subsidy_points=part.subsidy_points,
            commission_basis_points=part.vendor.commission_basis_points,
            shipping_commission_rule=terms.shipping[part.vendor.pk].rule,
            deliver_from=part.deliver_from,
            deliver_until=part.deliver_until,
            placed_at=order.date_placed,
        )
        for position, part in enumerate(plan.parts)
    ]


def _event_rows(vendor_orders: Sequence[VendorOrder], *, customer: User) -> list[VendorOrderEvent]:
    return [
        VendorOrderEvent(
            vendor_order=vendor_order,
            new_status=VendorOrderStatus.PLACED,
            actor=customer,
            created_at=vendor_order.placed_at,
        )
        for vendor_order in vendor_orders
    ]


def _line_rows(
    *, order: Order, plan: OrderPlan, vendor_orders: Sequence[VendorOrder], terms: OrderTerms
) -> list[Line]:
    lines: list[Line] = []
    for part, vendor_order in zip(plan.parts, vendor_orders, strict=True):
        for fields in _fields_of_lines(part, terms):
            reference = line_reference(order.number, len(lines) + 1)
            lines.append(
                Line(order=order, vendor_order=vendor_order, partner_line_reference=reference, **fields)
            )
    return lines


def _price_rows(lines: Sequence[Line]) -> list[Any]:
    return [
        LinePrice(order=line.order, line=line, quantity=quantity, price_incl_tax=unit, price_excl_tax=unit)
        for line in lines
        for unit, quantity in _unit_prices(line.line_points, line.quantity)
    ]


def _fields_of_lines(part: PlannedPart, terms: OrderTerms) -> list[dict[str, Any]]:
    """Columns of one vendor's order lines, as Oscar's admin and dashboard read them; there is no tax."""
    rows = []
    for row in part.rows:
        product, offer = row.line.product, row.line.stockrecord
        paid, unit = Decimal(row.line_points), Decimal(row.unit_points)
        before = unit * row.quantity
        rows.append(
            {
                "partner": part.vendor,
                "partner_name": part.vendor.name,
                "partner_sku": offer.partner_sku,
                "stockrecord": offer,
                "product": product,
                "title": product.get_title(),
                "upc": product.upc,
                "quantity": row.quantity,
                "num_allocated": row.quantity,
                "line_price_incl_tax": paid,
                "line_price_excl_tax": paid,
                "line_price_before_discounts_incl_tax": before,
                "line_price_before_discounts_excl_tax": before,
                "unit_price_incl_tax": unit,
                "unit_price_excl_tax": unit,
                "commission_rule": terms.lines[row.line.pk].rule,
                "unit_grams": row.unit_grams,
                "subsidy_points": row.subsidy_points,
            }
        )
    return rows


def _unit_prices(line_points: int, quantity: int) -> list[tuple[Decimal, int]]:
    """Whole prices per piece that add up to what the line cost: (price, pieces), at most two."""
    unit, rest = divmod(line_points, quantity)
    prices = [(Decimal(unit), quantity - rest), (Decimal(unit + 1), rest)]
    return [(price, pieces) for price, pieces in prices if pieces]


def _allocations(
    lines: Sequence[Line], vendor_orders: Sequence[VendorOrder], *, plan: OrderPlan, terms: OrderTerms
) -> list[AllocationSpec]:
    """What waits in escrow: one part per line, one per shipping charge, with the terms of its commission."""
    rows = [row for part in plan.parts for row in part.rows]
    goods = [
        allocation_of(
            reference=line.partner_line_reference,
            vendor_id=line.vendor_order.vendor_id,
            gross_points=line.value_points,
            subsidy_points=line.subsidy_points,
            terms=terms.lines[row.line.pk],
        )
        for line, row in zip(lines, rows, strict=True)
        if line.value_points and line.vendor_order
    ]
    shipping = [
        allocation_of(
            reference=shipping_reference(vendor_order.number),
            vendor_id=vendor_order.vendor_id,
            gross_points=vendor_order.shipping_points,
            terms=terms.shipping[vendor_order.vendor_id],
        )
        for vendor_order in vendor_orders
        if vendor_order.shipping_points
    ]
    return goods + shipping


# Stock ------------------------------------------------------------------------------------
#: The guard repeats what was checked under the lock, and sees what is kept for other customers; the
#: database's own constraint is the third one. What was kept for this customer is theirs now.
ALLOCATE_STOCK = """
    WITH kept AS (
        DELETE FROM partner_stockhold
         WHERE customer_id = %(customer)s::bigint AND stockrecord_id = ANY(%(offers)s::bigint[])
    )
    UPDATE partner_stockrecord AS stock
       SET num_allocated = COALESCE(stock.num_allocated, 0) + wanted.quantity, date_updated = now()
      FROM unnest(%(offers)s::bigint[], %(pieces)s::int[]) AS wanted (id, quantity)
     WHERE stock.id = wanted.id
       AND COALESCE(stock.num_in_stock, 0) - COALESCE(stock.num_allocated, 0) - COALESCE(
               (SELECT sum(hold.pieces) FROM partner_stockhold AS hold
                 WHERE hold.stockrecord_id = stock.id AND hold.customer_id <> %(customer)s::bigint
                   AND hold.held_until > statement_timestamp()), 0) >= wanted.quantity
"""


def _allocate_stock(plan: OrderPlan, *, customer: User) -> None:
    """Lock the offers in id order, look at price and stock once more, and take the pieces.

    Raises:
        BasketChanged: someone was faster, or the vendor changed the offer meanwhile.
    """
    wanted = {row.line.stockrecord_id: row.line for row in plan.summary.rows}
    for offer in lock_offers(wanted):
        # What was kept for others at the first look may be ordered by now, and would count twice.
        wanted[offer.pk].stockrecord, wanted[offer.pk].held_for_others = offer, 0
    if changes := _changes_of(wanted.values()):
        raise BasketChanged(changes)
    pieces = array_of(line.quantity for line in wanted.values())
    with prepared_cursor() as cursor:
        cursor.execute(
            ALLOCATE_STOCK, {"customer": customer.pk, "offers": array_of(wanted), "pieces": pieces}
        )
        if cursor.rowcount != len(wanted):
            raise BasketChanged(_changes_by_holds(wanted, customer=customer))


def _changes_of(lines: Iterable[BasketLine]) -> list[LineChange]:
    return [change for line in lines if (change := change_of(line)) is not None]


def _changes_by_holds(wanted: Mapping[int, BasketLine], *, customer: User) -> list[LineChange]:
    """Which lines others have begun to check out since the basket was looked at."""
    held = pieces_held_for_others(offer_ids=wanted, customer_id=customer.pk)
    for offer_id, line in wanted.items():
        line.held_for_others = held.get(offer_id, 0)
    return _changes_of(wanted.values())
