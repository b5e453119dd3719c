"""The printers' public keys: added by one person, confirmed by another, never changed.

Whoever could slip in a key of their own could open the next file, so a key serves only after someone
else has compared its fingerprint with the printer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from points_payment.errors import NotAPublicKey, PrinterExists, PrinterNotUsable, SamePerson
from points_payment.models import Printer
from points_payment.services.issuing import parse_recipient

if TYPE_CHECKING:
    from marketplace.users.models import User


def add_printer(*, name: str, public_key: str, actor: User) -> Printer:
    """Keep a printer's key; another person confirms it before it is used.

    Raises:
        NotAPublicKey: it is none of age.
        PrinterExists: the name or the key is there already.
    """
    try:
        # As age writes it, so that one key has one spelling.
        key = str(parse_recipient(public_key))
    except ValueError:
        raise NotAPublicKey from None
    try:
        with transaction.atomic():
            return Printer.objects.create(name=name, public_key=key, added_by=actor)
    except IntegrityError:
        raise PrinterExists from None


@transaction.atomic
def confirm_printer(*, printer: Printer, actor: User) -> Printer:
    """Say that the fingerprint is the printer's own.

    Raises:
        SamePerson: who added the key does not confirm it.
        PrinterNotUsable: it was confirmed before, or is retired.
    """
    locked = _lock(printer)
    if locked.confirmed_at or locked.retired_at:
        raise PrinterNotUsable
    if locked.added_by_id == actor.pk:
        raise SamePerson
    locked.confirmed_by, locked.confirmed_at = actor, timezone.now()
    locked.save(update_fields=["confirmed_by", "confirmed_at"])
    return locked


@transaction.atomic
def retire_printer(*, printer: Printer, actor: User) -> Printer:
    """Encrypt nothing to this key any more, for good.

    Raises:
        PrinterNotUsable: it is retired already.
    """
    locked = _lock(printer)
    if locked.retired_at:
        raise PrinterNotUsable
    locked.retired_by, locked.retired_at = actor, timezone.now()
    locked.save(update_fields=["retired_by", "retired_at"])
    return locked


def _lock(printer: Printer) -> Printer:
    return Printer.objects.select_for_update(no_key=True).get(pk=printer.pk)
