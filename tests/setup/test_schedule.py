"""What beat sends, some worker knows."""

from __future__ import annotations

from celery.schedules import crontab
from django.conf import settings

from marketplace.celery import app
from points_payment.tasks import expire_overdue_cards, prove_and_seal, prove_whole_and_checkpoint


def test_every_scheduled_task_exists() -> None:
    app.autodiscover_tasks(force=True)
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def _times_of(name: str) -> list[object]:
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    return [entry["schedule"] for entry in entries if entry["task"] == name]


def test_what_is_new_in_the_books_is_proved_every_hour() -> None:
    assert _times_of(prove_and_seal.name) == [3600.0]


def test_all_books_are_proved_every_night() -> None:
    (time,) = _times_of(prove_whole_and_checkpoint.name)
    assert isinstance(time, crontab)
    assert (time.hour, len(time.minute), len(time.day_of_week)) == ({3}, 1, 7)


def test_cards_whose_last_day_is_over_expire_within_the_hour() -> None:
    assert _times_of(expire_overdue_cards.name) == [3600.0]
