"""Platform roles: nobody hands out what they lack, Admin never disappears, everything is recorded."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.roles.errors import LastHolder, NameTaken, NotHeld, RoleProtected
from marketplace.roles.models import Role, RoleChange
from marketplace.roles.services import (
    create_role,
    delete_role,
    edit_role,
    give_role,
    roles as roles_module,
    seed_platform_roles,
    take_role,
)
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission as P
from tests.factories.vendors import a_person, a_staff_member

pytestmark = pytest.mark.django_db


def fresh(user: User) -> User:
    """As the next request sees the person: Django keeps permissions on the object."""
    return User.objects.get(pk=user.pk)


def a_role_manager(*rights: P) -> User:
    seed_platform_roles()
    role = create_role(
        name="Manager of roles", description="", permissions={P.ROLES_MANAGE, *rights}, actor=None
    )
    person = a_person()
    give_role(role=role, person=person, actor=None)
    return fresh(person)


def test_the_seven_roles_come_with_the_shop_and_seeding_twice_changes_nothing() -> None:
    first = {role.pk for role in seed_platform_roles()}
    assert {role.slug for role in Role.objects.all()} == {
        "customer",
        "dashboard-manager",
        "point-distributor",
        "card-manager",
        "support",
        "catalogue-moderator",
        "admin",
    }
    changes = RoleChange.objects.count()
    assert {role.pk for role in seed_platform_roles()} == first
    assert RoleChange.objects.count() == changes


def test_seeding_again_keeps_what_people_edited() -> None:
    admin = a_staff_member("admin")
    support = Role.objects.get(slug="support")
    edit_role(role=support, name="Help desk", description="", permissions={P.STAFF_ACCESS}, actor=admin)
    seed_platform_roles()
    support = Role.objects.get(slug="support")
    assert support.name == "Help desk"
    assert support.permissions == {P.STAFF_ACCESS}


def test_seeding_again_does_not_bring_back_a_deleted_role() -> None:
    admin = a_staff_member("admin")
    delete_role(role=Role.objects.get(slug="support"), actor=admin)
    seed_platform_roles()
    assert not Role.objects.filter(slug="support").exists()


def test_admin_gets_the_rights_that_a_later_version_adds() -> None:
    seed_platform_roles()
    role = Role.objects.get(slug="admin")
    role.group.permissions.remove(role.group.permissions.get(codename=P.CARDS_VIEW.value))
    seed_platform_roles()
    assert Role.objects.get(slug="admin").permissions == set(P)


def test_a_given_role_works_at_once_and_a_taken_one_is_gone_at_the_next_request() -> None:
    admin, person = a_staff_member("admin"), a_person()
    role = Role.objects.get(slug="point-distributor")
    assert give_role(role=role, person=person, actor=admin, reason="New at the desk")
    assert fresh(person).has_perm(P.POINTS_TOP_UP.full_name)
    assert take_role(role=role, person=person, actor=admin)
    assert not fresh(person).has_perm(P.POINTS_TOP_UP.full_name)


def test_giving_twice_changes_nothing_the_second_time() -> None:
    admin, person = a_staff_member("admin"), a_person()
    role = Role.objects.get(slug="support")
    assert give_role(role=role, person=person, actor=admin)
    count = RoleChange.objects.count()
    assert not give_role(role=role, person=person, actor=admin)
    assert RoleChange.objects.count() == count


def test_nobody_gives_what_they_do_not_hold() -> None:
    manager, person = a_role_manager(P.STAFF_ACCESS), a_person()
    with pytest.raises(NotHeld):
        give_role(role=Role.objects.get(slug="admin"), person=person, actor=manager)
    with pytest.raises(NotHeld):
        give_role(role=Role.objects.get(slug="admin"), person=manager, actor=manager)
    with pytest.raises(NotHeld):
        create_role(name="Mint", description="", permissions={P.POINTS_TOP_UP}, actor=manager)
    assert not fresh(person).has_perm(P.STAFF_ACCESS.full_name)
    assert not Role.objects.filter(own_name="Mint").exists()


def test_who_holds_rights_without_managing_roles_gives_nothing() -> None:
    distributor, person = a_staff_member("point-distributor"), a_person()
    with pytest.raises(NotHeld):
        give_role(role=Role.objects.get(slug="point-distributor"), person=person, actor=distributor)
    assert not fresh(person).groups.exists()


def test_nobody_widens_a_role_that_they_have_beyond_what_they_hold() -> None:
    manager = a_role_manager(P.STAFF_ACCESS)
    role = Role.objects.get(own_name="Manager of roles")
    with pytest.raises(NotHeld):
        edit_role(
            role=role,
            name=role.name,
            description="",
            permissions={*role.permissions, P.CARDS_ISSUE},
            actor=manager,
        )
    assert not fresh(manager).has_perm(P.CARDS_ISSUE.full_name)


def test_nobody_strips_rights_that_they_do_not_hold() -> None:
    manager = a_role_manager(P.STAFF_ACCESS)
    distributor = a_staff_member("point-distributor")
    role = Role.objects.get(slug="point-distributor")
    with pytest.raises(NotHeld):
        take_role(role=role, person=distributor, actor=manager)
    with pytest.raises(NotHeld):
        edit_role(role=role, name=role.name, description="", permissions=set(), actor=manager)
    with pytest.raises(NotHeld):
        delete_role(role=role, actor=manager)
    assert fresh(distributor).has_perm(P.POINTS_TOP_UP.full_name)


def test_the_last_admin_stays() -> None:
    admin = a_staff_member("admin")
    role = Role.objects.get(slug="admin")
    with pytest.raises(LastHolder):
        take_role(role=role, person=admin, actor=admin)
    assert fresh(admin).has_perm(P.ROLES_MANAGE.full_name)
    second = a_staff_member("admin")
    assert take_role(role=role, person=admin, actor=second)


def test_an_admin_who_cannot_sign_in_does_not_count() -> None:
    admin, asleep = a_staff_member("admin"), a_staff_member("admin")
    User.objects.filter(pk=asleep.pk).update(is_active=False)
    with pytest.raises(LastHolder):
        take_role(role=Role.objects.get(slug="admin"), person=admin, actor=admin)


def two_admins_remove_each_other_at_once() -> list[str]:
    one, two = a_staff_member("admin"), a_staff_member("admin")
    role = Role.objects.get(slug="admin")
    barrier = threading.Barrier(2, timeout=10)
    outcomes: list[str] = []

    def remove(actor: User, person: User) -> None:
        try:
            barrier.wait()
            take_role(role=role, person=person, actor=actor)
            outcomes.append("removed")
        except (LastHolder, NotHeld) as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_at_once_leave_one() -> None:
    outcomes = two_admins_remove_each_other_at_once()
    assert outcomes in (["last_holder", "removed"], ["not_held", "removed"])
    assert Role.objects.get(slug="admin").group.user_set.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_role_s_lock_no_admin_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    both_checked = threading.Barrier(2, timeout=10)
    record = roles_module._record

    def record_after_both_checked(role: Role, action: RoleChange.Action, **facts: Any) -> None:
        if action == RoleChange.Action.TAKEN:
            both_checked.wait()
        record(role, action, **facts)

    monkeypatch.setattr(
        roles_module, "_lock", lambda role: Role.objects.select_related("group").get(pk=role.pk)
    )
    monkeypatch.setattr(roles_module, "_record", record_after_both_checked)
    outcomes = two_admins_remove_each_other_at_once()
    assert outcomes == ["removed", "removed"]
    assert Role.objects.get(slug="admin").group.user_set.count() == 0


def test_admin_and_customer_cannot_be_deleted_nor_admin_narrowed() -> None:
    admin = a_staff_member("admin")
    for slug in ("admin", "customer"):
        with pytest.raises(RoleProtected):
            delete_role(role=Role.objects.get(slug=slug), actor=admin)
    with pytest.raises(RoleProtected):
        edit_role(
            role=Role.objects.get(slug="admin"),
            name="Admin",
            description="",
            permissions={P.STAFF_ACCESS},
            actor=admin,
        )


def test_deleting_a_role_takes_it_from_everyone_and_says_so() -> None:
    admin, distributor = a_staff_member("admin"), a_staff_member("point-distributor")
    delete_role(role=Role.objects.get(slug="point-distributor"), actor=admin, reason="Not needed")
    assert not fresh(distributor).has_perm(P.STAFF_ACCESS.full_name)
    assert RoleChange.objects.filter(
        action="taken", person=distributor, actor=admin, reason="Not needed"
    ).exists()
    assert RoleChange.objects.filter(action="deleted", role_slug="point-distributor").exists()


def test_names_are_not_used_twice() -> None:
    admin = a_staff_member("admin")
    create_role(name="Night desk", description="", permissions={P.STAFF_ACCESS}, actor=admin)
    with pytest.raises(NameTaken):
        create_role(name="night desk", description="", permissions={P.STAFF_ACCESS}, actor=admin)


def test_a_name_without_latin_letters_makes_a_role() -> None:
    role = create_role(name="مكتب الليل", description="", permissions=set(), actor=None)
    assert role.name == "مكتب الليل"
    assert role.slug.isascii()


def test_every_change_names_who_and_why() -> None:
    admin, person = a_staff_member("admin"), a_person()
    role = create_role(
        name="Desk", description="", permissions={P.STAFF_ACCESS}, actor=admin, reason="Opening"
    )
    give_role(role=role, person=person, actor=admin, reason="Hired")
    edit_role(
        role=role,
        name="Desk",
        description="",
        permissions={P.STAFF_ACCESS, P.CARDS_VIEW},
        actor=admin,
        reason="Asks for cards",
    )
    take_role(role=role, person=person, actor=admin, reason="Left")
    changes = list(RoleChange.objects.filter(role_slug=role.slug).order_by("id"))
    assert [(change.action, change.reason, change.actor) for change in changes] == [
        ("created", "Opening", admin),
        ("given", "Hired", admin),
        ("edited", "Asks for cards", admin),
        ("taken", "Left", admin),
    ]
    assert changes[2].details == {"added": ["cards_view"]}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE roles_rolechange SET reason = 'x'",
        "DELETE FROM roles_rolechange",
        "TRUNCATE roles_rolechange",
    ],
)
def test_the_database_refuses_to_change_the_record(statement: str) -> None:
    seed_platform_roles()
    connection.check_constraints()  # else TRUNCATE fails for another reason
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_django_staff_flag_follows_the_rights() -> None:
    admin, person = a_staff_member("admin"), a_person()
    assert admin.is_staff
    role = Role.objects.get(slug="dashboard-manager")
    give_role(role=role, person=person, actor=admin)
    assert fresh(person).is_staff
    take_role(role=role, person=person, actor=admin)
    assert not fresh(person).is_staff
    assert not a_staff_member("point-distributor").is_staff


def test_looking_at_records_gives_no_right_to_change_them_and_hides_secrets() -> None:
    admin = a_staff_member("admin")
    assert admin.has_perm("order.view_order")
    assert not admin.has_perm("auth.change_group")
    assert not admin.has_perm("users.change_user")
    assert not any(
        name.startswith(("sessions.", "mfa.", "outbox.", "notifications."))
        for name in admin.get_all_permissions()
    )
