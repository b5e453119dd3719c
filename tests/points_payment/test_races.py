"""Threads with connections of their own, and what happens without the lock."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from points_payment.errors import CardNotRedeemable, InsufficientPoints, TooManyAttempts
from points_payment.kinds import CardState, TransferKind
from points_payment.models import Card, Lot, Transfer, Wallet
from points_payment.retry import retry_on_conflict
from points_payment.services import batches, escrow, redemption as redeeming
from points_payment.services.attempts import Attempt
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.redemption import redeem_card
from points_payment.services.topups import top_up
from points_payment.services.wallets import SpendableLot
from tests.factories.points import make_active_batch, make_customer_with_points, make_person, new_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def at_once(jobs: list[Callable[[], object]], *, threads: int = 40) -> Counter[str]:
    """Run jobs in threads with connections of their own; how each ended, counted by name."""
    start = threading.Barrier(min(threads, len(jobs)))
    ready = threading.local()

    def run(job: Callable[[], object]) -> str:
        try:
            if not hasattr(ready, "waited"):
                ready.waited = True
                start.wait(30)
            job()
        except Exception as error:  # noqa: BLE001 - counted
            return type(error).__name__
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(max_workers=min(threads, len(jobs))) as pool:
        return Counter(pool.map(run, jobs))


def redemption(customer, code, device):
    return lambda: redeem_card(
        customer=customer,
        code=code,
        idempotency_key=new_key(),
        attempt=Attempt(f"192.0.2.{device % 200}", str(device)),
    )


def test_200_redemptions_of_one_card_are_one_credit():
    _batch, codes = make_active_batch(cards=1, value=5_000)
    customers = [make_person() for _ in range(200)]
    ends = at_once([redemption(customer, codes[0], place) for place, customer in enumerate(customers)])
    assert ends == {"done": 1, "CardNotRedeemable": 199}
    assert sum(Wallet.objects.values_list("paid_points", flat=True)) == 5_000
    assert Transfer.objects.filter(kind=TransferKind.CARD_REDEMPTION).count() == 1


def test_without_the_lock_one_card_is_credited_more_than_once(monkeypatch, tampered_books):
    """Negative control: the race exists, and it is the lock that wins it."""
    _batch, codes = make_active_batch(cards=1, value=5_000)
    customers = [make_person() for _ in range(16)]
    meet = threading.Barrier(16)

    def look_without_lock(*, hmacs):
        card = Card.objects.filter(code_hmac__in=hmacs).first()
        meet.wait(30)
        return card

    monkeypatch.setattr(redeeming, "lock_card", look_without_lock)
    with connection.cursor() as cursor:
        # The second line of defence: the books take one redemption per card, and a redeemed card stays so.
        cursor.execute("DROP INDEX points_card_redeemed_once")
        cursor.execute("DROP TRIGGER points_card_stays_redeemed ON points_payment_card")
    ends = at_once([redemption(customer, codes[0], place) for place, customer in enumerate(customers)])
    assert ends["done"] > 1
    assert sum(Wallet.objects.values_list("paid_points", flat=True)) > 5_000


def test_without_the_lock_the_database_still_gives_one_credit(monkeypatch):
    _batch, codes = make_active_batch(cards=1, value=5_000)
    customers = [make_person() for _ in range(16)]
    meet = threading.Barrier(16)

    def look_without_lock(*, hmacs):
        card = Card.objects.filter(code_hmac__in=hmacs).first()
        meet.wait(30)
        return card

    monkeypatch.setattr(redeeming, "lock_card", look_without_lock)
    ends = at_once([redemption(customer, codes[0], place) for place, customer in enumerate(customers)])
    assert ends == {"done": 1, "IntegrityError": 15}
    assert sum(Wallet.objects.values_list("paid_points", flat=True)) == 5_000


def test_same_request_sent_many_times_at_once_is_one_answer():
    _batch, codes = make_active_batch(cards=1)
    customer = make_person()
    answers = []

    def once():
        answers.append(
            redeem_card(
                customer=customer, code=codes[0], idempotency_key="key", attempt=Attempt("192.0.2.1", "d")
            )
        )

    ends = at_once([once] * 5)
    assert ends == {"done": 5}
    assert len({answer.transfer_id for answer in answers}) == 1
    assert Wallet.objects.get().balance_points == 5_000


def test_one_customer_guessing_at_once_gets_no_more_than_the_limit():
    customer = make_person()
    from points_payment.codes import new_code

    ends = at_once([redemption(customer, new_code(), place) for place in range(60)])
    # Five are free, and the sixth brings the wait.
    assert ends == {CardNotRedeemable.__name__: 6, TooManyAttempts.__name__: 54}


def hold_one(customer, place, points=10):
    @retry_on_conflict
    @transaction.atomic
    def hold():
        hold_for_order(
            customer_id=customer.pk,
            order_reference=f"N{place}",
            allocations=[AllocationSpec(f"N{place}-1", 7, points, 800)],
            idempotency_key=f"order:{place}",
            actor_id=None,
        )

    return hold


def test_200_debits_of_a_balance_for_100_are_100():
    customer = make_customer_with_points(paid=700, promotional=300)
    ends = at_once([hold_one(customer, place) for place in range(200)])
    assert ends == {"done": 100, InsufficientPoints.__name__: 100}
    assert Wallet.objects.get(user=customer).balance_points == 0


def test_without_the_wallets_lock_debits_collide(monkeypatch):
    """Negative control: two that read the same lots cannot both have them."""
    customer = make_customer_with_points(paid=1_000)
    meet = threading.Barrier(8)

    def read_without_lock(*, customer_id):
        lots = Lot.objects.filter(customer_id=customer_id, remaining_points__gt=0)
        found = [SpendableLot(lot.pk, False, lot.remaining_points) for lot in lots]
        meet.wait(30)
        return found

    monkeypatch.setattr(escrow, "lock_spendable_lots", read_without_lock)
    ends = at_once([hold_one(customer, place, points=600) for place in range(8)])
    assert ends == {"done": 1, "LedgerConflict": 7}
    assert Wallet.objects.get(user=customer).balance_points == 400


def test_purchases_refunds_top_ups_and_redemptions_of_one_wallet_at_once():
    customer = make_customer_with_points(paid=1_000, promotional=500)
    operator = make_person()
    _batch, codes = make_active_batch(cards=4, value=100)
    for place in range(10):
        hold_one(customer, f"first{place}", points=50)()
    jobs: list[Callable[[], object]] = [hold_one(customer, place, points=50) for place in range(10)]
    jobs += [
        lambda place=place: refund_allocations(
            references=[f"Nfirst{place}-1"], actor_id=None, reason="", idempotency_key=f"r{place}"
        )
        for place in range(10)
    ]
    jobs += [
        lambda place=place: top_up(
            operator=operator,
            customer=customer,
            amount_points=10,
            reason="",
            reference="",
            idempotency_key=f"t{place}",
        )
        for place in range(10)
    ]
    jobs += [redemption(customer, code, place) for place, code in enumerate(codes)]
    assert at_once(jobs) == {"done": 34}
    assert Wallet.objects.get(user=customer).balance_points == 1_500 - 500 + 100 + 400


def test_release_and_cancellation_of_one_line_have_one_outcome_each():
    customer = make_customer_with_points(paid=1_000)
    for place in range(10):
        hold_one(customer, place, points=100)()
    jobs: list[Callable[[], object]] = []
    for place in range(10):
        jobs.append(
            lambda place=place: refund_allocations(
                references=[f"N{place}-1"], actor_id=None, reason="", idempotency_key=f"refund{place}"
            )
        )
        jobs.append(
            lambda place=place: release_allocations(
                references=[f"N{place}-1"], actor_id=None, idempotency_key=f"release{place}"
            )
        )
    assert at_once(jobs) == {"done": 20}
    # Whichever came first: the customer has everything back, and the vendor nothing.
    assert Wallet.objects.get(user=customer).balance_points == 1_000


def test_two_first_credits_of_a_wallet_add_up():
    customer, operator = make_person(), make_person()
    jobs = [
        lambda place=place: top_up(
            operator=operator,
            customer=customer,
            amount_points=7,
            reason="",
            reference="",
            idempotency_key=f"k{place}",
        )
        for place in range(20)
    ]
    assert at_once(jobs) == {"done": 20}
    assert Wallet.objects.get(user=customer).balance_points == 140


def test_double_click_tops_up_once():
    customer, operator = make_person(), make_person()

    def click():
        top_up(
            operator=operator,
            customer=customer,
            amount_points=7,
            reason="",
            reference="",
            idempotency_key="k",
        )

    assert at_once([click] * 20) == {"done": 20}
    assert Wallet.objects.get(user=customer).balance_points == 7


def test_voiding_and_redeeming_at_once_leaves_every_card_with_one_end():
    batch, codes = make_active_batch(cards=20, value=100)
    customers = [make_person() for _ in codes]
    jobs: list[Callable[[], object]] = [
        redemption(customer, code, place)
        for place, (customer, code) in enumerate(zip(customers, codes, strict=True))
    ]
    jobs.insert(10, lambda: batches.void_batch(batch=batch, actor=make_person(), reason="Lost"))
    ends = at_once(jobs)
    assert ends["done"] + ends["CardNotRedeemable"] == 21
    redeemed = Card.objects.filter(state=CardState.REDEEMED).count()
    assert ends["done"] == redeemed + 1
    assert Card.objects.filter(state=CardState.VOID).count() == 20 - redeemed
