"""Discounts that the platform bears: vendors earn as without them, and what is undone goes back to it."""

from __future__ import annotations

import random

import pytest
from django.db import transaction
from django.utils import translation

from points_payment.equation import equation
from points_payment.errors import InsufficientPoints, InvalidAmount, NotRefundable
from points_payment.figures import all_figures
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Allocation, Transfer, Wallet
from points_payment.selectors import account_points, allocation_parts, refund_parts
from points_payment.services.escrow import (
    AllocationSpec,
    HeldOrder,
    commission_of,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.payouts import pay_out
from tests.factories.points import make_customer_with_points, make_person, new_key

pytestmark = pytest.mark.django_db

VENDOR = 7


def hold(customer, *specs: AllocationSpec, key: str = "order:N1") -> HeldOrder:
    with transaction.atomic():
        return hold_for_order(
            customer_id=customer.pk, order_reference="N1", allocations=specs, idempotency_key=key,
            actor_id=customer.pk,
        )  # fmt: skip


def line(gross: int, subsidy: int, *, place: int = 0, basis_points: int = 1_000) -> AllocationSpec:
    return AllocationSpec(f"N1-{place}", VENDOR, gross, basis_points, subsidy_points=subsidy)


def release(*references: str) -> None:
    release_allocations(references=references, actor_id=None, idempotency_key=new_key())


def refund(points: int = 0, subsidy: int = 0, *, reference: str = "N1-0", key: str = ""):
    return refund_allocations(
        references_and_points={reference: points} if points else {},
        references_and_subsidies={reference: subsidy},
        actor_id=None, reason="", idempotency_key=key or new_key(),
    )  # fmt: skip


def stands(kind: AccountKind, owner: int = 0) -> int:
    return account_points(kind=kind, owner_id=owner)


def test_customer_pays_less_and_the_vendor_earns_all_of_it():
    customer = make_customer_with_points(paid=1_000)
    held = hold(customer, line(1_000, 100))
    assert (held.paid_points, held.promotional_points) == (900, 0)
    assert Wallet.objects.get(user=customer).paid_points == 100
    assert stands(AccountKind.PROMOTIONS) == -100
    assert stands(AccountKind.VENDOR_ESCROW, VENDOR) == 1_000
    release("N1-0")
    # Ten percent of the whole thousand.
    assert stands(AccountKind.COMMISSION) == 100
    assert stands(AccountKind.VENDOR_PAYABLE, VENDOR) == 900


def test_what_the_platform_adds_needs_no_points_in_the_wallet():
    customer = make_customer_with_points(paid=899)
    with pytest.raises(InsufficientPoints) as refused:
        hold(customer, line(1_000, 100))
    assert refused.value.short_by == 1
    assert stands(AccountKind.PROMOTIONS) == 0
    hold(customer, line(1_000, 101))
    assert Wallet.objects.get(user=customer).paid_points == 0


def test_line_that_the_platform_pays_for_whole_takes_nothing_from_the_wallet():
    customer = make_customer_with_points(paid=5)
    held = hold(customer, line(300, 300))
    assert held.transfer_id is not None
    assert held.total_points == 0
    assert refund(subsidy=100).total_points == 0
    release("N1-0")
    assert stands(AccountKind.VENDOR_PAYABLE, VENDOR) == 180
    assert stands(AccountKind.PROMOTIONS) == -200
    assert Wallet.objects.get(user=customer).paid_points == 5


def test_promotional_points_are_split_over_what_the_customer_pays():
    customer = make_customer_with_points(paid=1_000, promotional=100)
    hold(customer, line(1_000, 900), line(100, 0, place=1), line(50, 50, place=2))
    parts = Allocation.objects.order_by("id").values_list(
        "paid_points", "promotional_points", "subsidy_points"
    )
    assert list(parts) == [(50, 50, 900), (50, 50, 0), (0, 0, 50)]
    known = allocation_parts(references=["N1-0", "N1-1"])
    assert known is not None
    assert (known.paid_points, known.promotional_points) == (100, 100)


@pytest.mark.parametrize("released", [False, True], ids=["held", "released"])
def test_refund_gives_each_side_what_it_put_in(released):
    customer = make_customer_with_points(paid=1_000)
    hold(customer, line(1_000, 100))
    if released:
        release("N1-0")
    back = refund(450, 50, key="half")
    assert refund(450, 50, key="half") == back
    assert back.total_points == 450
    parts = refund_parts(idempotency_keys=["half"])
    assert (parts.paid_points, parts.promotional_points) == (450, 0)
    assert stands(AccountKind.PROMOTIONS) == -50
    assert Wallet.objects.get(user=customer).paid_points == 550
    kind = Transfer.objects.values_list("kind", flat=True).get(pk=back.transfer_id)
    assert kind == (TransferKind.RETURN if released else TransferKind.CANCELLATION)
    if released:
        assert stands(AccountKind.VENDOR_PAYABLE, VENDOR) == 450
        assert stands(AccountKind.COMMISSION) == 50
    refund_allocations(references=["N1-0"], actor_id=None, reason="", idempotency_key=new_key())
    assert stands(AccountKind.PROMOTIONS) == 0
    assert stands(AccountKind.COMMISSION) == 0
    assert Wallet.objects.get(user=customer).paid_points == 1_000


@pytest.mark.parametrize(("points", "subsidy", "left"), [(901, 0, 900), (0, 101, 100), (900, 101, 100)])
def test_nobody_gets_back_what_the_other_put_in(points, subsidy, left):
    customer = make_customer_with_points(paid=1_000)
    hold(customer, line(1_000, 100))
    with pytest.raises(NotRefundable) as refused:
        refund(points, subsidy)
    assert refused.value.left_points == left
    assert stands(AccountKind.VENDOR_ESCROW, VENDOR) == 1_000


@pytest.mark.parametrize("subsidy", [-1, 1_001])
def test_no_line_is_given_more_than_it_is_worth(subsidy):
    customer = make_customer_with_points(paid=5_000)
    with pytest.raises(InvalidAmount):
        hold(customer, line(1_000, subsidy))
    assert Wallet.objects.get(user=customer).paid_points == 5_000
    assert stands(AccountKind.PROMOTIONS) == 0


def test_vendor_who_has_spent_it_owes_what_the_platform_added_too():
    customer = make_customer_with_points(paid=1_000)
    hold(customer, line(1_000, 400, basis_points=0))
    release("N1-0")
    pay_out(
        vendor_id=VENDOR, amount_points=1_000, actor_id=make_person().pk, approved_by_id=make_person().pk,
        reference="p", idempotency_key=new_key(),
    )  # fmt: skip
    refund(600, 400)
    assert stands(AccountKind.VENDOR_RECEIVABLE, VENDOR) == -1_000
    assert stands(AccountKind.PROMOTIONS) == 0


def test_equation_names_the_discounts():
    customer = make_customer_with_points(paid=1_000)
    hold(customer, line(1_000, 100))
    refund(90, 10)
    told = equation(figures=all_figures(), kept=[], card_points=0)
    with translation.override("en"):
        assert [term.points for term in told.issued if "iscounts" in str(term.label)] == [100]
        assert [term.points for term in told.taken_back if "iscounts" in str(term.label)] == [10]
    assert told.issued_points == told.accounted_points


def test_any_steps_add_up():
    """Whatever comes back in which order: each side has what it put in, less what the vendor keeps."""
    chance = random.Random(11)
    customer = make_customer_with_points(paid=100_000)
    before = Wallet.objects.get(user=customer).paid_points
    specs = [
        AllocationSpec(
            f"N1-{place}", VENDOR, gross := chance.randint(1, 900), chance.choice([0, 333, 1_000]),
            chance.choice([0, 7]), chance.choice([0, 20]), None, subsidy_points=chance.randint(0, gross),
        )
        for place in range(12)
    ]  # fmt: skip
    hold(customer, *specs)
    for _step in range(60):
        one = chance.choice(list(Allocation.objects.all()))
        if chance.random() < 0.2:
            release(one.reference)
        else:
            refund(
                chance.randint(0, min(40, one.refundable_points)),
                chance.randint(0, min(40, one.subsidy_left_points)),
                reference=one.reference,
            )
    release(*(spec.reference for spec in specs))
    stand = list(Allocation.objects.all())
    assert before - Wallet.objects.get(user=customer).paid_points == sum(
        one.paid_points + one.promotional_points - (one.refunded_points - one.refunded_subsidy_points)
        for one in stand
    )
    assert -stands(AccountKind.PROMOTIONS) == sum(one.subsidy_left_points for one in stand)
    fees = sum(commission_of(one, points=one.released_points) for one in stand)
    assert stands(AccountKind.COMMISSION) == fees
    assert stands(AccountKind.VENDOR_PAYABLE, VENDOR) == sum(one.released_points for one in stand) - fees
