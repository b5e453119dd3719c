"""Shops, distributors, and batches whose cards can be sent."""

from __future__ import annotations

from marketplace.users.governorates import Governorate
from points_payment.models import Batch, Consignment, Distributor, Shop
from points_payment.services.batches import approve_batch, issue_codes_once
from points_payment.services.ranges import consign_range, deliver_and_activate_range, receive_batch
from tests.factories.points import make_batch, make_person, new_key


def make_distributor(name: str = "") -> Distributor:
    return Distributor.objects.create(name=name or f"Tigris {new_key()}", governorate=Governorate.BAGHDAD)


def make_shop(name: str = "Corner", *, distributor: Distributor | None = None) -> Shop:
    return Shop.objects.create(
        name=name, governorate=Governorate.BAGHDAD, address=new_key(), distributor=distributor
    )


def make_received_batch(*, cards: int = 10, value: int = 5_000) -> tuple[Batch, list[str]]:
    """A batch that came from the printer, and its codes in the order of their numbers."""
    batch, second = make_batch(cards=cards, value=value), make_person("Basim")
    approve_batch(batch=batch, actor=second)
    codes = [code for _serial, code in issue_codes_once(batch=batch, actor=batch.drafted_by)]
    return receive_batch(batch=batch, actor=second), codes


def send(
    batch: Batch,
    first: int,
    last: int,
    *,
    shop: Shop | None = None,
    distributor: Distributor | None = None,
    parent: Consignment | None = None,
) -> Consignment:
    """Cards of a batch, by their places in it counted from 0."""
    assert batch.first_number is not None
    return consign_range(
        batch=batch, first_number=batch.first_number + first, last_number=batch.first_number + last,
        shop=shop, distributor=distributor, parent=parent, actor=make_person("Desk"),
    )  # fmt: skip


def activate(consignment: Consignment) -> Consignment:
    return deliver_and_activate_range(consignment=consignment, actor=make_person("Desk"))
