"""Somebody for each role, and one of everything that an address may name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from oscar.apps.address.models import Country, UserAddress
from oscar.apps.catalogue.reviews.models import ProductReview

from forked_apps.order.models import VendorOrder
from marketplace.users.models import User
from points_payment.services.batches import draft_batch
from search.models import QueryRule, SavedSearch, Synonym
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
    saved = SavedSearch.objects.create(user=customer, name="Chairs", address="/search/?q=chair")
    synonym = Synonym.objects.create(words="chair\nseat")
    rule = QueryRule.objects.create(query="chair", shown="chair", redirect_to="/about/")
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
        "search:similar.pk": product.pk,
        "search:forget.pk": saved.pk,
        "search_staff:synonym.pk": synonym.pk,
        "search_staff:synonym-delete.pk": synonym.pk,
        "search_staff:rule.pk": rule.pk,
        "search_staff:rule-delete.pk": rule.pk,
        "orders.order_number": order.number,
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
