"""Fixed sum, floor and cap of a commission: on what is kept, through any sequence of refunds and releases."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from points_payment.commissions import FrozenCommission, commissions_of
from points_payment.errors import IdempotencyConflict
from points_payment.kinds import AccountKind
from points_payment.models import Allocation
from points_payment.selectors import account_points
from points_payment.services.escrow import (
    AllocationSpec,
    commission_on,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from tests.factories.points import make_customer_with_points, new_key
from tests.invariants import assert_ledger_proved

pytestmark = pytest.mark.django_db

MOST = 10**12
_orders = itertools.count(1)


@st.composite
def terms_wanted(draw: st.DrawFn, *, most: int) -> dict[str, int | None]:
    floor = draw(st.integers(0, most))
    return {
        "basis_points": draw(st.integers(0, 10_000)),
        "fixed_points": draw(st.integers(0, most)),
        "floor_points": floor,
        "cap_points": draw(st.none() | st.integers(floor, 2 * most)),
    }


# The rule -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("points", "terms", "commission"),
    [
        (10_000, {"basis_points": 800, "fixed_points": 250}, 1_050),
        (10_000, {"basis_points": 800, "floor_points": 900}, 900),
        (10_000, {"basis_points": 800, "floor_points": 700}, 800),
        (10_000, {"basis_points": 800, "cap_points": 500}, 500),
        (10_000, {"basis_points": 800, "cap_points": 801}, 800),
        (10_000, {"basis_points": 800, "cap_points": 0}, 0),
        (10_000, {"basis_points": 800, "fixed_points": 250, "cap_points": 1_000}, 1_000),
        # Half a point and a fixed sum are rounded once.
        (625, {"basis_points": 800}, 50),
        (630, {"basis_points": 800, "fixed_points": 3}, 53),
        # Never more than the line.
        (300, {"basis_points": 800, "floor_points": 500}, 300),
        (300, {"basis_points": 0, "fixed_points": 301}, 300),
        (300, {"basis_points": 10_000, "fixed_points": 1}, 300),
        (0, {"basis_points": 800, "fixed_points": 5, "floor_points": 500}, 0),
    ],
)
def test_a_whole_line_bears_percentage_and_fixed_sum_within_floor_and_cap(
    points: int, terms: dict[str, int], commission: int
) -> None:
    assert commission_on(points=points, **terms) == commission


@pytest.mark.parametrize(
    ("kept", "terms", "commission"),
    [
        (1_000, {"basis_points": 800, "fixed_points": 300}, 380),
        (500, {"basis_points": 800, "fixed_points": 300}, 190),
        (500, {"basis_points": 800, "floor_points": 500}, 250),
        (500, {"basis_points": 800, "cap_points": 40}, 20),
        (1, {"basis_points": 0, "fixed_points": 500}, 1),
        (1, {"basis_points": 0, "fixed_points": 499}, 0),
        (333, {"basis_points": 0, "floor_points": 100}, 33),
        (0, {"basis_points": 800, "floor_points": 500}, 0),
    ],
)
def test_what_is_kept_of_a_line_bears_its_part(kept: int, terms: dict[str, int], commission: int) -> None:
    assert commission_on(points=kept, gross_points=1_000, **terms) == commission


@settings(max_examples=300, deadline=None)
@given(gross=st.integers(1, MOST), data=st.data())
def test_giving_points_back_raises_neither_the_commission_nor_what_the_vendor_keeps(
    gross: int, data: st.DataObject
) -> None:
    terms = data.draw(terms_wanted(most=2 * gross))
    kept = sorted(data.draw(st.lists(st.integers(0, gross), min_size=2, max_size=6)))
    fees = [commission_on(points=points, gross_points=gross, **terms) for points in kept]
    nets = [points - fee for points, fee in zip(kept, fees, strict=True)]
    assert fees == sorted(fees)
    assert nets == sorted(nets)
    assert all(0 <= fee <= points for fee, points in zip(fees, kept, strict=True))
    assert commission_on(points=0, gross_points=gross, **terms) == 0


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gross=st.integers(1, MOST), part=st.fractions(0, 1), data=st.data())
def test_the_proofs_own_rule_is_the_same(gross: int, part: Fraction, data: st.DataObject) -> None:
    terms = data.draw(terms_wanted(most=2 * gross))
    points = int(gross * part)
    with connection.cursor() as cursor:
        cursor.execute("SELECT points_commission(%s, %s, %s, %s, %s, %s)", [points, gross, *terms.values()])
        (known,) = cursor.fetchone()
    assert known == commission_on(points=points, gross_points=gross, **terms)


# In the books ---------------------------------------------------------------------------------
def hold(*specs: AllocationSpec, order: str, paid: int, promotional: int = 0) -> None:
    customer = make_customer_with_points(paid=paid, promotional=promotional)
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk, order_reference=order, allocations=specs, idempotency_key=order,
            actor_id=customer.pk,
        )  # fmt: skip


def release(*references: str) -> None:
    release_allocations(references=references, actor_id=None, idempotency_key=new_key())


def refund(**wanted: int) -> None:
    refund_allocations(
        references_and_points={name.replace("_", "-"): points for name, points in wanted.items()},
        actor_id=None, reason="Broken", idempotency_key=new_key(),
    )  # fmt: skip


def test_terms_are_frozen_with_the_allocation_and_followed_back_and_forth() -> None:
    hold(
        AllocationSpec("F-1", 7, 1_000, 800, 250, 0, None),
        AllocationSpec("F-2", 7, 1_000, 800, 0, 500, None),
        AllocationSpec("F-3", 8, 1_000, 800, 0, 0, 30),
        order="F", paid=3_000,
    )  # fmt: skip
    stored = Allocation.objects.order_by("id").values_list(
        "commission_basis_points",
        "commission_fixed_points",
        "commission_floor_points",
        "commission_cap_points",
    )
    assert list(stored) == [(800, 250, 0, None), (800, 0, 500, None), (800, 0, 0, 30)]
    refund(F_1=500)
    release("F-1", "F-2", "F-3")
    assert fees() == [165, 500, 30]
    assert account_points(kind=AccountKind.COMMISSION) == 695
    refund(F_1=250, F_2=500, F_3=1)
    assert fees() == [83, 250, 30]
    assert account_points(kind=AccountKind.COMMISSION) == 363
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=7) == 250 - 83 + 500 - 250
    refund(F_1=250, F_2=500, F_3=999)
    assert fees() == [0, 0, 0]
    for kind in (AccountKind.COMMISSION, AccountKind.VENDOR_ESCROW):
        assert account_points(kind=kind) == 0


def fees() -> list[int]:
    return list(Allocation.objects.order_by("id").values_list("commission_points", flat=True))


def test_pages_read_what_was_frozen_and_what_it_comes_to_on_what_is_kept(django_assert_num_queries) -> None:
    hold(
        AllocationSpec("F-1", 7, 1_000, 800, 250, 0, 2_000),
        AllocationSpec("F-2", 8, 1_000, 800),
        AllocationSpec("F-3", 7, 500, 0),
        order="F", paid=3_000,
    )  # fmt: skip
    hold(AllocationSpec("G-1", 7, 100, 10_000), order="G", paid=100)
    refund(F_1=500)
    with django_assert_num_queries(1):
        found = commissions_of(vendor_id=7, order_references=["F"])
    assert found == [
        FrozenCommission("F-1", "F", 1_000, 500, 800, 250, 0, 2_000, 165),
        FrozenCommission("F-3", "F", 500, 500, 0, 0, 0, None, 0),
    ]
    both = commissions_of(vendor_id=7, order_references=["F", "G"])
    assert [one.reference for one in both] == ["F-1", "F-3", "G-1"]


@pytest.mark.parametrize("place", [3, 4, 5, 6])
def test_other_terms_are_another_order(place: int) -> None:
    one = ["F-1", 7, 1_000, 800, 0, 0, 1_000]
    other = [*one[:place], 900, *one[place + 1 :]]
    hold(AllocationSpec(*one), order="F", paid=2_000)
    with pytest.raises(IdempotencyConflict):
        hold(AllocationSpec(*other), order="F", paid=2_000)
    assert Allocation.objects.count() == 1


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_any_sequence_of_refunds_and_releases_adds_up_whatever_the_terms(data: st.DataObject) -> None:
    """Parts equal the whole, vendor and commission are what was released, and nothing is ever below 0."""
    order = f"H{next(_orders)}"
    grosses = data.draw(st.lists(st.integers(1, 3_000), min_size=1, max_size=3), label="lines")
    promotional = data.draw(st.integers(0, sum(grosses)), label="promotional")
    vendors = [1_000 * next(_orders) + place % 2 for place in range(len(grosses))]
    specs = [
        AllocationSpec(
            f"{order}-{place}", vendors[place], gross, *data.draw(terms_wanted(most=2 * gross)).values()
        )
        for place, gross in enumerate(grosses)
    ]
    before = account_points(kind=AccountKind.COMMISSION)
    hold(*specs, order=order, paid=sum(grosses), promotional=promotional)
    steps = st.tuples(st.sampled_from(specs), st.none() | st.fractions(0, 1))
    for spec, part in data.draw(st.lists(steps, max_size=8), label="steps"):
        stands = Allocation.objects.get(reference=spec.reference)
        if part is None:
            release(spec.reference)
        else:
            left = stands.gross_points - stands.refunded_points
            refund(**{spec.reference.replace("-", "_"): int(left * part)})
        now = Allocation.objects.get(reference=spec.reference)
        if part is not None:
            assert now.commission_points <= stands.commission_points
            assert (
                now.released_points - now.commission_points
                <= stands.released_points - stands.commission_points
            )
    stand = list(Allocation.objects.filter(order_reference=order).order_by("id"))
    for spec, allocation in zip(specs, stand, strict=True):
        assert allocation.commission_points == commission_on(
            points=allocation.released_points, gross_points=spec.gross_points,
            basis_points=spec.commission_basis_points, fixed_points=spec.commission_fixed_points,
            floor_points=spec.commission_floor_points, cap_points=spec.commission_cap_points,
        )  # fmt: skip
    fees = sum(allocation.commission_points for allocation in stand)
    assert account_points(kind=AccountKind.COMMISSION) - before == fees
    net = sum(
        account_points(kind=kind, owner_id=vendor)
        for vendor in set(vendors)
        for kind in (AccountKind.VENDOR_PAYABLE, AccountKind.VENDOR_RECEIVABLE)
    )
    assert net == sum(allocation.released_points for allocation in stand) - fees
    assert_ledger_proved(but_for={"orders-paid", "orders-add-up"})
