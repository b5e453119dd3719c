"""Who bears a discount: the buyer pays the same, and the vendor earns as if there were none, or less."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from oscar.apps.voucher.models import Voucher

from forked_apps.basket.models import Basket
from forked_apps.offer.models import Bearer, ConditionalOffer
from forked_apps.order.document_models import Invoice
from forked_apps.order.models import Line, LineReduction, Order, OrderDiscount, VendorOrder
from forked_apps.order.return_models import Return, ReturnReason
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.cancellation import cancel_by_customer, cancel_lines
from forked_apps.order.services.delivery import complete_vendor_order, mark_delivered
from forked_apps.order.services.dispute_deadlines import advance_disputes
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.placement import place_order
from forked_apps.order.services.returns import open_return, settle_return
from forked_apps.shipping.models import ShippingRate
from marketplace.users.models import User
from points_payment.models import Allocation
from points_payment.proof import prove
from points_payment.selectors import account_points
from tests.factories.catalogue import VendorFactory
from tests.factories.disputes import decide, ready_to_decide
from tests.factories.orders import (
    ADDRESS,
    CustomerFactory,
    make_basket,
    make_customer,
    make_offer,
    make_order,
)
from tests.forked_apps.basket.test_discounts import site_offer
from vendor_portal.money import free_days, sales_page

pytestmark = pytest.mark.django_db

NUQTA, SELLER = Bearer.MARKETPLACE, Bearer.VENDOR


@pytest.fixture
def packer() -> User:
    return CustomerFactory(first_name="Bob")


def order_of(pieces: int = 3, *, price: int = 1_001, points: int = 1_000_000) -> Order:
    """Of one vendor, who takes 10 percent and no charge for the way."""
    vendor = VendorFactory(commission_basis_points=1_000)
    return make_order(
        make_customer(points=points), {make_offer(vendor=vendor, price=price, charge_points=0): pieces}
    )


def only_line(order: Order) -> Line:
    return order.lines.get()


def promotions() -> int:
    """What the platform gave, and has not back."""
    return -account_points(kind="promotions")  # type: ignore[arg-type]


def deliver(part: VendorOrder, packer: User) -> None:
    who = {"vendor": part.vendor, "actor": packer, "vendor_order": part}
    ship_lines(**who, tracking_code="T-1")  # type: ignore[arg-type]
    mark_delivered(**who)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bearer", "added", "value", "payable"),
    [(NUQTA, 300, 3_003, 2_703), (SELLER, 0, 2_703, 2_433)],
    ids=["the platform bears it", "the seller bears it"],
)
def test_the_buyer_pays_the_same_and_the_vendor_earns_by_who_bears_it(
    packer: User, bearer: Bearer, added: int, value: int, payable: int
) -> None:
    site_offer("10", borne_by=bearer)
    order = order_of()
    part, line = order.vendor_orders.get(), only_line(order)
    assert (order.total_points, line.line_points) == (2_703, 2_703)
    assert User.objects.get(pk=order.user_id).point_balance == 1_000_000 - 2_703
    assert (line.subsidy_points, part.subsidy_points, part.value_points) == (added, added, value)
    assert line.vendor_discount_points == 300 - added
    allocation = Allocation.objects.get()
    assert (allocation.gross_points, allocation.subsidy_points) == (value, added)
    assert promotions() == added
    written = order.discounts.get()
    assert (written.amount, written.borne_by) == (300, bearer)
    deliver(part, packer)
    complete_vendor_order(vendor_order=part, actor=None)
    assert account_points(kind="vendor_payable", owner_id=part.vendor_id) == payable  # type: ignore[arg-type]
    assert sales_page(vendor=part.vendor, page=None).object_list[0].net_points == payable


def test_two_offers_share_a_line_and_each_is_borne_by_its_own() -> None:
    site_offer("10", borne_by=NUQTA, name="Ours", exclusive=False)
    site_offer("5", borne_by=SELLER, name="Theirs", exclusive=False)
    order = order_of(7, price=333)
    line = only_line(order)
    by_bearer = {one.borne_by: int(one.amount) for one in OrderDiscount.objects.all()}
    assert set(by_bearer) == {NUQTA, SELLER}
    assert (line.subsidy_points, line.vendor_discount_points) == (by_bearer[NUQTA], by_bearer[SELLER])
    assert line.line_points + sum(by_bearer.values()) == 7 * 333
    assert not prove()


def test_offers_that_come_to_more_than_a_line_leave_the_buyer_nothing_to_pay() -> None:
    site_offer("60", borne_by=NUQTA, name="Ours", exclusive=False)
    site_offer("60", borne_by=SELLER, name="Theirs", exclusive=False)
    order = order_of(1, price=1_001)
    line = only_line(order)
    assert (order.total_points, line.line_points, line.subsidy_points) == (0, 0, 501)
    assert {one.borne_by: int(one.amount) for one in order.discounts.all()} == {NUQTA: 501, SELLER: 500}
    assert not prove()


@pytest.mark.parametrize(("bearer", "charge"), [(NUQTA, 0), (SELLER, 5_000)])
def test_free_delivery_looks_at_what_the_goods_earn_their_seller(bearer: Bearer, charge: int) -> None:
    site_offer("10", borne_by=bearer)
    offer = make_offer(price=1_000)
    ShippingRate.objects.update(free_from_points=1_000)
    assert make_order(make_customer(points=10_000), [offer]).shipping_points == charge


def test_a_voucher_s_discount_is_borne_like_any_other() -> None:
    offer = site_offer("20", borne_by=NUQTA)
    ConditionalOffer.objects.update(offer_type=ConditionalOffer.VOUCHER)
    now = timezone.now()
    voucher = Voucher.objects.create(
        name="Eid", code="EID", usage=Voucher.MULTI_USE, start_datetime=now - timezone.timedelta(days=1),
        end_datetime=now + timezone.timedelta(days=1),
    )  # fmt: skip
    voucher.offers.add(offer)
    customer = make_customer(points=1_000)
    basket = make_basket(customer, [make_offer(price=1_000, charge_points=0)])
    basket.vouchers.add(voucher)
    order = place_order(
        customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key="voucher-order"
    )
    assert (order.total_points, only_line(order).subsidy_points, promotions()) == (800, 200, 200)
    assert order.discounts.get().voucher_code == "EID"


def test_a_cancelled_order_gives_each_side_what_it_put_in() -> None:
    site_offer("12.5", borne_by=NUQTA)
    order = order_of()
    cancel_by_customer(customer=order.user, vendor_order=order.vendor_orders.get())
    assert User.objects.get(pk=order.user_id).point_balance == 1_000_000
    assert promotions() == 0


@pytest.mark.parametrize("percent", ["33", "99.99", "100"])
def test_pieces_that_go_one_by_one_give_all_of_it_back(packer: User, percent: str) -> None:
    site_offer(percent, borne_by=NUQTA)
    order = order_of(4, price=101)
    part, line, given = order.vendor_orders.get(), only_line(order), promotions()
    assert given == line.subsidy_points == 404 - line.line_points
    for _piece in range(4):
        before = promotions()
        cancel_lines(
            vendor=part.vendor, actor=packer, vendor_order=part, quantities={line.pk: 1}, reason="Gone"
        )
        # Of four equal pieces each one bears a fourth, to the point that rounding moves.
        assert abs((before - promotions()) - given / 4) <= 1
    assert promotions() == 0
    assert User.objects.get(pk=order.user_id).point_balance == 1_000_000
    assert not prove()


def test_an_allowance_takes_as_much_of_what_the_platform_added(packer: User) -> None:
    site_offer("50", borne_by=NUQTA)
    order = order_of(1, price=1_000)
    part, line = order.vendor_orders.get(), only_line(order)
    deliver(part, packer)
    who = {"vendor": part.vendor, "actor": packer, "vendor_order": part, "line_id": line.pk}
    give_allowance(**who, points=100, reason="Scratched")  # type: ignore[arg-type]
    assert promotions() == 400
    reduction = LineReduction.objects.get()
    assert (reduction.refunded_points, reduction.returned_subsidy_points) == (100, 100)
    give_allowance(**who, points=400, reason="Broken")  # type: ignore[arg-type]
    # Who pays nothing after all needs no discount.
    assert promotions() == 0
    complete_vendor_order(vendor_order=part, actor=None)
    assert account_points(kind="vendor_payable", owner_id=part.vendor_id) == 0  # type: ignore[arg-type]


def test_an_order_for_nothing_but_what_the_platform_pays(packer: User) -> None:
    site_offer("100", borne_by=NUQTA)
    order = order_of(2, price=500, points=1)
    part = order.vendor_orders.get()
    assert (order.total_points, part.value_points, promotions()) == (0, 1_000, 1_000)
    deliver(part, packer)
    complete_vendor_order(vendor_order=part, actor=None)
    assert account_points(kind="vendor_payable", owner_id=part.vendor_id) == 900  # type: ignore[arg-type]
    assert User.objects.get(pk=order.user_id).point_balance == 1


@pytest.mark.parametrize("percent", ["0.001", "40", "100"])
@pytest.mark.parametrize("how", ["a return", "a dispute"])
def test_money_counts_what_of_the_way_went_back(packer: User, percent: str, how: str) -> None:
    """Of three pieces one went back by the vendor's fault, with a third of the way."""
    site_offer(percent, borne_by=NUQTA)
    vendor = VendorFactory(commission_basis_points=1_000)
    offers = {make_offer(vendor=vendor, price=1_000, charge_points=600): 3}
    order = make_order(make_customer(points=1_000_000), offers)
    part, line = order.vendor_orders.get(), only_line(order)
    deliver(part, packer)
    if how == "a return":
        give_one_back(part, line, packer)
    else:
        decide(ready_to_decide(fresh(part), pieces={line.pk: 1}))
        advance_disputes(now=timezone.now() + timezone.timedelta(days=6))
    held = account_points(kind="vendor_escrow", owner_id=vendor.pk)  # type: ignore[arg-type]
    assert held == 2_400
    (sale,) = sales_page(vendor=vendor, page=None).object_list
    assert (sale.given_back_points, sale.net_points) == (1_200, held - sale.commission_points)
    assert [day.points for day in free_days(vendor=vendor)] == [held]
    complete_vendor_order(vendor_order=fresh(part), actor=None)
    assert account_points(kind="vendor_payable", owner_id=vendor.pk) == sale.net_points  # type: ignore[arg-type]


