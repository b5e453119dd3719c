# ruff: noqa: E501, S608 - a table of SQL, made of names of our own tables
"""The application works as a role that can add to the books and read them, and cannot change them."""

from __future__ import annotations

import io
import secrets
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from forked_apps.order.services.cancellation import cancel_by_customer
from forked_apps.order.services.delivery import complete_vendor_order, mark_delivered
from forked_apps.order.services.fulfilment import accept_vendor_order, mark_packed, ship_lines
from marketplace.users.models import User
from points_payment import database_role
from points_payment.checks import check_database_role
from points_payment.database_role import UnfitRole, create_role, grants, relations
from points_payment.kinds import ProofScope, ProofSource, ProofState
from points_payment.models import Allocation, Checkpoint, LedgerAlert, ProofRun, Seal
from points_payment.services.ledger_alerts import acknowledge_alert, open_alert, resolve_alert
from points_payment.services.proving import ask_for_proof, run_proof
from points_payment.services.ranges import expire_cards
from points_payment.services.wallets import lock_wallet
from tests.factories.orders import make_customer, make_offer, make_order
from tests.factories.points import make_person
from tests.factories.vendors import a_staff_member
from tests.points_payment.test_checkpoints import trade
from tests.points_payment.test_proof_runs import break_wallets

pytestmark = pytest.mark.django_db(transaction=True)

As = Callable[[str, str], None]


def work_as(name: str, password: str) -> None:
    connections.close_all()
    connections.settings["default"].update(USER=name, PASSWORD=password)


