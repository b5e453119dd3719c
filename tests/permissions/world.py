"""Somebody for each role, and one of everything that an address may name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from oscar.apps.address.models import Country, UserAddress
from oscar.apps.catalogue.reviews.models import ProductReview

from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import Return, ReturnReason
from forked_apps.order.services.delivery import mark_delivered
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.returns import open_return
from forked_apps.partner.models import StockRecord
from marketplace.users.models import User
from points_payment.services.batches import draft_batch
from tests.factories.catalogue import CategoryFactory, ProductFactory
from tests.factories.orders import give_points, make_basket, make_offer, make_order
from tests.factories.vendors import a_cast, a_person, a_staff_member, membership, seeded
from vendor_portal.services.members import add_member, invite_member

ROLES = ("anonymous", "customer", "owner", "clerk", "other", "distributor", "cards", "admin")


@dataclass(frozen=True, slots=True)
class World:
    people: dict[str, User | None]
    #: What stands for an address's parameter, by ``namespace.parameter`` or ``parameter``.
    examples: dict[str, Any]


def a_return(customer: User, offer: StockRecord) -> Return:
    """What the customer wants this vendor to take back, with a photo."""
    part = make_order(customer, [offer]).vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=customer, vendor_order=part, tracking_code="T")
    mark_delivered(vendor=part.vendor, actor=customer, vendor_order=part)
    return open_return(
        customer=customer, vendor_order=VendorOrder.objects.get(pk=part.pk),
        quantities={line.pk: 1 for line in part.lines.all()}, reason=ReturnReason.DAMAGED,
        description="Broken", photos=[ContentFile(b"RIFF", name="photo.webp")],
    )  # fmt: skip


def a_world() -> World:
    """The customer's order has parts of two vendors; all else is the customer's or the first vendor's."""
    cast = a_cast(bob_may=())
    add_member(vendor=cast.vendor, user=cast.bob, roles=[seeded(cast.vendor, "order-packer")], actor=None)
    customer = a_person("Customer")
    give_points(customer, 10_000_000)
    category = CategoryFactory()
    product = ProductFactory(category=category)
    offer = make_offer(vendor=cast.vendor, product=product)
    order = make_order(customer, [offer, make_offer(vendor=cast.other_vendor)])
    asked = a_return(customer, offer)
    basket = make_basket(customer, [offer])
    admin = a_staff_member("admin", name="Admin")
    cards = a_staff_member("card-manager", name="Cards")
    batch = draft_batch(
        face_value_points=25_000,
        number_of_cards=2,
        expires_on=timezone.localdate() + timedelta(days=365),
        note="",
        # Who drafted a batch approves nothing about it, so it is someone outside the table.
        actor=a_staff_member("card-manager"),
    )
    invitation = invite_member(
        vendor=cast.vendor, role=seeded(cast.vendor, "manager"), actor=cast.alice, phone=customer.phone or ""
    )
    country = Country.objects.filter(pk="IQ").first() or Country.objects.create(
        iso_3166_1_a2="IQ", iso_3166_1_a3="IRQ", printable_name="Iraq", is_shipping_country=True
    )
    home = UserAddress.objects.create(
        user=customer, first_name="Customer", line1="Mosque", line4="Karrada", state="BG",
        country=country, phone_number="+9647701234567",
    )  # fmt: skip
    review = ProductReview.objects.create(product=product, score=5, title="Good", body="Good", user=customer)
    part = VendorOrder.objects.get(order=order, vendor=cast.vendor)
    people: dict[str, User | None] = {
        "anonymous": None, "customer": customer, "owner": cast.alice, "clerk": cast.bob, "other": cast.dana,
        "distributor": a_staff_member("point-distributor", name="Distributor"), "cards": cards,
        "admin": admin,
    }  # fmt: skip
    examples = {
        "code": cast.vendor.code,
        "slug": "support",
        "staff.pk": customer.pk,
        "points_staff.pk": batch.pk,
        "portal.number": part.number,
        "portal.product_pk": ProductFactory().pk,
        "portal:offers-edit.pk": offer.pk,
        "portal:team-member.pk": membership(cast.vendor, cast.bob).pk,
        "portal:team-remove.pk": membership(cast.vendor, cast.bob).pk,
        "portal:team-role.pk": seeded(cast.vendor, "accountant").pk,
        "portal:team-role-delete.pk": seeded(cast.vendor, "accountant").pk,
        "portal:team-withdraw.pk": invitation.pk,
        "portal:invitation-accept.pk": invitation.pk,
        "portal:invitation-decline.pk": invitation.pk,
        "orders.order_number": order.number,
        **{
            f"orders:return{step}.order_number": asked.vendor_order.order.number
            for step in ("", "-withdraw", "-sent", "-message", "-photo")
        },
        **{
            f"{page}{step}.number": asked.number
            for page, steps in (
                ("orders:return", ("", "-withdraw", "-sent", "-message", "-photo")),
                ("portal:returns", ("-detail", "-approve", "-refuse", "-settle", "-message", "-photo")),
            )
            for step in steps
        },
        "orders:return-photo.pk": asked.photos.get().pk,
        "portal:returns-photo.pk": asked.photos.get().pk,
        "orders.number": part.number,
        "customer.order_number": order.number,
        "customer.pk": home.pk,
        "checkout.number": order.number,
        "checkout.pk": home.pk,
        "catalogue.pk": product.pk,
        "catalogue.product_pk": product.pk,
        "catalogue.product_slug": product.slug,
        "catalogue:detail.product_slug": product.slug,
        "catalogue:category.category_slug": category.full_slug,
        "catalogue:category.pk": category.pk,
        "catalogue:reviews-detail.pk": review.pk,
        "catalogue:reviews-vote.pk": review.pk,
        "basket.pk": product.pk,
        "basket.line_id": basket.lines.get().pk,
        "product-detail.pk": product.pk,
        "order-detail.pk": order.pk,
        "basket-lines-list.pk": basket.pk,
        "basket-line-detail.basket_pk": basket.pk,
        "basket-line-detail.pk": basket.lines.get().pk,
    }
    return World(people=people, examples=examples)
