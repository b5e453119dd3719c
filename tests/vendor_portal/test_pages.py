"""What people do in the portal, through its pages."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from forked_apps.order.handover import handover_code
from forked_apps.order.models import Parcel, VendorOrder
from forked_apps.partner.permissions import VendorPermission as P
from forked_apps.shipping.models import ShippingRate
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from tests.factories.catalogue import OfferFactory, ProductFactory
from tests.factories.orders import make_customer, make_offer, make_order
from tests.factories.vendors import a_cast, a_person, a_staff_member, membership, seeded
from vendor_portal.models import VendorInvitation, VendorMember, VendorRole
from vendor_portal.selectors import rights_in
from vendor_portal.services.members import invite_member
from vendor_portal.services.onboarding import refuse_vendor

pytestmark = pytest.mark.django_db


def url(name: str, vendor, *args: object) -> str:
    return reverse(f"portal:{name}", args=[vendor.code, *args])


def a_mixed_order(cast):
    """One order of two vendors' goods; this vendor's part and the other's."""
    offers = [
        make_offer(vendor=cast.vendor, price=10_000),
        make_offer(vendor=cast.other_vendor, price=20_000),
    ]
    order = make_order(make_customer(points=1_000_000), offers)
    return order.vendor_orders.get(vendor=cast.vendor), order.vendor_orders.get(vendor=cast.other_vendor)


# Orders -----------------------------------------------------------------------------------
def test_the_other_vendors_part_is_neither_seen_nor_changed(sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW, P.ORDERS_SHIP, P.ORDERS_CANCEL])
    own, other = a_mixed_order(cast)
    browser = sign_in(cast.bob)
    html = browser.get(url("orders-detail", cast.vendor, own.number)).content.decode()
    assert own.lines.get().title in html
    assert other.lines.get().title not in html
    assert other.number not in html
    assert "20,000" not in html
    assert other.number not in browser.get(url("orders", cast.vendor)).content.decode()
    for action in ("detail", "cancel", "hand-over", "allowance"):
        assert browser.get(url(f"orders-{action}", cast.vendor, other.number)).status_code == 404
    for action in ("accept", "pack", "ship", "delivered", "cancel", "hand-over", "allowance"):
        data = {"tracking_code": "X", "reason": "because"}
        assert browser.post(url(f"orders-{action}", cast.vendor, other.number), data).status_code == 404
        assert browser.post(url(f"orders-{action}", cast.other_vendor, other.number), data).status_code == 404
    other.refresh_from_db()
    assert other.status == "placed"
    assert not Parcel.objects.exists()


def test_a_line_of_another_vendor_is_not_shipped_by_its_id(sign_in) -> None:
    cast = a_cast()
    own, other = a_mixed_order(cast)
    data = {
        "tracking_code": "TRK",
        f"line_{own.lines.get().pk}": "",
        f"line_{other.lines.get().pk}": "1",
    }
    sign_in(cast.alice).post(url("orders-ship", cast.vendor, own.number), data)
    assert not Parcel.objects.exists()


def test_a_clerk_accepts_packs_and_ships(sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW, P.ORDERS_SHIP])
    own, other = a_mixed_order(cast)
    browser = sign_in(cast.bob)
    for action, status in (("accept", "accepted"), ("pack", "packed")):
        assert browser.post(url(f"orders-{action}", cast.vendor, own.number)).status_code == 302
        own.refresh_from_db()
        assert own.status == status
    line = own.lines.get()
    response = browser.post(
        url("orders-ship", cast.vendor, own.number),
        {"tracking_code": "TRK-1", "carrier": "Fast", f"line_{line.pk}": "١"},
    )
    assert response.status_code == 302
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.status, other.status) == ("shipped", "placed")
    assert own.parcels.get().shipped_by == cast.bob
    assert OutboxMessage.objects.filter(topic="vendor_order.shipped").count() == 1
    assert "TRK-1" in browser.get(url("orders-detail", cast.vendor, own.number)).content.decode()


