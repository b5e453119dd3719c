"""From an approved batch to a file that a second person lets out, once."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pypdf
import pyrage
import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from marketplace.env import BASE_DIR
from marketplace.outbox.models import OutboxMessage
from marketplace.outbox.services import drain
from points_payment.codes import normalise_code
from points_payment.errors import (
    ExportDamaged,
    NotAPublicKey,
    PrinterExists,
    PrinterNeeded,
    PrinterNotUsable,
    SamePerson,
    SiteAddressUnknown,
    TooManyCards,
    WrongBatchState,
)
from points_payment.kinds import BatchState, CardState, ExportKind, ProductionState
from points_payment.models import Batch, BatchEvent, Card, CardProduction, Printer
from points_payment.proof import prove
from points_payment.services import production as producing
from points_payment.services.batches import activate_batch, approve_batch, issue_codes_once, void_batch
from points_payment.services.printers import add_printer, confirm_printer, retire_printer
from points_payment.services.production import (
    MAX_ATTEMPTS,
    STRAY_AFTER,
    UNRELEASED_DAYS,
    carry_out_production,
    discard_exports,
    release_production,
    start_production,
)
from points_payment.services.ranges import expire_cards
from points_payment.services.redemption import redeem_card
from points_payment.tasks import discard_card_exports
from tests.factories.points import from_device, make_batch, make_person, new_key

pytestmark = pytest.mark.django_db
LATER = timedelta(days=UNRELEASED_DAYS, minutes=1)


@pytest.fixture(autouse=True)
def exports(settings, tmp_path) -> Path:
    """The files of one test."""
    options = django_settings.STORAGES["exports"]["OPTIONS"] | {"location": tmp_path / "exports"}
    settings.STORAGES = django_settings.STORAGES | {
        "exports": django_settings.STORAGES["exports"] | {"OPTIONS": options}
    }
    return tmp_path / "exports"


@pytest.fixture
def site_address() -> Iterator[str]:
    """Where the shop is; of a test that prints it."""
    site = Site.objects.get_current()
    before, site.domain = site.domain, "nuqta.example"
    yield site.domain
    site.domain = before


def files(exports: Path) -> list[Path]:
    return sorted(exports.iterdir()) if exports.exists() else []


@pytest.fixture
def key() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


def make_printer(key: pyrage.x25519.Identity, *, confirmed: bool = True) -> Printer:
    printer = add_printer(name=f"Tigris {new_key()}", public_key=str(key.to_public()), actor=make_person())
    return confirm_printer(printer=printer, actor=make_person()) if confirmed else printer


def approved(cards: int = 3) -> Batch:
    batch = make_batch(cards=cards)
    return approve_batch(batch=batch, actor=make_person())


def start(batch: Batch, printer: Printer | None = None, kind: ExportKind = ExportKind.LIST, actor=None):
    return start_production(batch=batch, kind=kind, printer=printer, actor=actor or batch.drafted_by)


def release_bytes(batch: Batch) -> bytes:
    released = release_production(batch=batch, actor=make_person())
    with released.file:
        return released.file.read()


def codes_in(csv: bytes) -> list[str]:
    lines = csv.decode().split("\r\n")
    assert lines[0] == "serial,code,points,last_day"
    assert lines[-1] == ""
    return [line.split(",")[1] for line in lines[1:-1]]


# Printers --------------------------------------------------------------------------------


def test_key_serves_after_a_second_person_has_compared_it(key):
    printer = make_printer(key, confirmed=False)
    with pytest.raises(PrinterNotUsable):
        start(approved(), printer)
    with pytest.raises(SamePerson):
        confirm_printer(printer=printer, actor=printer.added_by)
    confirm_printer(printer=printer, actor=make_person())
    with pytest.raises(PrinterNotUsable):
        confirm_printer(printer=printer, actor=make_person())
    assert start(approved(), printer).state == ProductionState.WAITING


def test_retired_key_serves_no_more(key):
    printer = make_printer(key)
    retire_printer(printer=printer, actor=make_person())
    with pytest.raises(PrinterNotUsable):
        start(approved(), printer)
    with pytest.raises(PrinterNotUsable):
        retire_printer(printer=printer, actor=make_person())
    assert not CardProduction.objects.exists()


def test_key_is_one_of_age_and_there_once(key):
    with pytest.raises(NotAPublicKey):
        add_printer(name="x", public_key="age1nonsense", actor=make_person())
    add_printer(name="Tigris", public_key=f" {key.to_public()} ", actor=make_person())
    for name in ("Tigris", "Euphrates"):
        with pytest.raises(PrinterExists):
            add_printer(name=name, public_key=str(key.to_public()), actor=make_person())
    assert str(Printer.objects.get()) == "Tigris"
    assert len(Printer.objects.get().fingerprint.replace(" ", "")) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"public_key": "age1other"},
        {"name": "Other"},
        {"confirmed_by": None},
        {"confirmed_at": None},
    ],
)
def test_printer_is_not_changed_behind_anyone(key, change):
    printer = make_printer(key)
    with pytest.raises(DatabaseError), transaction.atomic():
        Printer.objects.filter(pk=printer.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        printer.delete()


# Starting --------------------------------------------------------------------------------


def test_draft_is_not_produced(key):
    with pytest.raises(WrongBatchState):
        start(make_batch(), make_printer(key))


def test_production_is_started_once(key):
    batch = approved()
    start(batch, make_printer(key))
    with pytest.raises(WrongBatchState):
        start(batch, Printer.objects.get())
    assert OutboxMessage.objects.filter(topic=producing.TOPIC).count() == 1


def test_without_a_key_only_where_the_shop_prints_itself(settings, monkeypatch):
    batch = approved()
    settings.CARDS_PRINTED_HERE = False
    with pytest.raises(PrinterNeeded):
        start(batch)
    settings.CARDS_PRINTED_HERE = True
    monkeypatch.setattr(producing, "MAX_SMALL_RUN_CARDS", 2)
    with pytest.raises(PrinterNeeded):
        start(batch)
    assert not CardProduction.objects.exists()


def test_sheets_are_for_small_batches(key, monkeypatch):
    monkeypatch.setattr(producing, "MAX_SMALL_RUN_CARDS", 2)
    with pytest.raises(TooManyCards) as caught:
        start(approved(), make_printer(key), ExportKind.SHEETS)
    assert caught.value.most_cards == 2


# Making and releasing --------------------------------------------------------------------


def test_codes_reach_the_printer_alone_and_once(
    key, exports, drain_outbox, django_capture_on_commit_callbacks
):
    batch = approved(cards=3)
    production = start(batch, make_printer(key))
    assert drain_outbox() == 1
    production.refresh_from_db()
    batch.refresh_from_db()
    assert (production.state, production.cards_done, production.percent_done) == (
        ProductionState.READY,
        3,
        100,
    )
    assert batch.state == BatchState.GENERATED
    [file] = files(exports)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_size == production.file_bytes
    with django_capture_on_commit_callbacks(execute=True):
        released = release_production(batch=batch, actor=(second := make_person()))
    with released.file:
        encrypted = released.file.read()
    assert released.file_name == f"nuqta-batch-{batch.pk}.csv.age"
    assert not files(exports)
    codes = codes_in(pyrage.decrypt(encrypted, [key]))
    event = BatchEvent.objects.filter(batch=batch).latest("id")
    assert (event.state, event.actor, event.reason) == (
        BatchState.EXPORTED, second, f"SHA-256 {production.file_sha256}",
    )  # fmt: skip
    with pytest.raises(WrongBatchState):
        release_production(batch=batch, actor=make_person())
    activate_batch(batch=batch, actor=make_person())
    customer = make_person()
    redeem_card(customer=customer, code=codes[1], idempotency_key="k", attempt=from_device())
    assert customer.point_balance == batch.face_value_points


def test_nobody_releases_what_they_drafted_or_started(key, drain_outbox):
    batch, starter = approved(), make_person()
    start(batch, make_printer(key), actor=starter)
    drain_outbox()
    for person in (batch.drafted_by, starter):
        with pytest.raises(SamePerson):
            release_production(batch=batch, actor=person)
    assert Batch.objects.get().state == BatchState.GENERATED


def test_cards_whose_file_was_not_released_are_not_activated(key, drain_outbox):
    batch = approved()
    start(batch, make_printer(key))
    drain_outbox()
    with pytest.raises(WrongBatchState):
        activate_batch(batch=batch, actor=make_person())
    with pytest.raises(WrongBatchState):
        issue_codes_once(batch=batch, actor=make_person())


def test_codes_that_were_handed_out_by_themselves_have_no_file():
    batch = approved()
    issue_codes_once(batch=batch, actor=batch.drafted_by)
    with pytest.raises(WrongBatchState):
        release_production(batch=batch, actor=make_person())
    other = approved()
    with pytest.raises(WrongBatchState):
        release_production(batch=other, actor=make_person())


def test_what_is_printed_in_the_house_is_no_plain_file_before(exports, drain_outbox):
    batch = approved(cards=2)
    start(batch)
    drain_outbox()
    stored = files(exports)[0].read_bytes()
    released = release_production(batch=batch, actor=make_person())
    plain = released.file.read()
    assert released.file_name.endswith(".csv")
    for code in codes_in(plain):
        assert code.encode() not in stored
    assert len(codes_in(plain)) == 2


def test_sheets_are_not_made_for_an_address_that_is_not_ours(key):
    with pytest.raises(SiteAddressUnknown):
        start(approved(), make_printer(key), ExportKind.SHEETS)
    assert not CardProduction.objects.exists()


@pytest.mark.usefixtures("site_address")
def test_sheets_show_each_card_with_its_code_and_address(key, drain_outbox):
    batch = approved(cards=12)
    start(batch, make_printer(key), ExportKind.SHEETS)
    drain_outbox()
    pdf = pypdf.PdfReader(io.BytesIO(pyrage.decrypt(release_bytes(batch), [key])))
    assert len(pdf.pages) == 2
    text = "".join(page.extract_text() for page in pdf.pages)
    for card in Card.objects.all():
        assert card.serial in text
    assert "/wallet/redeem/" in text
    assert "5,000 points" in text


def test_picture_holds_the_address_with_the_code_in_its_fragment(monkeypatch, site_address):
    from points_payment import sheets

    told = []
    monkeypatch.setattr(sheets, "_qr_svg", lambda text: told.append(text) or "<svg/>")
    monkeypatch.setattr(sheets, "render_pdf", lambda template, facts: b"")
    batch = approved(cards=1)
    issued = issue_codes_once(batch=batch, actor=batch.drafted_by)
    sheets.card_sheets(issued)
    [(_serial, code)] = issued
    assert told == [f"http://{site_address}/wallet/redeem/#c={normalise_code(code)}"]


@pytest.mark.usefixtures("site_address")
def test_sheets_in_the_house_are_a_pdf(drain_outbox):
    batch = approved(cards=1)
    start(batch, kind=ExportKind.SHEETS)
    drain_outbox()
    assert release_bytes(batch).startswith(b"%PDF")


def test_message_that_comes_twice_makes_codes_once(key, drain_outbox):
    production = start(approved(), make_printer(key))
    drain_outbox()
    before = list(CardProduction.objects.values())
    carry_out_production(production_id=production.pk)
    assert list(CardProduction.objects.values()) == before
    assert Card.objects.count() == 3


# What goes wrong -------------------------------------------------------------------------


def test_failure_leaves_no_card_and_can_be_started_again(key, exports, drain_outbox, monkeypatch, caplog):
    batch = approved()

    def break_down(issued, production):
        raise OSError(f"no space left for {next(iter(issued))[1]}")

    with monkeypatch.context() as patch:
        patch.setattr(producing, "store_export", break_down)
        start(batch, make_printer(key))
        assert drain_outbox() == 1
    failed = CardProduction.objects.get()
    assert (failed.state, failed.error_code, failed.cards_done) == (ProductionState.FAILED, "OSError", 0)
    assert "no space" not in caplog.text
    assert not Card.objects.exists()
    assert Batch.objects.get().state == BatchState.APPROVED
    start(batch, Printer.objects.get())
    drain_outbox()
    assert Batch.objects.get().state == BatchState.GENERATED
    assert len(files(exports)) == 1


def test_trouble_with_the_database_is_the_outboxs_to_try_again(key, drain_outbox, monkeypatch):
    def lose_connection(**facts):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(producing, "issue_codes_once", lose_connection)
        start(approved(), make_printer(key))
        assert drain_outbox() == 0
    assert CardProduction.objects.get().is_under_way
    OutboxMessage.objects.update(available_at=timezone.now())
    assert drain_outbox() == 1
    assert CardProduction.objects.get().state == ProductionState.READY


def test_batch_that_was_voided_meanwhile_is_not_produced(key, drain_outbox):
    batch = approved()
    start(batch, make_printer(key))
    void_batch(batch=batch, actor=make_person())
    assert drain_outbox() == 1
    assert CardProduction.objects.get().state == ProductionState.DISCARDED
    assert not Card.objects.exists()


def test_voided_batch_loses_its_file(key, exports, drain_outbox, django_capture_on_commit_callbacks):
    batch = approved()
    start(batch, make_printer(key))
    drain_outbox()
    with django_capture_on_commit_callbacks(execute=True):
        void_batch(batch=batch, actor=make_person(), reason="Printer burnt down")
    assert not files(exports)
    assert CardProduction.objects.get().state == ProductionState.DISCARDED
    assert set(Card.objects.values_list("state", flat=True)) == {CardState.VOID}


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"other")])
def test_damaged_file_is_not_released(key, exports, drain_outbox, damage):
    batch = approved()
    start(batch, make_printer(key))
    drain_outbox()
    damage(files(exports)[0])
    with pytest.raises(ExportDamaged):
        release_production(batch=batch, actor=make_person())
    assert CardProduction.objects.get().state == ProductionState.READY


def test_file_sealed_under_another_secret_is_not_released(settings, drain_outbox):
    batch = approved()
    start(batch)
    drain_outbox()
    settings.SECRET_KEY = "another"
    with pytest.raises(ExportDamaged):
        release_production(batch=batch, actor=make_person())
    assert Batch.objects.get().state == BatchState.GENERATED


def test_file_that_nobody_releases_goes_with_its_batch(
    key, exports, drain_outbox, django_capture_on_commit_callbacks
):
    batch = approved()
    start(batch, make_printer(key))
    drain_outbox()
    assert discard_card_exports() == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert discard_exports(now=timezone.now() + LATER) == 1
    assert not files(exports)
    assert Batch.objects.get().state == BatchState.VOID
    assert set(Card.objects.values_list("state", flat=True)) == {CardState.VOID}
    with pytest.raises(WrongBatchState):
        release_production(batch=batch, actor=make_person())
    assert discard_exports(now=timezone.now() + LATER) == 0


def test_file_of_an_expired_batch_goes_and_the_batch_stays_expired(
    key, exports, drain_outbox, django_capture_on_commit_callbacks
):
    batch = approved()
    start(batch, make_printer(key))
    drain_outbox()
    expire_cards(today=batch.expires_on + timedelta(days=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert discard_exports() == 1
    assert not files(exports)
    assert Batch.objects.get().state == BatchState.EXPIRED


def test_batch_released_while_it_was_to_be_discarded_stays(key, drain_outbox):
    batch = approved()
    start(batch, make_printer(key))
    drain_outbox()
    release_bytes(batch)
    assert not producing._discard_unreleased(batch.pk)
    assert Batch.objects.get().state == BatchState.EXPORTED


def test_shop_that_never_made_a_file_has_nothing_to_discard(exports):
    assert discard_exports() == 0
    assert not exports.exists()


def test_stray_file_is_deleted_after_a_while(exports, drain_outbox, key):
    start(approved(), make_printer(key))
    drain_outbox()
    stray = exports / "stray.age"
    stray.write_bytes(b"x")
    assert discard_exports() == 0
    output = io.StringIO()
    old = (timezone.now() - STRAY_AFTER - timedelta(minutes=1)).timestamp()
    os.utime(stray, (old, old))
    call_command("discard_card_exports", stdout=output)
    assert output.getvalue() == "1 files discarded.\n"
    assert len(files(exports)) == 1


SELF_RELEASE = (
    "UPDATE {t} SET released_by_id = added_by_id FROM points_payment_printer WHERE state = 'released'"
)


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("printer", "UPDATE {t} SET public_key = 'age1mine'"),
        ("printer", "UPDATE {t} SET confirmed_at = now() + interval '1 day'"),
        ("cardproduction", "UPDATE {t} SET started_by_id = added_by_id FROM points_payment_printer"),
        ("cardproduction", "UPDATE {t} SET file_sha256 = 'x'"),
        ("cardproduction", SELF_RELEASE),
        ("cardproduction", "DELETE FROM {t}"),
    ],
)
def test_tampering_is_refused_and_found(key, drain_outbox, tampered_books, table, statement):
    released, waiting = approved(), approved()
    printer = make_printer(key)
    for batch in (released, waiting):
        start(batch, printer)
    drain_outbox()
    release_bytes(released)
    statement = statement.format(t=f"points_payment_{table}")
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert not [finding for finding in prove() if finding.check == "productions"]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert [finding for finding in prove() if finding.check == "productions"]


# Killed workers --------------------------------------------------------------------------

#: It stops in the middle of its COPY, so that there is time to kill it.
WORKER = """
import time
import django
django.setup()
from marketplace.outbox.services import drain
from points_payment.services import issuing
draw, drawn = issuing.draw_codes, []
def draw_one_block(*facts):
    if drawn:
        time.sleep(600)
    drawn.append(facts)
    return draw(*facts)