def fresh(part: VendorOrder) -> VendorOrder:
    return VendorOrder.objects.get(pk=part.pk)


def give_one_back(part: VendorOrder, line: Line, packer: User) -> Return:
    asked = open_return(
        customer=part.order.user, vendor_order=fresh(part), quantities={line.pk: 1},
        reason=ReturnReason.DAMAGED, description="A corner is broken.",
    )  # fmt: skip
    return settle_return(vendor=part.vendor, actor=packer, asked=asked, answer="Sorry", accepted={line.pk: 1})


def test_what_is_placed_stays_when_the_offer_is_given_to_another_bearer() -> None:
    offer = site_offer("10", borne_by=NUQTA)
    order = order_of()
    ConditionalOffer.objects.filter(pk=offer.pk).update(borne_by=SELLER)
    assert order.discounts.get().borne_by == NUQTA
    assert only_line(order).subsidy_points == 300
    assert only_line(order_of()).subsidy_points == 0
    assert not prove()


def test_the_invoice_names_who_bears_the_discount(packer: User, drain_outbox: Callable) -> None:
    site_offer("10", borne_by=NUQTA)
    order = order_of()
    part, line = order.vendor_orders.get(), only_line(order)
    cancel_lines(vendor=part.vendor, actor=packer, vendor_order=part, quantities={line.pk: 1}, reason="Gone")
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T-1")
    drain_outbox()
    invoice = Invoice.objects.get()
    (sold,) = invoice.facts["lines"]
    assert sold["points"] == invoice.total_points == invoice.paid_points == 1_802
    assert (sold["discount_vendor_points"], sold["discount_marketplace_points"]) == (0, 200)


