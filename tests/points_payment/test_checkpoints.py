# ruff: noqa: E501 - a table of SQL reads best with one row a line
"""Checkpoints, the proof since the last one, and the runs that make them."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from points_payment.figures import SOURCES, all_figures, card_sums, figures_now
from points_payment.kinds import AccountKind, ProofScope, ProofSource, ProofState, TransferKind
from points_payment.models import (
    Card,
    Checkpoint,
    Entry,
    ProofRun,
    Seal,
    Transfer,
)
from points_payment.proof import prove, prove_since
from points_payment.services import checkpoints as checkpointing
from points_payment.services.adjustments import approve_adjustment, propose_adjustment
from points_payment.services.batches import void_batch
from points_payment.services.card_support import approve_replacement, request_replacement
from points_payment.services.checkpoints import last_checkpoint
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.expiry import expire_points
from points_payment.services.payouts import pay_out, return_payout
from points_payment.services.proving import run_proof
from points_payment.services.ranges import freeze_range, record_shop_payment
from points_payment.services.redemption import redeem_card
from points_payment.tasks import prove_and_seal
from tests.factories.points import (
    from_device,
    give_promotion,
    make_active_batch,
    make_customer_with_points,
    make_person,
    new_key,
)
from tests.factories.supply import activate, make_received_batch, make_shop, send
from tests.points_payment.test_proof import FIRST, TAMPERINGS, books, tamper  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_orders")]


def prove_whole() -> ProofRun:
    return run_proof(scope=ProofScope.WHOLE, source=ProofSource.BEAT)


def checkpoint() -> Checkpoint:
    run = prove_whole()
    assert run.state == ProofState.CLEAN, list(
        run.findings.values_list("check_slug", "culprit", "expected", "found")
    )
    assert run.checkpoint is not None
    return run.checkpoint


@pytest.fixture
def another_day(monkeypatch):
    """The calendar goes on by a day each time this is called."""
    days = 0

    def turn() -> None:
        nonlocal days
        days += 1
        day = timezone.localdate() + timedelta(days=days)
        monkeypatch.setattr(checkpointing.timezone, "localdate", lambda: day)

    return turn


def trade() -> None:
    """Something of every kind of money: what a day brings."""
    customer = make_customer_with_points(paid=2_000, promotional=300)
    give_promotion(customer, 40, expires_at=timezone.now() - timedelta(days=1))
    expire_points()
    order = new_key()
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk, order_reference=order, idempotency_key=new_key(), actor_id=customer.pk,
            allocations=[
                AllocationSpec(f"{order}-{place}", 7, 500, 800, subsidy_points=50 * place) for place in range(2)
            ],
        )  # fmt: skip
    release_allocations(references=[f"{order}-0"], actor_id=None, idempotency_key=new_key())
    refund_allocations(
        references_and_points={f"{order}-0": 100, f"{order}-1": 50},
        references_and_subsidies={f"{order}-1": 5},
        actor_id=None,
        reason="",
        idempotency_key=new_key(),
    )
    payout = pay_out(
        vendor_id=7, amount_points=100, actor_id=make_person().pk, approved_by_id=make_person().pk,
        reference="p", idempotency_key=new_key(),
    )  # fmt: skip
    return_payout(
        transfer_id=payout.transfer_id, actor_id=make_person().pk, reason="x", idempotency_key=new_key()
    )
    _batch, codes = make_active_batch(cards=3, value=100)
    redeem_card(customer=customer, code=codes[0], idempotency_key=new_key(), attempt=from_device())
    gone, _codes = make_active_batch(cards=2, value=50)
    void_batch(batch=gone, actor=make_person(), reason="Lost")
    adjustment = propose_adjustment(
        account_kind=AccountKind.CUSTOMER_PAID,
        owner_id=customer.pk,
        amount_points=5,
        reason="x",
        actor=make_person(),
    )
    approve_adjustment(adjustment=adjustment, actor=make_person())
    deliver()


def deliver() -> None:
    """Cards at a shop, one of them replaced, and a payment."""
    batch, _codes = make_received_batch(cards=4, value=100)
    shop = make_shop()
    consignment = activate(send(batch, 0, 3, shop=shop))
    card = Card.objects.filter(batch=batch).order_by("number").first()
    replacement = request_replacement(
        card=card, actor=make_person(), reason="Torn", proof_seen="The card", last_four=card.last_four
    )
    approve_replacement(replacement=replacement, actor=make_person())
    record_shop_payment(
        shop=shop, amount_points=100, actor=make_person(), reference="r", idempotency_key=new_key()
    )
    freeze_range(consignment=consignment, actor=make_person(), reason="x")


# Making them -------------------------------------------------------------------------------


def test_checkpoint_says_what_the_books_say():
    trade()
    made = checkpoint()
    assert made.day == timezone.localdate()
    assert made.position == Seal.objects.count() == Transfer.objects.count() == made.transfers_count
    assert bytes(made.seal_digest) == bytes(Seal.objects.get(position=made.position).digest)
    figures = all_figures()
    assert made.totals == figures.totals
    assert sum(made.totals.values()) == 0
    assert made.entries_count == figures.entries_count
    assert {state: tuple(sums) for state, sums in made.cards.items()} == card_sums()


def test_checkpoint_of_empty_books_begins_the_chain():
    made = checkpoint()
    assert (made.position, made.transfers_count, made.totals) == (0, 0, {})
    trade()
    assert prove_since(made) == []
    assert prove() == []


def test_a_day_has_one_checkpoint_and_the_next_one_follows_it(another_day):
    trade()
    first = checkpoint()
    assert prove_whole().checkpoint is None
    another_day()
    trade()
    second = checkpoint()
    assert bytes(second.previous_digest) == bytes(first.digest)
    assert second.position > first.position
    assert last_checkpoint() == second
    assert prove() == []


def test_bad_books_get_no_checkpoint_and_no_seal(tampered_books):
    make_customer_with_points(paid=5)
    tamper("UPDATE points_payment_wallet SET paid_points = 6")
    run = prove_whole()
    assert run.state == ProofState.FAILED
    assert not Checkpoint.objects.exists()
    assert not Seal.objects.exists()


@pytest.mark.parametrize("sql", ["UPDATE {t} SET position = 0", "DELETE FROM {t}", "TRUNCATE {t} CASCADE"])
@pytest.mark.parametrize("table", ["checkpoint", "prooffinding", "ledgeralert", "proofrun"])
def test_checkpoints_findings_and_alerts_stay(tampered_books, sql, table):
    trade()
    checkpoint()
    tamper("UPDATE points_payment_wallet SET paid_points = paid_points + 1")
    prove_whole()
    if table != "checkpoint":
        sql = sql.replace("position = 0", "id = id + 1")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(t=f"points_payment_{table}"))


def test_a_proof_that_ended_cannot_be_rewritten():
    run = prove_whole()
    with pytest.raises(DatabaseError), transaction.atomic():
        ProofRun.objects.filter(pk=run.pk).update(sealed_count=9)


# Figures -----------------------------------------------------------------------------------


def test_what_was_issued_less_what_went_back_is_what_stands_in_the_books():
    trade()
    figures = all_figures()
    net = sum(issued - back for issued, back in figures.flows.values())
    inside = sum(points for kind, points in figures.totals.items() if kind not in SOURCES)
    assert net == inside > 0
    assert figures.flows[TransferKind.CARD_VOID] == (0, 100)
    assert figures.flows[TransferKind.ADJUSTMENT] == (5, 0)
    assert TransferKind.SHOP_PAYMENT not in figures.flows


def test_figures_of_today_are_the_checkpoints_and_what_came_since():
    trade()
    made = checkpoint()
    trade()
    now, whole = figures_now(checkpoint=made), all_figures()
    assert now == whole
    assert figures_now(checkpoint=None) == whole


# The proof since a checkpoint --------------------------------------------------------------


def test_good_books_prove_since_their_checkpoint():
    trade()
    made = checkpoint()
    assert prove_since(made) == []
    trade()
    assert prove_since(made) == []
    assert prove_and_seal() == 0
    assert prove_since(made) == []
    assert Transfer.objects.filter(seal=None).count() == 0


@pytest.mark.parametrize(("table", "sql", "check", "culprit"), TAMPERINGS)
def test_tampering_after_the_checkpoint_is_found_by_both(request, tampered_books, table, sql, check, culprit):
    made = checkpoint()
    request.getfixturevalue("books")
    assert prove_since(made) == []
    name = f"points_payment_{table}"
    tamper(sql.format(t=name, first=FIRST.format(table=table)))
    assert prove() != []
    found = prove_since(made)
    assert found != []


@pytest.mark.parametrize(
    ("sql", "culprits"),
    [
        ("UPDATE points_payment_entry SET amount_points = amount_points + 1 WHERE id = {id}", {"accounts customer_paid"}),
        ("DELETE FROM points_payment_entry WHERE id = {id}", {"accounts customer_paid", "number of entries"}),
        ("DELETE FROM points_payment_transfer WHERE id = {transfer_id}", {"number of transfers"}),
        ("UPDATE points_payment_wallet SET paid_points = paid_points + 1", {"all wallets (customer_paid)"}),
        ("UPDATE points_payment_lot SET remaining_points = remaining_points - 1 WHERE remaining_points > 1",
         {"all lots (customer_paid)"}),
        ("UPDATE points_payment_vendorbalance SET payable_points = 0", {"all balances of vendors (vendor_payable)"}),
        ("UPDATE points_payment_allocation SET commission_points = 0", {"all allocations (commission)"}),
        ("UPDATE points_payment_card SET state = 'frozen' WHERE state = 'void'", {"value of cards"}),
        ("DELETE FROM points_payment_card WHERE state = 'redeemed'", {"number of redeemed cards", "number of cards"}),
    ],
)  # fmt: skip
def test_older_tampering_that_changes_a_sum_is_found_since_the_checkpoint_too(tampered_books, sql, culprits):
    trade()
    made = checkpoint()
    make_customer_with_points(paid=7)
    entry = Entry.objects.filter(account__kind=AccountKind.CUSTOMER_PAID).earliest("id")
    tamper(sql.format(id=entry.pk, transfer_id=entry.transfer_id))
    found = prove_since(made)
    assert culprits <= {finding.culprit for finding in found if finding.check == "totals"}
    # Beside the sum, the whole checks of that part name the row.
    assert {finding.check for finding in found} - {"totals"}


#: A row of each table of the books, what is done to it, and who is named.
BOOKS = [
    ("account", "UPDATE {t} SET owner_id = 98 WHERE {first}", "transfer "),
    ("transfer", "UPDATE {t} SET reason = 'x' WHERE {first}", "transfer "),
    ("entry", "UPDATE {t} SET amount_points = amount_points + 1 WHERE {first}", "transfer "),
    ("seal", "UPDATE {t} SET digest = 'x' WHERE position = 1", "transfer "),
    ("wallet", "UPDATE {t} SET paid_points = paid_points + 1", "wallet "),
    ("vendorbalance", "UPDATE {t} SET payable_points = payable_points + 1", "balance of vendor 7"),
    ("lot", "UPDATE {t} SET remaining_points = remaining_points - 1 WHERE remaining_points > 1", "lot "),
    ("lotuse", "UPDATE {t} SET points = points - 1 WHERE {first}", "lot "),
    ("topup", "UPDATE {t} SET reference = 'x'", "top-up "),
    (
        "allocation",
        "UPDATE {t} SET gross_points = gross_points + 1, paid_points = paid_points + 1",
        "allocation ",
    ),
    ("allocationmove", "UPDATE {t} SET released_points = released_points + 1", "allocation "),
    ("batch", "UPDATE {t} SET face_value_points = 99 WHERE {first}", "batch "),
    ("batchevent", "UPDATE {t} SET reason = 'x' WHERE {first}", "event "),
    ("card", "UPDATE {t} SET state = 'active' WHERE state = 'void'", "card "),
    ("consignment", "UPDATE {t} SET shop_id = shop_id + 1", "consignment "),
    ("consignmentevent", "UPDATE {t} SET owed_points = owed_points + 1 WHERE owed_points <> 0", "event "),
    ("cardreplacement", "UPDATE {t} SET proof_seen = 'x'", "replacement "),
    ("adjustment", "UPDATE {t} SET amount_points = 6", "adjustment "),
    ("checkpoint", "UPDATE {t} SET entries_count = entries_count + 1", "checkpoint "),
]
#: Not money, or what is known of it elsewhere.
NOT_BOOKS = {
    "attemptcounter", "distributor", "expirynotice", "guessingalert", "idempotencykey", "ledgeralert", "prooffinding",
    "proofrun", "redemptionattempt", "shop", "topupoperator",
}  # fmt: skip


#: Tampering with these is tried where they are made: test_vouchers, test_desk_cash, test_production,
#: test_supply_pages, test_payout_orders, test_debts, test_settlement.
TRIED_ELSEWHERE = {
    "voucher", "vouchercampaign", "voucherevent", "voucherredemption",
    "callerverification", "cashhandin", "drawercount", "limitchange", "topupproposal", "topuprequest",
    "cardproduction", "printer", "holderchange",
    "payout", "payoutdestination", "vendorpayment", "vendordebt", "vendordebtevent",
    "settlementperiod", "settlementstatement", "statementmessage",
}  # fmt: skip


def test_every_table_is_of_the_books_or_known_not_to_be():
    tables = {model._meta.model_name for model in apps.get_app_config("points_payment").get_models()}
    assert tables == {table for table, *_ in BOOKS} | NOT_BOOKS | TRIED_ELSEWHERE


@pytest.mark.parametrize(("table", "sql", "culprit"), BOOKS)
def test_a_changed_row_before_the_checkpoint_is_named_by_the_whole_proof(tampered_books, table, sql, culprit):
    trade()
    checkpoint()
    trade()
    name = f"points_payment_{table}"
    tamper(sql.format(t=name, first=FIRST.format(table=table)))
    errors = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("prove_ledger", "--no-seal", stdout=StringIO(), stderr=errors)
    assert caught.value.code == 1
    assert any(line.partition(": ")[2].startswith(culprit) for line in errors.getvalue().splitlines()), (
        errors.getvalue()
    )
