"""What vendor health asks: how many disputes a vendor had, and how many it lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from forked_apps.order.dispute_models import Dispute, RemedyKind
from forked_apps.order.dispute_selectors import DisputeCounts, dispute_counts
from forked_apps.order.services.dispute_deadlines import advance_disputes
from tests.factories.catalogue import VendorFactory
from tests.factories.disputes import decide, delivered, dispute, make_disputable_order, ready_to_decide

pytestmark = pytest.mark.django_db


def test_opened_and_lost_are_counted_by_vendor_in_one_query(django_assert_num_queries) -> None:
    busy, calm, old = VendorFactory(), VendorFactory(), VendorFactory()
    decide(ready_to_decide(delivered(make_disputable_order(vendor=busy))))
    decide(ready_to_decide(delivered(make_disputable_order(vendor=busy))), RemedyKind.NOTHING)
    dispute(delivered(make_disputable_order(vendor=busy)))
    dispute(delivered(make_disputable_order(vendor=old)))
    decide(ready_to_decide(delivered(make_disputable_order(vendor=old))))
    now = timezone.now()
    # Decided, but it may be appealed still: nobody lost yet.
    assert dispute_counts(vendor_ids=[busy.pk], since=now - timedelta(days=1))[busy.pk].lost == 0
    advance_disputes(now=now + timedelta(days=6))
    Dispute.objects.filter(vendor_order__vendor=old).update(opened_at=now - timedelta(days=90))
    with django_assert_num_queries(1):
        found = dispute_counts(vendor_ids=[busy.pk, calm.pk, old.pk], since=now - timedelta(days=1))
    assert found == {
        busy.pk: DisputeCounts(opened=3, lost=1),
        calm.pk: DisputeCounts(),
        # Opened long ago, lost now.
        old.pk: DisputeCounts(opened=0, lost=1),
    }
