"""People of the top-up desk, and callers whom they have verified, made by the services."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Permission
from django.utils import timezone

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.kinds import OperatorLimit, PaymentMethod, ProposalState, VerificationMethod
from points_payment.models import CallerVerification, TopUp, TopUpProposal, TopUpRequest
from points_payment.services.desk import Added, add_points
from points_payment.services.operators import set_operator_limits
from points_payment.services.topup_requests import request_top_up
from tests.factories.people import a_customer
from tests.factories.points import make_person, new_key


def make_staff(*rights: PlatformPermission, name: str = "Omar") -> User:
    person = make_person(name)
    person.user_permissions.set(Permission.objects.filter(codename__in=[right.value for right in rights]))
    return User.objects.get(pk=person.pk)


def make_operator(name: str = "Omar") -> User:
    return make_staff(PlatformPermission.STAFF_ACCESS, PlatformPermission.POINTS_TOP_UP, name=name)


def make_supervisor(name: str = "Sara") -> User:
    return make_staff(
        PlatformPermission.STAFF_ACCESS,
        PlatformPermission.POINTS_TOP_UP,
        PlatformPermission.TOP_UPS_SUPERVISE,
        name=name,
    )


def limit_operator(operator: User, **points: int | None) -> None:
    """Give an operator limits, by the names of ``OperatorLimit``: ``limit_operator(omar, day=5_000)``."""
    set_operator_limits(
        operator=operator,
        limits={OperatorLimit[name.upper()]: value for name, value in points.items()},
        reason="Test",
        actor=make_supervisor(),
    )


def verify_caller(operator: User, customer: User) -> CallerVerification:
    """As after the right code; how codes are sent and typed has tests of its own."""
    return CallerVerification.objects.create(
        operator=operator, customer=customer, method=VerificationMethod.CODE, verified_at=timezone.now()
    )


def add_verified(
    operator: User,
    customer: User,
    points: int,
    *,
    key: str = "",
    request: TopUpRequest | None = None,
) -> Added:
    verify_caller(operator, customer)
    return add_points(
        operator=operator, customer=customer, amount_points=points, reason="Cash", reference="R-1",
        idempotency_key=key or new_key(), request=request,
    )  # fmt: skip


def make_top_up(points: int = 5_000, *, operator: User | None = None, customer: User | None = None) -> TopUp:
    added = add_verified(operator or make_operator(), customer or a_customer(), points)
    return TopUp.objects.get(pk=added.transfer_id)


def make_request(customer: User, points: int = 25_000) -> TopUpRequest:
    return request_top_up(
        customer=customer, amount_points=points, method=PaymentMethod.SHOP,
        pay_on=timezone.localdate() + timedelta(days=1), note="",
    )  # fmt: skip


def make_proposal(
    points: int = 9_000, *, operator: User | None = None, customer: User | None = None
) -> TopUpProposal:
    """A top-up above its operator's limit that waits for approval."""
    operator = operator or make_operator()
    limit_operator(operator, movement=points - 1)
    added = add_verified(operator, customer or a_customer(), points)
    return TopUpProposal.objects.get(pk=added.proposal_id, state=ProposalState.WAITING)
