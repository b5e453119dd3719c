"""Django's admin keeps people by phone and e-mail; nobody ever types a user name."""

from __future__ import annotations

import pytest
from django.test import Client

from marketplace.users.models import User
from tests.factories.people import PASSWORD, a_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client: Client) -> User:
    user = User.objects.create_superuser(email="root@example.com", password=PASSWORD)
    client.force_login(user)
    return user


def test_people_are_listed_and_found_by_phone(client: Client, root: User) -> None:
    a_customer("Alice", phone="+9647701234567")
    page = client.get("/admin/users/user/", {"q": "7701234567"}).content.decode()
    assert "Alice" in page
    assert "root@example.com" not in page


def test_a_person_is_added_by_phone_in_any_spelling(client: Client, root: User) -> None:
    assert client.get("/admin/users/user/add/").status_code == 200
    response = client.post(
        "/admin/users/user/add/",
        {
            "phone": "٠٧٧٠ ١٢٣ ٤٥٦٧",
            "email": "",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "usable_password": "true",
        },
    )
    assert response.status_code == 302, response.context["adminform"].form.errors
    user = User.objects.get(phone="+9647701234567")
    assert user.check_password(PASSWORD)
    assert len(user.username) == 32


def test_a_person_is_edited(client: Client, root: User) -> None:
    alice = a_customer("Alice", phone="+9647701234567")
    page = client.get(f"/admin/users/user/{alice.pk}/change/")
    assert page.status_code == 200
    data = {
        k: v for k, v in page.context["adminform"].form.initial.items() if isinstance(v, (str, bool)) and v
    }
    response = client.post(
        f"/admin/users/user/{alice.pk}/change/", {**data, "first_name": "Alya", "email": ""}
    )
    assert response.status_code == 302, response.context["adminform"].form.errors
    alice.refresh_from_db()
    assert (alice.first_name, alice.phone) == ("Alya", "+9647701234567")


def test_two_people_without_contact_do_not_clash(client: Client, root: User) -> None:
    """An empty phone is NULL: "" would be taken by the first."""
    for address in ("a@example.com", "b@example.com"):
        response = client.post(
            "/admin/users/user/add/",
            {
                "phone": "",
                "email": address,
                "password1": PASSWORD,
                "password2": PASSWORD,
                "usable_password": "true",
            },
        )
        assert response.status_code == 302
    assert set(User.objects.exclude(pk=root.pk).values_list("phone", flat=True)) == {None}