def test_a_clerk_without_right_ships_nothing(sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    own, _other = a_mixed_order(cast)
    browser = sign_in(cast.bob)
    html = browser.get(url("orders-detail", cast.vendor, own.number)).content.decode()
    assert url("orders-ship", cast.vendor, own.number) not in html
    for action in ("accept", "pack", "ship", "delivered", "cancel", "hand-over", "allowance"):
        response = browser.post(url(f"orders-{action}", cast.vendor, own.number), {"tracking_code": "X"})
        assert response.status_code == 403
    own.refresh_from_db()
    assert own.status == "placed"


@pytest.mark.parametrize("pieces", ["-1", "99", "1.5", "x"])
def test_wrong_pieces_are_answered_beside_the_field(pieces: str, sign_in) -> None:
    cast = a_cast()
    own, _other = a_mixed_order(cast)
    response = sign_in(cast.alice).post(
        url("orders-ship", cast.vendor, own.number),
        {"tracking_code": "TRK", f"line_{own.lines.get().pk}": pieces},
    )
    assert response.status_code == 422
    assert not Parcel.objects.exists()


def test_a_step_out_of_turn_is_refused_in_words(sign_in) -> None:
    cast = a_cast()
    own, _other = a_mixed_order(cast)
    browser = sign_in(cast.alice)
    browser.post(url("orders-delivered", cast.vendor, own.number))
    own.refresh_from_db()
    assert own.status == "placed"


def test_cancelling_asks_for_the_reason_first(sign_in) -> None:
    cast = a_cast()
    own, other = a_mixed_order(cast)
    browser = sign_in(cast.alice)
    assert browser.get(url("orders-cancel", cast.vendor, own.number)).status_code == 200
    assert browser.post(url("orders-cancel", cast.vendor, own.number), {"reason": ""}).status_code == 422
    line = f"line_{own.lines.get().pk}"
    cancel = url("orders-cancel", cast.vendor, own.number)
    assert "at least one" in browser.post(cancel, {"reason": "Broken", line: "0"}).content.decode()
    assert browser.post(cancel, {"reason": "", line: "1"}).status_code == 422
    assert browser.post(cancel, {"reason": "Broken", line: "99"}).status_code == 422
    own.refresh_from_db()
    assert own.status == "placed"
    assert browser.post(cancel, {"reason": "Broken", line: "1"}).status_code == 302
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.status, other.status) == ("cancelled", "placed")
    assert browser.get(cancel).status_code == 302


def test_the_buyer_s_code_proves_a_delivery_at_the_desk(sign_in, client) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW, P.ORDERS_SHIP])
    own, _other = a_mixed_order(cast)
    buyer = own.order.user
    browser = sign_in(cast.bob)
    hand_over = url("orders-hand-over", cast.vendor, own.number)
    line = own.lines.get()
    assert browser.get(hand_over).status_code == 302
    browser.post(url("orders-ship", cast.vendor, own.number), {"tracking_code": "T", f"line_{line.pk}": "1"})
    page = browser.get(url("orders-detail", cast.vendor, own.number)).content.decode()
    assert hand_over in page
    code = handover_code(own)
    assert code not in page
    assert code not in browser.get(hand_over).content.decode()
    client.force_login(buyer)
    theirs = client.get(f"/account/orders/{own.order.number}/").content.decode()
    assert code in theirs
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for data in ({"code": "12"}, {"code": wrong}, {"code": code, f"line_{line.pk}": "1"}):
        assert browser.post(hand_over, data).status_code == 422, data
    own.refresh_from_db()
    assert (own.status, own.handover_failures) == ("shipped", 1)
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert browser.post(hand_over, {"code": arabic}).status_code == 302
    own.refresh_from_db()
    assert (own.status, own.delivery_proof) == ("delivered", "code")
    # It has done its work, and is shown no more.
    assert code not in client.get(f"/account/orders/{own.order.number}/").content.decode()


def test_what_was_refused_at_the_door_is_on_both_pages(sign_in, client) -> None:
    cast = a_cast()
    own, _other = a_mixed_order(cast)
    browser = sign_in(cast.alice)
    line = own.lines.get()
    browser.post(url("orders-ship", cast.vendor, own.number), {"tracking_code": "T", f"line_{line.pk}": "1"})
    response = browser.post(
        url("orders-hand-over", cast.vendor, own.number),
        {"code": handover_code(own), f"line_{line.pk}": "1", "reason": "Wrong colour"},
    )
    assert response.status_code == 302
    own.refresh_from_db()
    assert own.status == "refused"
    assert "Wrong colour" in browser.get(url("orders-detail", cast.vendor, own.number)).content.decode()
    client.force_login(own.order.user)
    assert "Wrong colour" in client.get(f"/account/orders/{own.order.number}/").content.decode()


