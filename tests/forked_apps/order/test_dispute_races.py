"""A release against the opening of a dispute, and an appeal against its end; each with a negative control."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from forked_apps.order.dispute_models import Dispute, DisputeState, RemedyKind
from forked_apps.order.errors import OrderError
from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.order.services import delivery, disputes
from forked_apps.order.services.delivery import complete_due, has_open_dispute
from forked_apps.order.services.dispute_deadlines import advance_disputes
from forked_apps.order.services.disputes import accept_offer, appeal_dispute, make_offer, withdraw_dispute
from marketplace.users.models import User
from tests.factories.disputes import decide, delivered, dispute, make_disputable_order, ready_to_decide
from tests.factories.orders import CustomerFactory
from tests.forked_apps.order.test_races import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
S = VendorOrderStatus


def due() -> VendorOrder:
    """Its reserve ends today, and so it may be disputed for the last time before its points go."""
    part = delivered(make_disputable_order())
    VendorOrder.objects.filter(pk=part.pk).update(release_on=timezone.localdate())
    return VendorOrder.objects.get(pk=part.pk)


def opening_and_release(part: VendorOrder) -> list[Callable[[], object]]:
    return [lambda: dispute(part), complete_due]


def is_released_under_dispute(part: VendorOrder) -> bool:
    """Whether points went to the vendor although they were to wait."""
    part.refresh_from_db()
    one = part.disputes.get()
    return part.status == S.COMPLETED and not one.is_late


def test_points_are_released_before_a_dispute_or_not_at_all() -> None:
    for _ in range(8):
        part = due()
        outcomes = at_once(opening_and_release(part))
        assert not [each for each in outcomes if isinstance(each, Exception)], outcomes
        assert not is_released_under_dispute(part)
        assert part.disputes.get().is_late == (part.status == S.COMPLETED)


def test_control_without_the_lock_points_go_although_they_are_disputed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unlocked(vendor_order: VendorOrder, **_: object) -> VendorOrder:
        return VendorOrder.objects.select_related("order").get(pk=vendor_order.pk)

    def opening(vendor_order: VendorOrder, **_: object) -> VendorOrder:
        found = unlocked(vendor_order)
        barrier.wait(10)
        return found

    def releasing(locked: VendorOrder) -> bool:
        found = has_open_dispute(locked)
        if not looks:
            looks.append(found)
            barrier.wait(10)
        return found

    part = due()
    looks: list[bool] = []
    # Each has looked before the other writes: the release sees no dispute, the dispute no release.
    barrier = threading.Barrier(2)
    monkeypatch.setattr(delivery, "lock_part", unlocked)
    monkeypatch.setattr(delivery, "has_open_dispute", releasing)
    monkeypatch.setattr(disputes, "lock_part", opening)
    at_once(opening_and_release(part))
    assert is_released_under_dispute(part)


def test_an_appeal_in_the_last_moment_is_heard_or_too_late() -> None:
    for _ in range(5):
        part = delivered(make_disputable_order())
        one = decide(ready_to_decide(part))
        Dispute.objects.filter(pk=one.pk).update(deadline=timezone.now() + timedelta(seconds=1))
        end = timezone.now() + timedelta(seconds=2)
        before = User.objects.get(pk=part.order.user_id).point_balance
        outcomes = at_once(
            [
                lambda one=one, part=part: appeal_dispute(  # type: ignore[misc]
                    dispute=one, actor=CustomerFactory(), vendor=part.vendor, text="New"
                ),
                lambda end=end: advance_disputes(now=end),  # type: ignore[misc]
            ]
        )
        assert all(isinstance(each, OrderError) for each in outcomes if isinstance(each, Exception)), outcomes
        one.refresh_from_db()
        after = User.objects.get(pk=part.order.user_id).point_balance
        is_heard = one.state == DisputeState.APPEALED
        assert is_heard != isinstance(outcomes[0], OrderError)
        assert after - before == (0 if is_heard else part.total_points)


def test_an_offer_is_accepted_once_or_withdrawn() -> None:
    for _ in range(5):
        part = delivered(make_disputable_order())
        one = dispute(part)
        offer = make_offer(
            vendor=part.vendor, actor=CustomerFactory(), dispute=one, kind=RemedyKind.REFUND, reason="Sorry"
        )
        before, buyer = User.objects.get(pk=part.order.user_id).point_balance, part.order.user

        def taking(one: Dispute = one, offer_id: int = offer.pk, buyer: User = buyer) -> object:
            return accept_offer(customer=buyer, dispute=one, offer_id=offer_id)

        def leaving(one: Dispute = one, buyer: User = buyer) -> object:
            return withdraw_dispute(customer=buyer, dispute=one)

        outcomes = at_once([taking, taking, taking, leaving])
        assert sum(isinstance(each, OrderError) for each in outcomes) == 3
        one.refresh_from_db()
        paid = part.total_points if one.state == DisputeState.AGREED else 0
        assert User.objects.get(pk=part.order.user_id).point_balance == before + paid
