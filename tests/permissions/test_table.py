"""Every address of the project, asked by every role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.permissions.addresses import Address, every_address
from tests.permissions.table import ALLAUTH_OPEN, ALLAUTH_OWN, GATED, LOGIN, NAMELESS, TABLE, Cell
from tests.permissions.world import ROLES, World, a_world

SIGN_IN = "/accounts/login/"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[World]:
    """Made once: what a request changes is undone after it."""
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield a_world()
        transaction.set_rollback(True)


def gate_of(address: Address) -> str | None:
    namespace = address.name.partition(":")[0]
    return (
        namespace
        if namespace in GATED and (address.has_name or address.route.startswith(namespace))
        else None
    )


def is_grouped(address: Address) -> bool:
    return (
        address.name in ALLAUTH_OPEN | ALLAUTH_OWN
        or address.name in NAMELESS
        or gate_of(address) is not None
        or address.route.startswith(tuple(f"{gate}/" for gate in GATED))
    )


def test_every_address_is_in_the_table() -> None:
    missing = sorted(
        f"{address.name} ({address.route})"
        for address in every_address()
        if address.name not in TABLE and not is_grouped(address)
    )
    assert not missing, "Say in tests/permissions/table.py who may open: " + ", ".join(missing)


def test_no_row_is_about_an_address_that_is_gone() -> None:
    known = {address.name for address in every_address()}
    stale = (set(TABLE) | ALLAUTH_OPEN | ALLAUTH_OWN | NAMELESS) - known
    assert not stale


@pytest.mark.parametrize("role", ROLES)
def test_each_address_answers_as_the_table_says(role: str, world: World) -> None:
    wrong = []
    for address in every_address():
        if address.name not in TABLE:
            continue
        row = TABLE[address.name]
        with undone():
            answer = ask(world, role, address, method=row.method, data=row.data)
        if not fits(answer, row.cells[role]):
            wrong.append(f"{row.method} {address.name}: {describe(answer)}, not {row.cells[role]}")
    assert not wrong, f"{role}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("role", ROLES)
def test_pages_about_an_account_are_for_its_person(role: str, world: World) -> None:
    wrong = []
    for address in every_address():
        if address.name in ALLAUTH_OWN:
            expected: Cell = LOGIN if role == "anonymous" else (200, 302, 403, 404)
        elif address.name in ALLAUTH_OPEN:
            expected = (200, 302, 404, 409) if role == "anonymous" else (200, 302, 404)
        else:
            continue
        with undone():
            answer = ask(world, role, address)
        if not (fits(answer, expected) or (address.name in ALLAUTH_OPEN and describe(answer) == LOGIN)):
            wrong.append(f"{address.name}: {describe(answer)}, not {expected}")
    assert not wrong, f"{role}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
@pytest.mark.parametrize("gate", GATED)
def test_the_back_office_is_closed(gate: str, role: str, world: World) -> None:
    """One gate stands before the whole application: some try every address, all try its door."""
    at_every_address = role in {"anonymous", "owner"}
    expected: Cell = LOGIN if role == "anonymous" else 403
    wrong = []
    for address in every_address():
        is_door = address.name == f"{gate}:index"
        if not address.route.startswith(f"{gate}/") or not (at_every_address or is_door):
            continue
        for method in ("get", "post") if role == "owner" else ("get",):
            with undone():
                answer = ask(world, role, address, method=method)
            if not fits(answer, expected):
                wrong.append(f"{method} {address.name}: {describe(answer)}, not {expected}")
    assert not wrong, f"{role}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("gate", GATED)
def test_the_back_office_opens_to_who_has_its_right(gate: str, world: World) -> None:
    with undone():
        assert client_of(world, "admin").get(reverse(f"{gate}:index")).status_code == 200


@pytest.mark.parametrize("name", ["dashboard:order-list", "dashboard:users-index", "dashboard:partner-list"])
def test_orders_people_and_vendors_are_only_looked_at_in_oscars_dashboard(name: str, world: World) -> None:
    with undone():
        client = client_of(world, "admin")
        assert client.post(reverse(name), {"action": "make_inactive"}).status_code == 403


@contextmanager
def undone() -> Iterator[None]:
    """Nothing that a request writes stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def client_of(world: World, role: str) -> Client:
    client = Client(raise_request_exception=False)
    person = world.people[role]
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def ask(
    world: World, role: str, address: Address, *, method: str = "get", data: object = None
) -> HttpResponse:
    send = getattr(client_of(world, role), method)
    extra = {"content_type": "application/json"} if method == "patch" else {}
    return send(path_of(world, address), data or {}, **extra)


def path_of(world: World, address: Address) -> str:
    if gate_of(address) or not address.has_name:
        return "/" + example_of_route(address)
    kwargs = {name: example(world, address, name) for name in address.parameters}
    try:
        return reverse(address.name, kwargs=kwargs)
    except NoReverseMatch:
        raise AssertionError(f"tests/permissions/world.py has no example for {address}") from None


def example(world: World, address: Address, parameter: str) -> object:
    namespace = address.name.partition(":")[0]
    for key in (f"{address.name}.{parameter}", f"{namespace}.{parameter}", parameter):
        if key in world.examples:
            return world.examples[key]
    return "1" if parameter.endswith("pk") else "example"


def example_of_route(address: Address) -> str:
    """A path that the route matches: 1 for every parameter."""
    import re

    path = re.sub(r"<[^>]+>", "1", re.sub(r"\(\?P<\w+>[^)]*\)", "1", address.route))
    return path.replace("^", "").replace("$", "").replace("(/", "/").replace("\\Z", "").replace("\\", "")


def describe(answer: HttpResponse) -> int | str:
    location = answer.headers.get("Location", "")
    return LOGIN if answer.status_code == 302 and location.startswith(SIGN_IN) else answer.status_code


def fits(answer: HttpResponse, cell: Cell) -> bool:
    found = describe(answer)
    return found in cell if isinstance(cell, tuple) else found == cell
