"""The tests' settings, but for effects after commit, which are Celery's as in production."""

from tests.settings import *  # noqa: F403

OUTBOX_DRAINED_BY = "celery"
