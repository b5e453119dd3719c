"""The calendar ends batches: by Celery's beat, or by a command."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from points_payment.kinds import AccountKind, BatchState
from points_payment.selectors import account_points
from points_payment.tasks import expire_overdue_cards
from tests.factories.points import make_active_batch

pytestmark = pytest.mark.django_db


def test_task_ends_what_is_over_and_nothing_twice(monkeypatch):
    batch, _codes = make_active_batch()
    assert expire_overdue_cards() == 0
    day_after = batch.expires_on + timedelta(days=1)
    monkeypatch.setattr(timezone, "localdate", lambda *_: day_after)
    assert expire_overdue_cards() == 3
    batch.refresh_from_db()
    assert batch.state == BatchState.EXPIRED
    assert account_points(kind=AccountKind.BREAKAGE) == 15_000
    assert expire_overdue_cards() == 0


def test_command_says_how_many():
    _batch, _codes = make_active_batch()
    out = io.StringIO()
    call_command("expire_cards", stdout=out)
    assert out.getvalue() == "0 cards expired.\n"
