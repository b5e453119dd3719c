"""From an approved batch to the printer: codes made in the background, let out once by a second person.

All cards of a batch are one transaction: a worker that is killed leaves no card behind, at most a stray
file that nobody can open without the printer's key, and the outbox has the work done again from the
start. How far it is, and how often it began, is written over a connection of its own, for others to see.

Locks: the batch before its production. No money moves here.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.card_exports import (
    SUFFIXES,
    delete_export,
    opened_export,
    store_export,
    stray_exports,
    unseal,
)
from points_payment.errors import (
    InterruptedTooOften,
    PointsError,
    PrinterNeeded,
    PrinterNotUsable,
    SamePerson,
    TooManyCards,
    WrongBatchState,
)
from points_payment.kinds import BatchState, CardState, ExportKind, ProductionState
from points_payment.models import Batch, Card, CardProduction, Printer
from points_payment.retry import retry_on_conflict
from points_payment.services.batches import (
    enter_state,
    issue_codes_once,
    lock_batch_for,
    require_other_person,
)
from points_payment.services.card_files import delete_after_commit, discard_production
from points_payment.services.card_states import lock_batch
from points_payment.sheets import redeem_page

if TYPE_CHECKING:
    from marketplace.users.models import User

logger = logging.getLogger("nuqta.points")

TOPIC = "points.produce_cards"
#: Sheets to cut, and what is printed in the house.
MAX_SMALL_RUN_CARDS = 500
#: So many workers may be killed over one production before a person has to look.
MAX_ATTEMPTS = 5
#: A file that nobody lets out in this time is deleted, and its batch voided.
UNRELEASED_DAYS = 7
#: A file younger than this may belong to a production that is about to commit.
STRAY_AFTER = timedelta(hours=2)

BEGIN = """
UPDATE points_payment_cardproduction
SET state = 'running', attempts = attempts + 1, cards_done = 0, began_at = now()
WHERE id = %s AND state IN ('waiting', 'running') RETURNING attempts
"""
REPORT = "UPDATE points_payment_cardproduction SET cards_done = %s WHERE id = %s AND state = 'running'"


@dataclass(frozen=True, slots=True)
class ReleasedExport:
    """The file, open; whoever reads it closes it. There is no other."""

    production: CardProduction
    file: IO[bytes]
    file_name: str


@retry_on_conflict
@transaction.atomic
def start_production(
    *, batch: Batch, kind: ExportKind, printer: Printer | None, actor: User
) -> CardProduction:
    """Have the codes of an approved batch made in the background, for this printer's key.

    Raises:
        WrongBatchState: it is not approved, or its codes are being made already.
        PrinterNotUsable: the key is not confirmed, or retired.
        PrinterNeeded: without a key, only small batches are made, and only where the settings permit it.
        TooManyCards: so many cards are no matter of sheets.
        SiteAddressUnknown: the sheets' pictures would lead elsewhere.
    """
    locked = lock_batch_for(batch, wanted=BatchState.GENERATED)
    if printer is not None and not Printer.objects.get(pk=printer.pk).is_usable:
        raise PrinterNotUsable
    if printer is None and not may_print_here(locked):
        raise PrinterNeeded
    if kind == ExportKind.SHEETS and locked.number_of_cards > MAX_SMALL_RUN_CARDS:
        raise TooManyCards(most_cards=MAX_SMALL_RUN_CARDS)
    if kind == ExportKind.SHEETS:
        redeem_page()
    if locked.productions.exclude(state=ProductionState.FAILED).exists():
        raise WrongBatchState(state=locked.state, wanted=BatchState.GENERATED)
    production = CardProduction.objects.create(batch=locked, kind=kind, printer=printer, started_by=actor)
    enqueue(topic=TOPIC, payload={"production": production.pk})
    return production


def may_print_here(batch: Batch) -> bool:
    """Whether the batch's codes may be let out without a printer's key."""
    return settings.CARDS_PRINTED_HERE and batch.number_of_cards <= MAX_SMALL_RUN_CARDS


def carry_out_production(*, production_id: int) -> None:
    """Make the codes and the file; called at least once. What fails is for a person to start again.

    Trouble with the database passes through: the outbox tries again by itself.
    """
    try:
        with transaction.atomic():
            _produce(production_id)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever stopped it, people have to see that it did
        code = error.code if isinstance(error, PointsError) else type(error).__name__
        logger.error("production %s failed: %s", production_id, code)  # noqa: TRY400 - no text of errors in logs
        CardProduction.objects.filter(pk=production_id).update(
            state=ProductionState.FAILED, error_code=code[:64], cards_done=0, finished_at=timezone.now()
        )


def _produce(production_id: int) -> None:
    production = CardProduction.objects.select_related("batch", "printer", "started_by").get(pk=production_id)
    if not _is_wanted(production):
        return
    with closing(_Progress(production_id)) as progress:
        if progress.begin() > MAX_ATTEMPTS:
            raise InterruptedTooOften
        issued = issue_codes_once(
            batch=production.batch, actor=production.started_by, for_release=True, progress=progress.report
        )
    stored = store_export(issued, production)
    CardProduction.objects.filter(pk=production_id).update(
        state=ProductionState.READY,
        cards_done=len(issued),
        file_name=stored.name,
        file_bytes=stored.size_bytes,
        file_sha256=stored.sha256,
        finished_at=timezone.now(),
    )


def _is_wanted(production: CardProduction) -> bool:
    """Whether it is still to be done, now that its batch is locked: the message may come twice."""
    lock_batch(production.batch_id)
    return CardProduction.objects.get(pk=production.pk).is_under_way


class _Progress:
    """Writes over a connection of its own, since the work's transaction shows nothing before its end."""

    def __init__(self, production_id: int) -> None:
        self._production_id = production_id
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)

    def begin(self) -> int:
        """Which attempt this is, counted from 1."""
        with self._connection.cursor() as cursor:
            cursor.execute(BEGIN, [self._production_id])
            row = cursor.fetchone()
        return row[0] if row else 1

    def report(self, cards: int) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(REPORT, [cards, self._production_id])

    def close(self) -> None:
        self._connection.close()