def test_points_are_given_back_for_goods_that_stay(sign_in) -> None:
    cast = a_cast()
    own, other = a_mixed_order(cast)
    browser = sign_in(cast.alice)
    allowance = url("orders-allowance", cast.vendor, own.number)
    assert browser.get(allowance).status_code == 302
    line = own.lines.get()
    browser.post(url("orders-ship", cast.vendor, own.number), {"tracking_code": "T", f"line_{line.pk}": "1"})
    assert browser.get(allowance).status_code == 200
    before = User.objects.get(pk=own.order.user_id).point_balance
    for data in (
        {"line": line.pk, "points": "0", "reason": "Scratched"},
        {"line": line.pk, "points": "9,999,999", "reason": "Scratched"},
        {"line": line.pk, "points": "10", "reason": ""},
        {"line": other.lines.get().pk, "points": "10", "reason": "Scratched"},
    ):
        assert browser.post(allowance, data).status_code == 422, data
    assert User.objects.get(pk=own.order.user_id).point_balance == before
    data = {"line": line.pk, "points": "١٠٠", "reason": "Scratched"}
    assert browser.post(allowance, data).status_code == 302
    assert User.objects.get(pk=own.order.user_id).point_balance == before + 100
    money = browser.get(url("money", cast.vendor)).content.decode()
    assert "Waits for its delivery" in money


def test_the_inbox_filters_and_finds(sign_in) -> None:
    cast = a_cast()
    own, _other = a_mixed_order(cast)
    browser = sign_in(cast.alice)
    inbox = url("orders", cast.vendor)
    assert own.number in browser.get(f"{inbox}?status=open").content.decode()
    assert own.number not in browser.get(f"{inbox}?status=shipped").content.decode()
    assert own.number in browser.get(f"{inbox}?q={own.number.lower()}").content.decode()
    assert browser.get(f"{inbox}?status=nonsense&page=99999&q=%00").status_code == 200


@pytest.mark.parametrize("page", ["orders", "offers", "dashboard", "money", "team"])
def test_queries_do_not_grow_with_rows(page: str, sign_in) -> None:
    cast = a_cast()

    def queries() -> int:
        browser = sign_in(cast.alice)
        browser.get(url(page, cast.vendor))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url(page, cast.vendor)).status_code == 200
        return len(captured)

    def grow() -> None:
        make_order(make_customer(points=1_000_000), [make_offer(vendor=cast.vendor) for _ in range(2)])
        person = a_person()
        from vendor_portal.services.members import add_member

        add_member(vendor=cast.vendor, user=person, roles=[seeded(cast.vendor, "manager")], actor=None)
        invite_member(
            vendor=cast.vendor,
            role=seeded(cast.vendor, "manager"),
            actor=cast.alice,
            phone=f"+96477012{VendorInvitation.objects.count():05d}",
        )

    grow()
    few = queries()
    for _ in range(4):
        grow()
    assert queries() == few
    assert few <= 20


# Offers -----------------------------------------------------------------------------------
def test_price_and_stock_are_changed_and_search_is_told(sign_in) -> None:
    cast = a_cast()
    offer = OfferFactory(partner=cast.vendor, price=10_000, num_in_stock=4)
    response = sign_in(cast.alice).post(
        url("offers-edit", cast.vendor, offer.pk),
        {
            "price": "١٢٬٥٠٠",
            "list_price": "15,000",
            "num_in_stock": "9",
            "seen_in_stock": "4",
            "handling_days": "2",
            "is_active": "on",
        },
    )
    assert response.status_code == 302
    offer.refresh_from_db()
    assert (offer.price_points, offer.list_price_points, offer.num_in_stock, offer.handling_days) == (
        12_500,
        15_000,
        9,
        2,
    )
    assert OutboxMessage.objects.get(topic="search.products").payload == {"ids": [offer.product_id]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", "0"),
        ("price", "-5"),
        ("price", "12.5"),
        ("price", "1,50"),
        ("price", ""),
        ("price", "9" * 15),
        ("list_price", "9000"),
        ("num_in_stock", "-1"),
        ("num_in_stock", "2"),
        ("handling_days", "99"),
    ],
)
def test_wrong_numbers_are_refused_beside_their_field(field: str, value: str, sign_in) -> None:
    cast = a_cast()
    offer = OfferFactory(partner=cast.vendor, price=10_000, num_in_stock=5, num_allocated=3)
    data = {
        "price": "10000",
        "num_in_stock": "5",
        "seen_in_stock": "5",
        "handling_days": "1",
        "is_active": "on",
    }
    response = sign_in(cast.alice).post(url("offers-edit", cast.vendor, offer.pk), data | {field: value})
    assert response.status_code == 422
    assert response.context["form"].errors[field]
    offer.refresh_from_db()
    assert (offer.price_points, offer.num_in_stock) == (10_000, 5)
    assert not OutboxMessage.objects.exists()


