"""Runs of the proof, the alerts that they raise, and what guards the books in the database."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from marketplace.outbox.models import OutboxMessage
from points_payment.errors import AlertClosed, BooksNotProved, ReasonMissing
from points_payment.kinds import ProofScope, ProofSource, ProofState
from points_payment.models import Checkpoint, LedgerAlert, ProofFinding, ProofRun, Seal, Transfer
from points_payment.proof import Check, Finding, base, guards, prove, register_check, since
from points_payment.services import checkpoints as checkpointing, ledger_alerts as alerts, proving
from points_payment.services.checkpoints import last_checkpoint
from points_payment.services.ledger_alerts import acknowledge_alert, open_alert, resolve_alert
from points_payment.services.proving import ask_for_proof, carry_out, run_proof
from points_payment.tasks import prove_and_seal, prove_whole_and_checkpoint
from tests.factories.points import make_customer_with_points, make_person, top_up_wallet
from tests.points_payment.test_proof import tamper

pytestmark = pytest.mark.django_db


def whole(source: ProofSource = ProofSource.BEAT) -> ProofRun:
    return run_proof(scope=ProofScope.WHOLE, source=source)


def break_wallets(by: int = 1) -> None:
    tamper(f"UPDATE points_payment_wallet SET paid_points = paid_points + {by}")  # noqa: S608 - a number


def told() -> list[dict]:
    return list(OutboxMessage.objects.filter(topic=alerts.TOPIC).values_list("payload", flat=True))


# Runs --------------------------------------------------------------------------------------


def test_a_clean_run_seals_and_makes_the_days_checkpoint():
    make_customer_with_points(paid=5)
    run = whole()
    assert (run.state, run.findings_count, run.sealed_count) == (ProofState.CLEAN, 0, 1)
    assert run.checkpoint == last_checkpoint()
    assert run.checks_done == run.checks_total == len(base.checks())
    assert run.took_seconds >= 0
    assert told() == []


def test_a_run_that_waits_takes_no_time():
    assert ProofRun(scope=ProofScope.WHOLE).took_seconds == 0
    assert str(ProofRun(pk=7, state=ProofState.CLEAN)) == "#7: clean"
    assert str(ProofFinding(check_slug="lots", culprit="lot 7")) == "lots: lot 7"
    assert str(LedgerAlert(pk=3)) == "#3"


def test_the_hourly_proof_is_whole_until_there_is_a_checkpoint():
    make_customer_with_points(paid=5)
    assert prove_and_seal() == 0
    assert prove_and_seal() == 0
    later, first = ProofRun.objects.all()
    assert (first.scope, later.scope) == (ProofScope.WHOLE, ProofScope.SINCE)
    assert later.since == first.checkpoint
    assert later.checkpoint is None


def test_the_hourly_proof_makes_no_checkpoint(monkeypatch):
    prove_whole_and_checkpoint()
    tomorrow = timezone.localdate() + timedelta(days=1)
    monkeypatch.setattr(checkpointing.timezone, "localdate", lambda: tomorrow)
    prove_and_seal()
    assert Checkpoint.objects.count() == 1
    prove_whole_and_checkpoint()
    assert Checkpoint.objects.count() == 2


def test_a_failed_run_keeps_what_it_found(tampered_books):
    customer = make_customer_with_points(paid=5)
    break_wallets()
    run = whole()
    assert (run.state, run.sealed_count, run.checkpoint) == (ProofState.FAILED, 0, None)
    found = run.findings.get(check_slug="balances")
    assert (found.culprit, found.expected) == (f"wallet {customer.pk}", "5 paid, 0 promotional")
    assert run.findings_count == run.findings.count()


def test_a_proof_that_breaks_off_is_a_finding(tampered_books):
    def broken():
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")
        return []

    register_check(Check("broken", "Broken", broken))
    try:
        run = whole()
    finally:
        del base._checks["broken"]
    assert run.state == ProofState.FAILED
    (found,) = run.findings.all()
    assert (found.check_slug, found.found) == ("proof", "ProgrammingError")
    assert open_alert().last_run == run


def test_a_run_that_ended_is_not_made_again():
    run = whole()
    make_customer_with_points(paid=5)
    assert carry_out(run_id=run.pk) == run
    assert not Seal.objects.exists()


def test_a_run_whose_process_died_is_made_again():
    run = ProofRun.objects.create(
        scope=ProofScope.WHOLE, source=ProofSource.PAGE, state=ProofState.RUNNING, started_at=timezone.now()
    )
    assert carry_out(run_id=run.pk).state == ProofState.CLEAN


def test_who_asks_twice_gets_one_proof():
    actor = make_person()
    first, second = ask_for_proof(actor=actor), ask_for_proof(actor=make_person())
    assert first == second
    assert first.actor == actor
    assert OutboxMessage.objects.filter(topic=proving.TOPIC).count() == 1


def test_a_proof_that_died_long_ago_stands_in_nobodys_way():
    dead = ask_for_proof(actor=make_person())
    ProofRun.objects.filter(pk=dead.pk).update(state=ProofState.RUNNING)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE points_payment_proofrun SET asked_at = now() - interval '7 hours'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert ask_for_proof(actor=make_person()) != dead


@pytest.mark.django_db(transaction=True)
def test_trouble_in_the_background_is_tried_again(drain_outbox, monkeypatch):
    def no_database(*, run_id):
        raise OSError

    run = ask_for_proof(actor=make_person())
    monkeypatch.setattr(proving, "carry_out", no_database)
    assert drain_outbox() == 0
    run.refresh_from_db()
    assert run.state == ProofState.WAITING


@pytest.mark.django_db(transaction=True)
def test_proof_in_the_background_is_one_snapshot_and_shows_how_far_it_is(drain_outbox):
    make_customer_with_points(paid=5)
    seen = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            seen.append(cursor.fetchone()[0])
        beside = connection.copy()
        with beside.cursor() as cursor:
            cursor.execute("SELECT checks_done, state FROM points_payment_proofrun")
            seen.append(cursor.fetchone())
            # What commits meanwhile belongs to the next proof.
            cursor.execute("SELECT count(*) FROM points_payment_seal")
            seen.append(cursor.fetchone())
        beside.close()
        return []

    register_check(Check("look", "Look", look))
    try:
        run = ask_for_proof(actor=make_person())
        assert drain_outbox()
    finally:
        del base._checks["look"]
    assert seen == ["repeatable read", (len(base.checks()), "running"), (0,)]
    run.refresh_from_db()
    assert (run.state, run.sealed_count) == (ProofState.CLEAN, 1)


@pytest.mark.django_db(transaction=True)
def test_transfer_that_commits_during_the_proof_is_left_for_the_next():
    """It is neither sealed nor in the checkpoint: nobody proved it."""
    make_customer_with_points(paid=5)
    late = []

    def trade():
        if not late:
            beside = _in_another_connection(lambda: late.append(top_up_wallet(make_person(), 7)))
            beside.join()
        return []

    register_check(Check("late", "Late", trade))
    try:
        run = whole()
    finally:
        del base._checks["late"]
    assert run.sealed_count == 1
    assert Transfer.objects.filter(seal=None).get() == late[0]
    assert run.checkpoint.transfers_count == 1
    assert since.prove_since(run.checkpoint) == []
    assert prove_and_seal() == 0
    assert not Transfer.objects.filter(seal=None).exists()


def _in_another_connection(work):
    import threading

    thread = threading.Thread(target=proving._with_own_connection, args=(work,))
    thread.start()
    return thread


# The command -------------------------------------------------------------------------------


def prove_by_command(*options: str) -> str:
    out = StringIO()
    call_command("prove_ledger", *options, stdout=out)
    return out.getvalue()


def test_command_says_since_when_it_proved():
    make_customer_with_points(paid=5)
    today = timezone.localdate().isoformat()
    assert f"checkpoint of {today}" in prove_by_command()
    assert f"is proved since the checkpoint of {today}" in prove_by_command("--since-checkpoint")
    assert ProofRun.objects.first().source == ProofSource.COMMAND


def test_command_without_a_checkpoint_proves_everything():
    assert "since" not in prove_by_command("--since-checkpoint", "--no-seal")
    assert not ProofRun.objects.exists()


@pytest.mark.parametrize("options", [[], ["--no-seal"]])
def test_command_since_the_checkpoint_names_culprits(tampered_books, options):
    prove_by_command()
    customer = make_customer_with_points(paid=5)
    break_wallets()
    errors = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("prove_ledger", "--since-checkpoint", *options, stdout=StringIO(), stderr=errors)
    assert caught.value.code == 1
    assert f"wallet {customer.pk}" in errors.getvalue()
    assert LedgerAlert.objects.exists() is (not options)


# Alerts ------------------------------------------------------------------------------------


@pytest.fixture
def alert(tampered_books) -> LedgerAlert:
    make_customer_with_points(paid=5)
    break_wallets()
    whole()
    return open_alert()


def mend() -> None:
    break_wallets(-1)


def test_a_failed_proof_raises_one_alert_and_tells_it_once(alert):
    assert alert.first_run == alert.last_run == ProofRun.objects.get()
    again = whole()
    assert LedgerAlert.objects.get().last_run == again
    assert told() == [{"run_id": alert.first_run_id, "findings": alert.first_run.findings_count}]


def test_an_acknowledged_alert_stays_and_says_who_looks(alert):
    somebody = make_person()
    acknowledge_alert(alert=alert, actor=somebody, note="  Looking  ")
    whole()
    still = open_alert()
    assert (still.acknowledged_by, still.note) == (somebody, "Looking")
    assert len(told()) == 1


def test_something_else_that_is_wrong_is_told_again(alert):
    acknowledge_alert(alert=alert, actor=make_person(), note="")
    top_up_wallet(make_person(), 9)
    break_wallets(2)
    whole()
    assert open_alert().acknowledged_by is None
    assert len(told()) == 2


def test_an_alert_is_resolved_only_after_a_whole_clean_proof(alert):
    somebody = make_person()
    with pytest.raises(BooksNotProved):
        resolve_alert(alert=alert, actor=somebody, reason="Mended")
    mend()
    with pytest.raises(BooksNotProved):
        resolve_alert(alert=alert, actor=somebody, reason="Mended")
    clean = whole()
    with pytest.raises(ReasonMissing):
        resolve_alert(alert=alert, actor=somebody, reason="  ")
    done = resolve_alert(alert=alert, actor=somebody, reason=" Mended ")
    assert (done.is_open, done.resolved_by, done.reason, done.clean_run) == (False, somebody, "Mended", clean)
    assert open_alert() is None


def test_a_clean_proof_from_before_the_failure_resolves_nothing(tampered_books):
    make_customer_with_points(paid=5)
    whole()
    break_wallets()
    whole()
    with pytest.raises(BooksNotProved):
        resolve_alert(alert=open_alert(), actor=make_person(), reason="x")


def test_a_clean_proof_since_the_checkpoint_resolves_nothing(tampered_books):
    prove_whole_and_checkpoint()
    make_customer_with_points(paid=5)
    break_wallets()
    whole()
    mend()
    assert prove_and_seal() == 0
    with pytest.raises(BooksNotProved):
        resolve_alert(alert=open_alert(), actor=make_person(), reason="x")


def test_what_is_resolved_stays_so_and_the_next_failure_is_a_new_alert(alert):
    mend()
    whole()
    resolve_alert(alert=alert, actor=make_person(), reason="Mended")
    for change in (
        lambda: resolve_alert(alert=alert, actor=make_person(), reason="Again"),
        lambda: acknowledge_alert(alert=alert, actor=make_person(), note=""),
    ):
        with pytest.raises(AlertClosed):
            change()
    with pytest.raises(DatabaseError), transaction.atomic():
        LedgerAlert.objects.update(reason="x")
    break_wallets()
    whole()
    assert open_alert() != alert
    assert len(told()) == 2


def test_the_database_takes_one_open_alert(alert):
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerAlert.objects.create(first_run=alert.first_run, last_run=alert.first_run)


# Guards ------------------------------------------------------------------------------------

NO_OP = (
    "CREATE OR REPLACE FUNCTION points_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RETURN NEW; END $$"
)
MORE = "CREATE TRIGGER points_more BEFORE DELETE ON points_payment_shop EXECUTE FUNCTION points_refuse()"


def test_the_list_of_guards_is_what_the_migrations_make():
    """After a migration that changes them: ``manage.py list_guards --write`` on a fresh database."""
    assert guards.guards_now() == guards.guards_expected()


@pytest.mark.parametrize(
    ("statement", "culprit", "found"),
    [
        ("ALTER TABLE points_payment_entry DISABLE TRIGGER points_refuse_change",
         "trigger points_refuse_change on points_payment_entry", "(disabled)"),
        ("ALTER TABLE points_payment_entry DISABLE TRIGGER USER",
         "trigger points_check_entries on points_payment_entry", "(disabled)"),
        ("DROP TRIGGER points_refuse_truncate ON points_payment_transfer",
         "trigger points_refuse_truncate on points_payment_transfer", "nothing"),
        ("ALTER TABLE points_payment_wallet DROP CONSTRAINT points_wallet_paid_not_negative",
         "constraint points_wallet_paid_not_negative on points_payment_wallet", "nothing"),
        ("DROP INDEX points_card_redeemed_once",
         "index points_card_redeemed_once on points_payment_transfer", "nothing"),
        (NO_OP, "function points_refuse", ""),
        ("SET LOCAL session_replication_role = replica",
         "setting session_replication_role of this session", "replica"),
    ],
)  # fmt: skip
def test_whoever_switches_a_guard_off_is_found(tampered_books, statement, culprit, found):
    checkpoint = whole().checkpoint
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)
    for findings in (prove(), since.prove_since(checkpoint)):
        (named,) = (each for each in findings if each.culprit == culprit)
        assert named.check == "guards"
        assert found in named.found


@pytest.mark.django_db(transaction=True)
def test_triggers_switched_off_for_a_whole_database_are_found(tampered_books):
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" SET session_replication_role = replica')
    assert f"setting session_replication_role of database {name}" in {found.culprit for found in prove()}


def test_a_guard_more_does_no_harm(tampered_books):
    with connection.cursor() as cursor:
        cursor.execute(MORE)
    assert [found for found in prove() if found.check == guards.SLUG] == []


def test_guards_are_listed_and_written_down(tmp_path, monkeypatch):
    out = StringIO()
    call_command("list_guards", stdout=out)
    assert "trigger points_refuse_change on points_payment_entry: CREATE TRIGGER" in out.getvalue()
    monkeypatch.setattr(guards, "EXPECTED", tmp_path / "guards.json")
    call_command("list_guards", "--write", stdout=out)
    assert json.loads(guards.EXPECTED.read_text()) == guards.guards_now()
    guards.guards_expected.cache_clear()


def test_findings_beyond_what_is_stored_are_counted(tampered_books, monkeypatch):
    monkeypatch.setattr(proving, "MAX_STORED", 1)
    register_check(Check("two", "Two", lambda: [Finding("two", "a", "", ""), Finding("two", "b", "", "")]))
    try:
        run = whole()
    finally:
        del base._checks["two"]
    assert (run.findings_count, run.findings.count()) == (2, 1)
