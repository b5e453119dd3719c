"""Changing a basket. Every change locks the basket first, so two tabs take turns."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from forked_apps.basket.errors import (
    BadQuantity,
    BasketClosed,
    NoSuchLine,
    NotEnoughPieces,
    OfferNotAvailable,
    TooManyPieces,
)
from forked_apps.basket.models import Basket, Line
from forked_apps.catalogue.models import Product
from forked_apps.partner.holds import pieces_held_for_others
from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import available_pieces, buy_box, is_on_sale, offers_on_sale
from forked_apps.partner.services.holds import give_up_pieces


@transaction.atomic
def add_offer(
    *, basket: Basket, product: Product, offer_id: int | None = None, quantity: int = 1
) -> tuple[Line, bool]:
    """Put pieces of one vendor's offer into the basket; the line, and whether it is new.

    Without ``offer_id`` the winner of the buy box is taken. The price of now counts as seen.

    Raises:
        OfferNotAvailable: not this product's, off sale, or its vendor does not sell now.
        NotEnoughPieces: with those in the basket, more than are available.
        TooManyPieces, BadQuantity, BasketClosed
    """
    if quantity < 1:
        raise BadQuantity
    offer = _offer_to_add(product=product, offer_id=offer_id)
    open_and_lock(basket)
    line = Line.objects.filter(basket=basket, stockrecord=offer).first()
    in_basket = line.quantity if line else 0
    _check_quantity(basket=basket, offer=offer, wanted=in_basket + quantity, in_basket=in_basket, line=line)
    if line:
        _write_line(line, quantity=in_basket + quantity, price_points=offer.price_points)
    else:
        line = Line.objects.create(
            basket=basket,
            product=product,
            stockrecord=offer,
            line_reference=_reference(offer),
            quantity=quantity,
            price_currency=offer.price_currency,
            price_excl_tax=Decimal(offer.price_points),
            price_incl_tax=Decimal(offer.price_points),
        )
    basket.reset_offer_applications()
    return line, not in_basket


@transaction.atomic
def change_quantity(*, basket: Basket, line_id: int, quantity: int) -> Line:
    """Set how many pieces a line has.

    Raises:
        NoSuchLine, NotEnoughPieces, TooManyPieces, BadQuantity, BasketClosed
    """
    if quantity < 1:
        raise BadQuantity
    open_and_lock(basket)
    line = _line_of(basket, line_id)
    if not is_on_sale(line.stockrecord):
        raise OfferNotAvailable
    _check_quantity(basket=basket, offer=line.stockrecord, wanted=quantity, in_basket=0, line=line)
    # The price seen stays as it was: who changes a number has not agreed to another price.
    _write_line(line, quantity=quantity, price_points=line.seen_price_points)
    _fit_holds(basket)
    basket.reset_offer_applications()
    return line


@transaction.atomic
def remove_line(*, basket: Basket, line_id: int) -> Line:
    """Take a line out; the line as it was.

    Raises:
        NoSuchLine, BasketClosed
    """
    open_and_lock(basket)
    line = _line_of(basket, line_id)
    Line.objects.filter(pk=line.pk).delete()
    _fit_holds(basket)
    basket.reset_offer_applications()
    return line


@transaction.atomic
def accept_changes(*, basket: Basket) -> int:
    """The customer agrees to prices and stock as they are now: prices count as seen, lines are cut to
    what is left, and those that cannot be had go. The number of lines that changed.

    Raises:
        BasketClosed
    """
    open_and_lock(basket)
    changed = sum([_accept(line) for line in basket.lines_with_offers().order_by("pk")])
    _fit_holds(basket)
    basket.reset_offer_applications()
    return changed


@transaction.atomic
def accept_line(*, basket: Basket, line_id: int) -> bool:
    """As ``accept_changes``, of one line; whether it had changed.

    Raises:
        NoSuchLine, BasketClosed
    """
    open_and_lock(basket)
    changed = _accept(_line_of(basket, line_id))
    _fit_holds(basket)
    basket.reset_offer_applications()
    return changed


@transaction.atomic
def swap_offer(*, basket: Basket, line_id: int, offer_id: int) -> Line:
    """Have the line's pieces from another vendor, at that vendor's price of now.

    Raises:
        OfferNotAvailable: another product's, or off sale.
        NotEnoughPieces: with those of that offer in the basket, more than are available.
        NoSuchLine, TooManyPieces, BasketClosed
    """
    open_and_lock(basket)
    line = _line_of(basket, line_id)
    offer = _offer_to_add(product=line.product, offer_id=offer_id)
    own = basket.lines_with_offers().filter(stockrecord=offer).exclude(pk=line.pk).first()
    in_basket = own.quantity if own else 0
    pieces = line.quantity + in_basket
    _check_quantity(basket=basket, offer=offer, wanted=pieces, in_basket=in_basket, line=line, merged=own)
    if own:
        Line.objects.filter(pk=line.pk).delete()
        line = own
    else:
        line.stockrecord, line.line_reference = offer, _reference(offer)
        Line.objects.filter(pk=line.pk).update(stockrecord=offer, line_reference=line.line_reference)
    _write_line(line, quantity=pieces, price_points=offer.price_points)
    _fit_holds(basket)
    basket.reset_offer_applications()
    return line


def merge_baskets(*, into: Basket, other: Basket) -> int:
    """Move the lines of an anonymous basket into the customer's who signed in; the pieces moved.

    Where both hold an offer the larger number counts. A basket that was merged already is left alone.
    """
    with transaction.atomic():
        locked = {
            basket.pk: basket
            for basket in Basket.objects.select_for_update(no_key=True)
            .filter(pk__in=[into.pk, other.pk])
            .order_by("pk")
        }
        source = locked.get(other.pk)
        if into.pk not in locked or source is None or source.status != Basket.OPEN:
            return 0
        moved = Line.objects.filter(basket=other).aggregate(pieces=Sum("quantity"))["pieces"] or 0
        mine = {line.line_reference: line for line in Line.objects.filter(basket=into)}
        for line in Line.objects.filter(basket=other):
            if (own := mine.get(line.line_reference)) is None:
                Line.objects.filter(pk=line.pk).update(basket=into)
            elif line.quantity > own.quantity:
                Line.objects.filter(pk=own.pk).update(quantity=line.quantity)
        for voucher in other.vouchers.all():
            into.vouchers.add(voucher)
        Basket.objects.filter(pk=other.pk).update(status=Basket.MERGED, date_merged=timezone.now())
    other.status = Basket.MERGED
    into.reset_offer_applications()
    return moved


# Parts ------------------------------------------------------------------------------------
def _offer_to_add(*, product: Product, offer_id: int | None) -> StockRecord:
    if offer_id is None:
        choice = buy_box(product)
        offer = choice.stockrecord if choice else None
    else:
        offer = offers_on_sale().filter(pk=offer_id, product_id=product.pk).first()
    if offer is None or not product.is_public:
        raise OfferNotAvailable
    return offer


def open_and_lock(basket: Basket) -> None:
    """Write a basket that exists in memory alone, then lock its row until the transaction ends."""
    if basket.pk is None:
        if basket.owner_id is None:
            basket.save()
        else:
            kept, _ = Basket.open.get_or_create(owner_id=basket.owner_id)
            basket.pk, basket._state.adding, basket._state.db = kept.pk, False, kept._state.db
            basket.date_created = kept.date_created
    status = (
        Basket.objects.select_for_update(no_key=True)
        .filter(pk=basket.pk)
        .values_list("status", flat=True)
        .first()
    )
    if status != Basket.OPEN:
        raise BasketClosed


def _reference(offer: StockRecord) -> str:
    return f"{offer.product_id}_{offer.pk}"


def _line_of(basket: Basket, line_id: int) -> Line:
    line = basket.lines_with_offers().filter(pk=line_id).first()
    if line is None:
        raise NoSuchLine
    return line


def _check_quantity(
    *,
    basket: Basket,
    offer: StockRecord,
    wanted: int,
    in_basket: int,
    line: Line | None,
    merged: Line | None = None,
) -> None:
    """``line`` and ``merged`` are those whose pieces ``wanted`` counts already."""
    known = available_pieces(offer)
    held = pieces_held_for_others(offer_ids=[offer.pk], customer_id=basket.owner_id).get(offer.pk, 0)
    if wanted > (available := max(0, known - held)):
        raise NotEnoughPieces(available=available, in_basket=in_basket, held=min(known, held))
    limit: int = settings.OSCAR_MAX_BASKET_QUANTITY_THRESHOLD
    counted = [each.pk for each in (line, merged) if each]
    others = Line.objects.filter(basket=basket).exclude(pk__in=counted)
    if wanted + (others.aggregate(pieces=Sum("quantity"))["pieces"] or 0) > limit:
        raise TooManyPieces(limit=limit)


def _accept(line: Line) -> bool:
    """Agree to what has changed of a line; whether anything had."""
    change = line.change
    if change is None:
        return False
    if change.is_final:
        Line.objects.filter(pk=line.pk).delete()
    else:
        _write_line(
            line,
            quantity=min(line.quantity, line.available_pieces),
            price_points=line.stockrecord.price_points,
        )
    return True


def _fit_holds(basket: Basket) -> None:
    """What left the basket is kept for nobody. More is kept when the customer next checks out."""
    if basket.owner_id is not None:
        wanted = dict(Line.objects.filter(basket=basket).values_list("stockrecord_id", "quantity"))
        give_up_pieces(customer_id=basket.owner_id, but=wanted)


def _write_line(line: Line, *, quantity: int, price_points: int | None) -> None:
    line.quantity = quantity
    line.price_incl_tax = line.price_excl_tax = None if price_points is None else Decimal(price_points)
    # Not save(): Oscar's asks the basket for its status once more.
    Line.objects.filter(pk=line.pk).update(
        quantity=line.quantity,
        price_incl_tax=line.price_incl_tax,
        price_excl_tax=line.price_excl_tax,
        date_updated=timezone.now(),
    )