def test_stock_that_changed_meanwhile_is_not_overwritten(sign_in) -> None:
    cast = a_cast()
    offer = OfferFactory(partner=cast.vendor, num_in_stock=5)
    data = {"price": "10000", "num_in_stock": "8", "seen_in_stock": "6", "handling_days": "1"}
    assert sign_in(cast.alice).post(url("offers-edit", cast.vendor, offer.pk), data).status_code == 422
    offer.refresh_from_db()
    assert offer.num_in_stock == 5


def test_a_stock_clerk_changes_stock_but_no_price(sign_in) -> None:
    cast = a_cast(bob_may=[P.PRODUCTS_VIEW, P.STOCK_EDIT])
    offer = OfferFactory(partner=cast.vendor, price=10_000, num_in_stock=5)
    data = {"price": "1", "num_in_stock": "7", "seen_in_stock": "5", "handling_days": "9", "is_active": ""}
    assert sign_in(cast.bob).post(url("offers-edit", cast.vendor, offer.pk), data).status_code == 302
    offer.refresh_from_db()
    assert (offer.price_points, offer.num_in_stock, offer.is_active, offer.handling_days) == (
        10_000,
        7,
        True,
        1,
    )


def test_who_only_looks_at_offers_edits_none(sign_in) -> None:
    cast = a_cast(bob_may=[P.PRODUCTS_VIEW])
    offer = OfferFactory(partner=cast.vendor)
    assert sign_in(cast.bob).get(url("offers-edit", cast.vendor, offer.pk)).status_code == 403


def test_another_vendors_offer_does_not_exist(sign_in) -> None:
    cast = a_cast()
    theirs = OfferFactory(partner=cast.other_vendor, price=10_000)
    browser = sign_in(cast.alice)
    assert browser.get(url("offers-edit", cast.vendor, theirs.pk)).status_code == 404
    assert browser.post(url("offers-edit", cast.vendor, theirs.pk), {"price": "1"}).status_code == 404
    assert theirs.partner_sku not in browser.get(url("offers", cast.vendor)).content.decode()
    theirs.refresh_from_db()
    assert theirs.price_points == 10_000


def test_an_offer_for_a_product_of_the_catalogue(sign_in) -> None:
    cast = a_cast()
    product = ProductFactory(title_en="Walnut desk", upc="W-1")
    browser = sign_in(cast.alice)
    assert "Walnut desk" in browser.get(f"{url('offers-find', cast.vendor)}?q=walnut").content.decode()
    assert "Walnut desk" in browser.get(f"{url('offers-find', cast.vendor)}?q=w-1").content.decode()
    data = {"sku": "MY-1", "price": "50000", "num_in_stock": "3", "handling_days": "1"}
    assert browser.post(url("offers-add", cast.vendor, product.pk), data).status_code == 302
    offer = product.stockrecords.get()
    assert (offer.partner, offer.price_points, offer.price_currency) == (cast.vendor, 50_000, "IQD")
    assert browser.post(url("offers-add", cast.vendor, product.pk), data | {"sku": "MY-2"}).status_code == 422
    another = ProductFactory()
    assert browser.post(url("offers-add", cast.vendor, another.pk), data).status_code == 422
    assert product.stockrecords.count() == 1
    hidden = ProductFactory(is_public=False)
    assert browser.get(url("offers-add", cast.vendor, hidden.pk)).status_code == 404


def test_low_stock_is_what_is_left_to_sell(sign_in) -> None:
    cast = a_cast()
    low = OfferFactory(partner=cast.vendor, num_in_stock=10, num_allocated=8)
    plenty = OfferFactory(partner=cast.vendor, num_in_stock=10)
    html = sign_in(cast.alice).get(f"{url('offers', cast.vendor)}?show=low").content.decode()
    assert low.partner_sku in html
    assert plenty.partner_sku not in html


