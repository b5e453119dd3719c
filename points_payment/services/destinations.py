"""Where vendors are paid. The commonest fraud is another account: somebody takes over a person's sign-in and
lets the next payout go elsewhere. So a destination never changes; a new one is told to the vendor at once, is
looked at by staff who call the shop back, and gets nothing in its first day, however sure anyone is.

Locks: the vendor's balance (of which there is one) when one is added, else the destination.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.errors import (
    DestinationExists,
    OwnVendor,
    ReasonMissing,
    SamePerson,
    TooManyDestinations,
    WrongDestinationState,
)
from points_payment.kinds import LIVE_DESTINATIONS, DestinationState
from points_payment.models import PayoutDestination, VendorBalance
from points_payment.payout_methods import Destination, payout_method
from points_payment.retry import retry_on_conflict
from points_payment.vendors import works_for

if TYPE_CHECKING:
    from marketplace.users.models import User

TOPIC = "payout.destination"
MOST_DESTINATIONS = 5


@retry_on_conflict
@transaction.atomic
def add_destination(
    *, vendor_id: int, method: str, destination: Destination, actor: User
) -> PayoutDestination:
    """Say where the vendor wants to be paid from now on too.

    Raises:
        InvalidDestination: a part is missing or cannot be right.
        DestinationExists: the vendor has it already.
        TooManyDestinations: it has as many as one may have.
    """
    facts = payout_method(method).validate(destination)
    VendorBalance.objects.bulk_create([VendorBalance(vendor_id=vendor_id)], ignore_conflicts=True)
    VendorBalance.objects.select_for_update(no_key=True).get(pk=vendor_id)
    live = PayoutDestination.objects.filter(vendor_id=vendor_id, state__in=LIVE_DESTINATIONS)
    same = live.filter(
        method=method, provider=facts.provider, number=facts.number, holder_name=facts.holder_name
    )
    if same.exists():
        raise DestinationExists
    if live.count() >= MOST_DESTINATIONS:
        raise TooManyDestinations
    added = PayoutDestination.objects.create(
        vendor_id=vendor_id, method=method, provider=facts.provider, number=facts.number,
        holder_name=facts.holder_name, created_by=actor,
        usable_from=timezone.now() + timedelta(hours=settings.PAYOUT_DESTINATION_HOURS),
    )  # fmt: skip
    _tell(added)
    return added


@retry_on_conflict
@transaction.atomic
def confirm_destination(*, destination: PayoutDestination, actor: User, note: str) -> PayoutDestination:
    """Staff made sure that it is the vendor's, and say how: whom they called.

    Raises:
        SamePerson, OwnVendor: who added it, or works for the vendor, cannot.
        ReasonMissing: nothing was noted.
        WrongDestinationState: it was decided about or taken away before.
    """
    return _decide(destination, DestinationState.CONFIRMED, actor=actor, note=note)


@retry_on_conflict
@transaction.atomic
def refuse_destination(*, destination: PayoutDestination, actor: User, note: str) -> PayoutDestination:
    """It is not the vendor's, or nobody could be reached; the vendor reads why.

    Raises:
        As for confirming it.
    """
    return _decide(destination, DestinationState.REFUSED, actor=actor, note=note)


@retry_on_conflict
@transaction.atomic
def retire_destination(*, vendor_id: int, destination: PayoutDestination, actor: User) -> PayoutDestination:
    """The vendor does not want to be paid there any more; what was ordered already goes there still.

    Raises:
        WrongDestinationState: it was refused or taken away before.
    """
    locked = PayoutDestination.objects.select_for_update(no_key=True).get(
        pk=destination.pk, vendor_id=vendor_id
    )
    if not locked.is_live:
        raise WrongDestinationState(locked.state)
    locked.state, locked.retired_by, locked.retired_at = DestinationState.RETIRED, actor, timezone.now()
    locked.save(update_fields=["state", "retired_by", "retired_at"])
    _tell(locked)
    return locked


def _decide(
    destination: PayoutDestination, state: DestinationState, *, actor: User, note: str
) -> PayoutDestination:
    if not note.strip():
        raise ReasonMissing
    locked = PayoutDestination.objects.select_for_update(no_key=True).get(pk=destination.pk)
    if locked.state != DestinationState.WAITING:
        raise WrongDestinationState(locked.state)
    if locked.created_by_id == actor.pk:
        raise SamePerson
    if works_for(user_id=actor.pk, vendor_id=locked.vendor_id):
        raise OwnVendor
    locked.state, locked.decided_by, locked.decided_at = state, actor, timezone.now()
    locked.decision_note = note.strip()
    locked.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _tell(locked)
    return locked


def _tell(destination: PayoutDestination) -> None:
    enqueue(topic=TOPIC, payload={"destination_id": destination.pk, "state": destination.state})
