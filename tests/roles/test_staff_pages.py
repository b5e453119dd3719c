"""Roles, people and vendors through the staff pages."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from forked_apps.partner.models import VendorStatus
from marketplace.roles.models import Role, RoleChange
from marketplace.roles.services import create_role, give_role
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission as P
from tests.factories.vendors import a_person, a_staff_member, a_vendor

pytestmark = pytest.mark.django_db


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_a_role_is_made_given_by_phone_and_taken(sign_in) -> None:
    admin, person = a_staff_member("admin"), a_person("Hadi")
    browser = sign_in(admin)
    response = browser.post(
        reverse("staff:role-new"),
        {
            "name": "Night desk",
            "permissions": ["staff_access", "points_top_up"],
            "reason": "Opening at night",
        },
    )
    role = Role.objects.get(own_name="Night desk")
    assert response["Location"] == reverse("staff:role", args=[role.slug])
    national = "0" + (person.phone or "").removeprefix("+964")
    browser.post(
        reverse("staff:role-give", args=[role.slug]), {"contact": national, "reason": "New colleague"}
    )
    assert fresh(person).has_perm(P.POINTS_TOP_UP.full_name)
    assert "Hadi" in browser.get(reverse("staff:role", args=[role.slug])).content.decode()
    take = reverse("staff:person-take", args=[person.pk, role.slug])
    assert browser.get(take).status_code == 200
    assert fresh(person).has_perm(P.POINTS_TOP_UP.full_name)
    assert browser.post(take, {"reason": ""}).status_code == 422
    assert browser.post(take, {"reason": "Went home"}).status_code == 302
    assert not fresh(person).has_perm(P.POINTS_TOP_UP.full_name)
    reasons = set(RoleChange.objects.filter(role_slug=role.slug).values_list("reason", flat=True))
    assert reasons == {"Opening at night", "New colleague", "Went home"}


def test_every_change_of_roles_asks_for_a_reason(sign_in) -> None:
    browser, person = sign_in(a_staff_member("admin")), a_person()
    give = reverse("staff:role-give", args=["support"])
    assert browser.post(give, {"contact": person.phone, "reason": ""}).status_code == 422
    new = {"name": "Desk", "permissions": ["staff_access"], "reason": ""}
    assert browser.post(reverse("staff:role-new"), new).status_code == 422
    assert not fresh(person).groups.exists()
    assert not Role.objects.filter(own_name="Desk").exists()


def test_a_number_that_nobody_has_is_answered_in_words(sign_in) -> None:
    response = sign_in(a_staff_member("admin")).post(
        reverse("staff:role-give", args=["support"]), {"contact": "07709999999", "reason": "Because"}
    )
    assert response.status_code == 422
    assert response.context["form"].errors["contact"]


def test_a_manager_of_roles_cannot_rise_through_the_pages(sign_in) -> None:
    admin = a_staff_member("admin")
    role = create_role(
        name="Roles",
        description="",
        permissions={P.STAFF_ACCESS, P.ROLES_MANAGE, P.CUSTOMERS_VIEW},
        actor=admin,
    )
    manager = a_person()
    give_role(role=role, person=manager, actor=admin)
    browser = sign_in(manager)
    because = {"reason": "Because"}
    give = reverse("staff:role-give", args=["admin"])
    assert browser.post(give, {"contact": manager.phone, **because}).status_code == 422
    admin_role = Role.objects.get(slug="admin")
    person_give = reverse("staff:person-give", args=[manager.pk])
    assert browser.post(person_give, {"role": admin_role.pk, **because}).status_code == 422
    edit = {"name": "Roles", "permissions": [*(p.value for p in role.permissions), "cards_issue"], **because}
    assert browser.post(reverse("staff:role-edit", args=[role.slug]), edit).status_code == 422
    new = {"name": "Mint", "permissions": ["cards_issue"], **because}
    assert browser.post(reverse("staff:role-new"), new).status_code == 422
    browser.post(reverse("staff:person-take", args=[admin.pk, "admin"]), because)
    browser.post(reverse("staff:role-delete", args=["support"]), because)
    assert Role.objects.filter(slug="support").exists()
    assert fresh(admin).has_perm(P.CARDS_ISSUE.full_name)
    assert not fresh(manager).has_perm(P.CARDS_ISSUE.full_name)


def test_the_last_admin_cannot_be_removed_through_the_pages(sign_in) -> None:
    admin = a_staff_member("admin")
    sign_in(admin).post(reverse("staff:person-take", args=[admin.pk, "admin"]), {"reason": "Tired"})
    assert fresh(admin).has_perm(P.ROLES_MANAGE.full_name)


@pytest.mark.parametrize("words", ["0770 777 8899", "٠٧٧٠٧٧٧٨٨٩٩", "7778899", "laith@", "لیث"])
def test_people_are_found_by_phone_e_mail_and_name(words: str, sign_in) -> None:
    found = a_person("لیث", phone="+9647707778899", email="laith@example.com")
    other = a_person("Zahra")
    page = sign_in(a_staff_member("support")).get(reverse("staff:people"), {"q": words})
    assert list(page.context["page_obj"]) == [found]
    assert reverse("staff:person", args=[other.pk]) not in page.content.decode()


@pytest.mark.parametrize("words", ["", "0", "%", "__", "\x00\x00\x00"])
def test_nobody_is_listed_for_too_few_characters(words: str, sign_in) -> None:
    page = sign_in(a_staff_member("support")).get(reverse("staff:people"), {"q": words})
    assert page.status_code == 200
    assert not page.context["page_obj"]


def test_support_sees_a_person_but_gives_nothing(sign_in) -> None:
    browser, person = sign_in(a_staff_member("support")), a_person("Hadi")
    page = browser.get(reverse("staff:person", args=[person.pk])).content.decode()
    assert "Hadi" in page
    assert reverse("staff:person-give", args=[person.pk]) not in page
    role = Role.objects.get(slug="support")
    response = browser.post(reverse("staff:person-give", args=[person.pk]), {"role": role.pk, "reason": "x"})
    assert response.status_code == 403


def test_navigation_shows_only_what_opens(sign_in) -> None:
    page = sign_in(a_staff_member("point-distributor")).get(reverse("staff:index")).content.decode()
    assert reverse("points_staff:top-up") in page
    for name in (
        "staff:roles",
        "staff:people",
        "vendor_staff:vendors",
        "points_staff:batches",
        "dashboard:index",
    ):
        assert f'href="{reverse(name)}"' not in page


def test_what_waits_is_counted(sign_in) -> None:
    a_vendor(status=VendorStatus.APPLIED)
    page = sign_in(a_staff_member("admin")).get(reverse("staff:index"))
    waiting = {tile["url"]: tile["number"] for tile in page.context["tiles"]}
    assert waiting[reverse("vendor_staff:vendors") + "?status=applied"] == 1


def test_a_vendor_is_approved_suspended_and_reinstated(sign_in) -> None:
    browser = sign_in(a_staff_member("admin"))
    vendor = a_vendor(status=VendorStatus.APPLIED)

    def decide(name: str, reason: str = "") -> tuple[int, str]:
        path = reverse(f"vendor_staff:{name}", args=[vendor.code])
        assert browser.get(path).status_code == 200
        status = browser.post(path, {"reason": reason}).status_code
        vendor.refresh_from_db()
        return status, vendor.status

    assert decide("refuse") == (422, "applied")
    assert decide("approve") == (302, "approved")
    assert decide("suspend", "Copies") == (302, "suspended")
    assert decide("refuse", "Late") == (302, "suspended")
    assert decide("reinstate") == (302, "approved")
    page = browser.get(reverse("vendor_staff:vendor", args=[vendor.code])).content.decode()
    assert "Copies" in page


@pytest.mark.parametrize("name", ["staff:roles", "vendor_staff:vendors"])
def test_queries_do_not_grow_with_rows(name: str, sign_in) -> None:
    admin = a_staff_member("admin")
    a_vendor()

    def queries() -> int:
        browser = sign_in(admin)
        browser.get(reverse(name))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse(name)).status_code == 200
        return len(captured)

    few = queries()
    for number in range(5):
        create_role(name=f"Role {number}", description="", permissions={P.STAFF_ACCESS}, actor=None)
        a_vendor()
    assert queries() == few


@pytest.mark.parametrize("words", ["\x00", "%", "'", "x" * 500])
def test_strange_searches_are_no_errors(words: str, sign_in) -> None:
    browser = sign_in(a_staff_member("admin"))
    assert (
        browser.get(reverse("vendor_staff:vendors"), {"q": words, "status": words, "page": words}).status_code
        == 200
    )
    assert browser.get(reverse("staff:people"), {"q": words, "page": words}).status_code == 200
