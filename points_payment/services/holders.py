"""Distributors and shops: who they are, and whether they get new cards. Each change keeps its author."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from django.db import IntegrityError, transaction
from django.forms import model_to_dict

from points_payment.errors import HolderExists
from points_payment.models import Distributor, HolderChange, Shop

if TYPE_CHECKING:
    from marketplace.users.models import User

Holder = TypeVar("Holder", bound=Distributor | Shop)

#: What of a holder may be changed.
FIELDS = {
    Distributor: ("name", "phone", "governorate", "note", "is_active"),
    Shop: ("name", "phone", "governorate", "address", "distributor", "note", "is_active"),
}


def add_distributor(
    *, name: str, governorate: str, actor: User, phone: str = "", note: str = ""
) -> Distributor:
    """Keep a new distributor; the phone is E.164.

    Raises:
        HolderExists: there is one of this name.
    """
    holder = Distributor(name=name, governorate=governorate, phone=phone, note=note)
    return add_holder(holder=holder, actor=actor)


def add_shop(
    *,
    name: str,
    governorate: str,
    actor: User,
    address: str = "",
    phone: str = "",
    distributor: Distributor | None = None,
    note: str = "",
) -> Shop:
    """Keep a new shop, which gets its cards from us or from its distributor; the phone is E.164.

    Raises:
        HolderExists: there is one of this name at this address.
    """
    holder = Shop(
        name=name, governorate=governorate, address=address, phone=phone, distributor=distributor, note=note
    )
    return add_holder(holder=holder, actor=actor)


@transaction.atomic
def add_holder(*, holder: Holder, actor: User) -> Holder:
    """Keep a new distributor or shop.

    Raises:
        HolderExists: there is one of this name (a shop: at this address).
    """
    _save(holder)
    _record(holder, model_to_dict(holder, FIELDS[type(holder)]), actor=actor, reason="")
    return holder


@transaction.atomic
def change_holder(
    *, holder: Distributor | Shop, values: Mapping[str, object], actor: User, reason: str
) -> Distributor | Shop:
    """Give some fields of a distributor or shop other values; nothing is written where none differs.

    Raises:
        HolderExists: another one has this name (a shop: at this address).
    """
    kind, wanted = type(holder), FIELDS[type(holder)]
    locked = kind.objects.select_for_update(no_key=True, of=("self",)).get(pk=holder.pk)
    before = model_to_dict(locked, wanted)
    for name in wanted:
        if name in values:
            setattr(locked, name, values[name])
    after = model_to_dict(locked, wanted)
    if changed := {name: value for name, value in after.items() if value != before[name]}:
        _save(locked)
        _record(locked, changed, actor=actor, reason=reason)
    return locked


def _save(holder: Distributor | Shop) -> None:
    try:
        with transaction.atomic():
            holder.save()
    except IntegrityError as error:
        raise HolderExists from error


def _record(holder: Distributor | Shop, values: Mapping[str, object], *, actor: User, reason: str) -> None:
    HolderChange.objects.create(
        distributor=holder if isinstance(holder, Distributor) else None,
        shop=holder if isinstance(holder, Shop) else None,
        values=dict(values),
        actor=actor,
        reason=reason,
    )