issuing.draw_codes = draw_one_block
drain()
"""


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_killed_worker_leaves_nothing_and_the_next_one_begins_anew(key, exports, shop_environment):
    batch = approved(cards=20_001)
    production = start(batch, make_printer(key))
    environment = shop_environment | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen([sys.executable, "-c", WORKER], cwd=BASE_DIR, env=environment) as worker:
        try:
            _wait_for(lambda: CardProduction.objects.get().cards_done > 0)
            seen = CardProduction.objects.get()
        finally:
            worker.send_signal(signal.SIGKILL)
    assert (seen.state, seen.attempts, seen.percent_done) == (ProductionState.RUNNING, 1, 49)
    # Its connection is given up a moment later.
    _wait_for(lambda: _is_free(batch))
    assert not Card.objects.exists()
    assert not files(exports)
    assert Batch.objects.get().state == BatchState.APPROVED
    assert drain() == 1
    production.refresh_from_db()
    assert (production.state, production.attempts) == (ProductionState.READY, 2)
    assert Card.objects.count() == 20_001
    assert len(codes_in(pyrage.decrypt(release_bytes(batch), [key]))) == 20_001


@pytest.mark.django_db(transaction=True)
def test_worker_that_is_killed_again_and_again_is_not_started_for_ever(key):
    production = start(approved(), make_printer(key))
    CardProduction.objects.update(attempts=MAX_ATTEMPTS, state=ProductionState.RUNNING)
    carry_out_production(production_id=production.pk)
    production.refresh_from_db()
    assert (production.state, production.error_code) == (ProductionState.FAILED, "interrupted_too_often")
    assert not Card.objects.exists()


def _wait_for(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_free(batch: Batch) -> bool:
    try:
        with transaction.atomic():
            Batch.objects.select_for_update(nowait=True).get(pk=batch.pk)
    except DatabaseError:
        return False
    return True
