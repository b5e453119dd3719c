"""What beat sends, some worker knows."""

from __future__ import annotations

from django.conf import settings

from marketplace.celery import app
from points_payment.tasks import prove_and_seal


def test_every_scheduled_task_exists() -> None:
    app.autodiscover_tasks(force=True)
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_the_books_are_proved_every_hour() -> None:
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    assert [entry["schedule"] for entry in entries if entry["task"] == prove_and_seal.name] == [3600.0]
