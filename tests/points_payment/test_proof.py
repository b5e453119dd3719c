# ruff: noqa: E501, ISC004 - a table of SQL reads best with one row a line
"""Whoever changes a row of the books behind the triggers' back is found, and the row is named."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from points_payment.kinds import AccountKind
from points_payment.models import Seal
from points_payment.proof import Check, Finding, base, checks, prove, register_check
from points_payment.services.batches import freeze_batch, unfreeze_batch, void_batch
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.redemption import redeem_card
from points_payment.services.sealing import seal_transfers
from points_payment.tasks import prove_and_seal
from tests.factories.points import (
    from_device,
    give_promotion,
    make_active_batch,
    make_batch,
    make_customer_with_points,
    make_person,
    top_up_wallet,
)

pytestmark = pytest.mark.django_db
ORDERS_OWN = {"orders-paid", "orders-add-up", "orders-reduced"}


def findings():
    return [finding for finding in prove() if finding.check not in ORDERS_OWN]


@pytest.fixture
def books(tampered_books):
    """A little of everything."""
    customer = make_customer_with_points(paid=1_000, promotional=300)
    give_promotion(customer, 50, expires_at=timezone.now() + timedelta(days=30))
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk,
            order_reference="N1",
            allocations=[
                AllocationSpec(f"N1-{place}", 7, 250, 800, subsidy_points=20 * place) for place in range(3)
            ],
            idempotency_key="N1",
            actor_id=customer.pk,
        )
    release_allocations(references=["N1-0"], actor_id=None, idempotency_key="r1")
    refund_allocations(
        references_and_points={"N1-0": 50, "N1-1": 229},
        references_and_subsidies={"N1-2": 10},
        actor_id=None,
        reason="",
        idempotency_key="f1",
    )
    batch, codes = make_active_batch(cards=3, value=100)
    redeem_card(customer=customer, code=codes[0], idempotency_key="c1", attempt=from_device())
    freeze_batch(batch=batch, actor=make_person(), reason="Stolen")
    unfreeze_batch(batch=batch, actor=make_person(), reason="Found")
    void, _codes = make_active_batch(cards=2, value=100)
    void_batch(batch=void, actor=make_person(), reason="Lost")
    make_batch()
    seal_transfers()
    top_up_wallet(make_person(), 5)
    assert findings() == []
    return customer


def tamper(sql):
    """Change rows as a superuser could: neither triggers nor foreign keys look on."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")


