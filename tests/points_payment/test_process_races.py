"""Three processes, each with many connections, and what happens without the lock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from marketplace.users.models import User
from points_payment.errors import InsufficientPoints
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Allocation, AttemptCounter, Card, Entry, Lot, Transfer, Wallet
from points_payment.proof import prove
from points_payment.retry import retry_on_conflict
from points_payment.selectors import account_points
from points_payment.services import escrow, expiry, redemption as redeeming
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.payouts import pay_out
from points_payment.services.wallets import SpendableLot
from tests.factories.points import (
    give_promotion,
    make_active_batch,
    make_customer_with_points,
    make_person,
    new_key,
    top_up_wallet,
)
from tests.points_payment.processes import PROCESSES, context, in_processes
from tests.points_payment.test_races import hold_one, redemption

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
CUSTOMERS = 200
ORDERS = 8


# One code -----------------------------------------------------------------------------------
def redeem_one_code_everywhere(*, rounds: int) -> None:
    for number in range(rounds):
        # The wrong codes of a round are counted against all; here the card's lock is tried, not the limits.
        AttemptCounter.objects.all().delete()
        _batch, codes = make_active_batch(cards=1, value=5_000)
        # New ones in every round: who was refused before would have to wait.
        customers = User.objects.bulk_create(User(first_name="Alice") for _ in range(CUSTOMERS))
        ends = in_processes(
            [redemption(customer, codes[0], place) for place, customer in enumerate(customers)]
        )
        assert ends == {"done": 1, "CardNotRedeemable": CUSTOMERS - 1}
        credited = Wallet.objects.filter(user__in=customers).aggregate(paid=Sum("paid_points"))["paid"]
        assert credited == 5_000
        assert Transfer.objects.filter(kind=TransferKind.CARD_REDEMPTION).count() == number + 1


def test_one_code_in_three_processes_is_one_credit():
    redeem_one_code_everywhere(rounds=2)


@pytest.mark.soak
def test_one_code_in_three_processes_is_one_credit_in_each_of_20_rounds():
    redeem_one_code_everywhere(rounds=20)


def test_without_the_lock_processes_credit_one_code_more_than_once(monkeypatch, tampered_books):
    _batch, codes = make_active_batch(cards=1, value=5_000)
    customers = [make_person() for _ in range(4 * PROCESSES)]
    meet = context.Barrier(len(customers))

    def look_without_lock(*, hmacs):
        card = Card.objects.filter(code_hmac__in=hmacs).first()
        meet.wait(30)
        return card

    monkeypatch.setattr(redeeming, "lock_card", look_without_lock)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX points_card_redeemed_once")
        cursor.execute("DROP TRIGGER points_card_stays_redeemed ON points_payment_card")
    ends = in_processes([redemption(customer, codes[0], place) for place, customer in enumerate(customers)])
    assert ends["done"] > 1
    assert Wallet.objects.aggregate(paid=Sum("paid_points"))["paid"] == 5_000 * ends["done"]


# One wallet ---------------------------------------------------------------------------------
def debit_200_times(*, rounds: int) -> None:
    for number in range(rounds):
        customer = make_customer_with_points(paid=700, promotional=300)
        ends = in_processes([hold_one(customer, f"{number}-{place}") for place in range(200)])
        assert ends == {"done": 100, "InsufficientPoints": 100}
        assert Wallet.objects.get(user=customer).balance_points == 0
        assert Allocation.objects.filter(customer=customer).count() == 100


def test_200_debits_from_three_processes_of_a_balance_for_100_are_100():
    debit_200_times(rounds=1)


@pytest.mark.soak
def test_200_debits_from_three_processes_are_100_in_each_of_20_rounds():
    debit_200_times(rounds=20)


def test_without_lock_and_guards_debits_from_processes_overdraw(monkeypatch, tampered_books):
    """Negative control: the lock off, and the second line too: lots and balances that guard themselves."""
    customer = make_customer_with_points(paid=1_000)
    jobs = 2 * PROCESSES
    meet = context.Barrier(jobs)

    def read_without_lock(*, customer_id):
        lots = Lot.objects.filter(customer_id=customer_id, remaining_points__gt=0)
        found = [SpendableLot(lot.pk, False, lot.remaining_points) for lot in lots]
        meet.wait(30)
        return found

    def post_without_lots(**facts):
        return post(**facts | {"lot_changes": ()})

    post = escrow.post_transfer
    monkeypatch.setattr(escrow, "lock_spendable_lots", read_without_lock)
    monkeypatch.setattr(escrow, "post_transfer", post_without_lots)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE points_payment_wallet DROP CONSTRAINT points_wallet_paid_not_negative")
        cursor.execute("SELECT pg_get_functiondef('points_post_transfer'::regproc)")
        cursor.execute(cursor.fetchone()[0].replace("w.paid_points + p_amounts[i] >= 0", "true"))
    ends = in_processes([hold_one(customer, place, points=600) for place in range(jobs)])
    assert ends == {"done": jobs}
    assert account_points(kind=AccountKind.CUSTOMER_PAID, owner_id=customer.pk) == 1_000 - 600 * jobs


def buy(customer: User, lines: list[tuple[int, int]], *, reference: str = "") -> str:
    """An order of lines of (vendor, points); its reference."""
    reference = reference or new_key()

    @retry_on_conflict
    @transaction.atomic
    def hold() -> None:
        hold_for_order(
            customer_id=customer.pk, order_reference=reference, idempotency_key=reference, actor_id=None,
            allocations=[
                AllocationSpec(f"{reference}-{place}", vendor, points, 800, 3, 11, 60)
                for place, (vendor, points) in enumerate(lines)
            ],
        )  # fmt: skip

    hold()
    return reference


def refund(references: list[str]):
    return refund_allocations(references=references, actor_id=None, reason="", idempotency_key=new_key())


def move_everything_at_once() -> tuple[User, dict[str, int]]:
    """Purchases, refunds, top-ups, gifts, redemptions and expiries of one wallet; how they ended."""
    customer = make_customer_with_points(paid=600)
    for _ in range(4):
        give_promotion(customer, 100, expires_at=timezone.now() + timedelta(days=1))
    bought = [buy(customer, [(7, 40), (8, 20)]) for _ in range(6)]
    _batch, codes = make_active_batch(cards=3, value=100)
    later = timezone.now() + timedelta(days=2)
    jobs: list[Callable[[], object]] = []
    for place in range(9):
        jobs.append(lambda: buy(customer, [(7, 20), (8, 10)]))
        jobs.append(lambda: top_up_wallet(customer, 10))
        jobs.append(lambda: expiry.expire_points(now=later))
        jobs.append(lambda: give_promotion(customer, 5, expires_at=later))
        if place < len(bought):
            # The lines named in different orders.
            names = [f"{bought[place]}-0", f"{bought[place]}-1"][:: 1 if place % 2 else -1]
            jobs.append(lambda names=names: refund(names))
    jobs += [redemption(customer, code, place) for place, code in enumerate(codes)]
    return customer, in_processes(jobs)


def test_whatever_happens_to_one_wallet_at_once_each_point_is_in_one_place():
    customer, ends = move_everything_at_once()
    # Someone who buys just after the expiry may find too little; nobody hears of a deadlock or a conflict.
    assert ends.keys() <= {"done", InsufficientPoints.__name__}
    wallet = Wallet.objects.get(user=customer)
    kept = sum(
        account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=vendor) for vendor in (7, 8)
    ) + account_points(kind=AccountKind.BREAKAGE)
    assert min(wallet.paid_points, wallet.promotional_points) >= 0
    assert wallet.balance_points + kept == 600 + 400 + 9 * 10 + 9 * 5 + 300


def test_without_the_wallets_lock_expiry_meets_the_others(monkeypatch):
    """Negative control: what expiry read is not there any more, and only the books' guards notice."""
    customer = make_customer_with_points(paid=10)
    give_promotion(customer, 100, expires_at=timezone.now() + timedelta(days=1))
    meet = context.Barrier(PROCESSES)
    post = expiry.post_transfer

    def post_together(**facts):
        meet.wait(30)
        return post(**facts | {"idempotency_key": new_key()})

    monkeypatch.setattr(expiry, "lock_wallet", lambda *, customer_id: None)
    monkeypatch.setattr(expiry, "post_transfer", post_together)
    later = timezone.now() + timedelta(days=2)
    ends = in_processes([lambda: expiry.expire_points(now=later)] * PROCESSES)
    assert ends == {"done": 1, "LedgerConflict": PROCESSES - 1}


