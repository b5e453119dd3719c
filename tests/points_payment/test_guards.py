"""Refusals and edges of the services of points, each at the very amount where it begins."""

from __future__ import annotations

import pytest
from django.db import transaction

from points_payment.errors import LedgerConflict
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Lot
from points_payment.services.ledger import LotChange, NewLot, Posting, post_transfer
from tests.factories.points import make_customer_with_points, make_person, new_key

pytestmark = pytest.mark.django_db


# Posting ------------------------------------------------------------------------------------
def test_a_new_lot_is_the_wallets_credit_whoever_else_is_credited():
    customer = make_person()
    post_transfer(
        kind=TransferKind.GOODWILL,
        idempotency_key=new_key(),
        postings=[
            Posting(AccountKind.BREAKAGE, 0, 5),
            Posting(AccountKind.CUSTOMER_PROMOTIONAL, customer.pk, 10),
            Posting(AccountKind.PROMOTIONS, 0, -15),
        ],
        new_lot=NewLot(),
    )
    assert Lot.objects.get().original_points == 10


def test_a_new_lot_is_a_credit_where_the_other_bucket_is_debited():
    customer = make_customer_with_points(paid=10)
    paid = Lot.objects.get()
    post_transfer(
        kind=TransferKind.GOODWILL,
        idempotency_key=new_key(),
        postings=[
            Posting(AccountKind.CUSTOMER_PAID, customer.pk, -10),
            Posting(AccountKind.CUSTOMER_PROMOTIONAL, customer.pk, 10),
        ],
        lot_changes=[LotChange(paid.pk, -10)],
        new_lot=NewLot(),
    )
    assert Lot.objects.exclude(pk=paid.pk).get().account_kind == AccountKind.CUSTOMER_PROMOTIONAL


def test_a_conflict_says_in_one_line_what_would_go_below_0():
    customer = make_person()
    with pytest.raises(LedgerConflict) as conflict, transaction.atomic():
        post_transfer(
            kind=TransferKind.GOODWILL,
            idempotency_key=new_key(),
            postings=[
                Posting(AccountKind.CUSTOMER_PAID, customer.pk, -1),
                Posting(AccountKind.PROMOTIONS, 0, 1),
            ],
        )
    assert str(conflict.value) == f"customer_paid of {customer.pk} would go below 0"
