"""What beat or cron does for offers every few minutes."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from forked_apps.order.tasks import grade_vendors
from forked_apps.partner.models import Partner, StockHold
from forked_apps.partner.tasks import look_after_offers
from tests.factories.orders import make_customer, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _something_to_do() -> None:
    """A hold that ran out long ago, and a vendor whose holiday began when nobody looked."""
    offer, today = make_offer(), timezone.localdate()
    long_ago = timezone.now() - timedelta(hours=2)
    StockHold.objects.create(
        stockrecord=offer, customer=make_customer(), pieces=1, started_at=long_ago, held_until=long_ago
    )
    Partner.objects.update(holiday_from=today, holiday_until=today)


def test_the_task_sweeps_and_tells_once() -> None:
    assert [look_after_offers(), look_after_offers()] == [2, 0]
    assert not StockHold.objects.exists()
    assert Partner.objects.get().away_in_search


def test_grades_are_a_task_of_their_own() -> None:
    assert grade_vendors() == 0


def test_the_command_does_all_of_it() -> None:
    said = StringIO()
    call_command("look_after_offers", stdout=said)
    assert said.getvalue().strip() == "1 holds swept, 1 holidays began or ended, 0 grades changed."