# One line -----------------------------------------------------------------------------------
def end_lines_every_way(*, orders: int) -> dict[str, int]:
    """Each order of two lines of two vendors is refunded in part, released and cancelled at once."""
    customer = make_customer_with_points(paid=200 * orders)
    people = [make_person() for _ in range(2)]
    jobs: list[Callable[[], object]] = []
    for _ in range(orders):
        reference = buy(customer, [(7, 100), (8, 100)])
        names = [f"{reference}-0", f"{reference}-1"]
        jobs += [
            lambda names=names: refund_allocations(
                references_and_points={names[1]: 30, names[0]: 30},
                actor_id=None, reason="", idempotency_key=new_key(),
            ),
            lambda names=names: release_allocations(
                references=names[::-1], actor_id=None, idempotency_key=new_key()
            ),
            lambda names=names: refund(names),
            lambda: pay_out(
                vendor_id=7, amount_points=10, actor_id=people[0].pk, approved_by_id=people[1].pk,
                reference="", idempotency_key=new_key(),
            ),
        ]  # fmt: skip
    return in_processes(jobs)


def owed_in_all() -> int:
    """What is owed to customers and vendors, in whatever account."""
    kinds = (AccountKind.CUSTOMER_PAID, AccountKind.VENDOR_ESCROW, AccountKind.VENDOR_PAYABLE,
             AccountKind.VENDOR_RECEIVABLE, AccountKind.COMMISSION, AccountKind.PAYOUTS)  # fmt: skip
    return Entry.objects.filter(account__kind__in=kinds).aggregate(total=Sum("amount_points"))["total"]