@retry_on_conflict
@transaction.atomic
def release_production(*, batch: Batch, actor: User) -> ReleasedExport:
    """Let the file out, once: after this it is in the caller's hands alone.

    Should it get lost on the way, the batch can only be voided.

    Raises:
        WrongBatchState: there is no file that waits for release.
        SamePerson: who drafted the batch or started the production does not release it.
        ExportDamaged: the file is gone or changed; the batch can only be voided.
    """
    locked = lock_batch_for(batch, wanted=BatchState.EXPORTED)
    production = (
        CardProduction.objects.select_for_update(no_key=True, of=("self",))
        .select_related("printer")
        .filter(batch=locked, state=ProductionState.READY)
        .first()
    )
    if production is None:
        raise WrongBatchState(state=locked.state, wanted=BatchState.EXPORTED)
    require_other_person(locked, actor)
    if production.started_by_id == actor.pk:
        raise SamePerson
    with opened_export(production) as file:
        production.state = ProductionState.RELEASED
        production.released_by, production.released_at = actor, timezone.now()
        production.save(update_fields=["state", "released_by", "released_at"])
        enter_state(locked, BatchState.EXPORTED, actor=actor, reason=release_reason(production.file_sha256))
        delete_after_commit(production.file_name)
        name = f"nuqta-batch-{locked.pk}.{SUFFIXES[ExportKind(production.kind)]}"
        if production.printer is None:
            return ReleasedExport(production, unseal(production, file), name)
        return ReleasedExport(production, file, f"{name}.age")


def release_reason(sha256: str) -> str:
    """What the batch's event says of the file; ``proof.production`` compares."""
    return f"SHA-256 {sha256}"


def discard_exports(*, now: datetime | None = None) -> int:
    """Delete what nobody let out in time, with its batch, and files that nobody waits for; how many files."""
    moment = now or timezone.now()
    ready = CardProduction.objects.filter(state=ProductionState.READY)
    strays = stray_exports(
        wanted=set(ready.values_list("file_name", flat=True)), older_than=moment - STRAY_AFTER
    )
    late = Q(finished_at__lt=moment - timedelta(days=UNRELEASED_DAYS))
    # Its last day came before its release.
    ended = ~Q(batch__state=BatchState.GENERATED)
    batches = ready.filter(late | ended).order_by("batch_id").values_list("batch_id", flat=True)
    discarded = sum(_discard_unreleased(batch_id) for batch_id in batches)
    for name in strays:
        delete_export(name)
    return discarded + len(strays)


@retry_on_conflict
@transaction.atomic
def _discard_unreleased(batch_id: int) -> bool:
    batch = lock_batch(batch_id)
    discarded = discard_production(batch)
    if discarded and batch.state == BatchState.GENERATED:
        # Nobody knows its codes, and nobody ever will.
        Card.objects.filter(batch=batch, state=CardState.STOCKED).update(state=CardState.VOID)
        enter_state(batch, BatchState.VOID, actor=None, card_state=CardState.VOID)
    return discarded