@pytest.fixture
def role() -> Iterator[str]:
    """A role of this test; the database goes with the test, roles belong to the whole server."""
    owner = connection.settings_dict["USER"], connection.settings_dict["PASSWORD"]
    name = f"nuqta_test_app_{secrets.token_hex(4)}"
    yield name
    work_as(*owner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone():
            identifier = connection.ops.quote_name(name)
            cursor.execute(f"REASSIGN OWNED BY {identifier} TO CURRENT_USER")
            cursor.execute(f"DROP OWNED BY {identifier}")
            cursor.execute(f"DROP ROLE {identifier}")


@pytest.fixture
def as_application(role: str) -> str:
    """From here on Django works as the application's role, on connections of its own."""
    create_role(name=role, password="correct horse")
    work_as(role, "correct horse")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (role,)
    return role


# What works --------------------------------------------------------------------------------


def test_money_moves_in_every_way(no_orders, as_application):
    trade()
    expire_cards(today=timezone.localdate() + timedelta(days=3_000))
    run = run_proof(scope=ProofScope.WHOLE, source=ProofSource.BEAT)
    assert list(run.findings.all()) == []
    assert Seal.objects.count() > 15
    assert Checkpoint.objects.get() == run.checkpoint
    trade()
    assert run_proof(scope=ProofScope.SINCE, source=ProofSource.BEAT).state == ProofState.CLEAN


def test_orders_are_placed_delivered_and_cancelled(as_application, drain_outbox):
    order = make_order(make_customer(points=1_000_000), {make_offer(): 2, make_offer(): 1})
    delivered, cancelled = order.vendor_orders.order_by("number")
    packer = make_person()
    accept_vendor_order(vendor=delivered.vendor, actor=packer, vendor_order=delivered)
    mark_packed(vendor=delivered.vendor, actor=packer, vendor_order=delivered)
    ship_lines(vendor=delivered.vendor, actor=packer, vendor_order=delivered, tracking_code="T-1")
    mark_delivered(vendor=delivered.vendor, actor=packer, vendor_order=delivered)
    complete_vendor_order(vendor_order=delivered, actor=None)
    cancel_by_customer(customer=order.user, vendor_order=cancelled)
    assert {allocation.held_points for allocation in Allocation.objects.all()} == {0}
    assert drain_outbox() > 0
    assert run_proof(scope=ProofScope.WHOLE, source=ProofSource.COMMAND).state == ProofState.CLEAN


def test_pages_work(as_application):
    admin = a_staff_member("admin")
    client = Client()
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    for address in ("/", "/wallet/", "/basket/", "/staff/", "/staff/ledger/", "/staff/roles/"):
        assert client.get(address).status_code == 200, address
    client.logout()


def test_a_failed_proof_is_told_looked_at_and_resolved(tampered_books, no_orders, role, drain_outbox):
    owner = connection.settings_dict["USER"], connection.settings_dict["PASSWORD"]
    create_role(name=role, password="correct horse")
    trade()
    with transaction.atomic():
        break_wallets()
    work_as(role, "correct horse")
    actor = make_person()
    ask_for_proof(actor=actor)
    drain_outbox()
    assert ProofRun.objects.get().state == ProofState.FAILED
    acknowledge_alert(alert=open_alert(), actor=actor, note="Looking")
    work_as(*owner)
    with transaction.atomic():
        break_wallets(-1)
    work_as(role, "correct horse")
    run_proof(scope=ProofScope.WHOLE, source=ProofSource.COMMAND)
    resolve_alert(alert=open_alert(), actor=actor, reason="Mended")
    assert not LedgerAlert.objects.filter(is_open=True).exists()


def test_rights_follow_what_a_later_migration_adds(role):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE points_payment_later (id int)")
        cursor.execute(
            "CREATE TRIGGER points_refuse_change BEFORE UPDATE OR DELETE ON points_payment_later"
            " FOR EACH STATEMENT EXECUTE FUNCTION points_refuse()"
        )
    given = [statement for statement in grants(name=role) if "points_payment_later" in statement]
    assert given == [f'GRANT SELECT, INSERT ON "points_payment_later" TO "{role}"']


def test_rights_that_a_role_had_before_are_taken(role):
    create_role(name=role)
    with connection.cursor() as cursor:
        cursor.execute(f'GRANT UPDATE, DELETE, TRUNCATE ON points_payment_transfer TO "{role}"')
        create_role(name=role)
        cursor.execute(
            "SELECT has_table_privilege(%s, 'points_payment_transfer', 'UPDATE, DELETE, TRUNCATE')", [role]
        )
        assert cursor.fetchone() == (False,)


# What does not -----------------------------------------------------------------------------

APPEND_ONLY = [
    "account", "transfer", "entry", "seal", "lotuse", "allocationmove", "batchevent", "topup",
    "consignmentevent", "checkpoint", "prooffinding",
]  # fmt: skip
ATTACKS = [
    *(f"UPDATE points_payment_{table} SET id = id" for table in APPEND_ONLY if table not in {"seal", "topup"}),
    "UPDATE points_payment_seal SET digest = digest",
    "UPDATE points_payment_topup SET reason = reason",
    *(f"DELETE FROM points_payment_{table}" for table in APPEND_ONLY),
    *(f"TRUNCATE points_payment_{table} CASCADE" for table in APPEND_ONLY),
    "SELECT id FROM points_payment_transfer FOR UPDATE",
    "UPDATE points_payment_wallet SET user_id = 1",
    "UPDATE points_payment_lot SET original_points = 1",
    "UPDATE points_payment_lot SET digest = ''",
    "UPDATE points_payment_allocation SET gross_points = 1",
    "UPDATE points_payment_batch SET face_value_points = 1",
    "UPDATE points_payment_card SET batch_id = 1",
    "UPDATE points_payment_idempotencykey SET key = 'x'",
    "DELETE FROM points_payment_wallet",
    "DELETE FROM points_payment_card",
    "DELETE FROM points_payment_idempotencykey",
    "TRUNCATE points_payment_wallet CASCADE",
    "UPDATE roles_rolechange SET id = id",
    "DELETE FROM roles_rolechange",
    "ALTER TABLE points_payment_entry DISABLE TRIGGER points_check_entries",
    "ALTER TABLE points_payment_entry DISABLE TRIGGER ALL",
    "DROP TRIGGER points_refuse_change ON points_payment_entry",
    "ALTER TABLE points_payment_wallet DROP CONSTRAINT points_wallet_paid_not_negative",
    "DROP TABLE points_payment_seal CASCADE",
    "DROP INDEX points_card_redeemed_once",
    "CREATE OR REPLACE FUNCTION points_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "DROP FUNCTION points_refuse() CASCADE",
    "CREATE TABLE mine (id int)",
    "SET session_replication_role = replica",
    "ALTER ROLE CURRENT_USER SET session_replication_role = replica",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
]  # fmt: skip


def test_the_books_refuse_the_application(as_application):
    refused = {}
    for attack in ATTACKS:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(attack)
        except ProgrammingError as error:
            refused[attack] = type(error.__cause__)
    assert refused == dict.fromkeys(ATTACKS, psycopg.errors.InsufficientPrivilege)


def test_no_table_of_the_ledger_can_be_emptied(as_application):
    for relation in relations():
        for right in ("DELETE", "TRUNCATE", "TRIGGER", "REFERENCES"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT has_table_privilege(%s, %s)", [f'"{relation.name}"', right])
                may = cursor.fetchone()[0]
            assert not may or (right == "DELETE" and not relation.is_ledger), (relation.name, right)


# The command -------------------------------------------------------------------------------


def test_command_makes_the_role_and_prints_its_rights(role, monkeypatch):
    out = StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO("quite secret\nmore"))
    call_command("create_app_role", role, "--password-stdin", stdout=out)
    assert f"{role} may use" in out.getvalue()
    call_command("create_app_role", role, stdout=out)
    printed = StringIO()
    call_command("create_app_role", role, "--print", stdout=printed)
    assert f'GRANT SELECT, INSERT ON "points_payment_entry" TO "{role}";' in printed.getvalue()
    assert "secret" not in out.getvalue() + printed.getvalue()
    work_as(role, "quite secret")
    assert User.objects.count() == 0
    with transaction.atomic():
        assert lock_wallet(customer_id=1) is None


def test_role_that_could_do_more_is_refused(role):
    for name in (connection.settings_dict["USER"], role):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(f'CREATE ROLE "{name}" CREATEDB')
        with pytest.raises(UnfitRole):
            create_role(name=name)
    with pytest.raises(CommandError, match="Name another role"):
        call_command("create_app_role", role, stdout=StringIO())


def test_before_postgresql_17_the_view_becomes_the_roles(role, monkeypatch):
    monkeypatch.setattr(database_role, "MAINTAIN_SINCE", 10**9)
    create_role(name=role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT matviewowner FROM pg_matviews")
        assert cursor.fetchall() == [(role,)]


# The check before a deployment -------------------------------------------------------------


def test_deployment_as_the_owner_is_warned_about(settings, role):
    assert check_database_role(None) == []
    settings.NUQTA_DEMO = False
    assert [warning.id for warning in check_database_role(None)] == ["points_payment.W001"]
    create_role(name=role, password="correct horse")
    work_as(role, "correct horse")
    assert check_database_role(None) == []
