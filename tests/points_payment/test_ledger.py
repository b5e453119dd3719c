"""Posting, and what the database refuses whoever asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from points_payment.errors import IdempotencyConflict, InvalidAmount, LedgerConflict, OwnWallet
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Account, Entry, IdempotencyKey, Lot, Seal, TopUp, Transfer, Wallet
from points_payment.services.idempotency import MAX_KEY_LENGTH, claim, hash_request, record_result
from points_payment.services.ledger import LotChange, Posting, find_posted, merge, post_transfer
from points_payment.services.promotions import give_promotional_points
from points_payment.services.sealing import seal_transfers
from points_payment.services.topups import MAX_TOP_UP_POINTS, top_up
from tests.factories.points import (
    give_promotion,
    make_customer_with_points,
    make_person,
    new_key,
    top_up_wallet,
)

pytestmark = pytest.mark.django_db


def post(amount=5, key="", **facts):
    """A transfer between two accounts that nothing guards."""
    return post_transfer(
        kind=TransferKind.PAYOUT,
        idempotency_key=key or new_key(),
        postings=[
            Posting(AccountKind.COMMISSION, 0, amount),
            Posting(AccountKind.ADJUSTMENTS, 0, -amount),
        ],
        **facts,
    )


# Posting -----------------------------------------------------------------------------------


def test_postings_on_one_account_become_one_entry_and_nothing_becomes_none():
    merged = merge(
        [
            Posting(AccountKind.VENDOR_ESCROW, 2, 5),
            Posting(AccountKind.COMMISSION, 0, 0),
            Posting(AccountKind.VENDOR_ESCROW, 1, 4),
            Posting(AccountKind.VENDOR_ESCROW, 2, 6),
            Posting(AccountKind.BATCH, 1, -4),
            Posting(AccountKind.BATCH, 1, 4),
        ]
    )
    assert merged == [Posting(AccountKind.VENDOR_ESCROW, 1, 4), Posting(AccountKind.VENDOR_ESCROW, 2, 11)]


def test_transfer_is_one_statement_and_keeps_its_facts(django_assert_num_queries):
    actor = make_person()
    with django_assert_num_queries(1):
        posted = post(7, reference="r", actor_id=actor.pk, reason="why")
    transfer = Transfer.objects.get(pk=posted.transfer_id)
    assert (transfer.reference, transfer.actor, transfer.reason, transfer.entries_count) == (
        "r",
        actor,
        "why",
        2,
    )
    assert sorted(transfer.entries.values_list("account__kind", "amount_points")) == [
        ("adjustments", -7),
        ("commission", 7),
    ]


def test_same_key_posts_once():
    first, second = post(key="k"), post(key="k")
    assert (first.transfer_id, True, False) == (second.transfer_id, first.is_new, second.is_new)
    assert Transfer.objects.count() == 1


def test_same_key_for_another_transfer_is_a_conflict():
    post(5, key="k")
    with pytest.raises(IdempotencyConflict):
        post(6, key="k")
    with pytest.raises(IdempotencyConflict):
        find_posted(idempotency_key="k", request_hash="another")
    assert find_posted(idempotency_key="unused", request_hash="any") is None
    assert Transfer.objects.count() == 1


def test_key_longer_than_its_column_works_the_same():
    long_key, other = "k" * 1000, "k" * 999 + "x"
    first = post(key=long_key)
    assert post(key=long_key).transfer_id == first.transfer_id
    assert post(key=other).is_new
    assert post(key="k" * MAX_KEY_LENGTH).is_new
    assert Transfer.objects.filter(idempotency_key="k" * MAX_KEY_LENGTH).exists()


def test_transfer_is_reversed_at_most_once():
    first = post()
    post(-5, reverses_id=first.transfer_id)
    with pytest.raises(DatabaseError, match="reverses"), transaction.atomic():
        post(-5, reverses_id=first.transfer_id)


@pytest.mark.parametrize(
    "kind", [AccountKind.CUSTOMER_PAID, AccountKind.CUSTOMER_PROMOTIONAL, AccountKind.VENDOR_PAYABLE]
)
def test_guarded_account_never_goes_below_zero(kind):
    person = make_person()
    with pytest.raises(LedgerConflict), transaction.atomic():
        post_transfer(
            kind=TransferKind.PAYOUT,
            idempotency_key="k",
            postings=[Posting(kind, person.pk, -1), Posting(AccountKind.ADJUSTMENTS, 0, 1)],
        )
    assert not Transfer.objects.exists()
    assert not Account.objects.exists()


def test_lot_cannot_give_more_than_it_holds():
    customer = make_customer_with_points(paid=10)
    top_up_wallet(customer, 10)
    lot = Lot.objects.order_by("id")[0]
    with pytest.raises(LedgerConflict), transaction.atomic():
        post_transfer(
            kind=TransferKind.PAYOUT,
            idempotency_key="k",
            postings=[
                Posting(AccountKind.CUSTOMER_PAID, customer.pk, -11),
                Posting(AccountKind.ADJUSTMENTS, 0, 11),
            ],
            lot_changes=[LotChange(lot.pk, -11)],
        )
    assert Wallet.objects.get(user=customer).balance_points == 20


def test_other_errors_of_the_database_pass_through():
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        post_transfer(
            kind=TransferKind.PAYOUT,
            idempotency_key="k",
            postings=[Posting(AccountKind.ADJUSTMENTS, 0, 1)],
        )
    assert not isinstance(caught.value, LedgerConflict)


# The database's own rules ------------------------------------------------------------------


def run(sql, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        # What the test wrote so far is checked now: TRUNCATE would trip over it before it is refused.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql, parameters)


@pytest.mark.parametrize(
    "table", ["account", "transfer", "entry", "seal", "lotuse", "allocationmove", "topup"]
)
@pytest.mark.parametrize("sql", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_books_refuse_to_be_changed(table, sql):
    make_customer_with_points(paid=10)
    seal_transfers()
    column = {"seal": "position", "topup": "transfer_id"}.get(table, "id")
    with pytest.raises(DatabaseError, match="append-only"):
        run(sql.format(f"points_payment_{table}", column, column))


@pytest.mark.parametrize(
    "table", ["wallet", "lot", "allocation", "batch", "card", "vendorbalance", "idempotencykey"]
)
@pytest.mark.parametrize("sql", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_rows_of_the_books_stay(table, sql):
    with pytest.raises(DatabaseError, match="append-only"):
        run(sql.format(f"points_payment_{table}"))


def test_lot_keeps_its_terms():
    give_promotion(make_person(), 10, expires_at=timezone.now() + timedelta(days=1))
    with pytest.raises(DatabaseError, match="append-only"):
        run("UPDATE points_payment_lot SET expires_at = NULL")


def test_paid_points_never_expire():
    make_customer_with_points(paid=1)
    with pytest.raises(DatabaseError, match="points_lot_paid_never_expires"):
        run(
            "INSERT INTO points_payment_lot (customer_id, account_id, account_kind, transfer_id,"
            " original_points, remaining_points, expires_at, digest)"
            " SELECT customer_id, account_id, account_kind, transfer_id, 1, 1, now(), ''"
            " FROM points_payment_lot"
        )


ENTRY = "INSERT INTO points_payment_entry (transfer_id, account_id, amount_points) VALUES "


def test_entries_come_whole_and_sum_to_zero():
    posted = post()
    account = Account.objects.values_list("id", flat=True)
    transfer = posted.transfer_id
    with pytest.raises(DatabaseError, match="not whole"):
        run(ENTRY + "(%s, %s, 1)", transfer + 1, account[0])
    run(
        "INSERT INTO points_payment_account (kind, owner_id) VALUES ('payouts', 1), ('payouts', 2)",
    )
    others = Account.objects.filter(kind="payouts").values_list("id", flat=True)
    with pytest.raises(DatabaseError, match="not whole"):
        # A second pair for a transfer that has its two.
        run(ENTRY + "(%s, %s, 1), (%s, %s, -1)", transfer, others[0], transfer, others[1])


@pytest.mark.parametrize("amounts", [(1, -2), (1, 1)])
def test_entries_that_do_not_sum_to_zero_are_refused(amounts):
    with pytest.raises(DatabaseError, match="not whole"), transaction.atomic():
        post_transfer(
            kind=TransferKind.PAYOUT,
            idempotency_key="k",
            postings=[
                Posting(AccountKind.COMMISSION, 0, amounts[0]),
                Posting(AccountKind.ADJUSTMENTS, 0, amounts[1]),
            ],
        )


def test_entries_on_unknown_accounts_are_refused():
    with pytest.raises(DatabaseError, match="not whole"):
        run(
            "WITH new AS (INSERT INTO points_payment_transfer (kind, idempotency_key, request_hash,"
            " entries_count, reference, reason, digest)"
            " VALUES ('adjustment', 'x', '', 2, '', '', '') RETURNING id)"
            " INSERT INTO points_payment_entry (transfer_id, account_id, amount_points)"
            " SELECT id, 999999, 1 FROM new UNION ALL SELECT id, 999998, -1 FROM new"
        )


# Top-ups and gifts -------------------------------------------------------------------------


def test_operator_adds_points_once():
    operator, customer = make_person(), make_person()
    facts = {
        "operator": operator,
        "customer": customer,
        "reason": "Cash",
        "reference": "R1",
        "idempotency_key": "k",
    }
    transfer = top_up(amount_points=25_000, **facts)
    assert top_up(amount_points=25_000, **facts) == transfer
    with pytest.raises(IdempotencyConflict):
        top_up(amount_points=25_001, **facts)
    assert customer.point_balance == 25_000
    assert TopUp.objects.get().transfer == transfer
    assert (transfer.kind, transfer.actor, transfer.reference) == (TransferKind.TOP_UP, operator, "R1")


@pytest.mark.parametrize("amount", [0, -1, MAX_TOP_UP_POINTS + 1])
def test_top_up_keeps_its_limits(amount):
    with pytest.raises(InvalidAmount):
        top_up(
            operator=make_person(), customer=make_person(), amount_points=amount, reason="", reference="",
            idempotency_key="k",
        )  # fmt: skip
    assert not Transfer.objects.exists()


def test_largest_top_up_is_allowed():
    customer = make_person()
    top_up_wallet(customer, MAX_TOP_UP_POINTS)
    assert customer.point_balance == MAX_TOP_UP_POINTS


def test_nobody_tops_up_their_own_wallet():
    person = make_person()
    with pytest.raises(OwnWallet):
        top_up(
            operator=person, customer=person, amount_points=1, reason="", reference="", idempotency_key="k"
        )
    assert person.point_balance == 0


def test_gift_is_promotional_and_at_least_one_point():
    person = make_person()
    with pytest.raises(InvalidAmount):
        give_promotion(person, 0)
    give_promotion(person, 1)
    assert (person.wallet.paid_points, person.wallet.promotional_points) == (0, 1)
    facts = {
        "kind": TransferKind.VOUCHER, "customer_id": person.pk, "expires_at": None, "reference": "V",
        "reason": "", "actor_id": None, "idempotency_key": "k",
    }  # fmt: skip
    assert give_promotional_points(amount_points=2, **facts).is_new
    assert not give_promotional_points(amount_points=2, **facts).is_new
    assert Wallet.objects.get(user=person).promotional_points == 3


# Idempotency keys --------------------------------------------------------------------------


def test_first_claim_works_and_the_second_gets_its_result():
    first = claim(key="k", request_hash="h", scope="s")
    assert (first.is_new, first.result) == (True, "")
    record_result(claimed=first, result="order 7")
    second = claim(key="k", request_hash="h", scope="s")
    assert (second.is_new, second.result, second.id) == (False, "order 7", first.id)
    assert claim(key="k", request_hash="h", scope="another").is_new
    with pytest.raises(IdempotencyConflict):
        claim(key="k", request_hash="other", scope="s")


@pytest.mark.parametrize("key", ["", "k" * (MAX_KEY_LENGTH + 1)])
def test_key_of_impossible_length_is_no_key(key):
    with pytest.raises(IdempotencyConflict):
        claim(key=key, request_hash="h", scope="s")
    assert not IdempotencyKey.objects.exists()


def test_longest_key_is_a_key():
    assert claim(key="k" * MAX_KEY_LENGTH, request_hash="h", scope="s").is_new


def test_hash_tells_requests_apart():
    assert hash_request("a", 1) == hash_request("a", 1)
    assert (
        len({hash_request("a", 1), hash_request("a", "1"), hash_request(["a", 1]), hash_request(1, "a")}) == 4
    )


# The hash chain ----------------------------------------------------------------------------


def test_every_transfer_is_sealed_once(monkeypatch):
    monkeypatch.setattr("points_payment.services.sealing.BATCH_SIZE", 2)
    for _ in range(5):
        post()
    assert seal_transfers() == 5
    assert seal_transfers() == 0
    post()
    assert seal_transfers() == 1
    assert list(Seal.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_running_balance_stands_on_entries_of_guarded_accounts_alone():
    customer = make_customer_with_points(paid=10)
    top_up_wallet(customer, 5)
    entries = Entry.objects.order_by("id").values_list("account__kind", "balance_after_points")
    assert list(entries) == [
        ("customer_paid", 10),
        ("operator", None),
        ("customer_paid", 15),
        ("operator", None),
    ]