@pytest.mark.parametrize("tampered", ["line", "vendor order", "discount", "reduction"])
def test_the_proof_names_what_was_added_and_does_not_agree(tampered: str) -> None:
    site_offer("10", borne_by=NUQTA)
    order = order_of()
    part, line = order.vendor_orders.get(), only_line(order)
    cancel_by_customer(customer=order.user, vendor_order=part)
    model, pk, field, culprit = {
        "line": (Line, line.pk, "subsidy_points", f"line {line.partner_line_reference}"),
        "vendor order": (VendorOrder, part.pk, "subsidy_points", f"vendor order {part.number}"),
        "discount": (OrderDiscount, order.discounts.get().pk, "amount", f"order {order.number}"),
        "reduction": (
            LineReduction,
            line.reductions.get().pk,
            "returned_subsidy_points",
            f"line {line.partner_line_reference}",
        ),
    }[tampered]
    true = model.objects.values_list(field, flat=True).get(pk=pk)  # type: ignore[attr-defined]
    model.objects.filter(pk=pk).update(**{field: true + 1})  # type: ignore[attr-defined]
    try:
        assert culprit in {finding.culprit for finding in prove()}
    finally:
        model.objects.filter(pk=pk).update(**{field: true})  # type: ignore[attr-defined]


def test_new_offers_are_the_platforms_unless_staff_say_else(client, admin_client) -> None:
    assert ConditionalOffer().borne_by == NUQTA
    page = admin_client.get(reverse("dashboard:offer-metadata"))
    assert 'name="borne_by"' in page.content.decode()
    offer = site_offer("10", borne_by=NUQTA)
    form = {"name": offer.name, "description": "", "offer_type": ConditionalOffer.SITE, "borne_by": SELLER}
    answer = admin_client.post(
        reverse("dashboard:offer-metadata", kwargs={"pk": offer.pk}), {**form, "save": "Save changes"}
    )
    assert answer.status_code == 302
    offer.refresh_from_db()
    assert offer.borne_by == SELLER
    page = admin_client.get(reverse("dashboard:offer-detail", args=[offer.pk]))
    with translation.override(page.headers["Content-Language"]):
        assert f"<strong>{SELLER.label}</strong>" in page.content.decode()


def test_a_basket_shows_the_discount_whoever_bears_it() -> None:
    from forked_apps.basket.selectors import summarise

    site_offer("10", borne_by=NUQTA)
    basket = make_basket(make_customer(), {make_offer(price=1_001): 3})
    summary = summarise(basket=Basket.objects.get(pk=basket.pk), user=None)
    (row,) = summary.rows
    assert (row.discount_points, row.subsidy_points, row.line_points) == (300, 300, 2_703)
    assert isinstance(row.unit_points, int)
    assert Decimal(row.discount_points) % 1 == 0
