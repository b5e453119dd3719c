"""The one door: another vendor's pages do not exist, a missing right is refused, a revoked one is gone."""

from __future__ import annotations

import pytest
from django.urls import reverse

from forked_apps.partner.models import VendorStatus
from forked_apps.partner.permissions import VendorPermission as P
from marketplace.users.models import User
from tests.factories.catalogue import OfferFactory
from tests.factories.vendors import a_cast, a_member, a_person, a_vendor, membership, seeded
from vendor_portal.services.members import change_roles, remove_member

pytestmark = pytest.mark.django_db

#: Every page of the portal that opens without an object, with the right that it needs.
PAGES = {
    "dashboard": P.PORTAL_ACCESS,
    "orders": P.ORDERS_VIEW,
    "offers": P.PRODUCTS_VIEW,
    "offers-find": P.PRODUCTS_EDIT,
    "team": P.MEMBERS_MANAGE,
    "team-invite": P.MEMBERS_MANAGE,
    "team-role-new": P.MEMBERS_MANAGE,
    "money": P.MONEY_VIEW,
    "shipping": P.SETTINGS_EDIT,
    "details": P.SETTINGS_EDIT,
}


def address(name: str, vendor) -> str:
    return reverse(f"portal:{name}", args=[vendor.code])


@pytest.mark.parametrize("page", PAGES)
def test_the_owner_opens_every_page(page: str, sign_in) -> None:
    cast = a_cast()
    assert sign_in(cast.alice).get(address(page, cast.vendor)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("right", list(P))
def test_a_clerk_opens_exactly_what_the_role_allows(page: str, right: P, sign_in) -> None:
    cast = a_cast(bob_may=[right])
    expected = 200 if PAGES[page] in {right, P.PORTAL_ACCESS} else 403
    assert sign_in(cast.bob).get(address(page, cast.vendor)).status_code == expected


@pytest.mark.parametrize("page", PAGES)
def test_to_strangers_and_other_vendors_the_portal_does_not_exist(page: str, sign_in) -> None:
    cast = a_cast()
    assert sign_in(cast.charlie).get(address(page, cast.vendor)).status_code == 404
    assert sign_in(cast.dana).get(address(page, cast.vendor)).status_code == 404


def test_a_superuser_is_no_member(sign_in) -> None:
    cast = a_cast()
    root = User.objects.create_superuser(email="root@example.com", password="x")
    assert sign_in(root).get(address("orders", cast.vendor)).status_code == 404


def test_who_is_not_signed_in_goes_to_sign_in(sign_in) -> None:
    cast = a_cast()
    response = sign_in().get(address("orders", cast.vendor))
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_a_revoked_right_is_gone_at_the_next_request(sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    browser = sign_in(cast.bob)
    assert browser.get(address("orders", cast.vendor)).status_code == 200
    change_roles(
        member=membership(cast.vendor, cast.bob), roles=[seeded(cast.vendor, "stock-clerk")], actor=cast.alice
    )
    assert browser.get(address("orders", cast.vendor)).status_code == 403
    remove_member(member=membership(cast.vendor, cast.bob), actor=cast.alice)
    assert browser.get(address("dashboard", cast.vendor)).status_code == 404


def test_navigation_shows_only_what_opens(sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    html = sign_in(cast.bob).get(address("dashboard", cast.vendor)).content.decode()
    assert address("orders", cast.vendor) in html
    for page in ("money", "team", "offers", "shipping"):
        assert f'href="{address(page, cast.vendor)}"' not in html


def test_a_person_of_two_vendors_can_switch(sign_in) -> None:
    cast = a_cast()
    a_member(cast.other_vendor, P.ORDERS_VIEW, user=cast.bob)
    html = sign_in(cast.bob).get(address("dashboard", cast.vendor)).content.decode()
    assert address("dashboard", cast.other_vendor) in html


@pytest.mark.parametrize("status", [VendorStatus.APPLIED, VendorStatus.REFUSED, VendorStatus.CLOSED])
def test_a_vendor_that_was_not_approved_sees_its_state_alone(status: VendorStatus, sign_in) -> None:
    owner = a_person()
    vendor = a_vendor(owner=owner, status=status)
    browser = sign_in(owner)
    assert browser.get(address("dashboard", vendor)).status_code == 200
    for page in PAGES:
        if page != "dashboard":
            assert browser.get(address(page, vendor)).status_code == 403


def test_a_suspended_vendor_reads_and_changes_nothing(sign_in) -> None:
    owner = a_person()
    vendor = a_vendor(owner=owner, status=VendorStatus.SUSPENDED, decision_reason="Fake goods")
    offer = OfferFactory(partner=vendor, price=1_000)
    browser = sign_in(owner)
    response = browser.get(address("offers", vendor))
    assert response.status_code == 200
    assert "Fake goods" in response.content.decode()
    form = {"price": "2000", "num_in_stock": "5", "handling_days": "1", "is_active": "on"}
    assert browser.post(reverse("portal:offers-edit", args=[vendor.code, offer.pk]), form).status_code == 403
    offer.refresh_from_db()
    assert offer.price_points == 1_000


def test_rights_cost_one_query_however_many_roles(sign_in, django_assert_num_queries) -> None:
    # Who may see orders also has its menu count the problems that wait.
    cast = a_cast(bob_may=[P.PRODUCTS_VIEW, P.ORDERS_VIEW])
    browser = sign_in(cast.bob)
    browser.get(address("offers", cast.vendor))  # warms content types

    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert browser.get(address("offers", cast.vendor)).status_code == 200
        return len(captured)

    before = queries()
    for _ in range(3):
        a_member(cast.vendor, P.ORDERS_VIEW, user=cast.bob)
    assert queries() == before


def test_home_leads_where_it_should(sign_in) -> None:
    cast = a_cast()
    home = reverse("portal:home")
    assert sign_in(cast.alice).get(home)["Location"] == address("dashboard", cast.vendor)
    assert sign_in(cast.charlie).get(home)["Location"] == reverse("sell")
    a_member(cast.other_vendor, user=cast.bob)
    assert sign_in(cast.bob).get(home).status_code == 200
