"""Which rows each movement locks, in which order; races show that these locks are enough."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from points_payment.kinds import AccountKind
from points_payment.services.adjustments import approve_adjustment, propose_adjustment
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.expiry import expire_points
from points_payment.services.payouts import pay_out, return_payout
from points_payment.services.redemption import redeem_card
from tests.factories.points import (
    from_device,
    give_promotion,
    make_active_batch,
    make_customer_with_points,
    make_person,
    new_key,
    top_up_wallet,
)

pytestmark = pytest.mark.django_db
LOCK = re.compile(
    r'FROM "points_payment_(\w+)".* FOR NO KEY UPDATE|(points_lock_spendable_lots)|(FOR UPDATE)', re.DOTALL
)


def locked_by(work: Callable[[], object]) -> list[str]:
    """Tables whose rows were locked, each once; the limits on wrong codes have tests of their own."""
    with CaptureQueriesContext(connection) as queries:
        work()
    found = [next(filter(None, match.groups())) for sql in queries if (match := LOCK.search(sql["sql"]))]
    return [name for place, name in enumerate(found) if name not in found[:place]]


def hold(customer, *, points: int = 10) -> str:
    reference = new_key()
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk, order_reference=reference, idempotency_key=reference, actor_id=None,
            allocations=[AllocationSpec(f"{reference}-1", 7, points, 0)],
        )  # fmt: skip
    return f"{reference}-1"


def release(reference: str):
    return release_allocations(references=[reference], actor_id=None, idempotency_key=new_key())


def refund(reference: str):
    return refund_allocations(references=[reference], actor_id=None, reason="", idempotency_key=new_key())


def test_a_purchase_locks_the_wallet():
    customer = make_customer_with_points(paid=10)
    assert locked_by(lambda: hold(customer)) == ["points_lock_spendable_lots"]


def test_a_release_locks_lines_then_vendors():
    reference = hold(make_customer_with_points(paid=10))
    assert locked_by(lambda: release(reference)) == ["allocation", "vendorbalance"]


def test_a_refund_locks_wallet_and_lines_and_late_the_vendors():
    customer = make_customer_with_points(paid=20)
    early, late = hold(customer), hold(customer)
    release(late)
    assert locked_by(lambda: refund(early)) == ["wallet", "allocation"]
    assert locked_by(lambda: refund(late)) == ["wallet", "allocation", "vendorbalance", "vendordebt"]


def test_a_redemption_locks_the_card():
    _batch, codes = make_active_batch(cards=1)
    customer, attempt = make_person(), from_device()
    work = lambda: redeem_card(  # noqa: E731 - called once, under a name that says nothing
        customer=customer, code=codes[0], idempotency_key=new_key(), attempt=attempt
    )
    assert locked_by(work) == ["card"]


def test_expiry_locks_the_wallet():
    give_promotion(make_person(), 5, expires_at=timezone.now())
    assert locked_by(expire_points) == ["wallet"]


def test_payouts_lock_the_vendor():
    release(hold(make_customer_with_points(paid=10)))
    one, other = make_person(), make_person()
    made = []

    def pay() -> None:
        made.append(
            pay_out(
                vendor_id=7, amount_points=5, actor_id=one.pk, approved_by_id=other.pk, reference="",
                idempotency_key=new_key(),
            )
        )  # fmt: skip

    assert locked_by(pay) == ["vendorbalance", "vendordebt"]
    transfer_id = made[0].transfer_id
    back = lambda: return_payout(  # noqa: E731 - the same
        transfer_id=transfer_id, actor_id=one.pk, reason="", idempotency_key=new_key()
    )
    assert locked_by(back) == ["vendorbalance", "vendordebt"]


@pytest.mark.parametrize(
    ("kind", "locks"),
    [
        (AccountKind.CUSTOMER_PAID, ["adjustment", "points_lock_spendable_lots"]),
        (AccountKind.VENDOR_PAYABLE, ["adjustment", "vendorbalance", "vendordebt"]),
    ],
)
def test_adjustments_lock_what_was_asked_for_then_whom_it_takes_from(kind, locks):
    customer = make_customer_with_points(paid=10)
    top_up_wallet(customer, 10)
    release(hold(customer))
    owner = customer.pk if kind == AccountKind.CUSTOMER_PAID else 7
    asked = propose_adjustment(
        account_kind=kind, owner_id=owner, amount_points=-5, reason="count", actor=make_person()
    )
    other = make_person()
    assert locked_by(lambda: approve_adjustment(adjustment=asked, actor=other)) == locks