FIRST = "id = (SELECT min(id) FROM points_payment_{table})"
TAMPERINGS = [
    # table, what is done to its first row, which check finds it, how the culprit begins
    ("account", "UPDATE {t} SET owner_id = 99 WHERE {first}", "transfers-unchanged", "transfer "),
    ("account", "UPDATE {t} SET kind = 'payouts' WHERE {first}", "transfers-unchanged", "transfer "),
    ("account", "DELETE FROM {t} WHERE {first}", "transfers-whole", "entry "),
    ("transfer", "UPDATE {t} SET kind = 'payout' WHERE {first}", "transfers-unchanged", "transfer "),
    ("transfer", "UPDATE {t} SET reference = 'x' WHERE {first}", "transfers-unchanged", "transfer "),
    ("transfer", "UPDATE {t} SET reason = 'x' WHERE {first}", "transfers-unchanged", "transfer "),
    ("transfer", "UPDATE {t} SET actor_id = NULL WHERE {first}", "transfers-unchanged", "transfer "),
    ("transfer", "UPDATE {t} SET created_at = now() - interval '1 h' WHERE {first}", "transfers-unchanged", "transfer "),
    ("transfer", "UPDATE {t} SET idempotency_key = 'x' WHERE {first}", "transfers-unchanged", "transfer "),
    ("transfer", "UPDATE {t} SET request_hash = 'x' WHERE {first}", "transfers-unchanged", "transfer "),
    ("transfer", "UPDATE {t} SET reverses_id = id WHERE {first}", "transfers-unchanged", "transfer "),
    ("transfer", "UPDATE {t} SET entries_count = 3 WHERE {first}", "transfers-whole", "transfer "),
    ("transfer", "UPDATE {t} SET digest = 'x' WHERE {first}", "chain", "transfer "),
    ("transfer", "DELETE FROM {t} WHERE {first}", "transfers-whole", "entry "),
    (
        "transfer",
        "INSERT INTO {t} (kind, idempotency_key, request_hash, entries_count, reference, reason, digest)"
        " VALUES ('payout', 'x', '', 2, '', '', '')",
        "transfers-whole",
        "transfer ",
    ),
    ("entry", "UPDATE {t} SET amount_points = amount_points + 1 WHERE {first}", "transfers-whole", "transfer "),
    ("entry", "UPDATE {t} SET amount_points = -amount_points", "transfers-unchanged", "transfer "),
    ("entry", "UPDATE {t} SET account_id = (SELECT max(account_id) FROM {t}) WHERE {first}", "balances", "wallet "),
    ("entry", "UPDATE {t} SET transfer_id = transfer_id + 1 WHERE {first}", "transfers-whole", "transfer "),
    ("entry", "UPDATE {t} SET balance_after_points = 1 WHERE {first}", "running-balances", "entry "),
    ("entry", "UPDATE {t} SET balance_after_points = NULL WHERE {first}", "running-balances", "entry "),
    ("entry", "UPDATE {t} SET balance_after_points = 0 WHERE balance_after_points IS NULL", "running-balances", "entry"),
    ("entry", "DELETE FROM {t} WHERE {first}", "transfers-whole", "transfer "),
    ("wallet", "UPDATE {t} SET paid_points = paid_points + 1", "balances", "wallet "),
    ("wallet", "UPDATE {t} SET promotional_points = promotional_points + 1", "lots", "wallet "),
    ("wallet", "UPDATE {t} SET user_id = 99999 WHERE paid_points > 5", "balances", "wallet "),
    ("wallet", "DELETE FROM {t} WHERE paid_points > 5", "balances", "wallet "),
    ("wallet", "INSERT INTO {t} VALUES (9999, 5, 0)", "balances", "wallet 9999"),
    ("vendorbalance", "UPDATE {t} SET payable_points = payable_points + 1", "balances", "balance of vendor 7"),
    ("vendorbalance", "DELETE FROM {t}", "balances", "balance of vendor 7"),
    ("lot", "UPDATE {t} SET remaining_points = remaining_points - 1 WHERE {first}", "lots", "lot "),
    ("lot", "UPDATE {t} SET original_points = original_points + 1, remaining_points = remaining_points + 1 WHERE {first}", "lots", "lot"),
    ("lot", "UPDATE {t} SET expires_at = expires_at + interval '1 d' WHERE expires_at IS NOT NULL", "lots", "lot "),
    ("lot", "UPDATE {t} SET customer_id = customer_id + 1 WHERE {first}", "lots", "lot "),
    ("lot", "UPDATE {t} SET transfer_id = transfer_id + 1 WHERE {first}", "lots", "lot"),
    ("lot", "UPDATE {t} SET account_kind = 'customer_promotional' WHERE {first}", "lots", "lot "),
    ("lot", "UPDATE {t} SET created_at = created_at - interval '1 d' WHERE {first}", "lots", "lot "),
    ("lot", "DELETE FROM {t} WHERE {first}", "lots", "wallet "),
    ("lotuse", "UPDATE {t} SET points = points - 1 WHERE {first}", "lots", "lot "),
    ("lotuse", "UPDATE {t} SET lot_id = lot_id + 1 WHERE {first}", "lots", "lot "),
    ("lotuse", "UPDATE {t} SET transfer_id = transfer_id + 1 WHERE {first}", "lots", "lots of transfer "),
    ("lotuse", "UPDATE {t} SET returns_id = returns_id - 1 WHERE returns_id IS NOT NULL", "lots", "use of lot "),
    ("lotuse", "DELETE FROM {t} WHERE {first}", "lots", "lot "),
    ("allocation", "UPDATE {t} SET gross_points = gross_points + 1, paid_points = paid_points + 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET paid_points = paid_points + 1, promotional_points = promotional_points - 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET gross_points = gross_points + 1, subsidy_points = subsidy_points + 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET refunded_subsidy_points = refunded_subsidy_points + 1, refunded_points = refunded_points + 1 WHERE subsidy_points > 0", "allocations", "allocation N1-2"),
    ("allocation", "UPDATE {t} SET reference = 'x' WHERE {first}", "allocations", "allocation x"),
    ("allocation", "UPDATE {t} SET order_reference = 'x' WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET vendor_id = 8 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET customer_id = customer_id + 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET commission_basis_points = 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET commission_fixed_points = 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET commission_floor_points = 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET commission_cap_points = 99999 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET commission_points = commission_points + 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET released_points = released_points - 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "UPDATE {t} SET refunded_points = refunded_points - 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocation", "DELETE FROM {t} WHERE {first}", "allocations", "allocations of transfer "),
    ("allocationmove", "UPDATE {t} SET released_points = released_points + 1 WHERE {first}", "allocations", "allocation N1-0"),
    ("allocationmove", "UPDATE {t} SET refunded_subsidy_points = refunded_subsidy_points + 1 WHERE refunded_subsidy_points > 0", "allocations", "allocation N1-2"),
    ("allocationmove", "UPDATE {t} SET transfer_id = transfer_id + 5 WHERE {first}", "allocations", "allocations of transfer"),
    ("allocationmove", "DELETE FROM {t} WHERE {first}", "allocations", "allocation N1-0"),
    ("card", "UPDATE {t} SET state = 'redeemed', redemption_id = 1 WHERE number = 2", "cards-money", "card 2"),
    ("card", "UPDATE {t} SET state = 'active', redemption_id = NULL WHERE number = 1", "cards-money", "card "),
    ("card", "UPDATE {t} SET state = 'frozen' WHERE number = 2", "cards-unchanged", "card 2"),
    ("card", "UPDATE {t} SET state = 'active' WHERE number = 5", "cards-unchanged", "card 5"),
    ("card", "UPDATE {t} SET code_hmac = 'x' WHERE number = 2", "cards-unchanged", "card 2"),
    ("card", "UPDATE {t} SET last_four = '0000' WHERE number = 2", "cards-unchanged", "card 2"),
    ("card", "UPDATE {t} SET last_key_version = 9 WHERE number = 2", "cards-unchanged", "card 2"),
    ("card", "UPDATE {t} SET digest = 'x' WHERE number = 2", "cards-unchanged", "card 2"),
    ("card", "UPDATE {t} SET number = 99 WHERE number = 2", "cards-unchanged", "card 99"),
    ("card", "UPDATE {t} SET batch_id = batch_id + 1 WHERE number = 2", "cards-unchanged", "card 2"),
    ("card", "DELETE FROM {t} WHERE number = 2", "cards-unchanged", "batch "),
    ("card", "DELETE FROM {t} WHERE number = 1", "cards-money", "card "),
    ("batch", "UPDATE {t} SET face_value_points = 99 WHERE {first}", "batches", "batch "),
    ("batch", "UPDATE {t} SET expires_on = expires_on + 1 WHERE {first}", "batches", "batch "),
    ("batch", "UPDATE {t} SET note = 'x' WHERE {first}", "batches", "batch "),
    ("batch", "UPDATE {t} SET drafted_by_id = drafted_by_id + 1 WHERE {first}", "batches", "batch "),
    ("batch", "UPDATE {t} SET state = 'frozen' WHERE {first}", "batches", "batch "),
    ("batch", "UPDATE {t} SET first_number = 50, last_number = 52 WHERE {first}", "batches", "batch "),
    ("batchevent", "UPDATE {t} SET actor_id = actor_id + 1 WHERE {first}", "batches", "event "),
    ("batchevent", "UPDATE {t} SET reason = 'x' WHERE {first}", "batches", "event "),
    ("batchevent", "DELETE FROM {t} WHERE {first}", "batch-events", "batch "),
    ("batchevent", "DELETE FROM {t} WHERE state = 'frozen'", "batch-events", "batch "),
    ("batchevent", "DELETE FROM {t} WHERE state = 'void'", "batches", "batch "),
    ("topup", "UPDATE {t} SET amount_points = amount_points + 1", "top-ups", "top-up "),
    ("topup", "UPDATE {t} SET reason = 'x'", "top-ups", "top-up "),
    ("topup", "UPDATE {t} SET created_at = now() - interval '1 d'", "top-ups", "top-up "),
    ("topup", "DELETE FROM {t}", "top-ups", "top-up "),
    ("seal", "UPDATE {t} SET digest = 'x' WHERE position = 2", "chain", "transfer "),
    ("seal", "DELETE FROM {t} WHERE position = 2", "chain", "seal 2"),
    ("seal", "UPDATE {t} SET transfer_id = 99999 WHERE position = 2", "chain", "transfer 99999"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "sql", "check", "culprit"), TAMPERINGS)
def test_tampering_is_found_and_named(books, table, sql, check, culprit):
    name = f"points_payment_{table}"
    tamper(sql.format(t=name, first=FIRST.format(table=table)))
    named = [finding.culprit for finding in findings() if finding.check == check]
    assert any(each.startswith(culprit) for each in named), findings()


def test_rewritten_transfer_with_a_matching_digest_breaks_the_chain(books):
    """Whoever knows how digests are made still cannot rewrite what is sealed."""
    tamper(
        "UPDATE points_payment_transfer SET reason = 'x' WHERE id = (SELECT min(id) FROM points_payment_transfer)"
    )
    tamper(
        """
        UPDATE points_payment_transfer t SET digest = points_transfer_digest(
            t.kind, t.idempotency_key, t.request_hash, t.entries_count, t.reverses_id, t.reference, t.actor_id,
            t.reason, t.created_at, (
                SELECT jsonb_agg(jsonb_build_array(a.kind, a.owner_id, e.amount_points)
                                 ORDER BY a.kind COLLATE "C", a.owner_id)
                FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
                WHERE e.transfer_id = t.id))
        WHERE t.id = (SELECT min(id) FROM points_payment_transfer)
        """
    )
    found = {finding.check for finding in findings()}
    assert "transfers-unchanged" not in found
    assert "chain" in found


def test_transfer_that_stays_unsealed_is_named(books):
    tamper("UPDATE points_payment_transfer SET created_at = now() - interval '2 d' WHERE reason = 'Cash'")
    assert "sealed-in-time" in {finding.check for finding in findings()}


@pytest.mark.parametrize(
    ("kind", "amount"),
    [(AccountKind.VENDOR_ESCROW, -1), (AccountKind.OPERATOR, 1), (AccountKind.COMMISSION, -1)],
)
def test_account_on_the_wrong_side_is_named(tampered_books, kind, amount):
    from points_payment.kinds import TransferKind
    from points_payment.services.ledger import Posting, post_transfer

    post_transfer(
        kind=TransferKind.PAYOUT,
        idempotency_key="k",
        postings=[Posting(kind, 1, amount), Posting(AccountKind.ADJUSTMENTS, 0, -amount)],
    )
    assert [(f.check, f.culprit, f.found) for f in findings()] == [
        ("signs", f"account {kind}:1", str(amount))
    ]


def test_many_broken_links_are_not_all_listed(books, monkeypatch):
    monkeypatch.setattr(base, "MAX_FINDINGS", 2)
    tamper("UPDATE points_payment_seal SET digest = 'x'")
    assert len([finding for finding in findings() if finding.check == "chain"]) == 2


def test_finding_reads_as_a_sentence():
    assert str(Finding("lots", "lot 7", "5", "6")) == "lots: lot 7: expected 5, found 6"


def test_other_packages_add_their_checks(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(base, "_checks", {})
        register_check(Check("moon", "The moon is full", lambda: [Finding("moon", "moon", "full", "half")]))
        assert [check.slug for check in checks()] == ["moon"]
        assert [str(finding) for finding in prove()] == ["moon: moon: expected full, found half"]


# The command and the task ------------------------------------------------------------------


def test_command_is_quiet_about_good_books_and_seals_them():
    top_up_wallet(make_person(), 5)
    out = StringIO()
    call_command("prove_ledger", "--no-seal", stdout=out)
    assert Seal.objects.count() == 0
    call_command("prove_ledger", stdout=out)
    assert "is proved" in out.getvalue()
    assert Seal.objects.count() == 1


def test_command_names_culprits_and_seals_nothing(tampered_books):
    customer = make_customer_with_points(paid=5)
    tamper("UPDATE points_payment_wallet SET paid_points = 6")
    errors = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("prove_ledger", stdout=StringIO(), stderr=errors)
    assert caught.value.code == 1
    assert f"wallet {customer.pk}: expected 5 paid, 0 promotional, found 6 paid" in errors.getvalue()
    assert not Seal.objects.exists()


def test_task_seals_good_books_and_reports_bad_ones(tampered_books, caplog):
    make_customer_with_points(paid=5)
    assert prove_and_seal() == 0
    assert Seal.objects.count() == 1
    tamper("UPDATE points_payment_wallet SET paid_points = 6")
    top_up_wallet(make_person(), 5)
    assert prove_and_seal() > 0
    assert "wallet" in caplog.text
    assert Seal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_proof_reads_one_snapshot_and_changes_nothing():
    make_customer_with_points(paid=5)
    seen = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            seen.append(cursor.fetchone()[0])
            cursor.execute("SHOW transaction_read_only")
            seen.append(cursor.fetchone()[0])
        return []

    register_check(Check("look", "Look", look))
    try:
        assert prove() == []
    finally:
        del base._checks["look"]
    assert seen == ["repeatable read", "on"]