@pytest.mark.parametrize("orders", [ORDERS, pytest.param(20 * ORDERS, marks=pytest.mark.soak)])
def test_refund_release_and_cancellation_of_a_line_end_in_one_way(orders):
    ends = end_lines_every_way(orders=orders)
    # A part after all of it went back, or a payout of what is not there: refused. No deadlock is heard of.
    assert ends.keys() <= {"done", "NotRefundable", "InsufficientPoints"}
    assert owed_in_all() == 200 * orders
    for allocation in Allocation.objects.all():
        # The cancellation gives everything back, whoever came before.
        assert (allocation.refunded_points, allocation.released_points, allocation.commission_points) == (
            100, 0, 0,
        )  # fmt: skip
    assert Wallet.objects.get().paid_points == 200 * orders


def test_without_the_lines_lock_refund_and_release_both_have_it(monkeypatch, tampered_books):
    """Negative control: the vendor and the customer get the same points."""
    customer = make_customer_with_points(paid=100)
    name = f"{buy(customer, [(7, 100)])}-0"
    meet = context.Barrier(2)

    def look_without_lock(references):
        found = list(Allocation.objects.filter(reference__in=references).order_by("id"))
        meet.wait(30)
        return found

    monkeypatch.setattr(escrow, "_lock_allocations", look_without_lock)
    ends = in_processes(
        [
            lambda: refund([name]),
            lambda: release_allocations(references=[name], actor_id=None, idempotency_key=new_key()),
        ]
    )
    assert ends == {"done": 2}
    assert Wallet.objects.get().paid_points == 100
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=7) == 89
    assert "allocations" in {finding.check for finding in prove()}