# Team -------------------------------------------------------------------------------------
def test_an_owner_makes_a_role_invites_a_clerk_and_the_clerk_joins(sign_in) -> None:
    cast = a_cast()
    owner, clerk = sign_in(cast.alice), sign_in(cast.charlie)
    response = owner.post(
        url("team-role-new", cast.vendor),
        {"name": "Packing table", "permissions": ["orders_view", "orders_ship"]},
    )
    assert response.status_code == 302
    role = VendorRole.objects.get(vendor=cast.vendor, own_name="Packing table")
    national = "0" + (cast.charlie.phone or "").removeprefix("+964")
    assert (
        owner.post(url("team-invite", cast.vendor), {"contact": national, "role": role.pk}).status_code == 302
    )
    invitation = VendorInvitation.objects.get(vendor=cast.vendor)
    page = clerk.get(reverse("portal:invitations")).content.decode()
    assert cast.vendor.name in page
    assert "Packing table" in page
    response = clerk.post(reverse("portal:invitation-accept", args=[invitation.pk]))
    assert response["Location"] == url("dashboard", cast.vendor)
    assert rights_in(user=cast.charlie, vendor=cast.vendor) == {P.PORTAL_ACCESS, P.ORDERS_VIEW, P.ORDERS_SHIP}


def test_someone_elses_invitation_does_not_exist(sign_in) -> None:
    cast = a_cast()
    invitation = invite_member(
        vendor=cast.vendor, role=seeded(cast.vendor, "manager"), actor=cast.alice, phone="+9647709999999"
    )
    for action in ("accept", "decline"):
        path = reverse(f"portal:invitation-{action}", args=[invitation.pk])
        assert sign_in(cast.charlie).post(path).status_code == 404
    assert not VendorMember.objects.filter(user=cast.charlie).exists()


def test_a_clerk_who_manages_members_cannot_rise_through_the_pages(sign_in) -> None:
    cast = a_cast(bob_may=[P.MEMBERS_MANAGE])
    browser = sign_in(cast.bob)
    own, owner_role = membership(cast.vendor, cast.bob), seeded(cast.vendor, "owner")
    response = browser.post(url("team-member", cast.vendor, own.pk), {"roles": [owner_role.pk]})
    assert response.status_code == 422
    own_role = own.roles.get()
    rights = {"name": own_role.name, "permissions": ["money_view", "members_manage"]}
    assert browser.post(url("team-role", cast.vendor, own_role.pk), rights).status_code == 422
    assert (
        browser.post(
            url("team-role-new", cast.vendor), {"name": "Up", "permissions": ["money_view"]}
        ).status_code
        == 422
    )
    invite = {"contact": "07709999999", "role": owner_role.pk}
    assert browser.post(url("team-invite", cast.vendor), invite).status_code == 422
    browser.post(url("team-remove", cast.vendor, membership(cast.vendor, cast.alice).pk))
    assert membership(cast.vendor, cast.alice).is_active
    assert rights_in(user=cast.bob, vendor=cast.vendor) == {P.PORTAL_ACCESS, P.MEMBERS_MANAGE}


def test_people_and_roles_of_another_vendor_do_not_exist(sign_in) -> None:
    cast = a_cast()
    browser = sign_in(cast.alice)
    dana, role = membership(cast.other_vendor, cast.dana), seeded(cast.other_vendor, "manager")
    for name, pk in (
        ("team-member", dana.pk),
        ("team-remove", dana.pk),
        ("team-role", role.pk),
        ("team-role-delete", role.pk),
    ):
        assert browser.get(url(name, cast.vendor, pk)).status_code == 404
        assert browser.post(url(name, cast.vendor, pk)).status_code == 404
    own = membership(cast.vendor, cast.bob)
    assert browser.post(url("team-member", cast.vendor, own.pk), {"roles": [role.pk]}).status_code == 422
    assert membership(cast.other_vendor, cast.dana).is_active


def test_removing_asks_first(sign_in) -> None:
    cast = a_cast()
    browser = sign_in(cast.alice)
    path = url("team-remove", cast.vendor, membership(cast.vendor, cast.bob).pk)
    assert browser.get(path).status_code == 200
    assert membership(cast.vendor, cast.bob).is_active
    browser.post(path)
    assert not membership(cast.vendor, cast.bob).is_active
    # The last owner stays.
    browser.post(url("team-remove", cast.vendor, membership(cast.vendor, cast.alice).pk))
    assert membership(cast.vendor, cast.alice).is_active


