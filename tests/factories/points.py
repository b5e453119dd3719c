"""Wallets with points and batches of cards, made by the services."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from marketplace.users.models import User
from points_payment.codes import STANDARD_FORMAT, CodeFormat
from points_payment.kinds import OperatorLimit, TransferKind
from points_payment.models import Batch, TopUpOperator, Transfer
from points_payment.services.attempts import Attempt
from points_payment.services.batches import (
    activate_batch,
    approve_batch,
    draft_batch,
    issue_codes_once,
)
from points_payment.services.ledger import Posted
from points_payment.services.promotions import give_promotional_points
from points_payment.services.topups import top_up


def new_key() -> str:
    return uuid.uuid4().hex


def make_person(name: str = "") -> User:
    return User.objects.create_user(first_name=name, email=f"{new_key()}@example.com", password="x")


def lift_limits(operator: User) -> User:
    """Let an operator add whatever a bench or a soak wants, under the shop's own settings too."""
    TopUpOperator.objects.create(user=operator, **dict.fromkeys(OperatorLimit.values, 10**15))
    return operator


def top_up_wallet(customer: User, points: int) -> Transfer:
    return top_up(
        operator=make_person("Omar"), customer=customer, amount_points=points, reason="Cash",
        reference=new_key(), idempotency_key=new_key(),
    )  # fmt: skip


def give_promotion(customer: User, points: int, *, expires_at: datetime | None = None) -> Posted:
    return give_promotional_points(
        kind=TransferKind.GOODWILL, customer_id=customer.pk, amount_points=points, expires_at=expires_at,
        reference="", reason="Sorry", actor_id=None, idempotency_key=new_key(),
    )  # fmt: skip


def make_customer_with_points(*, paid: int = 0, promotional: int = 0) -> User:
    customer = make_person("Alice")
    if paid:
        top_up_wallet(customer, paid)
    if promotional:
        give_promotion(customer, promotional)
    return User.objects.get(pk=customer.pk)


def make_batch(
    *,
    cards: int = 3,
    value: int = 5_000,
    drafter: User | None = None,
    code_format: CodeFormat = STANDARD_FORMAT,
) -> Batch:
    """A draft."""
    return draft_batch(
        face_value_points=value, number_of_cards=cards, expires_on=timezone.localdate() + timedelta(days=365),
        note="", actor=drafter or make_person("Dana"), code_format=code_format,
    )  # fmt: skip


def make_active_batch(*, cards: int = 3, value: int = 5_000) -> tuple[Batch, list[str]]:
    """An active batch and its codes."""
    batch, second = make_batch(cards=cards, value=value), make_person("Basim")
    approve_batch(batch=batch, actor=second)
    codes = [code for _serial, code in issue_codes_once(batch=batch, actor=batch.drafted_by)]
    return activate_batch(batch=batch, actor=second), codes


def from_device(device: str = "") -> Attempt:
    return Attempt(address="192.0.2.1", device=device or new_key())
