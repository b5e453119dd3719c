"""What beat sends, some worker knows."""

from __future__ import annotations

from django.conf import settings

from marketplace.celery import app
from points_payment.tasks import expire_overdue_cards, prove_and_seal


def test_every_scheduled_task_exists() -> None:
    app.autodiscover_tasks(force=True)
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_the_books_are_proved_every_hour() -> None:
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    assert [entry["schedule"] for entry in entries if entry["task"] == prove_and_seal.name] == [3600.0]


def test_cards_whose_last_day_is_over_expire_within_the_hour() -> None:
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    assert [entry["schedule"] for entry in entries if entry["task"] == expire_overdue_cards.name] == [3600.0]