# Settings ---------------------------------------------------------------------------------
def test_shipping_rates_are_saved_together_or_not_at_all(sign_in) -> None:
    cast = a_cast()
    browser = sign_in(cast.alice)
    path = url("shipping", cast.vendor)
    data = {
        "BG-delivers": "on",
        "BG-charge": "5,000",
        "BG-free_from": "",
        "BG-days_min": "1",
        "BG-days_max": "2",
        "BA-delivers": "on",
        "BA-charge": "٨٠٠٠",
        "BA-free_from": "200000",
        "BA-days_min": "2",
        "BA-days_max": "4",
    }
    assert browser.post(path, data).status_code == 302
    rates = {rate.governorate: rate.charge_points for rate in ShippingRate.objects.filter(vendor=cast.vendor)}
    assert rates == {"BG": 5_000, "BA": 8_000}
    assert browser.post(path, data | {"BG-days_min": "9"}).status_code == 422
    assert browser.post(path, data | {"BG-charge": ""}).status_code == 422
    assert ShippingRate.objects.filter(vendor=cast.vendor).count() == 2
    del data["BA-delivers"]
    assert browser.post(path, data).status_code == 302
    assert ShippingRate.objects.get(vendor=cast.vendor).governorate == "BG"


def test_details_change_what_customers_read_but_not_the_address(sign_in) -> None:
    cast = a_cast()
    data = {"name": "بيت الأثاث", "governorate": "BA", "phone": "0770 123 4567", "about": "<b>Since 1990</b>"}
    assert sign_in(cast.alice).post(url("details", cast.vendor), data).status_code == 302
    code = cast.vendor.code
    cast.vendor.refresh_from_db()
    assert (cast.vendor.name, cast.vendor.phone, cast.vendor.code) == ("بيت الأثاث", "+9647701234567", code)
    data["name"] = cast.other_vendor.name
    assert sign_in(cast.alice).post(url("details", cast.vendor), data).status_code == 422


# Applying ---------------------------------------------------------------------------------
def test_applying_waiting_refused_and_applying_again(sign_in) -> None:
    person, admin = a_person(), a_staff_member("admin")
    browser, path = sign_in(person), reverse("sell")
    assert sign_in().get(path).status_code == 200
    assert sign_in().post(path, {}).status_code == 302
    assert browser.post(path, {"name": "x", "governorate": "ZZ", "phone": "1"}).status_code == 422
    data = {"name": "Basra Home", "governorate": "BA", "phone": "07701234567", "about": ""}
    assert browser.post(path, data).status_code == 302
    assert "waiting" in browser.get(path).content.decode()
    vendor = VendorMember.objects.get(user=person).vendor
    refuse_vendor(vendor=vendor, actor=admin, reason="No licence")
    assert "No licence" in browser.get(path).content.decode()
    assert browser.post(path, data).status_code == 302
    vendor.refresh_from_db()
    assert vendor.status == "applied"


def test_the_orders_page_of_a_vendor_without_orders_says_so(sign_in) -> None:
    cast = a_cast()
    assert "No orders yet" in sign_in(cast.alice).get(url("orders", cast.vendor)).content.decode()
    assert not VendorOrder.objects.exists()


# What belongs to others ---------------------------------------------------------------------
def test_other_vendors_skus_find_nothing(sign_in) -> None:
    cast = a_cast()
    theirs = OfferFactory(partner=cast.other_vendor, partner_sku="SECRET-77", price=10_000)
    mine = OfferFactory(partner=cast.vendor, partner_sku="OURS-11", price=10_000)
    browser = sign_in(cast.alice)
    found = browser.get(f"{url('offers-find', cast.vendor)}?q=SECRET-77").content.decode()
    assert theirs.product.get_title() not in found
    found = browser.get(f"{url('offers-find', cast.vendor)}?q=OURS-11").content.decode()
    assert mine.product.get_title() in found


def test_a_refused_parcel_shows_no_address_to_who_may_not_see_orders(sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_SHIP])
    own, _other = a_mixed_order(cast)
    answer = sign_in(cast.bob).post(url("orders-ship", cast.vendor, own.number), {"tracking_code": ""})
    assert answer.status_code == 403
    assert own.order.shipping_address.line1 not in answer.content.decode()
    assert not Parcel.objects.exists()
