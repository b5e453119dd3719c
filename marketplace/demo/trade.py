"""Past orders and reviews: placed, shipped, cancelled and written by the services that real ones use."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from forked_apps.basket.models import Basket
from forked_apps.basket.services import add_offer
from forked_apps.catalogue.models import Product
from forked_apps.catalogue.reviews.services import write_review
from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.order.dispute_models import DisputeReason
from forked_apps.order.errors import NotDeliverable
from forked_apps.order.handover import handover_code
from forked_apps.order.models import Order, VendorOrder
from forked_apps.order.return_models import ReturnReason, Side
from forked_apps.order.services.cancellation import cancel_by_customer, cancel_by_vendor
from forked_apps.order.services.delivery import complete_vendor_order, hand_over, mark_delivered
from forked_apps.order.services.disputes import (
    escalate_dispute,
    open_dispute,
    refuse_dispute,
    write_dispute_message,
)
from forked_apps.order.services.fulfilment import accept_vendor_order, mark_packed, ship_lines
from forked_apps.order.services.placement import place_order
from forked_apps.order.services.returns import approve_return, open_return, send_return, settle_return
from forked_apps.partner.governorates import Governorate as G
from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import offers_on_sale
from marketplace.demo.guard import require_demo
from marketplace.demo.people import BUYERS, residents
from marketplace.demo.review_words import REVIEW_WORDS
from marketplace.demo.vendors import CARRIERS, owner_of
from marketplace.users.models import User
from points_payment.errors import InsufficientPoints

#: The same demo each time.
SEED = 1_402
ORDERS_PER_BUYER = 2
#: How far the vendor orders of an order have come; read by turns.
STAGES = (
    "delivered", "shipped", "placed", "completed", "accepted", "packed", "delivered", "cancelled_by_customer",
    "completed", "shipped", "placed", "cancelled_by_vendor", "refused", "partly_returned", "returned",
    "return_asked_for", "disputed", "dispute_to_decide", "partly_shipped",
)  # fmt: skip
PLACES = (
    (G.BAGHDAD, "الكرادة", "قرب جامع الكرادة الشرقية"), (G.BAGHDAD, "المنصور", "مقابل مول المنصور"),
    (G.BAGHDAD, "الأعظمية", "خلف جامع أبي حنيفة"), (G.NINEVEH, "المجموعة الثقافية", "قرب جامعة الموصل"),
    (G.ERBIL, "ئەنکاوا", "نزیک کەنیسەی مار یوسف"), (G.SULAYMANIYAH, "سەرچنار", "بەرامبەر پارکی ئازادی"),
    (G.NAJAF, "حي الأمير", "قرب مستشفى الصدر"), (G.KARBALA, "حي الحسين", "قرب مدرسة الزهراء"),
    (G.DUHOK, "مالتا", "نزیک دادگە"), (G.BABIL, "حي الجمعية", "قرب جسر الهنود"),
)  # fmt: skip
REVIEWED_PRODUCTS = 170
CHEAPEST, DEAREST = 8_000, 650_000


def orders_exist() -> bool:
    buyers = residents()[: BUYERS + 1]
    return Order.objects.filter(user__in=buyers).values("user").distinct().count() == len(buyers)


def load_orders() -> str:
    """Some dozens of orders, many from two vendors, at every stage of their way."""
    require_demo()
    chance = random.Random(SEED)  # noqa: S311 - a demo that is the same each time
    shelf = shelf_of_offers()
    placed: list[Order] = []
    for place, buyer in enumerate(residents()[: BUYERS + 1]):
        missing = ORDERS_PER_BUYER - Order.objects.filter(user=buyer).count()
        for number in range(missing):
            order = _place(buyer=buyer, place=place + number, shelf=shelf, chance=chance)
            if order is not None:
                placed.append(order)
    turn = 0
    for order in placed:
        for vendor_order in order.vendor_orders.select_related("vendor", "order").order_by("number"):
            _bring_to(
                STAGES[turn % len(STAGES)],
                vendor_order=vendor_order,
                customer=order.user,  # type: ignore[arg-type]
                chance=chance,
            )
            turn += 1
    return f"{len(placed)} orders, {turn} parts of vendors"


def shelf_of_offers() -> Sequence[StockRecord]:
    """Offers that people would buy: in stock, and not too dear for their wallets."""
    offers = offers_on_sale().filter(
        num_in_stock__gte=5, price__range=(CHEAPEST, DEAREST), product__is_public=True
    )
    return list(offers.select_related("product").order_by("partner_sku", "pk"))


def _place(*, buyer: User, place: int, shelf: Sequence[StockRecord], chance: random.Random) -> Order | None:
    offers = chance.sample(shelf, 3 if place % 3 else 1)
    # Every third order is from two vendors at least.
    if place % 3 == 1:
        others = [offer for offer in shelf if offer.partner_id != offers[0].partner_id]
        offers[1] = chance.choice(others)
    pieces = [(offer, chance.choice((1, 1, 1, 2))) for offer in offers]
    return order_pieces(buyer=buyer, place=place, pieces=pieces)


def order_pieces(*, buyer: User, place: int, pieces: Iterable[tuple[StockRecord, int]]) -> Order | None:
    """An order of so many pieces of each offer; None where the buyer cannot pay, or nobody delivers there."""
    governorate, district, landmark = PLACES[place % len(PLACES)]
    basket, _ = Basket.open.get_or_create(owner=buyer)
    basket.lines.all().delete()
    for offer, quantity in pieces:
        add_offer(basket=basket, product=offer.product, offer_id=offer.pk, quantity=quantity)
    address = DeliveryAddress(
        full_name=buyer.get_full_name(), phone=buyer.phone or "", governorate=governorate.value,
        district=district, landmark=landmark,
    )  # fmt: skip
    try:
        return place_order(
            customer=buyer, basket_id=basket.pk, address=address, idempotency_key=f"demo-order-{basket.pk}"
        )
    except (InsufficientPoints, NotDeliverable):
        # Their basket stays as it is, as anyone's would.
        return None


def _bring_to(stage: str, *, vendor_order: VendorOrder, customer: User, chance: random.Random) -> None:
    vendor = vendor_order.vendor
    actor = owner_of(vendor)
    if stage == "placed":
        return
    if stage == "cancelled_by_customer":
        cancel_by_customer(customer=customer, vendor_order=vendor_order)
        return
    accept_vendor_order(vendor=vendor, actor=actor, vendor_order=vendor_order)
    if stage == "cancelled_by_vendor":
        cancel_by_vendor(
            vendor=vendor, actor=actor, vendor_order=vendor_order, reason="القطعة تضررت في المخزن"
        )
    if stage in {"accepted", "cancelled_by_vendor"}:
        return
    mark_packed(vendor=vendor, actor=actor, vendor_order=vendor_order)
    if stage == "packed":
        return
    if stage == "partly_shipped":
        first = vendor_order.lines.order_by("pk")[0]
        ship(vendor_order, actor=actor, chance=chance, quantities={first.pk: 1})
        return
    ship(vendor_order, actor=actor, chance=chance)
    if stage == "shipped":
        return
    if stage == "refused":
        hand_over(
            vendor=vendor, actor=actor, vendor_order=vendor_order, code=handover_code(vendor_order),
            refused={line.pk: line.quantity for line in vendor_order.lines.all()},
            reason="اللون مختلف عن الصورة",
        )  # fmt: skip
        return
    if chance.random() < 0.7:
        hand_over(vendor=vendor, actor=actor, vendor_order=vendor_order, code=handover_code(vendor_order))
    else:
        mark_delivered(vendor=vendor, actor=actor, vendor_order=vendor_order)
    _live_on(stage, vendor_order=vendor_order, customer=customer, actor=actor)


def _live_on(stage: str, *, vendor_order: VendorOrder, customer: User, actor: User) -> None:
    """What follows a delivery."""
    if stage == "completed":
        complete_vendor_order(vendor_order=vendor_order, actor=None)
    elif stage in {"partly_returned", "returned", "return_asked_for"}:
        send_back(vendor_order, customer=customer, actor=actor, stage=stage)
    elif stage in {"disputed", "dispute_to_decide"}:
        complain(vendor_order, customer=customer, actor=actor, stage=stage)


def ship(
    vendor_order: VendorOrder,
    *,
    actor: User,
    chance: random.Random,
    quantities: dict[int, int] | None = None,
) -> None:
    ship_lines(
        vendor=vendor_order.vendor, actor=actor, vendor_order=vendor_order, quantities=quantities,
        carrier=chance.choice(CARRIERS), tracking_code=f"IQ{chance.randrange(10**8, 10**9)}",
    )  # fmt: skip


def send_back(vendor_order: VendorOrder, *, customer: User, actor: User, stage: str) -> None:
    """One piece, or all of them; as far as the stage says."""
    vendor_order.refresh_from_db()
    pieces = {line.pk: line.quantity for line in vendor_order.lines.order_by("pk")}
    if stage == "partly_returned":
        pieces = {next(iter(pieces)): 1}
    asked = open_return(
        customer=customer, vendor_order=vendor_order, quantities=pieces, reason=ReturnReason.DAMAGED,
        description="وصلت القطعة وفيها خدش واضح على الحافة",
    )  # fmt: skip
    if stage == "return_asked_for":
        return
    vendor = vendor_order.vendor
    approve_return(vendor=vendor, asked=asked, answer="أرسلها مع المندوب إلى محلنا من فضلك")
    send_return(customer=customer, asked=asked, carrier="مندوب المتجر", tracking_code="")
    settle_return(vendor=vendor, actor=actor, asked=asked, accepted=pieces, restocked=pieces, answer="")


def complain(vendor_order: VendorOrder, *, customer: User, actor: User, stage: str) -> None:
    """Something is wrong; the vendor has to answer, or both have said what they know and staff decide."""
    vendor_order.refresh_from_db()
    one = open_dispute(
        customer=customer, vendor_order=vendor_order, reason=DisputeReason.NOT_AS_DESCRIBED,
        quantities={line.pk: line.quantity for line in vendor_order.lines.all()},
        description="اللون ليس كما في الصورة، والمقاس أصغر مما كُتب",
    )  # fmt: skip
    if stage == "disputed":
        return
    vendor = vendor_order.vendor
    refuse_dispute(vendor=vendor, actor=actor, dispute=one, reason="المقاس واللون مكتوبان في صفحة المنتج")
    escalate_dispute(customer=customer, dispute=one, text="قست القطعة: ٧٠ سنتيمتراً بدلاً من ٩٠")
    write_dispute_message(dispute=one, side=Side.VENDOR, author=actor, text="المقاس في الصفحة يشمل القاعدة")


# Reviews ----------------------------------------------------------------------------------


def reviews_exist() -> bool:
    return Product.objects.exclude(rating=None).filter(upc__regex="^(FUR|LAP)-").count() >= REVIEWED_PRODUCTS


def load_reviews() -> str:
    """Hundreds, in the reviewers' own languages; each rating follows from them."""
    require_demo()
    chance = random.Random(SEED + 1)  # noqa: S311
    reviewers = residents()
    # Each third one a laptop.
    furniture, laptops = (
        list(
            Product.objects.filter(upc__startswith=prefix, stockrecords__num_in_stock__gt=0)
            .distinct()
            .order_by("upc")
        )
        for prefix in ("FUR-", "LAP-")
    )
    laptops_wanted = REVIEWED_PRODUCTS // 3
    chosen = chance.sample(laptops, laptops_wanted) + chance.sample(
        furniture, REVIEWED_PRODUCTS - laptops_wanted
    )
    written = 0
    for product in chosen:
        kind = "laptop" if (product.upc or "").startswith("LAP-") else "furniture"
        for reviewer in chance.sample(reviewers, chance.choice((1, 2, 2, 3, 4, 6))):
            score = chance.choice((5, 5, 5, 4, 4, 4, 3, 3, 2, 1))
            title, body = chance.choice(REVIEW_WORDS[kind, reviewer.language, score])
            if product.has_review_by(reviewer):
                continue
            write_review(product=product, user=reviewer, score=score, title=title, body=body)
            written += 1
    return f"{written} reviews of {len(chosen)} products"
